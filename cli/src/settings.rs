//! Keys for a try, unless the environment has some.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use shared::{
    Config,
    env::{ConfigError, need},
    secrets::{Mode, Unreadable},
};

use crate::{doctor::Finding, functions, options::Options};

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
            true => read_dot_env(&workspace().join(".env"))?,
            false => HashMap::new(),
        };
        named.extend(environment);
        let names: Vec<String> = named.keys().cloned().collect();
        let named = |name: &str| named.get(name).cloned();
        // The shop's server and the sandbox sign with the same keys, which have to be known here.
        if named("FAREBOX_SECRET_ID").is_some() {
            return Err(Unusable::KeysElsewhere);
        }
        let made = make(options, addresses, &named)?;
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

/// The settings in the environment and in `.env`, as they are; what keeps them from being read
/// otherwise.
pub(crate) fn of_deployment() -> Result<Config, Vec<Finding>> {
    let dot_env = read_dot_env(&workspace().join(".env"))
        .map_err(|unusable| vec![Finding::problem("settings", unusable.to_string())])?;
    let lookup = |name: &str| {
        std::env::var(name)
            .ok()
            .or_else(|| dot_env.get(name).cloned())
    };
    // What the environment lacks is found one by one later; a secret is asked for all that it must
    // hold.
    let needs = lookup("FAREBOX_SECRET_ID").map_or_else(Vec::new, |_| needs());
    let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let names: Vec<String> = names.chain(dot_env.keys().cloned()).collect();
    Config::from_named(&needs, lookup, names).map_err(|error| {
        let problems = error.problems().iter();
        problems
            .map(|problem| Finding::problem(problem.name, problem.what.to_string()))
            .collect()
    })
}

/// The database's path, without what leads to the workspace.
fn for_a_person(store: &str) -> String {
    let path = Path::new(store.strip_prefix("sqlite:").unwrap_or(store));
    let shown = path.strip_prefix(workspace()).unwrap_or(path);
    shown.display().to_string()
}

/// What any of the functions needs.
fn needs() -> Vec<&'static str> {
    functions::all()
        .flat_map(|function| function.settings.iter().copied())
        .collect()
}

/// What the environment does not name, made up for this try. Stripe's own keys cannot be.
fn make(
    options: &Options,
    addresses: Addresses<'_>,
    named: &impl Fn(&str) -> Option<String>,
) -> Result<HashMap<&'static str, String>, Unusable> {
    let mut made = HashMap::from([
        (need::STRIPE_WEBHOOK_SECRET, format!("whsec_{}", random(32))),
        (need::FAREBOX_SITE_KEY, random(48)),
        (
            need::FAREBOX_NOTIFY_URL,
            format!("http://127.0.0.1:{}/dev/notifications", addresses.port),
        ),
        (
            need::FAREBOX_RETURN_ORIGINS,
            // A site beside it listens where its developer likes.
            "http://127.0.0.1:*,http://localhost:*".to_owned(),
        ),
        (
            "FAREBOX_NOTIFY_SECRET",
            format!("whsec_{}", STANDARD.encode(random(32))),
        ),
    ]);
    // One person tries everything, from one address, as one customer.
    made.insert("FAREBOX_LIMIT_CALLER", "1000,open:1000".to_owned());
    if !options.stripe {
        made.insert(need::STRIPE_SECRET_KEY, format!("sk_test_{}", random(24)));
        made.insert(
            need::STRIPE_PUBLISHABLE_KEY,
            format!("pk_test_{}", random(24)),
        );
    }
    if named(need::DATABASE_URL).is_none() {
        let name = match options.stripe {
            true => "farebox-stripe.sqlite".to_owned(),
            false => format!("farebox-{}.sqlite", addresses.port),
        };
        let path = folder().join(name);
        fs::create_dir_all(folder())?;
        if !options.stripe {
            clear(&path)?;
        }
        made.insert(need::DATABASE_URL, format!("sqlite:{}", path.display()));
    }
    Ok(made)
}

/// The sandbox forgets its payments when it stops, so their orders go too.
fn clear(path: &Path) -> io::Result<()> {
    for suffix in ["", "-wal", "-shm"] {
        let mut file = path.as_os_str().to_owned();
        file.push(suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
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

fn read_dot_env(path: &Path) -> Result<HashMap<String, String>, Unusable> {
    if !path.exists() {
        return Ok(HashMap::new());
    }
    // The cause may quote a line, and so a key: it is told by its kind.
    let wrong = |error: dotenvy::Error| {
        Unusable::DotEnv(match error {
            dotenvy::Error::LineParse(_, position) => {
                format!("a line is malformed at character {position}")
            }
            dotenvy::Error::Io(error) => error.to_string(),
            _ => "it is malformed".to_owned(),
        })
    };
    let entries = dotenvy::from_path_iter(path).map_err(wrong)?;
    entries.map(|entry| entry.map_err(wrong)).collect()
}

/// Letters and digits from the operating system's source of randomness.
fn random(length: usize) -> String {
    const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let mut bytes = vec![0; length];
    aws_lc_rs::rand::fill(&mut bytes).expect("the operating system has randomness");
    bytes
        .into_iter()
        .map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]))
        .collect()
}
