//! Refreshes the keys when due, once for all requests that wait. For their validity see [`Cache`].

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
    time::Duration,
};

use tokio::{
    sync::{Mutex, MutexGuard},
    time::{Instant, timeout},
};

use super::{
    Cause, Keys, Wanted, bundle,
    cache::{Cache, Freshness},
    manager::Manager,
    unreadable::{Fault, Unreadable},
};

/// The pause between two readings for the same cause.
const INTERVAL: Duration = Duration::from_secs(10);

/// The keys in one secret.
pub(super) struct Store {
    manager: Manager,
    wanted: Wanted,
    ttl: Duration,
    cache: RwLock<Cache>,
    /// Locked across a reading on purpose: requests that wait for it share its result.
    reading: Mutex<Forced>,
}

/// The time of the latest reading for each cause.
#[derive(Default)]
struct Forced {
    unauthorized: Option<Instant>,
    unknown_signature: Option<Instant>,
    database_refused: Option<Instant>,
}

/// The effort of a reading.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effort {
    /// One attempt: there are cached keys, and a later request tries again.
    Once,
    /// A request depends on it, and has more to do after it.
    Brief,
    /// The start depends on it.
    Full,
}

impl Store {
    pub(super) fn new(manager: Manager, wanted: Wanted, ttl: Duration) -> Self {
        Self {
            manager,
            wanted,
            ttl,
            cache: RwLock::default(),
            reading: Mutex::default(),
        }
    }

    pub(super) async fn current(&self) -> Result<Arc<Keys>, Unreadable> {
        match self.freshness() {
            Freshness::Fresh(outcome) => return outcome,
            Freshness::Due(None) => {}
            // One request reads; the others go on with the cached keys.
            Freshness::Due(Some(keys)) => {
                return match self.reading.try_lock() {
                    Ok(reading) => self.read_if_due(reading).await,
                    Err(_) => Ok(keys),
                };
            }
        }
        let reading = self.reading.lock().await;
        self.read_if_due(reading).await
    }

    async fn read_if_due(&self, reading: MutexGuard<'_, Forced>) -> Result<Arc<Keys>, Unreadable> {
        // A concurrent request may have read it during the wait for the lock.
        match self.freshness() {
            Freshness::Fresh(outcome) => outcome,
            Freshness::Due(usable) => {
                let was_read = self.cache().latest().is_some();
                self.read(Effort::when(usable.is_some(), was_read), &reading)
                    .await
            }
        }
    }

    pub(super) async fn newer_than(&self, seen: &Keys, why: Cause) -> Option<Arc<Keys>> {
        let different = || {
            let usable = self.cache().usable(Instant::now());
            usable.filter(|keys| keys.differs(seen, why))
        };
        if let Some(keys) = different() {
            return Some(keys);
        }
        let mut reading = self.reading.lock().await;
        if let Some(keys) = different() {
            return Some(keys);
        }
        if !reading.allows(why, Instant::now()) {
            return None;
        }
        tracing::info!(
            secret.id = self.manager.id(),
            ?why,
            "the keys may have changed"
        );
        let _ = self.read(Effort::Brief, &reading).await;
        different()
    }

    /// Reads the secret and records the result; the lock proves that no other request does.
    async fn read(
        &self,
        effort: Effort,
        _reading: &MutexGuard<'_, Forced>,
    ) -> Result<Arc<Keys>, Unreadable> {
        let started = Instant::now();
        let read = self.read_keys(effort).await;
        let mut cache = self.cache.write().unwrap_or_else(PoisonError::into_inner);
        match read {
            Ok(keys) => {
                let keys = Arc::new(keys);
                cache.renew(Arc::clone(&keys), started + self.ttl);
                Ok(keys)
            }
            Err(fault) => {
                let failure = self.manager.unreadable(fault);
                let now = Instant::now();
                cache.fail(failure.clone(), now);
                let usable = cache.usable(now);
                // A start that fails reports it by itself.
                if cache.latest().is_some() {
                    report(&failure, usable.is_some());
                }
                usable.ok_or(failure)
            }
        }
    }

    async fn read_keys(&self, effort: Effort) -> Result<Keys, Fault> {
        let limit = effort.limit();
        let reading = self.manager.bundle(effort == Effort::Once);
        let bundle = timeout(limit, reading).await.unwrap_or_else(|_| {
            let seconds = limit.as_secs();
            Err(Fault::Transient(format!(
                "Secrets Manager did not answer within {seconds} s"
            )))
        })?;
        let keys = bundle::keys(&bundle.text, &self.wanted)?;
        self.check_mode(&keys)?;
        let (id, version) = (self.manager.id(), bundle.version);
        tracing::info!(secret.id = id, secret.version = version, "read the keys");
        Ok(keys)
    }

    /// Checks the mode: the database was opened for one, and a process does not change it.
    fn check_mode(&self, keys: &Keys) -> Result<(), Fault> {
        let before = self.cache().latest().and_then(|keys| keys.mode().ok());
        match (before, keys.mode().ok()) {
            (Some(before), Some(now)) if before != now => Err(Fault::Malformed(
                "STRIPE_SECRET_KEY is of another mode than the key that this process started with"
                    .to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn freshness(&self) -> Freshness {
        self.cache().freshness(Instant::now())
    }

    fn cache(&self) -> RwLockReadGuard<'_, Cache> {
        self.cache.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Effort {
    fn when(has_keys: bool, had_keys: bool) -> Self {
        match (has_keys, had_keys) {
            (true, _) => Self::Once,
            (false, true) => Self::Brief,
            (false, false) => Self::Full,
        }
    }

    fn limit(self) -> Duration {
        match self {
            Self::Once | Self::Brief => Duration::from_secs(3),
            // Above the limits of a call to AWS, which end it with a reason.
            Self::Full => Duration::from_secs(10),
        }
    }
}

impl Forced {
    /// True when `why` allows a reading at `now`; records it then.
    fn allows(&mut self, why: Cause, now: Instant) -> bool {
        let last = match why {
            Cause::Unauthorized => &mut self.unauthorized,
            Cause::UnknownSignature => &mut self.unknown_signature,
            Cause::DatabaseRefused => &mut self.database_refused,
        };
        let is_allowed = last.is_none_or(|last| now >= last + INTERVAL);
        if is_allowed {
            *last = Some(now);
        }
        is_allowed
    }
}

/// Logs each failed reading once: a transient failure with cached keys as a warning.
fn report(failure: &Unreadable, has_keys: bool) {
    match (failure.is_transient(), has_keys) {
        (true, true) => tracing::warn!(
            cause = %failure,
            metric.stale_keys = 1,
            "the keys could not be read again: the cached keys are used for a while"
        ),
        (false, true) => tracing::error!(
            cause = %failure,
            metric.stale_keys = 1,
            "the keys could not be read again: act before the cached keys expire"
        ),
        (_, false) => tracing::error!(
            cause = %failure,
            metric.no_keys = 1,
            "there are no keys: requests are answered 503 until the secret can be read"
        ),
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store")
            .field("secret", &self.manager.id())
            .field("wanted", &self.wanted)
            .field("ttl", &self.ttl)
            .finish_non_exhaustive()
    }
}
