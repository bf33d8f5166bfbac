//! Asks Stripe for events that the webhook did not deliver, and takes them.
//!
//! A webhook that was down, disabled or given a wrong secret delays an order, and loses none: a run
//! lists Stripe's events since the last one, and passes each through the same transaction as the
//! webhook does. What the database has seen changes nothing.
//!
//! Runs need no lock. An event counts once, whoever brings it; and each value of the mark is true
//! when it is written and stays true, so that of two runs at once the later writer at worst lets
//! the next run list again what was taken already.
//!
//! Read [`RunLimits`] for what bounds a run, `mark` for what is kept between runs, and `walk` for
//! how a window is taken page by page.

pub mod command;
mod cursor;
mod pager;
mod report;
pub mod time_range;

use std::{future::Future, pin::pin, time::Duration};

use axum::routing::MethodRouter;
pub use report::Report;
use secrecy::SecretString;
use shared::{
    App, Clock, Config, Function, cause,
    env::need,
    event::LISTED,
    function::Trigger,
    host,
    processor::{self, EventProcessor},
    store::{self, Store},
    stripe::{self, Stripe},
};
use time_range::{TimeRange, TimeRangeError};

use crate::{
    cursor::{Cursor, Window},
    pager::{Budget, Pager},
};

/// What this function is. Stripe's key has to be allowed to read events.
pub const FUNCTION: Function = Function {
    name: "reconcile",
    summary: "Fetches the events from Stripe that the webhook missed.",
    trigger: Trigger::Schedule("*/5 * * * *"),
    settings: &[need::STRIPE_SECRET_KEY, need::DATABASE_URL],
    max_duration: 120,
};

/// The whole route on Vercel, whose schedule calls it; each call is a run. The platform owns the
/// path.
pub fn service(app: Reconciler) -> MethodRouter {
    let secret = app.cron_secret.clone();
    host::on_schedule(secret, move || {
        let app = app.clone();
        async move { app.catch_up().await }
    })
}

/// What bounds a run.
#[derive(Clone, Copy, Debug)]
pub struct RunLimits {
    /// Pages in one run, at most.
    pub pages: usize,
    /// Events on a page, from 1 to 100.
    pub page: u8,
    /// No page is begun after so long. The page under way is ended early; the call to Stripe has
    /// its own deadline on top of it (`FAREBOX_STRIPE_DEADLINE`), so give the function thrice as
    /// long.
    pub time: Duration,
    /// Seconds for which the webhook may be busy with an event before a run asks for it.
    pub lag: i64,
    /// Seconds before the newest event of a run that the next one lists again: Stripe's times are
    /// whole seconds, and an event may be listed later than another that was made after it.
    pub overlap: i64,
}

impl Default for RunLimits {
    fn default() -> Self {
        Self {
            pages: 100,
            page: 100,
            time: Duration::from_secs(30),
            lag: 60,
            overlap: 600,
        }
    }
}

impl RunLimits {
    /// For a person who waits for the end: a span as a whole, however long it takes.
    #[must_use]
    pub fn none() -> Self {
        Self {
            pages: usize::MAX,
            time: Duration::from_secs(24 * 60 * 60),
            ..Self::default()
        }
    }
}

