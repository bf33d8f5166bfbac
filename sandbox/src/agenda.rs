//! What happens by itself once its time has come: sessions expire, bank debits and refunds end.

use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::sync::Notify;

use crate::{
    engine::Engine,
    objects::{checkout_session, payment_intent, refund},
    state::{Origin, State},
    store::text,
};

/// The objects that change by themselves, the soonest first.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    due: BTreeSet<(u64, String)>,
    changed: Arc<Notify>,
}

impl Agenda {
    /// Plans for an object at a time in milliseconds since 1970.
    pub(crate) fn plan(&mut self, at: u64, id: &str) {
        self.due.insert((at, id.to_owned()));
        self.changed.notify_one();
    }

    /// Takes the object whose time has come longest ago.
    fn take(&mut self, now: u64) -> Option<String> {
        let first = self.due.first().filter(|(at, _)| *at <= now)?.clone();
        self.due.remove(&first);
        Some(first.1)
    }

    /// How long nothing happens; `None` when nothing is planned.
    fn rest(&self, now: u64) -> Option<Duration> {
        let (at, _) = self.due.first()?;
        Some(Duration::from_millis(at.saturating_sub(now)))
    }
}

/// The time now, in milliseconds since 1970.
pub(crate) fn now_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |elapsed| {
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    })
}

/// Does what is planned for as long as it is polled.
pub(crate) async fn run(engine: Arc<Engine>) {
    let changed = Arc::clone(&engine.state().agenda.changed);
    loop {
        engine.change(Origin::default(), catch_up);
        let rest = engine.state().agenda.rest(now_ms());
        match rest {
            None => changed.notified().await,
            Some(rest) => {
                // A new plan may be sooner; then the wait begins again.
                let _ = tokio::time::timeout(rest, changed.notified()).await;
            }
        }
    }
}

fn catch_up(state: &mut State) {
    while let Some(id) = state.agenda.take(now_ms()) {
        let object = state.store.find(&id).cloned().unwrap_or_default();
        match text(&object, "object") {
            payment_intent::KIND => payment_intent::end_by_itself(state, &object),
            checkout_session::KIND => checkout_session::end_by_itself(state, &object),
            refund::KIND => refund::end_by_itself(state, &object),
            _ => {}
        }
    }
}
