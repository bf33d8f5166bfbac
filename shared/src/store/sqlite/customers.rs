//! Links callers to Stripe customers.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::{Sqlite, StoreError};
use crate::{
    ids::CallerId,
    store::{
        CustomerLink,
        customers::{Customers, caller},
    },
};

impl Customers for Sqlite {
    async fn customer_of(&self, owner: &CallerId) -> Result<Option<CustomerLink>, StoreError> {
        let owner = owner.clone();
        self.with(move |connection| find(connection, &owner)).await
    }

    async fn reserve_customer(
        &self,
        owner: &CallerId,
        gone: Option<&CustomerLink>,
        now: i64,
    ) -> Result<CustomerLink, StoreError> {
        let (owner, gone) = (owner.clone(), gone.cloned());
        self.write(move |transaction| reserve(transaction, &owner, gone.as_ref(), now))
            .await
    }

    async fn settle_customer(
        &self,
        owner: &CallerId,
        reserved: &CustomerLink,
        customer: &str,
    ) -> Result<Option<CustomerLink>, StoreError> {
        let (owner, reserved) = (owner.clone(), reserved.clone());
        let customer = customer.to_owned();
        self.write(move |transaction| link(transaction, &owner, &reserved, &customer))
            .await
    }

    async fn record_profile(
        &self,
        owner: &CallerId,
        link: &CustomerLink,
    ) -> Result<(), StoreError> {
        let (owner, link) = (owner.clone(), link.clone());
        self.write(move |transaction| {
            transaction
                .prepare_cached(
                    "UPDATE customers SET profile = ?3 WHERE owner = ?1 AND reservation = ?2",
                )?
                .execute(params![
                    owner.as_str(),
                    link.reservation,
                    link.profile_text()
                ])?;
            Ok(())
        })
        .await
    }

    async fn holder_of(&self, customer: &str) -> Result<Option<CallerId>, StoreError> {
        let customer = customer.to_owned();
        self.with(move |connection| holder(connection, &customer))
            .await
    }
}

/// The caller's link, if reserved.
fn find(connection: &Connection, owner: &CallerId) -> Result<Option<CustomerLink>, StoreError> {
    let found = connection
        .prepare_cached(
            "SELECT reservation, reserved_at, customer, profile FROM customers WHERE owner = ?1",
        )?
        .query_row([owner.as_str()], read)
        .optional()?;
    Ok(found)
}

fn read(row: &Row<'_>) -> rusqlite::Result<CustomerLink> {
    Ok(CustomerLink {
        reservation: row.get(0)?,
        reserved_at: row.get(1)?,
        customer: row.get(2)?,
        profile: CustomerLink::read_profile(row.get::<_, Option<String>>(3)?.as_deref()),
    })
}

/// Reserves a link where there is none, or only the one that is `gone`; returns the link that is
/// there then.
fn reserve(
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
                 reserved_at = excluded.reserved_at, customer = NULL, profile = NULL",
        )?
        .execute(params![owner.as_str(), made.reservation, made.reserved_at])?;
    Ok(made)
}

/// Stores `customer` under `reserved`, unless the link has a customer or was reserved anew; returns
/// the link as it is then.
fn link(
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
fn holder(connection: &Connection, customer: &str) -> Result<Option<CallerId>, StoreError> {
    let owner: Option<String> = connection
        .prepare_cached("SELECT owner FROM customers WHERE customer = ?1")?
        .query_row([customer], |row| row.get(0))
        .optional()?;
    owner.map(|owner| caller(&owner)).transpose()
}
