//! Events: the claim, the order and the messages in one transaction.

use super::{
    Postgres, Statement, StoreError, Work, Written, column, exactly_one, orders, outbox,
    quarantine, statement,
};
use crate::{
    event::Event,
    order::{Order, OrderId},
    store::{
        AcceptOutcome, Accepted,
        accept::{EventDecision, Incoming, OrderLookup, decide},
        events::Events,
    },
};

/// The claims of events that Stripe no longer redelivers.
pub(super) const FORGET: &str = "DELETE FROM farebox.events WHERE id IN
    (SELECT id FROM farebox.events WHERE received_at < $1 LIMIT 500) RETURNING id";

/// Whether the event $1 is claimed, and its order: the one of the intent $2, else the one that the
/// metadata names as $3. The database is more reliable than metadata, which anyone may edit.
const LOOK_UP: &str = "SELECT
         EXISTS (SELECT FROM farebox.events WHERE id = $1)::int::bigint AS claimed,
         body, version
     FROM (SELECT coalesce((SELECT order_id FROM farebox.intents WHERE id = $2), $3) AS id) AS named
     LEFT JOIN farebox.orders ON orders.id = named.id";

impl Events for Postgres {
    /// A concurrent change of the order, or the same event elsewhere, starts it again from a new
    /// read, as a transaction does whose answer got lost: its claim then makes it a duplicate.
    async fn process(&self, incoming: Incoming, now: i64) -> Result<AcceptOutcome, StoreError> {
        let event = &incoming.event;
        let (named, intent) = match OrderLookup::of(event) {
            Some(OrderLookup::Order { named, intent }) => (Some(named), intent),
            Some(OrderLookup::Intent(intent)) => (None, Some(intent)),
            None => (None, None),
        };
        let look_up = statement!(
            LOOK_UP,
            &event.id,
            intent,
            named.as_ref().map(OrderId::as_str),
        );
        let mut work = Work::new(self);
        loop {
            let row = work.row(&look_up).await?;
            let row = row.ok_or(StoreError::Malformed("claimed"))?;
            let found = match column::<Option<i64>>(&row, "version")? {
                Some(_) => Some(orders::read(&row)?),
                None => None,
            };
            let found = found.as_ref().map(|(order, version)| (order, *version));
            let (accepted, messages, writes) = match column::<i64>(&row, "claimed")? {
                0 => {
                    let decision = decide(found, &incoming, now);
                    let messages = decision.message_ids();
                    let (accepted, writes) = writes(event, found, decision, now)?;
                    (accepted, messages, writes)
                }
                _ => (Accepted::Duplicate, Vec::new(), Vec::new()),
            };
            let written = match writes.is_empty() {
                true => Written::Done,
                false => work.write(&writes).await?,
            };
            match written {
                Written::Done => {
                    return Ok(AcceptOutcome {
                        accepted,
                        order: found.map(|(order, _)| order.id().clone()),
                        messages,
                    });
                }
                Written::Undone(undone) => work.again(undone).await?,
            }
        }
    }
}

/// The result of `event`, whose order was `found`, and the writes that make it so.
fn writes(
    event: &Event,
    found: Option<(&Order, i64)>,
    decision: EventDecision,
    now: i64,
) -> Result<(Accepted, Vec<Statement>), StoreError> {
    let (accepted, mut writes, messages) = match decision {
        EventDecision::Ignore => return Ok((Accepted::Ignored, Vec::new())),
        EventDecision::LacksRefunds => return Ok((Accepted::LacksRefunds, Vec::new())),
        EventDecision::OtherDeployment => return Ok((Accepted::OtherDeployment, Vec::new())),
        EventDecision::Forward(messages) => (Accepted::Applied, Vec::new(), messages),
        EventDecision::Apply(order, messages) => {
            let version = found.map_or(0, |(_, version)| version);
            let mut writes = vec![orders::write(&order, version)?];
            let had = found.and_then(|(before, _)| before.intent());
            let intent = order.intent().filter(|intent| had != Some(intent));
            writes.extend(intent.map(|intent| orders::write_pointer(intent, order.id())));
            (Accepted::Applied, writes, messages)
        }
        EventDecision::Quarantine(reason, messages) => {
            let quarantined = vec![quarantine::write(event, &reason, now)];
            (Accepted::Quarantined, quarantined, messages)
        }
    };
    writes.push(statement!(
        exactly_one!(
            "INSERT INTO farebox.events (id, type, outcome, received_at) VALUES ($1, $2, $3, $4)"
        ),
        &event.id,
        &event.kind,
        accepted.as_str(),
        now,
    ));
    writes.extend(outbox::append(&messages, now));
    Ok((accepted, writes))
}
