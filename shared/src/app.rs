//! The parts that the handlers of all functions use: one [`App`], opened from the settings.

use std::{sync::Arc, time::Duration};

use axum::extract::FromRef;

use crate::{
    Clock, Config, Secrets,
    access::Authenticator,
    delivery::{self, RequestDelivery},
    env::{ConfigError, Platform},
    processor::EventProcessor,
    purchase::CheckoutService,
    rate_limit::RateLimits,
    return_url::ReturnOrigins,
    secrets::Unreadable,
    store::{self, Store},
    stripe::{Prices, Stripe},
    subscriptions::SubscriptionService,
};

/// The parts of one deployment, shared by all requests. A handler takes those that it needs.
#[derive(Clone, Debug)]
pub struct App {
    /// The keys.
    pub secrets: Secrets,
    /// The Stripe client, for the deployment of this database.
    pub stripe: Stripe,
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
    /// Authenticates callers.
    pub authenticator: Authenticator,
    /// The rate limits on payment starts.
    pub limits: RateLimits,
    /// Prices items, and creates orders.
    pub checkout: CheckoutService,
    /// Processes events.
    pub processor: EventProcessor,
    /// Keeps the copies of subscriptions.
    pub subscriptions: SubscriptionService,
    /// The origins to which payers may return.
    pub return_origins: ReturnOrigins,
    /// The time without a success of `reconcile` after which it is late.
    pub reconcile_late: Duration,
    /// The settings of deliveries within requests, where there are any.
    delivery: Option<delivery::Settings>,
}

/// The reason why an [`App`] could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The settings do not allow a start.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The database could not be opened.
    #[error("the database could not be opened")]
    Store(#[source] store::StoreError),
    /// The secret that holds the keys could not be read.
    #[error(transparent)]
    Secrets(#[from] Unreadable),
}

impl From<store::StoreError> for OpenError {
    fn from(failure: store::StoreError) -> Self {
        match failure {
            store::StoreError::NoMode(unreadable) => Self::Secrets(unreadable),
            other => Self::Store(other),
        }
    }
}

impl App {
    /// Opens the database and reads the keys; on Lambda also connects to Stripe where the function
    /// `calls_stripe`.
    ///
    /// All run at the same time: a cold start takes as long as the slowest of them.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the keys cannot be read, or the database cannot be opened.
    pub async fn open(config: &Config, calls_stripe: bool) -> Result<Self, OpenError> {
        let stripe = Stripe::new(&config.stripe, config.secrets.clone());
        let keys = async { Ok(config.secrets.current().await?) };
        let store =
            async { Ok(Store::open(&config.store, config.aws.as_ref(), &config.secrets).await?) };
        let connection = async {
            // A server has time before its first request; Lambda's start has more of the processor
            // than its requests.
            if calls_stripe && Platform::current()? == Platform::Lambda {
                stripe.warm().await;
            }
            Ok::<_, OpenError>(())
        };
        let (_, store, ()) = tokio::try_join!(keys, store, connection)?;
        Ok(Self::new(config, stripe, store, Clock::default()))
    }

    /// Assembles existing parts.
    #[must_use]
    pub fn new(config: &Config, stripe: Stripe, store: Store, clock: Clock) -> Self {
        let secrets = config.secrets.clone();
        let stripe = match store.deployment() {
            Ok(deployment) => stripe.of_deployment(deployment.clone()),
            Err(_) => stripe,
        };
        let authenticator = Authenticator::new(&config.access, secrets.clone(), clock.clone());
        let limits = RateLimits::new(
            config.limits.clone(),
            secrets.clone(),
            store.clone(),
            clock.clone(),
        );
        let checkout = CheckoutService {
            authenticator: authenticator.clone(),
            stripe: stripe.clone(),
            prices: Prices::new(config.purchase.price_ttl),
            max_amount: config.purchase.max_amount.clone(),
            sends_receipts: config.purchase.sends_receipts,
            terms: config.purchase.terms,
            sessions: config.checkout.clone(),
            store: store.clone(),
            clock: clock.clone(),
        };
        let subscriptions = SubscriptionService::new(
            stripe.clone(),
            store.clone(),
            clock.clone(),
            config.grace,
            config.keeps_payer,
        );
        let processor = EventProcessor {
            secrets: secrets.clone(),
            stripe: stripe.clone(),
            store: store.clone(),
            clock: clock.clone(),
            limits: config.limits.clone(),
            connected_accounts: config.connected_accounts.clone(),
            keeps_payer: config.keeps_payer,
            subscriptions: subscriptions.clone(),
        };
        Self {
            secrets,
            stripe,
            store,
            clock,
            authenticator,
            limits,
            checkout,
            processor,
            subscriptions,
            return_origins: config.return_origins.clone(),
            reconcile_late: config.reconcile_late,
            delivery: (config.delivers_in_requests && config.notify.is_some())
                .then(|| config.delivery()),
        }
    }

    /// Delivers notifications within the requests of a function, on Vercel, where there is a
    /// destination. Only the functions that call this contain its code.
    #[must_use]
    pub fn request_delivery(&self) -> RequestDelivery {
        RequestDelivery::new(self.delivery.as_ref(), &self.store, &self.clock)
    }
}

impl FromRef<Arc<App>> for Authenticator {
    fn from_ref(app: &Arc<App>) -> Self {
        app.authenticator.clone()
    }
}

impl FromRef<Arc<App>> for RateLimits {
    fn from_ref(app: &Arc<App>) -> Self {
        app.limits.clone()
    }
}
