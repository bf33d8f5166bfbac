//! Tools of the benchmarks, one program in `src/bin` each:
//!
//! - `stand-in`: AWS as far as the functions need it: one secret, and tables in memory;
//! - `load`: the load generator;
//! - `distance`: TLS in front of the sandbox, with a round-trip time;
//! - `limit`: the minimum of a webhook, to count its instructions.

mod expression;
mod options;
mod signing;
mod tables;

pub use options::Options;
pub use signing::{signature, token};
pub use tables::{Item, Tables};
