//! Values of variables that several modules read: addresses, durations and ports.

use std::{ops::RangeInclusive, time::Duration};

use hyper::Uri;

/// The base URL of an API, Stripe's or AWS's: scheme and authority, without a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ApiBase(String);

impl ApiBase {
    /// Reads `https://host` or, for this machine alone, `http://127.0.0.1:port`.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        endpoint(text)?;
        let base = text.strip_suffix('/').unwrap_or(text);
        let path = base.splitn(4, '/').nth(3);
        if path.is_some() || base.contains(['?', '#']) {
            return Err("must not have a path");
        }
        Ok(Self(base.to_owned()))
    }

    /// True for Stripe's own address, to which live keys may go.
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

/// A URL whose traffic strangers cannot read: TLS, or this machine.
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

/// A port to listen on; 0 takes a free one.
pub(crate) fn port(text: &str) -> Result<u16, &'static str> {
    text.parse().map_err(|_| "must be a port from 0 to 65535")
}

/// The text of the file that a variable names.
pub(crate) fn file(path: &str) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("cannot be read: {}", error.kind()))
}
