//! The database as one SQLite file: the default on one machine; several processes may share it.
//!
//! Every write is a transaction that takes the write lock when it begins, so that no other process
//! changes what it read. Commits are synced to the disk (`synchronous = FULL`): a `200` to Stripe
//! means that the event survives a loss of power.

mod customers;
mod orders;
mod outbox;
mod quarantine;
mod rate_limits;
mod refunds;
mod schema;

#[cfg(test)]
pub(super) use schema::MIGRATIONS;

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::{
    AcceptOutcome, Accepted, CustomerLink, DeliveryOutcome, IdempotencyRecord, OutboxMessage,
    PutOrder, PutOrderOutcome, PutOrderRejection, Quarantined, REMEMBERED, RateLimitOutcome,
    RateLimitRequest, StoreError,
    accept::{EventDecision, Incoming, OrderLookup, decide},
    put_order,
    refunding::{Refunded, Refunding},
};
use crate::{
    deployment::Deployment,
    event::Event,
    ids::CallerId,
    order::{Order, OrderId, PaymentUpdate},
    secrets::Mode,
};

/// One connection of this process; work on it is short, and done off the async threads.
#[derive(Clone, Debug)]
pub(super) struct Sqlite {
    connection: Arc<Mutex<Connection>>,
}

impl Sqlite {
    pub(super) async fn open(
        path: &Path,
        mode: Option<Mode>,
    ) -> Result<(Self, Option<Deployment>), StoreError> {
        let path = path.to_owned();
        let put = tokio::task::spawn_blocking(move || schema::open(&path, mode));
        let (connection, deployment) = put.await??;
        let sqlite = Self {
            connection: Arc::new(Mutex::new(connection)),
        };
        Ok((sqlite, deployment))
    }

