//! The results of processing an event, and the errors of one that was not processed.

use crate::{
    Error,
    secrets::{Missing, Unreadable},
    store::{Accepted, StoreError},
    stripe::StripeError,
    subscriptions::LookError,
};

/// The result of processing an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The database's result.
    Store(Accepted),
    /// The event is of the other mode, test or live, and changed nothing.
    OtherMode,
    /// The event is about an object that another deployment created, and changed nothing.
    OtherDeployment,
    /// The event is of a connected account that the settings do not name, and changed nothing.
    OtherAccount,
}

impl Outcome {
    /// One word, for the log and for metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Store(accepted) => accepted.as_str(),
            Self::OtherMode => "other_mode",
            Self::OtherDeployment => "other_deployment",
            Self::OtherAccount => "other_account",
        }
    }
}

/// A processed event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Processed {
    /// The result.
    pub outcome: Outcome,
    /// The ids of the messages that it appended to the outbox.
    pub messages: Vec<String>,
}

impl From<Outcome> for Processed {
    fn from(outcome: Outcome) -> Self {
        let messages = Vec::new();
        Self { outcome, messages }
    }
}

/// The error of an event that was not processed: nothing was written, and it may be delivered
/// again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProcessError {
    /// The database failed.
    #[error("the database did not store an event")]
    Store(#[from] StoreError),
    /// A subscription could not be fetched and stored.
    #[error("a subscription was not brought up to date")]
    Look(#[from] LookError),
    /// Stripe did not return an object that the event only names.
    #[error("Stripe did not return an event's object")]
    Stripe(#[from] StripeError),
    /// The event was processed, but its payment, which failed too often, may still be open.
    #[error("a payment with too many failed charges may still be open")]
    NotStopped(#[source] Box<Error>),
    /// The keys, which tell the mode, cannot be read.
    #[error(transparent)]
    NoKeys(#[from] Unreadable),
    /// There is no key that tells the mode.
    #[error(transparent)]
    NoKey(#[from] Missing),
}

impl From<ProcessError> for Error {
    fn from(failure: ProcessError) -> Self {
        Self::Unavailable(Box::new(failure))
    }
}
