//! The whole of Farebox on this machine: the sandbox, every function, the delivery of the outbox,
//! and a small shop in front, on one port and in one process.
//!
//! Read in this order:
//!
//! - [`options`]: what the command line asks for.
//! - [`settings`]: keys for a try, unless the environment has some.
//! - [`functions`]: the list of all functions; a new function is one entry there.
//! - `callers`: which pages may call it, and by which name.
//! - `env_file`: tells a site that runs beside it how to reach it.
//! - [`site`]: the part that a shop's own server plays: it signs tokens, and is told of orders.
//! - [`activity`]: what happens, as it happens.
//! - [`doctor`]: `cargo dev doctor` checks the settings of a deployment.
//! - [`generate`]: `cargo dev generate` writes openapi.json and docs/errors.md.
//! - [`exchange`]: requests and answers as a row shows them.
//! - `mask`: takes secrets out of what is shown.
//! - `missed`: asks Stripe for missed events when a person presses the button.
//! - `orders`: how orders change.
//! - `personas`: whom the site's server signs tokens for.
//! - [`page`]: the shop that a person opens.
//! - `watch`: notes calls of the functions and of the sandbox as they pass.
//! - [`trail`]: decisions about callers, as the functions record them.
//! - `terminal`: what is said in the terminal.
//! - [`server`]: all of it, started and stopped.

pub mod activity;
mod callers;
pub mod doctor;
mod env_file;
pub mod exchange;
pub mod functions;
pub mod generate;
mod mask;
mod missed;
pub mod options;
mod orders;
pub mod page;
mod personas;
pub mod server;
pub mod settings;
pub mod site;
mod terminal;
pub mod trail;
mod watch;
