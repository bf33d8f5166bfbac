//! What a customer does on the portal's page, as far as its configuration allows it.

use serde_json::{Value, json};

use super::{configuration::KIND, flow::offers};
use crate::{
    caller::Caller,
    error::Error,
    objects::{
        customer,
        payment_method::{self, Chosen},
        setup_intent, subscription,
    },
    params::Params,
    route::Call,
    state::State,
    store::text,
};

/// The features that the configuration of a session enables.
pub(crate) fn features(state: &State, session: &Value) -> Value {
    let configuration = state.store.find(text(session, "configuration"));
    configuration.map_or(Value::Null, |held| held["features"].clone())
}

/// The prices to which the customer of a session may change.
pub(crate) fn prices(state: &State, session: &Value) -> Vec<Value> {
    let products = super::configuration::products(state, text(session, "configuration"));
    let prices = products
        .iter()
        .filter_map(|product| product["prices"].as_array());
    let ids = prices.flatten().filter_map(Value::as_str);
    ids.filter_map(|id| state.store.find(id)).cloned().collect()
}

/// The subscriptions of a session's customer, the newest first; without those that never started.
pub(crate) fn subscriptions(state: &State, session: &Value) -> Vec<Value> {
    let all = state.store.all(subscription::KIND).rev();
    let own = all.filter(|held| held["customer"] == session["customer"]);
    own.filter(|held| held["status"] != "incomplete_expired")
        .map(std::borrow::Cow::into_owned)
        .collect()
}

/// A subscription of a session's customer.
pub(crate) fn subscription(state: &State, session: &Value, id: &str) -> Result<Value, Error> {
    let held = state.store.get(subscription::KIND, id, "id")?;
    match held["customer"] == session["customer"] {
        true => Ok(held.clone()),
        false => Err(Error::missing(subscription::KIND, id, "id")),
    }
}

fn expect(state: &State, session: &Value, feature: &str) -> Result<Value, Error> {
    let feature = features(state, session)[feature].clone();
    match feature["enabled"] == true {
        true => Ok(feature),
        false => Err(Error::invalid("The shop does not offer this here.")),
    }
}

/// Changes a subscription by the parameters of an update.
fn update(state: &mut State, id: &str, params: Value) -> Result<Value, Error> {
    let call = Call {
        ids: vec![id.to_owned()],
        params: Params::new(params),
        caller: Caller::Secret,
    };
    subscription::update(state, call)
}

/// Cancels a subscription: at the end of its period, or at once.
pub(crate) fn cancel(
    state: &mut State,
    session: &Value,
    id: &str,
    feedback: Option<&str>,
) -> Result<Value, Error> {
    let feature = expect(state, session, "subscription_cancel")?;
    subscription(state, session, id)?;
    let mut params = json!({});
    if let Some(feedback) = feedback {
        params["cancellation_details"]["feedback"] = feedback.into();
    }
    if feature["mode"] == "at_period_end" {
        params["cancel_at_period_end"] = "true".into();
        return update(state, id, params);
    }
    let prorations = text(&feature, "proration_behavior");
    params["prorate"] = (prorations != "none").to_string().into();
    params["invoice_now"] = (prorations == "always_invoice").to_string().into();
    let call = Call {
        ids: vec![id.to_owned()],
        params: Params::new(params),
        caller: Caller::Secret,
    };
    subscription::cancel(state, call)
}

/// Takes back the scheduled end of a subscription.
pub(crate) fn resume(state: &mut State, session: &Value, id: &str) -> Result<Value, Error> {
    expect(state, session, "subscription_cancel")?;
    let held = subscription(state, session, id)?;
    let params = match held["cancel_at_period_end"] == true {
        true => json!({ "cancel_at_period_end": "false" }),
        false => json!({ "cancel_at": "" }),
    };
    update(state, id, params)
}

