//! The names of variables that a function may need to start.

/// Stripe's secret or restricted key.
pub const STRIPE_SECRET_KEY: &str = "STRIPE_SECRET_KEY";
/// Stripe's publishable key.
pub const STRIPE_PUBLISHABLE_KEY: &str = "STRIPE_PUBLISHABLE_KEY";
/// The signing secrets of the webhook endpoints.
pub const STRIPE_WEBHOOK_SECRET: &str = "STRIPE_WEBHOOK_SECRET";
/// The key by which the site's server signs tokens; not demanded where callers have tokens of an
/// issuer.
pub const FAREBOX_SITE_KEY: &str = "FAREBOX_SITE_KEY";
/// Where orders, events and the outbox live.
pub const DATABASE_URL: &str = "DATABASE_URL";
/// The origins to which payers may be sent back.
pub const FAREBOX_RETURN_ORIGINS: &str = "FAREBOX_RETURN_ORIGINS";
/// Where the outbox is delivered.
pub const FAREBOX_NOTIFY_URL: &str = "FAREBOX_NOTIFY_URL";
/// What Vercel's schedule proves itself by.
pub const CRON_SECRET: &str = "CRON_SECRET";
