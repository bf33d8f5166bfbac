//! The URLs to which a payer returns from hosted Checkout or the billing portal: only those of the
//! shop's own pages.

use std::fmt;

use url::{Host, Origin, Url};

use crate::{Error, order::OrderId};

/// The longest accepted URL, in bytes.
const LONGEST: usize = 2048;
/// The hosts of this machine.
const LOCAL: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];
/// The name of the order's id in the query.
const ORDER: &str = "order";
/// Stripe's template for the session's id, and its form in the path of a URL
/// (<https://docs.stripe.com/payments/checkout/custom-success-page>).
const TEMPLATE: (&str, &str) = ("{CHECKOUT_SESSION_ID}", "%7BCHECKOUT_SESSION_ID%7D");

/// The origins to which payers may return: `FAREBOX_RETURN_ORIGINS`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReturnOrigins(Vec<Allowed>);

/// An entry of the setting.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Exactly(Origin),
    /// Plain http at this host of this machine, whatever the port: `http://localhost:*`.
    AnyPort(&'static str),
}

/// A URL of the shop's own.
#[derive(Clone, PartialEq, Eq)]
pub struct ReturnUrl(Url);

impl ReturnOrigins {
    /// Reads comma-separated origins, such as `https://shop.example,http://127.0.0.1:3000`.
    ///
    /// On this machine alone `*` stands for any port: `http://localhost:*`.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        text.split(',')
            .map(allowed)
            .collect::<Result<_, _>>()
            .map(Self)
    }

    /// Reads `text`, the value of `field`, as a browser would, and checks its origin.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the field, and not its value.
    pub fn check(&self, field: &str, text: &str) -> Result<ReturnUrl, Error> {
        let wrong = |what: &str| Error::invalid(format!("`{field}` {what}"));
        if text.len() > LONGEST {
            return Err(wrong("is too long"));
        }
        // A browser would drop some of these, and read a backslash as a slash.
        if text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\') {
            return Err(wrong(
                "must not hold spaces, control characters or backslashes",
            ));
        }
        let url = Url::parse(text).map_err(|_| wrong("must be an absolute URL"))?;
        if has_user(&url) {
            return Err(wrong("must not hold a user or a password"));
        }
        // A `blob:` URL has the origin of its contents.
        let is_web = matches!(url.scheme(), "http" | "https");
        if !is_web || !self.0.iter().any(|allowed| allowed.allows(&url)) {
            return Err(wrong("must be at one of this shop's origins"));
        }
        if url.query_pairs().any(|(name, _)| name == ORDER) {
            return Err(wrong("must not have `order` in its query: Farebox adds it"));
        }
        Ok(ReturnUrl(url))
    }
}

impl ReturnOrigins {
    /// The domains of the shop's pages, where wallets have to be registered; IP addresses and this
    /// machine have none.
    pub fn domains(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter_map(|allowed| match allowed {
            Allowed::Exactly(Origin::Tuple(_, Host::Domain(name), _)) if name != "localhost" => {
                Some(name.clone())
            }
            _ => None,
        })
    }
}

impl ReturnUrl {
    /// The URL as it was checked.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The URL with `order=<id>` at the end of its query. Stripe's template for the session's id
    /// stays as it was written, wherever it stands.
    #[must_use]
    pub fn with_order(&self, id: &OrderId) -> String {
        let mut url = self.0.clone();
        url.query_pairs_mut().append_pair(ORDER, id.as_str());
        let (written, escaped) = TEMPLATE;
        String::from(url).replace(escaped, written)
    }
}

impl fmt::Debug for ReturnUrl {
    /// The query may contain anything of the site.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let origin = self.0.origin().ascii_serialization();
        f.debug_tuple("ReturnUrl").field(&origin).finish()
    }
}

impl Allowed {
    fn allows(&self, url: &Url) -> bool {
        match self {
            Self::Exactly(origin) => *origin == url.origin(),
            Self::AnyPort(host) => url.scheme() == "http" && url.host_str() == Some(*host),
        }
    }
}

fn allowed(text: &str) -> Result<Allowed, &'static str> {
    let any_port = |host: &&str| text == format!("http://{host}:*");
    match LOCAL.iter().copied().find(any_port) {
        Some(host) => Ok(Allowed::AnyPort(host)),
        None => origin(text).map(Allowed::Exactly),
    }
}

fn origin(text: &str) -> Result<Origin, &'static str> {
    const FORM: &str = "must be origins with commas between, such as `https://shop.example`: \
                        without a path, and without spaces";
    let url = Url::parse(text).map_err(|_| FORM)?;
    let origin = url.origin();
    // Any further part would be ignored: a path, a user, a `*`.
    if origin.ascii_serialization() != text || text.contains('*') {
        return Err(FORM);
    }
    let is_local = url.host_str().is_some_and(|host| LOCAL.contains(&host));
    match url.scheme() {
        "https" => Ok(origin),
        "http" if is_local => Ok(origin),
        "http" => Err("must be https; plain http is for this machine alone"),
        _ => Err(FORM),
    }
}

