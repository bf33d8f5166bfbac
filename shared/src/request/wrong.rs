//! Errors about a body or a query, by the field.
//!
//! The contents of a request stay out of the response and the log. So do unknown names: either may
//! be anything, such as a token in the wrong place.

use std::fmt::Display;

use serde_json::error::Category;
use serde_path_to_error::{Path, Segment};

use crate::Error;

pub(super) const NO_JSON: &str = "is not valid JSON";

/// Names that callers know from Farebox or from Stripe, and may misplace.
const NAMES: [&str; 41] = [
    "amount",
    "cancelUrl",
    "cart",
    "configuration",
    "country",
    "currency",
    "cursor",
    "customer",
    "customerId",
    "description",
    "discount",
    "discounts",
    "email",
    "from",
    "id",
    "idempotencyKey",
    "items",
    "limit",
    "lines",
    "metadata",
    "name",
    "order",
    "orderId",
    "owner",
    "paymentIntent",
    "paymentMethod",
    "price",
    "priceId",
    "prices",
    "quantity",
    "reason",
    "refresh",
    "refund",
    "returnUrl",
    "status",
    "sub",
    "successUrl",
    "to",
    "token",
    "total",
    "unitAmount",
];

/// The error for JSON that is wrong in the field at `path`, or else at `place`.
pub(super) fn json(place: &str, path: &Path, error: &serde_json::Error) -> Error {
    let is_named = |segment: &&Segment| !matches!(segment, Segment::Unknown);
    let mut path: Vec<&Segment> = path.iter().filter(is_named).collect();
    let text = error.to_string();
    let text = text
        .rsplit_once(" at line ")
        .map_or(&*text, |(text, _)| text);
    let what = match (named(text), error.classify()) {
        (Some(what), _) => {
            if what.is_about_a_name {
                // The faulty name itself.
                path.pop_if(
                    |last| matches!(last, Segment::Map { key } if text.contains(key.as_str())),
                );
            }
            what.text
        }
        (None, Category::Data) => UNEXPECTED.to_owned(),
        (None, _) => NO_JSON.to_owned(),
    };
    error_at(place, &path, &what)
}

/// The error for a query.
pub(super) fn query(place: &str, error: &impl Display) -> Error {
    let what = named(&error.to_string()).map(|what| what.text);
    error_at(place, &[], &what.unwrap_or_else(|| UNEXPECTED.to_owned()))
}

const UNEXPECTED: &str = "is not of the expected type or range";

fn error_at(place: &str, path: &[&Segment], what: &str) -> Error {
    let mut at = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => at.push_str(&format!("[{index}]")),
            Segment::Map { key } if at.is_empty() => at.push_str(key),
            Segment::Map { key } => at.push_str(&format!(".{key}")),
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    let at = if at.is_empty() { place } else { &at };
    Error::invalid(format!("`{at}`: {what}"))
}

struct Named {
    text: String,
    is_about_a_name: bool,
}

/// The part of serde's text that names a field; `None` for any other text, which may quote values.
fn named(text: &str) -> Option<Named> {
    let field = |kind: &str| text.strip_prefix(kind)?.strip_prefix(" field `");
    let end = |rest: &str| rest.strip_suffix('`').map(str::to_owned);
    if let Some(rest) = field("missing") {
        let text = format!("`{}` is missing", end(rest)?);
        return Some(Named {
            text,
            is_about_a_name: false,
        });
    }
    if let Some(rest) = field("duplicate") {
        let text = format!("`{}` occurs more than once", end(rest)?);
        return Some(Named {
            text,
            is_about_a_name: true,
        });
    }
    let rest = field("unknown")?;
    // The name may be anything; the rest of the text is from Farebox's own types.
    let (name, expected) = rest.rsplit_once("`, expected ").unwrap_or((rest, "none"));
    let name = NAMES.iter().find(|known| **known == name);
    let name = name.map(|name| format!(" `{name}`")).unwrap_or_default();
    Some(Named {
        text: format!("unknown field{name}, expected {expected}"),
        is_about_a_name: true,
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    #[expect(dead_code, reason = "it is read, and looked at by nobody")]
    struct Body {
        #[serde(default)]
        items: Vec<Item>,
        return_url: String,
    }

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is read, and looked at by nobody")]
    struct Item {
        price: String,
        quantity: u32,
    }

    fn of_json(text: &str) -> String {
        let mut reader = serde_json::Deserializer::from_str(text);
        let error = serde_path_to_error::deserialize::<_, Body>(&mut reader).unwrap_err();
        json("the body", error.path(), error.inner()).to_string()
    }

    fn of_query(text: &str) -> String {
        query(
            "the query",
            &serde_urlencoded::from_str::<Item>(text).unwrap_err(),
        )
        .to_string()
    }

    const TOKEN: &str = "eyJhbGciOiJIUzI1NiJ9";

    #[test]
    fn the_field_is_named() {
        let cases = [
            ("{}", "`the body`: `returnUrl` is missing"),
            ("", "`the body`: is not valid JSON"),
            ("?", "`the body`: is not valid JSON"),
            (
                r#"{"items":[{"price":"mug"}]}"#,
                "`items[0]`: `quantity` is missing",
            ),
            (
                r#"{"returnUrl":5}"#,
                "`returnUrl`: is not of the expected type or range",
            ),
            (
                r#"{"items":[{"price":"a","quantity":-1}]}"#,
                "`items[0].quantity`: is not of the expected type or range",
            ),
            (
                r#"{"amount":5}"#,
                "`the body`: unknown field `amount`, expected `items` or `returnUrl`",
            ),
            (
                r#"{"items":[{"currency":"usd"}]}"#,
                "`items[0]`: unknown field `currency`, expected `price` or `quantity`",
            ),
            (
                r#"{"returnUrl":"","returnUrl":""}"#,
                "`the body`: `returnUrl` occurs more than once",
            ),
        ];
        for (body, expected) in cases {
            assert_eq!(of_json(body), expected, "{body}");
        }
        assert_eq!(of_query("price=mug"), "`the query`: `quantity` is missing");
        assert_eq!(
            of_query("price=a&price=b"),
            "`the query`: `price` occurs more than once"
        );
    }

    #[test]
    fn nothing_that_was_sent_is_told_but_names_of_ours() {
        let long = TOKEN.repeat(3_000);
        let tricks = [
            TOKEN,
            &long,
            &format!("missing field `{TOKEN}`"),
            &format!("{TOKEN}`, expected `{TOKEN}"),
            &format!("x` at line {TOKEN}"),
        ];
        for trick in tricks {
            let name = serde_json::to_string(trick).unwrap();
            let bodies = [
                format!("{{{name}:1}}"),
                format!(r#"{{"items":[{{{name}:{name}}}]}}"#),
                format!(r#"{{"items":{name}}}"#),
                format!(r#"{{"returnUrl":{{{name}:1}}}}"#),
                name.clone(),
                trick.to_owned(),
            ];
            let escaped: String = url::form_urlencoded::byte_serialize(trick.as_bytes()).collect();
            let queries = [
                format!("{escaped}=1"),
                format!("quantity={escaped}"),
                escaped,
            ];
            let said = bodies.iter().map(|body| of_json(body));
            for said in said.chain(queries.iter().map(|query| of_query(query))) {
                assert!(!said.contains(TOKEN), "{said}");
                assert!(said.len() < 200, "{said}");
            }
        }
    }
}
