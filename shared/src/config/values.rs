//! What single settings hold, and how they are read from text.

use std::{collections::BTreeMap, ops::RangeInclusive, path::PathBuf, time::Duration};

use hyper::Uri;
use secrecy::SecretString;

use crate::{
    amount::{Amount, Currency},
    event::is_id,
    secrets::{GUESSABLE, is_guessable},
};

/// Where an API is, Stripe's or AWS's: scheme and authority, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiBase(String);

impl ApiBase {
    /// Reads `https://host` or, for this machine alone, `http://127.0.0.1:port`.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        endpoint(text)?;
        let base = text.strip_suffix('/').unwrap_or(text);
        let path = base.splitn(4, '/').nth(3);
        if path.is_some() || base.contains(['?', '#']) {
            return Err("must not have a path");
        }
        Ok(Self(base.to_owned()))
    }

    /// Whether it is Stripe's own address, to which live keys may go.
    pub(crate) fn is_stripes(&self) -> bool {
        let host = self.0.strip_prefix("https://");
        host.is_some_and(|host| host == "api.stripe.com" || host.ends_with(".stripe.com"))
    }

    /// The text, without a slash at its end.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ApiBase {
    fn default() -> Self {
        Self("https://api.stripe.com".to_owned())
    }
}

/// Where the ledger lives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LedgerLocation {
    /// `sqlite:PATH`: a file that is made when it is not there.
    Sqlite(PathBuf),
    /// `dynamodb:TABLE`: a table that `template.yaml` made, in the region of `AWS_REGION`.
    DynamoDb(String),
}

impl LedgerLocation {
    /// Reads `sqlite:PATH` or `dynamodb:TABLE`.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text.split_once(':') {
            Some(("sqlite", path)) if !path.is_empty() => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("dynamodb", table)) if is_table(table) => Ok(Self::DynamoDb(table.to_owned())),
            _ => Err(
                "must be `sqlite:` and the path of a file, or `dynamodb:` and the name of a table",
            ),
        }
    }
}

/// DynamoDB's rule for the name of a table.
fn is_table(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.-".contains(&b);
    (3..=255).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// Where the outbox is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// `log:`: a log line each, for trying things out.
    Log,
    /// `https://…`: a signed POST each, by Standard Webhooks; plain `http` on this machine alone.
    Endpoint(Uri),
    /// `eventbridge:BUS`: an event each on the bus with this name or ARN, in the region of
    /// `AWS_REGION`.
    EventBridge(String),
}

impl Destination {
    /// Reads `log:`, `eventbridge:BUS` or the URL of an endpoint.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match (text, text.strip_prefix("eventbridge:")) {
            ("log:", _) => Ok(Self::Log),
            (_, Some(bus)) if is_bus(bus) => Ok(Self::EventBridge(bus.to_owned())),
            (_, Some(_)) => Err("must be `eventbridge:` and the name or the ARN of a bus"),
            (url, None) => endpoint(url).map(Self::Endpoint),
        }
    }
}

/// EventBridge's rule for what names a bus.
fn is_bus(name: &str) -> bool {
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"/._-:".contains(&b);
    (1..=1600).contains(&name.len()) && name.bytes().all(is_allowed)
}

/// What Vercel's schedule proves itself by: it is all that keeps strangers out.
pub(super) fn cron_secret(text: &str) -> Result<SecretString, &'static str> {
    let is_sendable = text.bytes().all(|b| b.is_ascii_graphic());
    match text.len() >= 16 && is_sendable {
        true if is_guessable(text.as_bytes()) => Err(GUESSABLE),
        true => Ok(SecretString::from(text)),
        false => Err("must be at least 16 characters that a header can hold, made at random"),
    }
}

/// The name of a partner event source of Stripe's
/// (<https://docs.stripe.com/event-destinations/eventbridge>). EventBridge takes no event under such a name
/// from anybody else.
pub(super) fn event_source(text: &str) -> Result<String, &'static str> {
    let id = text.strip_prefix("aws.partner/stripe.com/");
    let is_allowed = |b: u8| b.is_ascii_alphanumeric() || b"_-".contains(&b);
    match id {
        Some(id) if (1..=200).contains(&id.len()) && id.bytes().all(is_allowed) => {
            Ok(text.to_owned())
        }
        _ => Err("must be `aws.partner/stripe.com/` and the id of an event destination"),
    }
}

