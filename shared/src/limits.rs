//! How many payments one caller, and one address, may start, and how many charges of one order may fail:
//! against those who try stolen cards.
//!
//! A handler takes a [`Gate`] as a parameter and hands it to the [`Till`](crate::purchase::Till), which asks
//! it before anything is asked of Stripe: `gate.admit(payer, &order).await?`. What was started is counted in the ledger, so that the bounds hold
//! for all processes together. `docs/security.md` has the rule.
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
    Clock, Config, Error, Secrets,
    access::CallerId,
    digest,
    ledger::{Admission, Admitted, Bound, Counted, Ledger, TooMany, Whose},
    order::{Order, OrderId},
};

/// Counts the payments that are started; cheap to clone.
#[derive(Clone, Debug)]
pub struct Limits {
    settings: Settings,
    secrets: Secrets,
    ledger: Ledger,
    clock: Clock,
}

impl Limits {
    /// Limits as `config` sets them, counted in `ledger`.
    #[must_use]
    pub fn new(config: &Config, ledger: Ledger, clock: Clock) -> Self {
        Self {
            settings: config.limits.clone(),
            secrets: config.secrets.clone(),
            ledger,
            clock,
        }
    }
}

/// The limits, for whoever sent one request.
#[derive(Clone, Debug)]
pub struct Gate {
    limits: Limits,
    address: Address,
}

impl<S: Send + Sync> FromRequestParts<S> for Gate
where
    Limits: FromRef<S>,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let limits = Limits::from_ref(state);
        let address = Address::of(parts, &limits.settings.source);
        Ok(Self { limits, address })
    }
}

impl Gate {
    /// Counts that `payer` starts `order`, once, however often it is asked. An order that the ledger has
    /// is not started again, and is let through.
    ///
    /// # Errors
    ///
    /// [`Error::TooManyPayments`] when they, or those at their address, started too many; then nothing
    /// is counted. [`Error::Unavailable`] when the ledger did not answer, or there are no keys.
    pub async fn admit(&self, payer: &CallerId, order: &OrderId) -> Result<(), Error> {
        let Limits { ledger, clock, .. } = &self.limits;
        let admission = Admission {
            order: order.clone(),
            counted: self.counted(payer).await?,
            window: self.limits.settings.window,
        };
        if admission.counted.is_empty() {
            return Ok(());
        }
        match ledger.admit(admission, clock.now()).await? {
            Admitted::Yes => Ok(()),
            Admitted::No(many) => Err(refused(payer, many)),
        }
    }

    /// Counts that another way to pay `order` is opened in place of the one that is open, once for each, as
    /// one more start of its owner.
    ///
    /// # Errors
    ///
    /// As [`Gate::admit`].
    pub async fn admit_next_way(&self, order: &Order) -> Result<(), Error> {
        let next = order.way_number() + 1;
        let counted_as = OrderId::of_operation(&format!("way {next} of {}", order.id()));
        self.admit(order.owner(), &counted_as).await
    }

    /// The refusal to go on with `order` for now, where too many charges for it failed lately.
    pub(crate) fn over_attempts(&self, order: &Order) -> Option<Error> {
        let Limits {
            settings, clock, ..
        } = &self.limits;
        let wait = settings.wait_after_failures(order, clock.now())?;
        let retry_after = u64::try_from(wait).unwrap_or(1);
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

    /// All who are counted for a payment of `payer`.
    async fn counted(&self, payer: &CallerId) -> Result<Vec<Counted>, Error> {
        let Settings {
            caller, address, ..
        } = &self.limits.settings;
        let by_caller = caller.map(|bound| (Whose::Caller, payer.as_str(), bound));
        let at = self.address.counted();
        let by_address = address.and_then(|bound| Some((Whose::Address, at?, bound)));
        let all: Vec<(Whose, &str, Bound)> = by_caller.into_iter().chain(by_address).collect();
        if all.is_empty() {
            return Ok(Vec::new());
        }
        let keys = self.limits.secrets.current().await?;
        // Where callers come with tokens of an issuer alone, the site may have no key.
        let key = keys.site_key().or_else(|_| keys.stripe_secret_key())?;
        let key = key.expose_secret().as_bytes();
        let counted = all.into_iter().map(|(whose, name, bound)| Counted {
            key: digest::keyed(key, &["admissions", word(whose), name])[..32].to_owned(),
            whose,
            bound,
        });
        Ok(counted.collect())
    }
}

/// The answer, and a line for the operator that does not tell who it is.
fn refused(payer: &CallerId, many: TooMany) -> Error {
    let retry_after = u64::try_from(many.retry_after).unwrap_or(1);
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

fn word(whose: Whose) -> &'static str {
    match whose {
        Whose::Caller => "caller",
        Whose::Address => "address",
    }
}
