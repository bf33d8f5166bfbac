//! What the benchmarks are made with. Each program in `src/bin` is one part of a measurement:
//!
//! - `stand-in`: AWS as far as functions ask it: one secret, and tables in memory;
//! - `load`: clients that send requests, and how long the answers took;
//! - `distance`: TLS in front of the sandbox of Stripe, with a round trip that takes its time;
//! - `limit`: the least that a webhook has to do, and how many instructions that is.

mod expression;
mod options;
mod signing;
mod tables;

pub use options::Options;
pub use signing::{signature, token};
pub use tables::{Item, Tables};
