//! Which operation answers which method and path, and who may ask.

use serde_json::Value;

use crate::{caller::Caller, engine::Engine, error::Error, objects, params::Params, state::State};

/// One line of the table: a method, a path with `{}` for an id, and what runs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Route {
    method: &'static str,
    path: &'static str,
    /// Whether a publishable key may call it.
    pub(crate) publishable: bool,
    /// What runs.
    pub(crate) run: Run,
}

/// What runs on the account's objects.
pub(crate) type Operation = fn(&mut State, Call) -> Result<Value, Error>;

/// An operation on the account's objects, or on the sandbox itself.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Run {
    /// Runs under the lock, as one change.
    Object(Operation),
    /// Takes the lock itself when it needs it.
    Sandbox(fn(&Engine, Call) -> Result<Value, Error>),
}

/// What an operation is handed.
#[derive(Debug)]
pub(crate) struct Call {
    /// The ids in the path, in order.
    pub(crate) ids: Vec<String>,
    /// The parameters that are not read yet.
    pub(crate) params: Params,
    /// Who asks.
    pub(crate) caller: Caller,
}

impl Call {
    /// The path's first id; empty when the route has none.
    pub(crate) fn id(&self) -> String {
        self.ids.first().cloned().unwrap_or_default()
    }
}

impl Route {
    /// A route that answers secret keys, or the control plane when it is under `/_sandbox`.
    pub(crate) const fn new(method: &'static str, path: &'static str, run: Operation) -> Self {
        let run = Run::Object(run);
        Self {
            method,
            path,
            publishable: false,
            run,
        }
    }

    /// A route about the sandbox itself, most of them the control plane's.
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

    /// Lets a publishable key call it as well.
    pub(crate) const fn publishable(mut self) -> Self {
        self.publishable = true;
        self
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

/// The route for a method and path, with the ids in the path.
pub(crate) fn find(method: &str, path: &str) -> Result<(Route, Vec<String>), Error> {
    let routes = objects::ROUTES.iter().flat_map(|routes| routes.iter());
    let mut matching = routes.filter_map(|route| Some((*route, route.matches(method, path)?)));
    matching
        .next()
        .ok_or_else(|| Error::unrecognized(method, path))
}
