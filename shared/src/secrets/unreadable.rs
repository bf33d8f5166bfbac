//! Why the keys cannot be had, in words that a person can act on and that hold no value.

use std::{fmt, time::Duration};

use crate::{Error, env::Problem};

/// The secret that holds the keys could not be read, or holds something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the keys in the secret `{id}` cannot be read: {why}")]
pub struct Unreadable {
    pub(super) id: String,
    pub(super) why: Why,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// It may pass by itself: nobody answered, not in time, or not for now.
    Passing(String),
    /// AWS said no: there is no such secret, or no permission.
    Refused(String),
    /// The secret is there, and does not hold the keys.
    Malformed(String),
}

impl Why {
    /// One text for all that is wrong with the contents.
    pub(super) fn malformed(problems: &[Problem]) -> Self {
        let lines: Vec<String> = problems
            .iter()
            .map(|Problem { name, what }| format!("{name} {what}"))
            .collect();
        Self::Malformed(format!("what it holds is wrong: {}", lines.join("; ")))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Self::Passing(text) | Self::Refused(text) | Self::Malformed(text)) = self;
        f.write_str(text)
    }
}

impl Unreadable {
    /// See [`Unreadable::grace`].
    pub(super) const LONGEST_GRACE: Duration = Duration::from_secs(15 * 60);

    /// Whether it may pass without anybody's doing.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self.why, Why::Passing(_))
    }

    /// How long keys that were read before are used past their time. An outage must not stop
    /// payments, nor a slip in the secret, which a person sees in the log and mends: the held keys
    /// are still good. A refusal is meant, and gets no longer than a policy takes to be put right.
    pub(super) fn grace(&self) -> Duration {
        match self.why {
            Why::Passing(_) | Why::Malformed(_) => Self::LONGEST_GRACE,
            Why::Refused(_) => Duration::from_secs(60),
        }
    }
}

impl From<Unreadable> for Error {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unavailable(Box::new(unreadable))
    }
}
