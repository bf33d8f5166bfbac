//! The customer of a session, and what the payer's entries change of it.

use serde_json::{Value, json};

use super::{payer, shape};
use crate::{error::Error, objects::customer, params::Params, state::State, store::text};

/// The parts of a customer that `customer_update` names.
const PARTS: &[&str] = &["address", "name", "shipping"];

/// Reads the customer, or how to make one.
pub(super) fn read(state: &State, params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let (customer, email) = (params.text("customer")?, params.text("customer_email")?);
    let creation = params.choice("customer_creation", &["always", "if_required"])?;
    if customer.is_some() && (email.is_some() || creation.is_some()) {
        let message = "customer excludes customer_email and customer_creation.";
        return Err(Error::invalid(message));
    }
    if let Some(customer) = customer {
        customer::expect(state, &customer)?;
        let held = state.store.find(&customer).cloned().unwrap_or_default();
        let mut details = shape::customer_details(&held["email"], &held["name"], &held["address"]);
        details["phone"] = held["phone"].clone();
        details["tax_exempt"] = held["tax_exempt"].clone();
        session["customer_details"] = details;
        session["customer"] = customer.into();
        session["customer_creation"] = Value::Null;
    }
    if let Some(email) = email {
        let email = Value::from(payer::checked_email(email, "customer_email")?);
        session["customer_details"] = shape::customer_details(&email, &Value::Null, &Value::Null);
        session["customer_email"] = email;
    }
    if let Some(creation) = creation {
        session["customer_creation"] = creation.into();
    }
    Ok(())
}

/// Reads `customer_update`: the parts that the payer's entries replace.
pub(super) fn updates(state: &State, params: &mut Params, session: &Value) -> Result<Value, Error> {
    let mut updates = json!({});
    if let Some(mut given) = params.nested("customer_update")? {
        if session["customer"].is_null() {
            let message = "customer_update is for a session with a customer.";
            return Err(Error::invalid(message).param("customer_update"));
        }
        for part in PARTS {
            updates[*part] = json!(given.choice(part, &["auto", "never"])?);
        }
        given.finish()?;
    }
    if session["customer"].is_string() {
        check(state, session, &updates)?;
    }
    Ok(updates)
}

/// Rejects what a customer's session collects and could not keep.
fn check(state: &State, session: &Value, updates: &Value) -> Result<(), Error> {
    let auto = |part: &str| updates[part] == "auto";
    let customer = state.store.find(text(session, "customer"));
    let saved = |part: &Value| part["country"].is_string();
    let located =
        customer.is_some_and(|one| saved(&one["address"]) || saved(&one["shipping"]["address"]));
    let taxed = session["automatic_tax"]["enabled"] == true;
    if taxed && !located && !auto("address") && !auto("shipping") {
        let message = "Automatic tax needs an address of the customer, or customer_update[address] \
            or customer_update[shipping] as auto.";
        return Err(Error::invalid(message).code("customer_tax_location_invalid"));
    }
    if session["tax_id_collection"]["enabled"] == true && !auto("name") {
        let message = "The tax ID of a customer needs customer_update[name] as auto.";
        return Err(Error::invalid(message).param("customer_update[name]"));
    }
    Ok(())
}

/// Writes the payer's entries of a completed session into its customer, as `updates` allow.
pub(super) fn update(state: &mut State, session: &Value, updates: &Value) {
    let details = &session["customer_details"];
    let shipped_to = &session["collected_information"]["shipping_details"];
    let mut patch = json!({});
    for part in PARTS.iter().filter(|part| updates[**part] == "auto") {
        let value = match *part {
            "shipping" if shipped_to.is_null() => continue,
            "shipping" => json!({
                "address": shipped_to["address"],
                "name": shipped_to["name"],
                "phone": details["phone"],
            }),
            part => details[part].clone(),
        };
        patch[*part] = value;
    }
    if patch.as_object().is_some_and(|patch| !patch.is_empty()) {
        state.change_object("customer.updated", text(session, "customer"), &patch);
    }
}
