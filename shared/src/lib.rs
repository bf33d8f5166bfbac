//! The library of all functions, in layers below the handlers.
//!
//! # From a webhook's bytes to a paid order
//!
//! The handler is `receive` in `functions/webhook/src/lib.rs`. It runs in
//! [`host::with_middleware`].
//!
//! 1. [`request::EventBody`] reads the body as bytes, up to 1 MiB.
//! 2. [`signature::verify`] verifies Stripe's signature over them.
//! 3. [`event::Event::parse`] parses the envelope, and the object that counts.
//! 4. [`processor::EventProcessor::process`] checks mode and account, and fetches what the event
//!    only names.
//! 5. [`store::Store::accept`] writes event, order and outbox in one transaction. The pure function
//!    `decide` in `store/accept.rs` decides these writes.
//! 6. [`order::Order::apply`] returns the next order and its notifications; pure. `apply_intent` in
//!    `order/payment.rs` checks the payment's amount, currency and owner. `Facts::paid` in
//!    `order/facts.rs` records it, and `Status::of` in `order/status.rs` derives `paid` from that.
//!
//! # Layers
//!
//! A module uses only modules of layers below its own; a test checks every path against this
//! table.
//!
//! | layer | modules |
//! |---|---|
//! | the process | [`host`]: runs a service on Lambda, on Vercel, or on a port |
//! | the parts | [`app`]: the parts that every handler uses |
//! | settings | [`config`]: assembles the settings that each module reads for itself |
//! | events | [`processor`]: processes events from the webhook and from reconcile |
//! | | [`delivery`]: delivers the outbox |
//! | purchases | [`purchase`]: prices items, and creates orders |
//! | | [`subscriptions`]: keeps the copies of subscriptions in step with Stripe |
//! | callers | [`access`]: authenticates callers and authorizes their actions |
//! | | [`customers`]: links callers to Stripe customers |
//! | | [`rate_limit`]: limits payment starts |
//! | services | [`store`]: the database of orders, events and the outbox |
//! | | [`stripe`]: calls Stripe |
//! | requests | [`openapi`]: the common parts of `openapi.json` |
//! | | [`request`]: JSON, query and idempotency key of a request |
//! | | [`return_url`]: the URLs to which payers may return |
//! | | [`secrets`]: the keys, from the environment or from Secrets Manager |
//! | functions | [`function`]: the description of a function |
//! | errors | [`error`]: the one error type, and the one place it becomes a response |
//! | state | [`order`]: the state machine; pure |
//! | | [`subscription`]: copies of subscriptions, and what callers may use by them; pure |
//! | options | [`checkout`]: the options of Checkout Sessions |
//! | outside | [`aws`]: calls AWS |
//! | | [`event`]: Stripe's events |
//! | | [`notify`]: the destinations of notifications |
//! | names | [`ids`]: ids that several modules share |
//! | ground | [`amount`]: money, exact, in minor units |
//! | | [`cause`]: causes of errors |
//! | | [`clock`]: the time |
//! | | [`deployment`]: identifies the deployment that created an object |
//! | | `digest`: names derived from contents |
//! | | [`email`]: an e-mail address for Stripe |
//! | | [`mod@env`]: the reader of variables |
//! | | [`http`]: the pooled client |
//! | | `message_types`: declares types of notifications |
//! | | `redacted`: a text that is never printed
//! | | [`retry`]: the retry policy of all calls |
//! | | [`rfc3339`]: times as text |
//! | | [`signature`]: Stripe's signature, verified |
//! | | `strict_json`: JSON without duplicate names |

pub mod access;
pub mod amount;
pub mod app;
pub mod aws;
pub mod cause;
pub mod checkout;
pub mod clock;
pub mod config;
pub mod customers;
pub mod delivery;
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
mod message_types;
pub mod notify;
pub mod openapi;
pub mod order;
pub mod processor;
pub mod purchase;
pub mod rate_limit;
mod redacted;
pub mod request;
pub mod retry;
pub mod return_url;
pub mod rfc3339;
pub mod secrets;
pub mod signature;
pub mod store;
mod strict_json;
pub mod stripe;
pub mod subscription;
pub mod subscriptions;

pub use app::App;
pub use clock::Clock;
pub use config::Config;
pub use env::ConfigError;
pub use error::Error;
pub use function::Function;
pub use secrets::Secrets;
