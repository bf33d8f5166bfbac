//! Links callers to Stripe customers, and lists a caller's orders.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{StoreError, orders};
use crate::{
    ids::CallerId,
    order::Order,
    store::customers::{CustomerLink, MOST_LISTED},
};

/// The caller's link, if reserved.
pub(super) fn find(
    connection: &Connection,
    owner: &CallerId,
) -> Result<Option<CustomerLink>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT reservation, reserved_at, customer FROM customers WHERE owner = ?1",
        )?
        .query_row([owner.as_str()], mapping)
        .optional()?;
    Ok(found)
}

fn mapping(row: &Row<'_>) -> rusqlite::Result<CustomerLink> {
    Ok(CustomerLink {
        reservation: row.get(0)?,
        reserved_at: row.get(1)?,
        customer: row.get(2)?,
    })
}

/// Reserves a link where there is none, or only the one that is `gone`; returns the link that is
/// there then.
pub(super) fn reserve(
    connection: &Connection,
    owner: &CallerId,
    gone: Option<&CustomerLink>,
    now: i64,
) -> Result<CustomerLink, StoreError> {
    let found = find(connection, owner)?;
    if let Some(found) = found
        && gone.is_none_or(|gone| gone.reservation != found.reservation)
    {
        return Ok(found);
    }
    let made = CustomerLink::reserved(now);
    connection
        .prepare_cached(
            "INSERT INTO customers (owner, reservation, reserved_at) VALUES (?1, ?2, ?3)
             ON CONFLICT (owner) DO UPDATE SET reservation = excluded.reservation,
                 reserved_at = excluded.reserved_at, customer = NULL",
        )?
        .execute(params![owner.as_str(), made.reservation, made.reserved_at])?;
    Ok(made)
}

/// Stores `customer` under `reserved`, unless the link has a customer or was reserved anew; returns
/// the link as it is then.
pub(super) fn link(
    connection: &Connection,
    owner: &CallerId,
    reserved: &CustomerLink,
    customer: &str,
) -> Result<Option<CustomerLink>, StoreError> {
    if holder(connection, customer)?.is_some_and(|holder| holder != *owner) {
        return Err(StoreError::CustomerTaken);
    }
    connection
        .prepare_cached(
            "UPDATE customers SET customer = ?3
             WHERE owner = ?1 AND reservation = ?2 AND customer IS NULL",
        )?
        .execute(params![owner.as_str(), reserved.reservation, customer])?;
    find(connection, owner)
}

/// The caller to whom `customer` belongs.
pub(super) fn holder(
    connection: &Connection,
    customer: &str,
) -> Result<Option<CallerId>, StoreError> {
    let owner: Option<String> = connection
        .prepare_cached("SELECT owner FROM customers WHERE customer = ?1")?
        .query_row([customer], |row| row.get(0))
        .optional()?;
    let owner = owner.map(|owner| CallerId::parse(&owner).ok_or(StoreError::Malformed("owner")));
    owner.transpose()
}

/// The caller's orders, the newest first.
pub(super) fn orders(connection: &Connection, owner: &CallerId) -> Result<Vec<Order>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT body, version FROM orders WHERE body ->> '$.owner' = ?1
         ORDER BY body ->> '$.created_at' DESC, id DESC LIMIT ?2",
    )?;
    let rows = statement.query_map(params![owner.as_str(), MOST_LISTED], orders::columns)?;
    rows.map(|row| Ok(orders::read(row?)?.0)).collect()
}