/// A URL that keeps what is sent to it from strangers: TLS, or this machine.
pub(crate) fn endpoint(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "is not a URL")?;
    let authority = uri.authority().ok_or("is not a URL with a host")?;
    if authority.as_str().contains('@') {
        return Err("must not hold a user or a password");
    }
    let is_local = matches!(authority.host(), "127.0.0.1" | "localhost" | "[::1]");
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_local => Ok(uri),
        Some("http") => Err("must be https; plain http is for this machine alone"),
        _ => Err("must be an https URL"),
    }
}

/// The largest order that the shop takes, in minor units; Stripe's limit of a currency by default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    general: Option<i64>,
    by_currency: BTreeMap<Currency, i64>,
}

impl Caps {
    /// Reads `500000`, or `500000,jpy:750000` with other limits for some currencies.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be minor units, such as `500000` or `500000,jpy:750000`";
        let limit = |digits: &str| digits.parse().ok().filter(|n: &i64| *n > 0).ok_or(FORM);
        let mut caps = Self::default();
        for part in text.split(',').map(str::trim) {
            match part.split_once(':') {
                None => caps.general = Some(limit(part)?),
                Some((currency, digits)) => {
                    let currency = Currency::parse(currency).map_err(|_| FORM)?;
                    caps.by_currency.insert(currency, limit(digits)?);
                }
            }
        }
        Ok(caps)
    }

    /// The largest order in `currency`, in minor units.
    #[must_use]
    pub fn of(&self, currency: Currency) -> i64 {
        let set = self.by_currency.get(&currency).copied().or(self.general);
        set.unwrap_or_else(|| currency.maximum())
    }

    /// Whether the shop takes an order of `amount`.
    #[must_use]
    pub fn allow(&self, amount: Amount) -> bool {
        amount.minor_units() <= self.of(amount.currency())
    }
}

/// The accounts of Connect whose events are taken like one's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConnectedAccounts(Vec<String>);

impl ConnectedAccounts {
    /// Reads ids such as `acct_1,acct_2`, or `*` for every account.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let accounts: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
        let is_account = |id: &String| id == "*" || (id.starts_with("acct_") && is_id(id));
        match accounts.iter().all(is_account) {
            true => Ok(Self(accounts)),
            false => Err("must be ids of connected accounts, `acct_…`, comma-separated, or `*`"),
        }
    }

    /// Whether events of `account` are taken; a path of accounts ends with the one that is meant.
    #[must_use]
    pub fn include(&self, account: &str) -> bool {
        let meant = account.rsplit('/').next().unwrap_or(account);
        self.0.iter().any(|id| id == "*" || id == meant)
    }
}

/// Types of Stripe's events that are passed on as they are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subscriptions(Vec<String>);

impl Subscriptions {
    /// Reads types such as `customer.created`, with `*` for all that begin alike, comma-separated.
    ///
    /// # Errors
    ///
    /// A text that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let patterns: Vec<String> = text.split(',').map(|t| t.trim().to_owned()).collect();
        let fits = |pattern: &String| {
            let stem = pattern.strip_suffix('*').unwrap_or(pattern);
            !pattern.is_empty()
                && stem
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._".contains(&b))
        };
        if patterns.iter().all(fits) {
            return Ok(Self(patterns));
        }
        Err(
            "must be types of Stripe's events, comma-separated, such as `customer.created,invoice.*`",
        )
    }

    /// Whether nothing is passed on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether events of type `kind` are passed on.
    #[must_use]
    pub fn include(&self, kind: &str) -> bool {
        self.0
            .iter()
            .any(|pattern| match pattern.strip_suffix('*') {
                Some(stem) => kind.starts_with(stem),
                None => kind == pattern,
            })
    }
}

/// Whole seconds in `range`.
pub(crate) fn seconds(range: RangeInclusive<u64>) -> impl FnOnce(&str) -> Result<Duration, String> {
    move |text| match text.parse() {
        Ok(seconds) if range.contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!(
            "must be whole seconds from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

/// A port that can be listened on; 0 takes a free one.
pub(super) fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "must be a port from 0 to 65535")
}
