//! Further questions of a shop on the page: custom fields, a tax ID, consent.

use serde_json::Value;

use super::field::{FormValues, fieldset, input, select, shop_text, tick};
use crate::store::text;

/// The types of tax IDs that the page offers.
const TAX_IDS: &[(&str, &str)] = &[
    ("eu_vat", "EU VAT"),
    ("gb_vat", "UK VAT"),
    ("ch_vat", "Swiss VAT"),
    ("us_ein", "US EIN"),
];

/// The fields that the session asks for.
pub(super) fn html(session: &Value, values: &FormValues) -> String {
    let fields = session["custom_fields"].as_array().into_iter().flatten();
    let custom: String = fields.map(|field| custom(field, values)).collect();
    let custom = match custom.as_str() {
        "" => custom,
        fields => fieldset("Details", fields),
    };
    [custom, tax_id(session, values), consent(session, values)].concat()
}

/// The label of a custom field by its parameter.
pub(super) fn label<'a>(session: &'a Value, param: &str) -> Option<&'a str> {
    let mut fields = session["custom_fields"].as_array()?.iter();
    let named = |field: &&Value| param == format!("custom_fields[{}]", text(field, "key"));
    Some(text(&fields.find(named)?["label"], "custom"))
}

fn custom(field: &Value, values: &FormValues) -> String {
    let name = format!("custom_fields[{}]", text(field, "key"));
    let kind = text(field, "type");
    let label = match field["optional"] == true {
        true => format!("{} (optional)", text(&field["label"], "custom")),
        false => text(&field["label"], "custom").to_owned(),
    };
    let held = match &field[kind]["value"] {
        Value::Null => &field[kind]["default_value"],
        value => value,
    };
    let value = values.or(&name, held);
    if kind != "dropdown" {
        let more = if kind == "numeric" {
            "inputmode=\"numeric\""
        } else {
            ""
        };
        return input(&name, &label, value, more);
    }
    let options = field[kind]["options"].as_array().into_iter().flatten();
    let options = options.map(|option| (text(option, "value"), text(option, "label")));
    let options: Vec<(&str, &str)> = std::iter::once(("", "Choose")).chain(options).collect();
    select(&name, &label, value, &options)
}

fn tax_id(session: &Value, values: &FormValues) -> String {
    if session["tax_id_collection"]["enabled"] != true {
        return String::new();
    }
    let held = &session["customer_details"]["tax_ids"][0];
    let kind = values.or("tax_id[type]", &held["type"]);
    let number = values.or("tax_id[value]", &held["value"]);
    let fields = select("tax_id[type]", "Type of tax ID", kind, TAX_IDS)
        + &input("tax_id[value]", "Tax ID (optional)", number, "");
    fieldset("Business purchase", &fields)
}

fn consent(session: &Value, values: &FormValues) -> String {
    let wanted = &session["consent_collection"];
    let mut fields = String::new();
    if wanted["promotions"] == "auto" {
        let name = "consent[promotions]";
        let ticked = values.get(name).is_some();
        fields += &tick(
            "checkbox",
            name,
            "opt_in",
            "Send me promotions by e-mail",
            ticked,
        );
    }
    if wanted["terms_of_service"] == "required" {
        let name = "consent[terms_of_service]";
        let ticked = values.get(name).is_some();
        fields += &tick(
            "checkbox",
            name,
            "accepted",
            "I accept the terms of service",
            ticked,
        );
        fields += &shop_text(session, "terms_of_service_acceptance");
    }
    match fields.as_str() {
        "" => fields,
        fields => fieldset("Consent", fields),
    }
}
