//! A running sandbox: the state and its lock, the log, the webhooks.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use crate::{event::Origin, log::Log, state::State, webhooks::Webhooks};

/// A running sandbox.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) log: Log,
    pub(crate) webhooks: Webhooks,
    connections: AtomicU64,
    allowed_origins: Vec<String>,
    state: Arc<Mutex<State>>,
}

impl Engine {
    /// Creates a sandbox with this state; pages of `allowed_origins` may call its control plane.
    pub(crate) fn new(
        state: Arc<Mutex<State>>,
        log: Log,
        webhooks: Webhooks,
        allowed_origins: Vec<String>,
    ) -> Self {
        let connections = AtomicU64::new(0);
        Self {
            log,
            webhooks,
            connections,
            allowed_origins,
            state,
        }
    }

    /// The origins whose pages may call everything.
    pub(crate) fn allowed_origins(&self) -> &[String] {
        &self.allowed_origins
    }

    /// The state, locked. Never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one change and sends its events in order.
    pub(crate) fn change<T>(&self, origin: Origin, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        state.subscriptions = self.webhooks.subscriptions();
        let (result, events) = state.change(origin, work);
        let events = events.iter().filter_map(|id| state.store.find(id));
        events.for_each(|event| self.webhooks.send(event));
        state.store.pack();
        result
    }

    /// Counts a connection; returns its number, from 1.
    pub(crate) fn accept(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// The number of accepted connections.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}
