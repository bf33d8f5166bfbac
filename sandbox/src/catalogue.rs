//! The prices and the promotion code of a new sandbox.

use serde_json::{Value, json};

use crate::{
    objects::{coupon, price, product, promotion_code},
    state::State,
    store::text,
};

/// A price to seed, with its product.
#[derive(Debug, Clone)]
pub struct NewPrice<'a> {
    /// The price's id.
    pub id: &'a str,
    /// The id of a product that several prices share; by default the price's id with `prod_` in
    /// place of `price_`.
    pub product: Option<&'a str>,
    /// The price's lookup key.
    pub lookup_key: Option<&'a str>,
    /// The name of its product.
    pub product_name: &'a str,
    /// In minor units.
    pub unit_amount: i64,
    /// In lower case.
    pub currency: &'a str,
    /// False for an archived price.
    pub active: bool,
    /// True for a price that is paid in every interval.
    pub recurring: bool,
    /// The interval of a recurring price: `day`, `week`, `month` or `year`.
    pub interval: &'a str,
    /// The days of a recurring price's trial, for a subscription with `trial_from_plan`.
    pub trial_days: Option<u32>,
}

impl Default for NewPrice<'_> {
    /// An active one-time price of 10.00 USD.
    fn default() -> Self {
        Self {
            id: "price_sample",
            product: None,
            lookup_key: None,
            product_name: "Sample",
            unit_amount: 1000,
            currency: "usd",
            active: true,
            recurring: false,
            interval: "month",
            trial_days: None,
        }
    }
}

/// The binary's catalogue: a mug, a shirt and a sticker, and plans with 14 days of trial.
#[must_use]
pub fn demo_catalogue() -> Vec<NewPrice<'static>> {
    let item = |id, key, product_name, unit_amount| NewPrice {
        id,
        lookup_key: Some(key),
        product_name,
        unit_amount,
        ..NewPrice::default()
    };
    let monthly = |id, key, product_name, unit_amount| NewPrice {
        recurring: true,
        trial_days: Some(14),
        ..item(id, key, product_name, unit_amount)
    };
    let pro_yearly = NewPrice {
        product: Some("prod_pro"),
        interval: "year",
        ..monthly("price_pro_yearly", "pro_yearly", "Pro", 19_000)
    };
    vec![
        item("price_mug", "mug", "Mug", 1500),
        item("price_shirt", "shirt", "Shirt", 2500),
        item("price_sticker", "sticker", "Sticker", 300),
        NewPrice {
            product: Some("prod_pro"),
            ..monthly("price_pro_monthly", "pro_monthly", "Pro", 1900)
        },
        pro_yearly,
        monthly("price_team_monthly", "team_monthly", "Team", 4900),
    ]
}

/// Stores a seeded price and its product, without an event.
pub(crate) fn seed(state: &mut State, new: &NewPrice<'_>) -> Value {
    let own = || format!("prod_{}", new.id.trim_start_matches("price_"));
    let product_id = new.product.map_or_else(own, str::to_owned);
    let mut product = product::shape(&product_id, new.product_name);
    product["default_price"] = new.id.into();
    let mut price = price::shape(new.id, text(&product, "id"), new.currency, new.unit_amount);
    price["active"] = new.active.into();
    price["lookup_key"] = json!(new.lookup_key);
    if new.recurring {
        price["recurring"] = price::recurrence(new.interval, 1);
        price["recurring"]["trial_period_days"] = json!(new.trial_days);
        price["type"] = "recurring".into();
    }
    if state.store.find(&product_id).is_none() {
        state.store.insert(product);
    }
    state.store.insert(price.clone());
    price
}

/// Stores a seeded promotion code and its coupon, without an event.
pub(crate) fn seed_code(state: &mut State, code: &str, percent_off: f64) -> Value {
    let mut coupon = coupon::shape(&code.to_lowercase());
    coupon["percent_off"] = percent_off.into();
    let promotion = promotion_code::shape(code, text(&coupon, "id"));
    state.store.insert(coupon);
    state.store.insert(promotion.clone());
    promotion
}
