//! The saved cards of a session's customer, and the payer's consent to save another one.

use serde_json::{Value, json};

use super::get;
use crate::{
    error::Error, objects::payment_method, params::Params, route::Call, state::State, store::text,
};

/// The session's field with the shop's settings.
pub(super) const OPTIONS: &str = "saved_payment_method_options";

/// The cards that the payer may choose, the newest first.
pub(super) fn shown(state: &State, session: &Value) -> Vec<Value> {
    let customer = text(session, "customer");
    if customer.is_empty() {
        return Vec::new();
    }
    let filters = session[OPTIONS]["allow_redisplay_filters"].as_array();
    let is_shown = |method: &Value| match filters {
        Some(filters) => filters.contains(&method["allow_redisplay"]),
        None => method["allow_redisplay"] == "always",
    };
    let kept = payment_method::of_customer(state, customer);
    let kept = kept.iter().rev().filter_map(|id| state.store.find(id));
    kept.filter(|method| method["type"] == "card" && is_shown(method))
        .cloned()
        .collect()
}

/// Rejects a feature that the shop did not enable.
fn expect(session: &Value, feature: &str, param: &str) -> Result<(), Error> {
    if session[OPTIONS][feature] == "enabled" {
        return Ok(());
    }
    let message = format!("The session's {OPTIONS}[{feature}] is not enabled.");
    Err(Error::invalid(&message).param(param))
}

/// Removes a card of the session's customer, for its payer.
pub(super) fn remove(state: &mut State, session: &Value, mut call: Call) -> Result<(), Error> {
    let id = call.params.required("payment_method")?;
    call.params.finish()?;
    expect(session, "payment_method_remove", "payment_method")?;
    if !shown(state, session)
        .iter()
        .any(|method| method["id"] == *id)
    {
        return Err(Error::missing("payment_method", &id, "payment_method"));
    }
    state.change_object("payment_method.detached", &id, &json!({ "customer": null }));
    Ok(())
}

/// Reads `save_payment_method`: the payer agrees to save the payment method, or does not.
pub(super) fn consent(state: &mut State, id: &str, params: &mut Params) -> Result<(), Error> {
    let Some(agreed) = params.flag("save_payment_method")? else {
        return Ok(());
    };
    let session = get(state, id)?;
    expect(&session, "payment_method_save", "save_payment_method")?;
    let Some(draft) = state.drafts.get_mut(id) else {
        return Ok(());
    };
    // The shop's own usage, if any, stays.
    if draft["usage"].is_null() {
        draft["usage"] = json!({ "own": draft["payment_intent"]["setup_future_usage"] });
    }
    let usage = match &draft["usage"]["own"] {
        Value::Null if agreed => json!("on_session"),
        own => own.clone(),
    };
    draft["payment_intent"]["setup_future_usage"] = usage.clone();
    let started = text(&session, "payment_intent");
    state.update(started, &json!({ "setup_future_usage": usage }));
    Ok(())
}
