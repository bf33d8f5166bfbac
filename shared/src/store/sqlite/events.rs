//! Events: the claim, the order and the messages in one transaction.

use rusqlite::{Transaction, params};

use super::{Sqlite, StoreError, orders, outbox, quarantine};
use crate::{
    event::Event,
    order::Order,
    store::{
        AcceptOutcome, Accepted,
        accept::{EventDecision, Incoming, OrderLookup, decide},
        events::Events,
    },
};

/// The claims of events that Stripe no longer redelivers.
pub(super) const FORGET: &str = "DELETE FROM events WHERE rowid IN
    (SELECT rowid FROM events WHERE received_at < ?1 LIMIT 500)";

impl Events for Sqlite {
    async fn process(&self, incoming: Incoming, now: i64) -> Result<AcceptOutcome, StoreError> {
        self.write(move |transaction| process(transaction, &incoming, now))
            .await
    }
}

fn process(
    transaction: &Transaction<'_>,
    incoming: &Incoming,
    now: i64,
) -> Result<AcceptOutcome, StoreError> {
    let found = find_of(transaction, &incoming.event)?;
    let found = found.as_ref().map(|(order, version)| (order, *version));
    let (accepted, messages) = accept(transaction, incoming, found, now)?;
    Ok(AcceptOutcome {
        accepted,
        order: found.map(|(order, _)| order.id().clone()),
        messages,
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

/// Writes the decision on an event whose order was `found`, unless the event was claimed before;
/// returns the ids of its messages, too.
fn accept(
    transaction: &Transaction<'_>,
    incoming: &Incoming,
    found: Option<(&Order, i64)>,
    now: i64,
) -> Result<(Accepted, Vec<String>), StoreError> {
    let event = &incoming.event;
    let is_claimed = transaction
        .prepare_cached("SELECT 1 FROM events WHERE id = ?1")?
        .exists([&event.id])?;
    if is_claimed {
        return Ok((Accepted::Duplicate, Vec::new()));
    }
    let decision = decide(found, incoming, now);
    let ids = decision.message_ids();
    let accepted = match decision {
        EventDecision::Ignore => return Ok((Accepted::Ignored, ids)),
        EventDecision::LacksRefunds => return Ok((Accepted::LacksRefunds, ids)),
        EventDecision::OtherDeployment => return Ok((Accepted::OtherDeployment, ids)),
        EventDecision::Forward(messages) => {
            outbox::append(transaction, &messages, now)?;
            Accepted::Applied
        }
        EventDecision::Apply(order, messages) => {
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
            quarantine::put(transaction, event, &reason, now)?;
            outbox::append(transaction, &messages, now)?;
            Accepted::Quarantined
        }
    };
    transaction
        .prepare_cached(
            "INSERT INTO events (id, type, outcome, received_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![event.id, event.kind, accepted.as_str(), now])?;
    Ok((accepted, ids))
}
