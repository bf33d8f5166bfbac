//! The keys of a deployment.
//!
//! They have one source: the environment, or a secret in AWS Secrets Manager that
//! `FAREBOX_SECRET_ID` names. Code that needs a key calls [`Secrets::current`] each time and holds
//! it no longer than a call, so that a key rotation needs no restart. Call [`Secrets::newer_than`]
//! after a 401 or an unexplained signature: it refreshes the cached keys once.

mod bundle;
mod cache;
mod keys;
mod manager;
mod store;
mod unreadable;

use std::{sync::Arc, time::Duration};

pub(crate) use keys::{Address, GUESSABLE, NOTIFY_SECRET, is_guessable};
pub use keys::{Keys, Missing, Mode};
use manager::Manager;
use store::Store;
pub use unreadable::Unreadable;

use crate::{
    aws::Aws,
    env::{Reader, seconds},
};

/// The variable that names the secret.
pub(crate) const SECRET_ID: &str = "FAREBOX_SECRET_ID";
/// The default time for which keys are cached.
const TTL: Duration = Duration::from_secs(300);

/// The names of the keys for a function.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The required keys.
    pub(crate) needed: Vec<&'static str>,
    /// The keys that are used where present.
    pub(crate) optional: Vec<&'static str>,
    /// The address where Stripe's keys are used.
    pub(crate) stripe: Address,
}

impl Wanted {
    fn includes(&self, name: &str) -> bool {
        self.needed.contains(&name) || self.optional.contains(&name)
    }

    fn is_empty(&self) -> bool {
        self.needed.is_empty() && self.optional.is_empty()
    }
}

/// Provides the keys that are valid now; cheap to clone, and all clones share the same keys.
#[derive(Clone, Debug)]
pub struct Secrets {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// Read once at the start: the environment of a process does not change.
    Environment(Arc<Keys>),
    /// Read from Secrets Manager, and refreshed.
    Manager(Arc<Store>),
}

/// A sign that the cached keys may be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Stripe rejected the API key with 401.
    Unauthorized,
    /// No known webhook secret explains a signature that is well-formed and fresh.
    UnknownSignature,
    /// The database refused the password, or does not know the user.
    DatabaseRefused,
}

impl Secrets {
    /// Reads the keys from the environment, or names the secret, of which only the keys `wanted`
    /// are cached. Keys in both places are a problem: neither would silently win.
    pub(crate) fn read(read: &mut Reader<'_>, wanted: Wanted, aws: Option<&Aws>) -> Self {
        let id = read.value(SECRET_ID, secret_id);
        let ttl = read.value("FAREBOX_SECRET_TTL", seconds(10..=86_400));
        if !read.is_set(SECRET_ID) {
            let keys = Keys::read(read, wanted.stripe);
            let needed = wanted.needed.into_iter();
            needed.for_each(|name| read.require(name));
            return Self::holding(keys);
        }
        for name in Keys::NAMES {
            if read.is_set(name) {
                let what = "is set beside FAREBOX_SECRET_ID: keys come from one place";
                read.problem(name, what);
            }
        }
        match (id, aws) {
            (Some(id), Some(aws)) if !wanted.is_empty() => {
                let manager = Manager::new(aws, id);
                let store = Store::new(manager, wanted, ttl.unwrap_or(TTL));
                Self {
                    source: Source::Manager(Arc::new(store)),
                }
            }
            // No key is wanted, so nothing is read; or a problem was recorded, and nothing starts.
            _ => Self::none(),
        }
    }

    /// No keys at all.
    pub(crate) fn none() -> Self {
        Self::holding(Keys::default())
    }

    fn holding(keys: Keys) -> Self {
        Self {
            source: Source::Environment(Arc::new(keys)),
        }
    }

    /// The mode, test or live; `None` when there is no Stripe key.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] as for [`Secrets::current`].
    pub async fn mode(&self) -> Result<Option<Mode>, Unreadable> {
        Ok(self.current().await?.mode().ok())
    }

    /// The keys that are valid now.
    ///
    /// The first call reads the secret; later ones refresh it after `FAREBOX_SECRET_TTL`.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] when the secret was never read, or could not be refreshed for too long. Keys
    /// from the environment are always there.
    pub async fn current(&self) -> Result<Arc<Keys>, Unreadable> {
        match &self.source {
            Source::Environment(keys) => Ok(Arc::clone(keys)),
            Source::Manager(store) => store.current().await,
        }
    }

    /// Keys that differ from those `seen` in the respect of `why`, if there are any.
    ///
    /// Refreshes the secret where the cached keys do not differ, at most once every ten seconds for
    /// each cause. So forged webhooks cannot drive it, nor keep it from a caller whom Stripe
    /// answered 401.
    pub async fn newer_than(&self, seen: &Keys, why: Cause) -> Option<Arc<Keys>> {
        match &self.source {
            Source::Environment(_) => None,
            Source::Manager(store) => store.newer_than(seen, why).await,
        }
    }
}

/// The name or the ARN of a secret. Messages show it, so text that looks like a key is refused.
fn secret_id(text: &str) -> Result<String, &'static str> {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"/_+=.@-:".contains(&b);
    if keys::looks_like_a_key(text) {
        return Err("holds a key; it must be the name or the ARN of a secret that holds the keys");
    }
    match text.len() <= 2048 && text.bytes().all(is_allowed) {
        true => Ok(text.to_owned()),
        false => Err("must be the name or the ARN of a secret in AWS Secrets Manager"),
    }
}
