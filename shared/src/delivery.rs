//! Delivers the outbox: leases a message, delivers it, and records the outcome.
//!
//! A message is delivered at least once, with the same id each time, and leaves the outbox only
//! after it was acknowledged. A failed delivery is retried by the [`schedule`]; after the last
//! attempt the message is a dead letter. Nothing is dropped: a process that ends during a delivery
//! leaves a lease, and the message is due again when that ends.
//!
//! Messages with usage go to Stripe, all others to the site.
//!
//! `notify` delivers what is due, in runs or in a loop. On Vercel, where no process runs between
//! requests, `webhook`, `order` and `subscription` deliver as well: see [`RequestDelivery`].

mod requests;
pub mod schedule;
mod sink;
mod usage;

use std::time::Duration;

use futures_util::future::join_all;
pub use requests::RequestDelivery;
use serde::Serialize;
pub use sink::DeliveryError;
use sink::Sink;
use tokio::sync::mpsc::{self, UnboundedReceiver};
pub use usage::UsageReporter;
use usage::UsageSink;

use crate::{
    Clock, Secrets,
    aws::Aws,
    notify::Destination,
    store::{DeliveryOutcome, Message, OutboxMessage, Store, StoreError},
    stripe::{self, Stripe},
};

/// The seconds of a lease; well above the time that a delivery may take.
const LEASE: i64 = 60;

/// The destination of messages, and what delivers to it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `FAREBOX_NOTIFY_URL`; without it messages go to the log.
    pub destination: Option<Destination>,
    /// The keys, among them the one that signs messages.
    pub secrets: Secrets,
    /// AWS, where the destination is a bus.
    pub aws: Option<Aws>,
    /// The settings of calls to Stripe, which takes the usage.
    pub stripe: stripe::Settings,
}

/// Delivers messages of the outbox; cheap to clone.
#[derive(Clone, Debug)]
pub struct Deliverer {
    store: Store,
    sink: Sink,
    usage: UsageSink,
    clock: Clock,
}

/// The numbers of messages by the outcome of their delivery.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Acknowledged messages.
    pub delivered: usize,
    /// Messages that failed and are due again later.
    pub delayed: usize,
    /// Messages that failed for good.
    pub dead_lettered: usize,
}

impl Deliverer {
    /// The timeout of a delivery that nobody waits for.
    pub const TIMEOUT: Duration = Duration::from_secs(15);

    /// Assembles existing parts.
    #[must_use]
    pub fn new(settings: &Settings, store: Store, clock: Clock) -> Self {
        let stripe = Stripe::new(&settings.stripe, settings.secrets.clone());
        let stripe = match store.deployment() {
            Ok(deployment) => stripe.of_deployment(deployment.clone()),
            Err(_) => stripe,
        };
        Self {
            store,
            sink: Sink::new(settings),
            usage: UsageSink::new(stripe),
            clock,
        }
    }

    /// Checks that the destination exists, where a message to a missing one would be lost.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::NoBus`] when it does not exist.
    pub async fn check_destination(&self) -> Result<(), DeliveryError> {
        self.sink.check().await
    }

    /// Delivers up to `most` messages that are due, all at once, each within `timeout`.
    ///
    /// Records together what ended since the last recording: a slow delivery holds up no other, and
    /// a lease ends long after both.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the database did not answer; messages in delivery are due again when
    /// their lease ends.
    pub async fn deliver_due(&self, most: u32, timeout: Duration) -> Result<Report, StoreError> {
        let now = self.clock.now();
        let due = self.store.lease_due(now, LEASE, most).await?;
        let (ended, outcomes) = mpsc::unbounded_channel();
        let deliver = async move {
            let each = due.iter().map(async |queued| {
                let outcome = self.deliver(queued, timeout).await;
                // It is open until the drop below.
                let _ = ended.send((queued.message.id.clone(), outcome));
            });
            join_all(each).await;
            drop(ended);
        };
        tokio::join!(deliver, self.record(outcomes, most)).1
    }

    /// Records outcomes until the last one; goes on after a failure.
    async fn record(
        &self,
        mut outcomes: UnboundedReceiver<(String, DeliveryOutcome)>,
        most: u32,
    ) -> Result<Report, StoreError> {
        let most = most as usize;
        let (mut report, mut failed) = (Report::default(), None);
        let mut ended = Vec::new();
        while outcomes.recv_many(&mut ended, most).await > 0 {
            let recorded = self.store.record_deliveries(&ended, self.clock.now());
            match recorded.await {
                Ok(()) => ended.iter().for_each(|(_, outcome)| report.count(outcome)),
                Err(failure) => failed = Some(failure),
            }
            ended.clear();
        }
        failed.map_or(Ok(report), Err)
    }

    /// Delivers the message with `id` within `timeout`, unless it is delivered, leased elsewhere,
    /// or not due.
    ///
    /// # Errors
    ///
    /// As [`Deliverer::deliver_due`].
    pub async fn deliver_one(&self, id: &str, timeout: Duration) -> Result<Report, StoreError> {
        let mut report = Report::default();
        if let Some(queued) = self.store.lease(id, self.clock.now(), LEASE).await? {
            let outcome = self.deliver(&queued, timeout).await;
            report.count(&outcome);
            self.store
                .record_delivery(id, outcome, self.clock.now())
                .await?;
        }
        Ok(report)
    }

    async fn deliver(&self, queued: &OutboxMessage, timeout: Duration) -> DeliveryOutcome {
        let now = self.clock.now();
        let message = &queued.message;
        let delivered = match message.is_usage() {
            true => self.usage.deliver(message, timeout).await,
            false => self.sink.deliver(message, now, timeout).await,
        };
        let outcome = match delivered {
            Ok(()) => DeliveryOutcome::Delivered,
            Err(error) => schedule::after_failure(queued.attempts + 1, now, &error.to_string()),
        };
        log_outcome(message, &outcome);
        outcome
    }
}

fn log_outcome(message: &Message, outcome: &DeliveryOutcome) {
    let (id, kind) = (&message.id, &message.kind);
    let order = message.order();
    let order = order.as_deref();
    match outcome {
        DeliveryOutcome::Delivered => tracing::info!(
            message.id = id, message.type = kind, order.id = order,
            delivery.outcome = "delivered",
            "delivered a message"
        ),
        DeliveryOutcome::Again { due_at, error } => tracing::warn!(
            message.id = id, message.type = kind, order.id = order, due_at, cause = error,
            delivery.outcome = "delayed",
            "a delivery failed: Farebox retries it at due_at"
        ),
        DeliveryOutcome::DeadLettered { error } => tracing::error!(
            message.id = id, message.type = kind, order.id = order, cause = error,
            delivery.outcome = "dead_lettered",
            metric.dead_lettered = 1,
            "a message is a dead letter: fix the destination, then run `notify redrive`"
        ),
    }
}

impl Report {
    /// Returns true when no message was due.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The counts of this and of `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            delivered: self.delivered + other.delivered,
            delayed: self.delayed + other.delayed,
            dead_lettered: self.dead_lettered + other.dead_lettered,
        }
    }

    fn count(&mut self, outcome: &DeliveryOutcome) {
        match outcome {
            DeliveryOutcome::Delivered => self.delivered += 1,
            DeliveryOutcome::Again { .. } => self.delayed += 1,
            DeliveryOutcome::DeadLettered { .. } => self.dead_lettered += 1,
        }
    }
}
