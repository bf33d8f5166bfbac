//! The options of one Checkout Session.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, de::Error};

use super::{
    DueToday, SessionMode,
    rules::{self, at},
    schema::{OPTIONS, check_fields, is_option},
};
use crate::{amount::Currency, digest, strict_json::Value};

/// The options that Stripe takes only for a session with a Stripe customer.
const OF_A_CUSTOMER: [&str; 2] = ["customer_update", "saved_payment_method_options"];

/// The options that Stripe takes only for a single payment.
const OF_A_PAYMENT: [&str; 2] = ["invoice_creation", "shipping_options"];
/// The options that Stripe takes only for a subscription.
const OF_A_SUBSCRIPTION: [&str; 2] = ["payment_method_collection", SUBSCRIPTION_DATA];
const SUBSCRIPTION_DATA: &str = "subscription_data";

/// Checked options, by Stripe's names.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct CheckoutOptions(BTreeMap<String, Value>);

/// The parts that a Checkout Session may add to the subtotal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct AddedParts {
    /// A coupon or a promotion code.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub discount: bool,
    /// Tax.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub tax: bool,
    /// The cost of shipping.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub shipping: bool,
}

impl AddedParts {
    /// Returns true when nothing may be added.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl CheckoutOptions {
    /// Checks options; `place` is their name in an error.
    ///
    /// # Errors
    ///
    /// A text that begins with the path of the wrong option.
    pub(crate) fn of(value: Value, place: &str) -> Result<Self, String> {
        check_fields(OPTIONS, &value, place)?;
        let Value::Object(options) = value else {
            return Err(format!("`{place}` must be an object"));
        };
        let options = Self(options);
        let prefix = match place {
            "" => String::new(),
            place => format!("{place}."),
        };
        rules::check(&options, &prefix)?;
        Ok(options)
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These options, each replaced by that of `other` where `other` has one. Promotion codes and a
    /// discount for everyone are one choice.
    ///
    /// # Errors
    ///
    /// As [`CheckoutOptions::of`], when the two do not go together.
    pub(crate) fn replaced_by(&self, other: &Self, place: &str) -> Result<Self, String> {
        let mut options = self.0.clone();
        if other.0.contains_key("discounts") {
            options.remove("allow_promotion_codes");
        }
        if other.is_on("allow_promotion_codes") {
            options.remove("discounts");
        }
        options.extend(other.0.clone());
        Self::of(Value::Object(options), place)
    }

    /// The same with one shipping rate.
    pub(super) fn with_shipping_rate(mut self, rate: String) -> Self {
        let option = BTreeMap::from([("shipping_rate".to_owned(), Value::Text(rate))]);
        let options = Value::List(vec![Value::Object(option)]);
        self.0.insert("shipping_options".to_owned(), options);
        self
    }

    /// The same with another language.
    pub(super) fn with_locale(mut self, locale: String) -> Self {
        self.0.insert("locale".to_owned(), Value::Text(locale));
        self
    }

    /// The options to send for a session of this mode, for a payer with or without a Stripe
    /// customer. `expires_after` is sent as a time, and `subscription_data` with Farebox's own
    /// metadata.
    pub(crate) fn sent(&self, has_customer: bool, mode: SessionMode) -> BTreeMap<&str, &Value> {
        let of_the_other = match mode {
            SessionMode::Payment => OF_A_SUBSCRIPTION,
            SessionMode::Subscription => OF_A_PAYMENT,
        };
        let is_sent = |name: &str| {
            (has_customer || !OF_A_CUSTOMER.contains(&name))
                && !of_the_other.contains(&name)
                && !["expires_after", SUBSCRIPTION_DATA].contains(&name)
        };
        let options = self.0.iter().map(|(name, value)| (name.as_str(), value));
        options.filter(|(name, _)| is_sent(name)).collect()
    }

    /// `subscription_data` with this metadata beside its own.
    pub(crate) fn subscription_data(&self, metadata: BTreeMap<String, String>) -> Value {
        let own = self.get(SUBSCRIPTION_DATA).and_then(Value::object);
        let mut data = own.cloned().unwrap_or_default();
        let mut all = match data.remove("metadata") {
            Some(Value::Object(all)) => all,
            _ => BTreeMap::new(),
        };
        all.extend(
            metadata
                .into_iter()
                .map(|(key, text)| (key, Value::Text(text))),
        );
        data.insert("metadata".to_owned(), Value::Object(all));
        Value::Object(data)
    }

    /// The part of a subscription's first period that is due today.
    pub(crate) fn due_today(&self) -> DueToday {
        let data = self.get(SUBSCRIPTION_DATA);
        let has = |name| data.is_some_and(|data| at(data, &[name]).is_some());
        match () {
            () if has("trial_period_days") || has("trial_end") => DueToday::Nothing,
            () if has("billing_cycle_anchor") => DueToday::Part,
            () => DueToday::All,
        }
    }

    /// The name of an option that Stripe takes only for a subscription, if there is one.
    pub(crate) fn of_a_subscription(&self) -> Option<&'static str> {
        OF_A_SUBSCRIPTION.into_iter().find(|name| self.has(name))
    }

