//! Removes secrets from text. It fails closed: unknown headers and unreadable bodies are not shown.
//!
//! It checks the name of a value (`client_secret`, `cvc`), and the value itself: a key, a token or
//! a card number is masked anywhere.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

/// The replacement of a secret.
pub(crate) const MASK: &str = "••••";

/// The prefixes of secrets. A prefix is shown; the rest is masked.
const PREFIXES: [&str; 14] = [
    "client_secret=",
    "clientsecret=",
    "_secret_",
    "whsec_",
    "sk_test_",
    "sk_live_",
    "rk_test_",
    "rk_live_",
    "pk_test_",
    "pk_live_",
    "bearer ",
    "basic ",
    "v1=",
    "v1,",
];
/// The base64 prefix of a JWT.
const JWT_PREFIX: &str = "eyJ";
/// Parts of the names of secret or personal values.
const SECRET_NAMES: [&str; 6] = [
    "secret",
    "token",
    "password",
    "authorization",
    "signature",
    "email",
];
/// The headers that are shown; their values are masked like any other text.
const SHOWN_HEADERS: [&str; 28] = [
    "accept",
    "accept-encoding",
    "accept-language",
    "allow",
    "authorization",
    "cache-control",
    "content-length",
    "content-type",
    "date",
    "host",
    "idempotency-key",
    "idempotent-replayed",
    "origin",
    "original-request",
    "referer",
    "request-id",
    "retry-after",
    "sec-fetch-mode",
    "sec-fetch-site",
    "stripe-should-retry",
    "stripe-signature",
    "stripe-version",
    "user-agent",
    "webhook-id",
    "webhook-signature",
    "webhook-timestamp",
    "www-authenticate",
    "x-request-id",
];
/// The number of digits of a card number.
const CARD: std::ops::RangeInclusive<usize> = 12..=19;

/// Masks the secrets in `text`.
pub(crate) fn text(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let (shown, taken) = secret(rest)
            .or_else(|| address(rest))
            .or_else(|| digits(rest, masked.ends_with(is_word)))
            .unwrap_or_else(|| (first.to_string(), first.len_utf8()));
        masked.push_str(&shown);
        rest = &rest[taken..];
    }
    masked
}

