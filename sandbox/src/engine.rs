//! What a request is served with: the state behind its lock, the log, the webhooks.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::{
    caller::Caller,
    error::Error,
    expand,
    log::Log,
    params::Params,
    route::{Call, Operation, Route, Run},
    state::{Origin, State},
    webhooks::Webhooks,
};

/// One running sandbox.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) log: Log,
    pub(crate) webhooks: Webhooks,
    connections: AtomicU64,
    allowed_origins: Vec<String>,
    state: Arc<Mutex<State>>,
}

impl Engine {
    /// A sandbox with this state, whose control plane answers pages of `allowed_origins`.
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

    /// The origins whose pages may call all of it.
    pub(crate) fn allowed_origins(&self) -> &[String] {
        &self.allowed_origins
    }

    /// The state, locked. Never held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs one change and sends the events it made, in the order in which they happened.
    pub(crate) fn change<T>(&self, origin: Origin, work: impl FnOnce(&mut State) -> T) -> T {
        let mut state = self.state();
        state.subscriptions = self.webhooks.subscriptions();
        let (result, events) = state.change(origin, work);
        state.store.pack();
        self.webhooks.send(&events);
        result
    }

    /// Runs a route's operation for a caller, and expands what it asks to see in full.
    pub(crate) fn run(&self, route: Route, mut call: Call, origin: Origin) -> Result<Value, Error> {
        let paths = call.params.list("expand")?.unwrap_or_default();
        match route.run {
            Run::Sandbox(operation) => operation(self, call),
            Run::Object(operation) => self.change(origin, |state| {
                let mut object = operation(state, call)?;
                expand::expand(&state.store, &mut object, &paths);
                Ok(object)
            }),
        }
    }

    /// Runs an operation for a test in this process.
    pub(crate) fn call(
        &self,
        operation: Operation,
        id: &str,
        caller: Caller,
        params: Value,
    ) -> Result<Value, Value> {
        let (ids, params) = (vec![id.to_owned()], Params::new(params));
        let call = Call {
            ids,
            params,
            caller,
        };
        let result = self.change(Origin::default(), |state| operation(state, call));
        result.map_err(|error| error.body())
    }

    /// Counts a connection; answers its number, from 1.
    pub(crate) fn accept(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many connections were accepted.
    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Ordering::Relaxed)
    }
}

/// The answer of a control route that has nothing to tell.
pub(crate) fn done() -> Value {
    json!({ "done": true })
}
