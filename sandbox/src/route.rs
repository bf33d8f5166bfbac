//! Routes: an operation, its method and path, and the keys that may call it.

use serde_json::{Value, json};

use crate::{
    caller::Caller, engine::Engine, error::Error, event::Origin, expand, params::Params,
    state::State,
};

/// A method, a path with `{}` for an id, and an operation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    /// True when a publishable key may call it.
    pub(crate) publishable: bool,
    run: Run,
}

/// An operation on the account's objects.
pub(crate) type Operation = fn(&mut State, Call) -> Result<Value, Error>;

/// An operation on the account's objects, or on the sandbox itself.
#[derive(Debug, Clone, Copy)]
enum Run {
    /// Runs under the lock, as one change.
    Object(Operation),
    /// Takes the lock itself.
    Sandbox(fn(&Engine, Call) -> Result<Value, Error>),
}

/// The arguments of an operation.
#[derive(Debug)]
pub(crate) struct Call {
    /// The ids in the path, in order.
    pub(crate) ids: Vec<String>,
    /// The parameters that the operation has not read yet.
    pub(crate) params: Params,
    /// The key that came with the request.
    pub(crate) caller: Caller,
}

impl Call {
    /// The path's first id; empty when the route has none.
    pub(crate) fn id(&self) -> String {
        self.ids.first().cloned().unwrap_or_default()
    }
}

impl Route {
    /// A route for secret keys, or for the control plane under `/_sandbox`.
    pub(crate) const fn new(method: &'static str, path: &'static str, run: Operation) -> Self {
        let run = Run::Object(run);
        Self {
            method,
            path,
            publishable: false,
            run,
        }
    }

    /// A route about the sandbox itself, mostly of the control plane.
    pub(crate) const fn sandbox(
        method: &'static str,
        path: &'static str,
        run: fn(&Engine, Call) -> Result<Value, Error>,
    ) -> Self {
        let run = Run::Sandbox(run);
        Self {
            method,
            path,
            publishable: false,
            run,
        }
    }

    /// Allows a publishable key as well.
    pub(crate) const fn publishable(mut self) -> Self {
        self.publishable = true;
        self
    }

    /// Runs the operation and expands the ids that the call lists in `expand`.
    pub(crate) fn run(
        &self,
        engine: &Engine,
        mut call: Call,
        origin: Origin,
    ) -> Result<Value, Error> {
        let paths = call.params.list("expand")?.unwrap_or_default();
        match self.run {
            Run::Sandbox(operation) => operation(engine, call),
            Run::Object(operation) => engine.change(origin, |state| {
                let mut object = operation(state, call)?;
                expand::expand(&state.store, &mut object, &paths);
                Ok(object)
            }),
        }
    }

    fn matches(&self, method: &str, path: &str) -> Option<Vec<String>> {
        if self.method != method || self.path.split('/').count() != path.split('/').count() {
            return None;
        }
        let mut ids = Vec::new();
        for (pattern, part) in self.path.split('/').zip(path.split('/')) {
            match pattern {
                "{}" if !part.is_empty() => ids.push(part.to_owned()),
                literal if literal == part => {}
                _ => return None,
            }
        }
        Some(ids)
    }
}

/// Every route of the sandbox.
#[derive(Debug)]
pub(crate) struct Router(Vec<Route>);

impl Router {
    /// Builds a router of these tables; the first matching route wins.
    pub(crate) fn new(tables: &[&[Route]]) -> Self {
        Self(tables.concat())
    }

    /// Finds the route for a method and path, and the ids in the path.
    pub(crate) fn find(&self, method: &str, path: &str) -> Result<(Route, Vec<String>), Error> {
        let mut matching = self
            .0
            .iter()
            .filter_map(|route| Some((*route, route.matches(method, path)?)));
        matching
            .next()
            .ok_or_else(|| Error::unrecognized(method, path))
    }
}

/// Calls an operation from within this process, without a request.
pub(crate) fn call(
    engine: &Engine,
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
    let result = engine.change(Origin::default(), |state| operation(state, call));
    result.map_err(|error| error.body())
}

/// The response of a control route without an object.
pub(crate) fn done() -> Value {
    json!({ "done": true })
}
