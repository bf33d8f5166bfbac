//! Caches the keys that an issuer publishes.
//!
//! Keys are fetched when the cache is empty, when it is ten minutes old, and when a token names an
//! unknown key, as after a key rotation. Concurrent requests share one fetch. For unknown keys
//! there is one fetch in half a minute, since anybody can make up their names. When fetches fail,
//! the cached keys stay valid for a day. Without any keys no caller can be authenticated, which is
//! a fault of the service and not of the caller.

mod key;

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, Uri, body::Bytes, header::ACCEPT};
use jsonwebtoken::{Algorithm, DecodingKey};
use key::Key;
use tokio::{
    sync::{Mutex, OwnedMutexGuard},
    time::timeout,
};
use tracing::Instrument as _;

use crate::{Clock, cause::Cause, http};

/// The seconds after which cached keys are fetched anew.
const FRESH: i64 = 600;
/// The seconds after which cached keys are no longer valid, even if fetches fail.
const GOOD: i64 = 24 * 60 * 60;
/// The seconds between two fetches with cached keys.
const BETWEEN: i64 = 30;
/// The seconds between two fetches without cached keys: the error's `Retry-After`.
const BETWEEN_FIRST: i64 = 2;
/// The timeout of a fetch.
const TIMEOUT: Duration = Duration::from_secs(3);
/// The largest key set, in bytes.
const LARGEST: usize = 256 * 1024;

/// The keys of one issuer; cheap to clone, and all clones share them.
#[derive(Clone, Debug)]
pub(super) struct Jwks(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    url: Uri,
    http: http::Client,
    clock: Clock,
    held: RwLock<Option<Held>>,
    /// The time of the last fetch's begin; locked during a fetch.
    tried: Arc<Mutex<Option<i64>>>,
}

/// Keys, with the time of their fetch.
#[derive(Clone, Debug)]
struct Held {
    keys: Arc<[Key]>,
    since: i64,
}

/// No keys are cached, and none could be fetched.
#[derive(Debug, thiserror::Error)]
#[error("Farebox could not fetch the issuer's keys")]
pub(crate) struct NoKeys;

impl Jwks {
    pub(super) fn new(url: Uri, clock: Clock) -> Self {
        Self(Arc::new(Shared {
            url,
            http: http::pooled_client(),
            clock,
            held: RwLock::default(),
            tried: Arc::default(),
        }))
    }

    /// The key called `kid`, for `algorithm`; `None` when the issuer has no such key.
    ///
    /// # Errors
    ///
    /// [`NoKeys`] when the issuer's keys are unknown.
    pub(super) async fn key(
        &self,
        kid: &str,
        algorithm: Algorithm,
    ) -> Result<Option<DecodingKey>, NoKeys> {
        let held = self.0.held();
        let found = held.as_ref().and_then(|held| held.find(kid, algorithm));
        let tried = Arc::clone(&self.0.tried);
        let tried = match (&held, found) {
            (Some(held), Some(found)) => {
                if held.age(self.0.clock.now()) < FRESH {
                    return Ok(Some(found));
                }
                // The first request fetches; others with a usable key need not wait.
                match tried.try_lock_owned() {
                    Ok(tried) => tried,
                    Err(_) => return Ok(Some(found)),
                }
            }
            _ => tried.lock_owned().await,
        };
        if self.0.wants_fetch(*tried, kid, algorithm) {
            // As a task, so that a caller who disconnects does not end it for those who wait.
            let fetch = Arc::clone(&self.0).fetch(tried).in_current_span();
            let _ = tokio::spawn(fetch).await;
        }
        let held = self.0.held().ok_or(NoKeys)?;
        Ok(held.find(kid, algorithm))
    }
}

impl Held {
    fn find(&self, kid: &str, algorithm: Algorithm) -> Option<DecodingKey> {
        let mut keys = self.keys.iter();
        keys.find(|key| key.id == kid && key.algorithm == algorithm)
            .map(|key| key.key.clone())
    }

    /// The age in seconds. A clock that was set back makes keys old, and never young.
    fn age(&self, now: i64) -> i64 {
        match now.checked_sub(self.since) {
            Some(age) if age >= 0 => age,
            _ => FRESH,
        }
    }
}

impl Shared {
    /// The cached keys, while they are valid.
    fn held(&self) -> Option<Held> {
        let held = self.held.read().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        held.clone().filter(|held| held.age(now) < GOOD)
    }

    /// True when a fetch is needed: not when a concurrent one found the key, nor when one began at
    /// `tried`, just now.
    fn wants_fetch(&self, tried: Option<i64>, kid: &str, algorithm: Algorithm) -> bool {
        let now = self.clock.now();
        let held = self.held();
        let is_found = held
            .as_ref()
            .is_some_and(|held| held.age(now) < FRESH && held.find(kid, algorithm).is_some());
        let between = match held {
            Some(_) => BETWEEN,
            None => BETWEEN_FIRST,
        };
        let is_soon = tried.is_some_and(|tried| (0..between).contains(&(now - tried)));
        !is_found && !is_soon
    }

    /// Fetches and caches the keys; `tried` is locked meanwhile.
    async fn fetch(self: Arc<Self>, mut tried: OwnedMutexGuard<Option<i64>>) {
        let now = self.clock.now();
        *tried = Some(now);
        let published = timeout(TIMEOUT, self.published()).await;
        match published.map_err(Cause::from).and_then(|keys| keys) {
            Ok(keys) => {
                tracing::info!(keys = keys.len(), "fetched the issuer's keys");
                let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
                *held = Some(Held { keys, since: now });
            }
            Err(cause) => tracing::error!(%cause, "Farebox could not fetch the issuer's keys"),
        }
    }

    /// The issuer's present keys.
    async fn published(&self) -> Result<Arc<[Key]>, Cause> {
        let request = Request::get(&self.url)
            .header(ACCEPT, "application/jwk-set+json, application/json")
            .body(Full::<Bytes>::default())?;
        let (head, body) = self.http.request(request).await?.into_parts();
        if head.status != StatusCode::OK {
            return Err(format!("the status is {}", head.status.as_u16()).into());
        }
        let body = Limited::new(body, LARGEST).collect().await?.to_bytes();
        key::of_set(&body)
    }
}
