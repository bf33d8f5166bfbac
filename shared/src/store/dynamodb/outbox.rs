//! The outbox: it keeps a message until the site acknowledges it.
//!
//! The index lists a waiting message under `due`, and a dead letter under `dead_lettered`. The
//! index may be behind the items. A process therefore leases the item itself, on the condition that
//! it is due, and skips the stale entries of delivered or redriven messages. A leased message keeps
//! its entry, and is skipped in the same way. The next query finds what the index does not show
//! yet.

use std::collections::HashSet;

use aws_sdk_dynamodb::types::{ReturnValue, TransactWriteItem};
use futures_util::future::join_all;

use super::{
    DynamoDb, Page, StoreError,
    attempt::Attempts,
    item::{
        DUE_AT, EXPIRES_AT, Item, KEY, Kind, QUEUE, Write as _, keyed, need_number, need_text,
        number, number_in, part_count, part_keys, short, text, text_in, with_body,
    },
    requests::Change,
    transaction::Condition,
};
use crate::store::{
    Count, DeliveryOutcome, Message, OutboxMessage, OutboxSize, REMEMBERED, outbox::Outbox,
};

pub(super) const DUE: &str = "due";
pub(super) const DEAD_LETTERED: &str = "dead_lettered";
/// The attribute with the end of the latest lease, in Unix seconds. It is no key of the index, so
/// that a lease costs the write of the item alone.
const LEASED_UNTIL: &str = "leased_until";
/// The most entries of the index that a count reads.
pub(super) const COUNTED: i32 = Count::MAX.cast_signed() + 1;
/// The most messages in one lease or read.
const AT_ONCE: u32 = 25;

impl Outbox for DynamoDb {
    async fn append_messages(&self, messages: &[Message], now: i64) -> Result<(), StoreError> {
        let mut attempts = Attempts::new();
        let mut duplicates: HashSet<String> = HashSet::new();
        loop {
            let new = messages.iter();
            let new = new.filter(|message| !duplicates.contains(&message.id));
            let writes: Vec<_> = new
                .flat_map(|message| self.put_message(message, now))
                .collect();
            if writes.is_empty() {
                return Ok(());
            }
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(());
            };
            let ids = canceled.unmet.iter();
            let ids = ids.filter_map(|key| Kind::Outbox.id_in(key));
            duplicates.extend(ids.map(str::to_owned));
            attempts.again(canceled.failure).await?;
        }
    }

    async fn lease_due(
        &self,
        now: i64,
        lease: i64,
        most: u32,
    ) -> Result<Vec<OutboxMessage>, StoreError> {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let mut leased = Vec::new();
        let mut after = None;
        while leased.len() < most {
            let room = u32::try_from(most - leased.len()).unwrap_or(AT_ONCE);
            let most = i32::try_from(room.min(AT_ONCE)).unwrap_or(1);
            let page = Page {
                times: 0..=now,
                after,
                ..Page::of_queue(DUE, most)
            };
            match self.lease_page(&page, now, lease, &mut leased).await {
                Ok(Some(next)) => after = Some(next),
                Ok(None) => break,
                Err(failure) if leased.is_empty() => return Err(failure),
                // The caller delivers the leased messages; the next query finds the rest.
                Err(failure) => {
                    tracing::warn!("some of the outbox was not leased: {failure}");
                    break;
                }
            }
        }
        Ok(leased)
    }

    async fn lease(
        &self,
        id: &str,
        now: i64,
        lease: i64,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        self.lease_item(&Kind::Outbox.key(id), now, lease).await
    }

    /// Records each by itself: a failure of one keeps no other from being recorded.
    async fn record_deliveries(
        &self,
        outcomes: &[(String, DeliveryOutcome)],
        now: i64,
    ) -> Result<(), StoreError> {
        let each = outcomes
            .iter()
            .map(|(id, outcome)| self.record_delivery(id, outcome, now));
        join_all(each).await.into_iter().collect()
    }

    /// The creation time of the oldest waiting message, among those that are due next.
    async fn oldest_undelivered(&self) -> Result<Option<i64>, StoreError> {
        let (keys, _) = self.queued(&Page::of_queue(DUE, 25)).await?;
        let items = self.get_all(&mut Attempts::new(), &keys).await?;
        let waiting = items
            .values()
            .filter(|item| text_in(item, QUEUE) == Some(DUE));
        Ok(waiting
            .filter_map(|item| number_in(item, "created_at"))
            .min())
    }

    async fn outbox_size(&self) -> Result<OutboxSize, StoreError> {
        let (due, dead_lettered) = tokio::try_join!(self.count(DUE), self.count(DEAD_LETTERED))?;
        Ok(OutboxSize { due, dead_lettered })
    }

    async fn dead_letters(&self) -> Result<Vec<OutboxMessage>, StoreError> {
        let keys = self.all_queued(DEAD_LETTERED).await?;
        let mut messages = Vec::with_capacity(keys.len());
        for keys in keys.chunks(AT_ONCE as usize) {
            let mut attempts = Attempts::new();
            let items = self.get_all(&mut attempts, keys).await?;
            for item in keys.iter().filter_map(|key| items.get(key)) {
                if text_in(item, QUEUE) == Some(DEAD_LETTERED) {
                    messages.push(self.message_of(&mut attempts, item).await?);
                }
            }
        }
        Ok(messages)
    }

    async fn redrive(&self, id: Option<&str>, now: i64) -> Result<usize, StoreError> {
        let keys = match id {
            Some(id) => vec![Kind::Outbox.key(id)],
            None => self.all_queued(DEAD_LETTERED).await?,
        };
        let change = Change {
            set: "SET #queue = :due, #due_at = :now, #attempts = :none",
            when: "#queue = :dead_lettered",
            names: &["queue", "due_at", "attempts"],
            values: vec![
                (":due", text(DUE)),
                (":now", number(now)),
                (":none", number(0)),
                (":dead_lettered", text(DEAD_LETTERED)),
            ],
        };
        let mut redriven = 0;
        for key in keys {
            let mut attempts = Attempts::new();
            let changed = self.update(&mut attempts, &key, &change, ReturnValue::None);
            redriven += usize::from(changed.await?.is_ok());
        }
        Ok(redriven)
    }
}

