//! Coupons: discounts that a session or a promotion code refers to.
//!
//! - [`terms`]: the parameters.
//! - [`redemption`]: what a coupon takes off, and for how long and how often.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::Page,
    objects::promotion_code,
    route::{Call, Route},
    state::State,
    store::text,
};

mod redemption;
mod terms;

pub(super) use redemption::is_used_up;
pub(crate) use redemption::{amount_off, check, covers, on_timer, redeem};
pub(super) use terms::{limits, schedule};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "coupon";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/coupons", create),
    Route::new("GET", "/v1/coupons", list),
    Route::new("GET", "/v1/coupons/{}", retrieve),
    Route::new("POST", "/v1/coupons/{}", update),
    Route::new("DELETE", "/v1/coupons/{}", delete),
    Route::new("POST", "/_sandbox/coupons/{}/expire", run_out),
];

pub(crate) fn shape(id: &str) -> Value {
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
    terms::off(params, &mut coupon)?;
    terms::duration(params, &mut coupon)?;
    limits(params, &mut coupon, "redeem_by")?;
    terms::details(params, &mut coupon)?;
    let currencies = terms::currency_options(params, &coupon)?;
    let products = terms::applies_to(state, params)?;
    call.params.finish()?;
    if state.store.get(KIND, &id, "id").is_ok() {
        let message = format!("The coupon '{id}' already exists.");
        let error = Error::invalid(&message).code("resource_already_exists");
        return Err(error.param("id"));
    }
    schedule(state, &coupon, "redeem_by");
    state.store.include(&id, "currency_options", currencies);
    let limits = products.map(|products| json!({ "products": products }));
    let limits = limits.unwrap_or_default();
    state.store.include(&id, "applies_to", limits);
    Ok(state.create("coupon.created", coupon))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut coupon = state.store.get(KIND, &call.id(), "id")?.clone();
    terms::details(&mut call.params, &mut coupon)?;
    call.params.finish()?;
    Ok(state.change_object("coupon.updated", text(&coupon, "id"), &coupon))
}

fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let coupon = state.store.get(KIND, &id, "id")?.clone();
    promotion_code::end_with(state, &id);
    let deleted = state.store.delete(&id);
    state.emit("coupon.deleted", &coupon, None);
    Ok(deleted)
}

/// Lets a coupon expire, for the control plane.
pub(crate) fn run_out(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id")?;
    let coupon = state.update(&id, &json!({ "redeem_by": now() }));
    on_timer(state, &coupon);
    state.store.get(KIND, &id, "id").cloned()
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/coupons", |_| true)
}
