//! How a message travels: to the log, to the site's [`endpoint`], or onto an EventBridge [`bus`].

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

/// Why a message was not delivered. Never holds what the endpoint answered, nor what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliveryError {
    /// The endpoint answered something else than a 2xx.
    #[error("the endpoint answered {0}")]
    Refused(StatusCode),
    /// The endpoint could not be reached.
    #[error("the endpoint could not be reached: {0}")]
    Unreachable(String),
    /// The endpoint did not answer in time.
    #[error("the endpoint did not answer within {} s", endpoint::PATIENCE.as_secs())]
    Late,
    /// There is nothing to sign with.
    #[error(transparent)]
    NoSecret(#[from] Missing),
    /// What to sign with cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The message could not be signed.
    #[error("the message could not be signed: {0}")]
    Unsigned(#[from] WebhookError),
    /// The request could not be made.
    #[error("the request could not be made: {0}")]
    Malformed(#[from] axum::http::Error),
    /// The event bus was not found; AWS's code says why.
    #[error("the event bus `{0}` was not found: {1}")]
    NoBus(String, String),
    /// EventBridge did not take it; AWS's code says why.
    #[error("the event bus did not take it: {0}")]
    Bus(String),
}

/// Takes messages to where the settings say.
#[derive(Clone, Debug)]
pub enum Sink {
    /// A log line each.
    Log,
    /// A signed POST each.
    Endpoint(Box<Endpoint>),
    /// An event each.
    Bus(Bus),
}

impl Sink {
    /// Without a destination messages go to the log.
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

    /// Whether there is something at the other end that a message would be lost without.
    ///
    /// # Errors
    ///
    /// [`DeliveryError::NoBus`] when there is not.
    pub(crate) async fn check(&self) -> Result<(), DeliveryError> {
        match self {
            Self::Log | Self::Endpoint(_) => Ok(()),
            Self::Bus(bus) => bus.find().await,
        }
    }

    /// Delivers `message`, signed at `now` (Unix seconds) where it is signed.
    ///
    /// # Errors
    ///
    /// [`DeliveryError`]; the other side may have it all the same.
    pub async fn deliver(&self, message: &Message, now: i64) -> Result<(), DeliveryError> {
        match self {
            Self::Log => log::write(message),
            Self::Endpoint(endpoint) => endpoint.post(message, now).await?,
            Self::Bus(bus) => bus.put(message).await?,
        }
        Ok(())
    }
}
