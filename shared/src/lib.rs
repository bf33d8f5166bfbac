//! What every function shares. Read in this order:
//!
//! - [`config`]: settings from the environment; nothing else reads it.
//! - [`aws`]: calls to AWS, for whatever of it the settings name.
//! - [`secrets`]: the keys, from the environment or from Secrets Manager, held behind one type and
//!   followed when they change; never printed, logged or answered.
//! - [`access`]: who is calling and what they may do; a handler asks by naming a type.
//! - [`deployment`]: which deployment made an object, where several share one Stripe account.
//! - [`amount`]: money, in the minor units of a currency and exact.
//! - [`stripe`]: calls to Stripe: one pooled connection, one key per operation, slim answers.
//! - [`signature`], [`event`]: what Stripe tells us: verified, then read.
//! - [`order`]: the state machine; pure.
//! - [`ledger`]: where orders, events and the outbox live.
//! - [`customers`]: which Stripe customer a caller is, made once.
//! - [`intake`]: how an event gets there, whoever brought it.
//! - [`limits`]: how many payments may be started, by one caller and from one address.
//! - [`purchase`]: how a purchase begins: what is priced, and the order that is opened for it.
//! - [`request`]: what a handler takes from a request: JSON, query and idempotency key.
//! - [`error`]: the one error type, and the one place it becomes a response.
//! - [`interface`]: what `openapi.json` says of every function alike.
//! - [`http`]: the pooled client that calls to Stripe and to the site go through.
//! - [`clock`], [`rfc3339`]: the time, and how it is written.
//! - [`host`]: running a service on Lambda, on Vercel, or on a port.

pub mod access;
pub mod amount;
pub mod app;
pub mod aws;
pub mod cause;
pub mod clock;
pub mod config;
pub mod customers;
pub mod deployment;
mod digest;
pub mod email;
pub mod env;
pub mod error;
pub mod event;
pub mod function;
pub mod host;
pub mod http;
pub mod ids;
pub mod intake;
pub mod interface;
pub mod ledger;
pub mod limits;
pub mod notify;
pub mod order;
pub mod purchase;
pub mod request;
pub mod return_url;
pub mod rfc3339;
pub mod secrets;
pub mod signature;
pub mod stripe;

pub use app::App;
pub use clock::Clock;
pub use config::Config;
pub use env::ConfigError;
pub use error::Error;
pub use function::Function;
pub use secrets::Secrets;
