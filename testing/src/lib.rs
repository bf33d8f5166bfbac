//! The parts that the functions' tests share. Read in this order:
//!
//! - [`Shop`]: a sandbox of Stripe, a database on a real file, settings and a clock; with its
//!   orders and its subscribers.
//! - [`TestServer`]: a function that is served over a shop.
//! - [`Client`], [`Answer`]: calls over a real socket; what must hold for every answer is checked
//!   on every answer.
//! - [`tokens`]: what the site's server signs.
//! - [`Issuer`], [`SigningKey`]: a provider of tokens that publishes its keys.
//! - [`SecretsManager`]: a stand-in for the secret that holds the keys.
//! - [`Endpoint`]: the site's endpoint, which receives notifications.
//! - [`check_notification`]: what `openapi.json` says of a notification.
//! - [`Process`]: a real program that listens on a port.
//! - [`Postgres`]: a Postgres server that may be killed; [`empty_database`] and [`empty_table`]:
//!   databases of a test's own on servers that others share.
//! - [`LambdaRuntime`]: a real program under Lambda's runtime interface.
//! - [`Log`]: what was logged.
//! - [`pass`]: time that passes at once; [`until`]: waiting for a moment.
//!
//! It panics where a test should fail, and is part of no deployed function.

mod client;
mod described;
mod endpoint;
mod issuer;
mod lambda;
mod log;
mod orders;
mod postgres;
mod process;
mod secrets_manager;
mod server;
mod shop;
mod signing_key;
mod subscribers;
mod table;
mod time;
pub mod tokens;

pub use client::{Answer, Call, Client};
pub use described::check_notification;
pub use endpoint::{Endpoint, Received};
pub use issuer::{Issuer, Served};
pub use lambda::LambdaRuntime;
pub use log::Log;
pub use postgres::{Postgres, as_postgres, empty_database};
pub use process::Process;
pub use secrets_manager::{Outage, SecretsManager};
pub use server::{Service, TestServer};
pub use shop::{NOW, Shop};
pub use signing_key::{SigningKey, encoded};
pub use table::{create_table, empty_table};
pub use time::{as_soon_as, pass, until};
