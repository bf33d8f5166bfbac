//! Requests in each platform's form, and the headers that a sender may add to them.

use hyper::Request;
use serde_json::{Value, json};

use super::*;

/// Headers that a sender may write as they like.
const SPOOFED: [(&str, &str); 5] = [
    ("x-forwarded-for", "198.51.100.1"),
    ("forwarded", "for=198.51.100.1"),
    ("x-real-ip", "198.51.100.1"),
    ("x-vercel-forwarded-for", "198.51.100.1"),
    ("cf-connecting-ip", "198.51.100.1"),
];

fn parts(headers: &[(&str, &str)]) -> Parts {
    let mut request = Request::builder();
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(()).unwrap().into_parts().0
}

/// The address with the default proxies.
fn address(parts: &Parts, source: &Source) -> Address {
    Address::of(parts, source, &Proxies::default())
}

fn at(address: &str) -> Address {
    let network = address.strip_suffix("::/64").and_then(|prefix| {
        let (network, _) = prefix.rsplit_once(':')?;
        Some(format!("{network}::/48"))
    });
    Address::At([address.to_owned()].into_iter().chain(network).collect())
}

/// Lambda's request for `event`, which has spoofed headers.
fn lambda(mut event: Value) -> Parts {
    event["headers"] = SPOOFED.iter().map(|(n, v)| (*n, *v)).collect();
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    request.into_parts().0
}

/// An event of an HTTP API, or of a function's URL.
fn version_2(source_ip: &str) -> Parts {
    lambda(json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/", "rawQueryString": "",
        "isBase64Encoded": false, "body": "{}",
        "requestContext": { "apiId": "a", "stage": "$default", "requestId": "r", "timeEpoch": 1,
            "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1", "sourceIp": source_ip,
                "userAgent": "a" } },
    }))
}

/// An event of a REST API.
fn version_1(source_ip: &str) -> Parts {
    lambda(json!({
        "resource": "/", "path": "/", "httpMethod": "POST", "isBase64Encoded": false, "body": "{}",
        "multiValueHeaders": {}, "queryStringParameters": null, "pathParameters": null,
        "multiValueQueryStringParameters": null, "stageVariables": null,
        "requestContext": { "stage": "prod", "requestId": "r", "httpMethod": "POST", "path": "/",
            "resourcePath": "/", "identity": { "sourceIp": source_ip } },
    }))
}

#[test]
fn on_lambda_it_is_the_address_that_called_the_api() {
    for parts in [version_2("203.0.113.7"), version_1("203.0.113.7")] {
        assert_eq!(address(&parts, &Source::Connection), at("203.0.113.7"));
    }
    let recorded = include_str!("../../../../events/create-intent.json");
    let parts = lambda_http::request::from_str(recorded).unwrap();
    let (parts, _) = parts.into_parts();
    assert_eq!(address(&parts, &Source::Connection), at("203.0.113.7"));
}

#[test]
fn on_lambda_an_event_without_an_address_is_counted_with_all_that_hide_theirs() {
    for parts in [version_1("test-invoke-source-ip"), version_2("")] {
        assert_eq!(address(&parts, &Source::Connection), Address::Hidden);
    }
}

#[test]
fn of_a_plain_server_it_is_the_peer_and_no_header() {
    let mut parts = parts(&SPOOFED);
    assert_eq!(address(&parts, &Source::Connection), Address::Unknown);
    for (peer, expected) in [
        ("203.0.113.7:4242", at("203.0.113.7")),
        ("[::ffff:203.0.113.7]:4242", at("203.0.113.7")),
        ("127.0.0.1:4242", Address::Unknown),
        ("[::1]:4242", Address::Unknown),
        ("[::ffff:127.0.0.1]:4242", Address::Unknown),
    ] {
        let peer: SocketAddr = peer.parse().unwrap();
        parts.extensions.insert(ConnectInfo(peer));
        assert_eq!(address(&parts, &Source::Connection), expected, "{peer}");
    }
}

#[test]
fn on_vercel_it_is_what_vercel_wrote_and_not_what_was_forwarded() {
    let spoofed = ("x-forwarded-for", "198.51.100.1");
    let of = |headers: &[(&str, &str)]| address(&parts(headers), &Source::Vercel);

    let theirs = ("x-vercel-forwarded-for", "203.0.113.7");
    assert_eq!(of(&[spoofed, theirs]), at("203.0.113.7"));
    assert_eq!(
        of(&[spoofed, ("x-real-ip", "203.0.113.7")]),
        at("203.0.113.7")
    );
    assert_eq!(of(&[spoofed]), Address::Hidden);
    assert_eq!(
        of(&[theirs, theirs]),
        Address::Hidden,
        "twice is not Vercel's"
    );
}

