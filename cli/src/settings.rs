//! The settings of a local run: from the environment, or generated.
//!
//! Read [`Settings::read`], then `made` for the generated settings, and `deployment` for the
//! operator's commands, which generate none.

mod deployment;
mod dot_env;
mod home;
mod made;

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

pub use deployment::of_command;
pub(crate) use deployment::{config, environment, of_deployment};
pub(crate) use home::Home;
use shared::{
    Config,
    env::{ConfigError, need},
    secrets::{Mode, Unreadable},
    store::DatabaseUrl,
};

use crate::{demo_checkout, functions, options::Options};

/// The settings do not allow a start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A variable is missing or malformed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A variable that a developer has to set is missing or malformed.
    #[error(
        "{0}\n\nPut them into .env in this folder, or into the environment: .env.example says how"
    )]
    Unset(#[source] ConfigError),
    /// The key is a live key.
    #[error("STRIPE_SECRET_KEY is a live key: `farebox dev` accepts only test keys")]
    LiveKey,
    /// The keys are in AWS Secrets Manager.
    #[error(
        "FAREBOX_SECRET_ID is set: `farebox dev` reads its keys only from the environment or `.env`"
    )]
    KeysInSecretsManager,
    /// A file with settings exists and cannot be read: its name and the reason.
    #[error("{0} cannot be read: {1}")]
    DotEnv(&'static str, String),
    /// The keys cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The folder for the files of this run cannot be created or cleared.
    #[error("the files of this run cannot be prepared: {0}")]
    File(#[from] io::Error),
}

/// The settings of a local run.
#[derive(Debug)]
pub struct Settings {
    /// The settings of all functions.
    pub config: Config,
    /// Every signing secret of the webhook endpoint, for the sandbox.
    pub webhook_secrets: Vec<String>,
    /// True when the environment has the webhook's signing secret.
    pub has_own_webhook_secret: bool,
    /// The database, in a short form for the terminal.
    pub store: String,
    /// True when the environment has a notification URL.
    pub has_own_notify_url: bool,
    /// The days of a trial, where the checkout file is generated.
    pub trial_days: Option<u32>,
}

/// The addresses of this process, which some settings contain.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a> {
    /// The port of the shop and the functions.
    pub port: u16,
    /// The sandbox's URL, unless Stripe itself is called.
    pub sandbox: Option<&'a str>,
}

impl Settings {
    /// Reads the environment (with `--stripe` also `.env`), and generates missing settings.
    ///
    /// # Errors
    ///
    /// [`SettingsError`] names the wrong setting; it shows no value.
    pub async fn read(
        options: &Options,
        addresses: Addresses<'_>,
        environment: HashMap<String, String>,
    ) -> Result<Self, SettingsError> {
        let mut named = match options.stripe {
            true => dot_env::read()?,
            false => HashMap::new(),
        };
        named.extend(environment);
        if let Some(url) = &options.notify {
            named.insert(need::FAREBOX_NOTIFY_URL.to_owned(), url.clone());
        }
        let names: Vec<String> = named.keys().cloned().collect();
        let named = |name: &str| named.get(name).cloned();
        // The shop's server and the sandbox sign with these keys, so this process must read them.
        if named("FAREBOX_SECRET_ID").is_some() {
            return Err(SettingsError::KeysInSecretsManager);
        }
        let made = made::make(options, addresses, &named)?;
        let lookup = |name: &str| match (name, addresses.sandbox) {
            ("STRIPE_API_BASE", Some(sandbox)) => Some(sandbox.to_owned()),
            _ => named(name).or_else(|| made.get(name).cloned()),
        };
        let config =
            Config::from_named(&needs(), lookup, names).map_err(|error| match options.stripe {
                true => SettingsError::Unset(error),
                false => error.into(),
            })?;
        if config.secrets.mode().await? == Some(Mode::Live) {
            return Err(SettingsError::LiveKey);
        }
        let secrets = lookup(need::STRIPE_WEBHOOK_SECRET).unwrap_or_default();
        Ok(Self {
            config,
            webhook_secrets: secrets.split(',').map(str::to_owned).collect(),
            has_own_webhook_secret: named(need::STRIPE_WEBHOOK_SECRET).is_some(),
            has_own_notify_url: named(need::FAREBOX_NOTIFY_URL).is_some(),
            trial_days: made
                .get(made::CHECKOUT)
                .and_then(|_| demo_checkout::trial_days()),
            store: for_a_person(&lookup(need::DATABASE_URL).unwrap_or_default()),
        })
    }
}

/// The database's path, relative to the home; of a server, the address without a password.
fn for_a_person(store: &str) -> String {
    if let Ok(DatabaseUrl::Postgres(server)) = DatabaseUrl::parse(store) {
        return server.to_string();
    }
    let path = Path::new(store.strip_prefix("sqlite:").unwrap_or(store));
    let shown = path.strip_prefix(Home::here().folder).unwrap_or(path);
    shown.display().to_string()
}

/// The settings that any function requires.
pub(crate) fn needs() -> Vec<&'static str> {
    functions::all()
        .flat_map(|function| function.settings.iter().copied())
        .collect()
}

/// The workspace, from the package folder that cargo sets.
pub(crate) fn workspace() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let above = package.and_then(|folder| folder.parent().map(Path::to_owned));
    above.unwrap_or_else(|| PathBuf::from("."))
}