/// Why a run ended before its time. What it took is taken, and the next run goes on where this one
/// was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// Stripe did not answer, or not with a list.
    #[error("Stripe did not list its events")]
    Stripe(#[source] stripe::StripeError),
    /// Stripe's key is restricted.
    #[error("Stripe's key may not list events: allow it to read Events")]
    NotPermitted(#[source] stripe::StripeError),
    /// Stripe's list cannot be walked.
    #[error("Stripe's list of events does not go on where it ended")]
    Stuck,
    /// An event was not taken.
    #[error(transparent)]
    Processor(#[from] processor::ProcessError),
    /// The mark was not read or written.
    #[error("the database did not tell or keep how far earlier runs came")]
    Cursor(#[from] store::StoreError),
    /// Somebody asked for a span that there is not.
    #[error(transparent)]
    TimeRange(#[from] TimeRangeError),
}

impl From<stripe::StripeError> for ReconcileError {
    fn from(failure: stripe::StripeError) -> Self {
        match failure {
            stripe::StripeError::Refused(ref refusal) if refusal.status == 403 => {
                Self::NotPermitted(failure)
            }
            failure => Self::Stripe(failure),
        }
    }
}

/// What the function works with.
#[derive(Clone, Debug)]
pub struct Reconciler {
    stripe: Stripe,
    store: Store,
    processor: EventProcessor,
    clock: Clock,
    /// The types that are asked for; none for all.
    kinds: &'static [&'static str],
    limits: RunLimits,
    cron_secret: Option<SecretString>,
}

impl Reconciler {
    /// From the settings of a process.
    ///
    /// # Errors
    ///
    /// [`host::Error`] when the keys cannot be read, or the database cannot be opened.
    pub async fn open(config: Config) -> Result<Self, host::Error> {
        Ok(Self::new(&config, App::open(&config, true).await?))
    }

    /// From parts that are there already.
    #[must_use]
    pub fn new(config: &Config, app: App) -> Self {
        // What the webhook is told, so that what it was told is never found. Where types are passed
        // on as they are, Stripe cannot filter by their patterns.
        let kinds: &[&str] = match config.store.subscriptions.is_empty() {
            true => LISTED.as_slice(),
            false => &[],
        };
        Self {
            processor: app.processor,
            stripe: app.stripe,
            store: app.store,
            clock: app.clock,
            kinds,
            limits: RunLimits::default(),
            cron_secret: config.cron_secret.clone(),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: RunLimits) -> Self {
        self.limits = limits;
        self
    }

    /// The clock that this goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Takes what Stripe made since the last run, as far as the limits allow; the next run goes on
    /// there. The first looks back three days.
    ///
    /// # Errors
    ///
    /// [`ReconcileError`] when Stripe or the database did not answer; nothing is skipped.
    pub async fn catch_up(&self) -> Result<Report, ReconcileError> {
        let mut report = Report::default();
        let done = self.catch_up_into(&mut report).await;
        report.log(done.is_ok());
        done.map(|()| report)
    }

    async fn catch_up_into(&self, report: &mut Report) -> Result<(), ReconcileError> {
        let mut budget = Budget::of(self.limits);
        let now = self.clock.now();
        loop {
            let window = cursor::next(self.store.cursor(cursor::NAME).await?, now, &self.limits);
            let reaches_now = window.until >= now - self.limits.lag;
            let mut walk = Pager::new(self, window).keeping_place();
            report.complete = walk.go(&mut budget, report).await?;
            self.keep(&walk.cursor(report.complete, self.limits.overlap))
                .await?;
            if reaches_now || !report.complete {
                report.complete &= reaches_now;
                return Ok(());
            }
        }
    }

    /// Takes what Stripe made in `span`. The mark of the runs on a schedule stays where it is.
    ///
    /// # Errors
    ///
    /// As [`Reconciler::catch_up`].
    pub async fn take(&self, span: TimeRange) -> Result<Report, ReconcileError> {
        let mut report = Report::default();
        let mut walk = Pager::new(self, Window::new(span.since, span.until));
        let done = walk.go(&mut Budget::of(self.limits), &mut report).await;
        report.log(done.is_ok());
        report.complete = done?;
        report.rest = (!report.complete).then(|| walk.rest());
        Ok(report)
    }

    /// Catches up at once and then every `pause`, until `stop`. A run that is stopped in the middle
    /// loses nothing.
    pub async fn run(&self, pause: Duration, stop: impl Future<Output = ()>) {
        let mut stop = pin!(stop);
        let mut rest = Duration::ZERO;
        loop {
            let run = async {
                tokio::time::sleep(rest).await;
                self.catch_up().await
            };
            let done = tokio::select! {
                biased;
                () = &mut stop => return,
                done = run => done,
            };
            rest = match done {
                Ok(report) if !report.complete => Duration::ZERO,
                Ok(_) => pause,
                Err(failure) => {
                    let cause = cause::causes(&failure);
                    tracing::error!(cause, "not reconciled, tried again later: {failure}");
                    pause
                }
            };
        }
    }

    async fn keep(&self, mark: &Cursor) -> Result<(), ReconcileError> {
        Ok(self.store.set_cursor(cursor::NAME, &mark.to_text()).await?)
    }
}
