//! Reads variables one by one and collects their faults.

use super::{ConfigError, platform::has_vercels_variables};

/// The fault of one variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The variable's name.
    pub name: &'static str,
    /// The fault, a text that reads on from the name. Never the value.
    pub what: String,
}

/// A variable that `sam local` sets in every container.
const SAM_LOCAL: &str = "AWS_SAM_LOCAL";
/// A variable that Lambda's emulator sets, to nothing where the credentials have no token.
pub(crate) const SESSION_TOKEN: &str = "AWS_SESSION_TOKEN";

/// Reads by name; a blank or malformed value is a problem, an absent one is not.
///
/// An empty value is a slip that stops the start, except where a tool sets it for an absent one:
/// `sam local` does so for each name whose value it does not resolve.
pub(crate) struct Reader<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    is_sam_local: bool,
    problems: Vec<Problem>,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(lookup: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self {
            lookup,
            is_sam_local: lookup(SAM_LOCAL).is_some_and(|value| !value.is_empty()),
            problems: Vec::new(),
        }
    }

    fn get(&self, name: &str) -> Option<String> {
        let may_be_empty = self.is_sam_local || name == SESSION_TOKEN;
        (self.lookup)(name).filter(|value| !(may_be_empty && value.is_empty()))
    }

    /// The value of `name` as `parse` reads it; `None` when it is not set, or is a problem.
    pub(crate) fn value<T, W: ToString>(
        &mut self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, W>,
    ) -> Option<T> {
        let text = self.get(name)?;
        if text.trim().is_empty() {
            self.problem(name, "is blank: give it a value or remove it");
            return None;
        }
        if text.trim() != text {
            self.problem(name, "begins or ends with white space");
            return None;
        }
        match parse(&text) {
            Ok(value) => Some(value),
            Err(what) => {
                self.problem(name, what);
                None
            }
        }
    }

    /// True when `name` has a value, even a wrong one.
    pub(crate) fn is_set(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// True when `name` has a value that is not empty.
    pub(crate) fn holds(&self, name: &str) -> bool {
        (self.lookup)(name).is_some_and(|value| !value.is_empty())
    }

    /// True when this process has Vercel's variables: a deployment's, or those of `vercel dev`.
    pub(crate) fn has_vercels_variables(&self) -> bool {
        has_vercels_variables(self.lookup)
    }

    /// Makes the absence of `name` a problem.
    pub(crate) fn require(&mut self, name: &'static str) {
        if !self.is_set(name) {
            self.problem(name, "is not set");
        }
    }

    /// Records that `name` is wrong; `what` must not contain its value.
    pub(crate) fn problem(&mut self, name: &'static str, what: impl ToString) {
        let what = what.to_string();
        let problem = Problem { name, what };
        // Several functions may need the same variable.
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// `value`, unless something was wrong.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] with every recorded problem.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, ConfigError> {
        if self.problems.is_empty() {
            return Ok(value);
        }
        Err(ConfigError {
            problems: self.problems,
        })
    }
}
