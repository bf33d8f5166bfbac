//! The clock, passed to the code that needs it, so that a test can set it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

/// Tells the time in Unix seconds.
#[derive(Clone, Debug, Default)]
pub struct Clock {
    /// Set by a test; `None` is the machine's clock.
    fixed: Option<Arc<AtomicI64>>,
}

impl Clock {
    /// A clock that stands at `now` (Unix seconds) until [`Clock::advance`] moves it.
    #[must_use]
    pub fn fixed(now: i64) -> Self {
        Self {
            fixed: Some(Arc::new(AtomicI64::new(now))),
        }
    }

    /// Moves a fixed clock by `seconds`; the machine's clock stays.
    pub fn advance(&self, seconds: i64) {
        if let Some(fixed) = &self.fixed {
            fixed.fetch_add(seconds, Ordering::SeqCst);
        }
    }

    /// The time, in Unix seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        match &self.fixed {
            Some(fixed) => fixed.load(Ordering::SeqCst),
            None => SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .map_or(0, |since| {
                    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
                }),
        }
    }
}
