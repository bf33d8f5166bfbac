//! A finding: one line of the report.

use std::fmt;

/// The result of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Passed.
    Ok,
    /// Needs to be fixed.
    Problem,
    /// Could not be checked.
    Unknown,
}

/// The result of a check, and its explanation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    outcome: Outcome,
    what: String,
    text: String,
}

impl Finding {
    /// `what` passed; `text` explains.
    pub(super) fn ok(what: &str, text: impl Into<String>) -> Self {
        Self::new(Outcome::Ok, what, text)
    }

    /// `what` needs to be fixed; `text` says how.
    pub(crate) fn problem(what: &str, text: impl Into<String>) -> Self {
        Self::new(Outcome::Problem, what, text)
    }

    /// `what` could not be checked; `text` says why.
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

    /// The result.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Returns true when something needs to be fixed.
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