    /// The lifetime of a session, in seconds; Stripe's own, a day, by default.
    pub(crate) fn expires_after(&self) -> Option<i64> {
        self.get("expires_after")?.whole()
    }

    /// The parts that a session of this mode may add, with these options.
    #[must_use]
    pub fn added_parts(&self, mode: SessionMode) -> AddedParts {
        let has_list = |name| !self.list(name).is_empty();
        AddedParts {
            discount: self.is_on("allow_promotion_codes") || has_list("discounts"),
            tax: self.is_enabled("automatic_tax"),
            shipping: has_list("shipping_options") && mode == SessionMode::Payment,
        }
    }

    /// Stripe's objects that the options name: the place of each, and its path in Stripe's API.
    pub(crate) fn named_objects(&self) -> Vec<(String, String)> {
        let kinds = [
            ("discounts", "coupon", "coupons"),
            ("discounts", "promotion_code", "promotion_codes"),
            ("shipping_options", "shipping_rate", "shipping_rates"),
        ];
        let named = |(list, name, path): (&str, &'static str, &'static str)| {
            let list_name = list.to_owned();
            let entries = self.list(list).iter().enumerate();
            entries.filter_map(move |(n, entry)| {
                let id = at(entry, &[name])?.text()?;
                Some((format!("{list_name}[{n}].{name}"), path_of(path, id)))
            })
        };
        kinds.into_iter().flat_map(named).collect()
    }

    /// Checks that a session of these options can be in `currency`, as far as its shipping rates
    /// are made with it.
    ///
    /// # Errors
    ///
    /// A text that names the shipping rate with another currency.
    pub fn check_currency(&self, currency: Currency) -> Result<(), String> {
        for (n, entry) in self.list("shipping_options").iter().enumerate() {
            let path = ["shipping_rate_data", "fixed_amount", "currency"];
            let own = at(entry, &path).and_then(Value::text);
            if own.is_some_and(|own| own != currency.as_str()) {
                let place = format!("checkout.shipping_options[{n}].shipping_rate_data");
                return Err(format!("`{place}` has no amount in `{currency}`"));
            }
        }
        Ok(())
    }

    /// The path of the option at `param`, a parameter in Stripe's form, such as
    /// `shipping_options[0][shipping_rate]`; `None` for a parameter that is no option.
    pub(crate) fn path_of_param(param: &str) -> Option<String> {
        let mut parts = param.split('[').map(|part| part.trim_end_matches(']'));
        let name = parts.next().filter(|name| is_option(name))?;
        let is_safe = |part: &&str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        let parts = parts.filter(is_safe).map(|part| match part.parse::<u8>() {
            Ok(index) => format!("[{index}]"),
            Err(_) => format!(".{part}"),
        });
        Some(format!("{name}{}", parts.collect::<String>()))
    }

    /// A hash that identifies the options.
    #[must_use]
    pub fn digest(&self) -> String {
        let options = serde_json::to_string(&self.0).unwrap_or_default();
        digest::hex(&["checkout options", &options])[..32].to_owned()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub(super) fn is_on(&self, name: &str) -> bool {
        self.get(name) == Some(&Value::Flag(true))
    }

    pub(super) fn is_enabled(&self, name: &str) -> bool {
        let option = self.get(name);
        option.and_then(|value| at(value, &["enabled"])) == Some(&Value::Flag(true))
    }

    pub(super) fn list(&self, name: &str) -> &[Value] {
        match self.get(name) {
            Some(Value::List(values)) => values,
            _ => &[],
        }
    }

    pub(super) fn text(&self, names: &[&str]) -> Option<&str> {
        let (first, rest) = names.split_first()?;
        at(self.get(first)?, rest)?.text()
    }
}

/// An object's path in Stripe's API.
pub(super) fn path_of(kind: &str, id: &str) -> String {
    format!("/{kind}/{}", utf8_percent_encode(id, NON_ALPHANUMERIC))
}

/// Reads stored options, which were checked before they were stored.
impl<'de> Deserialize<'de> for CheckoutOptions {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Self, D::Error> {
        match Value::deserialize(source)? {
            Value::Object(options) => Ok(Self(options)),
            _ => Err(D::Error::custom("the options are not an object")),
        }
    }
}
