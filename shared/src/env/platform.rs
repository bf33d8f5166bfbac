//! The platform that this process runs on, and the level of its log.

use super::{ConfigError, Reader, values::port};

/// The level of Farebox's log lines: `FAREBOX_LOG`, else `AWS_LAMBDA_LOG_LEVEL`.
pub(crate) fn log_level(lookup: impl Fn(&str) -> Option<String>) -> Option<tracing::Level> {
    ["FAREBOX_LOG", "AWS_LAMBDA_LOG_LEVEL"]
        .into_iter()
        .filter_map(lookup)
        .find_map(|text| text.trim().parse().ok())
}

/// The address of Lambda's runtime interface, set in a process that runs there.
pub(crate) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// The platform, detected from its own variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    /// AWS Lambda's runtime interface.
    Lambda,
    /// Plain HTTP on a loopback port, behind Vercel's own proxy.
    Vercel {
        /// `PORT`, or 3000.
        port: u16,
    },
    /// Plain HTTP on a loopback port: the operator's own server, `vercel dev`, or this machine.
    Http {
        /// `PORT`, or 3000.
        port: u16,
    },
}

impl Platform {
    /// The platform of this process.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when `PORT` is not a port.
    pub(crate) fn current() -> Result<Self, ConfigError> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Vercel first: its machines may carry Lambda's variables.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when `PORT` is not a port.
    pub(crate) fn from_lookup(
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        if !has_vercels_variables(&lookup) && is_set(&lookup, RUNTIME_API) {
            return Ok(Self::Lambda);
        }
        let mut read = Reader::new(&lookup);
        let port = read.value("PORT", port).unwrap_or(3000);
        read.finish(match is_vercel(&lookup) {
            true => Self::Vercel { port },
            false => Self::Http { port },
        })
    }
}

/// Returns true for a deployment on Vercel. `vercel dev` runs on a person's own machine, with its
/// files and keys.
pub(crate) fn is_vercel(lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_dev = lookup("VERCEL_ENV").is_some_and(|value| value == "development");
    has_vercels_variables(lookup) && !is_dev
}

pub(super) fn has_vercels_variables(lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    is_set(lookup, "VERCEL") || is_set(lookup, "VERCEL_IPC_PATH")
}

fn is_set(lookup: &dyn Fn(&str) -> Option<String>, name: &str) -> bool {
    lookup(name).is_some_and(|value| !value.is_empty())
}
