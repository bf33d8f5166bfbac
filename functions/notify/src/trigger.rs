//! The triggers of `notify` on Lambda: records of the table's stream, or the tick of a schedule.
//! Vercel has ticks alone. Concurrent ticks share the messages that are due, since the database
//! leases each message to one of them.
//!
//! A record reports that a message was written, and the database decides whether it is due. So a
//! record that comes twice, late, or after the schedule was faster delivers nothing twice. A failed
//! delivery is due again later and does not hold up the records behind it. A record fails only when
//! the database could not lease its message, or not record the outcome. Lambda then delivers that
//! record again.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use shared::{cause, delivery::Report, store};

use crate::{BATCH, Notifier};

/// The time in which a tick begins deliveries. With the last deliveries, and the database's time
/// before and after, the tick ends within the function's minute.
const TICK: Duration = Duration::from_secs(20);

/// The event. Without records it is a tick, whatever else it contains.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Trigger {
    #[serde(default, rename = "Records")]
    records: Vec<Record>,
}

#[derive(Clone, Debug, Deserialize)]
struct Record {
    dynamodb: Change,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Change {
    sequence_number: String,
    keys: Keys,
}

#[derive(Clone, Debug, Deserialize)]
struct Keys {
    pk: Text,
}

#[derive(Clone, Debug, Deserialize)]
struct Text {
    #[serde(rename = "S")]
    text: String,
}

/// The response to Lambda: the records to deliver again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handled {
    batch_item_failures: Vec<ItemFailure>,
    /// The counts of a tick.
    #[serde(flatten)]
    report: Option<Report>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl Notifier {
    /// Delivers the messages of `trigger`.
    ///
    /// # Errors
    ///
    /// [`store::StoreError`] when the database did not answer a tick; the next one goes on.
    pub async fn handle(&self, trigger: Trigger) -> Result<Handled, store::StoreError> {
        if trigger.records.is_empty() {
            return Ok(Handled {
                batch_item_failures: Vec::new(),
                report: Some(self.tick().await?),
            });
        }
        let most = usize::try_from(BATCH).unwrap_or(1);
        let failed = stream::iter(trigger.records)
            .map(|record| self.deliver_record(record))
            .buffered(most)
            .filter_map(std::future::ready)
            .collect();
        Ok(Handled {
            batch_item_failures: failed.await,
            report: None,
        })
    }

    /// Delivers the messages that are due, while there is time, and measures the rest.
    pub(crate) async fn tick(&self) -> Result<Report, store::StoreError> {
        let report = self.drain_for(TICK).await?;
        // After the deliveries, so that it measures what they left.
        let oldest = self.store.oldest_undelivered().await?;
        let age = oldest.map_or(0, |since| (self.clock.now() - since).max(0));
        tracing::info!(
            metric.oldest_undelivered_seconds = age,
            "finished a scheduled run"
        );
        self.store.forget_expired(self.clock.now()).await?;
        Ok(report)
    }

    /// Delivers the message of a record; returns a record that Lambda must deliver again.
    async fn deliver_record(&self, record: Record) -> Option<ItemFailure> {
        let Change {
            sequence_number,
            keys,
        } = record.dynamodb;
        let id = store::message_in(&keys.pk.text)?;
        let failure = self.deliver_one(id).await.err()?;
        let cause = cause::causes(&failure);
        tracing::error!(
            message.id = id,
            cause,
            "a record's message was not delivered, and Lambda retries the record: {failure}"
        );
        Some(ItemFailure {
            item_identifier: sequence_number,
        })
    }
}
