//! Runs the timers of objects when they are due.

use std::sync::Arc;

use serde_json::Value;

use crate::{clock::now_ms, engine::Engine, event::Origin, state::State, store::text};

/// A kind of object, and its change when its timer is due.
pub(crate) type Timer = (&'static str, fn(&mut State, &Value));

/// Runs due timers while it is polled.
pub(crate) async fn run(engine: Arc<Engine>, timers: &'static [Timer]) {
    let changed = engine.state().scheduler.changed();
    loop {
        engine.change(Origin::default(), |state| run_due(state, timers));
        let until_next = engine.state().scheduler.until_next(now_ms());
        match until_next {
            None => changed.notified().await,
            Some(until_next) => {
                // A new timer may be due earlier; then the wait starts again.
                let _ = tokio::time::timeout(until_next, changed.notified()).await;
            }
        }
    }
}

fn run_due(state: &mut State, timers: &[Timer]) {
    while let Some(id) = state.scheduler.pop_due(now_ms()) {
        let object = state.store.find(&id).cloned().unwrap_or_default();
        let kind = text(&object, "object");
        if let Some((_, change)) = timers.iter().find(|(timed, _)| *timed == kind) {
            change(state, &object);
        }
    }
}
