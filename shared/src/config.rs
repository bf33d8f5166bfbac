//! Settings, read once from the environment; nothing else reads it.
//!
//! A failed start names every variable that is missing or malformed, and shows no value. Each
//! function names the variables that it needs, so that it can be given no more than those.

mod values;

use std::{cell::RefCell, collections::BTreeSet, time::Duration};

use secrecy::SecretString;

use crate::{
    ConfigError, access,
    aws::Aws,
    checkout::CheckoutSettings,
    delivery,
    env::{self, Misspelt, Reader, is_vercel, need, seconds},
    notify::Destination,
    processor::ConnectedAccounts,
    purchase, rate_limit,
    return_url::ReturnOrigins,
    secrets::{self, Address, Keys, Secrets, Wanted},
    store::{self, DatabaseUrl},
    stripe,
    subscription::Grace,
};

/// The settings of one deployment, a part for each module that has some.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Config {
    /// The settings of calls to Stripe.
    pub stripe: stripe::Settings,
    /// `STRIPE_EVENT_SOURCE`: the partner event source of Stripe on EventBridge, whose events have
    /// no signatures; none by default.
    pub stripe_event_source: Option<String>,
    /// The settings of purchases.
    pub purchase: purchase::Settings,
    /// The options of Checkout Sessions.
    pub checkout: CheckoutSettings,
    /// `FAREBOX_RETURN_ORIGINS`: the origins to which payers may return from hosted Checkout; none
    /// by default.
    pub return_origins: ReturnOrigins,
    /// The settings of the database.
    pub store: store::Settings,
    /// AWS, where a setting names something that lives there.
    pub aws: Option<Aws>,
    /// `FAREBOX_NOTIFY_URL`: the destination of notifications.
    pub notify: Option<Destination>,
    /// True on Vercel, where no process runs between requests: the requests of `webhook` and
    /// `order` deliver notifications.
    pub delivers_in_requests: bool,
    /// `FAREBOX_CONNECTED_ACCOUNTS`: the connected accounts whose events are processed like the
    /// platform's own; none by default.
    pub connected_accounts: ConnectedAccounts,
    /// `FAREBOX_PAYER`: true when orders keep who paid, for the site's notifications; `keep` by
    /// default.
    pub keeps_payer: bool,
    /// `FAREBOX_GRACE`: the time for which a missing payment of a subscription takes no access;
    /// seven days by default.
    pub grace: Grace,
    /// `FAREBOX_RECONCILE_LATE`: the time without a success of `reconcile` after which `health`
    /// says so; 20 minutes by default, on Vercel 26 hours. A schedule of Vercel's Hobby plan runs
    /// some time within its hour of the day.
    pub reconcile_late: Duration,
    /// The settings of authentication and authorization.
    pub access: access::Settings,
    /// The rate limits.
    pub limits: rate_limit::Settings,
    /// `CRON_SECRET`: the secret by which Vercel's schedule authenticates to functions without a
    /// public route.
    pub cron_secret: Option<SecretString>,
    /// The keys: from the environment, or from the secret that `FAREBOX_SECRET_ID` names, cached
    /// for `FAREBOX_SECRET_TTL` (300 s by default).
    pub secrets: Secrets,
    /// Variables that are no settings, though their names resemble one.
    pub misspelt: Vec<Misspelt>,
}

