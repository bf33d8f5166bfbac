//! What the payer enters besides a payment method: read from a form, and the form for what
//! changes the total.

use serde_json::{Map, Value};

use super::field::{FormValues, alert, fieldset, input, select, shop_text, tick};
use crate::{
    error::Error,
    money,
    objects::checkout_session,
    page::escape,
    state::State,
    store::{number, text},
};

/// The fields that a session takes.
const NAMES: &[&str] = &[
    "address",
    "consent",
    "custom_fields",
    "email",
    "name",
    "phone",
    "promotion_code",
    "shipping",
    "shipping_rate",
    "tax_id",
];

/// The parameters of a submitted form that a session takes, without those left blank.
pub(super) fn read(form: &Value) -> Result<Value, Error> {
    let mut entries = Map::new();
    for name in NAMES {
        let entry = form.get(*name).cloned().and_then(filled);
        entries.extend(entry.map(|entry| ((*name).to_owned(), entry)));
    }
    if form["promotion_code"] == "" {
        entries.insert("promotion_code".to_owned(), "".into());
    }
    if form["tax_id"]["value"] == "" {
        entries.remove("tax_id");
    }
    let mut entries = Value::from(entries);
    for place in ["/address", "/shipping/address"] {
        if let Some(place) = entries.pointer_mut(place) {
            place["country"] = country(place)?;
        }
    }
    let shipped_to = &entries["shipping"];
    if shipped_to.is_object() && !shipped_to["address"]["line1"].is_string() {
        return Err(Error::invalid("Enter the street of the shipping address."));
    }
    Ok(entries)
}

fn country(place: &Value) -> Result<Value, Error> {
    match text(place, "country").trim() {
        "" => Err(Error::invalid("Enter the country of the address.")),
        country => Ok(country.to_uppercase().into()),
    }
}

/// A value without blank texts and empty groups.
fn filled(value: Value) -> Option<Value> {
    match value {
        Value::String(text) if text.trim().is_empty() => None,
        Value::String(text) => Some(text.trim().into()),
        Value::Object(fields) => {
            let fields = fields.into_iter();
            let fields = fields.filter_map(|(name, value)| Some((name, filled(value)?)));
            let fields: Map<String, Value> = fields.collect();
            (!fields.is_empty()).then(|| fields.into())
        }
        other => Some(other),
    }
}

/// The form for a code, an address and a shipping rate; empty when the session takes none.
pub(super) fn html(
    state: &State,
    session: &Value,
    problem: Option<&str>,
    values: &FormValues,
) -> String {
    let fields = [
        shipping_address(session, values),
        billing_address(session, values),
        rates(state, session, values),
        code(state, session, values),
    ]
    .concat();
    if fields.is_empty() {
        return fields;
    }
    format!(
        "<form method=\"post\" action=\"/c/pay/{}\" aria-label=\"Delivery and discount\">{}\
         {fields}<input type=\"hidden\" name=\"step\" value=\"update\">\
         <button class=\"second\">Update the total</button></form>",
        escape(text(session, "id")),
        alert(problem),
    )
}

fn shipping_address(session: &Value, values: &FormValues) -> String {
    let allowed = session["shipping_address_collection"]["allowed_countries"].as_array();
    let Some(allowed) = allowed else {
        return String::new();
    };
    let held = &session["collected_information"]["shipping_details"];
    let country = values.or("shipping[address][country]", &held["address"]["country"]);
    let allowed = allowed.iter().filter_map(Value::as_str);
    let options = std::iter::once(("", "Choose")).chain(allowed.map(|code| (code, code)));
    let options: Vec<(&str, &str)> = options.collect();
    let fields = [
        input(
            "shipping[name]",
            "Recipient",
            values.or("shipping[name]", &held["name"]),
            "",
        ),
        lines("shipping[address]", &held["address"], values),
        select("shipping[address][country]", "Country", country, &options),
        shop_text(session, "shipping_address"),
    ];
    fieldset("Shipping address", &fields.concat())
}

fn billing_address(session: &Value, values: &FormValues) -> String {
    let ships = !session["shipping_address_collection"].is_null();
    let taxed = session["automatic_tax"]["enabled"] == true && !ships;
    if !taxed && session["billing_address_collection"] != "required" {
        return String::new();
    }
    let held = &session["customer_details"]["address"];
    let country = values.or("address[country]", &held["country"]);
    let more = "maxlength=\"2\" autocomplete=\"billing country\" placeholder=\"DE\"";
    let fields =
        lines("address", held, values) + &input("address[country]", "Country code", country, more);
    fieldset("Billing address", &fields)
}

/// The fields of an address, except its country.
fn lines(group: &str, held: &Value, values: &FormValues) -> String {
    let field = |(name, label): (&str, &str)| {
        let full = format!("{group}[{name}]");
        input(&full, label, values.or(&full, &held[name]), "")
    };
    let fields = [
        ("line1", "Street"),
        ("line2", "Apartment (optional)"),
        ("postal_code", "Postal code"),
        ("city", "City"),
        ("state", "State (optional)"),
    ];
    fields.map(field).concat()
}

fn rates(state: &State, session: &Value, values: &FormValues) -> String {
    let options = session["shipping_options"].as_array().into_iter().flatten();
    let chosen = values.or("shipping_rate", &session["shipping_cost"]["shipping_rate"]);
    let rates: String = options
        .filter_map(|option| {
            let id = text(option, "shipping_rate");
            let rate = state.store.find(id)?;
            let amount = number(option, "shipping_amount");
            let amount = money::written(amount, text(session, "currency"));
            let label = format!("{}, {amount}{}", text(rate, "display_name"), estimate(rate));
            Some(tick("radio", "shipping_rate", id, &label, id == chosen))
        })
        .collect();
    match rates.as_str() {
        "" => rates,
        rates => fieldset("Shipping", rates),
    }
}

/// The delivery estimate of a rate: `, 5 to 7 business days`.
fn estimate(rate: &Value) -> String {
    let bound = |name: &str| rate["delivery_estimate"][name]["value"].as_i64();
    let unit = |name: &str| text(&rate["delivery_estimate"][name], "unit").replace('_', " ");
    match (bound("minimum"), bound("maximum")) {
        (Some(from), Some(to)) => format!(", {from} to {to} {}s", unit("maximum")),
        (Some(from), None) => format!(", at least {from} {}s", unit("minimum")),
        (None, Some(to)) => format!(", at most {to} {}s", unit("maximum")),
        (None, None) => String::new(),
    }
}

fn code(state: &State, session: &Value, values: &FormValues) -> String {
    if session["allow_promotion_codes"] != true {
        return String::new();
    }
    let held = checkout_session::code(state, session);
    let value = values.get("promotion_code").unwrap_or(&held);
    input(
        "promotion_code",
        "Promotion code",
        value,
        "autocomplete=\"off\"",
    )
}
