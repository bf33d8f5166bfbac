//! Coupons: discounts that a session or a promotion code refers to.

use serde_json::{Map, Value, json};

use crate::{
    clock::{now, now_ms},
    error::Error,
    ids,
    list::Page,
    metadata, money,
    params::Params,
    route::{Call, Route},
    state::State,
    store::{Store, number, text},
};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "coupon";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/coupons", create),
    Route::new("GET", "/v1/coupons", list),
    Route::new("GET", "/v1/coupons/{}", retrieve),
    Route::new("POST", "/v1/coupons/{}", update),
    Route::new("DELETE", "/v1/coupons/{}", delete),
];

/// The most characters of a name.
const NAME: usize = 40;

fn shape(id: &str) -> Value {
    json!({
        "id": id,
        "object": KIND,
        "amount_off": null,
        "created": now(),
        "currency": null,
        "duration": "once",
        "duration_in_months": null,
        "livemode": false,
        "max_redemptions": null,
        "metadata": {},
        "name": null,
        "percent_off": null,
        "redeem_by": null,
        "times_redeemed": 0,
        "valid": true,
    })
}

/// Creates a coupon.
pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let id = params.text("id")?.unwrap_or_else(ids::code);
    let mut coupon = shape(&id);
    off(params, &mut coupon)?;
    duration(params, &mut coupon)?;
    limits(params, &mut coupon, "redeem_by")?;
    details(params, &mut coupon)?;
    let currencies = currency_options(params, &coupon)?;
    let products = applies_to(state, params)?;
    call.params.finish()?;
    if state.store.get(KIND, &id, "id").is_ok() {
        let message = format!("The coupon '{id}' already exists.");
        let error = Error::invalid(&message).code("resource_already_exists");
        return Err(error.param("id"));
    }
    schedule(state, &coupon, "redeem_by");
    state.store.include(&id, "currency_options", currencies);
    if let Some(products) = products {
        let products = json!({ "products": products });
        state.store.include(&id, "applies_to", products);
    }
    Ok(state.create("coupon.created", coupon))
}

/// Reads what is taken off: a percentage, or an amount in a currency.
fn off(params: &mut Params, coupon: &mut Value) -> Result<(), Error> {
    let (percent, amount) = (params.text("percent_off")?, params.integer("amount_off")?);
    match (percent, amount) {
        (Some(percent), None) => {
            let hundredths = hundredths(&percent).filter(|part| (1..=10_000).contains(part));
            let hundredths = hundredths.ok_or_else(|| {
                let message = "percent_off has to be above 0, at most 100, with two decimals.";
                Error::invalid(message).param("percent_off")
            })?;
            coupon["percent_off"] = (f64::from(hundredths) / 100.0).into();
        }
        (None, Some(amount)) if amount > 0 => {
            coupon["amount_off"] = amount.into();
            coupon["currency"] = money::currency(params)?.into();
        }
        (None, Some(_)) => {
            let error = Error::invalid("amount_off has to be at least 1.");
            return Err(error.code("parameter_invalid_integer").param("amount_off"));
        }
        _ => {
            let message = "A coupon has either percent_off or amount_off.";
            return Err(Error::invalid(message).param("percent_off"));
        }
    }
    Ok(())
}

/// A decimal number with at most two decimals, in hundredths.
fn hundredths(decimal: &str) -> Option<i32> {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let part = part.trim_end_matches('0');
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > 2 {
        return None;
    }
    format!("{whole}{part:0<2}").parse().ok()
}

fn duration(params: &mut Params, coupon: &mut Value) -> Result<(), Error> {
    let duration = params.choice("duration", &["forever", "once", "repeating"])?;
    let months = params.integer("duration_in_months")?;
    match (duration.as_deref() == Some("repeating"), months) {
        (true, None) => return Err(params.missing("duration_in_months")),
        (false, Some(_)) => {
            let message = "duration_in_months is for the duration repeating.";
            return Err(Error::invalid(message).param("duration_in_months"));
        }
        (_, months) => coupon["duration_in_months"] = json!(months),
    }
    if let Some(duration) = duration {
        coupon["duration"] = duration.into();
    }
    Ok(())
}

