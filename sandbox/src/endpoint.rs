//! Webhook endpoints: URLs, secrets and subscriptions.

use hyper::Uri;

use crate::ids;

/// A webhook endpoint on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Endpoint {
    /// `we_…`.
    pub(crate) id: String,
    pub(crate) url: String,
    pub(crate) secrets: Vec<String>,
    pub(crate) subscription: Subscription,
    pub(crate) payload: Payload,
}

/// The event types that an endpoint receives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subscription {
    /// All: `*`.
    All,
    /// These types; none while the endpoint is disabled.
    Only(Vec<String>),
}

/// The format of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Payload {
    /// With the object as it was then.
    Snapshot,
    /// With only the object's id and type.
    Thin,
}

impl Subscription {
    /// Returns true when the endpoint receives events of this type.
    pub(crate) fn includes(&self, kind: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(kinds) => kinds.iter().any(|wanted| wanted == kind),
        }
    }
}

/// A webhook URL that is not allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefusedUrl {
    /// It cannot be parsed, or has no host.
    #[error("'{0}' is not a URL")]
    Malformed(String),
    /// It is not `http://`.
    #[error("'{0}' is not http: the sandbox has no TLS; use a plain local endpoint")]
    Scheme(String),
    /// It is on another machine.
    #[error("'{0}' is not on this machine: the sandbox sends only to loopback")]
    Host(String),
}

impl Endpoint {
    /// Parses a URL and its secrets, separated by commas; the endpoint receives every event as a
    /// snapshot.
    pub(crate) fn parse(url: &str, secrets: &str) -> Result<Self, RefusedUrl> {
        let malformed = || RefusedUrl::Malformed(url.to_owned());
        let parsed: Uri = url.parse().map_err(|_| malformed())?;
        if parsed.scheme_str().ok_or_else(malformed)? != "http" {
            return Err(RefusedUrl::Scheme(url.to_owned()));
        }
        if !is_loopback(parsed.host().ok_or_else(malformed)?) {
            return Err(RefusedUrl::Host(url.to_owned()));
        }
        let secrets = secrets
            .split(',')
            .map(str::trim)
            .filter(|secret| !secret.is_empty());
        let secrets = secrets.map(str::to_owned).collect();
        Ok(Self {
            id: ids::long("we_1"),
            url: url.to_owned(),
            secrets,
            subscription: Subscription::All,
            payload: Payload::Snapshot,
        })
    }

    /// Returns the same endpoint with this event format.
    pub(crate) fn with_payload(self, payload: Payload) -> Self {
        Self { payload, ..self }
    }
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']');
    let address = address.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::{Endpoint, RefusedUrl};

    #[test]
    fn loopback_in_every_spelling_is_accepted() {
        for url in [
            "http://127.0.0.1:1/a",
            "http://localhost:1",
            "http://[::1]:1/a",
        ] {
            assert!(
                Endpoint::parse(url, "whsec_a").is_ok(),
                "{url} was rejected"
            );
        }
    }

    #[test]
    fn other_schemes_and_other_machines_are_refused() {
        let refused = |url: &str| Endpoint::parse(url, "").unwrap_err();
        assert!(matches!(
            refused("https://127.0.0.1/"),
            RefusedUrl::Scheme(_)
        ));
        assert!(matches!(
            refused("http://example.com/"),
            RefusedUrl::Host(_)
        ));
        assert!(matches!(
            refused("http://127.0.0.1.example.com/"),
            RefusedUrl::Host(_)
        ));
        assert!(matches!(refused("/hook"), RefusedUrl::Malformed(_)));
    }

    #[test]
    fn several_secrets_are_separated_by_commas() {
        let endpoint = Endpoint::parse("http://localhost:1", "whsec_a, whsec_b").unwrap();
        assert_eq!(endpoint.secrets, ["whsec_a", "whsec_b"]);
    }
}
