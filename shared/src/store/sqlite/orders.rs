//! Orders, and their idempotency records.

use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, params};

use super::{Sqlite, StoreError};
use crate::{
    ids::CallerId,
    order::{Order, OrderId, PaymentUpdate},
    store::{
        IdempotencyRecord, OrderList, OrderRange, PutOrder, PutOrderOutcome, PutOrderRejection,
        orders::Orders, put_order,
    },
};

impl Orders for Sqlite {
    async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let id = id.clone();
        self.with(move |connection| Ok(find(connection, &id)?.map(|(order, _)| order)))
            .await
    }

    async fn knows_intent(&self, intent: &str) -> Result<bool, StoreError> {
        let intent = intent.to_owned();
        self.with(move |connection| Ok(find_by_intent(connection, &intent)?.is_some()))
            .await
    }

    async fn orders_of(
        &self,
        owner: &CallerId,
        range: &OrderRange,
    ) -> Result<OrderList, StoreError> {
        let (owner, range) = (owner.clone(), range.clone());
        self.with(move |connection| list(connection, Some(&owner), &range))
            .await
    }

    async fn all_orders(&self, range: &OrderRange) -> Result<OrderList, StoreError> {
        let range = range.clone();
        self.with(move |connection| list(connection, None, &range))
            .await
    }

    async fn replay(
        &self,
        operation: &IdempotencyRecord,
    ) -> Result<Option<PutOrderOutcome>, StoreError> {
        let operation = operation.clone();
        self.with(move |connection| replay(connection, &operation))
            .await
    }

    async fn put_order(&self, put: PutOrder, now: i64) -> Result<PutOrderOutcome, StoreError> {
        self.write(move |transaction| create_or_change(transaction, put, now))
            .await
    }

    async fn update_payment(
        &self,
        id: &OrderId,
        update: PaymentUpdate,
        now: i64,
    ) -> Result<Option<Order>, StoreError> {
        let id = id.clone();
        self.write(move |transaction| {
            let Some((mut order, version)) = find(transaction, &id)? else {
                return Ok(None);
            };
            if order.update_payment(&update, now) {
                if let PaymentUpdate::Intent(intent, _) = &update {
                    put_pointer(transaction, intent, &id)?;
                }
                put(transaction, &order, version)?;
            }
            Ok(Some(order))
        })
        .await
    }
}

fn create_or_change(
    connection: &Connection,
    request: PutOrder,
    now: i64,
) -> Result<PutOrderOutcome, StoreError> {
    if let Some(operation) = &request.operation
        && let Some(replayed) = replay(connection, operation)?
    {
        return Ok(replayed);
    }
    let operation = request.operation.clone();
    let found = find(connection, &request.order)?;
    let version = found.as_ref().map_or(0, |(_, version)| *version);
    let before = found.map(|(order, _)| order);
    let order = match put_order::decide(before.clone(), request, now) {
        Ok(order) => order,
        Err(rejection) => return Ok(PutOrderOutcome::Refused(rejection)),
    };
    if before.as_ref() != Some(&order) {
        put(connection, &order, version)?;
    }
    if let Some(operation) = operation {
        put_idempotency_record(connection, &operation, order.id())?;
    }
    Ok(PutOrderOutcome::Order(Box::new(order)))
}

/// The order with `id`, and its version.
pub(super) fn find(
    connection: &Connection,
    id: &OrderId,
) -> Result<Option<(Order, i64)>, StoreError> {
    connection
        .prepare_cached("SELECT body, version FROM orders WHERE id = ?1")?
        .query_row([id.as_str()], columns)
        .optional()?
        .map(read)
        .transpose()
}

/// The order that has `intent`, had it, or was paid by it, and its version.
pub(super) fn find_by_intent(
    connection: &Connection,
    intent: &str,
) -> Result<Option<(Order, i64)>, StoreError> {
    connection
        .prepare_cached(
            "SELECT body, version FROM intents JOIN orders ON orders.id = intents.order_id
             WHERE intents.id = ?1",
        )?
        .query_row([intent], columns)
        .optional()?
        .map(read)
        .transpose()
}

pub(super) fn columns(row: &Row<'_>) -> rusqlite::Result<(String, i64)> {
    Ok((row.get(0)?, row.get(1)?))
}

pub(super) fn read((body, version): (String, i64)) -> Result<(Order, i64), StoreError> {
    let order = serde_json::from_str(&body).map_err(StoreError::Unreadable)?;
    Ok((order, version))
}

