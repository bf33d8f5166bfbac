//! The settings of a deployment, for the operator's commands.

use std::{collections::HashMap, ffi::OsString};

use shared::{Config, app::OpenError, env::ConfigError, host};

use super::{SettingsError, dot_env};

/// The variables of a deployment: from the environment, then from `.env`.
pub(crate) fn of_deployment() -> Result<HashMap<String, String>, SettingsError> {
    let mut variables = dot_env::read()?;
    variables.extend(environment());
    Ok(variables)
}

/// The environment variables that are valid text.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    let text = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text)
}

/// Reads the settings from `variables`; those in `needs` are required.
pub(crate) fn config(
    variables: &HashMap<String, String>,
    needs: &[&'static str],
) -> Result<Config, ConfigError> {
    let lookup = |name: &str| variables.get(name).cloned();
    Config::from_named(needs, lookup, variables.keys().cloned())
}

/// Reads a deployment's settings for a command that requires `needs`.
///
/// # Errors
///
/// [`host::Error`] when `.env` cannot be read, or settings are missing or malformed.
pub fn of_command(needs: &[&'static str]) -> Result<Config, host::Error> {
    let variables = of_deployment().map_err(|error| host::Error::Work(error.into()))?;
    Ok(config(&variables, needs).map_err(OpenError::from)?)
}
