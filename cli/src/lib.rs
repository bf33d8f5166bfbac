//! The whole of Farebox on this machine: the sandbox, every function, outbox delivery and a small
//! shop, on one port and in one process.
//!
//! Read in this order:
//!
//! - [`options`]: the command line.
//! - [`settings`]: generated keys and other settings, unless the environment has them.
//! - [`functions`]: the list of all functions; a new function is one entry there.
//! - `callers`: access by `Host` and `Origin`.
//! - `env_file`: the environment file for a site on the same machine.
//! - [`site`]: the shop's own server: it signs tokens and receives notifications.
//! - `demo_checkout`, `demo_clock`: its code, tax and trial; the time of its subscriptions.
//! - [`activity`]: the activity feed.
//! - [`serve`]: `farebox serve` runs a deployment in one process.
//! - [`healthcheck`]: `farebox healthcheck` asks such a process whether it serves.
//! - [`backup`]: `farebox backup` copies the database of a deployment.
//! - [`doctor`]: `cargo dev doctor` checks the settings of a deployment.
//! - [`generate`]: `cargo dev generate` writes openapi.json, pages of docs and platform files.
//! - [`forget`]: `cargo dev forget` removes who paid from a caller's orders.
//! - [`import`]: `farebox import` ties Stripe customers that exist to callers.
//! - [`exchange`]: requests and responses as a row shows them.
//! - `mask`: removes secrets from rows.
//! - [`migrate`]: `farebox migrate` creates or updates the tables in a Postgres database.
//! - `missed`: reconciles when the developer presses a button.
//! - `orders`: changes of orders.
//! - `personas`: the people that the site's server signs tokens for.
//! - [`page`]: the shop's page.
//! - `watch`: records requests to the functions and to the sandbox.
//! - [`trail`]: records access decisions from the functions' log.
//! - `terminal`: the terminal's output.
//! - [`server`]: starts and stops all of it.

pub mod activity;
pub mod backup;
mod callers;
mod demo_checkout;
mod demo_clock;
pub mod doctor;
mod env_file;
pub mod exchange;
pub mod forget;
pub mod functions;
pub mod generate;
pub mod healthcheck;
pub mod import;
mod mask;
pub mod migrate;
mod missed;
pub mod options;
mod orders;
pub mod page;
mod permissions;
mod personas;
pub mod serve;
pub mod server;
pub mod settings;
pub mod site;
mod terminal;
pub mod trail;
mod watch;