/// Writes `order` in place of its `version`; 0 is none.
pub(super) fn put(connection: &Connection, order: &Order, version: i64) -> Result<(), StoreError> {
    let body = serde_json::to_string(order).map_err(StoreError::Unreadable)?;
    let written = connection
        .prepare_cached(
            "INSERT INTO orders (id, version, intent, status, body, updated_at, deadline)
             VALUES (?1, ?2 + 1, ?3, ?4, ?5, ?6, ?7)
             ON CONFLICT (id) DO UPDATE SET version = excluded.version, intent = excluded.intent,
                 status = excluded.status, body = excluded.body, updated_at = excluded.updated_at,
                 deadline = excluded.deadline
             WHERE version = ?2",
        )?
        .execute(params![
            order.id().as_str(),
            version,
            order.intent(),
            order.status().as_str(),
            body,
            order.updated_at(),
            order.deadline(),
        ])?;
    match written {
        1 => Ok(()),
        _ => Err(StoreError::Database(rusqlite::Error::StatementChangedRows(
            written,
        ))),
    }
}

/// Stores that `intent` belongs to the order with `id` and no other.
pub(super) fn put_pointer(
    connection: &Connection,
    intent: &str,
    id: &OrderId,
) -> Result<(), StoreError> {
    let written = connection
        .prepare_cached(
            "INSERT INTO intents (id, order_id) VALUES (?1, ?2)
             ON CONFLICT (id) DO UPDATE SET order_id = excluded.order_id
             WHERE order_id = excluded.order_id",
        )?
        .execute([intent, id.as_str()])?;
    match written {
        0 => Err(StoreError::IntentTaken),
        _ => Ok(()),
    }
}

/// The recorded outcome of `operation`, if it came before.
fn replay(
    connection: &Connection,
    operation: &IdempotencyRecord,
) -> Result<Option<PutOrderOutcome>, StoreError> {
    let known: Option<(String, String)> = connection
        .prepare_cached("SELECT digest, order_id FROM idempotency_records WHERE key = ?1")?
        .query_row([&operation.key], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let Some((digest, order)) = known else {
        return Ok(None);
    };
    if digest != operation.digest {
        return Ok(Some(PutOrderOutcome::Refused(PutOrderRejection::KeyReused)));
    }
    let order = OrderId::parse(&order).ok().map(|id| find(connection, &id));
    let order = order.transpose()?.flatten();
    Ok(order.map(|(order, _)| PutOrderOutcome::Order(Box::new(order))))
}

/// Stores that `operation` was about the order with `id`.
fn put_idempotency_record(
    connection: &Connection,
    operation: &IdempotencyRecord,
    id: &OrderId,
) -> Result<(), StoreError> {
    connection
        .prepare_cached(
            "INSERT INTO idempotency_records (key, digest, order_id) VALUES (?1, ?2, ?3)",
        )?
        .execute(params![operation.key, operation.digest, id.as_str()])?;
    Ok(())
}

/// The query of a list: the orders that `$of` selects, between ?1 and ?2, after the id ?3 in the
/// latest second, but for those that stand for an invoice.
macro_rules! list_query {
    ($of:literal) => {
        concat!(
            "SELECT body, version FROM orders WHERE ",
            $of,
            " body ->> '$.created_at' BETWEEN ?1 AND ?2
                 AND (body ->> '$.created_at' < ?2 OR id < ?3)
                 AND body ->> '$.is_of_invoice' IS NULL
              ORDER BY body ->> '$.created_at' DESC, id DESC LIMIT ?4"
        )
    };
}

pub(in crate::store) const LIST_ALL: &str = list_query!("");
pub(in crate::store) const LIST_OF_OWNER: &str = list_query!("body ->> '$.owner' = ?5 AND");

/// The orders in `range`, of `owner` or of all owners.
fn list(
    connection: &Connection,
    owner: Option<&CallerId>,
    range: &OrderRange,
) -> Result<OrderList, StoreError> {
    let ((latest, after), limit) = (range.begin(), range.limit());
    let mut values: Vec<&dyn ToSql> = vec![&range.earliest, &latest, &after, &limit];
    let owner = owner.map(CallerId::as_str);
    values.extend(owner.iter().map(|owner| owner as &dyn ToSql));
    let query = owner.map_or(LIST_ALL, |_| LIST_OF_OWNER);
    let mut statement = connection.prepare_cached(query)?;
    let rows = statement.query_map(&values[..], columns)?;
    let orders = rows.map(|row| Ok(read(row?)?.0));
    let orders = orders.collect::<Result<_, StoreError>>()?;
    Ok(OrderList::of(range, orders))
}
