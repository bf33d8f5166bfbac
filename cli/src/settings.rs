//! Keys for a try, unless the environment has some.
//!
//! Read [`Settings::read`], then `made` for what is made up, and `deployment` for the commands of an
//! operator, which make up nothing.

mod deployment;
mod dot_env;
mod made;

use std::{
    collections::HashMap,
    io,
    path::{Path, PathBuf},
};

pub use deployment::of_command;
pub(crate) use deployment::{config, environment, of_deployment};
use shared::{
    Config,
    env::{ConfigError, need},
    secrets::{Mode, Unreadable},
};

use crate::{functions, options::Options};

/// Why there are no settings to start with.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unusable {
    /// A variable is missing or malformed.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The same, where the settings have to be written by a person.
    #[error(
        "{0}\n\nPut them into .env in this folder, or into the environment: .env.example says how"
    )]
    Unset(#[source] ConfigError),
    /// Real money would move.
    #[error("STRIPE_SECRET_KEY is a live key: `cargo dev` takes test keys alone")]
    LiveKey,
    /// The keys are elsewhere.
    #[error(
        "FAREBOX_SECRET_ID is set: `cargo dev` takes its keys from the environment or `.env` alone"
    )]
    KeysElsewhere,
    /// `.env` is there and cannot be read.
    #[error(".env cannot be read: {0}")]
    DotEnv(String),
    /// The keys cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The folder of its files cannot be made or cleared.
    #[error("the files of this try cannot be prepared: {0}")]
    File(#[from] io::Error),
}

/// What a try starts with.
#[derive(Debug)]
pub struct Settings {
    /// The settings of all functions.
    pub config: Config,
    /// Every secret of the webhook endpoint, for the sandbox to sign with.
    pub webhook_secrets: Vec<String>,
    /// Whether the environment named the webhook's secret.
    pub has_own_webhook_secret: bool,
    /// Where the database is, for a person to read.
    pub store: String,
    /// Whether the environment named a site of its own to notify.
    pub delivers_elsewhere: bool,
}

/// Where this process listens, which some settings are made of.
#[derive(Clone, Copy, Debug)]
pub struct Addresses<'a> {
    /// The port of shop and functions.
    pub port: u16,
    /// The sandbox, unless Stripe itself is called.
    pub sandbox: Option<&'a str>,
}

impl Settings {
    /// Reads the environment (with `--stripe` also `.env`), and makes up what it does not have.
    ///
    /// # Errors
    ///
    /// [`Unusable`] says what is wrong; it shows no value.
    pub async fn read(
        options: &Options,
        addresses: Addresses<'_>,
        environment: HashMap<String, String>,
    ) -> Result<Self, Unusable> {
        let mut named = match options.stripe {
            true => dot_env::read()?,
            false => HashMap::new(),
        };
        named.extend(environment);
        let names: Vec<String> = named.keys().cloned().collect();
        let named = |name: &str| named.get(name).cloned();
        // The shop's server and the sandbox sign with the same keys, which have to be known here.
        if named("FAREBOX_SECRET_ID").is_some() {
            return Err(Unusable::KeysElsewhere);
        }
        let made = made::make(options, addresses, &named)?;
        let lookup = |name: &str| match (name, addresses.sandbox) {
            ("STRIPE_API_BASE", Some(sandbox)) => Some(sandbox.to_owned()),
            _ => named(name).or_else(|| made.get(name).cloned()),
        };
        let config =
            Config::from_named(&needs(), lookup, names).map_err(|error| match options.stripe {
                true => Unusable::Unset(error),
                false => error.into(),
            })?;
        if config.secrets.mode().await? == Some(Mode::Live) {
            return Err(Unusable::LiveKey);
        }
        let secrets = lookup(need::STRIPE_WEBHOOK_SECRET).unwrap_or_default();
        Ok(Self {
            config,
            webhook_secrets: secrets.split(',').map(str::to_owned).collect(),
            has_own_webhook_secret: named(need::STRIPE_WEBHOOK_SECRET).is_some(),
            delivers_elsewhere: named(need::FAREBOX_NOTIFY_URL).is_some(),
            store: for_a_person(&lookup(need::DATABASE_URL).unwrap_or_default()),
        })
    }
}

/// The database's path, without what leads to the workspace.
fn for_a_person(store: &str) -> String {
    let path = Path::new(store.strip_prefix("sqlite:").unwrap_or(store));
    let shown = path.strip_prefix(workspace()).unwrap_or(path);
    shown.display().to_string()
}

/// What any of the functions needs.
pub(crate) fn needs() -> Vec<&'static str> {
    functions::all()
        .flat_map(|function| function.settings.iter().copied())
        .collect()
}

/// Where a try keeps its files: where cargo puts what it builds.
pub(crate) fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| workspace().join("target"))
        .join("dev")
}

/// The workspace: cargo names this package's folder when it runs it.
pub(crate) fn workspace() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let above = package.and_then(|folder| folder.parent().map(Path::to_owned));
    above.unwrap_or_else(|| PathBuf::from("."))
}
