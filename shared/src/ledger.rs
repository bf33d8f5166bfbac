//! Where orders, events and the outbox live.
//!
//! The heart is [`Ledger::accept`]: one transaction that claims the event, moves the order and appends
//! to the outbox. What it writes is decided by a pure function, the same for every backend; a
//! backend only reads, and writes where nothing changed since.

mod accept;
mod admission;
mod customers;
mod dynamodb;
mod failure;
mod message;
mod opening;
mod refunding;
mod sqlite;

pub use accept::Accepted;
pub use admission::{Admission, Admitted, Bound, Counted, OPEN_FOR, TooMany, Whose};
pub use customers::{MOST_LISTED, Mapping};
use dynamodb::DynamoDb;
pub use failure::Failure;
pub use message::{Letter, Message};
pub use opening::{Opened, Opening, Operation, Refusal};
use refunding::Refunding;
pub use refunding::{RefundRefusal, Refunded};
use sqlite::Sqlite;

use crate::{
    Config,
    access::{CallerId, DayLimit},
    amount::Currency,
    config::{LedgerLocation, Subscriptions},
    event::{Event, Refund},
    order::{Declined, Note, Order, OrderId, RefundRequest},
    secrets::Secrets,
};

/// How long an event id is remembered, in seconds: Stripe delivers an event by itself for three
/// days, and by hand for thirty.
pub const REMEMBERED: i64 = 40 * 24 * 60 * 60;

/// The ledger of one deployment; cheap to clone.
#[derive(Clone, Debug)]
pub struct Ledger {
    backend: Backend,
    subscriptions: Subscriptions,
}

#[derive(Clone, Debug)]
enum Backend {
    Sqlite(Sqlite),
    DynamoDb(DynamoDb),
}

impl Ledger {
    /// Opens the ledger that `config` names. A file is made where it is not there, and brought up to
    /// date; a table must be there.
    ///
    /// # Errors
    ///
    /// [`Failure`] when it cannot be opened, holds payments of the other mode, or was made by a
    /// newer version.
    pub async fn open(config: &Config) -> Result<Self, Failure> {
        Self::open_for(config, &config.secrets).await
    }

    /// Opens it to look at it: one that belongs to no mode yet is not made to belong to that of the keys.
    ///
    /// # Errors
    ///
    /// As [`Ledger::open`], but for the mode.
    pub async fn examine(config: &Config) -> Result<Self, Failure> {
        Self::open_for(config, &Secrets::none()).await
    }

    async fn open_for(config: &Config, secrets: &Secrets) -> Result<Self, Failure> {
        let backend = match &config.ledger {
            Some(LedgerLocation::Sqlite(path)) => {
                Backend::Sqlite(Sqlite::open(path, secrets.mode().await?).await?)
            }
            Some(LedgerLocation::DynamoDb(table)) => {
                let aws = config.aws.as_ref().ok_or(Failure::NoAws)?;
                Backend::DynamoDb(DynamoDb::open(aws, table, secrets).await?)
            }
            None => return Err(Failure::Nowhere),
        };
        Ok(Self {
            backend,
            subscriptions: config.subscriptions.clone(),
        })
    }

