//! The events of a request, and what they must be. Pure.

use std::{collections::HashMap, fmt};

use serde::{Deserialize, Deserializer, de};
use shared::{Error, access::CallerId, request};
use utoipa::ToSchema;

/// The most events of a request.
const MAX_EVENTS: usize = 100;
/// The most characters of a meter's event name, as at Stripe.
const MAX_METER: usize = 100;
/// The most characters of an identifier. Stripe's limit is 100, with the deployment in front of it.
const MAX_IDENTIFIER: usize = 64;
/// The most significant digits of a value, as at Stripe.
const MAX_DIGITS: usize = 15;
/// The age of the oldest usage, in seconds. Stripe takes usage of the last 35 days, and a delivery
/// may take two.
const MAX_AGE: i64 = 32 * 24 * 60 * 60;
/// The seconds by which usage may be in the future, as at Stripe.
const MAX_AHEAD: i64 = 5 * 60;

/// The usage of callers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageBatch {
    /// Up to 100 events.
    #[schema(min_items = 1, max_items = 100)]
    events: Vec<UsageEvent>,
}

/// One use of a meter by a caller.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UsageEvent {
    /// The event name of an active meter at Stripe.
    #[schema(min_length = 1, max_length = 100)]
    meter: String,
    /// The caller's id: the `sub` of their tokens. They have a Stripe customer.
    #[schema(min_length = 1, max_length = 128)]
    caller: String,
    /// An integer, or a decimal number as text, with up to 15 digits.
    #[schema(schema_with = value_schema)]
    value: Value,
    /// Your name for this use, the same each time you report it. It counts once, whatever else a
    /// later event with it says.
    #[schema(pattern = "^[!-~]{1,64}$")]
    identifier: String,
    /// The time of the use, in Unix seconds, within the last 32 days; now, if it is absent.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false)]
    timestamp: Option<i64>,
}

/// A value as it was written.
#[derive(Debug)]
struct Value(String);

/// An event that may be stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The event name of a meter.
    pub meter: String,
    /// The caller.
    pub caller: CallerId,
    /// A decimal number.
    pub value: String,
    /// The site's name for this use.
    pub identifier: String,
    /// In Unix seconds.
    pub timestamp: i64,
}

impl UsageBatch {
    /// The events, at `now` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the first field that is wrong.
    pub fn checked(self, now: i64) -> Result<Vec<Checked>, Error> {
        if !(1..=MAX_EVENTS).contains(&self.events.len()) {
            let what = format!("`events` must have 1 to {MAX_EVENTS} entries");
            return Err(Error::invalid(what));
        }
        let mut seen = HashMap::new();
        let events = self.events.into_iter().enumerate();
        events
            .map(|(n, event)| {
                let event = event
                    .checked(now)
                    .map_err(|(field, what)| wrong(n, field, what))?;
                match seen.insert(event.identifier.clone(), n) {
                    None => Ok(event),
                    Some(first) => {
                        let what = format!("repeats that of `events[{first}]`");
                        Err(wrong(n, "identifier", &what))
                    }
                }
            })
            .collect()
    }
}

fn wrong(n: usize, field: &str, what: &str) -> Error {
    Error::invalid(format!("`events[{n}].{field}` {what}"))
}

impl UsageEvent {
    /// The event; else the field that is wrong, and what it must be.
    fn checked(self, now: i64) -> Result<Checked, (&'static str, &'static str)> {
        let is_name = (1..=MAX_METER).contains(&self.meter.chars().count())
            && !self.meter.chars().any(char::is_control);
        if !is_name {
            return Err((
                "meter",
                "must be a meter's event name of 1 to 100 characters",
            ));
        }
        let caller = CallerId::parse(&self.caller);
        let caller = caller.ok_or(("caller", "must be a caller's id of 1 to 128 characters"))?;
        if !is_decimal(&self.value.0) {
            return Err(("value", "must be a decimal number of up to 15 digits"));
        }
        let is_identifier = (1..=MAX_IDENTIFIER).contains(&self.identifier.len())
            && self.identifier.bytes().all(|byte| byte.is_ascii_graphic());
        if !is_identifier {
            return Err((
                "identifier",
                "must be 1 to 64 visible ASCII characters without spaces",
            ));
        }
        let timestamp = self.timestamp.unwrap_or(now);
        if !(now - MAX_AGE..=now + MAX_AHEAD).contains(&timestamp) {
            return Err((
                "timestamp",
                "must be in Unix seconds, within the last 32 days and at most 5 minutes ahead",
            ));
        }
        Ok(Checked {
            meter: self.meter,
            caller,
            value: self.value.0,
            identifier: self.identifier,
            timestamp,
        })
    }
}

/// True when `text` is a decimal number with few enough significant digits.
fn is_decimal(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, part) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let are_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let digits = unsigned.bytes().filter(u8::is_ascii_digit);
    let significant = digits.skip_while(|digit| *digit == b'0').count();
    // Leading zeros are few, too: the text goes to Stripe as it is.
    are_digits(whole)
        && are_digits(part)
        && significant <= MAX_DIGITS
        && text.len() <= 2 * MAX_DIGITS
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl de::Visitor<'_> for Visitor {
            type Value = Value;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, or a decimal number as text")
            }

            fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
                Ok(Value(value.to_string()))
            }

            fn visit_str<E>(self, value: &str) -> Result<Value, E> {
                Ok(Value(value.to_owned()))
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}

/// The schema of a value.
fn value_schema() -> utoipa::openapi::schema::Schema {
    use utoipa::openapi::schema::{ObjectBuilder, OneOfBuilder, Schema, Type};

    let integer = ObjectBuilder::new().schema_type(Type::Integer);
    let text = ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^-?[0-9]{1,15}(\\.[0-9]{1,15})?$"));
    let value = OneOfBuilder::new()
        .item(integer)
        .item(text)
        .description(Some(
            "An integer, or a decimal number as text, with up to 15 digits.",
        ));
    Schema::OneOf(value.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_a_decimal_number_that_stripe_takes() {
        for good in ["0", "1", "-3", "0.25", "123456789012345", "000001", "1.50"] {
            assert!(is_decimal(good), "{good}");
        }
        for bad in [
            "",
            "-",
            ".5",
            "5.",
            "1e3",
            "+1",
            "1,5",
            " 1",
            "NaN",
            "1.2.3",
            "1234567890123456",
            "0.1234567890123456",
            "0000000000000000000000000000001",
        ] {
            assert!(!is_decimal(bad), "{bad}");
        }
    }
}
