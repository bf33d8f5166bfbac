//! `flow_data` of a portal session: the page leads straight to one change, and back.

use serde_json::{Value, json};

use super::configuration::products;
use crate::{
    error::Error, objects::checkout_session::checked_url, params::Params, state::State, store::text,
};

const TYPES: &[&str] = &[
    "payment_method_update",
    "subscription_cancel",
    "subscription_update",
    "subscription_update_confirm",
];

/// Reads `flow_data`; the configuration has to allow it, and the customer to have the subscription.
pub(super) fn read(
    state: &State,
    mut given: Params,
    customer: &str,
    configuration: &Value,
) -> Result<Value, Error> {
    let kind = given.choice("type", TYPES)?;
    let kind = kind.ok_or_else(|| given.missing("type"))?;
    let after = after(&mut given)?;
    let mut flow = json!({
        "after_completion": after,
        "subscription_cancel": null,
        "subscription_update": null,
        "subscription_update_confirm": null,
        "type": kind,
    });
    expect_enabled(&kind, &configuration["features"])?;
    if kind != "payment_method_update" {
        let group = given.nested(&kind)?;
        let group = group.ok_or_else(|| given.missing(&kind))?;
        flow[&kind] = details(state, &kind, group, customer, configuration)?;
    }
    given.finish()?;
    Ok(flow)
}

fn expect_enabled(kind: &str, features: &Value) -> Result<(), Error> {
    let (feature, message) = match kind {
        "payment_method_update" => (
            kind,
            "The payment method cannot be updated because the payment method update feature in \
             the portal configuration is disabled.",
        ),
        "subscription_cancel" => (
            kind,
            "This subscription cannot be canceled because the subscription cancel feature in the \
             portal configuration is disabled.",
        ),
        _ => (
            "subscription_update",
            "This subscription cannot be updated because the subscription update feature in the \
             portal configuration is disabled.",
        ),
    };
    match features[feature]["enabled"] == true {
        true => Ok(()),
        false => Err(Error::invalid(message).param("flow_data[type]")),
    }
}

fn after(given: &mut Params) -> Result<Value, Error> {
    let mut after = json!({
        "hosted_confirmation": null, "redirect": null, "type": "portal_homepage",
    });
    let Some(mut group) = given.nested("after_completion")? else {
        return Ok(after);
    };
    let kinds = ["hosted_confirmation", "portal_homepage", "redirect"];
    let kind = group.choice("type", &kinds)?;
    let kind = kind.ok_or_else(|| group.missing("type"))?;
    if let Some(mut confirmation) = group.nested("hosted_confirmation")? {
        let message = confirmation.text("custom_message")?;
        confirmation.finish()?;
        after["hosted_confirmation"] = json!({ "custom_message": message });
    }
    match group.nested("redirect")? {
        Some(mut redirect) => {
            let (name, url) = (
                redirect.name("return_url"),
                redirect.required("return_url")?,
            );
            redirect.finish()?;
            after["redirect"] = json!({ "return_url": checked_url(url, &name)? });
        }
        None if kind == "redirect" => return Err(group.missing("redirect")),
        None => {}
    }
    group.finish()?;
    after["type"] = kind.into();
    Ok(after)
}

/// The subscription of a flow, and the items that it changes.
fn details(
    state: &State,
    kind: &str,
    mut given: Params,
    customer: &str,
    configuration: &Value,
) -> Result<Value, Error> {
    let (name, id) = (given.name("subscription"), given.required("subscription")?);
    for refused in ["retention", "discounts"] {
        if given.has(refused) {
            let message = format!("The sandbox does not support a flow's {refused}.");
            return Err(Error::invalid(&message).param(&given.name(refused)));
        }
    }
    let subscription = state.store.get("subscription", &id, &name)?;
    if subscription["customer"] != *customer {
        return Err(Error::missing("subscription", &id, &name));
    }
    expect_live(kind, subscription, &name)?;
    let mut details = json!({ "subscription": id });
    match kind {
        "subscription_cancel" => details["retention"] = Value::Null,
        "subscription_update_confirm" => {
            details["discounts"] = Value::Null;
            details["items"] = json!([item(state, &mut given, subscription, configuration)?]);
        }
        _ => {}
    }
    given.finish()?;
    Ok(details)
}

/// Returns true when a configuration lets a customer change to a price.
pub(crate) fn offers(state: &State, configuration: &Value, price: &str) -> bool {
    let products = products(state, text(configuration, "id"));
    products.iter().any(|product| {
        let prices = product["prices"].as_array();
        prices.is_some_and(|prices| prices.iter().any(|one| one == price))
    })
}

fn expect_live(kind: &str, subscription: &Value, param: &str) -> Result<(), Error> {
    let refused = |message: &str| Err(Error::invalid(message).param(param));
    let scheduled = subscription["cancel_at_period_end"] == true;
    match text(subscription, "status") {
        "active" | "trialing" | "past_due" => {}
        status => {
            let message = format!("The subscription's status is `{status}`; it cannot change.");
            return refused(&message);
        }
    }
    if kind == "subscription_cancel" && (scheduled || !subscription["cancel_at"].is_null()) {
        let message = "This subscription cannot be canceled because it is already set to be \
            canceled.";
        return refused(message);
    }
    Ok(())
}

/// The one item that a confirmation changes.
fn item(
    state: &State,
    given: &mut Params,
    subscription: &Value,
    configuration: &Value,
) -> Result<Value, Error> {
    let name = given.name("items");
    let items = given.groups("items")?.unwrap_or_default();
    let [mut item] = <[Params; 1]>::try_from(items).map_err(|items| match items.len() {
        0 => given.missing("items"),
        _ => Error::invalid("A flow changes one item.").param(&name),
    })?;
    let (param, id) = (item.name("id"), item.required("id")?);
    let held = subscription["items"]["data"].as_array();
    let is_held = held.is_some_and(|held| held.iter().any(|one| one["id"] == *id));
    if !is_held {
        return Err(Error::missing("subscription_item", &id, &param));
    }
    let (param, price) = (item.name("price"), item.text("price")?);
    if let Some(price) = &price {
        state.store.get("price", price, &param)?;
        if !offers(state, configuration, price) {
            let configuration = text(configuration, "id");
            let message = format!(
                "The item `{id}` cannot be updated to price `{price}` because the configuration \
                 `{configuration}` does not include the price in its \
                 `features[subscription_update][products]`."
            );
            return Err(Error::invalid(&message).param(&param));
        }
    }
    let quantity = item.integer("quantity")?;
    item.finish()?;
    Ok(json!({ "id": id, "price": price, "quantity": quantity }))
}