impl DynamoDb {
    /// A message for the outbox, with the parts of a body that is too large for one item.
    ///
    /// An earlier message with the same id blocks it until that one is delivered and expired.
    pub(super) fn put_message(&self, message: &Message, now: i64) -> Vec<TransactWriteItem> {
        let key = Kind::Outbox.key(&message.id);
        let item = keyed(&key)
            .with("type", text(&message.kind))
            .with("created_at", number(now))
            .with("attempts", number(0))
            .with(QUEUE, text(DUE))
            .with(DUE_AT, number(now));
        let (item, parts) = with_body(item, &key, &message.body);
        let parts = parts
            .into_iter()
            .map(|part| self.put(part, Condition::None));
        let message = self.put(item, Condition::AbsentOrExpired(now));
        std::iter::once(message).chain(parts).collect()
    }

    /// Counts the entries of the index for `queue`.
    async fn count(&self, queue: &str) -> Result<Count, StoreError> {
        let (entries, _) = self.entries(&Page::of_queue(queue, COUNTED)).await?;
        Ok(Count::of(entries.len()))
    }

    /// Leases the messages on one page of the index; returns the start of the next page.
    async fn lease_page(
        &self,
        page: &Page<'_>,
        now: i64,
        lease: i64,
        leased: &mut Vec<OutboxMessage>,
    ) -> Result<Option<Item>, StoreError> {
        let (keys, next) = self.queued(page).await?;
        let leases = keys.iter().map(|key| self.lease_item(key, now, lease));
        let mut failed = None;
        for outcome in join_all(leases).await {
            match outcome {
                Ok(message) => leased.extend(message),
                Err(failure) => failed = Some(failure),
            }
        }
        failed.map_or(Ok(next), Err)
    }

    /// Leases a message, unless another process holds its lease or a retry is scheduled for later.
    /// A new one is due on any clock. When the answer gets lost, the message is due again when the
    /// lease ends.
    async fn lease_item(
        &self,
        key: &str,
        now: i64,
        lease: i64,
    ) -> Result<Option<OutboxMessage>, StoreError> {
        let change = Change {
            set: "SET #leased_until = :until, #attempts = #attempts + :one",
            when: "#queue = :due AND (#due_at <= :now OR #attempts = :none) \
                   AND (attribute_not_exists(#leased_until) OR #leased_until <= :now)",
            names: &[LEASED_UNTIL, "attempts", "queue", "due_at"],
            values: vec![
                (":until", number(now + lease)),
                (":one", number(1)),
                (":due", text(DUE)),
                (":now", number(now)),
                (":none", number(0)),
            ],
        };
        let mut attempts = Attempts::new();
        let updated = self.update(&mut attempts, key, &change, ReturnValue::AllNew);
        let Ok(item) = updated.await? else {
            return Ok(None);
        };
        let mut message = self.message_of(&mut attempts, &item).await?;
        message.attempts = message.attempts.saturating_sub(1);
        Ok(Some(message))
    }

