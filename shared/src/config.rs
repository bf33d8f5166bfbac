//! Settings, read once from the environment; nothing else reads it.
//!
//! A failed start names every variable that is missing or malformed, and shows no value.
//! Each function says which variables it cannot do without, so that what a function is
//! given can be no more than it needs.

mod misspelt;
mod reader;
mod values;

use std::{cell::RefCell, collections::BTreeSet, fmt, time::Duration};

pub use misspelt::Misspelt;
pub use reader::Problem;
pub(crate) use reader::{Reader, SESSION_TOKEN};
pub use values::{ApiBase, Caps, ConnectedAccounts, Destination, LedgerLocation, Subscriptions};
pub(crate) use values::{endpoint, seconds};

use secrecy::SecretString;

use crate::{
    access,
    aws::Aws,
    limits,
    request::ReturnOrigins,
    secrets::{self, Address, Keys, Secrets, Wanted},
};

/// The names of variables that a function may need to start.
pub mod need {
    /// Stripe's secret or restricted key.
    pub const STRIPE_SECRET_KEY: &str = "STRIPE_SECRET_KEY";
    /// Stripe's publishable key.
    pub const STRIPE_PUBLISHABLE_KEY: &str = "STRIPE_PUBLISHABLE_KEY";
    /// The signing secrets of the webhook endpoints.
    pub const STRIPE_WEBHOOK_SECRET: &str = "STRIPE_WEBHOOK_SECRET";
    /// The key by which the site's server signs tokens; not demanded where callers have tokens of an
    /// issuer.
    pub const FAREBOX_SITE_KEY: &str = "FAREBOX_SITE_KEY";
    /// Where orders, events and the outbox live.
    pub const FAREBOX_LEDGER: &str = "FAREBOX_LEDGER";
    /// The origins to which payers may be sent back.
    pub const FAREBOX_RETURN_ORIGINS: &str = "FAREBOX_RETURN_ORIGINS";
    /// Where the outbox is delivered.
    pub const FAREBOX_FULFIL: &str = "FAREBOX_FULFIL";
    /// What Vercel's schedule proves itself by.
    pub const CRON_SECRET: &str = "CRON_SECRET";
}

/// The settings of one deployment.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// `STRIPE_API_BASE`: where Stripe's API is; `https://api.stripe.com` by default, and plain
    /// `http` on this machine alone.
    pub stripe_api_base: ApiBase,
    /// `STRIPE_EVENT_SOURCE`: the partner event source from which EventBridge brings events of Stripe,
    /// without signatures; none by default.
    pub stripe_event_source: Option<String>,
    /// `FAREBOX_STRIPE_DEADLINE`: seconds that one call to Stripe may take, all attempts
    /// together; 20 by default.
    pub stripe_deadline: Duration,
    /// `FAREBOX_PRICE_TTL`: seconds for which a price is held before Stripe is asked again; 60 by
    /// default, 0 asks every time.
    pub price_ttl: Duration,
    /// `FAREBOX_MAX_AMOUNT`: the largest order, in minor units, in general and by currency; Stripe's
    /// limit of each currency by default.
    pub max_amount: Caps,
    /// `FAREBOX_RETURN_ORIGINS`: the origins to which payers may be sent back from a page of Stripe's;
    /// none by default.
    pub return_origins: ReturnOrigins,
    /// `FAREBOX_LEDGER`: where orders, events and the outbox live.
    pub ledger: Option<LedgerLocation>,
    /// AWS, where a setting names something that lives there.
    pub aws: Option<Aws>,
    /// `FAREBOX_FULFIL`: where the outbox is delivered.
    pub fulfil: Option<Destination>,
    /// `FAREBOX_FULFIL_EVENTS`: types of Stripe's events that are passed on as they are; none by
    /// default.
    pub subscriptions: Subscriptions,
    /// `FAREBOX_CONNECTED_ACCOUNTS`: the accounts of Connect whose events are taken like one's own; none by
    /// default.
    pub connected_accounts: ConnectedAccounts,
    /// Who may call, and what their roles let them do.
    pub access: access::Settings,
    /// How many payments may be started, by one caller and from one address.
    pub limits: limits::Settings,
    /// `CRON_SECRET`: what Vercel's schedule proves itself by, to functions without a route for people.
    pub cron_secret: Option<SecretString>,
    /// The keys, behind the type that hands them out: from the environment, or from the secret that
    /// `FAREBOX_SECRET_ID` names and that is held for `FAREBOX_SECRET_TTL` (300 s by default).
    pub secrets: Secrets,
    /// Variables that were found and are no settings, though their names resemble one.
    pub misspelt: Vec<Misspelt>,
}

