//! What a coupon takes off, and for how long and how often.

use serde_json::{Value, json};

use super::KIND;
use crate::{
    clock::{now, now_ms},
    error::Error,
    money,
    objects::promotion_code,
    state::State,
    store::{Store, number, text},
};

/// The error for a coupon that cannot be redeemed now.
pub(crate) fn check(coupon: &Value) -> Result<(), Error> {
    let id = text(coupon, "id");
    if coupon["deleted"] == true {
        return Err(Error::invalid(&format!("The coupon '{id}' was deleted.")));
    }
    if coupon["redeem_by"].as_u64().is_some_and(|at| at <= now()) {
        let message = format!("The coupon '{id}' has expired.");
        return Err(Error::invalid(&message).code("coupon_expired"));
    }
    if is_used_up(coupon) {
        let message = format!("The coupon '{id}' was redeemed as often as it can be.");
        return Err(Error::invalid(&message));
    }
    Ok(())
}

/// Returns true when an object was redeemed as often as its limit allows.
pub(in crate::objects) fn is_used_up(object: &Value) -> bool {
    let most = object["max_redemptions"].as_i64();
    most.is_some_and(|most| number(object, "times_redeemed") >= most)
}

/// The amount that a coupon takes off a subtotal; `None` in a currency that it does not have.
pub(crate) fn amount_off(
    store: &Store,
    coupon: &Value,
    subtotal: i64,
    currency: &str,
) -> Option<i64> {
    if let Some(percent) = coupon["percent_off"].as_f64() {
        #[expect(clippy::cast_possible_truncation, reason = "it is at most 10000")]
        let hundredths = (percent * 100.0).round() as i64;
        return Some(money::share(subtotal, hundredths, 10_000, currency));
    }
    let mut included = store.included(text(coupon, "id"));
    let (_, options) = included.find(|(field, _)| *field == "currency_options")?;
    let amount = options[currency]["amount_off"].as_i64()?;
    Some(amount.min(subtotal))
}

/// Returns true when a coupon takes something off this product.
pub(crate) fn covers(store: &Store, coupon: &Value, product: &Value) -> bool {
    let mut included = store.included(text(coupon, "id"));
    let limits = included.find(|(field, _)| *field == "applies_to");
    let products = limits.and_then(|(_, limits)| limits["products"].as_array());
    products.is_none_or(|products| products.contains(product))
}

/// Counts a redemption of a coupon or a promotion code; the last one ends it.
pub(crate) fn redeem(state: &mut State, id: &str) {
    let Some(mut object) = state.store.find(id).cloned() else {
        return;
    };
    let count = number(&object, "times_redeemed") + 1;
    object["times_redeemed"] = count.into();
    state.update(id, &object);
    if is_used_up(&object) {
        end(state, &object);
    }
}

/// Ends a coupon and its promotion codes, or a promotion code.
fn end(state: &mut State, object: &Value) {
    let id = text(object, "id");
    if object["object"] == KIND {
        state.update(id, &json!({ "valid": false }));
        promotion_code::end_with(state, id);
    } else {
        state.update(id, &json!({ "active": false }));
    }
}

/// Ends a coupon or a promotion code whose time is over.
pub(crate) fn on_timer(state: &mut State, object: &Value) {
    let at = match &object["object"] {
        kind if kind == KIND => &object["redeem_by"],
        _ => &object["expires_at"],
    };
    let at = at.as_u64().unwrap_or(u64::MAX);
    if at.saturating_mul(1000) <= now_ms() {
        end(state, object);
    }
}
