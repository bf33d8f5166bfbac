//! Tests of `cargo dev` as the real program, of all functions together, and of the operator's
//! commands.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod access;
mod activity;
mod backup;
mod callers;
mod clock;
mod deployments;
mod doctor;
mod documents;
mod generate;
mod healthcheck;
mod import;
mod layout;
mod logs;
mod operator;
mod payment;
mod postgres;
mod process;
mod serve;
mod start;
mod tls;
mod trail;
mod words;
