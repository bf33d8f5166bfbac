//! Delivers usage to Stripe, whatever the destination of notifications is.
//!
//! Stripe takes an identifier once within a day, so a message that is delivered twice counts once.

use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::time::{Instant, timeout_at};

use super::{DeliveryError, LEASE, log_outcome, schedule};
use crate::{
    Clock,
    cause::causes,
    store::{DeliveryOutcome, Message, OutboxMessage, Store, StoreError},
    stripe::{Meters, Stripe, Usage},
};

/// The most events in delivery at once.
const AT_ONCE: usize = 8;
/// The longest delay of an answer by deliveries.
const OWN: Duration = Duration::from_secs(5);

/// Sends messages with usage to Stripe.
#[derive(Clone, Debug)]
pub(super) struct UsageSink {
    stripe: Stripe,
    meters: Meters,
}

impl UsageSink {
    pub(super) fn new(stripe: Stripe) -> Self {
        Self {
            stripe,
            meters: Meters::default(),
        }
    }

    /// Delivers `message` within `timeout`.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`]; Stripe may have received it all the same.
    pub(super) async fn deliver(
        &self,
        message: &Message,
        timeout: Duration,
    ) -> Result<(), DeliveryError> {
        let event = message.usage().ok_or(DeliveryError::NoUsage)?;
        let usage = Usage {
            meter: &event.meter,
            customer: &event.stripe_customer,
            value: &event.value,
            identifier: &event.identifier,
            timestamp: event.timestamp,
        };
        let stripe = self.stripe.clone().with_deadline(timeout);
        Ok(self.meters.report(&stripe, usage).await?)
    }
}

/// Stores usage in the outbox, and delivers it at once where that works; cheap to clone.
///
/// What it does not deliver stays in the outbox, and `notify` delivers it.
#[derive(Clone, Debug)]
pub struct UsageReporter {
    store: Store,
    sink: UsageSink,
    clock: Clock,
}

impl UsageReporter {
    /// Assembles existing parts.
    #[must_use]
    pub fn new(stripe: Stripe, store: Store, clock: Clock) -> Self {
        Self {
            store,
            sink: UsageSink::new(stripe),
            clock,
        }
    }

    /// The account's meters.
    #[must_use]
    pub fn meters(&self) -> &Meters {
        &self.sink.meters
    }

    /// Stores `messages` in one transaction, then tries to deliver each; returns whether Stripe has
    /// it. One that was stored before stays as it is.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the messages were not stored.
    pub async fn report(&self, messages: &[Message]) -> Result<Vec<bool>, StoreError> {
        self.store
            .append_messages(messages, self.clock.now())
            .await?;
        let end = Instant::now() + OWN;
        let delivered = stream::iter(messages.to_vec())
            .map(async |message| {
                let delivered = timeout_at(end, self.deliver(&message, end));
                delivered.await.unwrap_or_default()
            })
            .buffered(AT_ONCE);
        Ok(delivered.collect().await)
    }

    /// Returns true when `message` was delivered.
    async fn deliver(&self, message: &Message, end: Instant) -> bool {
        match self.try_to_deliver(message, end).await {
            Ok(is_delivered) => is_delivered,
            Err(failure) => {
                tracing::warn!(
                    message.id,
                    cause = causes(&failure),
                    "the database did not record a delivery: notify repeats it"
                );
                false
            }
        }
    }

    async fn try_to_deliver(&self, message: &Message, end: Instant) -> Result<bool, StoreError> {
        let now = self.clock.now();
        let leased: Option<OutboxMessage> = self.store.lease(&message.id, now, LEASE).await?;
        let Some(queued) = leased else {
            return Ok(false);
        };
        let timeout = end.saturating_duration_since(Instant::now());
        let outcome = match self.sink.deliver(&queued.message, timeout).await {
            Ok(()) => DeliveryOutcome::Delivered,
            Err(error) => schedule::after_failure(queued.attempts + 1, now, &error.to_string()),
        };
        log_outcome(&queued.message, &outcome);
        let is_delivered = outcome == DeliveryOutcome::Delivered;
        self.store
            .record_delivery(&message.id, outcome, self.clock.now())
            .await?;
        Ok(is_delivered)
    }
}
