//! Rate limits against card testing: on the payments that one caller, and one address, may start,
//! and on the failed charges of one order. Also limits a caller's requests that cost other calls to
//! Stripe.
//!
//! A handler takes a [`RateLimiter`] as a parameter and passes it to the
//! [`CheckoutService`](crate::purchase::CheckoutService), which calls it before Stripe:
//! `limiter.admit(payer, &order).await?`. The database counts the starts, so that all processes
//! share the limits. `docs/security.md` has the rule.
//!
//! - `settings`: the limits.
//! - `address`: the client's address, as far as it can be trusted.
//! - `proxies`: the proxies that may name it.

mod address;
mod proxies;
mod settings;

use axum::extract::{FromRef, FromRequestParts};
use hyper::http::request::Parts;
pub use proxies::Proxies;
use secrecy::ExposeSecret as _;
pub use settings::{Settings, Source};

use self::address::Address;
use crate::{
    Clock, Error, Secrets, digest,
    ids::CallerId,
    order::{Order, OrderId},
    store::{
        Limit, RateLimitOutcome, RateLimitRequest, RateLimitSubject, RateLimited, Store,
        SubjectKind,
    },
};

/// Counts payment starts; cheap to clone.
#[derive(Clone, Debug)]
pub struct RateLimits {
    settings: Settings,
    secrets: Secrets,
    store: Store,
    clock: Clock,
}

impl RateLimits {
    /// Creates limits by `settings`, counted in `store` under names that a key in `secrets` hides.
    #[must_use]
    pub fn new(settings: Settings, secrets: Secrets, store: Store, clock: Clock) -> Self {
        Self {
            settings,
            secrets,
            store,
            clock,
        }
    }
}

/// A request that costs calls to Stripe and starts no payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// For the billing portal.
    Portal,
    /// For a customer's data at Stripe.
    Customer,
    /// For a change of a subscription.
    SubscriptionChange,
    /// For the preview of one.
    SubscriptionPreview,
}

impl Lookup {
    fn word(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Customer => "customer",
            Self::SubscriptionChange => "subscription_change",
            Self::SubscriptionPreview => "subscription_preview",
        }
    }

    /// The limit of one caller within the window: portals and changes as many as payments, and more
    /// look-ups and previews, since pages need them.
    fn most(self, payments: Limit) -> usize {
        match self {
            Self::Portal | Self::SubscriptionChange => payments.started,
            Self::Customer | Self::SubscriptionPreview => {
                payments.started.saturating_mul(6).min(settings::MOST)
            }
        }
    }
}

/// The rate limits, for the sender of one request.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    limits: RateLimits,
    address: Address,
}

impl<S: Send + Sync> FromRequestParts<S> for RateLimiter
where
    RateLimits: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let limits = RateLimits::from_ref(state);
        let address = Address::of(parts, &limits.settings.source, &limits.settings.proxies);
        Ok(Self { limits, address })
    }
}

impl RateLimiter {
    /// Records that `payer` starts `order`, once, however often it is called.
    ///
    /// An order that is in the database has started, and is admitted.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyPayments`] when the payer, or their address, started too many; then nothing
    /// is counted. [`Error::Unavailable`] when the database did not answer, or there are no keys.
    pub async fn admit(&self, payer: &CallerId, order: &OrderId) -> Result<(), Error> {
        let RateLimits { store, clock, .. } = &self.limits;
        let request = RateLimitRequest {
            order: order.clone(),
            subjects: self.subjects(payer).await?,
            window: self.limits.settings.window,
            stays_unpaid: true,
        };
        if request.subjects.is_empty() {
            return Ok(());
        }
        match store.admit(request, clock.now()).await? {
            RateLimitOutcome::Yes => Ok(()),
            RateLimitOutcome::No(many) => Err(refused(payer, many)),
        }
    }

    /// Records that another attempt at `order` replaces the open one, once for each, as one more
    /// start of its owner.
    ///
    /// # Errors
    ///
    /// As [`RateLimiter::admit`].
    pub async fn admit_next_attempt(&self, order: &Order) -> Result<(), Error> {
        let next = order.attempt_number() + 1;
        let counted_as = OrderId::of_operation(&format!("attempt {next} of {}", order.id()));
        self.admit(order.owner(), &counted_as).await
    }

