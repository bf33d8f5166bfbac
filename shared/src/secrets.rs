//! The keys of a deployment, behind the type that hands them out.
//!
//! They come from one place: from the environment, or from a secret in AWS Secrets Manager that
//! `FAREBOX_SECRET_ID` names. Whoever needs a key asks [`Secrets::current`] each time and holds it
//! no longer than a call, so that keys that change are followed without a restart. Who meets a sign
//! that the held keys are out of date asks [`Secrets::newer_than`].

mod bundle;
mod held;
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
/// How long keys are held before the secret is read again.
const TTL: Duration = Duration::from_secs(300);

/// The names of the keys that a function is given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// Those that must be there.
    pub(crate) needed: Vec<&'static str>,
    /// Those that are held where they are there.
    pub(crate) optional: Vec<&'static str>,
    /// Where Stripe's keys are used.
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

/// Hands out the keys that are valid now; cheap to clone, and all clones hold the same keys.
#[derive(Clone, Debug)]
pub struct Secrets {
    source: Source,
}

#[derive(Clone, Debug)]
enum Source {
    /// Read once at the start: the environment of a process does not change.
    Environment(Arc<Keys>),
    /// Read from Secrets Manager, and read again when that is due.
    Manager(Arc<Store>),
}

/// What tells that the held keys may be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Cause {
    /// Stripe does not take the API key: it answered 401.
    Unauthorized,
    /// No webhook secret that is held explains a signature that is well-formed and fresh.
    UnknownSignature,
}

impl Secrets {
    /// From the environment, or from the secret that it names, of which only the keys `wanted` are
    /// held. Keys in both places are a problem: none would silently win.
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
            // Nothing is wanted, so nothing is read; or a problem was noted, and nothing starts.
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

    /// Whether real money moves; `None` when no key of Stripe's is held.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] as for [`Secrets::current`].
    pub async fn mode(&self) -> Result<Option<Mode>, Unreadable> {
        Ok(self.current().await?.mode().ok())
    }

    /// The keys that are valid now. The first call reads the secret; later ones read it again when
    /// `FAREBOX_SECRET_TTL` is over.
    ///
    /// # Errors
    ///
    /// [`Unreadable`] when the secret was never read, or could not be read again for too long.
    /// Keys from the environment are always there.
    pub async fn current(&self) -> Result<Arc<Keys>, Unreadable> {
        match &self.source {
            Source::Environment(keys) => Ok(Arc::clone(keys)),
            Source::Manager(store) => store.current().await,
        }
    }

    /// Keys that differ from those `seen` in what `why` is about, if there are any. Reads the
    /// secret again where the held keys do not differ, at most once every ten seconds for each
    /// cause: forged webhooks cannot drive it, nor keep it from who was refused by Stripe.
    pub async fn newer_than(&self, seen: &Keys, why: Cause) -> Option<Arc<Keys>> {
        match &self.source {
            Source::Environment(_) => None,
            Source::Manager(store) => store.newer_than(seen, why).await,
        }
    }
}

/// The name or the ARN of a secret. It is shown in messages, so what looks like a key is none.
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
