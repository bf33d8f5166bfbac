//! The reasons why the keys are not available, in words for the operator and without values.

use std::{fmt, time::Duration};

use crate::{Error, env::Problem};

/// The secret with the keys could not be read, or has other contents.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys in the secret `{id}` cannot be read: {fault}")]
pub struct Unreadable {
    pub(super) id: String,
    pub(super) fault: Fault,
}

/// The fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It may pass by itself: AWS did not answer, not in time, or not for now.
    Transient(String),
    /// AWS refused: there is no such secret, or no permission.
    Refused(String),
    /// The secret exists, and does not contain the keys.
    Malformed(String),
}

impl Fault {
    /// One text for all faults of the contents.
    pub(super) fn malformed(problems: &[Problem]) -> Self {
        let lines: Vec<String> = problems
            .iter()
            .map(|Problem { name, what }| format!("{name} {what}"))
            .collect();
        Self::Malformed(format!("what it holds is wrong: {}", lines.join("; ")))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Transient(text) | Self::Refused(text) | Self::Malformed(text)) = self;
        f.write_str(text)
    }
}

impl Unreadable {
    /// See [`Unreadable::grace`].
    pub(super) const LONGEST_GRACE: Duration = Duration::from_secs(15 * 60);

    /// Returns true when it may pass by itself.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(self.fault, Fault::Transient(_))
    }

    /// The time for which cached keys are used beyond their validity.
    ///
    /// Neither an outage nor a slip in the secret must stop payments: the operator sees it in the
    /// log and fixes it, and the cached keys still work. A refusal is intended, and has only the
    /// time that fixing a policy takes.
    pub(super) fn grace(&self) -> Duration {
        match self.fault {
            Fault::Transient(_) | Fault::Malformed(_) => Self::LONGEST_GRACE,
            Fault::Refused(_) => Duration::from_secs(60),
        }
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unavailable(Box::new(unreadable))
    }
}
