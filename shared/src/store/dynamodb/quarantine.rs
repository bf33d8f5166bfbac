//! Quarantined events, with their bodies.

use aws_sdk_dynamodb::{operation::delete_item::DeleteItemInput, types::TransactWriteItem};

use super::{
    DynamoDb, Page, StoreError,
    attempt::{Answer, Attempts},
    item::{
        DUE_AT, Kind, QUEUE, Write as _, keyed, names, need_number, need_text, number, short, text,
        with_body,
    },
    outbox::COUNTED,
    transaction::Condition,
};
use crate::{
    event::Event,
    store::{Accepted, Count, QuarantineSize, Quarantined, quarantine::Quarantine},
};

const QUARANTINED: &str = "quarantined";

impl Quarantine for DynamoDb {
    async fn quarantine_size(&self) -> Result<QuarantineSize, StoreError> {
        let page = Page {
            latest_first: true,
            ..Page::of_queue(QUARANTINED, COUNTED)
        };
        let (entries, _) = self.entries(&page).await?;
        let latest = entries.first().map(|entry| need_number(entry, DUE_AT));
        Ok(QuarantineSize {
            quarantined: Count::of(entries.len()),
            latest: latest.transpose()?,
        })
    }

    async fn quarantined(&self) -> Result<Vec<Quarantined>, StoreError> {
        let keys = self.all_queued(QUARANTINED).await?;
        let mut events = Vec::with_capacity(keys.len());
        for keys in keys.chunks(25) {
            let items = self.get_all(&mut Attempts::new(), keys).await?;
            for item in keys.iter().filter_map(|key| items.get(key)) {
                events.push(Quarantined {
                    event_id: need_text(item, "event_id")?.to_owned(),
                    kind: need_text(item, "type")?.to_owned(),
                    reason: need_text(item, "reason")?.to_owned(),
                    at: need_number(item, DUE_AT)?,
                });
            }
        }
        Ok(events)
    }

    /// Deletes the event's claim. When the answer gets lost, a retry may report that there was
    /// none.
    async fn release(&self, id: &str) -> Result<bool, StoreError> {
        let delete = DeleteItemInput::builder().table_name(&self.table);
        let delete = delete
            .set_key(Some(keyed(&Kind::Event.key(id))))
            .condition_expression("#outcome = :quarantined")
            .set_expression_attribute_names(Some(names(&["outcome"])))
            .expression_attribute_values(":quarantined", text(Accepted::Quarantined.as_str()));
        let mut attempts = Attempts::new();
        let answer = attempts.call(self, "dynamodb:DeleteItem", delete.build());
        Ok(matches!(answer.await?, Answer::Done(_)))
    }
}

impl DynamoDb {
    /// The time is in the key: a released event may be quarantined again, and the first record
    /// stays.
    pub(super) fn put_quarantined(
        &self,
        event: &Event,
        reason: &str,
        now: i64,
    ) -> Vec<TransactWriteItem> {
        let key = Kind::Quarantine.key(&format!("{}#{now}", event.id));
        let item = keyed(&key)
            .with("event_id", text(&event.id))
            .with("type", text(&event.kind))
            .with("reason", text(short(reason)))
            .with(QUEUE, text(QUARANTINED))
            .with(DUE_AT, number(now));
        let (item, parts) = with_body(item, &key, &event.body);
        let items = std::iter::once(item).chain(parts);
        items.map(|item| self.put(item, Condition::None)).collect()
    }
}
