//! The shop's prices at Stripe, cached for a short while.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use stripe::StripeRequest as _;
use stripe_product::price::{ListPrice, RetrievePrice};
use tokio::time::Instant;

use super::{Stripe, StripeError};
use crate::{amount::Currency, event::is_id};

/// The most lookup keys that Stripe takes at once.
const MAX_LOOKUP_KEYS: usize = 10;
/// The most concurrent calls of one request.
const MAX_AT_ONCE: usize = 4;
/// The most names in the cache, so that requests with unknown names fill no memory.
const MAX_HELD: usize = 2_000;

/// A price of the shop.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct Price {
    /// `price_…`
    pub id: String,
    /// True when it can be used for new purchases.
    pub active: bool,
    /// Three lower-case letters.
    pub currency: String,
    /// `one_time` or `recurring`.
    #[serde(rename = "type")]
    pub kind: String,
    /// In minor units; `None` for a price that is not a whole number of them, or not fixed.
    pub unit_amount: Option<i64>,
    /// The same as a decimal number, also where it has a part of a minor unit.
    pub unit_amount_decimal: Option<String>,
    /// Set where the payer chooses the amount.
    pub custom_unit_amount: Option<CustomUnitAmount>,
    /// `per_unit` or `tiered`.
    pub billing_scheme: Option<String>,
    /// The product.
    pub product: Product,
    /// The shop's own name of the price.
    pub lookup_key: Option<String>,
    /// A rule by which quantities are divided and rounded.
    pub transform_quantity: Option<TransformQuantity>,
    /// The billing rhythm of a recurring price.
    pub recurring: Option<PriceRecurring>,
    /// Its amounts by currency, where they were asked for.
    pub currency_options: Option<BTreeMap<String, CurrencyOption>>,
}

/// The billing rhythm of a recurring price. A trial that the price itself names is of an earlier
/// kind, and Checkout does not give it.
#[derive(Clone, Debug, PartialEq, Eq, miniserde::Deserialize)]
pub struct PriceRecurring {
    /// `day`, `week`, `month` or `year`.
    pub interval: String,
    /// The number of intervals between two invoices.
    pub interval_count: u32,
    /// `licensed`, by quantity, or `metered`, by usage.
    pub usage_type: String,
}

/// What a price is in one currency.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct CurrencyOption {
    /// As [`Price::unit_amount`].
    pub unit_amount: Option<i64>,
    /// As [`Price::unit_amount_decimal`].
    pub unit_amount_decimal: Option<String>,
    /// As [`Price::custom_unit_amount`].
    pub custom_unit_amount: Option<CustomUnitAmount>,
}

/// The bounds of an amount that the payer chooses.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct CustomUnitAmount {
    /// In minor units.
    pub maximum: Option<i64>,
}

/// The product of a price. Archiving it leaves its prices active.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct Product {
    /// `prod_…`
    pub id: String,
    /// True when it can be bought; missing on a deleted product.
    pub active: Option<bool>,
    /// The product's name; missing on a deleted product.
    pub name: Option<String>,
}

impl Price {
    /// Returns true when it can be used for new purchases: neither it nor its product is archived.
    #[must_use]
    pub fn is_on_sale(&self) -> bool {
        self.active && self.product.active == Some(true)
    }

    /// The same price in `currency`; `None` where it has no amount in it.
    #[must_use]
    pub fn in_currency(&self, currency: Currency) -> Option<Self> {
        if self.currency == currency.as_str() {
            return Some(self.clone());
        }
        let option = self.currency_options.as_ref()?.get(currency.as_str())?;
        let option = option.clone();
        Some(Self {
            currency: currency.to_string(),
            unit_amount: option.unit_amount,
            unit_amount_decimal: option.unit_amount_decimal,
            custom_unit_amount: option.custom_unit_amount,
            ..self.clone()
        })
    }
}

/// A rule that rounds quantities: such a price is not simply multiplied.
#[derive(Clone, Debug, PartialEq, miniserde::Deserialize)]
pub struct TransformQuantity {
    /// The divisor of the quantity.
    pub divide_by: i64,
}

#[derive(miniserde::Deserialize)]
struct Page {
    data: Vec<Price>,
}

/// Finds prices by id or lookup key.
#[derive(Clone, Debug)]
pub struct Prices {
    held_for: Duration,
    held: Arc<Mutex<HashMap<String, Held>>>,
}

/// The amounts to ask Stripe for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PriceCurrencies {
    /// The amount in the price's own currency.
    Own,
    /// The amounts in all currencies of the price.
    All,
}

/// Stripe's answer; `None` for an unknown name.
#[derive(Clone, Debug)]
struct Held {
    price: Option<Price>,
    currencies: PriceCurrencies,
    until: Instant,
}

impl PriceCurrencies {
    /// The fields that Stripe expands, each below `place`.
    fn expand(self, place: &str) -> Vec<String> {
        let mut fields = vec![format!("{place}product")];
        if self == Self::All {
            fields.push(format!("{place}currency_options"));
        }
        fields
    }
}

