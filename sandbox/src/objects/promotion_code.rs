//! Promotion codes: what a payer enters for a coupon's discount.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata, money,
    objects::{coupon, customer},
    params::Params,
    route::{Call, Route},
    state::State,
    store::{number, text},
};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "promotion_code";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/promotion_codes", create),
    Route::new("GET", "/v1/promotion_codes", list),
    Route::new("GET", "/v1/promotion_codes/{}", retrieve),
    Route::new("POST", "/v1/promotion_codes/{}", update),
    Route::new("POST", "/_sandbox/promotion_codes/{}/expire", run_out),
];

/// The most characters of a code.
const LONGEST: usize = 500;

pub(crate) fn shape(code: &str, coupon: &str) -> Value {
    json!({
        "id": ids::long("promo_1"),
        "object": KIND,
        "active": true,
        "code": code,
        "created": now(),
        "customer": null,
        "customer_account": null,
        "expires_at": null,
        "livemode": false,
        "max_redemptions": null,
        "metadata": {},
        "promotion": { "coupon": coupon, "type": "coupon" },
        "restrictions": {
            "first_time_transaction": false,
            "minimum_amount": null,
            "minimum_amount_currency": null,
        },
        "times_redeemed": 0,
    })
}

/// Creates a promotion code.
pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let coupon = coupon_of(state, params)?;
    let code = code(params)?;
    let mut promotion = shape(&code, text(&coupon, "id"));
    if let Some(customer) = params.text("customer")? {
        customer::expect(state, &customer)?;
        promotion["customer"] = customer.into();
    }
    coupon::limits(params, &mut promotion, "expires_at")?;
    restrictions(params, &mut promotion["restrictions"])?;
    details(params, &mut promotion)?;
    call.params.finish()?;
    coupon::check(&coupon)?;
    if promotion["active"] == true {
        expect_free(state, &promotion)?;
    }
    coupon::schedule(state, &promotion, "expires_at");
    Ok(state.create("promotion_code.created", promotion))
}

/// The coupon of `promotion[coupon]`, or of `coupon` as before 2025-09-30.
fn coupon_of(state: &State, params: &mut Params) -> Result<Value, Error> {
    let (id, name) = match params.nested("promotion")? {
        Some(mut promotion) => {
            promotion.choice("type", &["coupon"])?;
            let id = promotion.required("coupon")?;
            let name = promotion.name("coupon");
            promotion.finish()?;
            (id, name)
        }
        None => (params.required("coupon")?, "coupon".to_owned()),
    };
    state.store.get(coupon::KIND, &id, &name).cloned()
}

/// Reads the code, or generates one.
fn code(params: &mut Params) -> Result<String, Error> {
    let Some(code) = params.text("code")? else {
        return Ok(ids::code());
    };
    let known = |c: char| c.is_ascii_alphanumeric() || c == '-';
    if code.len() > LONGEST || !code.chars().all(known) {
        let message = "A code has at most 500 letters, digits and dashes.";
        return Err(Error::invalid(message).param("code"));
    }
    Ok(code)
}

/// Rejects a code that an active promotion code of the same customer has.
fn expect_free(state: &State, promotion: &Value) -> Result<(), Error> {
    let code = text(promotion, "code");
    let taken = state.store.all(KIND).any(|other| {
        other["active"] == true
            && text(&other, "code").eq_ignore_ascii_case(code)
            && other["customer"] == promotion["customer"]
            && other["id"] != promotion["id"]
    });
    if !taken {
        return Ok(());
    }
    let message = format!("An active promotion code with the code '{code}' already exists.");
    let error = Error::invalid(&message).code("resource_already_exists");
    Err(error.param("code"))
}

fn restrictions(params: &mut Params, restrictions: &mut Value) -> Result<(), Error> {
    let Some(mut given) = params.nested("restrictions")? else {
        return Ok(());
    };
    if given.flag("first_time_transaction")? == Some(true) {
        let message = "The sandbox does not support a code for first transactions only.";
        return Err(Error::invalid(message).param(&given.name("first_time_transaction")));
    }
    if let Some(least) = given.integer("minimum_amount")? {
        let currency = given.required("minimum_amount_currency")?;
        restrictions["minimum_amount"] = least.into();
        restrictions["minimum_amount_currency"] = currency.into();
    }
    given.finish()
}

fn details(params: &mut Params, promotion: &mut Value) -> Result<(), Error> {
    if let Some(active) = params.flag("active")? {
        promotion["active"] = active.into();
    }
    if let Some(metadata) = metadata::merged(params, &promotion["metadata"])? {
        promotion["metadata"] = metadata;
    }
    Ok(())
}

