//! What every function shares: the library below the handlers, in layers.
//!
//! A module uses only modules of layers below its own; a test reads the `use` lines and holds this
//! table. Read it from the bottom to the top, or follow a webhook down: [`host`], [`request`],
//! [`signature`], [`event`], [`processor`], [`store`], [`order`].
//!
//! | layer | modules |
//! |---|---|
//! | the process | [`host`]: runs a service on Lambda, on Vercel, or on a port |
//! | the parts | [`app`]: what every handler works with |
//! | settings | [`config`]: assembles the settings that each module reads for itself |
//! | events | [`processor`]: takes an event into the database, whoever brought it |
//! | purchases | [`purchase`]: prices what is bought, and opens the order for it |
//! | callers | [`access`]: who is calling and what they may do |
//! | | [`customers`]: which Stripe customer a caller is |
//! | | [`rate_limit`]: how many payments may be started |
//! | services | [`store`]: where orders, events and the outbox live |
//! | | [`stripe`]: calls to Stripe |
//! | requests | [`openapi`]: what `openapi.json` says of every function alike |
//! | | [`request`]: JSON, query and idempotency key of a request |
//! | | [`return_url`]: where payers may be sent back |
//! | | [`secrets`]: the keys, from the environment or from Secrets Manager |
//! | errors | [`error`]: the one error type, and the one place it becomes a response |
//! | state | [`order`]: the state machine; pure |
//! | outside | [`aws`]: calls to AWS |
//! | | [`event`]: what Stripe sends |
//! | | [`ids`]: ids that several modules share |
//! | | [`notify`]: where notifications go |
//! | ground | [`amount`]: money, exact, in minor units |
//! | | [`cause`]: causes of errors |
//! | | [`clock`]: the time |
//! | | [`deployment`]: which deployment made an object |
//! | | `digest`: names derived from contents |
//! | | [`email`]: an address that is passed on |
//! | | [`mod@env`]: the reader of variables |
//! | | [`function`]: what a function is |
//! | | [`http`]: the pooled client |
//! | | [`rfc3339`]: times as text |
//! | | [`signature`]: Stripe's signature, verified |

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
pub mod notify;
pub mod openapi;
pub mod order;
pub mod processor;
pub mod purchase;
pub mod rate_limit;
pub mod request;
pub mod return_url;
pub mod rfc3339;
pub mod secrets;
pub mod signature;
pub mod store;
pub mod stripe;

pub use app::App;
pub use clock::Clock;
pub use config::Config;
pub use env::ConfigError;
pub use error::Error;
pub use function::Function;
pub use secrets::Secrets;

#[cfg(test)]
mod layers;
