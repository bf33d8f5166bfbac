//! Delivers the outbox: notifies the site of the events of its orders.
//!
//! A message is delivered at least once, with the same id each time, and leaves the outbox only
//! after it was acknowledged. A failed delivery is retried, later each time. After the last attempt
//! the message is a dead letter. It stays visible (`notify dead-letters`) until an operator sends
//! it again (`notify redrive`). Nothing is dropped.
//!
//! Read [`sink`] for the delivery of a message, [`schedule`] for its retries, and [`trigger`] for
//! the triggers on Lambda and on Vercel.

pub mod command;
pub mod schedule;
pub mod sink;
pub mod trigger;

use std::{future::Future, pin::pin, time::Duration};

use axum::routing::MethodRouter;
use futures_util::future::join_all;
use secrecy::SecretString;
use serde::Serialize;
use shared::{
    App, Clock, Config, Function, cause,
    env::need,
    function::Trigger,
    host,
    store::{self, DeliveryOutcome, OutboxMessage, Store},
};
use sink::Sink;
use tokio::time::Instant;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "notify",
    summary: "Delivers notifications about orders to your site until it acknowledges them.",
    trigger: Trigger::Schedule("* * * * *"),
    settings: &[need::DATABASE_URL, need::FAREBOX_NOTIFY_URL],
    max_duration: 60,
};

/// The most messages in delivery at once.
const BATCH: u32 = 16;
/// The seconds of a lease; well above the time that a delivery may take.
const LEASE: i64 = 60;
/// The pause between two deletions of expired entries.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Delivers the outbox; cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifier {
    store: Store,
    sink: Sink,
    clock: Clock,
    cron_secret: Option<SecretString>,
}

/// The whole route on Vercel, whose schedule calls it; each call is a tick. The platform owns the
/// path.
pub fn service(app: Notifier) -> MethodRouter {
    let secret = app.cron_secret.clone();
    host::on_schedule(secret, move || {
        let app = app.clone();
        async move { app.tick().await }
    })
}

/// The counts of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Acknowledged messages.
    pub delivered: usize,
    /// Messages that failed and are due again later.
    pub delayed: usize,
    /// Messages that failed for good.
    pub dead_lettered: usize,
}

impl Notifier {
    /// Opens the notifier from the settings of a process.
    ///
    /// # Errors
    ///
    /// [`host::Error`] when the keys cannot be read, or the database cannot be opened.
    pub async fn open(config: Config) -> Result<Self, host::Error> {
        let app = App::open(&config, false).await?;
        Ok(Self::new(&config, app.store, app.clock))
    }

    /// Assembles existing parts. Without a destination messages go to the log.
    #[must_use]
    pub fn new(config: &Config, store: Store, clock: Clock) -> Self {
        Self {
            store,
            sink: Sink::new(config),
            clock,
            cron_secret: config.cron_secret.clone(),
        }
    }

    /// Checks that the destination exists, since messages to a missing one would be lost.
    ///
    /// # Errors
    ///
    /// [`host::Error::Work`] when it does not.
    pub async fn check_destination(&self) -> Result<(), host::Error> {
        let found = self.sink.check().await;
        found.map_err(|failed| host::Error::Work(failed.into()))
    }

    /// The database with the outbox.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Delivers the messages that are due, until none is.
    ///
    /// # Errors
    ///
    /// [`store::StoreError`] when the database did not answer; messages in delivery are due again
    /// when their lease ends.
    pub async fn drain(&self) -> Result<Report, store::StoreError> {
        let mut report = Report::default();
        while self.deliver_some(&mut report).await? {}
        Ok(report)
    }

    /// Delivers the messages that are due, and begins no delivery after `time`.
    ///
    /// # Errors
    ///
    /// As [`Notifier::drain`].
    pub async fn drain_for(&self, time: Duration) -> Result<Report, store::StoreError> {
        let until = Instant::now() + time;
        let mut report = Report::default();
        while Instant::now() < until && self.deliver_some(&mut report).await? {}
        Ok(report)
    }

