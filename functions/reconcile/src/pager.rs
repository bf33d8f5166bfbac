//! Processes a window page by page, in Stripe's order: the newest event first.

use std::collections::HashSet;

use futures_util::{FutureExt as _, future::join_all};
use shared::{
    event::Event,
    processor::{EventProcessor, Outcome},
    store::Accepted,
    stripe::{EventPage, EventQuery, ListedEvent},
};
use tokio::time::Instant;

use crate::{
    ReconcileError, Reconciler, Report, RunLimits,
    cursor::{Cursor, Window},
    list::EventList,
    time_range::TimeRange,
};

/// The most events processed at once.
const AT_ONCE: usize = 8;
/// The failures that end the run: so many do not come from a single event.
const MAX_FAILURES: usize = AT_ONCE;

/// The rest of a run's limits.
#[derive(Debug)]
pub(crate) struct Budget {
    pages: usize,
    until: Instant,
}

impl Budget {
    pub(crate) fn of(limits: RunLimits) -> Self {
        Self {
            pages: limits.pages,
            until: Instant::now() + limits.time,
        }
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.until
    }

    /// Takes a page from the budget, if there is one.
    fn take_page(&mut self) -> bool {
        let may = self.pages > 0 && !self.is_late();
        self.pages -= usize::from(may);
        may
    }
}

/// The progress through one window.
#[derive(Debug)]
pub(crate) struct Pager<'a> {
    app: &'a Reconciler,
    list: EventList,
    window: Window,
    stores_cursor: bool,
    failures: Vec<ReconcileError>,
}

impl<'a> Pager<'a> {
    pub(crate) fn new(app: &'a Reconciler, list: EventList, window: Window) -> Self {
        Self {
            app,
            list,
            window,
            stores_cursor: false,
            failures: Vec::new(),
        }
    }

    /// The same pager, which stores its place after each page, so that a run that is killed keeps
    /// its progress.
    pub(crate) fn storing_cursor(self) -> Self {
        Self {
            stores_cursor: true,
            ..self
        }
    }

    /// The cursor for its place; `is_whole` after the whole window.
    pub(crate) fn cursor(&self, is_whole: bool, overlap: i64) -> Cursor {
        match is_whole {
            true => Cursor::whole(&self.window, overlap),
            false => Cursor::Within(self.window.clone()),
        }
    }

    /// The rest after an early end. It contains the events of the second that was reached once
    /// more.
    pub(crate) fn rest(&self) -> TimeRange {
        let reached = self.window.oldest.map(|oldest| oldest + 1);
        TimeRange {
            since: self.window.from,
            until: reached.map_or(self.window.until, |reached| reached.min(self.window.until)),
        }
    }

    /// Processes the window as far as `budget` goes; returns true when that was all of it.
    ///
    /// An event that fails does not keep the others from being processed. It fails the run at its
    /// end, and the next run covers its window again.
    pub(crate) async fn run(
        &mut self,
        budget: &mut Budget,
        report: &mut Report,
    ) -> Result<bool, ReconcileError> {
        // Boxed, since the compiler nests the types of futures only so deep.
        let is_whole = self.run_pages(budget, report).boxed().await?;
        match self.failures.pop() {
            None => Ok(is_whole),
            Some(failure) => Err(failure),
        }
    }

    async fn run_pages(
        &mut self,
        budget: &mut Budget,
        report: &mut Report,
    ) -> Result<bool, ReconcileError> {
        while !self.window.is_empty() {
            if !budget.take_page() {
                return Ok(false);
            }
            let Some(page) = self.page().await? else {
                continue;
            };
            report.pages += 1;
            let before = self.window.after.clone();
            if !self.process_page(&page.events, budget, report).await? {
                return Ok(false);
            }
            if !page.has_more {
                break;
            }
            if self.window.after == before {
                return Err(ReconcileError::Stuck);
            }
            if self.stores_cursor && self.failures.is_empty() {
                self.app
                    .store_cursor(self.list, &Cursor::Within(self.window.clone()))
                    .await?;
            }
        }
        Ok(true)
    }

    /// The next page; `None` when the list must start anew.
    async fn page(&mut self) -> Result<Option<EventPage>, ReconcileError> {
        let query = EventQuery {
            from: self.window.from,
            until: self.window.until,
            kinds: self.list.kinds,
            after: self.window.after.as_deref(),
            limit: self.app.limits.page,
        };
        match self.app.stripe.events(query).await {
            // The run before was so long ago that Stripe has deleted the event at which it ended.
            Err(failure) if failure.is_missing() && self.window.after.is_some() => {
                tracing::warn!(
                    "Stripe no longer has the event where the last run ended: reconcile lists its \
                     window again"
                );
                self.window.after = None;
                Ok(None)
            }
            page => Ok(Some(page?)),
        }
    }

    /// Processes the events of a page; `false` when the time was up before its end. Every run
    /// processes some, so that it makes progress.
    ///
    /// All events of a page are older than its first look, so one look at each subscription will
    /// do.
    async fn process_page(
        &mut self,
        events: &[ListedEvent],
        budget: &Budget,
        report: &mut Report,
    ) -> Result<bool, ReconcileError> {
        let mut left = events.len();
        let mut looked = HashSet::new();
        for some in events.chunks(AT_ONCE) {
            let some: Vec<_> = some
                .iter()
                .map(|listed| (listed, self.parse(listed, &mut looked)))
                .collect();
            let outcome = join_all(some.iter().map(async |(_, event)| match event {
                Some(event) => self.process_event(event.clone()).await,
                None => Ok(Outcome::Store(Accepted::Ignored)),
            }))
            .await;
            for ((event, _), outcome) in some.iter().zip(outcome) {
                match outcome {
                    Ok(outcome) => report.count(outcome),
                    Err(failure) => self.record_failure(event, failure)?,
                }
                self.window.pass(event.id.as_deref(), event.created);
            }
            left -= some.len();
            if left > 0 && budget.is_late() {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn record_failure(
        &mut self,
        event: &ListedEvent,
        failure: ReconcileError,
    ) -> Result<(), ReconcileError> {
        let cause = shared::cause::causes(&failure);
        tracing::error!(
            event.id,
            cause,
            "an event was not processed, and the next run lists it again: {failure}"
        );
        if self.failures.len() + 1 >= MAX_FAILURES {
            return Err(failure);
        }
        self.failures.push(failure);
        Ok(())
    }

    /// The event of `listed`; `None` when it only says to look at one of the subscriptions that are
    /// `looked` at already.
    fn parse(&self, listed: &ListedEvent, looked: &mut HashSet<String>) -> Option<Event> {
        let event = Event::parse(listed.body.as_bytes()).expect("a string is UTF-8");
        match EventProcessor::folds(&event) {
            Some(id) if self.list.is_of_subscriptions => {
                looked.insert(id.to_owned()).then_some(event)
            }
            _ => Some(event),
        }
    }

    async fn process_event(&self, event: Event) -> Result<Outcome, ReconcileError> {
        let (id, kind) = (event.id.clone(), event.kind.clone());
        let outcome = self.app.processor.process(event).await?.outcome;
        if outcome == Outcome::Store(Accepted::Applied) {
            tracing::info!(event.id = id, event.type = kind,
                "processed an event that the webhook missed");
        }
        Ok(outcome)
    }
}
