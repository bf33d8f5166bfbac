//! The parameters that create and update share.

use serde_json::{Value, json};

use super::{KIND, period_of};
use crate::{
    clock::now, error::Error, metadata, objects::payment_method, params::Params, state::State,
};

/// Reads a time that has to be in the future.
pub(super) fn future(params: &mut Params, name: &str) -> Result<Option<u64>, Error> {
    let Some(time) = params.integer(name)? else {
        return Ok(None);
    };
    match u64::try_from(time) {
        Ok(time) if time > now() => Ok(Some(time)),
        _ => {
            let message = format!("{} has to be in the future.", params.name(name));
            Err(Error::invalid(&message).param(&params.name(name)))
        }
    }
}

/// Reads the fields that create and update share; returns those that change.
pub(super) fn details(
    state: &State,
    params: &mut Params,
    payer: &str,
    held: &Value,
) -> Result<Value, Error> {
    let mut changed = json!({});
    if let Some(metadata) = metadata::merged(params, &held["metadata"])? {
        changed["metadata"] = metadata;
    }
    if let Some(method) = params.clearable("default_payment_method")? {
        if let Some(id) = method.as_str() {
            payment_method::expect_of(state, id, payer, "default_payment_method")?;
        }
        changed["default_payment_method"] = method;
    }
    if let Some(description) = params.clearable("description")? {
        changed["description"] = description;
    }
    let ways = ["charge_automatically", "send_invoice"];
    if let Some(how) = params.choice("collection_method", &ways)? {
        changed["collection_method"] = how.into();
    }
    if let Some(days) = params.integer("days_until_due")? {
        changed["days_until_due"] = days.into();
    }
    cancellation(params, held, &mut changed)?;
    settings(params, held, &mut changed)?;
    refuse(params)?;
    params.accept(&["invoice_settings"]);
    Ok(changed)
}

/// Reads when a subscription ends.
fn cancellation(params: &mut Params, held: &Value, changed: &mut Value) -> Result<(), Error> {
    let by_time = params.clearable("cancel_at")?;
    let at_end = params.flag("cancel_at_period_end")?;
    if let Some(given) = by_time {
        changed["cancel_at"] = Value::Null;
        changed["canceled_at"] = Value::Null;
        if let Some(time) = given.as_str() {
            let (_, end) = period_of(held);
            let time = match time {
                "min_period_end" | "max_period_end" => end,
                time => later_than_now(params, time)?,
            };
            changed["cancel_at"] = time.into();
            changed["canceled_at"] = now().into();
        }
    }
    if let Some(at_end) = at_end {
        changed["cancel_at_period_end"] = at_end.into();
        if at_end || held["cancel_at_period_end"] == true {
            let (_, end) = period_of(held);
            changed["cancel_at"] = json!(at_end.then_some(end));
            changed["canceled_at"] = json!(at_end.then(now));
        }
    }
    if let Some(mut details) = params.nested("cancellation_details")? {
        let mut known = held["cancellation_details"].clone();
        for field in ["comment", "feedback"] {
            if let Some(value) = details.clearable(field)? {
                known[field] = value;
            }
        }
        details.finish()?;
        changed["cancellation_details"] = known;
    }
    Ok(())
}

fn later_than_now(params: &Params, time: &str) -> Result<u64, Error> {
    let time = time.parse().ok().filter(|time| *time > now());
    time.ok_or_else(|| params.mistyped("cancel_at", "a time in the future"))
}

fn settings(params: &mut Params, held: &Value, changed: &mut Value) -> Result<(), Error> {
    if let Some(mut trial) = params.nested("trial_settings")? {
        let mut end = trial.nested("end_behavior")?.unwrap_or_default();
        let words = ["cancel", "create_invoice", "pause"];
        let missing = end.choice("missing_payment_method", &words)?;
        end.finish()?;
        trial.finish()?;
        let missing = missing.unwrap_or_else(|| "create_invoice".to_owned());
        changed["trial_settings"] =
            json!({ "end_behavior": { "missing_payment_method": missing } });
    }
    if let Some(mut payment) = params.nested("payment_settings")? {
        let mut known = held["payment_settings"].clone();
        let words = ["off", "on_subscription"];
        if let Some(saves) = payment.choice("save_default_payment_method", &words)? {
            known["save_default_payment_method"] = saves.into();
        }
        if let Some(types) = payment.list("payment_method_types")? {
            known["payment_method_types"] = types.into();
        }
        payment.accept(&["payment_method_options"]);
        payment.finish()?;
        changed["payment_settings"] = known;
    }
    Ok(())
}

/// Rejects parameters that would change an amount, and that the sandbox does not support.
fn refuse(params: &Params) -> Result<(), Error> {
    let refused = [
        "add_invoice_items",
        "automatic_tax",
        "billing_cycle_anchor_config",
        "billing_thresholds",
        "default_tax_rates",
        "discounts",
        "pending_invoice_item_interval",
        "transfer_data",
    ];
    match refused.iter().find(|name| params.has(name)) {
        None => Ok(()),
        Some(name) => {
            let message = format!("The sandbox does not support a {KIND}'s {name}.");
            Err(Error::invalid(&message).param(name))
        }
    }
}
