//! Parameters of a session that change what the page collects and shows, and no amount but tax.

use serde_json::{Value, json};

use crate::{error::Error, objects::invoice, params::Params};

/// The languages of the page.
const LOCALES: &[&str] = &[
    "auto", "bg", "cs", "da", "de", "el", "en", "en-GB", "es", "es-419", "et", "fi", "fil", "fr",
    "fr-CA", "hi-IN", "hr", "hu", "id", "it", "ja", "ko", "lt", "lv", "ms", "mt", "nb", "nl", "pl",
    "pt", "pt-BR", "ro", "ru", "sk", "sl", "sv", "th", "tr", "vi", "zh", "zh-HK", "zh-TW",
];

/// Reads them into the session.
pub(super) fn read(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    taxes(params, session)?;
    for (field, words) in [
        ("billing_address_collection", &["auto", "required"][..]),
        ("locale", LOCALES),
        (
            "submit_type",
            &["auto", "book", "donate", "pay", "subscribe"],
        ),
    ] {
        if let Some(word) = params.choice(field, words)? {
            session[field] = word.into();
        }
    }
    if let Some(reference) = params.text("client_reference_id")? {
        session["client_reference_id"] = reference.into();
    }
    for field in ["adaptive_pricing", "phone_number_collection"] {
        if let Some(mut given) = params.nested(field)? {
            session[field] = json!({ "enabled": switch(&mut given)? });
            given.finish()?;
        }
    }
    if let Some(given) = params.nested("invoice_creation")? {
        session["invoice_creation"] = invoice::creation(given)?;
    }
    consent(params, session)?;
    custom_text(params, session)?;
    saved_methods(params, session)?;
    if let Some(id) = params.text("payment_method_configuration")? {
        if params.has("payment_method_types") {
            let message = "payment_method_configuration excludes payment_method_types.";
            return Err(Error::invalid(message).param("payment_method_types"));
        }
        session["payment_method_configuration_details"] = json!({ "id": id, "parent": null });
    }
    Ok(())
}

/// The required `enabled` of a group.
fn switch(given: &mut Params) -> Result<bool, Error> {
    given
        .flag("enabled")?
        .ok_or_else(|| given.missing("enabled"))
}

fn taxes(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    if let Some(mut given) = params.nested("automatic_tax")? {
        if given.has("liability") {
            let message = "The sandbox does not support another account's automatic tax.";
            return Err(Error::invalid(message).param(&given.name("liability")));
        }
        if switch(&mut given)? {
            session["automatic_tax"] = json!({
                "enabled": true,
                "liability": { "type": "self" },
                "provider": "stripe",
                "status": "requires_location_inputs",
            });
        }
        given.finish()?;
    }
    if let Some(mut given) = params.nested("tax_id_collection")? {
        let required = given.choice("required", &["if_supported", "never"])?;
        session["tax_id_collection"] = json!({
            "enabled": switch(&mut given)?,
            "required": required.unwrap_or_else(|| "never".to_owned()),
        });
        given.finish()?;
    }
    Ok(())
}

fn consent(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let Some(mut given) = params.nested("consent_collection")? else {
        return Ok(());
    };
    let mut reuse = Value::Null;
    if let Some(mut agreement) = given.nested("payment_method_reuse_agreement")? {
        let position = agreement.choice("position", &["auto", "hidden"])?;
        let position = position.ok_or_else(|| agreement.missing("position"))?;
        agreement.finish()?;
        reuse = json!({ "position": position });
    }
    session["consent_collection"] = json!({
        "payment_method_reuse_agreement": reuse,
        "promotions": given.choice("promotions", &["auto", "none"])?,
        "terms_of_service": given.choice("terms_of_service", &["none", "required"])?,
    });
    session["consent"] = json!({ "promotions": null, "terms_of_service": null });
    given.finish()
}

fn custom_text(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    const PLACES: &[&str] = &[
        "after_submit",
        "shipping_address",
        "submit",
        "terms_of_service_acceptance",
    ];
    const LONGEST: usize = 1200;
    let Some(mut given) = params.nested("custom_text")? else {
        return Ok(());
    };
    for place in PLACES {
        let Some(mut text) = given.nested(place)? else {
            continue;
        };
        let message = text.required("message")?;
        if message.chars().count() > LONGEST {
            let problem = format!("A custom text has at most {LONGEST} characters.");
            return Err(Error::invalid(&problem).param(&text.name("message")));
        }
        text.finish()?;
        session["custom_text"][place] = json!({ "message": message });
    }
    given.finish()
}

fn saved_methods(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    const SWITCH: &[&str] = &["disabled", "enabled"];
    let Some(mut given) = params.nested("saved_payment_method_options")? else {
        return Ok(());
    };
    session["saved_payment_method_options"] = json!({
        "allow_redisplay_filters": given.list("allow_redisplay_filters")?,
        "payment_method_remove": given.choice("payment_method_remove", SWITCH)?,
        "payment_method_save": given.choice("payment_method_save", SWITCH)?,
    });
    given.finish()
}
