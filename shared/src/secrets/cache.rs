//! The cached keys, and their validity. Pure: the time is passed in.
//!
//! | the latest reading | the cached keys are used |
//! |---|---|
//! | succeeded | for `FAREBOX_SECRET_TTL` |
//! | failed for a transient reason, or met a bundle that is malformed | for 15 minutes more |
//! | was refused: no permission, no secret | for one minute more |
//!
//! After that there are no keys, and every request is answered 503 until the secret can be read.

use std::{sync::Arc, time::Duration};

use tokio::time::Instant;

use super::{Keys, unreadable::Unreadable};

/// The pause after a failed reading.
const PAUSE: Duration = Duration::from_secs(5);

/// The results of the readings so far.
#[derive(Default)]
pub(super) struct Cache {
    /// The keys, with the end of their validity.
    keys: Option<(Arc<Keys>, Instant)>,
    /// The latest reading, where it failed.
    failed: Option<(Unreadable, Instant)>,
    /// The shortest grace of all failures since then: a refusal still counts when the next reading
    /// fails otherwise.
    grace: Option<Duration>,
}

/// The state at some moment.
pub(super) enum Freshness {
    /// The result is final for now.
    Fresh(Result<Arc<Keys>, Unreadable>),
    /// A reading is due; meanwhile these keys can be used, if any.
    Due(Option<Arc<Keys>>),
}

impl Cache {
    /// Records a reading of `keys`, which are valid until `until`.
    pub(super) fn renew(&mut self, keys: Arc<Keys>, until: Instant) {
        *self = Self {
            keys: Some((keys, until)),
            ..Self::default()
        };
    }

    /// Records a failed reading at `now`.
    pub(super) fn fail(&mut self, failure: Unreadable, now: Instant) {
        let grace = failure.grace();
        self.grace = Some(self.grace.map_or(grace, |before| before.min(grace)));
        self.failed = Some((failure, now));
    }

    /// The keys of the latest successful reading, however long ago.
    pub(super) fn latest(&self) -> Option<&Arc<Keys>> {
        self.keys.as_ref().map(|(keys, _)| keys)
    }

    /// The state at `now`.
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

    /// The cached keys, while they may be used.
    pub(super) fn usable(&self, now: Instant) -> Option<Arc<Keys>> {
        let (keys, until) = self.keys.as_ref()?;
        let grace = self.grace.unwrap_or(Unreadable::LONGEST_GRACE);
        (now < *until + grace).then(|| Arc::clone(keys))
    }
}
