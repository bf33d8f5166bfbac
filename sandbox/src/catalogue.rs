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
    /// The price's id; the product's id has `prod_` in place of `price_`.
    pub id: &'a str,
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
    /// True for a monthly price.
    pub recurring: bool,
}

impl Default for NewPrice<'_> {
    /// An active one-time price of 10.00 USD.
    fn default() -> Self {
        Self {
            id: "price_sample",
            lookup_key: None,
            product_name: "Sample",
            unit_amount: 1000,
            currency: "usd",
            active: true,
            recurring: false,
        }
    }
}

/// The binary's catalogue: a mug, a shirt and a sticker.
#[must_use]
pub fn demo_catalogue() -> Vec<NewPrice<'static>> {
    let item = |id, key, product_name, unit_amount| NewPrice {
        id,
        lookup_key: Some(key),
        product_name,
        unit_amount,
        ..NewPrice::default()
    };
    vec![
        item("price_mug", "mug", "Mug", 1500),
        item("price_shirt", "shirt", "Shirt", 2500),
        item("price_sticker", "sticker", "Sticker", 300),
    ]
}

/// Stores a seeded price and its product, without an event.
pub(crate) fn seed(state: &mut State, new: &NewPrice<'_>) -> Value {
    let product_id = format!("prod_{}", new.id.trim_start_matches("price_"));
    let mut product = product::shape(&product_id, new.product_name);
    product["default_price"] = new.id.into();
    let mut price = price::shape(new.id, text(&product, "id"), new.currency, new.unit_amount);
    price["active"] = new.active.into();
    price["lookup_key"] = json!(new.lookup_key);
    if new.recurring {
        price["recurring"] = price::recurrence("month", 1);
        price["type"] = "recurring".into();
    }
    state.store.insert(product);
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
