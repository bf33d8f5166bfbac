//! The parameters of a coupon.

use serde_json::{Map, Value, json};

use crate::{clock::now, error::Error, metadata, money, params::Params, state::State, store::text};

/// The most characters of a name.
const NAME: usize = 40;

/// Reads what is taken off: a percentage, or an amount in a currency.
pub(super) fn off(params: &mut Params, coupon: &mut Value) -> Result<(), Error> {
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

pub(super) fn duration(params: &mut Params, coupon: &mut Value) -> Result<(), Error> {
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
pub(in crate::objects) fn limits(
    params: &mut Params,
    object: &mut Value,
    end: &str,
) -> Result<(), Error> {
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
pub(in crate::objects) fn schedule(state: &mut State, object: &Value, end: &str) {
    if let Some(at) = object[end].as_u64() {
        let id = text(object, "id");
        state.scheduler.schedule(at.saturating_mul(1000), id);
    }
}

pub(super) fn details(params: &mut Params, coupon: &mut Value) -> Result<(), Error> {
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
pub(super) fn currency_options(params: &mut Params, coupon: &Value) -> Result<Value, Error> {
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
pub(super) fn applies_to(state: &State, params: &mut Params) -> Result<Option<Vec<String>>, Error> {
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
