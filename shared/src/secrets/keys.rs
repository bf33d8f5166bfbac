//! The keys, and the checks that each is of the right kind.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret as _, SecretString};

use super::Cause;
use crate::{
    Error,
    env::{Reader, need},
};

/// The keys of one deployment. A function receives those that it needs, and no more.
#[derive(Debug, Default)]
pub struct Keys {
    stripe_secret_key: Option<SecretString>,
    stripe_publishable_key: Option<String>,
    stripe_webhook_secrets: Vec<SecretString>,
    site_key: Option<SecretString>,
    notify_secret: Option<SecretString>,
    database_url: Option<SecretString>,
    mode: Option<Mode>,
}

/// A missing key, by the name of its variable.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is missing")]
pub struct Missing(pub &'static str);

/// Stripe's mode: test, or live with real money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Keys that begin with `sk_test_` and like; no money moves.
    Test,
    /// Keys that begin with `sk_live_` and like.
    Live,
}

/// The address of Stripe's API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Address {
    /// Stripe's own address.
    #[default]
    Stripes,
    /// Another address, such as a sandbox's.
    Other,
}

impl Mode {
    /// The value of `livemode` in Stripe's objects.
    #[must_use]
    pub fn is_live(self) -> bool {
        self == Self::Live
    }

    /// `test` or `live`, as a database stores it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Test => "test",
            Self::Live => "live",
        }
    }

    /// The mode that a database stored as `text`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Test, Self::Live]
            .into_iter()
            .find(|mode| mode.as_str() == text)
    }
}

impl Keys {
    /// The names of all keys, in the environment and in a secret alike.
    pub(crate) const NAMES: [&str; 5] = [
        need::STRIPE_SECRET_KEY,
        need::STRIPE_PUBLISHABLE_KEY,
        need::STRIPE_WEBHOOK_SECRET,
        need::FAREBOX_SITE_KEY,
        NOTIFY_SECRET,
    ];

    /// With the address of the database, as a secret holds it beside the keys.
    pub(super) fn with_database(self, read: &mut Reader<'_>) -> Self {
        let database_url = read.value(need::DATABASE_URL, |text| {
            let is_postgres = ["postgres://", "postgresql://"];
            let is_postgres = is_postgres.iter().any(|start| text.starts_with(start));
            is_postgres
                .then(|| SecretString::from(text))
                .ok_or("is no `postgres://` URL: other databases have no password to keep secret")
        });
        Self {
            database_url,
            ..self
        }
    }

    /// Reads the keys. Live keys are a problem unless `stripe` is Stripe's own address.
    pub(crate) fn read(read: &mut Reader<'_>, stripe: Address) -> Self {
        let secret = read.value(need::STRIPE_SECRET_KEY, |text| {
            stripe_key(text, &["sk_", "rk_"])
        });
        let publishable = read.value(need::STRIPE_PUBLISHABLE_KEY, |text| {
            stripe_key(text, &["pk_"])
        });
        let modes = [&secret, &publishable].map(|key| key.as_ref().map(|(_, mode)| *mode));
        if let [Some(one), Some(other)] = modes
            && one != other
        {
            let what = "is of another mode than STRIPE_SECRET_KEY: both must be test keys, or \
                        both live keys";
            read.problem(need::STRIPE_PUBLISHABLE_KEY, what);
        }
        let mode = modes.into_iter().flatten().next();
        if (mode, stripe) == (Some(Mode::Live), Address::Other) {
            let what =
                "is a live key, which goes to Stripe alone: STRIPE_API_BASE names another address";
            read.problem(need::STRIPE_SECRET_KEY, what);
        }
        Self {
            stripe_secret_key: secret.map(|(key, _)| SecretString::from(key)),
            stripe_publishable_key: publishable.map(|(key, _)| key),
            stripe_webhook_secrets: read
                .value(need::STRIPE_WEBHOOK_SECRET, webhook_secrets)
                .unwrap_or_default(),
            site_key: read.value(need::FAREBOX_SITE_KEY, site_key),
            notify_secret: read.value(NOTIFY_SECRET, notify_secret),
            database_url: None,
            mode,
        }
    }

    /// The key for calls to Stripe.
    ///
    /// # Errors
    ///
    /// [`Missing`] when the key is missing.
    pub fn stripe_secret_key(&self) -> Result<&SecretString, Missing> {
        required(self.stripe_secret_key.as_ref(), need::STRIPE_SECRET_KEY)
    }

    /// The key for the browser; not a secret.
    ///
    /// # Errors
    ///
    /// [`Missing`] when the key is missing.
    pub fn stripe_publishable_key(&self) -> Result<&str, Missing> {
        let key = self.stripe_publishable_key.as_deref();
        required(key, need::STRIPE_PUBLISHABLE_KEY)
    }

    /// The secrets of the webhook endpoints, at least one of them.
    ///
    /// # Errors
    ///
    /// [`Missing`] when there is none: a signature is never checked against nothing.
    pub fn stripe_webhook_secrets(&self) -> Result<&[SecretString], Missing> {
        match self.stripe_webhook_secrets.as_slice() {
            [] => Err(Missing(need::STRIPE_WEBHOOK_SECRET)),
            secrets => Ok(secrets),
        }
    }

    /// The key by which the site's server signs tokens.
    ///
    /// # Errors
    ///
    /// [`Missing`] when the key is missing.
    pub fn site_key(&self) -> Result<&SecretString, Missing> {
        required(self.site_key.as_ref(), need::FAREBOX_SITE_KEY)
    }

    /// The secret by which deliveries to an endpoint are signed.
    ///
    /// # Errors
    ///
    /// [`Missing`] when the key is missing.
    pub fn notify_secret(&self) -> Result<&SecretString, Missing> {
        required(self.notify_secret.as_ref(), NOTIFY_SECRET)
    }