impl Config {
    /// Reads the settings of this process; `needs` are the variables (see [`need`]) that must be
    /// set.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] lists every variable that is missing or malformed.
    pub fn from_env(needs: &[&'static str]) -> Result<Self, ConfigError> {
        let names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
        let config = Self::from_named(needs, |name| std::env::var(name).ok(), names)?;
        for Misspelt { found, meant } in &config.misspelt {
            tracing::warn!("{found} is not a setting: did you mean {meant}?");
        }
        Ok(config)
    }

    /// Reads the settings that `lookup` finds by name, as [`Config::from_lookup`], and looks for
    /// misspelt ones among the `names` of all variables.
    ///
    /// # Errors
    ///
    /// As [`Config::from_env`].
    pub fn from_named(
        needs: &[&'static str],
        lookup: impl Fn(&str) -> Option<String>,
        names: impl IntoIterator<Item = String>,
    ) -> Result<Self, ConfigError> {
        let looked_up = RefCell::new(BTreeSet::new());
        let recording = |name: &str| {
            looked_up.borrow_mut().insert(name.to_owned());
            lookup(name)
        };
        let read = Self::from_lookup(needs, recording);
        let looked_up = looked_up.borrow();
        let known = looked_up.iter().map(String::as_str);
        // A function does not look up keys that it does not need.
        let known: Vec<&str> = known.chain(Keys::NAMES.iter().copied()).collect();
        let has_database = lookup(need::DATABASE_URL).is_some_and(|url| !url.is_empty());
        let misspelt = env::misspelt_among(names, &known, has_database);
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
        let store = store::Settings::read(&mut read, is_vercel);
        let notify = read.value(need::FAREBOX_NOTIFY_URL, Destination::parse);
        let is_on_aws = matches!(store.location, Some(DatabaseUrl::DynamoDb(_)))
            || matches!(notify, Some(Destination::EventBridge(_)))
            || read.is_set(secrets::SECRET_ID);
        let aws = is_on_aws.then(|| Aws::read(&mut read, is_vercel)).flatten();
        let access = access::Settings::read(&mut read);
        let (optional, needs): (Vec<&'static str>, Vec<_>) = needs
            .iter()
            .partition(|name| **name == need::OPTIONAL_STRIPE_SECRET_KEY);
        let (keys, others): (Vec<&'static str>, Vec<_>) = needs
            .into_iter()
            .partition(|name| Keys::NAMES.contains(name));
        let stripe_event_source = read.value("STRIPE_EVENT_SOURCE", values::event_source);
        let dispensable = [
            access.issuer.is_some().then_some(need::FAREBOX_SITE_KEY),
            stripe_event_source
                .is_some()
                .then_some(need::STRIPE_WEBHOOK_SECRET),
        ];
        let stripe = stripe::Settings::read(&mut read);
        let mut wanted = Wanted {
            stripe: match stripe.api_base.is_stripes() {
                true => Address::Stripes,
                false => Address::Other,
            },
            ..wanted(keys, notify.as_ref(), dispensable)
        };
        if !optional.is_empty() {
            wanted.optional.push(need::STRIPE_SECRET_KEY);
        }
        // The address of a database with a password may be in the secret, with the keys.
        let is_in_secret = read.is_set(secrets::SECRET_ID) && !read.is_set(need::DATABASE_URL);
        let others: Vec<&'static str> = match others.contains(&need::DATABASE_URL) && is_in_secret {
            true => {
                wanted.needed.push(need::DATABASE_URL);
                let others = others.into_iter();
                others.filter(|name| *name != need::DATABASE_URL).collect()
            }
            false => others,
        };

        let secrets = Secrets::read(&mut read, wanted, aws.as_ref());
        let config = Self {
            stripe,
            stripe_event_source,
            purchase: purchase::Settings::read(&mut read),
            checkout: CheckoutSettings::read(&mut read),
            return_origins: read
                .value(need::FAREBOX_RETURN_ORIGINS, ReturnOrigins::parse)
                .unwrap_or_default(),
            store,
            aws,
            notify,
            delivers_in_requests: is_vercel,
            connected_accounts: read
                .value("FAREBOX_CONNECTED_ACCOUNTS", ConnectedAccounts::parse)
                .unwrap_or_default(),
            keeps_payer: read
                .value("FAREBOX_PAYER", values::keeps_payer)
                .unwrap_or(true),
            grace: read
                .value("FAREBOX_GRACE", Grace::parse)
                .unwrap_or_default(),
            reconcile_late: read
                .value("FAREBOX_RECONCILE_LATE", seconds(300..=604_800))
                .unwrap_or(match is_vercel {
                    true => Duration::from_hours(26),
                    false => Duration::from_mins(20),
                }),
            access,
            limits: rate_limit::Settings::read(&mut read),
            cron_secret: read.value(need::CRON_SECRET, values::cron_secret),
            secrets,
            misspelt: Vec::new(),
        };
        // The log reads it itself; here a wrong value is reported with the others.
        read.value("FAREBOX_LOG", |text| {
            text.parse::<tracing::Level>().map_err(|_| LEVELS)
        });
        read.value("PORT", env::port);
        others.into_iter().for_each(|name| read.require(name));
        read.finish(config)
    }

    /// The settings of deliveries.
    #[must_use]
    pub fn delivery(&self) -> delivery::Settings {
        delivery::Settings {
            destination: self.notify.clone(),
            secrets: self.secrets.clone(),
            aws: self.aws.clone(),
            stripe: self.stripe.clone(),
        }
    }
}

/// The keys for a function: those that it needs, and the one that signs notifications to an
/// endpoint, which are never unsigned. Those that are `dispensable` are used where present. With an
/// issuer's tokens the site key is optional; with Stripe events from EventBridge, so is a webhook
/// secret.
fn wanted(
    needs: Vec<&'static str>,
    notify: Option<&Destination>,
    dispensable: [Option<&'static str>; 2],
) -> Wanted {
    let is_signed = matches!(notify, Some(Destination::Endpoint(_)));
    let signs = is_signed.then_some(secrets::NOTIFY_SECRET);
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

const LEVELS: &str = "must be error, warn, info, debug or trace";

#[cfg(test)]
mod tests;