    /// The order with `id`, whoever owns it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn order(&self, id: &OrderId) -> Result<Option<Order>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.order(id.clone()).await,
            Backend::DynamoDb(table) => table.order(id).await,
        }
    }

    /// Whether an order is known to be paid, or to be going to be, by `intent`.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn knows_intent(&self, intent: &str) -> Result<bool, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.knows_intent(intent.to_owned()).await,
            Backend::DynamoDb(table) => table.knows_intent(intent).await,
        }
    }

    /// The order that `operation` was about, if it came before.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn replay(&self, operation: &Operation) -> Result<Option<Opened>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.replay(operation.clone()).await,
            Backend::DynamoDb(table) => table.replay(operation).await,
        }
    }

    /// Counts the start of an order at `now`, unless whoever is counted for it started too many. An order
    /// that is there, or was counted before, is admitted and not counted again.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; a refusal is an answer.
    pub async fn admit(&self, admission: Admission, now: i64) -> Result<Admitted, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.admit(admission, now).await,
            Backend::DynamoDb(table) => table.admit(&admission, now).await,
        }
    }

    /// Opens or changes an order, at `now`; in one transaction with the operation that asks for it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; a refusal is an answer.
    pub async fn open_order(&self, opening: Opening, now: i64) -> Result<Opened, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.open_order(opening, now).await,
            Backend::DynamoDb(table) => table.open_order(opening, now).await,
        }
    }

    /// Notes something about the way to pay the order, where that fits what it has; gives the order as
    /// it then is.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn note(&self, id: &OrderId, note: Note, now: i64) -> Result<Option<Order>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.note(id.clone(), note, now).await,
            Backend::DynamoDb(table) => table.note(id, &note, now).await,
        }
    }

    /// Takes an event into the ledger, once: claims its id, moves its order and appends to the
    /// outbox, in one transaction.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; all was written or nothing, and the event may be
    /// delivered again.
    pub async fn accept(&self, event: Event, now: i64) -> Result<Accepted, Failure> {
        let is_subscribed = self.subscriptions.include(&event.kind);
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.accept(event, is_subscribed, now).await,
            Backend::DynamoDb(table) => table.accept(&event, is_subscribed, now).await,
        }
    }

    /// Takes `event`, which we made of an object that Stripe was asked for: as [`Ledger::accept`], but no
    /// subscription includes it, since Stripe never sent it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not take it.
    pub async fn learn(&self, event: Event, now: i64) -> Result<Accepted, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.accept(event, false, now).await,
            Backend::DynamoDb(table) => table.accept(&event, false, now).await,
        }
    }

    /// Sets the amount of `request`, in `currency`, aside on the order with `id`, unless that exceeds
    /// what is left of the payment, or what the caller may give back that day. A request that is there
    /// already is given as it is.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; a refusal is an answer.
    pub async fn reserve_refund(
        &self,
        id: &OrderId,
        request: RefundRequest,
        currency: Currency,
        limit: DayLimit,
    ) -> Result<Refunded, Failure> {
        let now = request.at();
        let reserve = Refunding::reserve(id.clone(), request, currency, limit);
        self.refund(reserve, now).await
    }

    /// Notes `refund`, as Stripe answered it at `now`, on the order with `id`, with what the site is
    /// told of it. What an event told before changes nothing.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn settle_refund(
        &self,
        id: &OrderId,
        refund: Refund,
        now: i64,
    ) -> Result<Refunded, Failure> {
        self.refund(Refunding::settle(id.clone(), refund), now)
            .await
    }

    /// Notes that Stripe refused `request` of `order` for good: its amount is free again, and does not
    /// count against the caller's day. Where a refund is known to have been made, nothing changes.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn decline_refund(
        &self,
        order: &Order,
        request: &RefundRequest,
        why: Declined,
        now: i64,
    ) -> Result<Refunded, Failure> {
        let decline = Refunding::decline(order, request.clone(), why);
        self.refund(decline, now).await
    }

    async fn refund(&self, refunding: Refunding, now: i64) -> Result<Refunded, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.refund(refunding, now).await,
            Backend::DynamoDb(table) => table.refund(&refunding, now).await,
        }
    }

    /// The place of `owner` among Stripe's customers, if it is reserved.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn customer_of(&self, owner: &CallerId) -> Result<Option<Mapping>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.customer_of(owner.clone()).await,
            Backend::DynamoDb(table) => table.customer_of(owner).await,
        }
    }

    /// Reserves a place for `owner` where there is none, or only the one that is `gone`. Gives the
    /// place that is there then, which somebody else may have reserved, or settled.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn reserve_customer(
        &self,
        owner: &CallerId,
        gone: Option<&Mapping>,
        now: i64,
    ) -> Result<Mapping, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let gone = gone.cloned();
                sqlite.reserve_customer(owner.clone(), gone, now).await
            }
            Backend::DynamoDb(table) => table.reserve_customer(owner, gone, now).await,
        }
    }

    /// Notes `customer` (`cus_…`) in the place that is `reserved` for `owner`, unless one is noted
    /// there, or the place was reserved anew. Gives the place as it is then.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer, or the customer is another caller's.
    pub async fn settle_customer(
        &self,
        owner: &CallerId,
        reserved: &Mapping,
        customer: &str,
    ) -> Result<Option<Mapping>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => {
                let (owner, reserved) = (owner.clone(), reserved.clone());
                sqlite
                    .settle_customer(owner, reserved, customer.to_owned())
                    .await
            }
            Backend::DynamoDb(table) => table.settle_customer(owner, reserved, customer).await,
        }
    }

    /// Whose the Stripe customer with the id `customer` is, or was: who asks about it compares it with
    /// the owner's place.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn holder_of(&self, customer: &str) -> Result<Option<CallerId>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.holder_of(customer.to_owned()).await,
            Backend::DynamoDb(table) => table.holder_of(customer).await,
        }
    }

    /// The latest orders of `owner`, the newest first, up to [`MOST_LISTED`]. On DynamoDB an order
    /// may be missing for a moment after it was opened.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn orders_of(&self, owner: &CallerId) -> Result<Vec<Order>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.orders_of(owner.clone()).await,
            Backend::DynamoDb(table) => table.orders_of(owner).await,
        }
    }

    /// Takes up to `most` messages that are due at `now`, the oldest first. Nobody else is given them
    /// for `lease` seconds.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn take_due(&self, now: i64, lease: i64, most: u32) -> Result<Vec<Letter>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.take_due(now, lease, most).await,
            Backend::DynamoDb(table) => table.take_due(now, lease, most).await,
        }
    }

    /// Takes the message with `id`, so that nobody else is given it for `lease` seconds. `None` when it
    /// is taken already, waits for a later try, was delivered or given up, or is not there.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn take(&self, id: &str, now: i64, lease: i64) -> Result<Option<Letter>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.take(id.to_owned(), now, lease).await,
            Backend::DynamoDb(table) => table.take(id, now, lease).await,
        }
    }

    /// Notes what became of the delivery of a message.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer; the message will be delivered again.
    pub async fn settle(&self, id: &str, outcome: Settled, now: i64) -> Result<(), Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.settle(id.to_owned(), outcome, now).await,
            Backend::DynamoDb(table) => table.settle(id, &outcome, now).await,
        }
    }

    /// When the oldest message that waits was written, in Unix seconds; on DynamoDB of the 25 that
    /// are due next.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn oldest_undelivered(&self) -> Result<Option<i64>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.oldest_undelivered().await,
            Backend::DynamoDb(table) => table.oldest_undelivered().await,
        }
    }

    /// The messages that were given up, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn parked(&self) -> Result<Vec<Letter>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.parked().await,
            Backend::DynamoDb(table) => table.parked().await,
        }
    }

    /// Makes parked messages due again: the one with `id`, or all. Gives their number.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.redrive(id.map(str::to_owned), now).await,
            Backend::DynamoDb(table) => table.redrive(id, now).await,
        }
    }

    /// Events that were set aside for a person to look at, the oldest first.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn quarantined(&self) -> Result<Vec<Quarantined>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.quarantined().await,
            Backend::DynamoDb(table) => table.quarantined().await,
        }
    }

    /// Takes the quarantined event with `id` again when it comes again; whether there is one. The
    /// quarantine keeps it as a record.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn release(&self, id: &str) -> Result<bool, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.release(id.to_owned()).await,
            Backend::DynamoDb(table) => table.release(id).await,
        }
    }

    /// How far the work with `name` came, as it noted it.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn mark(&self, name: &'static str) -> Result<Option<String>, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.mark(name).await,
            Backend::DynamoDb(table) => table.mark(name).await,
        }
    }

    /// Notes how far the work with `name` came.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn set_mark(&self, name: &'static str, value: &str) -> Result<(), Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.set_mark(name, value.to_owned()).await,
            Backend::DynamoDb(table) => table.set_mark(name, value).await,
        }
    }

    /// Forgets some of what is older than it has to be remembered; whether there may be more. DynamoDB
    /// does so by itself.
    ///
    /// # Errors
    ///
    /// [`Failure`] when the ledger did not answer.
    pub async fn forget_expired(&self, now: i64) -> Result<bool, Failure> {
        match &self.backend {
            Backend::Sqlite(sqlite) => sqlite.forget_expired(now).await,
            Backend::DynamoDb(_) => Ok(false),
        }
    }
}

/// The id of the message that the item with `key` is, as the table's stream names it; `None` for
/// every other item, and for a part of a message.
#[must_use]
pub fn message_in(key: &str) -> Option<&str> {
    dynamodb::message_in(key)
}

/// What became of one try to deliver a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// It was acknowledged.
    Delivered,
    /// It failed, and is due again at `due_at` (Unix seconds).
    Again {
        /// When.
        due_at: i64,
        /// What went wrong, for the operator.
        error: String,
    },
    /// It failed for good: kept, and delivered when an operator asks for it.
    Parked {
        /// What went wrong, for the operator.
        error: String,
    },
}

/// An event that was set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quarantined {
    /// `evt_…`
    pub event_id: String,
    /// Stripe's type.
    pub kind: String,
    /// Why.
    pub reason: String,
    /// When it came, in Unix seconds.
    pub at: i64,
}

#[cfg(test)]
mod tests;
