//! What was read, and how long it may be used. Pure: the time is passed in.
//!
//! | the latest reading | the held keys are used |
//! |---|---|
//! | succeeded | for `FAREBOX_SECRET_TTL` |
//! | failed for a passing reason, or met a bundle that is malformed | for 15 minutes more |
//! | was refused: no permission, no secret | for one minute more |
//!
//! After that there are no keys, and every request is answered 503 until the secret can be read.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Keys, unreadable::Unreadable};

/// How long a failed reading is left alone.
const PAUSE: Duration = Duration::from_secs(5);

/// What came of the readings so far.
#[derive(Default)]
pub(super) struct Held {
    /// With the time until which they are good.
    keys: Option<(Arc<Keys>, Instant)>,
    /// The latest reading, where it failed.
    failed: Option<(Unreadable, Instant)>,
    /// The shortest grace of all failures since then: what was refused once is not good again
    /// because the next reading failed otherwise.
    grace: Option<Duration>,
}

/// How things stand at some moment.
pub(super) enum Freshness {
    /// There is nothing to do but to take it.
    Fresh(Result<Arc<Keys>, Unreadable>),
    /// The secret is to be read; meanwhile these keys can be used, if any.
    Due(Option<Arc<Keys>>),
}

impl Held {
    /// A reading gave `keys`, which are good until `until`.
    pub(super) fn renew(&mut self, keys: Arc<Keys>, until: Instant) {
        *self = Self {
            keys: Some((keys, until)),
            ..Self::default()
        };
    }

    /// A reading failed at `now`.
    pub(super) fn fail(&mut self, failure: Unreadable, now: Instant) {
        let grace = failure.grace();
        self.grace = Some(self.grace.map_or(grace, |before| before.min(grace)));
        self.failed = Some((failure, now));
    }

    /// What the latest reading that succeeded gave, however long ago.
    pub(super) fn latest(&self) -> Option<&Arc<Keys>> {
        self.keys.as_ref().map(|(keys, _)| keys)
    }

    /// How things stand at `now`.
    pub(super) fn freshness(&self, now: Instant) -> Freshness {
        if let Some((keys, until)) = &self.keys
            && now < *until
        {
            return Freshness::Fresh(Ok(Arc::clone(keys)));
        }
        let usable = self.usable(now);
        match &self.failed {
            Some((failure, at)) if now < *at + PAUSE => {
                Freshness::Fresh(usable.ok_or_else(|| failure.clone()))
            }
            _ => Freshness::Due(usable),
        }
    }

    /// The held keys, while they may be used.
    pub(super) fn usable(&self, now: Instant) -> Option<Arc<Keys>> {
        let (keys, until) = self.keys.as_ref()?;
        let grace = self.grace.unwrap_or(Unreadable::LONGEST_GRACE);
        (now < *until + grace).then(|| Arc::clone(keys))
    }
}
