//! How many payments one caller, and one address, may start, and how many charges of one order may
//! fail: against those who try stolen cards. And how often one caller may have Stripe asked for
//! other things.
//!
//! A handler takes a [`RateLimiter`] as a parameter and hands it to the
//! [`CheckoutService`](crate::purchase::CheckoutService), which asks it before anything is asked of
//! Stripe: `limiter.admit(payer, &order).await?`. What was started is counted in the database, so
//! that the bounds hold for all processes together. `docs/security.md` has the rule.
//!
//! - `settings`: the bounds.
//! - `address`: where a request came from, as far as it can be trusted.

mod address;
mod settings;

use axum::extract::{FromRef, FromRequestParts};
use hyper::http::request::Parts;
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

/// Counts the payments that are started; cheap to clone.
#[derive(Clone, Debug)]
pub struct RateLimits {
    settings: Settings,
    secrets: Secrets,
    store: Store,
    clock: Clock,
}

impl RateLimits {
    /// Limits as `settings` say, counted in `store` under names that a key in `secrets` hides.
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

/// A request that costs calls to Stripe, and starts no payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// Of the billing portal.
    Portal,
    /// Of what Stripe holds about a customer.
    Customer,
}

impl Lookup {
    fn word(self) -> &'static str {
        match self {
            Self::Portal => "portal",
            Self::Customer => "customer",
        }
    }

    /// How many of one caller there may be within the window: portals as many as payments, and more
    /// looks at customers, as a page for staff takes them.
    fn most(self, payments: Limit) -> usize {
        match self {
            Self::Portal => payments.started,
            Self::Customer => payments.started.saturating_mul(6).min(settings::MOST),
        }
    }
}

/// The limits, for whoever sent one request.
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
        let address = Address::of(parts, &limits.settings.source);
        Ok(Self { limits, address })
    }
}

impl RateLimiter {
    /// Counts that `payer` starts `order`, once, however often it is asked. An order that the
    /// database has is not started again, and is let through.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyPayments`] when they, or those at their address, started too many; then
    /// nothing is counted. [`Error::Unavailable`] when the database did not answer, or there are no
    /// keys.
    pub async fn admit(&self, payer: &CallerId, order: &OrderId) -> Result<(), Error> {
        let RateLimits { store, clock, .. } = &self.limits;
        let request = RateLimitRequest {
            order: order.clone(),
            counted: self.counted(payer).await?,
            window: self.limits.settings.window,
            stays_unpaid: true,
        };
        if request.counted.is_empty() {
            return Ok(());
        }
        match store.admit(request, clock.now()).await? {
            RateLimitOutcome::Yes => Ok(()),
            RateLimitOutcome::No(many) => Err(refused(payer, many)),
        }
    }

    /// Counts that another way to pay `order` is opened in place of the one that is open, once for
    /// each, as one more start of its owner.
    ///
    /// # Errors
    ///
    /// As [`RateLimiter::admit`].
    pub async fn admit_next_attempt(&self, order: &Order) -> Result<(), Error> {
        let next = order.attempt_number() + 1;
        let counted_as = OrderId::of_operation(&format!("way {next} of {}", order.id()));
        self.admit(order.owner(), &counted_as).await
    }

    /// The refusal to go on with `order` for now, where too many charges for it failed lately.
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
            "too many charges of one order failed: someone may be trying cards"
        );
        Some(Error::TooManyPayments { retry_after })
    }

    /// Counts a request of `caller` that asks Stripe for `lookup`.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyRequests`] when they sent too many; then nothing is counted. Else as
    /// [`RateLimiter::admit`].
    pub async fn admit_lookup(&self, caller: &CallerId, lookup: Lookup) -> Result<(), Error> {
        let RateLimits {
            settings,
            store,
            clock,
            ..
        } = &self.limits;
        let Some(bound) = settings.caller else {
            return Ok(());
        };
        let started = lookup.most(bound);
        let bound = Limit { started, ..bound };
        let who = (lookup.word(), caller.as_str(), SubjectKind::Caller, bound);
        let request = RateLimitRequest {
            order: OrderId::of_operation(&format!("request {:032x}", fastrand::u128(..))),
            counted: self.named(vec![who]).await?,
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
                    "too many requests of one caller"
                );
                Err(Error::TooManyRequests { retry_after })
            }
        }
    }

    /// All who are counted for a payment of `payer`.
    async fn counted(&self, payer: &CallerId) -> Result<Vec<RateLimitSubject>, Error> {
        let Settings {
            caller, address, ..
        } = &self.limits.settings;
        let mut all = Vec::new();
        if let Some(bound) = *caller {
            all.push((
                word(SubjectKind::Caller),
                payer.as_str(),
                SubjectKind::Caller,
                bound,
            ));
        }
        if let Some(bound) = *address {
            let at = self
                .address
                .counted()
                .into_iter()
                .zip([bound, bound.of_network()]);
            let at =
                at.map(|(at, bound)| (word(SubjectKind::Address), at, SubjectKind::Address, bound));
            all.extend(at);
        }
        self.named(all).await
    }

    /// Those with a kind, a name of that kind and a bound, under keys that tell nobody who they
    /// are.
    async fn named(
        &self,
        all: Vec<(&'static str, &str, SubjectKind, Limit)>,
    ) -> Result<Vec<RateLimitSubject>, Error> {
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.limits.secrets.current().await?;
        // Where callers come with tokens of an issuer alone, the site may have no key.
        let key = keys.site_key().or_else(|_| keys.stripe_secret_key())?;
        let key = key.expose_secret().as_bytes();
        let counted = all
            .into_iter()
            .map(|(kind, name, whose, bound)| RateLimitSubject {
                key: digest::keyed(key, &["admissions", kind, name])[..32].to_owned(),
                whose,
                bound,
            });
        Ok(counted.collect())
    }
}

impl Limit {
    /// That of all addresses of a provider's one customer or site, where this is the bound of one
    /// address.
    fn of_network(self) -> Self {
        let four_times = |one: usize| one.saturating_mul(4).min(settings::MOST);
        Self {
            started: four_times(self.started),
            open: four_times(self.open),
        }
    }
}

/// A wait as `Retry-After` has it.
fn seconds(wait: i64) -> u64 {
    u64::try_from(wait).unwrap_or(1)
}

/// The answer, and a line for the operator that does not tell who it is.
fn refused(payer: &CallerId, many: RateLimited) -> Error {
    let retry_after = seconds(many.retry_after);
    tracing::warn!(
        caller = payer.alias(),
        limit.of = word(many.whose),
        limit.on = if many.are_open { "open" } else { "started" },
        limit.retry_after_seconds = retry_after,
        metric.too_many_payments = 1,
        "too many payments: someone may be trying cards"
    );
    Error::TooManyPayments { retry_after }
}

fn word(whose: SubjectKind) -> &'static str {
    match whose {
        SubjectKind::Caller => "caller",
        SubjectKind::Address => "address",
    }
}
