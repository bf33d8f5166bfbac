//! Calls Stripe: one pooled connection, one key per operation, slim answers.
//!
//! Request builders, ids and the API version come from async-stripe. The transport is Farebox's
//! own, behind that crate's `StripeClient` trait, so that [`Stripe`] can send any of its requests.
//! Answers are decoded into types with only the fields in use.

mod answers;
mod charges;
mod current_subscription;
mod customer_sessions;
mod customers;
mod events;
mod failure;
mod intents;
mod invoice_previews;
mod invoices;
mod keys;
mod live_subscriptions;
mod meters;
mod payer;
mod payment_methods;
mod portal;
mod prices;
mod refunds;
mod related;
mod retry;
mod sessions;
mod settings;
mod subscription_changes;
mod subscription_schedules;
mod subscriptions;
mod transport;
mod warm;

use std::time::Duration;

pub use current_subscription::{LiveItem, LivePrice, LiveSubscription, NeededPayment, Rhythm};
pub use customers::{Customer, CustomerKeys};

pub use events::{EventPage, EventQuery, KEPT, ListedEvent};
pub use failure::{ApiError, StripeError};
pub use intents::{IntentStatus, PaymentIntent};
pub use invoice_previews::{LinePeriod, PreviewedChange, PreviewedInvoice, PreviewedLine};
pub use invoices::StripeInvoice;
pub use meters::{Meter, Meters, Usage};
pub use payment_methods::{Card, PaymentMethod};
pub use portal::PortalFlow;
pub use prices::{
    CurrencyOption, CustomUnitAmount, Price, PriceCurrencies, PriceRecurring, Prices, Product,
    TransformQuantity,
};
pub use refunds::EmailKey;
pub use sessions::{CheckoutPage, SessionParams, UiMode};
pub use settings::Settings;
pub use subscription_changes::{ItemChange, PauseCollection, SubscriptionUpdate};
pub use subscription_schedules::NextPhase;
pub use subscriptions::SubscriptionPage;
use tokio::time::Instant;

pub use crate::redacted::Redacted;
use crate::{Secrets, deployment::Deployment, env::ApiBase, http};

/// The version of Stripe's API that every call names, and that webhook endpoints should have.
#[must_use]
pub fn api_version() -> &'static str {
    stripe_client_core::VERSION.as_str()
}

/// The time limits of calls.
#[derive(Clone, Copy, Debug)]
pub struct RetryPolicy {
    /// The limit of one attempt.
    pub attempt: Duration,
    /// The limit of all attempts of one call, pauses included.
    pub deadline: Duration,
    /// The limit for a connection, and for the first byte on a reused one, which may be dead. It
    /// applies to requests that may be sent twice.
    pub reused: Duration,
    /// The longest wait before the second attempt; it doubles with each.
    pub first_delay: Duration,
}

impl RetryPolicy {
    /// A policy whose attempts end within `deadline` together.
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
    /// The deployment of the objects that it creates; without one it creates none.
    deployment: Option<Deployment>,
    /// The time by which the caller's request has to end.
    until: Option<Instant>,
    /// The connected account; `None` for the platform's own.
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

    /// The same client for one request of a caller: all its calls together share the deadline of
    /// one.
    #[must_use]
    pub fn for_one_request(&self) -> Self {
        Self {
            until: Some(Instant::now() + self.retry_policy.deadline),
            ..self.clone()
        }
    }

    /// The same client, whose calls end within `deadline`.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        let deadline = deadline.min(self.retry_policy.deadline);
        self.with_retry_policy(RetryPolicy::within(deadline))
    }

    /// The same client with other time limits.
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