/// Changes the price or the quantity of a subscription's item.
pub(crate) fn change(
    state: &mut State,
    session: &Value,
    id: &str,
    item: &Value,
) -> Result<Value, Error> {
    let feature = expect(state, session, "subscription_update")?;
    let held = subscription(state, session, id)?;
    let allowed = feature["default_allowed_updates"].as_array();
    let allows = |what: &str| allowed.is_some_and(|allowed| allowed.iter().any(|one| one == what));
    let items = held["items"]["data"].as_array();
    let mut items = items.into_iter().flatten();
    let before = items.find(|one| one["id"] == item["id"]);
    let before =
        before.ok_or_else(|| Error::missing("subscription_item", text(item, "id"), "id"))?;
    let mut wanted = json!({ "id": item["id"] });
    if let Some(price) = item["price"]
        .as_str()
        .filter(|id| before["price"]["id"] != **id)
    {
        let configuration =
            state
                .store
                .get(KIND, text(session, "configuration"), "configuration")?;
        if !allows("price") || !offers(state, configuration, price) {
            return Err(Error::invalid("The shop does not offer this plan here."));
        }
        wanted["price"] = price.into();
    }
    if let Some(quantity) = item["quantity"]
        .as_i64()
        .filter(|to| before["quantity"] != *to)
    {
        if !allows("quantity") || quantity < 1 {
            return Err(Error::invalid(
                "The shop does not offer this quantity here.",
            ));
        }
        wanted["quantity"] = quantity.into();
    }
    if wanted.as_object().is_some_and(|wanted| wanted.len() == 1) {
        return Err(Error::invalid("Choose another plan, or another quantity."));
    }
    let mut params = json!({
        "items": [wanted],
        "proration_behavior": feature["proration_behavior"],
    });
    if feature["billing_cycle_anchor"].is_string() {
        params["billing_cycle_anchor"] = feature["billing_cycle_anchor"].clone();
    }
    if held["status"] == "trialing" && feature["trial_update_behavior"] == "end_trial" {
        params["trial_end"] = "now".into();
    }
    update(state, id, params)
}

/// Changes the parts of a customer that the configuration lets it change.
pub(crate) fn update_customer(
    state: &mut State,
    session: &Value,
    parts: Value,
) -> Result<Value, Error> {
    let feature = expect(state, session, "customer_update")?;
    let allowed = feature["allowed_updates"].as_array();
    let allows = |what: &str| allowed.is_some_and(|allowed| allowed.iter().any(|one| one == what));
    let mut given = parts.as_object().into_iter().flat_map(|parts| parts.keys());
    if !given.all(|part| allows(part)) {
        return Err(Error::invalid(
            "The shop does not let you change this here.",
        ));
    }
    let call = Call {
        ids: vec![text(session, "customer").to_owned()],
        params: Params::new(parts),
        caller: Caller::Secret,
    };
    customer::update(state, call)
}

/// Sets a new card up; a challenge leads to the bank and back to `return_url`. Returns the intent.
pub(crate) fn set_up(
    state: &mut State,
    session: &Value,
    method: Chosen,
    return_url: &str,
) -> Result<Value, Error> {
    expect(state, session, "payment_method_update")?;
    let intent = setup_intent::of_session(&session["customer"], &json!(["card"]));
    let intent = state.create("setup_intent.created", intent);
    let intent = setup_intent::pay(state, text(&intent, "id"), method, return_url)?;
    keep(state, session, text(&intent, "id"))?;
    Ok(intent)
}

/// Makes the card of an intent that succeeded the default one: of the customer, and of those
/// subscriptions that have their own. Returns false before that.
pub(crate) fn keep(state: &mut State, session: &Value, intent: &str) -> Result<bool, Error> {
    let intent = state
        .store
        .get(setup_intent::KIND, intent, "intent")?
        .clone();
    if intent["customer"] != session["customer"] || intent["status"] != "succeeded" {
        return Ok(false);
    }
    let method = text(&intent, "payment_method").to_owned();
    make_default(state, session, &method)?;
    Ok(true)
}

/// Makes one of the customer's cards the default one.
pub(crate) fn make_default(state: &mut State, session: &Value, method: &str) -> Result<(), Error> {
    expect(state, session, "payment_method_update")?;
    let held = state.store.get(payment_method::KIND, method, "id")?;
    if held["customer"] != session["customer"] {
        return Err(Error::missing(payment_method::KIND, method, "id"));
    }
    let customer = text(session, "customer");
    let settings = state
        .store
        .find(customer)
        .map(|held| held["invoice_settings"].clone());
    let mut settings = settings.unwrap_or_default();
    settings["default_payment_method"] = method.into();
    let patch = json!({ "invoice_settings": settings });
    state.change_object("customer.updated", customer, &patch);
    for held in subscriptions(state, session) {
        let own = held["default_payment_method"].is_string();
        if own && held["status"] != "canceled" {
            update(
                state,
                text(&held, "id"),
                json!({ "default_payment_method": method }),
            )?;
        }
    }
    Ok(())
}