    /// Runs `work` in a transaction that holds the write lock; rolls back on failure.
    async fn write<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.with(move |connection| {
            let transaction =
                connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        })
        .await
    }

    /// Runs `work` on the connection.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let connection = Arc::clone(&self.connection);
        let task = move || {
            // A panic that poisoned the lock rolled its transaction back: the connection is sound.
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            work(&mut connection)
        };
        tokio::task::spawn_blocking(task).await?
    }

    pub(super) async fn order(&self, id: OrderId) -> Result<Option<Order>, StoreError> {
        self.with(move |connection| Ok(orders::find(connection, &id)?.map(|(order, _)| order)))
            .await
    }

    pub(super) async fn knows_intent(&self, intent: String) -> Result<bool, StoreError> {
        self.with(move |connection| Ok(orders::find_by_intent(connection, &intent)?.is_some()))
            .await
    }

    pub(super) async fn replay(
        &self,
        operation: IdempotencyRecord,
    ) -> Result<Option<PutOrderOutcome>, StoreError> {
        self.with(move |connection| orders::replay(connection, &operation))
            .await
    }

    pub(super) async fn admit(
        &self,
        request: RateLimitRequest,
        now: i64,
    ) -> Result<RateLimitOutcome, StoreError> {
        self.write(move |transaction| rate_limits::admit(transaction, &request, now))
            .await
    }

    pub(super) async fn put_order(
        &self,
        put: PutOrder,
        now: i64,
    ) -> Result<PutOrderOutcome, StoreError> {
        self.write(move |transaction| {
            if let Some(operation) = &put.operation
                && let Some(replayed) = orders::replay(transaction, operation)?
            {
                return Ok(replayed);
            }
            let operation = put.operation.clone();
            let found = orders::find(transaction, &put.order)?;
            let version = found.as_ref().map_or(0, |(_, version)| *version);
            let before = found.map(|(order, _)| order);
            let order = match put_order::decide(before.clone(), put, now) {
                Ok(order) => order,
                Err(refusal) => return Ok(PutOrderOutcome::Refused(refusal)),
            };
            if before.as_ref() != Some(&order) {
                orders::put(transaction, &order, version)?;
            }
            if let Some(operation) = operation {
                orders::note_operation(transaction, &operation, order.id())?;
            }
            Ok(PutOrderOutcome::Order(Box::new(order)))
        })
        .await
    }

    pub(super) async fn update_payment(
        &self,
        id: OrderId,
        note: PaymentUpdate,
        now: i64,
    ) -> Result<Option<Order>, StoreError> {
        self.write(move |transaction| {
            let Some((mut order, version)) = orders::find(transaction, &id)? else {
                return Ok(None);
            };
            if order.update_payment(&note, now) {
                if let PaymentUpdate::Intent(intent, _) = &note {
                    orders::put_pointer(transaction, intent, &id)?;
                }
                orders::put(transaction, &order, version)?;
            }
            Ok(Some(order))
        })
        .await
    }

    pub(super) async fn accept(
        &self,
        incoming: Incoming,
        now: i64,
    ) -> Result<AcceptOutcome, StoreError> {
        self.write(move |transaction| accept(transaction, &incoming, now))
            .await
    }

    pub(super) async fn refund(
        &self,
        refunding: Refunding,
        now: i64,
    ) -> Result<Refunded, StoreError> {
        self.write(move |transaction| refunds::step(transaction, &refunding, now))
            .await
    }

    pub(super) async fn customer_of(
        &self,
        owner: CallerId,
    ) -> Result<Option<CustomerLink>, StoreError> {
        self.with(move |connection| customers::find(connection, &owner))
            .await
    }

    pub(super) async fn reserve_customer(
        &self,
        owner: CallerId,
        gone: Option<CustomerLink>,
        now: i64,
    ) -> Result<CustomerLink, StoreError> {
        self.write(move |transaction| customers::reserve(transaction, &owner, gone.as_ref(), now))
            .await
    }

    pub(super) async fn settle_customer(
        &self,
        owner: CallerId,
        reserved: CustomerLink,
        customer: String,
    ) -> Result<Option<CustomerLink>, StoreError> {
        self.write(move |transaction| customers::link(transaction, &owner, &reserved, &customer))
            .await
    }

    pub(super) async fn holder_of(&self, customer: String) -> Result<Option<CallerId>, StoreError> {
        self.with(move |connection| customers::holder(connection, &customer))
            .await
    }

    pub(super) async fn orders_of(&self, owner: CallerId) -> Result<Vec<Order>, StoreError> {
        self.with(move |connection| customers::orders(connection, &owner))
            .await
    }

    pub(super) async fn lease_due(
        &self,
        now: i64,
        lease: i64,
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        self.write(move |transaction| outbox::lease_due(transaction, now, lease, most))
            .await
    }

    pub(super) async fn take(
        &self,
        id: String,
        now: i64,
        lease: i64,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        self.write(move |transaction| outbox::take(transaction, &id, now, lease))
            .await
    }

    pub(super) async fn record_delivery(
        &self,
        id: String,
        outcome: DeliveryOutcome,
        now: i64,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| outbox::record_delivery(transaction, &id, &outcome, now))
            .await
    }

    pub(super) async fn oldest_undelivered(&self) -> Result<Option<i64>, StoreError> {
        self.with(|connection| outbox::oldest_undelivered(connection))
            .await
    }

    pub(super) async fn dead_letters(&self) -> Result<Vec<OutboxMessage>, StoreError> {
        self.with(|connection| outbox::dead_letters(connection))
            .await
    }

    pub(super) async fn redrive(&self, id: Option<String>, now: i64) -> Result<usize, StoreError> {
        self.write(move |transaction| outbox::redrive(transaction, id.as_deref(), now))
            .await
    }

    pub(super) async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        self.with(|connection| quarantine::list(connection)).await
    }

    pub(super) async fn release(&self, id: String) -> Result<bool, StoreError> {
        self.write(move |transaction| quarantine::release(transaction, &id))
            .await
    }

    pub(super) async fn cursor(&self, name: &'static str) -> Result<Option<String>, StoreError> {
        self.with(move |connection| {
            let mut statement =
                connection.prepare_cached("SELECT value FROM cursors WHERE name = ?1")?;
            Ok(statement.query_row([name], |row| row.get(0)).optional()?)
        })
        .await
    }

    pub(super) async fn set_cursor(
        &self,
        name: &'static str,
        value: String,
    ) -> Result<(), StoreError> {
        self.write(move |transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO cursors (name, value) VALUES (?1, ?2)
                     ON CONFLICT (name) DO UPDATE SET value = excluded.value",
                )?
                .execute(params![name, value])?;
            Ok(())
        })
        .await
    }

    pub(super) async fn forget_expired(&self, now: i64) -> Result<bool, StoreError> {
        self.write(move |transaction| {
            let mut forgotten = 0;
            for (sql, before) in [
                (FORGET_EVENTS, now - REMEMBERED),
                (outbox::FORGET_DELIVERED, now - REMEMBERED),
                (refunds::FORGET_BUDGETS, now - REMEMBERED),
                (rate_limits::FORGET, now),
            ] {
                let mut statement = transaction.prepare_cached(sql)?;
                forgotten += statement.execute([before])?;
            }
            Ok(forgotten > 0)
        })
        .await
    }
}