impl Config {
    /// Reads the settings of this process; `needs` are the variables (see [`need`]) that must be set.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] lists every variable that is missing or malformed.
    pub fn from_env(needs: &[&'static str]) -> Result<Self, ConfigError> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let config = Self::from_named(needs, |name| std::env::var(name).ok(), names)?;
        for Misspelt { found, meant } in &config.misspelt {
            tracing::warn!("{found} is not a setting: is {meant} meant?");
        }
        Ok(config)
    }

    /// Reads the settings that `lookup` finds by name, as [`Config::from_lookup`], and looks for misspelt
    /// ones among the `names` of all variables.
    ///
    /// # Errors
    ///
    /// As [`Config::from_env`].
    pub fn from_named(
        needs: &[&'static str],
        lookup: impl Fn(&str) -> Option<String>,
        names: impl IntoIterator<Item = String>,
    ) -> Result<Self, ConfigError> {
        let asked = RefCell::new(BTreeSet::new());
        let noted = |name: &str| {
            asked.borrow_mut().insert(name.to_owned());
            lookup(name)
        };
        let read = Self::from_lookup(needs, noted);
        let asked = asked.borrow();
        let known = asked.iter().map(String::as_str);
        // A function does not ask for keys that it does not need.
        let known: Vec<&str> = known.chain(Keys::NAMES.iter().copied()).collect();
        let misspelt = misspelt::among(names, &known);
        match read {
            Ok(config) => Ok(Self { misspelt, ..config }),
            Err(error) => Err(error.with(&misspelt)),
        }
    }

    /// Reads the settings that `lookup` finds by name; `needs` as for [`Config::from_env`].
    ///
    /// # Errors
    ///
    /// As [`Config::from_env`].
    pub fn from_lookup(
        needs: &[&'static str],
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, ConfigError> {
        let mut read = Reader::new(&lookup);
        let is_vercel = is_vercel(&lookup);
        let ledger = read.value(need::FAREBOX_LEDGER, LedgerLocation::parse);
        if let (true, Some(LedgerLocation::Sqlite(_))) = (is_vercel, &ledger) {
            read.problem(need::FAREBOX_LEDGER, NO_FILES);
        }
        let fulfil = read.value(need::FAREBOX_FULFIL, Destination::parse);
        let is_on_aws = matches!(ledger, Some(LedgerLocation::DynamoDb(_)))
            || matches!(fulfil, Some(Destination::EventBridge(_)))
            || read.is_set(secrets::SECRET_ID);
        let aws = is_on_aws.then(|| Aws::read(&mut read, is_vercel)).flatten();
        let access = access::Settings::read(&mut read);
        let (keys, others): (Vec<&'static str>, Vec<_>) =
            needs.iter().partition(|name| Keys::NAMES.contains(name));
        let stripe_event_source = read.value("STRIPE_EVENT_SOURCE", values::event_source);
        let dispensable = [
            access.issuer.is_some().then_some(need::FAREBOX_SITE_KEY),
            stripe_event_source
                .is_some()
                .then_some(need::STRIPE_WEBHOOK_SECRET),
        ];
        let stripe_api_base = read
            .value("STRIPE_API_BASE", ApiBase::parse)
            .unwrap_or_default();
        let wanted = Wanted {
            stripe: match stripe_api_base.is_stripes() {
                true => Address::Stripes,
                false => Address::Other,
            },
            ..wanted(keys, fulfil.as_ref(), dispensable)
        };
        let secrets = Secrets::read(&mut read, wanted, aws.as_ref());
        let config = Self {
            stripe_api_base,
            stripe_event_source,
            stripe_deadline: read
                .value("FAREBOX_STRIPE_DEADLINE", seconds(1..=60))
                .unwrap_or(Duration::from_secs(20)),
            price_ttl: read
                .value("FAREBOX_PRICE_TTL", seconds(0..=3600))
                .unwrap_or(Duration::from_secs(60)),
            max_amount: read
                .value("FAREBOX_MAX_AMOUNT", Caps::parse)
                .unwrap_or_default(),
            return_origins: read
                .value(need::FAREBOX_RETURN_ORIGINS, ReturnOrigins::parse)
                .unwrap_or_default(),
            ledger,
            aws,
            fulfil,
            subscriptions: read
                .value("FAREBOX_FULFIL_EVENTS", Subscriptions::parse)
                .unwrap_or_default(),
            connected_accounts: read
                .value("FAREBOX_CONNECTED_ACCOUNTS", ConnectedAccounts::parse)
                .unwrap_or_default(),
            access,
            limits: limits::Settings::read(&mut read),
            cron_secret: read.value(need::CRON_SECRET, values::cron_secret),
            secrets,
            misspelt: Vec::new(),
        };
        // Read where they are used; a wrong one is told with the others.
        read.value("FAREBOX_LOG", |text| {
            text.parse::<tracing::Level>().map_err(|_| LEVELS)
        });
        read.value("PORT", values::port);
        others.into_iter().for_each(|name| read.require(name));
        read.finish(config)
    }
}

/// The keys that a function must be given: those that it needs, and the one that signs what goes to an
/// endpoint, which gets signed messages or none. Those that are `dispensable` are used where they are
/// given: where an issuer's tokens say who is calling, the site may have no key; where EventBridge
/// brings Stripe's events, there may be no endpoint that signs them.
fn wanted(
    needs: Vec<&'static str>,
    fulfil: Option<&Destination>,
    dispensable: [Option<&'static str>; 2],
) -> Wanted {
    let is_signed = matches!(fulfil, Some(Destination::Endpoint(_)));
    let signs = is_signed.then_some(secrets::FULFIL_SECRET);
    let (optional, mut needed): (Vec<_>, Vec<_>) = needs
        .into_iter()
        .partition(|name| dispensable.contains(&Some(*name)));
    needed.extend(signs);
    Wanted {
        needed,
        optional,
        stripe: Address::default(),
    }
}

/// A function there has a folder of its own, which goes when it ends, and others do not see.
const NO_FILES: &str =
    "names a file, and Vercel keeps none: name a table, `dynamodb:` and its name";

const LEVELS: &str = "must be error, warn, info, debug or trace";

/// The level of our own log lines: `FAREBOX_LOG`, else `AWS_LAMBDA_LOG_LEVEL`.
pub(crate) fn log_level(lookup: impl Fn(&str) -> Option<String>) -> Option<tracing::Level> {
    ["FAREBOX_LOG", "AWS_LAMBDA_LOG_LEVEL"]
        .into_iter()
        .filter_map(lookup)
        .find_map(|text| text.trim().parse().ok())
}

/// Where Lambda's runtime interface is, for a process that runs there.
pub(crate) const RUNTIME_API: &str = "AWS_LAMBDA_RUNTIME_API";

/// Where this process runs, told from the platform's own variables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Platform {
    /// AWS Lambda's runtime interface.
    Lambda,
    /// Plain HTTP on a loopback port, behind Vercel's own proxy.
    Vercel {
        /// `PORT`, or 3000.
        port: u16,
    },
    /// Plain HTTP on a loopback port: a server of one's own, `vercel dev`, or this machine.
    Http {
        /// `PORT`, or 3000.
        port: u16,
    },
}

impl Platform {
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
        let port = read.value("PORT", values::port).unwrap_or(3000);
        read.finish(match is_vercel(&lookup) {
            true => Self::Vercel { port },
            false => Self::Http { port },
        })
    }
}

/// Whether this is a deployment on Vercel. `vercel dev` is a person's own machine, with its files and keys.
fn is_vercel(lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    let is_dev = lookup("VERCEL_ENV").is_some_and(|value| value == "development");
    has_vercels_variables(lookup) && !is_dev
}

fn has_vercels_variables(lookup: &dyn Fn(&str) -> Option<String>) -> bool {
    is_set(lookup, "VERCEL") || is_set(lookup, "VERCEL_IPC_PATH")
}

fn is_set(lookup: &dyn Fn(&str) -> Option<String>, name: &str) -> bool {
    lookup(name).is_some_and(|value| !value.is_empty())
}

/// Every setting that is missing or malformed, by name and never by value.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// What is wrong, a variable each.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// The same, where each problem names the variable that may be meant for it.
    fn with(mut self, misspelt: &[Misspelt]) -> Self {
        for problem in &mut self.problems {
            let found = misspelt.iter().filter(|it| it.meant == problem.name);
            for Misspelt { found, .. } in found {
                problem.what += &format!(": is {found} meant for it?");
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

#[cfg(test)]
mod tests;