/// The coupon of a promotion code; `null` when it was deleted.
pub(crate) fn coupon(state: &State, promotion: &Value) -> Value {
    let id = text(&promotion["promotion"], "coupon");
    let coupon = state.store.get(coupon::KIND, id, KIND);
    coupon.cloned().unwrap_or_default()
}

/// The promotion code that a payer means by `code`: an active one, if there is one.
pub(crate) fn by_code(state: &State, code: &str) -> Option<Value> {
    let same = |other: &&String| {
        let other = state.store.peek(other);
        other.is_some_and(|other| text(&other, "code").eq_ignore_ascii_case(code))
    };
    let mut found = state.store.ids(KIND).iter().rev().filter(same);
    let newest = found.next()?;
    let active = |id: &&String| {
        state
            .store
            .find(id)
            .is_some_and(|one| one["active"] == true)
    };
    let first = std::iter::once(newest).chain(found).find(active);
    state.store.find(first.unwrap_or(newest)).cloned()
}

/// The error for a promotion code that this session cannot redeem now.
pub(crate) fn check(state: &State, promotion: &Value, session: &Value) -> Result<(), Error> {
    let code = text(promotion, "code");
    let ended = is_over(promotion);
    let coupon = coupon(state, promotion);
    let problem = if ended {
        "has expired".to_owned()
    } else if coupon::is_used_up(promotion) {
        "was redeemed as often as it can be".to_owned()
    } else if promotion["active"] != true || coupon.is_null() {
        "is not active".to_owned()
    } else if !promotion["customer"].is_null() && promotion["customer"] != session["customer"] {
        "is for another customer".to_owned()
    } else if let Some(least) = unmet_minimum(&promotion["restrictions"], session) {
        format!("is for orders of at least {least}")
    } else {
        return coupon::check(&coupon);
    };
    let error = Error::invalid(&format!("The promotion code '{code}' {problem}."));
    Err(if ended {
        error.code("coupon_expired")
    } else {
        error
    })
}

/// Returns true when the time of a promotion code is over.
fn is_over(promotion: &Value) -> bool {
    let end = promotion["expires_at"].as_u64();
    end.is_some_and(|at| at <= now())
}

/// The least order of a code, when the session's is lower.
fn unmet_minimum(restrictions: &Value, session: &Value) -> Option<String> {
    let least = restrictions["minimum_amount"].as_i64()?;
    let currency = text(restrictions, "minimum_amount_currency");
    let met = session["currency"] == currency && number(session, "amount_subtotal") >= least;
    (!met).then(|| money::written(least, currency))
}

/// Ends the promotion codes of a coupon that ended.
pub(crate) fn end_with(state: &mut State, coupon: &str) {
    let of_it = |id: &&String| {
        let promotion = state.store.peek(id);
        promotion.is_some_and(|one| one["promotion"]["coupon"] == *coupon)
    };
    let ended = state.store.ids(KIND).iter().filter(of_it);
    for id in ended.cloned().collect::<Vec<_>>() {
        state.update(&id, &json!({ "active": false }));
    }
}

/// Lets a promotion code expire, for the control plane.
pub(crate) fn run_out(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id")?;
    let promotion = state.update(&id, &json!({ "expires_at": now() }));
    coupon::on_timer(state, &promotion);
    state.store.get(KIND, &id, "id").cloned()
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Changes a promotion code.
pub(crate) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let held = state.store.get(KIND, &call.id(), "id")?.clone();
    let mut promotion = held.clone();
    details(&mut call.params, &mut promotion)?;
    call.params.finish()?;
    if held["active"] != true && promotion["active"] == true {
        let coupon = coupon(state, &promotion);
        let ended = is_over(&promotion);
        if ended || coupon.is_null() || coupon::is_used_up(&promotion) {
            let message = "A promotion code that ended cannot be activated.";
            return Err(Error::invalid(message).param("active"));
        }
        coupon::check(&coupon).map_err(|error| error.param("active"))?;
        expect_free(state, &promotion)?;
    }
    Ok(state.change_object("promotion_code.updated", text(&promotion, "id"), &promotion))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let active = call.params.flag("active")?.map(|active| active.to_string());
    let code = call.params.text("code")?;
    let coupon = call.params.text("coupon")?;
    let customer = call.params.text("customer")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/promotion_codes", |promotion| {
        let same = |code: &String| text(promotion, "code").eq_ignore_ascii_case(code);
        is(&promotion["active"], active.as_ref())
            && code.as_ref().is_none_or(same)
            && is(&promotion["promotion"]["coupon"], coupon.as_ref())
            && is(&promotion["customer"], customer.as_ref())
    })
}
