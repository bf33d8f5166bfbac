//! AWS credentials on Vercel: exchanged for a token that comes with a request, cached, and renewed
//! in time.
//!
//! Vercel proves by a signed token (OIDC) which project a request runs in. AWS accepts it by the
//! role's trust policy, and issues credentials for an hour. The host presents each request's token
//! before any other step. Calls to AWS then use the cached credentials.

use std::{
    fmt,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, error::CredentialsError, future},
};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::{
    sync::{Mutex, MutexGuard},
    time::Instant,
};

use super::sts::{Sts, StsError};
use crate::Clock;

/// The time before their end from which credentials are renewed.
const RENEW: Duration = Duration::from_secs(10 * 60);
/// The time before their end from which they are not used any more: a request that begins with them
/// must also end.
const RESERVE: Duration = Duration::from_secs(2 * 60);
/// The pause before a refused token is presented again.
const PAUSE: Duration = Duration::from_secs(1);

/// The credentials on Vercel; cheap to clone, and all clones share them.
#[derive(Clone)]
pub struct WebIdentity {
    shared: Arc<Shared>,
}

struct Shared {
    sts: Sts,
    held: RwLock<Option<Held>>,
    /// Locked across the exchange on purpose, so that concurrent requests share one. It guards the
    /// latest refusal.
    exchanging: Mutex<Option<Failed>>,
}

#[derive(Clone)]
struct Held {
    credentials: Credentials,
    until: Instant,
}

struct Failed {
    token: SecretString,
    error: StsError,
    at: Instant,
}

/// The validity of the cached credentials.
enum Validity {
    Good,
    /// Valid for now; the next request renews them.
    Aging,
    Gone,
}

impl WebIdentity {
    pub(super) fn new(sts: Sts) -> Self {
        let shared = Shared {
            sts,
            held: RwLock::default(),
            exchanging: Mutex::default(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Makes credentials available for a request with `token`: the cached ones, or new ones.
    ///
    /// # Errors
    ///
    /// [`StsError`] when no cached ones are valid for long enough, and AWS issues none.
    pub async fn present(&self, token: Option<&SecretString>) -> Result<(), StsError> {
        match self.validity() {
            Validity::Good => Ok(()),
            // One request renews; the others go on with the cached credentials. A failure is only
            // logged.
            Validity::Aging => {
                if let (Ok(last), Some(token)) = (self.shared.exchanging.try_lock(), token)
                    && let Err(refused) = self.renew(token, last).await
                {
                    tracing::warn!(cause = %refused, "AWS's credentials could not be renewed yet");
                }
                Ok(())
            }
            Validity::Gone => {
                let token = token.ok_or(StsError::NoToken)?;
                let last = self.shared.exchanging.lock().await;
                match self.validity() {
                    // A concurrent request was faster.
                    Validity::Good => Ok(()),
                    _ => self.renew(token, last).await,
                }
            }
        }
    }

    async fn renew(
        &self,
        token: &SecretString,
        mut last: MutexGuard<'_, Option<Failed>>,
    ) -> Result<(), StsError> {
        if let Some(failed) = &*last
            && failed.at.elapsed() < PAUSE
            && failed.token.expose_secret() == token.expose_secret()
        {
            return Err(failed.error.clone());
        }
        let began = Instant::now();
        let issued = self.shared.sts.exchange(token).await.and_then(|issued| {
            let left = u64::try_from(issued.until - Clock::default().now()).unwrap_or(0);
            let until = began + Duration::from_secs(left);
            match began + RESERVE < until {
                true => Ok(Held {
                    credentials: issued.credentials,
                    until,
                }),
                false => Err(StsError::Malformed),
            }
        });
        match issued {
            Ok(held) => {
                let seconds = (held.until - began).as_secs();
                tracing::info!(
                    lifetime_seconds = seconds,
                    "AWS issued credentials for Vercel's token"
                );
                *self
                    .shared
                    .held
                    .write()
                    .unwrap_or_else(PoisonError::into_inner) = Some(held);
                *last = None;
                Ok(())
            }
            Err(error) => {
                *last = Some(Failed {
                    token: token.clone(),
                    error: error.clone(),
                    at: Instant::now(),
                });
                Err(error)
            }
        }
    }

    fn validity(&self) -> Validity {
        let left = self.held().map(|held| held.until - Instant::now());
        match left {
            Some(left) if left > RENEW => Validity::Good,
            Some(left) if left > RESERVE => Validity::Aging,
            _ => Validity::Gone,
        }
    }

    fn held(&self) -> Option<Held> {
        let held = self.shared.held.read();
        held.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ProvideCredentials for WebIdentity {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        let held = self.held().filter(|held| Instant::now() < held.until);
        future::ProvideCredentials::ready(match held {
            Some(held) => Ok(held.credentials),
            None => Err(CredentialsError::not_loaded(
                "no request has brought a token of Vercel's that AWS takes",
            )),
        })
    }
}

impl fmt::Debug for WebIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebIdentity")
            .field("sts", &self.shared.sts)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
