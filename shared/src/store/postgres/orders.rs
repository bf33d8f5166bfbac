//! Orders, their idempotency records, and the pointers from intents to orders.

use tokio_postgres::Row;

use super::{
    Postgres, Statement, StoreError, Undone, Work, Written, column, exactly_one, statement,
};
use crate::{
    ids::CallerId,
    order::{Order, OrderId, PaymentUpdate},
    store::{
        IdempotencyRecord, OrderList, OrderRange, PutOrder, PutOrderOutcome, PutOrderRejection,
        orders::Orders, put_order,
    },
};

const FIND: &str = "SELECT body, version FROM farebox.orders WHERE id = $1";
const FIND_BY_INTENT: &str = "SELECT body, version
     FROM farebox.intents JOIN farebox.orders ON orders.id = intents.order_id
     WHERE intents.id = $1";
const REPLAY: &str = "SELECT record.digest, body, version
     FROM farebox.idempotency_records AS record
     LEFT JOIN farebox.orders ON orders.id = record.order_id
     WHERE record.key = $1";

/// The query of a list: the orders that `$of` selects, between $1 and $2, after the id $3 in the
/// latest second, but for those that stand for an invoice. Their ids begin with `inv_`, and so may
/// ids of the site. The planner knows how few ids do, and not what a body holds.
macro_rules! list_query {
    ($of:literal) => {
        concat!(
            "SELECT body, version FROM farebox.orders WHERE ",
            $of,
            " created_at >= $1 AND (created_at, id) < ($2, $3)
              AND (id NOT LIKE 'inv\\_%' OR body::json ->> 'is_of_invoice' IS NULL)
              ORDER BY created_at DESC, id DESC LIMIT $4"
        )
    };
}

pub(in crate::store) const LIST_ALL: &str = list_query!("");
pub(in crate::store) const LIST_OF_OWNER: &str = list_query!("owner = $5 AND");

impl Orders for Postgres {
    async fn order(&self, id: &OrderId) -> Result<Option<Order>, StoreError> {
        let found = find(&mut Work::new(self), id).await?;
        Ok(found.map(|(order, _)| order))
    }

    async fn knows_intent(&self, intent: &str) -> Result<bool, StoreError> {
        Ok(self
            .row(statement!(FIND_BY_INTENT, intent))
            .await?
            .is_some())
    }

    async fn orders_of(
        &self,
        owner: &CallerId,
        range: &OrderRange,
    ) -> Result<OrderList, StoreError> {
        self.list(Some(owner), range).await
    }

    async fn all_orders(&self, range: &OrderRange) -> Result<OrderList, StoreError> {
        self.list(None, range).await
    }

    async fn replay(
        &self,
        operation: &IdempotencyRecord,
    ) -> Result<Option<PutOrderOutcome>, StoreError> {
        let found = self.row(statement!(REPLAY, &operation.key)).await?;
        found.map_or(Ok(None), |row| replayed(operation, &row))
    }