const FORGET_EVENTS: &str = "DELETE FROM events WHERE rowid IN
    (SELECT rowid FROM events WHERE received_at < ?1 LIMIT 500)";

/// Processes an event, inside one transaction.
fn accept(
    transaction: &Transaction<'_>,
    incoming: &Incoming,
    now: i64,
) -> Result<AcceptOutcome, StoreError> {
    let found = find_of(transaction, &incoming.event)?;
    let found = found.as_ref().map(|(order, version)| (order, *version));
    Ok(AcceptOutcome {
        accepted: take(transaction, incoming, found, now)?,
        order: found.map(|(order, _)| order.id().clone()),
    })
}

/// The order of `event`, and its version.
fn find_of(
    transaction: &Transaction<'_>,
    event: &Event,
) -> Result<Option<(Order, i64)>, StoreError> {
    match OrderLookup::of(event) {
        Some(OrderLookup::Order { named, intent }) => {
            // The database is more reliable than metadata, which anyone may edit.
            let by_intent = match &intent {
                Some(intent) => orders::find_by_intent(transaction, intent)?,
                None => None,
            };
            match by_intent {
                Some(found) => Ok(Some(found)),
                None => orders::find(transaction, &named),
            }
        }
        Some(OrderLookup::Intent(intent)) => orders::find_by_intent(transaction, &intent),
        None => Ok(None),
    }
}

fn take(
    transaction: &Transaction<'_>,
    incoming: &Incoming,
    found: Option<(&Order, i64)>,
    now: i64,
) -> Result<Accepted, StoreError> {
    let event = &incoming.event;
    let is_seen = transaction
        .prepare_cached("SELECT 1 FROM events WHERE id = ?1")?
        .exists([&event.id])?;
    if is_seen {
        return Ok(Accepted::Duplicate);
    }
    let accepted = match decide(found, incoming, now) {
        EventDecision::Ignore => return Ok(Accepted::Ignored),
        EventDecision::AskForRefunds => return Ok(Accepted::LacksRefunds),
        EventDecision::Leave => return Ok(Accepted::OtherDeployment),
        EventDecision::Pass(messages) => {
            outbox::append(transaction, &messages, now)?;
            Accepted::Applied
        }
        EventDecision::Move(order, messages) => {
            let version = found.map_or(0, |(_, version)| version);
            let had = found.and_then(|(before, _)| before.intent());
            if let Some(intent) = order.intent().filter(|intent| had != Some(intent)) {
                orders::put_pointer(transaction, intent, order.id())?;
            }
            orders::put(transaction, &order, version)?;
            outbox::append(transaction, &messages, now)?;
            Accepted::Applied
        }
        EventDecision::Quarantine(reason, messages) => {
            quarantine::set_aside(transaction, event, &reason, now)?;
            outbox::append(transaction, &messages, now)?;
            Accepted::Quarantined
        }
    };
    transaction
        .prepare_cached(
            "INSERT INTO events (id, type, outcome, received_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![event.id, event.kind, accepted.as_str(), now])?;
    Ok(accepted)
}
