//! Delivers the outbox: tells the site what happened to its orders.
//!
//! A message is delivered at least once, with the same id each time, and is out of the outbox only
//! when it was acknowledged. What fails is tried again, later each time; what keeps failing is a
//! dead letter, and stays visible (`notify dead-letters`) until an operator sends it again
//! (`notify redrive`). Nothing is dropped.
//!
//! Read [`sink`] for how a message travels, [`schedule`] for when it is tried again, and
//! [`trigger`] for what starts this on Lambda and on Vercel.

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

/// What this function is.
pub const FUNCTION: Function = Function {
    name: "notify",
    summary: "Delivers notifications about orders to your site until it acknowledges them.",
    trigger: Trigger::Schedule("* * * * *"),
    settings: &[need::DATABASE_URL, need::FAREBOX_NOTIFY_URL],
    max_duration: 60,
};

/// So many messages travel at once.
const BATCH: u32 = 16;
/// Seconds for which nobody else is given a message; well above the time that a delivery may take.
const LEASE: i64 = 60;
/// How often old entries are forgotten.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// What the function works with.
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

/// What one run did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Messages that were acknowledged.
    pub delivered: usize,
    /// Messages that failed and are due again later.
    pub delayed: usize,
    /// Messages that failed for good.
    pub dead_lettered: usize,
}

impl Notifier {
    /// From the settings of a process.
    ///
    /// # Errors
    ///
    /// [`host::Error`] when the keys cannot be read, or the database cannot be opened.
    pub async fn open(config: Config) -> Result<Self, host::Error> {
        let app = App::open(&config, false).await?;
        Ok(Self::new(&config, app.store, app.clock))
    }

    /// From parts that are there already. Without a destination messages go to the log.
    #[must_use]
    pub fn new(config: &Config, store: Store, clock: Clock) -> Self {
        Self {
            store,
            sink: Sink::new(config),
            clock,
            cron_secret: config.cron_secret.clone(),
        }
    }

    /// What takes the messages.
    pub(crate) fn sink(&self) -> &Sink {
        &self.sink
    }

    /// The database whose outbox this delivers.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Delivers what is due now, until nothing is.
    ///
    /// # Errors
    ///
    /// [`store::StoreError`] when the database did not answer; what was under way is due again when
    /// its lease ends.
    pub async fn drain(&self) -> Result<Report, store::StoreError> {
        let mut report = Report::default();
        while self.deliver_some(&mut report).await? {}
        Ok(report)
    }

    /// Delivers what is due now, and begins nothing new when `time` is over.
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

    /// Delivers the message with `id`, unless that was done, is under way elsewhere, or is not due.
    ///
    /// # Errors
    ///
    /// As [`Notifier::drain`].
    pub async fn deliver_one(&self, id: &str) -> Result<(), store::StoreError> {
        let queued = self.store.take(id, self.clock.now(), LEASE).await?;
        if let Some(queued) = queued {
            self.deliver(&queued).await?;
        }
        Ok(())
    }

    /// Delivers whatever becomes due, until `stop`; looks every `pause` when nothing was. What is
    /// under way is finished first.
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
                tracing::error!(cause, "the outbox was not delivered: {failure}");
                false
            });
        }
    }

    /// Forgets whatever is older than it has to be remembered.
    ///
    /// # Errors
    ///
    /// [`store::StoreError`] when the database did not answer.
    pub async fn forget_expired(&self) -> Result<(), store::StoreError> {
        while self.store.forget_expired(self.clock.now()).await? {}
        Ok(())
    }

    /// Delivers one batch; whether there was any.
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
                message.id = id, message.type = kind, order.id = order, "delivered"
            ),
            DeliveryOutcome::Again { due_at, error } => tracing::warn!(
                message.id = id, message.type = kind, order.id = order, due_at, cause = error,
                "not delivered, due again"
            ),
            DeliveryOutcome::DeadLettered { error } => tracing::error!(
                message.id = id, message.type = kind, order.id = order, cause = error, metric.dead_lettered = 1,
                "not delivered: it is a dead letter; send it again with `notify redrive`"
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
