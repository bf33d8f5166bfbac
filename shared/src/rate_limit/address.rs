//! The client's address, as far as it can be trusted: never by the sender's own claim.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Once,
};

use axum::extract::ConnectInfo;
use hyper::{
    HeaderMap,
    http::{HeaderName, request::Parts},
};
use lambda_http::request::RequestContext;

use super::{Proxies, Source};

/// The client's address.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A known one: an IPv4 address, or the prefixes of an IPv6 address. A provider gives one
    /// customer the first 64 bits, and some the first 48.
    At(Vec<String>),
    /// The proxy should have sent it, and did not: all such requests count as one address, so that
    /// hiding it gains nothing.
    Hidden,
    /// Not known.
    Unknown,
}

// An address is personal data: it must not reach a log by accident.
impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::At(_) => "At(..)",
            Self::Hidden => "Hidden",
            Self::Unknown => "Unknown",
        })
    }
}

impl Address {
    /// The address of the request with `parts`. A peer that is none of `proxies` can send any
    /// header: it counts by itself.
    pub(super) fn of(parts: &Parts, source: &Source, proxies: &Proxies) -> Self {
        let found = match source {
            Source::Nowhere => return Self::Unknown,
            Source::Header(name) => match peer_of(parts) {
                Some(peer) if !proxies.include(peer) => {
                    warn_once(&parts.headers, name);
                    Some(peer)
                }
                _ => nearest_in(&parts.headers, name, proxies),
            },
            Source::Vercel => VERCELS
                .iter()
                .find_map(|name| only_in(&parts.headers, name)),
            Source::Connection => match parts.extensions.get::<RequestContext>() {
                Some(context) => source_ip(context).and_then(read),
                None => return Self::of_peer(parts),
            },
        };
        found.map_or(Self::Hidden, Self::at)
    }

    /// A peer on this machine is a proxy, and no payer.
    fn of_peer(parts: &Parts) -> Self {
        match peer_of(parts).filter(|address| !address.is_loopback()) {
            Some(address) => Self::at(address),
            None => Self::Unknown,
        }
    }

    fn at(address: IpAddr) -> Self {
        Self::At(match address.to_canonical() {
            IpAddr::V4(address) => vec![address.to_string()],
            IpAddr::V6(address) => {
                let [a, b, c, d, ..] = address.segments();
                vec![
                    format!("{a:x}:{b:x}:{c:x}:{d:x}::/64"),
                    format!("{a:x}:{b:x}:{c:x}::/48"),
                ]
            }
        })
    }

    /// The names under which requests from here count, the narrowest first; none when they do not
    /// count.
    pub(super) fn counted(&self) -> Vec<&str> {
        match self {
            Self::At(addresses) => addresses.iter().map(String::as_str).collect(),
            Self::Hidden => vec!["hidden"],
            Self::Unknown => Vec::new(),
        }
    }
}

/// Vercel writes both itself, and replaces the sender's
/// (<https://vercel.com/docs/headers/request-headers>).
const VERCELS: [HeaderName; 2] = [
    HeaderName::from_static("x-vercel-forwarded-for"),
    HeaderName::from_static("x-real-ip"),
];

/// The address in the only header with `name`.
fn only_in(headers: &HeaderMap, name: &HeaderName) -> Option<IpAddr> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return None;
    };
    read(value.to_str().ok()?)
}

/// The last address in the headers with `name` that is none of `proxies`: the client of the
/// outermost one. Those before it may be the sender's.
fn nearest_in(headers: &HeaderMap, name: &HeaderName, proxies: &Proxies) -> Option<IpAddr> {
    let values = headers.get_all(name).iter().rev();
    let mut entries = values.flat_map(|value| value.to_str().unwrap_or_default().rsplit(','));
    // An entry that is no address hides those before it.
    entries.find_map(|entry| match read(entry) {
        Some(address) if proxies.include(address) => None,
        entry => Some(entry),
    })?
}

/// The peer of a plain server.
fn peer_of(parts: &Parts) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| peer.ip().to_canonical())
}

/// Tells the operator of a header that does not count: if their own proxy sent it, all payers count
/// as one address.
fn warn_once(headers: &HeaderMap, name: &HeaderName) {
    static WARNED: Once = Once::new();
    if headers.contains_key(name) {
        WARNED.call_once(|| {
            tracing::warn!(
                "a peer sent the header with the client's address, and FAREBOX_TRUSTED_PROXIES \
                 does not name that peer: name it if it is your proxy"
            );
        });
    }
}

fn source_ip(context: &RequestContext) -> Option<&str> {
    match context {
        RequestContext::ApiGatewayV1(context) => context.identity.source_ip.as_deref(),
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref(),
        _ => None,
    }
}

/// An address, with or without a port.
fn read(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let address = text.parse().ok();
    address.or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests;
