//! The features of a portal's configuration: what a customer may do on its page.

use serde_json::{Value, json};

use crate::{error::Error, objects::price, params::Params, state::State, store::text};

const CANCEL: &str = "subscription_cancel";
const UPDATE: &str = "subscription_update";
const PRORATIONS: &[&str] = &["always_invoice", "create_prorations", "none"];
const REASONS: &[&str] = &[
    "customer_service",
    "low_quality",
    "missing_features",
    "other",
    "switched_service",
    "too_complex",
    "too_expensive",
    "unused",
];
const PARTS: &[&str] = &["address", "email", "name", "phone", "shipping", "tax_id"];

/// The features before any is enabled.
pub(super) fn none() -> Value {
    json!({
        "customer_update": { "allowed_updates": [], "enabled": false },
        "invoice_history": { "enabled": false },
        "payment_method_update": { "enabled": false, "payment_method_configuration": null },
        CANCEL: {
            "cancellation_reason": { "enabled": false, "options": [] },
            "enabled": false,
            "mode": "at_period_end",
            "proration_behavior": "none",
        },
        UPDATE: {
            "billing_cycle_anchor": null,
            "default_allowed_updates": [],
            "enabled": false,
            "proration_behavior": "none",
            "schedule_at_period_end": { "conditions": [] },
            "trial_update_behavior": "end_trial",
        },
    })
}

/// Reads `features` over the present ones; returns the products of `subscription_update` apart.
pub(super) fn read(
    state: &State,
    mut given: Params,
    features: &mut Value,
) -> Result<Option<Value>, Error> {
    if let Some(group) = given.nested("customer_update")? {
        customer_update(group, &mut features["customer_update"])?;
    }
    if let Some(mut group) = given.nested("invoice_history")? {
        enabled(&mut group, &mut features["invoice_history"])?;
        group.finish()?;
    }
    if let Some(mut group) = given.nested("payment_method_update")? {
        let feature = &mut features["payment_method_update"];
        enabled(&mut group, feature)?;
        if let Some(id) = group.clearable("payment_method_configuration")? {
            feature["payment_method_configuration"] = id;
        }
        group.finish()?;
    }
    if let Some(group) = given.nested(CANCEL)? {
        cancel(group, &mut features[CANCEL])?;
    }
    let products = match given.nested(UPDATE)? {
        Some(group) => update(state, group, &mut features[UPDATE])?,
        None => None,
    };
    given.finish()?;
    let pays = features["payment_method_update"]["enabled"] == true;
    if features[UPDATE]["enabled"] == true && !pays {
        let message = "Cannot enable subscription updates while payment method update is disabled.";
        return Err(Error::invalid(message));
    }
    Ok(products)
}

/// Reads `enabled`, which a new feature requires.
fn enabled(given: &mut Params, feature: &mut Value) -> Result<(), Error> {
    let enabled = given.flag("enabled")?;
    feature["enabled"] = enabled.ok_or_else(|| given.missing("enabled"))?.into();
    Ok(())
}

/// A list of known words.
fn words(given: &mut Params, field: &str, known: &[&str]) -> Result<Option<Value>, Error> {
    let name = given.name(field);
    // An empty text clears a list.
    if given.says(field, "") {
        given.any(field);
        return Ok(Some(json!([])));
    }
    let Some(words) = given.list(field)? else {
        return Ok(None);
    };
    match words.iter().find(|word| !known.contains(&word.as_str())) {
        None => Ok(Some(words.into())),
        Some(word) => {
            let message = format!("{name} has no '{word}'; it takes {}.", known.join(", "));
            Err(Error::invalid(&message).param(&name))
        }
    }
}

fn customer_update(mut given: Params, feature: &mut Value) -> Result<(), Error> {
    enabled(&mut given, feature)?;
    if let Some(parts) = words(&mut given, "allowed_updates", PARTS)? {
        feature["allowed_updates"] = parts;
    }
    given.finish()
}

fn cancel(mut given: Params, feature: &mut Value) -> Result<(), Error> {
    enabled(&mut given, feature)?;
    for (field, known) in [
        ("mode", &["at_period_end", "immediately"][..]),
        ("proration_behavior", PRORATIONS),
    ] {
        if let Some(word) = given.choice(field, known)? {
            feature[field] = word.into();
        }
    }
    if let Some(mut reason) = given.nested("cancellation_reason")? {
        let asked = &mut feature["cancellation_reason"];
        enabled(&mut reason, asked)?;
        if let Some(options) = words(&mut reason, "options", REASONS)? {
            asked["options"] = options;
        }
        reason.finish()?;
    }
    if feature["mode"] == "at_period_end" && feature["proration_behavior"] != "none" {
        let name = given.name("proration_behavior");
        let message = "A subscription that ends with its period has no prorations.";
        return Err(Error::invalid(message).param(&name));
    }
    given.finish()
}

fn update(state: &State, mut given: Params, feature: &mut Value) -> Result<Option<Value>, Error> {
    if given.has("schedule_at_period_end") {
        let name = given.name("schedule_at_period_end");
        let message = "The sandbox does not support changes of the portal at a period's end.";
        return Err(Error::invalid(message).param(&name));
    }
    enabled(&mut given, feature)?;
    let changes = ["price", "promotion_code", "quantity"];
    if let Some(allowed) = words(&mut given, "default_allowed_updates", &changes)? {
        feature["default_allowed_updates"] = allowed;
    }
    for (field, known) in [
        ("billing_cycle_anchor", &["now", "unchanged"][..]),
        ("proration_behavior", PRORATIONS),
        ("trial_update_behavior", &["continue_trial", "end_trial"]),
    ] {
        if let Some(word) = given.choice(field, known)? {
            feature[field] = word.into();
        }
    }
    let allowed = feature["default_allowed_updates"].as_array();
    if feature["enabled"] == true && allowed.is_none_or(Vec::is_empty) {
        return Err(given.missing("default_allowed_updates"));
    }
    let products = match given.groups("products")? {
        Some(groups) => {
            let products = groups.into_iter().map(|group| product(state, group));
            Some(products.collect::<Result<Value, Error>>()?)
        }
        None => None,
    };
    given.finish()?;
    Ok(products)
}

/// A product to which a customer may change, and its prices.
fn product(state: &State, mut given: Params) -> Result<Value, Error> {
    let (name, id) = (given.name("product"), given.required("product")?);
    state.store.get("product", &id, &name)?;
    let (name, prices) = (given.name("prices"), given.list("prices")?);
    let prices = prices.ok_or_else(|| given.missing("prices"))?;
    let mut seats = json!({ "enabled": false, "maximum": null, "minimum": 1 });
    if let Some(mut group) = given.nested("adjustable_quantity")? {
        enabled(&mut group, &mut seats)?;
        for bound in ["maximum", "minimum"] {
            if let Some(value) = group.integer(bound)? {
                seats[bound] = value.into();
            }
        }
        group.finish()?;
    }
    given.finish()?;
    for one in &prices {
        let price = state.store.get(price::KIND, one, &name)?;
        let problem = if text(price, "product") != id {
            "is not of this product"
        } else if price["recurring"].is_null() {
            "is not recurring"
        } else if price["active"] != true {
            "is inactive"
        } else {
            continue;
        };
        let message = format!("The price '{one}' {problem}.");
        return Err(Error::invalid(&message).param(&name));
    }
    Ok(json!({ "adjustable_quantity": seats, "prices": prices, "product": id }))
}
