//! The names of variables that a function may need to start.

/// Stripe's secret or restricted key.
pub const STRIPE_SECRET_KEY: &str = "STRIPE_SECRET_KEY";
/// Stripe's secret or restricted key, for a function that starts without it.
pub const OPTIONAL_STRIPE_SECRET_KEY: &str = "STRIPE_SECRET_KEY?";
/// Stripe's publishable key.
pub const STRIPE_PUBLISHABLE_KEY: &str = "STRIPE_PUBLISHABLE_KEY";
/// The signing secrets of the webhook endpoints.
pub const STRIPE_WEBHOOK_SECRET: &str = "STRIPE_WEBHOOK_SECRET";
/// The key by which the site's server signs tokens; optional where callers have tokens of an
/// issuer.
pub const FAREBOX_SITE_KEY: &str = "FAREBOX_SITE_KEY";
/// The location of the database.
pub const DATABASE_URL: &str = "DATABASE_URL";
/// The origins to which payers may return.
pub const FAREBOX_RETURN_ORIGINS: &str = "FAREBOX_RETURN_ORIGINS";
/// The destination of notifications.
pub const FAREBOX_NOTIFY_URL: &str = "FAREBOX_NOTIFY_URL";
/// The secret by which Vercel's schedule authenticates.
pub const CRON_SECRET: &str = "CRON_SECRET";
