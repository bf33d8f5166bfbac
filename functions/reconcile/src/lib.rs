//! Lists Stripe's events that the webhook did not receive, and processes them.
//!
//! A webhook that was down, disabled or given a wrong secret delays an order, and loses none. A run
//! lists Stripe's events since the last one, and passes each through the same transaction as the
//! webhook does. Events that the database has change nothing.
//!
//! Runs need no lock. An event counts once, from any source. Each value of the cursor is true when
//! it is written and stays true. So of two concurrent runs, the later writer at worst makes the
//! next run list some events again.
//!
//! The types of subscriptions are a list of their own, with a cursor of their own. What fails in
//! one list does not keep a run from the other.
//!
//! Read [`RunLimits`] for the limits of a run, `cursor` for the state between runs, `pager` for the
//! processing of a window page by page, and `deadlines` for what a run does besides: it lets unpaid
//! orders expire whose time is over, and notifies the site where a grace is over.

pub mod adopt;
pub mod command;
mod cursor;
mod deadlines;
mod list;
mod pager;
mod report;
pub mod time_range;

use std::{future::Future, pin::pin, time::Duration};

use axum::routing::MethodRouter;
use futures_util::FutureExt as _;
pub use report::Report;
use secrecy::SecretString;
use shared::{
    App, Clock, Config, Function, cause,
    env::need,
    function::Trigger,
    host,
    processor::{self, EventProcessor},
    store::{self, RECONCILED_AT, Store},
    stripe::{self, Stripe},
};
use time_range::{TimeRange, TimeRangeError};

use crate::{
    adopt::Adopter,
    cursor::{Cursor, Window},
    list::EventList,
    pager::{Budget, Pager},
};

