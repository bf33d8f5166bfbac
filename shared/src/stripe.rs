//! Calls to Stripe: one pooled connection, one key per operation, slim answers.
//!
//! Request builders, ids and the API version come from async-stripe; the transport is ours, behind
//! its `StripeClient` trait, so that any of its requests can be sent through [`Stripe`]. Answers
//! are decoded into types that hold only the fields we use.

mod charges;
mod customers;
mod events;
mod failure;
mod intents;
mod keys;
mod portal;
mod prices;
mod redacted;
mod refunds;
mod related;
mod retry;
mod sessions;
mod settings;
mod transport;
mod warm;

use std::time::Duration;

pub use customers::{Card, Customer, CustomerKeys};

pub use events::{EventPage, EventQuery, KEPT, ListedEvent};
pub use failure::{ApiError, StripeError};
pub use intents::{IntentStanding, PaymentIntent};
pub use prices::{CustomUnitAmount, Price, Prices, Product, TransformQuantity};
pub use redacted::Redacted;
pub use refunds::AskedUnder;
pub use sessions::{CheckoutPage, Returns};
pub use settings::Settings;
use tokio::time::Instant;

use crate::{Secrets, deployment::Deployment, env::ApiBase, http};

/// The version of Stripe's API that every call asks for, and that webhook endpoints should have.
#[must_use]
pub fn api_version() -> &'static str {
    stripe_client_core::VERSION.as_str()
}

/// How long calls may take.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// For one attempt.
    pub attempt: Duration,
    /// For all attempts of one call, waiting included.
    pub deadline: Duration,
    /// For a connection, and for the beginning of an answer on one that was used before, which may
    /// be dead; of a request that may be sent twice.
    pub reused: Duration,
    /// The longest wait before the second attempt; it doubles with each.
    pub first_delay: Duration,
}

impl RetryPolicy {
    /// All attempts together end within `deadline`.
    #[must_use]
    pub fn within(deadline: Duration) -> Self {
        Self {
            attempt: Duration::from_secs(8).min(deadline),
            deadline,
            reused: Duration::from_secs(3).min(deadline / 2),
            first_delay: Duration::from_millis(500),
        }
    }
}

/// A client of Stripe's API; cheap to clone, and all clones share its connections.
#[derive(Clone)]
pub struct Stripe {
    http: http::Client,
    base: ApiBase,
    secrets: Secrets,
    retry_policy: RetryPolicy,
    /// The deployment of the objects that it makes; it makes none without.
    deployment: Option<Deployment>,
    /// When the request that this serves has to end.
    until: Option<Instant>,
    /// The connected account that is meant; `None` for one's own.
    account: Option<String>,
}

impl Stripe {
    /// A client with the keys in `secrets`. It connects at its first call.
    #[must_use]
    pub fn new(settings: &Settings, secrets: Secrets) -> Self {
        let retry_policy = RetryPolicy::within(settings.deadline);
        Self {
            http: http::pooled_client(),
            base: settings.api_base.clone(),
            secrets,
            retry_policy,
            deployment: None,
            until: None,
            account: None,
        }
    }

    /// The same client for the objects of a connected account.
    #[must_use]
    pub fn on_behalf_of(self, account: &str) -> Self {
        Self {
            account: Some(account.to_owned()),
            ..self
        }
    }

    /// The same client for `deployment`.
    #[must_use]
    pub fn of_deployment(mut self, deployment: Deployment) -> Self {
        self.deployment = Some(deployment);
        self
    }

    /// The same client for one request of a caller: all its calls together take no longer than one
    /// may.
    #[must_use]
    pub fn for_one_request(&self) -> Self {
        Self {
            until: Some(Instant::now() + self.retry_policy.deadline),
            ..self.clone()
        }
    }

    /// The same client with other limits of time.
    #[must_use]
    pub fn with_retry_policy(mut self, retry_policy: RetryPolicy) -> Self {
        self.retry_policy = retry_policy;
        self
    }
}

impl std::fmt::Debug for Stripe {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stripe")
            .field("base", &self.base)
            .field("retry_policy", &self.retry_policy)
            .finish_non_exhaustive()
    }
}