    /// A concurrent write starts it again. A stored record then makes it a replay, also when only
    /// the answer to this transaction got lost.
    async fn put_order(&self, put: PutOrder, now: i64) -> Result<PutOrderOutcome, StoreError> {
        let key = put
            .operation
            .as_ref()
            .map(|operation| operation.key.as_str());
        let reads = [
            statement!(FIND, put.order.as_str()),
            statement!(REPLAY, key),
        ];
        let mut work = Work::new(self);
        loop {
            let rows = work.all_rows(&reads).await?;
            let [found, recorded] = [0, 1].map(|nth| rows.get(nth).and_then(|rows| rows.first()));
            if let (Some(operation), Some(row)) = (&put.operation, recorded)
                && let Some(outcome) = replayed(operation, row)?
            {
                return Ok(outcome);
            }
            let found = found.map(read).transpose()?;
            let version = found.as_ref().map_or(0, |(_, version)| *version);
            let before = found.map(|(order, _)| order);
            let order = match put_order::decide(before.clone(), put.clone(), now) {
                Ok(order) => order,
                Err(rejection) => return Ok(PutOrderOutcome::Refused(rejection)),
            };
            let mut writes = Vec::new();
            if before.as_ref() != Some(&order) {
                writes.push(write(&order, version)?);
            }
            writes.extend(put.operation.as_ref().map(|operation| {
                statement!(
                    exactly_one!(
                        "INSERT INTO farebox.idempotency_records (key, digest, order_id)
                         VALUES ($1, $2, $3)"
                    ),
                    &operation.key,
                    &operation.digest,
                    order.id().as_str(),
                )
            }));
            if writes.is_empty() {
                return Ok(PutOrderOutcome::Order(Box::new(order)));
            }
            match work.write(&writes).await? {
                Written::Done => return Ok(PutOrderOutcome::Order(Box::new(order))),
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }

    async fn update_payment(
        &self,
        id: &OrderId,
        update: PaymentUpdate,
        now: i64,
    ) -> Result<Option<Order>, StoreError> {
        let mut work = Work::new(self);
        loop {
            let Some((mut order, version)) = find(&mut work, id).await? else {
                return Ok(None);
            };
            if !order.update_payment(&update, now) {
                return Ok(Some(order));
            }
            let mut writes = vec![write(&order, version)?];
            if let PaymentUpdate::Intent(intent, _) = &update {
                writes.push(write_pointer(intent, id));
            }
            match work.write(&writes).await? {
                Written::Done => return Ok(Some(order)),
                Written::Undone(Undone { unmet: Some(1), .. }) => {
                    return Err(StoreError::IntentTaken);
                }
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }
}

impl Postgres {
    /// The orders in `range`, of `owner` or of all owners.
    async fn list(
        &self,
        owner: Option<&CallerId>,
        range: &OrderRange,
    ) -> Result<OrderList, StoreError> {
        let (earliest, (latest, after), limit) = (range.earliest, range.begin(), range.limit());
        let query = match owner.map(CallerId::as_str) {
            Some(owner) => {
                statement!(LIST_OF_OWNER, earliest, latest, after, limit, owner)
            }
            None => statement!(LIST_ALL, earliest, latest, after, limit),
        };
        let rows = self.rows(query).await?;
        let orders = rows.iter().map(|row| Ok(read(row)?.0));
        let orders = orders.collect::<Result<_, StoreError>>()?;
        Ok(OrderList::of(range, orders))
    }
}

/// The order with `id`, and its version.
pub(super) async fn find(
    work: &mut Work<'_>,
    id: &OrderId,
) -> Result<Option<(Order, i64)>, StoreError> {
    let row = work.row(&statement!(FIND, id.as_str())).await?;
    row.as_ref().map(read).transpose()
}

/// The order in `row`, and its version.
pub(super) fn read(row: &Row) -> Result<(Order, i64), StoreError> {
    let body = column(row, "body")?;
    let order = serde_json::from_str(body).map_err(StoreError::Unreadable)?;
    Ok((order, column(row, "version")?))
}

/// Writes `order` in place of its `version`; 0 is none.
pub(super) fn write(order: &Order, version: i64) -> Result<Statement, StoreError> {
    let body = serde_json::to_string(order).map_err(StoreError::Unreadable)?;
    let sql = match version {
        0 => exactly_one!(
            "INSERT INTO farebox.orders
                 (id, version, owner, status, body, created_at, updated_at, deadline)
             VALUES ($1, $2 + 1, $3, $4, $5, $6, $7, $8)"
        ),
        _ => exactly_one!(
            "UPDATE farebox.orders SET version = $2 + 1, owner = $3, status = $4, body = $5,
                 created_at = $6, updated_at = $7, deadline = $8
             WHERE id = $1 AND version = $2"
        ),
    };
    Ok(statement!(
        sql,
        order.id().as_str(),
        version,
        order.owner().as_str(),
        order.status().as_str(),
        body,
        order.created_at(),
        order.updated_at(),
        order.deadline(),
    ))
}

/// Stores that `intent` belongs to the order with `id` and no other.
pub(super) fn write_pointer(intent: &str, id: &OrderId) -> Statement {
    statement!(
        exactly_one!(
            "INSERT INTO farebox.intents (id, order_id) VALUES ($1, $2)
             ON CONFLICT (id) DO UPDATE SET order_id = excluded.order_id
                 WHERE intents.order_id = excluded.order_id"
        ),
        intent,
        id.as_str(),
    )
}

/// The outcome of `operation`, recorded in `row`.
fn replayed(
    operation: &IdempotencyRecord,
    row: &Row,
) -> Result<Option<PutOrderOutcome>, StoreError> {
    if column::<&str>(row, "digest")? != operation.digest {
        return Ok(Some(PutOrderOutcome::Refused(PutOrderRejection::KeyReused)));
    }
    match column::<Option<i64>>(row, "version")? {
        None => Ok(None),
        Some(_) => Ok(Some(PutOrderOutcome::Order(Box::new(read(row)?.0)))),
    }
}
