//! Delivers a message: to the log, to the site's [`endpoint`], or to an EventBridge [`bus`].

pub mod bus;
pub mod endpoint;
mod log;

use axum::http::StatusCode;
use bus::Bus;
use endpoint::Endpoint;
use shared::{
    Config,
    notify::Destination,
    secrets::{Missing, Unreadable},
    store::Message,
};
use standardwebhooks::WebhookError;

/// The reason why a message was not delivered. It contains neither the endpoint's response nor the
/// message.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The endpoint's status was not a 2xx.
    #[error("the endpoint answered {0}")]
    Refused(StatusCode),
    /// The endpoint could not be reached.
    #[error("notify cannot reach the endpoint: {0}")]
    Unreachable(String),
    /// The endpoint did not respond in time.
    #[error("the endpoint did not answer within {} s", endpoint::TIMEOUT.as_secs())]
    Late,
    /// The signing secret is missing.
    #[error(transparent)]
    NoSecret(#[from] Missing),
    /// The signing secret cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The message could not be signed.
    #[error("notify cannot sign the message: {0}")]
    Unsigned(#[from] WebhookError),
    /// The request could not be built.
    #[error("notify cannot build the request: {0}")]
    Malformed(#[from] axum::http::Error),
    /// The event bus was not found; AWS's code tells why.
    #[error("notify cannot find the event bus `{0}`: {1}")]
    NoBus(String, String),
    /// EventBridge did not accept the event; AWS's code tells why.
    #[error("EventBridge did not accept the event: {0}")]
    Bus(String),
}

/// The destination of messages.
#[derive(Clone, Debug)]
pub enum Sink {
    /// A log line for each.
    Log,
    /// A signed POST for each.
    Endpoint(Box<Endpoint>),
    /// An event for each.
    Bus(Bus),
}

impl Sink {
    /// The sink of the settings. Without a destination messages go to the log.
    pub(crate) fn new(config: &Config) -> Self {
        match &config.notify {
            None | Some(Destination::Log) => Self::Log,
            Some(Destination::Endpoint(url)) => {
                let endpoint = Endpoint::new(url.clone(), config.secrets.clone());
                Self::Endpoint(Box::new(endpoint))
            }
            Some(Destination::EventBridge(bus)) => {
                let aws = config.aws.as_ref();
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
    pub(crate) async fn check(&self) -> Result<(), DeliveryError> {
        match self {
            Self::Log | Self::Endpoint(_) => Ok(()),
            Self::Bus(bus) => bus.find().await,
        }
    }

    /// Delivers `message`, signed at `now` (Unix seconds) where the destination takes signatures.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`]; the destination may have received it all the same.
    pub async fn deliver(&self, message: &Message, now: i64) -> Result<(), DeliveryError> {
        match self {
            Self::Log => log::write(message),
            Self::Endpoint(endpoint) => endpoint.post(message, now).await?,
            Self::Bus(bus) => bus.put(message).await?,
        }
        Ok(())
    }
}