impl Held {
    /// True when the answer is fresh, and has these currencies.
    fn answers(&self, currencies: PriceCurrencies, now: Instant) -> bool {
        let has_all = self.currencies == PriceCurrencies::All;
        self.until > now && (has_all || currencies == PriceCurrencies::Own)
    }
}

impl Prices {
    /// Caches Stripe's answers for `held_for`.
    #[must_use]
    pub fn new(held_for: Duration) -> Self {
        Self {
            held_for,
            held: Arc::default(),
        }
    }

    /// The prices of `names` (ids or lookup keys); names that Stripe does not know are left out.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn find(
        &self,
        stripe: &Stripe,
        names: &BTreeSet<&str>,
        currencies: PriceCurrencies,
    ) -> Result<BTreeMap<String, Price>, StripeError> {
        let held = self.held(names, currencies);
        self.found(stripe, names, currencies, held).await
    }

    /// The same from Stripe, in all currencies, without the cache.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not answer.
    pub async fn find_anew(
        &self,
        stripe: &Stripe,
        names: &BTreeSet<&str>,
    ) -> Result<BTreeMap<String, Price>, StripeError> {
        self.found(stripe, names, PriceCurrencies::All, BTreeMap::new())
            .await
    }

    async fn found(
        &self,
        stripe: &Stripe,
        names: &BTreeSet<&str>,
        currencies: PriceCurrencies,
        mut found: BTreeMap<String, Option<Price>>,
    ) -> Result<BTreeMap<String, Price>, StripeError> {
        let missing = names.iter().filter(|name| !found.contains_key(**name));
        let (ids, keys): (Vec<&str>, Vec<&str>) =
            missing.partition(|name| name.starts_with("price_"));
        let mut fetched = BTreeMap::new();
        for keys in keys.chunks(MAX_LOOKUP_KEYS) {
            fetched.extend(stripe.prices_by_key(keys, currencies).await?);
        }
        let ids: Vec<String> = ids.into_iter().map(str::to_owned).collect();
        let by_id = ids.into_iter().map(|id| stripe.price_by_id(id, currencies));
        let by_id: Vec<_> = stream::iter(by_id)
            .buffer_unordered(MAX_AT_ONCE)
            .try_collect()
            .await?;
        fetched.extend(by_id);
        self.hold(&fetched, currencies);
        found.extend(fetched);
        let known = found.into_iter();
        Ok(known
            .filter_map(|(name, price)| Some((name, price?)))
            .collect())
    }

    /// Returns true when all `names` are cached, so that finding them needs no call to Stripe.
    #[must_use]
    pub fn holds(&self, names: &BTreeSet<&str>, currencies: PriceCurrencies) -> bool {
        self.held(names, currencies).len() == names.len()
    }

    /// The cached and fresh entries of `names`.
    fn held(
        &self,
        names: &BTreeSet<&str>,
        currencies: PriceCurrencies,
    ) -> BTreeMap<String, Option<Price>> {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        names
            .iter()
            .filter_map(|name| Some((*name, held.get(*name)?)))
            .filter(|(_, held)| held.answers(currencies, now))
            .map(|(name, held)| (name.to_owned(), held.price.clone()))
            .collect()
    }

    fn hold(&self, fetched: &BTreeMap<String, Option<Price>>, currencies: PriceCurrencies) {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let now = Instant::now();
        held.retain(|_, held| held.until > now);
        for (name, price) in fetched {
            if held.len() >= MAX_HELD {
                return;
            }
            let until = now + self.held_for;
            let price = price.clone();
            let answer = Held {
                price,
                currencies,
                until,
            };
            held.insert(name.clone(), answer);
        }
    }
}

impl Stripe {
    async fn price_by_id(
        &self,
        id: String,
        currencies: PriceCurrencies,
    ) -> Result<(String, Option<Price>), StripeError> {
        if !is_id(&id) {
            return Ok((id, None));
        }
        let request = RetrievePrice::new(id.as_str()).expand(currencies.expand(""));
        match request.build().customize().send(self).await {
            Err(failure) if failure.is_missing() => Ok((id, None)),
            answered => answered.map(|price| (id, Some(price))),
        }
    }

    async fn prices_by_key(
        &self,
        keys: &[&str],
        currencies: PriceCurrencies,
    ) -> Result<BTreeMap<String, Option<Price>>, StripeError> {
        let mut named: BTreeMap<String, Option<Price>> =
            keys.iter().map(|key| ((*key).to_owned(), None)).collect();
        let request = ListPrice::new()
            .active(true)
            .limit(100)
            .lookup_keys(named.keys().cloned().collect::<Vec<_>>())
            .expand(currencies.expand("data."))
            .build();
        let page: Page = request.customize().send(self).await?;
        for price in page.data {
            if let Some(key) = price.lookup_key.clone() {
                named.insert(key, Some(price));
            }
        }
        Ok(named)
    }
}
