//! `cargo dev` as the real program: a payment from the first request to the delivery, what is
//! logged on the way, how it starts and stops, whether every function is listed wherever it has to
//! be, and who may call it, and the record of that; all functions of two deployments on one
//! account; what the documents say; `cargo dev doctor`, and the commands of an operator.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod access;
mod activity;
mod callers;
mod deployments;
mod doctor;
mod documents;
mod generate;
mod layout;
mod logs;
mod operator;
mod payment;
mod process;
mod start;
mod trail;
mod words;
