//! The discount of a session: a coupon or a promotion code, from the shop or from the payer.

use serde_json::{Value, json};

use crate::{
    error::Error,
    money,
    objects::{coupon, promotion_code},
    params::Params,
    state::State,
    store::{number, text},
};

/// Reads `allow_promotion_codes` and `discounts`.
pub(super) fn read(state: &State, params: &mut Params, session: &mut Value) -> Result<(), Error> {
    if params.has("allow_promotion_codes") && params.has("discounts") {
        let message = "A session has either allow_promotion_codes or discounts, not both.";
        return Err(Error::invalid(message).param("allow_promotion_codes"));
    }
    if let Some(allowed) = params.flag("allow_promotion_codes")? {
        session["allow_promotion_codes"] = allowed.into();
    }
    let discounts = params.groups("discounts")?.unwrap_or_default();
    if discounts.len() > 1 {
        let message = "A session has at most one discount.";
        return Err(Error::invalid(message).param("discounts"));
    }
    for discount in discounts {
        session["discounts"] = json!([one(state, discount, session)?]);
    }
    Ok(())
}

fn one(state: &State, mut given: Params, session: &Value) -> Result<Value, Error> {
    let (coupon, code) = (given.text("coupon")?, given.text("promotion_code")?);
    let names = [given.name("coupon"), given.name("promotion_code")];
    given.finish()?;
    match (&coupon, &code) {
        (Some(id), None) => {
            let coupon = state.store.get(coupon::KIND, id, &names[0])?;
            coupon::check(coupon).map_err(|error| error.param(&names[0]))?;
        }
        (None, Some(id)) => {
            let promotion = state.store.get(promotion_code::KIND, id, &names[1])?;
            let fits = promotion_code::check(state, promotion, session);
            fits.map_err(|error| error.param(&names[1]))?;
        }
        _ => {
            let message = "A discount has either a coupon or a promotion_code.";
            return Err(Error::invalid(message).param("discounts[0]"));
        }
    }
    Ok(json!({ "coupon": coupon, "promotion_code": code }))
}

/// Reads the payer's `promotion_code`; an empty one removes the discount.
pub(super) fn enter(state: &State, params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let Some(code) = params.clearable(promotion_code::KIND)? else {
        return Ok(());
    };
    let refused = |message: &str| Error::invalid(message).param(promotion_code::KIND);
    if session["allow_promotion_codes"] != true {
        return Err(refused("This session takes no promotion codes."));
    }
    let Some(code) = code.as_str() else {
        session["discounts"] = json!([]);
        return Ok(());
    };
    let promotion = promotion_code::by_code(state, code.trim());
    let unknown = || refused(&format!("The promotion code '{code}' is not valid."));
    let promotion = promotion.ok_or_else(unknown)?;
    let fits = promotion_code::check(state, &promotion, session);
    fits.map_err(|error| error.param(promotion_code::KIND))?;
    session["discounts"] = json!([{ "coupon": null, "promotion_code": promotion["id"] }]);
    Ok(())
}

/// The promotion code and the coupon of a session, `null` where it has none.
fn applied(state: &State, session: &Value) -> (Value, Value) {
    let discount = &session["discounts"][0];
    let find = |field| state.store.find(text(discount, field)).cloned();
    match find("promotion_code") {
        Some(promotion) => {
            let coupon = promotion_code::coupon(state, &promotion);
            (promotion, coupon)
        }
        None => (Value::Null, find("coupon").unwrap_or_default()),
    }
}

/// The discounts of a session for its payer.
pub(super) fn shown(state: &State, session: &Value) -> Value {
    let (promotion, coupon) = applied(state, session);
    if coupon.is_null() {
        return json!([]);
    }
    let name = match &coupon["name"] {
        Value::Null if promotion.is_null() => &coupon["id"],
        Value::Null => &promotion["code"],
        name => name,
    };
    json!([{
        "display_name": name,
        "percent_off": coupon["percent_off"],
        "promotion_code": promotion["code"],
    }])
}

/// The code that the payer entered.
pub(crate) fn code(state: &State, session: &Value) -> String {
    text(&applied(state, session).0, "code").to_owned()
}

/// The discount on each line; the amounts of all lines add up to the coupon's.
pub(super) fn by_line(state: &State, session: &Value, items: &[Value]) -> Result<Vec<i64>, Error> {
    let (_, coupon) = applied(state, session);
    let covered = |item: &Value| {
        coupon::covers(&state.store, &coupon, &item["price"]["product"]) && !coupon.is_null()
    };
    let discounted = |item: &Value| match covered(item) {
        true => number(item, "amount_subtotal"),
        false => 0,
    };
    let parts: Vec<i64> = items.iter().map(discounted).collect();
    let whole: i64 = parts.iter().sum();
    if coupon.is_null() {
        return Ok(parts);
    }
    check_duration(session, &coupon)?;
    let currency = text(session, "currency");
    let off = off(state, &coupon, whole, currency).map_err(|error| named(session, error))?;
    let mut reached = 0;
    let share = |part: i64| money::share(off, part, whole, currency);
    let split = parts.into_iter().map(|part| {
        let before = share(reached);
        reached += part;
        share(reached) - before
    });
    Ok(split.collect())
}

/// Rejects a coupon that would also discount renewals.
fn check_duration(session: &Value, coupon: &Value) -> Result<(), Error> {
    if session["mode"] != "subscription" || coupon["duration"] == "once" {
        return Ok(());
    }
    let message = format!(
        "The sandbox discounts only the first invoice of a subscription: the coupon '{}' has to \
         have the duration `once`.",
        text(coupon, "id")
    );
    Err(named(session, Error::invalid(&message)))
}

fn off(state: &State, coupon: &Value, whole: i64, currency: &str) -> Result<i64, Error> {
    let id = text(coupon, "id");
    if whole == 0 {
        let message = format!("The coupon '{id}' applies to nothing in this session.");
        return Err(Error::invalid(&message));
    }
    coupon::amount_off(&state.store, coupon, whole, currency).ok_or_else(|| {
        let message = format!("The coupon '{id}' has no amount in {currency}.");
        Error::invalid(&message)
    })
}

/// Adds the parameter that the discount came in.
fn named(session: &Value, error: Error) -> Error {
    match session["allow_promotion_codes"] == true {
        true => error.param(promotion_code::KIND),
        false => error.param("discounts"),
    }
}

/// Rejects a payment whose discount ended since it was applied.
pub(super) fn check(state: &State, session: &Value) -> Result<(), Error> {
    let (promotion, coupon) = applied(state, session);
    let fits = if promotion.is_null() {
        coupon::check(&coupon)
    } else {
        promotion_code::check(state, &promotion, session)
    };
    fits.map_err(|error| named(session, error))
}

/// Counts the redemption of a session's discount.
pub(super) fn redeem(state: &mut State, session: &Value) {
    let (promotion, coupon) = applied(state, session);
    for object in [promotion, coupon] {
        coupon::redeem(state, text(&object, "id"));
    }
}