    /// Delivers the message with `id`, unless it is delivered, leased elsewhere, or not due.
    ///
    /// # Errors
    ///
    /// As [`Notifier::drain`].
    pub async fn deliver_one(&self, id: &str) -> Result<(), store::StoreError> {
        let queued = self.store.lease(id, self.clock.now(), LEASE).await?;
        if let Some(queued) = queued {
            self.deliver(&queued).await?;
        }
        Ok(())
    }

    /// Delivers messages as they become due, until `stop`; pauses for `pause` when none was.
    /// Finishes the deliveries in progress first.
    pub async fn run(&self, pause: Duration, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut housekeeping = tokio::time::interval(HOUSEKEEPING);
        let mut is_busy = false;
        loop {
            let rest = if is_busy { Duration::ZERO } else { pause };
            let done = tokio::select! {
                biased;
                () = &mut stop => return,
                _ = housekeeping.tick() => self.forget_expired().await.map(|()| is_busy),
                () = tokio::time::sleep(rest) => self.deliver_some(&mut Report::default()).await,
            };
            is_busy = done.unwrap_or_else(|failure| {
                let cause = cause::causes(&failure);
                tracing::error!(
                    cause,
                    "notify could not deliver the outbox, and retries: {failure}"
                );
                false
            });
        }
    }

    /// Deletes expired entries.
    ///
    /// # Errors
    ///
    /// [`store::StoreError`] when the database did not answer.
    pub async fn forget_expired(&self) -> Result<(), store::StoreError> {
        while self.store.forget_expired(self.clock.now()).await? {}
        Ok(())
    }

    /// Delivers one batch; returns true when there was any.
    async fn deliver_some(&self, report: &mut Report) -> Result<bool, store::StoreError> {
        let now = self.clock.now();
        let due = self.store.lease_due(now, LEASE, BATCH).await?;
        let deliveries = due.iter().map(|queued| self.deliver(queued));
        for outcome in join_all(deliveries).await {
            report.count(&outcome?);
        }
        Ok(!due.is_empty())
    }

    async fn deliver(&self, queued: &OutboxMessage) -> Result<DeliveryOutcome, store::StoreError> {
        let now = self.clock.now();
        let (id, kind) = (&queued.message.id, &queued.message.kind);
        let outcome = match self.sink.deliver(&queued.message, now).await {
            Ok(()) => DeliveryOutcome::Delivered,
            Err(error) => schedule::after_failure(queued.attempts + 1, now, &error.to_string()),
        };
        let order = queued.message.order();
        let order = order.as_deref();
        match &outcome {
            DeliveryOutcome::Delivered => tracing::info!(
                message.id = id, message.type = kind, order.id = order,
                delivery.outcome = "delivered",
                "delivered a message"
            ),
            DeliveryOutcome::Again { due_at, error } => tracing::warn!(
                message.id = id, message.type = kind, order.id = order, due_at, cause = error,
                delivery.outcome = "delayed",
                "a delivery failed: notify retries it at due_at"
            ),
            DeliveryOutcome::DeadLettered { error } => tracing::error!(
                message.id = id, message.type = kind, order.id = order, cause = error,
                delivery.outcome = "dead_lettered",
                metric.dead_lettered = 1,
                "a message is a dead letter: fix the destination, then run `notify redrive`"
            ),
        }
        self.store
            .record_delivery(id, outcome.clone(), self.clock.now())
            .await?;
        Ok(outcome)
    }
}

impl Report {
    fn count(&mut self, outcome: &DeliveryOutcome) {
        match outcome {
            DeliveryOutcome::Delivered => self.delivered += 1,
            DeliveryOutcome::Again { .. } => self.delayed += 1,
            DeliveryOutcome::DeadLettered { .. } => self.dead_lettered += 1,
        }
    }
}
