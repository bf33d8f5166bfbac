//! A sandbox of Stripe that runs on this machine.
//!
//! It keeps the state of payment intents, checkout sessions, customers, refunds, disputes and
//! prices behind Stripe's own HTTP API. It has hosted pages, signed webhooks with retries,
//! idempotency keys, and faults on demand. It needs no account and no internet, and never sends
//! beyond loopback.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use stripe_sandbox::{Fault, Sandbox};
//!
//! let stripe = Sandbox::start().await;
//! stripe.inject(Fault::lost_answer().on("POST", "/v1/payment_intents"));
//! // Point any Stripe client at `stripe.url()` with a key like `sk_test_123`.
//! assert!(stripe.url().starts_with("http://127.0.0.1:"));
//! # }
//! ```
//!
//! Read in this order; a module uses only modules that come after it in the table.
//!
//! | layer | modules | |
//! |---|---|---|
//! | top | `builder`, `sandbox` | starts a sandbox with its routes and timers; the API for tests |
//! | top | `server`, `api`, `executor` | accepts connections; serves a request; executes it |
//! | top | `hosted`, `challenge`, `stripe_js` | hosted pages; 3-D Secure; stand-in for Stripe.js |
//! | top | `control`, `catalogue` | the control plane; the prices of a new sandbox |
//! | objects | `objects` | one file for every kind of Stripe object: shape, operations, routes |
//! | ground | `timers`, `route`, `engine` | due changes; operations by path; locks, events |
//! | ground | `cors`, `request`, `caller` | HTTP: allowed origins, a request, its key |
//! | ground | `webhooks`, `state` | signed deliveries; the state behind the lock |
//! | ground | `event`, `endpoint` | shapes of events; their destinations |
//! | ground | `billing`, `scheduler` | state of subscriptions beside their objects; due times |
//! | ground | `faults`, `idempotency`, `log` | failures on demand; saved responses; requests |
//! | ground | `page` | the frame of all pages |
//! | ground | `response`, `list`, `expand`, `store` | HTTP responses; lists; objects by id |
//! | ground | `tax`, `usage` | the fixed table of tax rates; sums of meter events |
//! | ground | `entitlements` | features of products and customers |
//! | ground | `metadata`, `money`, `address` | reads and checks parameters |
//! | ground | `params`, `form` | parameters by name and type |
//! | ground | `error` | Stripe's error object |
//! | ground | `test_cards`, `test_accounts`, `behaviour` | Stripe's test numbers, their effects |
//! | ground | `ids`, `clock`, `signing`, `loopback` | ids; time; signatures; local addresses |
//!
//! # The control plane
//!
//! The routes under `/_sandbox` offer the same over HTTP, without a key, with a form or JSON. The
//! crate's README lists them, and the kinds of a [`Fault`].

// Stripe's objects are long, and `json!` recurses once for every token.
#![recursion_limit = "256"]

mod address;
mod api;
mod behaviour;
mod billing;
mod builder;
mod caller;
mod catalogue;
mod challenge;
mod clock;
mod control;
mod cors;
mod endpoint;
mod engine;
mod entitlements;
mod error;
mod event;
mod executor;
mod expand;
mod faults;
mod form;
mod hosted;
mod idempotency;
mod ids;
mod list;
mod log;
pub mod loopback;
mod metadata;
mod money;
mod objects;
mod page;
mod params;
mod request;
mod response;
mod route;
mod sandbox;
mod scheduler;
mod server;
mod signing;
mod state;
mod store;
mod stripe_js;
mod tax;
mod test_accounts;
mod test_cards;
mod timers;
mod usage;
mod webhooks;

pub use builder::{Builder, StartError};
pub use catalogue::{NewPrice, demo_catalogue};
pub use endpoint::RefusedUrl;
pub use faults::Fault;
pub use log::{Activity, Delivery, RecordedRequest, RecordedResponse};
pub use sandbox::Sandbox;
pub use signing::sign;
pub use webhooks::{Order, Webhooks};
