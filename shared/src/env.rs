//! Reads variables of the environment and collects their faults.
//!
//! Each module reads its own settings by a `Reader`; nothing else reads the environment.

mod misspelt;
pub mod need;
mod platform;
mod reader;
mod values;
pub mod variables;

use std::fmt;

pub use misspelt::Misspelt;
pub(crate) use misspelt::among as misspelt_among;
pub(crate) use platform::{Platform, RUNTIME_API, is_vercel, log_level};
pub use reader::Problem;
pub(crate) use reader::{Reader, SESSION_TOKEN};
pub use values::ApiBase;
pub(crate) use values::{endpoint, file, port, seconds};

/// Every setting that is missing or malformed, by name and never by value.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// The faults, a variable each.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The same faults, where each names the variable that may be meant for it.
    pub(crate) fn with(mut self, misspelt: &[Misspelt]) -> Self {
        for problem in &mut self.problems {
            let found = misspelt.iter().filter(|it| it.meant == problem.name);
            for Misspelt { found, .. } in found {
                problem.what += &format!(": did you set it as {found}?");
            }
        }
        self
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings do not allow a start:")?;
        for Problem { name, what } in &self.problems {
            write!(f, "\n  {name} {what}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}