/// Masks the secret at the start of `text`; also returns its length.
fn secret(text: &str) -> Option<(String, usize)> {
    let begins = |beginning: &&&str| {
        let start = text.get(..beginning.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    };
    let shown = match PREFIXES.iter().find(begins) {
        Some(beginning) => &text[..beginning.len()],
        None if text.starts_with(JWT_PREFIX) => "",
        None => return None,
    };
    let follows = &text[shown.len()..];
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.+/=%~".contains(c);
    let length = follows.find(|c| !is_part(c)).unwrap_or(follows.len());
    (length > 0).then(|| (format!("{shown}{MASK}"), shown.len() + length))
}

/// Masks the e-mail address at the start of `text`; also returns its length.
fn address(text: &str) -> Option<(String, usize)> {
    let is_part = |c: char| c.is_alphanumeric() || "._%+-".contains(c);
    let local = text.chars().take(65).take_while(|c| is_part(*c));
    let at: usize = local.map(char::len_utf8).sum();
    let domain = text[at..].strip_prefix('@').filter(|_| at > 0)?;
    let length = domain.find(|c| !is_part(c)).unwrap_or(domain.len());
    (length > 0).then(|| (MASK.to_owned(), at + 1 + length))
}

/// The digits at the start of `text`: whole, or only the last four of a possible card number.
///
/// Ids contain long runs of digits too: within a word, a number is masked only if its check digit
/// fits.
fn digits(text: &str, is_within: bool) -> Option<(String, usize)> {
    let mut found = String::new();
    let (mut end, mut first_run) = (0, None);
    for (place, c) in text.char_indices() {
        let is_gap = (c == ' ' || c == '-') && end == place && place > 0;
        if c.is_ascii_digit() {
            found.push(c);
            end = place + 1;
        } else if is_gap {
            first_run.get_or_insert(place);
        } else {
            break;
        }
    }
    let is_within = is_within || text[end..].starts_with(is_word);
    match found.len() {
        0 => None,
        length if is_within && length <= *CARD.end() && !fits(&found) => {
            Some((text[..end].to_owned(), end))
        }
        length if CARD.contains(&length) => Some((format!("{MASK} {}", &found[length - 4..]), end)),
        length if length > *CARD.end() => Some((MASK.to_owned(), end)),
        _ => {
            let run = first_run.unwrap_or(end).min(end);
            Some((text[..run].to_owned(), run))
        }
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

/// Checks the Luhn check digit.
fn fits(digits: &str) -> bool {
    let weighed = digits.bytes().rev().enumerate().map(|(place, digit)| {
        let digit = u32::from(digit - b'0') * (1 + u32::from(place % 2 == 1));
        digit / 10 + digit % 10
    });
    weighed.sum::<u32>() % 10 == 0
}

/// Reduces a name to lower-case letters and digits.
fn plain(name: &str) -> String {
    let plain = name.chars().filter(char::is_ascii_alphanumeric);
    plain.map(|c| c.to_ascii_lowercase()).collect()
}

/// Returns true when every value under `name` is secret.
fn is_secret(name: &str) -> bool {
    let name = plain(name);
    name == "cvc" || name == "cvv" || SECRET_NAMES.iter().any(|part| name.contains(part))
}

/// Masks the value of `name`.
fn named(name: &str, value: &str) -> String {
    if value.is_empty() {
        return String::new();
    }
    if is_secret(name) {
        return MASK.to_owned();
    }
    if plain(name) != "number" {
        return text(value);
    }
    let digits: String = value.chars().filter(char::is_ascii_digit).collect();
    match CARD.contains(&digits.len()) {
        true => format!("{MASK} {}", &digits[digits.len() - 4..]),
        false => MASK.to_owned(),
    }
}

/// Masks the secrets in `value`, at any depth.
pub(crate) fn json(value: &Value) -> Value {
    under("", value)
}

fn under(name: &str, value: &Value) -> Value {
    match value {
        Value::Object(fields) if is_secret(name) && !fields.is_empty() => MASK.into(),
        Value::Object(fields) => Value::Object(fields.iter().map(field).collect::<Map<_, _>>()),
        Value::Array(values) => values.iter().map(|value| under(name, value)).collect(),
        Value::String(value) => within(name, value),
        Value::Number(number) => {
            let (plain, masked) = (number.to_string(), named(name, &number.to_string()));
            match plain == masked {
                true => value.clone(),
                false => masked.into(),
            }
        }
        Value::Null | Value::Bool(_) => value.clone(),
    }
}

fn field((name, value): (&String, &Value)) -> (String, Value) {
    (text(name), under(name, value))
}

/// Masks a string, which may itself contain JSON.
fn within(name: &str, value: &str) -> Value {
    let is_nested = value.trim_start().starts_with(['{', '[']);
    match serde_json::from_str::<Value>(value) {
        Ok(nested) if is_nested => under(name, &nested).to_string().into(),
        _ => named(name, value).into(),
    }
}

/// Decodes and masks the path of a URL; one that was encoded twice is hidden.
pub(crate) fn path(path: &str) -> String {
    let decoded = percent_decode_str(path).decode_utf8_lossy();
    match decoded.contains('%') {
        true => MASK.to_owned(),
        false => text(&decoded),
    }
}

/// Formats a form or a query with one name and value a line.
pub(crate) fn form(form: &str) -> String {
    let decoded = |part: &str| {
        let spaced = part.replace('+', " ");
        percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
    };
    let pairs = form.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), decoded(value));
        let last = name.trim_end_matches(']').rsplit('[').next();
        let value = match within(last.unwrap_or(&name), &value) {
            Value::String(value) => value,
            _ => MASK.to_owned(),
        };
        format!("{}={value}", text(&name))
    });
    pairs.collect::<Vec<_>>().join("\n")
}

/// Masks the value of a header.
pub(crate) fn header(name: &str, value: &str) -> String {
    let name = name.to_ascii_lowercase();
    if !SHOWN_HEADERS.contains(&name.as_str()) {
        return MASK.to_owned();
    }
    match name.as_str() {
        "authorization" => match value.split_once(' ') {
            Some((scheme @ ("Bearer" | "Basic"), _)) => format!("{scheme} {MASK}"),
            _ => MASK.to_owned(),
        },
        "stripe-signature" => signed(value, ',', '='),
        "webhook-signature" => signed(value, ' ', ','),
        _ => text(value),
    }
}

/// Masks a signature header, except for its time and its versions.
fn signed(value: &str, between: char, after_name: char) -> String {
    let part = |part: &str| match part.split_once(after_name) {
        Some(("t", time)) if time.len() < 12 && time.bytes().all(|b| b.is_ascii_digit()) => {
            format!("t{after_name}{time}")
        }
        Some((name @ ("v0" | "v1" | "v1a"), _)) => format!("{name}{after_name}{MASK}"),
        _ => MASK.to_owned(),
    };
    let parts: Vec<String> = value.split(between).map(part).collect();
    parts.join(&between.to_string())
}

#[cfg(test)]
mod tests;