fn has_user(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins() -> ReturnOrigins {
        ReturnOrigins::parse("https://shop.example,http://127.0.0.1:3000,https://shop.example:8443")
            .unwrap()
    }

    #[test]
    fn urls_of_the_shop_get_the_orders_id() {
        let id = OrderId::parse("o_1").unwrap();
        for (text, expected) in [
            ("https://shop.example", "https://shop.example/?order=o_1"),
            (
                "HTTPS://SHOP.example:443/x",
                "https://shop.example/x?order=o_1",
            ),
            (
                "https://shop.example:8443/a",
                "https://shop.example:8443/a?order=o_1",
            ),
            (
                "http://127.0.0.1:3000/a?b=c",
                "http://127.0.0.1:3000/a?b=c&order=o_1",
            ),
            (
                "https://shop.example/a?b#c",
                "https://shop.example/a?b&order=o_1#c",
            ),
            (
                "https://shop.example/thanks/{CHECKOUT_SESSION_ID}/?s={CHECKOUT_SESSION_ID}",
                "https://shop.example/thanks/{CHECKOUT_SESSION_ID}/?s={CHECKOUT_SESSION_ID}&order=o_1",
            ),
            (
                "https://shop.example/{OTHER}",
                "https://shop.example/%7BOTHER%7D?order=o_1",
            ),
            (
                "https://shop.example/@evil.example",
                "https://shop.example/@evil.example?order=o_1",
            ),
        ] {
            let url = origins().check("successUrl", text).unwrap();
            assert_eq!(url.with_order(&id), expected);
            assert!(!format!("{url:?}").contains("/a"), "{url:?}");
        }
    }

    #[test]
    fn every_other_url_is_refused_by_the_name_of_its_field() {
        let long = format!("https://shop.example/{}", "x".repeat(2048));
        for text in [
            "",
            "/paid",
            "//evil.example",
            "\\\\evil.example",
            "/\\evil.example",
            "https:\\\\evil.example",
            "https://shop.example\\@evil.example",
            "https:evil.example",
            "https:///evil.example",
            "https://evil.example/https://shop.example",
            "https://evil.example#https://shop.example",
            "https://evil.example?https://shop.example",
            "https://shop.example.evil.example",
            "https://evilshop.example",
            "https://shop.example.",
            "https://shop.example:444",
            "http://shop.example",
            "http://127.0.0.1",
            "http://127.0.0.1:3001",
            "http://localhost:3000",
            "http://[::1]:3000",
            "https://ada@shop.example",
            "https://ada:secret@shop.example",
            "https://:secret@shop.example",
            "https://shop.example@evil.example",
            "https://shop.example%2eevil.example",
            "https://shop.exаmple",
            "javascript:alert(1)",
            "javascript://shop.example/%0aalert(1)",
            "data:text/html,x",
            "blob:https://shop.example/x",
            "ftp://shop.example",
            "file:///etc/passwd",
            "java\nscript:alert(1)",
            "https://shop.example/\r\nLocation:x",
            "https://shop\t.example",
            "https://shop.example/\0",
            " https://shop.example",
            "https://shop.example/a b",
            "https://shop.example/?order=o_2",
            "https://shop.example/?%6frder=o_2",
            &long,
        ] {
            let error = origins().check("cancelUrl", text).unwrap_err().to_string();
            assert!(error.starts_with("`cancelUrl` "), "{text:?}: {error}");
            assert!(!error.contains("evil"), "{error}");
        }
        assert!(
            ReturnOrigins::default()
                .check("x", "https://shop.example")
                .is_err()
        );
    }

    #[test]
    fn any_port_of_this_machine_may_be_allowed_and_of_no_other() {
        let origins = ReturnOrigins::parse("http://localhost:*,https://shop.example").unwrap();
        for (text, is_allowed) in [
            ("http://localhost:3000/paid", true),
            ("http://localhost:40123", true),
            ("http://localhost", true),
            ("https://localhost:3000", false),
            ("http://127.0.0.1:3000", false),
            ("http://localhost.evil.example:3000", false),
            ("http://evil.example:3000", false),
            ("https://shop.example", true),
            ("https://shop.example:8443", false),
        ] {
            assert_eq!(origins.check("x", text).is_ok(), is_allowed, "{text}");
        }
    }

    #[test]
    fn a_setting_that_is_not_exactly_origins_is_refused() {
        for text in [
            "shop.example",
            "https://shop.example/",
            "https://shop.example/shop",
            "https://shop.example?x",
            "https://ada@shop.example",
            "https://*.shop.example",
            "https://shop.example:*",
            "http://shop.example:*",
            "https://localhost:*",
            "http://localhost:*/",
            "http://*:3000",
            "*",
            "null",
            "https://SHOP.example",
            "https://shop.example:443",
            "http://shop.example",
            "https://shop.example, https://b.example",
            "https://shop.example,",
            "javascript:alert(1)",
            "file:///",
        ] {
            assert!(ReturnOrigins::parse(text).is_err(), "{text}");
        }
    }
}
