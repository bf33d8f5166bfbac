//! `checkout.json`: the options of every session, and what a browser may choose.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    CheckoutOptions, SessionMode,
    options::path_of,
    rules::at,
    schema::{CHOICES, SUBSCRIPTIONS},
};
use crate::{
    amount::Currency,
    env::{self, Reader},
    strict_json::Value,
};

/// The file that ships with Farebox.
const SHIPPED: &str = include_str!("../../../checkout.json");
const CHECKOUT: &str = "FAREBOX_CHECKOUT";

/// The options of every Checkout Session, and the choices that a browser has.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CheckoutSettings {
    options: CheckoutOptions,
    currencies: Vec<Currency>,
    locales: Vec<String>,
    shipping_rates: Vec<String>,
    /// True when a caller may hold several subscriptions of one product.
    has_multiple: bool,
}

/// A browser's choice among the file's `choices`.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct CheckoutChoice {
    /// The currency of the prices of `items`, one of `choices.currency` in the checkout file; each
    /// price's own by default.
    #[schema(nullable = false)]
    pub currency: Option<String>,
    /// The language of Checkout, one of `choices.locale` in the checkout file.
    #[schema(nullable = false)]
    pub locale: Option<String>,
    /// The shipping rate, `shr_…`, one of `choices.shipping_rate` in the checkout file.
    #[schema(nullable = false)]
    pub shipping_rate: Option<String>,
}

impl CheckoutSettings {
    /// `FAREBOX_CHECKOUT`: the path of a checkout file; the one that ships with Farebox by default.
    /// Records faults in `read`.
    pub(crate) fn read(read: &mut Reader<'_>) -> Self {
        let file = read.value(CHECKOUT, env::file);
        let parsed = Self::parse(file.as_deref().unwrap_or(SHIPPED));
        parsed.unwrap_or_else(|what| {
            read.problem(CHECKOUT, format!("names a file with an error: {what}"));
            Self::default()
        })
    }

    /// Reads a checkout file.
    ///
    /// # Errors
    ///
    /// The path of the first wrong value, and its fault.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Ok(Value::Object(mut file)) = serde_json::from_str(text) else {
            return Err("it is not a JSON object, or repeats a name".to_owned());
        };
        let choices = file.remove("choices");
        if let Some(choices) = &choices {
            CHOICES.check(choices, "choices")?;
        }
        let subscriptions = file.remove("subscriptions");
        if let Some(subscriptions) = &subscriptions {
            SUBSCRIPTIONS.check(subscriptions, "subscriptions")?;
        }
        let multiple = subscriptions
            .as_ref()
            .and_then(|all| at(all, &["multiple"]));
        let listed = |name| -> Vec<String> {
            let choices = choices.as_ref().and_then(Value::object);
            let listed = choices.and_then(|choices| choices.get(name));
            let texts = listed.map(Value::texts).unwrap_or_default();
            texts.into_iter().map(str::to_owned).collect()
        };
        let currencies = listed("currency").into_iter();
        let currencies = currencies.filter_map(|text| Currency::parse(&text).ok());
        Ok(Self {
            currencies: currencies.collect(),
            locales: listed("locale"),
            shipping_rates: listed("shipping_rate"),
            has_multiple: multiple == Some(&Value::Flag(true)),
            options: CheckoutOptions::of(Value::Object(file), "")?,
        })
    }

    /// True when Stripe Tax calculates the tax of every session.
    #[must_use]
    pub fn has_tax(&self) -> bool {
        self.options.added_parts(SessionMode::Payment).tax
    }

    /// Returns true when a caller may hold several subscriptions of one product.
    #[must_use]
    pub fn has_multiple_subscriptions(&self) -> bool {
        self.has_multiple
    }

    /// True when every session makes an invoice.
    #[must_use]
    pub fn has_invoices(&self) -> bool {
        self.options.is_enabled("invoice_creation")
    }

    /// Stripe's objects that the file names: the place of each, and its path in Stripe's API.
    #[must_use]
    pub fn named_objects(&self) -> Vec<(String, String)> {
        let rates = self.shipping_rates.iter().enumerate();
        let rates = rates.map(|(n, rate)| {
            let place = format!("choices.shipping_rate[{n}]");
            (place, path_of("shipping_rates", rate))
        });
        self.options
            .named_objects()
            .into_iter()
            .chain(rates)
            .collect()
    }

    /// The currency that a browser chose as `choice.currency`, if it did.
    ///
    /// # Errors
    ///
    /// A text that names the field, when the file does not list it.
    pub fn currency(&self, chosen: Option<&str>) -> Result<Option<Currency>, String> {
        let Some(chosen) = chosen else {
            return Ok(None);
        };
        let mut listed = self.currencies.iter();
        let found = listed.find(|currency| currency.as_str() == chosen);
        found
            .map(|found| Some(*found))
            .ok_or_else(|| not_listed("choice.currency"))
    }

    /// The options for an order whose site signed `signed`, and whose browser chose `choice`.
    ///
    /// # Errors
    ///
    /// A text that names the wrong field.
    pub fn options(
        &self,
        signed: &CheckoutOptions,
        choice: &CheckoutChoice,
    ) -> Result<CheckoutOptions, String> {
        let mut options = self.options.replaced_by(signed, "checkout")?;
        if let Some(locale) = chosen(&choice.locale, &self.locales, "choice.locale")? {
            options = options.with_locale(locale);
        }
        let rate = chosen(
            &choice.shipping_rate,
            &self.shipping_rates,
            "choice.shippingRate",
        )?;
        Ok(match rate {
            Some(rate) => options.with_shipping_rate(rate),
            None => options,
        })
    }
}

fn chosen(
    choice: &Option<String>,
    listed: &[String],
    field: &str,
) -> Result<Option<String>, String> {
    match choice {
        Some(chosen) if !listed.contains(chosen) => Err(not_listed(field)),
        choice => Ok(choice.clone()),
    }
}

fn not_listed(field: &str) -> String {
    format!("`{field}` is not one of this shop's choices")
}
