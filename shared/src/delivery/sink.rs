//! Delivers a message: to the log, to the site's endpoint, or to an EventBridge bus.

mod bus;
mod endpoint;
mod log;

use std::time::Duration;

use bus::Bus;
use endpoint::Endpoint;
use hyper::StatusCode;
use standardwebhooks::WebhookError;

use super::Settings;
use crate::{
    notify::Destination,
    secrets::{Missing, Unreadable},
    store::Message,
    stripe::StripeError,
};

/// The reason why a message was not delivered. It contains neither the endpoint's response nor the
/// message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The endpoint's status was not a 2xx.
    #[error("the endpoint answered {0}")]
    Refused(StatusCode),
    /// The endpoint could not be reached.
    #[error("Farebox cannot reach the endpoint: {0}")]
    Unreachable(String),
    /// The endpoint did not respond in time.
    #[error("the endpoint did not answer within {0:.1?}")]
    Late(Duration),
    /// The signing secret is missing.
    #[error(transparent)]
    NoSecret(#[from] Missing),
    /// The signing secret cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The message could not be signed.
    #[error("Farebox cannot sign the message: {0}")]
    Unsigned(#[from] WebhookError),
    /// The request could not be built.
    #[error("Farebox cannot build the request: {0}")]
    Malformed(#[from] hyper::http::Error),
    /// The event bus was not found; AWS's code tells why.
    #[error("Farebox cannot find the event bus `{0}`: {1}")]
    NoBus(String, String),
    /// Stripe did not take the usage.
    #[error("Stripe did not take the usage: {0}")]
    Usage(#[from] StripeError),
    /// The message is not in the form of usage.
    #[error("Farebox cannot read the usage in the message")]
    NoUsage,
    /// EventBridge did not accept the event; AWS's code tells why.
    #[error("EventBridge did not accept the event: {0}")]
    Bus(String),
}

/// The destination of messages.
#[derive(Clone, Debug)]
pub(super) enum Sink {
    /// A log line for each.
    Log,
    /// A signed POST for each.
    Endpoint(Box<Endpoint>),
    /// An event for each.
    Bus(Bus),
}

impl Sink {
    /// The sink of the settings. Without a destination messages go to the log.
    pub(super) fn new(settings: &Settings) -> Self {
        match &settings.destination {
            None | Some(Destination::Log) => Self::Log,
            Some(Destination::Endpoint(url)) => {
                let endpoint = Endpoint::new(url.clone(), settings.secrets.clone());
                Self::Endpoint(Box::new(endpoint))
            }
            Some(Destination::EventBridge(bus)) => {
                let aws = settings.aws.as_ref();
                let aws = aws.expect("settings that name a bus have a region and keys");
                Self::Bus(Bus::new(bus, aws))
            }
        }
    }

    /// Checks that the destination exists, where a message to a missing one would be lost.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::NoBus`] when it does not exist.
    pub(super) async fn check(&self) -> Result<(), DeliveryError> {
        match self {
            Self::Log | Self::Endpoint(_) => Ok(()),
            Self::Bus(bus) => bus.find().await,
        }
    }

    /// Delivers `message` within `timeout`, signed at `now` (Unix seconds) where the destination
    /// takes signatures.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`]; the destination may have received it all the same.
    pub(super) async fn deliver(
        &self,
        message: &Message,
        now: i64,
        timeout: Duration,
    ) -> Result<(), DeliveryError> {
        let delivered = async {
            match self {
                Self::Log => log::write(message),
                Self::Endpoint(endpoint) => endpoint.post(message, now).await?,
                Self::Bus(bus) => bus.put(message).await?,
            }
            Ok(())
        };
        let delivered = tokio::time::timeout(timeout, delivered).await;
        delivered.map_err(|_| DeliveryError::Late(timeout))?
    }
}