    /// The message in `item`, with a body that may be in parts.
    pub(super) async fn message_of(
        &self,
        attempts: &mut Attempts,
        item: &Item,
    ) -> Result<OutboxMessage, StoreError> {
        let key = need_text(item, KEY)?;
        let body = match part_count(item) {
            0 => need_text(item, "body")?.to_owned(),
            count => {
                let keys: Vec<String> = part_keys(key).take(count).collect();
                let parts = self.get_all(attempts, &keys).await?;
                let part = |key| parts.get(key).ok_or(StoreError::Malformed("body"));
                let texts = keys.iter().map(|key| need_text(part(key)?, "body"));
                texts.collect::<Result<String, StoreError>>()?
            }
        };
        let id = Kind::Outbox.id_in(key).ok_or(StoreError::Malformed(KEY))?;
        Ok(OutboxMessage {
            message: Message {
                id: id.to_owned(),
                kind: need_text(item, "type")?.to_owned(),
                body,
            },
            created_at: need_number(item, "created_at")?,
            attempts: number_in(item, "attempts")
                .map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX)),
            error: text_in(item, "error").map(str::to_owned),
        })
    }

    async fn record_delivery(
        &self,
        id: &str,
        outcome: &DeliveryOutcome,
        now: i64,
    ) -> Result<(), StoreError> {
        let key = Kind::Outbox.key(id);
        let change = match outcome {
            DeliveryOutcome::Delivered => return self.delivered(&key, now).await,
            DeliveryOutcome::Again { due_at, error } => Change {
                set: "SET #due_at = :due_at, #error = :error REMOVE #leased_until",
                when: "#queue = :due",
                names: &["due_at", "error", LEASED_UNTIL, "queue"],
                values: vec![
                    (":due_at", number(*due_at)),
                    (":error", text(short(error))),
                    (":due", text(DUE)),
                ],
            },
            DeliveryOutcome::DeadLettered { error } => Change {
                set: "SET #queue = :dead_lettered, #due_at = #created_at, #error = :error \
                      REMOVE #leased_until",
                when: "#queue = :due",
                names: &["queue", "due_at", "created_at", "error", LEASED_UNTIL],
                values: vec![
                    (":dead_lettered", text(DEAD_LETTERED)),
                    (":error", text(short(error))),
                    (":due", text(DUE)),
                ],
            },
        };
        // A message that is not due any more stays as it is.
        let mut attempts = Attempts::new();
        let updated = self.update(&mut attempts, &key, &change, ReturnValue::None);
        updated.await.map(|_| ())
    }

    /// Removes a message from the outbox. Its id stays for a while, so that the site receives it
    /// once. The same transaction deletes its body and the parts of a large one.
    async fn delivered(&self, key: &str, now: i64) -> Result<(), StoreError> {
        let mut attempts = Attempts::new();
        let whole = delivered("attribute_exists(pk) AND attribute_not_exists(parts)", now);
        let updated = self.update(&mut attempts, key, &whole, ReturnValue::None);
        let Err(Some(item)) = updated.await? else {
            return Ok(());
        };
        let in_parts = delivered("attribute_exists(pk)", now);
        loop {
            let parts = part_keys(key).take(part_count(&item));
            let mut writes = vec![self.change(key, &in_parts)];
            writes.extend(parts.map(|part| self.delete(&part)));
            let Some(canceled) = self.transact(&mut attempts, writes).await? else {
                return Ok(());
            };
            if !canceled.unmet.is_empty() {
                return Ok(());
            }
            attempts.again(canceled.failure).await?;
        }
    }
}

fn delivered(when: &'static str, now: i64) -> Change {
    Change {
        set: "SET #delivered_at = :now, #expires_at = :expires_at REMOVE #queue, #due_at, \
              #leased_until, #body, #parts, #error",
        when,
        names: &[
            "delivered_at",
            EXPIRES_AT,
            QUEUE,
            DUE_AT,
            LEASED_UNTIL,
            "body",
            "parts",
            "error",
        ],
        values: vec![
            (":now", number(now)),
            (":expires_at", number(now + REMEMBERED)),
        ],
    }
}

/// The message id in `key`, a key from the table's stream.
///
/// `None` for every other item, and for a part of a message.
#[must_use]
pub fn message_in(key: &str) -> Option<&str> {
    Kind::Outbox.id_in(key).filter(|id| !id.contains('#'))
}
