//! Processes an event: one read, the decision that every backend shares, and one transaction.

use std::collections::{HashMap, HashSet};

use aws_sdk_dynamodb::types::TransactWriteItem;

use super::{
    DynamoDb, StoreError,
    attempt::Attempts,
    item::{EXPIRES_AT, Item, Kind, Write as _, is_expired, keyed, need_text, number, text},
    orders,
    transaction::Condition,
};
use crate::{
    event::Event,
    order::{Order, OrderId},
    store::{
        AcceptOutcome, Accepted, REMEMBERED,
        accept::{EventDecision, Incoming, OrderLookup, decide},
        events::Events,
    },
};

/// The table's state for an event.
struct Found {
    /// True when the event arrived before.
    is_claimed: bool,
    /// The id of its order.
    owner: Option<OrderId>,
    /// That order with its version, unless the event arrived before.
    order: Option<(Order, i64)>,
}

impl Events for DynamoDb {
    async fn process(&self, incoming: Incoming, now: i64) -> Result<AcceptOutcome, StoreError> {
        let event = &incoming.event;
        let mut attempts = Attempts::new();
        let mut duplicates = HashSet::new();
        loop {
            let found = self.look_up(&mut attempts, event, now).await?;
            let of = |accepted, messages| AcceptOutcome {
                accepted,
                order: found.owner.clone(),
                messages,
            };
            if found.is_claimed {
                return Ok(of(Accepted::Duplicate, Vec::new()));
            }
            let known = found
                .order
                .as_ref()
                .map(|(order, version)| (order, *version));
            let decision = decide(known, &incoming, now);
            let messages = decision.message_ids();
            let (accepted, writes) = self.plan(event, known, decision, &duplicates, now)?;
            if writes.is_empty() {
                return Ok(of(accepted, messages));
            }
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(of(accepted, messages));
            };
            if canceled.unmet.contains(&Kind::Event.key(&event.id)) {
                return Ok(of(Accepted::Duplicate, Vec::new()));
            }
            // A message with the id of an earlier one is the same message: the site receives it
            // once.
            let unmet = canceled.unmet.iter();
            let messages = unmet.filter_map(|key| Kind::Outbox.id_in(key));
            duplicates.extend(messages.map(str::to_owned));
            attempts.again(canceled.failure).await?;
        }
    }
}

impl DynamoDb {
    /// The writes for a decision: the claim and its effects, or nothing. A message among the
    /// `duplicates` is in the outbox already.
    fn plan(
        &self,
        event: &Event,
        known: Option<(&Order, i64)>,
        decision: EventDecision,
        duplicates: &HashSet<String>,
        now: i64,
    ) -> Result<(Accepted, Vec<TransactWriteItem>), StoreError> {
        let (accepted, moved, messages) = match decision {
            EventDecision::Ignore => return Ok((Accepted::Ignored, Vec::new())),
            EventDecision::OtherDeployment => return Ok((Accepted::OtherDeployment, Vec::new())),
            EventDecision::LacksRefunds => return Ok((Accepted::LacksRefunds, Vec::new())),
            EventDecision::Forward(messages) => (Accepted::Applied, Vec::new(), messages),
            EventDecision::Apply(order, messages) => {
                (Accepted::Applied, self.put_moved(known, &order)?, messages)
            }
            EventDecision::Quarantine(reason, messages) => {
                let quarantined = self.put_quarantined(event, &reason, now);
                (Accepted::Quarantined, quarantined, messages)
            }
        };
        let mut writes = vec![self.put_claim(event, accepted, now)];
        writes.extend(moved);
        let new = messages
            .iter()
            .filter(|message| !duplicates.contains(&message.id));
        writes.extend(new.flat_map(|message| self.put_message(message, now)));
        Ok((accepted, writes))
    }

    /// Finds the event's claim and its order in one read. A second read follows when the event
    /// names no order, as refunds and disputes do, or another than the intent's.
    async fn look_up(
        &self,
        attempts: &mut Attempts,
        event: &Event,
        now: i64,
    ) -> Result<Found, StoreError> {
        let lookup = OrderLookup::of(event);
        let (named, intent) = match &lookup {
            Some(OrderLookup::Order { named, intent }) => (Some(named.as_str()), intent.as_ref()),
            Some(OrderLookup::Intent(intent)) => (None, Some(intent)),
            None => (None, None),
        };
        let claim = Kind::Event.key(&event.id);
        let pointer = intent.map(|intent| Kind::Intent.key(intent));
        let keys = [
            Some(claim.clone()),
            pointer.clone(),
            named.map(|id| Kind::Order.key(id)),
        ];
        let keys: Vec<String> = keys.into_iter().flatten().collect();
        let items = self.get_all(attempts, &keys).await?;
        // The database is more reliable than metadata, which anyone may edit.
        let owner = match pointer.and_then(|pointer| items.get(&pointer)) {
            Some(pointer) => Some(need_text(pointer, "order_id")?),
            None => named,
        };
        let id = owner.and_then(|id| OrderId::parse(id).ok());
        let claimed = items.get(&claim);
        if claimed.is_some_and(|claim| !is_expired(claim, now)) {
            return Ok(Found {
                is_claimed: true,
                owner: id,
                order: None,
            });
        }
        let order = match owner {
            Some(id) if Some(id) == named => order_in(&items, id)?,
            Some(id) => self.find(attempts, id).await?,
            None => None,
        };
        Ok(Found {
            is_claimed: false,
            owner: id,
            order,
        })
    }

    fn put_claim(&self, event: &Event, accepted: Accepted, now: i64) -> TransactWriteItem {
        let item = keyed(&Kind::Event.key(&event.id))
            .with("type", text(&event.kind))
            .with("outcome", text(accepted.as_str()))
            .with("received_at", number(now))
            .with(EXPIRES_AT, number(now + REMEMBERED));
        self.put(item, Condition::AbsentOrExpired(now))
    }

    /// The order after the event, and its intent where that is new or changed.
    fn put_moved(
        &self,
        before: Option<(&Order, i64)>,
        order: &Order,
    ) -> Result<Vec<TransactWriteItem>, StoreError> {
        let version = before.map_or(0, |(_, version)| version);
        let mut writes = vec![self.write_order(order, version)?];
        let had = before.and_then(|(before, _)| before.intent());
        if let Some(intent) = order.intent().filter(|intent| had != Some(intent)) {
            writes.push(self.put_pointer(intent, order));
        }
        Ok(writes)
    }
}

fn order_in(items: &HashMap<String, Item>, id: &str) -> Result<Option<(Order, i64)>, StoreError> {
    items
        .get(&Kind::Order.key(id))
        .map(orders::read)
        .transpose()
}
