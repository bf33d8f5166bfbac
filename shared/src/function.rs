//! What a function is: each describes itself by one [`Function`] beside its handler.

/// One function: its name, its route, and what it cannot do without.
///
/// The development server, `vercel.json`, the routes of `cargo lambda watch`, `docs/functions.md`
/// and the tests read it, and `openapi.json` is held to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its folder, package and binary.
    pub name: &'static str,
    /// The sentence that `docs/functions.md` has about it.
    pub summary: &'static str,
    /// What starts it.
    pub trigger: Trigger,
    /// The variables that must be set (see [`crate::env::need`]).
    pub settings: &'static [&'static str],
    /// The most seconds that one invocation takes on Vercel.
    pub max_duration: u16,
}

/// What starts a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// A request.
    Route {
        /// Such as `POST`.
        method: &'static str,
        /// Such as `/api/order`.
        path: &'static str,
        /// The permission that a caller's role must hold; `None` where no caller is asked for.
        permission: Option<&'static str>,
    },
    /// A schedule, as Vercel writes it: `*/5 * * * *`.
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

    /// Whether it needs `setting`.
    #[must_use]
    pub fn needs(&self, setting: &str) -> bool {
        self.settings.contains(&setting)
    }
}
