//! The amount of a price: fixed, with a fraction of a minor unit, or chosen by the payer.

use serde_json::{Value, json};

use crate::{
    error::Error,
    params::Params,
    store::{number, text},
};

/// The number of decimals of a minor unit that Stripe accepts.
const DECIMALS: usize = 12;
/// A minor unit, in the smallest part that a price can have.
pub(super) const UNIT: i128 = 10_i128.pow(DECIMALS as u32);

/// Reads the amount of a new price, from one of several parameters, and `transform_quantity`.
pub(super) fn read(params: &mut Params, price: &mut Value) -> Result<(), Error> {
    let fixed = params.integer("unit_amount")?;
    let decimal = params.text("unit_amount_decimal")?;
    let custom = params.nested("custom_unit_amount")?;
    match (fixed, decimal, custom) {
        (Some(amount), None, None) if amount < 0 => {
            return Err(Error::invalid("unit_amount cannot be negative.").param("unit_amount"));
        }
        (Some(amount), None, None) => {
            price["unit_amount"] = amount.into();
            price["unit_amount_decimal"] = amount.to_string().into();
        }
        (None, Some(decimal), None) => {
            let parts = parts_of(&decimal).ok_or_else(|| {
                let message = "unit_amount_decimal has to be a number with at most 12 decimals.";
                Error::invalid(message).param("unit_amount_decimal")
            })?;
            let whole = (parts % UNIT == 0).then_some(parts / UNIT);
            price["unit_amount"] = json!(whole.and_then(|whole| i64::try_from(whole).ok()));
            price["unit_amount_decimal"] = decimal.into();
        }
        (None, None, Some(custom)) => {
            price["custom_unit_amount"] = chosen(custom)?;
            price["unit_amount"] = Value::Null;
            price["unit_amount_decimal"] = Value::Null;
        }
        (None, None, None) => return Err(params.missing("unit_amount")),
        _ => {
            let message =
                "A price has one of unit_amount, unit_amount_decimal and custom_unit_amount.";
            return Err(Error::invalid(message).param("unit_amount"));
        }
    }
    packages(params, price)
}

/// The limits of an amount that the payer chooses.
fn chosen(mut custom: Params) -> Result<Value, Error> {
    let enabled = custom.flag("enabled")?;
    if enabled != Some(true) {
        let name = custom.name("enabled");
        let message = "custom_unit_amount[enabled] has to be true.";
        return Err(Error::invalid(message).param(&name));
    }
    let bounds = json!({
        "maximum": custom.integer("maximum")?,
        "minimum": custom.integer("minimum")?,
        "preset": custom.integer("preset")?,
    });
    custom.finish()?;
    Ok(bounds)
}

fn packages(params: &mut Params, price: &mut Value) -> Result<(), Error> {
    let Some(mut rule) = params.nested("transform_quantity")? else {
        return Ok(());
    };
    let divide_by = rule.integer("divide_by")?;
    let divide_by = divide_by.ok_or_else(|| rule.missing("divide_by"))?;
    let round = rule.choice("round", &["up", "down"])?;
    let round = round.ok_or_else(|| rule.missing("round"))?;
    if divide_by < 1 {
        let name = rule.name("divide_by");
        return Err(Error::invalid("divide_by has to be at least 1.").param(&name));
    }
    rule.finish()?;
    price["transform_quantity"] = json!({ "divide_by": divide_by, "round": round });
    Ok(())
}

/// The cost of `quantity` of a price in minor units, a half rounded up; `None` when the payer
/// chooses, or on overflow.
pub(crate) fn of_quantity(price: &Value, quantity: i64) -> Option<i64> {
    let parts = parts_of(text(price, "unit_amount_decimal"))?;
    let rule = &price["transform_quantity"];
    let quantity = match (number(rule, "divide_by"), text(rule, "round")) {
        (0, _) => quantity,
        (by, "up") => quantity / by + i64::from(quantity % by > 0),
        (by, _) => quantity / by,
    };
    let parts = parts.checked_mul(i128::from(quantity))?;
    i64::try_from(parts.checked_add(UNIT / 2)? / UNIT).ok()
}

/// A decimal number of minor units, in the smallest part that a price can have.
pub(super) fn parts_of(decimal: &str) -> Option<i128> {
    let (whole, part) = decimal.split_once('.').unwrap_or((decimal, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > DECIMALS {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let part: i128 = format!("{part:0<DECIMALS$}").parse().ok()?;
    whole.checked_mul(UNIT)?.checked_add(part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quantity_costs_its_parts_and_its_packages_rounded_once() {
        let price = |decimal: &str, rule: Value| {
            let fields = [
                ("unit_amount_decimal", json!(decimal)),
                ("transform_quantity", rule),
            ];
            fields.into_iter().collect::<Value>()
        };
        let dozens = |round: &str| json!({ "divide_by": 12, "round": round });
        let cases = [
            (price("1500", Value::Null), 2, Some(3000)),
            (price("0.5", Value::Null), 3, Some(2)),
            (price("0.333333333333", Value::Null), 3, Some(1)),
            (price("100", dozens("up")), 13, Some(200)),
            (price("100", dozens("down")), 13, Some(100)),
            (price("99999999999999999999", Value::Null), 1, None),
            (json!({ "unit_amount_decimal": null }), 1, None),
        ];
        for (price, quantity, amount) in cases {
            assert_eq!(
                of_quantity(&price, quantity),
                amount,
                "{price} x {quantity}"
            );
        }
    }
}
