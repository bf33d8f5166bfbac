//! Prices with tiers: the cost of a unit depends on how many there are.

use serde_json::{Value, json};

use super::amount::{self, UNIT, parts_of};
use crate::{
    error::Error,
    params::Params,
    store::{Store, text},
};

/// The field that holds them, which only an expanding request shows.
const FIELD: &str = "tiers";

/// Reads the amount of a price: a single one, or `tiers`, which are returned.
pub(super) fn read(params: &mut Params, price: &mut Value) -> Result<Option<Value>, Error> {
    let scheme = params.choice("billing_scheme", &["per_unit", "tiered"])?;
    if scheme.as_deref() != Some("tiered") {
        for name in ["tiers", "tiers_mode"] {
            if params.has(name) {
                let message = format!("{name} requires billing_scheme=tiered.");
                return Err(Error::invalid(&message).param(name));
            }
        }
        amount::read(params, price)?;
        return Ok(None);
    }
    let mode = params.choice("tiers_mode", &["graduated", "volume"])?;
    let mode = mode.ok_or_else(|| params.missing("tiers_mode"))?;
    let groups = params.groups("tiers")?.unwrap_or_default();
    let mut tiers = Vec::new();
    for group in groups {
        tiers.push(tier(group)?);
    }
    check(params, &tiers)?;
    price["billing_scheme"] = "tiered".into();
    price["tiers_mode"] = mode.into();
    price["unit_amount"] = Value::Null;
    price["unit_amount_decimal"] = Value::Null;
    Ok(Some(tiers.into()))
}

fn tier(mut group: Params) -> Result<Value, Error> {
    let up_to = match group.says("up_to", "inf") {
        true => {
            group.accept(&["up_to"]);
            None
        }
        false => Some(
            group
                .integer("up_to")?
                .ok_or_else(|| group.missing("up_to"))?,
        ),
    };
    let mut tier = json!({ "up_to": up_to });
    let mut priced = false;
    for kind in ["flat_amount", "unit_amount"] {
        let decimal = format!("{kind}_decimal");
        let (fixed, exact) = (group.integer(kind)?, group.text(&decimal)?);
        let exact = exact.or(fixed.map(|amount| amount.to_string()));
        if let Some(exact) = &exact {
            let parts = parts_of(exact);
            let parts = parts.ok_or_else(|| group.mistyped(&decimal, "a number from 0"))?;
            let whole = (parts % UNIT == 0).then_some(parts / UNIT);
            tier[kind] = json!(whole.and_then(|whole| i64::try_from(whole).ok()));
            priced = true;
        } else {
            tier[kind] = Value::Null;
        }
        tier[decimal] = json!(exact);
    }
    match priced {
        true => group.finish().map(|()| tier),
        false => Err(group.missing("unit_amount")),
    }
}

/// Rejects tiers whose limits do not rise to one without a limit.
fn check(params: &Params, tiers: &[Value]) -> Result<(), Error> {
    let limits: Vec<i64> = tiers
        .iter()
        .filter_map(|tier| tier["up_to"].as_i64())
        .collect();
    let rising = limits.is_sorted_by(|a, b| a < b) && limits.first().is_none_or(|first| *first > 0);
    let ends = tiers.last().is_some_and(|last| last["up_to"].is_null());
    if rising && ends && limits.len() + 1 == tiers.len() {
        return Ok(());
    }
    let message = "tiers have to rise by up_to, and the last one has up_to=inf.";
    Err(Error::invalid(message).param(&params.name("tiers")))
}

/// Stores the tiers of a price.
pub(super) fn keep(store: &mut Store, price: &Value, tiers: Option<Value>) {
    if let Some(tiers) = tiers {
        store.include(text(price, "id"), FIELD, tiers);
    }
}

/// The cost of a quantity of a price with tiers, in minor units, a half rounded up.
pub(super) fn cost(store: &Store, price: &Value, quantity: i64) -> Option<i64> {
    let mut included = store.included(text(price, "id"));
    let (_, tiers) = included.find(|(field, _)| *field == FIELD)?;
    let parts = total(tiers.as_array()?, text(price, "tiers_mode"), quantity)?;
    i64::try_from((parts + UNIT / 2) / UNIT).ok()
}

fn total(tiers: &[Value], mode: &str, quantity: i64) -> Option<i128> {
    let part = |tier: &Value, kind: &str| match text(tier, kind) {
        "" => Some(0),
        decimal => parts_of(decimal),
    };
    let of = |tier: &Value, units: i64| {
        let units = part(tier, "unit_amount_decimal")?.checked_mul(i128::from(units))?;
        units.checked_add(part(tier, "flat_amount_decimal")?)
    };
    let (mut below, mut sum) = (0, 0_i128);
    for tier in tiers.iter().filter(|_| quantity > 0) {
        let top = tier["up_to"].as_i64().unwrap_or(i64::MAX);
        if mode == "volume" && quantity <= top {
            return of(tier, quantity);
        }
        if mode != "volume" && quantity > below {
            sum = sum.checked_add(of(tier, quantity.min(top) - below)?)?;
        }
        below = top;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tiers() -> Vec<Value> {
        let tier = |up_to: Value, unit: &str, flat: &str| {
            json!({
                "up_to": up_to, "unit_amount_decimal": unit, "flat_amount_decimal": flat,
            })
        };
        vec![
            tier(json!(10), "100", "500"),
            tier(json!(20), "50.5", "0"),
            tier(Value::Null, "10", "0"),
        ]
    }

    #[test]
    fn graduated_tiers_add_up_and_volume_takes_one_for_all() {
        for (mode, quantity, expected) in [
            ("graduated", 0, 0),
            ("graduated", 10, 1500),
            ("graduated", 12, 1601),
            ("graduated", 25, 2055),
            ("volume", 0, 0),
            ("volume", 10, 1500),
            ("volume", 12, 606),
            ("volume", 25, 250),
        ] {
            let total = total(&tiers(), mode, quantity).map(|parts| parts / UNIT);
            assert_eq!(total, Some(expected), "{mode} {quantity}");
        }
    }
}