#[test]
fn with_a_header_that_is_named_it_is_the_last_address_there() {
    let source = Source::Header(HeaderName::from_static("x-forwarded-for"));
    let of = |headers: &[(&str, &str)]| address(&parts(headers), &source);
    let header = |value| ("x-forwarded-for", value);

    assert_eq!(of(&[header("203.0.113.7")]), at("203.0.113.7"));
    assert_eq!(
        of(&[header("198.51.100.1, 203.0.113.7")]),
        at("203.0.113.7")
    );
    assert_eq!(
        of(&[header("198.51.100.1"), header("203.0.113.7:443")]),
        at("203.0.113.7")
    );
    for hidden in ["", "unknown", "203.0.113.7,", "203.0.113.7, _me"] {
        assert_eq!(of(&[header(hidden)]), Address::Hidden, "{hidden}");
    }
    let elsewhere = ("x-real-ip", "203.0.113.7");
    assert_eq!(of(&[elsewhere]), Address::Hidden);
}

/// The address of a request with the header `x-forwarded-for`, from `peer`.
fn forwarded(peer: &str, header: &str, proxies: &Proxies) -> Address {
    let mut parts = parts(&[("x-forwarded-for", header)]);
    let peer: SocketAddr = format!("{peer}:4242").parse().unwrap();
    parts.extensions.insert(ConnectInfo(peer));
    let source = Source::Header(HeaderName::from_static("x-forwarded-for"));
    Address::of(&parts, &source, proxies)
}

#[test]
fn a_header_counts_from_a_trusted_proxy_and_of_another_peer_its_own_address() {
    let proxies = Proxies::read("10.0.0.0/8,127.0.0.1").unwrap();
    for (peer, expected) in [
        ("10.0.0.5", at("203.0.113.7")),
        ("[::ffff:10.0.0.5]", at("203.0.113.7")),
        ("127.0.0.1", at("203.0.113.7")),
        ("198.51.100.9", at("198.51.100.9")),
        ("127.0.0.2", at("127.0.0.2")),
        ("[2001:db8:1:2::3]", at("2001:db8:1:2::/64")),
    ] {
        let found = forwarded(peer, "203.0.113.7", &proxies);
        assert_eq!(found, expected, "{peer}");
    }
    let default = Proxies::default();
    let local = forwarded("127.0.0.1", "203.0.113.7", &default);
    assert_eq!(local, at("203.0.113.7"));
    let distant = forwarded("10.0.0.5", "203.0.113.7", &default);
    assert_eq!(distant, at("10.0.0.5"));
}

#[test]
fn in_a_header_the_last_address_that_is_no_proxy_counts() {
    let proxies = Proxies::read("10.0.0.0/8").unwrap();
    for (header, expected) in [
        ("203.0.113.7, 10.1.1.1, 10.2.2.2", at("203.0.113.7")),
        ("198.51.100.1, 203.0.113.7, 10.2.2.2", at("203.0.113.7")),
        ("10.9.9.9, 203.0.113.7", at("203.0.113.7")),
        ("203.0.113.7, unknown, 10.2.2.2", Address::Hidden),
        ("10.1.1.1, 10.2.2.2", Address::Hidden),
        ("", Address::Hidden),
    ] {
        let found = forwarded("10.0.0.5", header, &proxies);
        assert_eq!(found, expected, "{header}");
    }
}

#[test]
fn an_ipv6_address_is_counted_by_its_first_64_bits_and_its_first_48() {
    let source = Source::Header(HeaderName::from_static("x-real-ip"));
    let of = |value| address(&parts(&[("x-real-ip", value)]), &source);

    let expected = at("2001:db8:1:2::/64");
    for one in [
        "2001:db8:1:2:3:4:5:6",
        "2001:DB8:1:2::9",
        "[2001:db8:1:2::]:443",
    ] {
        assert_eq!(of(one), expected, "{one}");
    }
    assert_ne!(of("2001:db8:1:3::1"), expected);
    assert_eq!(of("::ffff:203.0.113.7"), at("203.0.113.7"));
}

#[test]
fn it_may_be_told_to_know_none() {
    let parts = version_2("203.0.113.7");
    assert_eq!(address(&parts, &Source::Nowhere), Address::Unknown);
    assert!(!format!("{:?}", at("203.0.113.7")).contains("203"));
}
