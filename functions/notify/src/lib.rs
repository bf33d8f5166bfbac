//! Delivers the outbox: notifies the site of the events of its orders.
//!
//! Usage goes to Stripe, and its key is needed for that alone.
//!
//! [`shared::delivery`] delivers a message. A dead letter stays visible (`notify dead-letters`)
//! until an operator sends it again (`notify redrive`).
//!
//! Read [`trigger`] for the triggers on Lambda and on Vercel.

pub mod command;
pub mod trigger;

use std::{future::Future, pin::pin, time::Duration};

use axum::routing::MethodRouter;
use secrecy::SecretString;
use shared::{
    App, Clock, Config, Function, cause,
    delivery::{Deliverer, Report},
    env::need,
    function::Trigger,
    host,
    store::{self, Store},
};
use tokio::time::Instant;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "notify",
    summary: "Delivers notifications about orders to your site until it acknowledges them.",
    trigger: Trigger::Schedule("0 5 * * *"),
    settings: &[
        need::DATABASE_URL,
        need::FAREBOX_NOTIFY_URL,
        need::OPTIONAL_STRIPE_SECRET_KEY,
    ],
    max_duration: 60,
};

/// The most messages in delivery at once.
const BATCH: u32 = 16;
/// The pause between two deletions of expired entries.
const HOUSEKEEPING: Duration = Duration::from_secs(600);

/// Delivers the outbox; cheap to clone.
#[derive(Clone, Debug)]
pub struct Notifier {
    store: Store,
    deliverer: Deliverer,
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
            deliverer: Deliverer::new(&config.delivery(), store.clone(), clock.clone()),
            store,
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
        let found = self.deliverer.check_destination().await;
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
        self.drain_for(Duration::MAX).await
    }

    /// Delivers the messages that are due, and begins no delivery after `time`.
    ///
    /// # Errors
    ///
    /// As [`Notifier::drain`].
    pub async fn drain_for(&self, time: Duration) -> Result<Report, store::StoreError> {
        let started = Instant::now();
        let mut report = Report::default();
        while started.elapsed() < time {
            let batch = self.deliver_some().await?;
            if batch.is_empty() {
                break;
            }
            report = report.and(batch);
        }
        Ok(report)
    }

    /// Delivers the message with `id`, unless it is delivered, leased elsewhere, or not due.
    ///
    /// # Errors
    ///
    /// As [`Notifier::drain`].
    pub async fn deliver_one(&self, id: &str) -> Result<(), store::StoreError> {
        let delivered = self.deliverer.deliver_one(id, Deliverer::TIMEOUT).await;
        delivered.map(drop)
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
                () = tokio::time::sleep(rest) => {
                    self.deliver_some().await.map(|batch| !batch.is_empty())
                }
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

    /// Delivers one batch.
    async fn deliver_some(&self) -> Result<Report, store::StoreError> {
        self.deliverer.deliver_due(BATCH, Deliverer::TIMEOUT).await
    }
}
