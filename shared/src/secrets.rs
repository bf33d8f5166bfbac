//! The keys of a deployment, behind the type that hands them out.
//!
//! They come from the environment. Whoever needs a key asks [`Secrets::current`] each time and
//! holds it no longer than a call, so that keys that change are followed without a restart.

mod keys;

use std::sync::Arc;

pub use keys::{Keys, Missing, Mode};

/// Hands out the keys that are valid now.
#[derive(Clone, Debug)]
pub struct Secrets {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// Read once at the start: the environment of a process does not change.
    Environment(Arc<Keys>),
}

impl Secrets {
    /// Keys that were read from the environment.
    pub(crate) fn from_environment(keys: Keys) -> Self {
        Self {
            source: Source::Environment(Arc::new(keys)),
        }
    }

    /// Whether real money moves; `None` when no key of Stripe's is held.
    #[must_use]
    pub fn mode(&self) -> Option<Mode> {
        match &self.source {
            Source::Environment(keys) => keys.mode().ok(),
        }
    }

    /// The keys that are valid now.
    pub async fn current(&self) -> Arc<Keys> {
        match &self.source {
            Source::Environment(keys) => Arc::clone(keys),
        }
    }
}
