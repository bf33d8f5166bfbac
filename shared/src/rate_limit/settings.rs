//! The settings of the rate limits: the limits, and the source of the client's address.

use hyper::header::HeaderName;

use super::Proxies;
use crate::{
    env::{RUNTIME_API, Reader, seconds},
    order::{MAX_FAILED_CHARGES, Order},
    store::{Limit, wait},
};

/// The rate limits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `FAREBOX_LIMIT_CALLER`: the limit of one caller; 20 started and 20 open by default, `None`
    /// for `off`.
    pub caller: Option<Limit>,
    /// `FAREBOX_LIMIT_ADDRESS`: the limit of one address; 200 started and 400 open by default,
    /// `None` for `off`.
    pub address: Option<Limit>,
    /// `FAREBOX_LIMIT_ATTEMPTS`: the failed charges that one order may have; 10 by default, `None`
    /// for `off`.
    pub attempts: Option<usize>,
    /// `FAREBOX_LIMIT_WINDOW`: the window for starts and failed charges, in seconds; an hour by
    /// default.
    pub window: i64,
    /// `FAREBOX_CLIENT_ADDRESS`: the source of the client's address; by default the platform's own.
    pub source: Source,
    /// `FAREBOX_TRUSTED_PROXIES`: the peers of a plain server whose header counts; by default those
    /// on this machine.
    pub proxies: Proxies,
    /// True for a plain server that listens on this machine only: its peers are proxies.
    pub is_behind_proxy: bool,
}

/// The source of the client's address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// On Lambda, the address that called the API or the function's URL; elsewhere the peer of the
    /// connection. A peer on this machine is a proxy, and the address is then unknown.
    Connection,
    /// Vercel's headers.
    Vercel,
    /// The header of the site's own proxies.
    Header(HeaderName),
    /// No source.
    Nowhere,
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const CALLER: Limit = Limit {
    started: 20,
    open: 20,
};
const ADDRESS: Limit = Limit {
    started: 200,
    open: 400,
};
const ATTEMPTS: usize = 10;
/// The highest limit: one row of the database has to stay small.
pub(super) const MOST: usize = 1000;

impl Settings {
    /// Reads the settings; records faults in `read`.
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        let window = read.value("FAREBOX_LIMIT_WINDOW", seconds(60..=86_400));
        let is_on_vercel = read.has_vercels_variables();
        let is_behind_proxy = !is_on_vercel && !read.holds(RUNTIME_API);
        let proxies = read.value("FAREBOX_TRUSTED_PROXIES", Proxies::read);
        let platforms = match proxies {
            _ if is_on_vercel => Source::Vercel,
            Some(_) if is_behind_proxy => Source::Header(X_FORWARDED_FOR),
            _ => Source::Connection,
        };
        Self {
            caller: read
                .value("FAREBOX_LIMIT_CALLER", limit)
                .unwrap_or(Some(CALLER)),
            address: read
                .value("FAREBOX_LIMIT_ADDRESS", limit)
                .unwrap_or(Some(ADDRESS)),
            attempts: read
                .value("FAREBOX_LIMIT_ATTEMPTS", attempts)
                .unwrap_or(Some(ATTEMPTS)),
            window: window.map_or(3600, |window| {
                i64::try_from(window.as_secs()).unwrap_or(3600)
            }),
            source: read
                .value("FAREBOX_CLIENT_ADDRESS", source)
                .unwrap_or(platforms),
            proxies: proxies.unwrap_or_default(),
            is_behind_proxy,
        }
    }

    /// Warns the operator of a function that starts payments without a limit by address.
    pub fn warn(&self) {
        if let Some(warning) = self.warning() {
            tracing::warn!("{warning}");
        }
    }

    /// The warning for the operator, where no limit by address applies.
    pub(crate) fn warning(&self) -> Option<&'static str> {
        match (self.address, &self.source) {
            (None, _) => Some("no payments are limited by address: FAREBOX_LIMIT_ADDRESS is off"),
            (_, Source::Nowhere) => {
                Some("no payments are limited by address: FAREBOX_CLIENT_ADDRESS is none")
            }
            (_, Source::Connection) if self.is_behind_proxy => Some(
                "no payments are limited by address: all come from a proxy on this machine; \
                 name the header with the payer's address in FAREBOX_CLIENT_ADDRESS",
            ),
            _ => None,
        }
    }
}

impl Settings {
    /// Seconds until another charge for `order` may be tried; `None` when too few failed lately.
    #[must_use]
    pub fn wait_after_failures(&self, order: &Order, now: i64) -> Option<i64> {
        let failed = order.failed_charges().filter(|at| *at > now - self.window);
        let wait = wait(failed.collect(), self.attempts?, self.window, now)?;
        // Stripe's clock may be ahead of this one.
        Some(wait.min(self.window))
    }
}

/// `10`, or `off`.
fn attempts(text: &str) -> Result<Option<usize>, String> {
    let most = text.parse().ok();
    match most.filter(|most| (1..=MAX_FAILED_CHARGES).contains(most)) {
        None if text == "off" => Ok(None),
        None => Err(format!(
            "must be `off`, or a number from 1 to {MAX_FAILED_CHARGES}"
        )),
        most => Ok(most),
    }
}

/// `20,open:20`, or `off`.
fn limit(text: &str) -> Result<Option<Limit>, String> {
    let most = |digits: &str| {
        let most = digits.parse().ok();
        most.filter(|most| (1..=MOST).contains(most))
    };
    let both = text.split_once(",open:");
    match both.map(|(started, open)| (most(started), most(open))) {
        _ if text == "off" => Ok(None),
        Some((Some(started), Some(open))) => Ok(Some(Limit { started, open })),
        _ => Err(format!(
            "must be `off`, or two numbers from 1 to {MOST}, such as `20,open:20`"
        )),
    }
}

/// `header:NAME`, or `none`.
fn source(text: &str) -> Result<Source, &'static str> {
    let name = text.strip_prefix("header:");
    match (text, name.map(|name| name.parse::<HeaderName>())) {
        ("none", _) => Ok(Source::Nowhere),
        (_, Some(Ok(name))) => Ok(Source::Header(name)),
        _ => Err("must be `none`, or `header:` and the name of a header"),
    }
}