    /// The error for `order` where too many charges for it failed lately.
    pub(crate) fn over_attempts(&self, order: &Order) -> Option<Error> {
        let RateLimits {
            settings, clock, ..
        } = &self.limits;
        let wait = settings.wait_after_failures(order, clock.now())?;
        let retry_after = seconds(wait);
        tracing::warn!(
            caller = order.owner().alias(),
            order.id = %order.id(),
            limit.of = "order",
            limit.on = "failed",
            limit.retry_after_seconds = retry_after,
            metric.too_many_payments = 1,
            "too many charges of one order failed: someone may be testing cards"
        );
        Some(Error::TooManyPayments { retry_after })
    }

    /// Records a `lookup` of `caller`, which costs calls to Stripe.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`] when the caller sent too many; then nothing is counted. Else as
    /// [`RateLimiter::admit`].
    pub async fn admit_lookup(&self, caller: &CallerId, lookup: Lookup) -> Result<(), Error> {
        let RateLimits {
            settings,
            store,
            clock,
            ..
        } = &self.limits;
        let Some(limit) = settings.caller else {
            return Ok(());
        };
        let started = lookup.most(limit);
        let limit = Limit { started, ..limit };
        let subject = (lookup.word(), caller.as_str(), SubjectKind::Caller, limit);
        let request = RateLimitRequest {
            order: OrderId::of_operation(&format!("request {:032x}", fastrand::u128(..))),
            subjects: self.named(vec![subject]).await?,
            window: settings.window,
            stays_unpaid: false,
        };
        match store.admit(request, clock.now()).await? {
            RateLimitOutcome::Yes => Ok(()),
            RateLimitOutcome::No(many) => {
                let retry_after = seconds(many.retry_after);
                tracing::warn!(
                    caller = caller.alias(),
                    limit.of = lookup.word(),
                    limit.retry_after_seconds = retry_after,
                    "too many requests from one caller"
                );
                Err(Error::TooManyRequests { retry_after })
            }
        }
    }

    /// All subjects for whom a payment of `payer` counts.
    async fn subjects(&self, payer: &CallerId) -> Result<Vec<RateLimitSubject>, Error> {
        let Settings {
            caller, address, ..
        } = &self.limits.settings;
        let mut all = Vec::new();
        if let Some(limit) = *caller {
            all.push((
                word(SubjectKind::Caller),
                payer.as_str(),
                SubjectKind::Caller,
                limit,
            ));
        }
        if let Some(limit) = *address {
            let at = self
                .address
                .counted()
                .into_iter()
                .zip([limit, limit.of_network()]);
            let at =
                at.map(|(at, limit)| (word(SubjectKind::Address), at, SubjectKind::Address, limit));
            all.extend(at);
        }
        self.named(all).await
    }

    /// The subjects with a word, a name, a kind and a limit each, under keys that reveal no name.
    async fn named(
        &self,
        all: Vec<(&'static str, &str, SubjectKind, Limit)>,
    ) -> Result<Vec<RateLimitSubject>, Error> {
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.limits.secrets.current().await?;
        // A site whose callers come with tokens of an issuer alone may have no site key.
        let key = keys.site_key().or_else(|_| keys.stripe_secret_key())?;
        let key = key.expose_secret().as_bytes();
        let subjects = all
            .into_iter()
            .map(|(word, name, kind, limit)| RateLimitSubject {
                key: digest::keyed(key, &["admissions", word, name])[..32].to_owned(),
                kind,
                limit,
            });
        Ok(subjects.collect())
    }
}

impl Limit {
    /// The limit for all addresses of a provider's one customer or site, where this is that of one
    /// address.
    fn of_network(self) -> Self {
        let four_times = |one: usize| one.saturating_mul(4).min(settings::MOST);
        Self {
            started: four_times(self.started),
            open: four_times(self.open),
        }
    }
}

/// The seconds for `Retry-After`.
fn seconds(wait: i64) -> u64 {
    u64::try_from(wait).unwrap_or(1)
}

/// The error, and a log line for the operator that does not reveal the subject.
fn refused(payer: &CallerId, many: RateLimited) -> Error {
    let retry_after = seconds(many.retry_after);
    tracing::warn!(
        caller = payer.alias(),
        limit.of = word(many.kind),
        limit.on = if many.are_open { "open" } else { "started" },
        limit.retry_after_seconds = retry_after,
        metric.too_many_payments = 1,
        "too many payments: someone may be testing cards"
    );
    Error::TooManyPayments { retry_after }
}

fn word(kind: SubjectKind) -> &'static str {
    match kind {
        SubjectKind::Caller => "caller",
        SubjectKind::Address => "address",
    }
}