/// The function's description. Stripe's key needs permission to read events.
pub const FUNCTION: Function = Function {
    name: "reconcile",
    summary: "Fetches the events from Stripe that the webhook missed.",
    // An hour before `notify`, which delivers what a run appends to the outbox.
    trigger: Trigger::Schedule("0 4 * * *"),
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

/// The limits of a run.
#[derive(Clone, Copy, Debug)]
pub struct RunLimits {
    /// The most pages of each list in one run.
    pub pages: usize,
    /// The events on a page, from 1 to 100.
    pub page: u8,
    /// The time after which no page begins. The page in progress ends early. Each list has half of
    /// it. The call to Stripe has its own deadline on top (`FAREBOX_STRIPE_DEADLINE`), so give the
    /// function three times as long.
    pub time: Duration,
    /// The seconds that the webhook has for an event before a run lists it.
    pub lag: i64,
    /// The seconds before the newest event of a run that the next one lists again. Stripe's times
    /// are whole seconds, and an event may be listed later than another that was created after it.
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
    /// No limits, for an operator who waits for the end: the whole time range, however long it
    /// takes.
    #[must_use]
    pub fn none() -> Self {
        Self {
            pages: usize::MAX,
            time: Duration::from_secs(24 * 60 * 60),
            ..Self::default()
        }
    }
}

/// The reason why a run ended early. Its processed events stay processed, and the next run goes on
/// where it stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReconcileError {
    /// Stripe did not return a list.
    #[error("Stripe did not list its events")]
    Stripe(#[source] stripe::StripeError),
    /// Stripe's key is restricted.
    #[error("Stripe's key may not list events: allow it to read Events")]
    NotPermitted(#[source] stripe::StripeError),
    /// Stripe's list cannot be paged through.
    #[error("Stripe's list of events repeats its last page")]
    Stuck,
    /// An event was not processed.
    #[error(transparent)]
    Processor(#[from] processor::ProcessError),
    /// The cursor was not read or written.
    #[error("the database did not read or store the cursor of reconcile")]
    Cursor(#[from] store::StoreError),
    /// The requested time range is not valid.
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

/// Processes events that the webhook did not receive.
#[derive(Clone, Debug)]
pub struct Reconciler {
    stripe: Stripe,
    store: Store,
    processor: EventProcessor,
    clock: Clock,
    lists: Vec<EventList>,
    limits: RunLimits,
    adopter: Adopter,
    cron_secret: Option<SecretString>,
}

impl Reconciler {
    /// Opens the reconciler from the settings of a process.
    ///
    /// # Errors
    ///
    /// [`host::Error`] when the keys cannot be read, or the database cannot be opened.
    pub async fn open(config: Config) -> Result<Self, host::Error> {
        Ok(Self::new(&config, App::open(&config, true).await?))
    }

    /// Assembles existing parts.
    #[must_use]
    pub fn new(config: &Config, app: App) -> Self {
        Self {
            adopter: Adopter::new(&app),
            processor: app.processor,
            stripe: app.stripe,
            store: app.store,
            clock: app.clock,
            lists: EventList::all(!config.store.forwarded_events.is_empty()),
            limits: RunLimits::default(),
            cron_secret: config.cron_secret.clone(),
        }
    }

    /// The same reconciler with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: RunLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Its clock.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Looks at the account's subscriptions.
    #[must_use]
    pub fn adopter(&self) -> &Adopter {
        &self.adopter
    }

    /// Processes the events since the last run, as far as the limits allow; the next run goes on
    /// there.
    ///
    /// The first run looks back three days.
    ///
    /// # Errors
    ///
    /// [`ReconcileError`] when Stripe or the database did not answer; nothing is skipped.
    pub async fn catch_up(&self) -> Result<Report, ReconcileError> {
        let mut report = Report::default();
        let mut done = self.catch_up_into(&mut report).await;
        if done.is_ok() {
            let now = self.clock.now().to_string();
            let stored = self.store.set_cursor(RECONCILED_AT, &now).await;
            done = stored.map_err(ReconcileError::from);
        }
        if done.is_ok() {
            // Boxed, since the compiler nests the types of futures only so deep.
            done = self.expire_overdue(&mut report).boxed().await;
        }
        // Stripe is not asked, so that its failure delays nothing.
        done = done.and(self.end_graces(&mut report).boxed().await);
        report.log(done.is_ok());
        done.map(|()| report)
    }

    async fn catch_up_into(&self, report: &mut Report) -> Result<(), ReconcileError> {
        let mut done = Ok(());
        report.complete = true;
        for list in &self.lists {
            match self.catch_up_list(*list, report).await {
                Ok(complete) => report.complete &= complete,
                Err(failure) if list.lacks_permission(&failure) => warn_of_permission(&failure),
                Err(failure) => done = done.and(Err(failure)),
            }
        }
        done
    }

    /// Returns true when the whole of `list` was processed, up to now.
    async fn catch_up_list(
        &self,
        list: EventList,
        report: &mut Report,
    ) -> Result<bool, ReconcileError> {
        let mut budget = self.budget();
        let now = self.clock.now();
        loop {
            let window = cursor::next(self.store.cursor(list.cursor).await?, now, &self.limits);
            let reaches_now = window.until >= now - self.limits.lag;
            let mut pager = Pager::new(self, list, window).storing_cursor();
            let is_whole = pager.run(&mut budget, report).await?;
            self.store_cursor(list, &pager.cursor(is_whole, self.limits.overlap))
                .await?;
            if reaches_now || !is_whole {
                return Ok(reaches_now && is_whole);
            }
        }
    }

    /// The limits of one list: all have the same time, so that none waits for another.
    fn budget(&self) -> Budget {
        let lists = u32::try_from(self.lists.len()).unwrap_or(u32::MAX);
        Budget::of(RunLimits {
            time: self.limits.time / lists,
            ..self.limits
        })
    }

    /// Processes the events of `range`. The cursor of the scheduled runs stays where it is.
    ///
    /// # Errors
    ///
    /// As [`Reconciler::catch_up`].
    pub async fn process(&self, range: TimeRange) -> Result<Report, ReconcileError> {
        let mut report = Report::default();
        let done = self.process_into(range, &mut report).await;
        report.log(done.is_ok());
        report.rest = done?;
        report.complete = report.rest.is_none();
        Ok(report)
    }

    /// Processes `range` in all lists; returns the range that contains the rest of each.
    async fn process_into(
        &self,
        range: TimeRange,
        report: &mut Report,
    ) -> Result<Option<TimeRange>, ReconcileError> {
        let (mut done, mut rest) = (Ok(()), None::<TimeRange>);
        for list in &self.lists {
            let mut pager = Pager::new(self, *list, Window::new(range.since, range.until));
            match pager.run(&mut self.budget(), report).await {
                Ok(true) => {}
                Ok(false) => rest = Some(pager.rest().and(rest)),
                Err(failure) if list.lacks_permission(&failure) => warn_of_permission(&failure),
                Err(failure) => done = done.and(Err(failure)),
            }
        }
        done.map(|()| rest)
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
                    tracing::error!(
                        cause,
                        "a run of reconcile failed, the next retries: {failure}"
                    );
                    pause
                }
            };
        }
    }

    async fn store_cursor(&self, list: EventList, cursor: &Cursor) -> Result<(), ReconcileError> {
        Ok(self
            .store
            .set_cursor(list.cursor, &cursor.to_text())
            .await?)
    }
}

fn warn_of_permission(failure: &ReconcileError) {
    tracing::warn!(
        cause = cause::causes(failure),
        "reconcile cannot read subscriptions, and tries again with its next run: let Stripe's key \
         read Subscriptions and Invoices"
    );
}
