//! `shared` over real sockets.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod customers;
mod layers;
mod peer;
mod secrets;
mod secrets_on_aws;
mod transport;
mod transport_keys;