/// Reads `max_redemptions` and an end in the future; promotion codes have both as well.
pub(super) fn limits(params: &mut Params, object: &mut Value, end: &str) -> Result<(), Error> {
    if let Some(most) = params.integer("max_redemptions")? {
        if most < 1 {
            let error = Error::invalid("max_redemptions has to be at least 1.");
            return Err(error.param("max_redemptions"));
        }
        object["max_redemptions"] = most.into();
    }
    if let Some(at) = params.integer(end)? {
        if u64::try_from(at).unwrap_or_default() <= now() {
            let message = format!("{end} has to be in the future.");
            return Err(Error::invalid(&message).param(end));
        }
        object[end] = at.into();
    }
    Ok(())
}

/// Sets the timer of an object with an end.
pub(super) fn schedule(state: &mut State, object: &Value, end: &str) {
    if let Some(at) = object[end].as_u64() {
        let id = text(object, "id");
        state.scheduler.schedule(at.saturating_mul(1000), id);
    }
}

fn details(params: &mut Params, coupon: &mut Value) -> Result<(), Error> {
    if let Some(name) = params.clearable("name")? {
        if name
            .as_str()
            .is_some_and(|name| name.chars().count() > NAME)
        {
            let message = format!("name has at most {NAME} characters.");
            return Err(Error::invalid(&message).param("name"));
        }
        coupon["name"] = name;
    }
    if let Some(metadata) = metadata::merged(params, &coupon["metadata"])? {
        coupon["metadata"] = metadata;
    }
    Ok(())
}

/// Reads the amounts off in further currencies; shown when expanded.
fn currency_options(params: &mut Params, coupon: &Value) -> Result<Value, Error> {
    let mut options = Map::new();
    if let Some(currency) = coupon["currency"].as_str() {
        let amount = json!({ "amount_off": coupon["amount_off"] });
        options.insert(currency.to_owned(), amount);
    }
    for (currency, mut option) in money::by_currency(params, "currency_options")? {
        let amount = option.integer("amount_off")?;
        let amount = amount.ok_or_else(|| option.missing("amount_off"))?;
        option.finish()?;
        options.insert(currency, json!({ "amount_off": amount }));
    }
    Ok(options.into())
}

/// Reads the products that the coupon is limited to; shown when expanded.
fn applies_to(state: &State, params: &mut Params) -> Result<Option<Vec<String>>, Error> {
    let Some(mut limits) = params.nested("applies_to")? else {
        return Ok(None);
    };
    let products = limits.list("products")?;
    let name = limits.name("products");
    limits.finish()?;
    for product in products.iter().flatten() {
        state.store.get("product", product, &name)?;
    }
    Ok(products)
}

/// The error for a coupon that cannot be redeemed now.
pub(crate) fn check(coupon: &Value) -> Result<(), Error> {
    let id = text(coupon, "id");
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
pub(super) fn is_used_up(object: &Value) -> bool {
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
    if is_used_up(&object) {
        let field = if object["object"] == KIND {
            "valid"
        } else {
            "active"
        };
        object[field] = false.into();
    }
    state.update(id, &object);
}

/// Ends a coupon whose time is over.
pub(crate) fn on_timer(state: &mut State, coupon: &Value) {
    let at = coupon["redeem_by"].as_u64().unwrap_or(u64::MAX);
    if at.saturating_mul(1000) <= now_ms() {
        state.update(text(coupon, "id"), &json!({ "valid": false }));
    }
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut coupon = state.store.get(KIND, &call.id(), "id")?.clone();
    details(&mut call.params, &mut coupon)?;
    call.params.finish()?;
    Ok(state.change_object("coupon.updated", text(&coupon, "id"), &coupon))
}

fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let coupon = state.store.get(KIND, &id, "id")?.clone();
    let deleted = state.store.delete(&id);
    state.emit("coupon.deleted", &coupon, None);
    Ok(deleted)
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/coupons", |_| true)
}
