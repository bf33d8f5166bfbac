//! What the payer enters on the page: who they are, where the goods go, a code, a shipping rate.

use serde_json::{Value, json};

use super::{custom_fields, discounts, shape, shipping, totals};
use crate::{address::address, error::Error, params::Params, state::State, store::text};

/// Reads the payer's entries into a session.
pub(super) fn enter(state: &State, params: &mut Params, session: &mut Value) -> Result<(), Error> {
    contact(params, session)?;
    if let Some(given) = params.nested("shipping")? {
        ship_to(given, session)?;
    }
    if let Some(given) = params.nested("address")? {
        details(session)["address"] = place(given)?;
    }
    if let Some(given) = params.nested("tax_id")? {
        tax_id(given, session)?;
    }
    if let Some(given) = params.nested("consent")? {
        consent(given, session)?;
    }
    custom_fields::answer(params, session)?;
    discounts::enter(state, params, session)?;
    shipping::choose(params, session)
}

/// The session's `customer_details`, empty at first.
fn details(session: &mut Value) -> &mut Value {
    let details = &mut session["customer_details"];
    if details.is_null() {
        *details = shape::customer_details(&Value::Null, &Value::Null, &Value::Null);
    }
    details
}

fn contact(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    if let Some(email) = params.text("email")? {
        let email = checked_email(email, "email")?;
        let fixed = !session["customer_email"].is_null() || !session["customer"].is_null();
        let details = details(session);
        if !fixed || details["email"].is_null() {
            details["email"] = email.into();
        }
    }
    for field in ["name", "phone"] {
        if let Some(value) = params.text(field)? {
            details(session)[field] = value.into();
        }
    }
    Ok(())
}

/// Checks that a text is an e-mail address.
pub(super) fn checked_email(email: String, param: &str) -> Result<String, Error> {
    if email.contains('@') {
        return Ok(email);
    }
    let message = format!("{param} is not an e-mail address.");
    Err(Error::invalid(&message).code("email_invalid").param(param))
}

/// Reads a shipping address; without a billing address it is that as well.
fn ship_to(mut given: Params, session: &mut Value) -> Result<(), Error> {
    let name = given.name("address");
    let address = given.nested("address")?;
    let address = address.ok_or_else(|| given.missing("address"))?;
    let country = address.name("country");
    let place = place(address)?;
    let (who, phone) = (given.text("name")?, given.text("phone")?);
    given.finish()?;
    let allowed = &session["shipping_address_collection"]["allowed_countries"];
    let Some(allowed) = allowed.as_array() else {
        let message = "This session collects no shipping address.";
        return Err(Error::invalid(message).param(&name));
    };
    if !allowed.contains(&place["country"]) {
        let message = "The shop does not ship to this country.";
        return Err(Error::invalid(message).param(&country));
    }
    let details = details(session);
    let who = who.map_or_else(|| details["name"].clone(), Value::from);
    for (field, value) in [
        ("name", &who),
        ("address", &place),
        ("phone", &json!(phone)),
    ] {
        if !has(&details[field]) {
            details[field] = value.clone();
        }
    }
    session["collected_information"] = json!({
        "business_name": null,
        "individual_name": null,
        "shipping_details": { "address": place, "name": who },
    });
    Ok(())
}

/// Returns true for a text, or an address with a country.
fn has(value: &Value) -> bool {
    value.is_string() || value["country"].is_string()
}

/// An address with a country.
fn place(given: Params) -> Result<Value, Error> {
    let name = given.name("country");
    let place = address(given)?;
    let country = text(&place, "country");
    if !shipping::is_country(country) {
        let message = format!("'{country}' is not a country code of two upper-case letters.");
        return Err(Error::invalid(&message).param(&name));
    }
    Ok(place)
}

fn tax_id(mut given: Params, session: &mut Value) -> Result<(), Error> {
    if session["tax_id_collection"]["enabled"] != true {
        let message = "This session collects no tax ID.";
        return Err(Error::invalid(message).param("tax_id"));
    }
    let id = json!({ "type": given.required("type")?, "value": given.required("value")? });
    given.finish()?;
    details(session)["tax_ids"] = json!([id]);
    Ok(())
}

fn consent(mut given: Params, session: &mut Value) -> Result<(), Error> {
    let promotions = given.choice("promotions", &["opt_in", "opt_out"])?;
    let terms = given.choice("terms_of_service", &["accepted"])?;
    given.finish()?;
    if session["consent_collection"].is_null() {
        let message = "This session collects no consent.";
        return Err(Error::invalid(message).param("consent"));
    }
    session["consent"] = json!({ "promotions": promotions, "terms_of_service": terms });
    Ok(())
}

/// The session's `customer_details`, with the billing details of the payment for what is missing.
pub(super) fn details_with(session: &Value, billing: &Value) -> Value {
    let mut session = session.clone();
    let mut details = details(&mut session).take();
    for field in ["address", "email", "name", "phone"] {
        if !has(&details[field]) {
            details[field] = billing[field].clone();
        }
    }
    details
}

/// Rejects a payment before the payer entered what the session requires.
pub(super) fn expect_complete(state: &State, session: &Value) -> Result<(), Error> {
    let details = &session["customer_details"];
    let shipped_to = &session["collected_information"]["shipping_details"];
    let agreed = session["consent"]["terms_of_service"] == "accepted";
    let billed = session["billing_address_collection"] == "required";
    let taxed = session["automatic_tax"]["enabled"] == true;
    let unlocated = taxed && totals::location(state, session).is_none();
    let missing = if !session["shipping_address_collection"].is_null() && shipped_to.is_null() {
        "shipping[address]".to_owned()
    } else if unlocated || billed && !has(&details["address"]) {
        "address".to_owned()
    } else if session["phone_number_collection"]["enabled"] == true && !has(&details["phone"]) {
        "phone".to_owned()
    } else if session["consent_collection"]["terms_of_service"] == "required" && !agreed {
        "consent[terms_of_service]".to_owned()
    } else if let Some(key) = custom_fields::unanswered(session) {
        format!("custom_fields[{key}]")
    } else {
        return Ok(());
    };
    Err(Params::default().missing(&missing))
}