    /// The address of the database, where the secret that holds the keys holds it as well.
    ///
    /// # Errors
    ///
    /// [`Missing`] when it is not there.
    pub fn database_url(&self) -> Result<&SecretString, Missing> {
        required(self.database_url.as_ref(), need::DATABASE_URL)
    }

    /// The mode, by Stripe's keys.
    ///
    /// # Errors
    ///
    /// [`Missing`] when there is no Stripe key.
    pub fn mode(&self) -> Result<Mode, Missing> {
        required(self.mode, need::STRIPE_SECRET_KEY)
    }

    /// True when these differ from `other` in the respect of `why`. Both are Farebox's own, so the
    /// time of the comparison reveals nothing.
    pub(super) fn differs(&self, other: &Self, why: Cause) -> bool {
        let (own, others) = (self.about(why), other.about(why));
        let is_same = |(own, other): (&SecretString, &SecretString)| {
            own.expose_secret() == other.expose_secret()
        };
        own.len() != others.len() || !own.iter().zip(others).all(is_same)
    }

    fn about(&self, why: Cause) -> &[SecretString] {
        match why {
            Cause::Unauthorized => self.stripe_secret_key.as_slice(),
            Cause::UnknownSignature => &self.stripe_webhook_secrets,
            Cause::DatabaseRefused => self.database_url.as_slice(),
        }
    }
}

/// The name of the key that signs notifications.
pub(crate) const NOTIFY_SECRET: &str = "FAREBOX_NOTIFY_SECRET";

fn required<T>(key: Option<T>, name: &'static str) -> Result<T, Missing> {
    key.ok_or(Missing(name))
}

/// True when `text` may be a Stripe key, which must not be shown.
pub(super) fn looks_like_a_key(text: &str) -> bool {
    KINDS.iter().any(|(prefix, _)| text.starts_with(prefix))
}

/// The prefixes of Stripe's keys, and the names of their kinds.
const KINDS: [(&str, &str); 4] = [
    ("sk_", "a secret key (sk_…)"),
    ("rk_", "a restricted key (rk_…)"),
    ("pk_", "a publishable key (pk_…)"),
    ("whsec_", "a webhook secret (whsec_…)"),
];

fn is_key_text(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The error for a key that should be of one of the kinds `wanted`.
fn wrong_kind(text: &str, wanted: &[&str]) -> String {
    let named = |prefix: &str| {
        KINDS
            .iter()
            .find(|(p, _)| *p == prefix)
            .map(|(_, name)| *name)
    };
    let wanted: Vec<&str> = wanted.iter().filter_map(|prefix| named(prefix)).collect();
    let wanted = wanted.join(" or ");
    match KINDS.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        Some((_, found)) if !wanted.contains(found) => {
            format!("holds {found}; it must be {wanted}")
        }
        _ => format!("is not {wanted} of the form that Stripe gives out"),
    }
}

/// A key of one of the kinds `wanted`, and its mode.
fn stripe_key(text: &str, wanted: &[&str]) -> Result<(String, Mode), String> {
    let rest = wanted.iter().find_map(|prefix| text.strip_prefix(prefix));
    let rest = rest.ok_or_else(|| wrong_kind(text, wanted))?;
    let (mode, rest) = match (rest.strip_prefix("test_"), rest.strip_prefix("live_")) {
        (Some(rest), _) => (Mode::Test, rest),
        (_, Some(rest)) => (Mode::Live, rest),
        _ => return Err(wrong_kind(text, wanted)),
    };
    match is_key_text(rest) {
        true => Ok((text.to_owned(), mode)),
        false => Err(wrong_kind(text, wanted)),
    }
}

/// One or several `whsec_…`, comma-separated; during a rotation there are two.
fn webhook_secrets(text: &str) -> Result<Vec<SecretString>, String> {
    text.split(',')
        .map(|secret| match secret.strip_prefix("whsec_") {
            Some(rest) if is_key_text(rest) => Ok(SecretString::from(secret)),
            _ => Err(wrong_kind(secret, &["whsec_"])),
        })
        .collect()
}

/// The error for a guessable secret.
pub(crate) const GUESSABLE: &str = "repeats a few characters: it must be made at random";

/// True when a secret has fewer different characters than a random one: of sixteen random
/// hexadecimal digits, fewer than six different ones come once in a hundred thousand times.
pub(crate) fn is_guessable(secret: &[u8]) -> bool {
    let different: std::collections::BTreeSet<&u8> = secret.iter().collect();
    different.len() < 6
}

/// HS256 wants a key no shorter than its hash (RFC 7518, section 3.2).
fn site_key(text: &str) -> Result<SecretString, String> {
    if looks_like_a_key(text) {
        return Err("holds a key of Stripe's; it must be a secret of its own".to_owned());
    }
    match text.len() {
        0..32 => Err("is too short: at least 32 characters, made at random".to_owned()),
        _ if is_guessable(text.as_bytes()) => Err(GUESSABLE.to_owned()),
        _ => Ok(SecretString::from(text)),
    }
}

/// Standard Webhooks: `whsec_` and base64.
fn notify_secret(text: &str) -> Result<SecretString, String> {
    let key = text
        .strip_prefix("whsec_")
        .map(|rest| STANDARD.decode(rest));
    match key {
        Some(Ok(key)) if key.len() >= 24 && is_guessable(&key) => Err(GUESSABLE.to_owned()),
        Some(Ok(key)) if key.len() >= 24 => Ok(SecretString::from(text)),
        _ => Err("must be `whsec_` and the base64 of at least 24 random bytes".to_owned()),
    }
}

impl From<Missing> for Error {
    fn from(missing: Missing) -> Self {
        Self::Unavailable(Box::new(missing))
    }
}
