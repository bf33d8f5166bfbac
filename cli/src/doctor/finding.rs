//! One line of what was found.

use std::fmt;

/// How it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It works.
    Ok,
    /// It does not, and is to be mended.
    Problem,
    /// It could not be told.
    Unknown,
}

/// What was found of one thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    outcome: Outcome,
    what: String,
    text: String,
}

impl Finding {
    /// `what` works; `text` says how that shows.
    pub(super) fn ok(what: &str, text: impl Into<String>) -> Self {
        Self::new(Outcome::Ok, what, text)
    }

    /// `what` does not work; `text` says what to do.
    pub(crate) fn problem(what: &str, text: impl Into<String>) -> Self {
        Self::new(Outcome::Problem, what, text)
    }

    /// Whether `what` works could not be told; `text` says why.
    pub(super) fn unknown(what: &str, text: impl Into<String>) -> Self {
        Self::new(Outcome::Unknown, what, text)
    }

    fn new(outcome: Outcome, what: &str, text: impl Into<String>) -> Self {
        Self {
            outcome,
            what: what.to_owned(),
            text: text.into(),
        }
    }

    /// How it stands.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether someone has to mend something.
    #[must_use]
    pub fn is_problem(&self) -> bool {
        self.outcome == Outcome::Problem
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.outcome {
            Outcome::Ok => "ok",
            Outcome::Problem => "problem",
            Outcome::Unknown => "unknown",
        };
        write!(f, "{word:<8} {}: {}", self.what, self.text)
    }
}
