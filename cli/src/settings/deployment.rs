//! The settings of a deployment, for the commands that an operator runs on a machine.

use std::{collections::HashMap, ffi::OsString};

use shared::{Config, app::OpenError, env::ConfigError, host};

use super::{Unusable, dot_env};

/// The variables of a deployment: those of this process, and of `.env` where it has no such.
pub(crate) fn of_deployment() -> Result<HashMap<String, String>, Unusable> {
    let mut variables = dot_env::read()?;
    variables.extend(environment());
    Ok(variables)
}

/// The variables of this process that are text.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text)
}

/// Reads the settings in `variables`, and demands those that it `needs`.
pub(crate) fn config(
    variables: &HashMap<String, String>,
    needs: &[&'static str],
) -> Result<Config, ConfigError> {
    let lookup = |name: &str| variables.get(name).cloned();
    Config::from_named(needs, lookup, variables.keys().cloned())
}

/// Reads the settings of a deployment for a command that `needs` some of them.
///
/// # Errors
///
/// [`host::Error`] when `.env` cannot be read, or settings are missing or malformed.
pub fn of_command(needs: &[&'static str]) -> Result<Config, host::Error> {
    let variables = of_deployment().map_err(|unusable| host::Error::Work(unusable.into()))?;
    Ok(config(&variables, needs).map_err(OpenError::from)?)
}
