//! A Stripe that runs on this machine.
//!
//! Stateful payment intents, checkout sessions, customers, refunds, disputes and prices behind
//! Stripe's own HTTP API; hosted pages; signed webhooks with retries; idempotency keys; and faults
//! on demand. It needs no account and no internet, and it never leaves loopback.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! use sandbox::{Fault, Sandbox};
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
//! | ground | `cors`, `request`, `caller` | HTTP: who may call, a request, its key |
//! | ground | `webhooks`, `state` | signed deliveries; everything behind the lock |
//! | ground | `event`, `endpoint`, `scheduler` | shapes of events; their destinations; due times |
//! | ground | `faults`, `idempotency`, `log` | failures on demand; saved responses; requests |
//! | ground | `response`, `list`, `expand`, `store` | HTTP responses; lists; objects by id |
//! | ground | `metadata`, `money`, `params`, `form` | reads and checks parameters |
//! | ground | `error` | Stripe's error object |
//! | ground | `test_cards`, `test_accounts`, `behaviour` | Stripe's test numbers, their effects |
//! | ground | `ids`, `clock`, `signing`, `loopback` | ids; time; signatures; local addresses |
//!
//! # The control plane
//!
//! The same actions over HTTP, without a key, with a form or JSON:
//!
//! | route | parameters | effect |
//! |---|---|---|
//! | `POST /_sandbox/payment_intents/{id}/authenticate` | `client_secret`, `outcome=success\|failure` | answers the 3-D Secure challenge; so does `setup_intents` |
//! | `GET`, `POST /_sandbox/3ds/{id}` | `client_secret`, `outcome` | the same as a page, which leads back to `return_url` |
//! | `POST /_sandbox/payment_intents/{id}/settle` | `outcome=success\|failure` | ends a bank debit; without `outcome`, as its account says |
//! | `POST /_sandbox/checkout/sessions/{id}/expire` | | lets a session's time run out |
//! | `POST /_sandbox/billing_portal/save_settings` | | makes the portal's default configuration |
//! | `POST /_sandbox/refunds/{id}/succeed`, `…/fail` | | ends a refund |
//! | `POST /_sandbox/disputes` | `payment_intent`, `amount`, `case=fraudulent\|product_not_received\|inquiry` | disputes a payment, or a part |
//! | `POST /_sandbox/disputes/{id}/close` | `outcome=won\|lost` | ends a dispute |
//! | `POST /_sandbox/disputes/{id}/escalate` | | makes a dispute of an inquiry, also of a closed one |
//! | `POST /_sandbox/disputes/{id}/reverse` | | reverses what the bank decided |
//! | `POST /_sandbox/early_fraud_warnings` | `payment_intent`, `fraud_type` | warns of fraud |
//! | `POST /_sandbox/reviews` | `payment_intent`, `opened_reason=rule\|manual` | opens a review; `POST /v1/reviews/{id}/approve` closes it |
//! | `POST /_sandbox/events/{id}/resend`, `…/forge` | | sends an event again; with a wrong signature |
//! | `POST /_sandbox/webhooks` | `url`, `secret`, `payload=snapshot\|thin` | adds an endpoint; secrets are separated by commas |
//! | `POST /_sandbox/webhooks/secrets` | `secrets[]` | signs with these from now on |
//! | `POST /_sandbox/webhooks/pause`, `…/resume` | | an outage: events in between are not delivered |
//! | `POST /_sandbox/webhooks/hold`, `…/release` | `order=as_sent\|reversed` | collects events, then sends them in order |
//! | `POST /_sandbox/webhooks/duplicate` | `times` | sends every event this often |
//! | `POST /_sandbox/webhooks/delay` | `ms` | sends every event this much later |
//! | `POST`, `DELETE /_sandbox/faults` | see [`Fault`] | adds a fault; drops all |
//! | `POST /_sandbox/idempotency_keys/forget` | | forgets all keys, as after a day |
//! | `POST /_sandbox/api_keys/expire` | `key` | does not take this API key any more, as when it was rolled |
//! | `GET /_sandbox/requests`, `…/deliveries` | | what came, and what was sent: the newest, and how many went |
//! | `GET /_sandbox/idempotency_keys` | | how many answers are saved, and how many went |
//!
//! A fault has a `kind` (`latency` with `ms`, `rate_limit`, `error`, `bad_gateway`, `empty`,
//! `truncated`, `reset`, `hang`, `lost_answer`, `incomplete_decline`, `unauthorized`, `restricted`,
//! `wrong_amount`, `error_after`) and may have a `method`, a `path_prefix`, `times` (`0` is for
//! ever), `retry_after`, `stripe_should_retry` and `stored`.

// Stripe's objects are long, and `json!` recurses once for every token.
#![recursion_limit = "256"]

mod api;
mod behaviour;
mod builder;
mod caller;
mod catalogue;
mod challenge;
mod clock;
mod control;
mod cors;
mod endpoint;
mod engine;
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
mod test_accounts;
mod test_cards;
mod timers;
mod webhooks;

pub use builder::{Builder, StartError};
pub use catalogue::{NewPrice, demo_catalogue};
pub use endpoint::RefusedUrl;
pub use faults::Fault;
pub use log::{Activity, Delivery, RecordedRequest, RecordedResponse};
pub use sandbox::Sandbox;
pub use signing::sign;
pub use webhooks::{Order, Webhooks};
