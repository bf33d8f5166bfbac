//! What starts `notify` on Lambda: records of the table's stream, or the tick of a schedule. On
//! Vercel there are ticks alone; several at once share what is due, since the database hands each
//! message to one.
//!
//! A record says that a message was written, and the database says whether it is due: so a record
//! that comes twice, late, or after the schedule was faster delivers nothing twice. A delivery that
//! fails is due again later and does not hold up the records behind it. Only a record whose message
//! the database could not hand out, or could not settle, is given back to Lambda, which hands it
//! over again.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use shared::{cause, store};

use crate::{BATCH, Notifier, Report};

/// How long a tick begins deliveries: with the time that the last ones may take, and what the
/// database may take before and after, it ends within the minute that the function is given.
const TICK: Duration = Duration::from_secs(20);

/// The event. Without records it is a tick, whatever else it holds.
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

/// What Lambda is told: which records to hand over again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Handled {
    batch_item_failures: Vec<ItemFailure>,
    /// What a tick did.
    #[serde(flatten)]
    report: Option<Report>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemFailure {
    item_identifier: String,
}

impl Notifier {
    /// Delivers what `trigger` is about.
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

    /// Delivers what is due, as long as there is time, and measures what is left.
    pub(crate) async fn tick(&self) -> Result<Report, store::StoreError> {
        let report = self.drain_for(TICK).await?;
        // Delivering comes first: what is measured is what it left.
        let oldest = self.store.oldest_undelivered().await?;
        let age = oldest.map_or(0, |since| (self.clock.now() - since).max(0));
        tracing::info!(metric.oldest_undelivered_seconds = age, "tick");
        self.store.forget_expired(self.clock.now()).await?;
        Ok(report)
    }

    /// Gives back a record that is to come again.
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
            "not delivered, comes again: {failure}"
        );
        Some(ItemFailure {
            item_identifier: sequence_number,
        })
    }
}
