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
    /// A schedule, in Vercel's syntax. It is daily, as Vercel's Hobby plan permits; other platforms
    /// start the function more often.
    Schedule(&'static str),
}

impl Function {
    /// The method and the path of its route.
    #[must_use]
    pub fn route(&self) -> Option<(&'static str, &'static str)> {
        match self.trigger {
            Trigger::Route { method, path, .. } => Some((method, path)),
            Trigger::Schedule(_) => None,
        }
    }

    /// The permission that a caller's role must hold.
    #[must_use]
    pub fn permission(&self) -> Option<&'static str> {
        match self.trigger {
            Trigger::Route { permission, .. } => permission,
            Trigger::Schedule(_) => None,
        }
    }

    /// The errors that a caller may receive, but for those of every function.
    #[must_use]
    pub fn errors(&self) -> Vec<Code> {
        match self.trigger {
            Trigger::Route { errors, .. } => errors.concat(),
            Trigger::Schedule(_) => Vec::new(),
        }
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
