//! The description of a function: each has one [`Function`] beside its handler.

use crate::{env::need, error::Code};

/// One function: its name, its trigger, and its required settings.
///
/// The development server, `vercel.json`, the routes of `cargo lambda watch`, `docs/functions.md`
/// and the tests read it. `openapi.json` has its errors, and is checked against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its folder, package and binary.
    pub name: &'static str,
    /// Its sentence in `docs/functions.md`.
    pub summary: &'static str,
    /// Its trigger.
    pub trigger: Trigger,
    /// The variables that must be set (see [`crate::env::need`]).
    pub settings: &'static [&'static str],
    /// The timeout of one invocation on Vercel, in seconds.
    pub max_duration: u16,
}

/// The trigger of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request.
    Route {
        /// Such as `POST`.
        method: &'static str,
        /// Such as `/api/order`.
        path: &'static str,
        /// The permission that a caller's role must hold; `None` where the route is public.
        permission: Option<&'static str>,
        /// The errors that a caller may receive, in groups. Those of every function, and those of
        /// every function with a permission, are not named.
        errors: &'static [&'static [Code]],
    },
    /// Requests of several methods to one path.
    Routes {
        /// Such as `/api/subscription`.
        path: &'static str,
        /// The operation of each method.
        operations: &'static [Operation],
    },
    /// A schedule, in Vercel's syntax. It is daily, as Vercel's Hobby plan permits; other platforms
    /// start the function more often.
    Schedule(&'static str),
}

/// What a function does for requests of one method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Such as `POST`.
    pub method: &'static str,
    /// The permission that a caller's role must hold; `None` where the route is public.
    pub permission: Option<&'static str>,
    /// The errors that a caller may receive, as in [`Trigger::Route`].
    pub errors: &'static [&'static [Code]],
}

impl Function {
    /// The path of its route.
    #[must_use]
    pub fn path(&self) -> Option<&'static str> {
        match self.trigger {
            Trigger::Route { path, .. } | Trigger::Routes { path, .. } => Some(path),
            Trigger::Schedule(_) => None,
        }
    }

    /// The operation of each method of its route.
    #[must_use]
    pub fn operations(&self) -> Vec<Operation> {
        match self.trigger {
            Trigger::Route {
                method,
                permission,
                errors,
                ..
            } => vec![Operation {
                method,
                permission,
                errors,
            }],
            Trigger::Routes { operations, .. } => operations.to_vec(),
            Trigger::Schedule(_) => Vec::new(),
        }
    }

    /// Returns true when a caller's role must hold `permission` for one of its operations.
    #[must_use]
    pub fn demands(&self, permission: &str) -> bool {
        let mut operations = self.operations().into_iter();
        operations.any(|one| one.permission == Some(permission))
    }

    /// Returns true when the function calls Stripe, for every request or for some.
    #[must_use]
    pub fn calls_stripe(&self) -> bool {
        self.needs(need::STRIPE_SECRET_KEY) || self.needs(need::OPTIONAL_STRIPE_SECRET_KEY)
    }

    /// Returns true when the function needs `setting`.
    #[must_use]
    pub fn needs(&self, setting: &str) -> bool {
        self.settings.contains(&setting)
    }
}
