//! The parameters that create, update and confirm share.

use serde_json::{Value, json};

use crate::{address, error::Error, metadata, objects::customer, params::Params, state::State};

/// The maximum length of a statement descriptor.
const LONGEST_DESCRIPTOR: usize = 22;

const KNOWN: &[&str] = &[
    "amount_details",
    "application_fee_amount",
    "client_secret",
    "confirmation_method",
    "confirmation_token",
    "customer_account",
    "excluded_payment_method_types",
    "hooks",
    "mandate",
    "mandate_data",
    "on_behalf_of",
    "payment_details",
    "payment_method_configuration",
    "radar_options",
    "transfer_data",
];

/// Reads them into the intent; accepts parameters without effect here.
pub(super) fn read(state: &State, params: &mut Params, intent: &mut Value) -> Result<(), Error> {
    if let Some(customer) = params.text("customer")? {
        customer::expect(state, &customer)?;
        if intent["customer"].is_string() && intent["customer"] != *customer {
            let message = "The customer of a payment_intent cannot change.";
            return Err(Error::invalid(message).param("customer"));
        }
        intent["customer"] = customer.into();
    }
    for field in ["description", "transfer_group"] {
        if let Some(value) = params.clearable(field)? {
            intent[field] = value;
        }
    }
    for field in ["statement_descriptor", "statement_descriptor_suffix"] {
        if let Some(value) = descriptor(params, field)? {
            intent[field] = value;
        }
    }
    payer(params, intent)?;
    if let Some(value) = params.any("payment_method_options") {
        intent["payment_method_options"] = if value == "" { Value::Null } else { value };
    }
    let capture = params.choice(
        "capture_method",
        &["automatic", "automatic_async", "manual"],
    )?;
    if let Some(capture) = capture {
        intent["capture_method"] = capture.into();
    }
    if let Some(metadata) = metadata::merged(params, &intent["metadata"])? {
        intent["metadata"] = metadata;
    }
    params.accept(KNOWN);
    methods(params, intent)
}

/// Reads the parameters that a browser may also send with a confirmation.
pub(super) fn read_publishable(params: &mut Params, intent: &mut Value) -> Result<(), Error> {
    payer(params, intent)?;
    params.accept(&["mandate_data", "payment_method_options"]);
    Ok(())
}

/// Reads the receipt's and the parcel's address, and the consent to save the payment method.
fn payer(params: &mut Params, intent: &mut Value) -> Result<(), Error> {
    if let Some(email) = receipt_email(params)? {
        intent["receipt_email"] = email;
    }
    if let Some(shipping) = address::shipping(params)? {
        intent["shipping"] = shipping;
    }
    if let Some(usage) = params.clearable("setup_future_usage")? {
        if !matches!(usage.as_str(), None | Some("off_session" | "on_session")) {
            let message = "setup_future_usage has to be one of off_session, on_session.";
            return Err(Error::invalid(message).param("setup_future_usage"));
        }
        intent["setup_future_usage"] = usage;
    }
    Ok(())
}

/// Reads `receipt_email`; an empty one is `null`.
pub(crate) fn receipt_email(params: &mut Params) -> Result<Option<Value>, Error> {
    let email = params.clearable("receipt_email")?;
    match email.as_ref().and_then(Value::as_str) {
        Some(address) if !address.contains('@') => {
            let error = Error::invalid("receipt_email is not an e-mail address.");
            Err(error.code("email_invalid").param("receipt_email"))
        }
        _ => Ok(email),
    }
}

/// Reads a statement descriptor, or its suffix.
pub(super) fn descriptor(params: &mut Params, field: &str) -> Result<Option<Value>, Error> {
    let value = params.clearable(field)?;
    let Some(given) = value.as_ref().and_then(Value::as_str) else {
        return Ok(value);
    };
    let problem = if given.chars().count() > LONGEST_DESCRIPTOR {
        format!("has at most {LONGEST_DESCRIPTOR} characters")
    } else if given.contains(['<', '>', '\\', '\'', '"', '*']) {
        "cannot contain any of < > \\ ' \" *".to_owned()
    } else if !given.contains(|c: char| c.is_ascii_alphabetic()) {
        "needs at least one letter".to_owned()
    } else {
        return Ok(value);
    };
    Err(Error::invalid(&format!("{field} {problem}.")).param(&params.name(field)))
}

/// Reads the allowed payment methods.
pub(crate) fn methods(params: &mut Params, intent: &mut Value) -> Result<(), Error> {
    let types = params.list("payment_method_types")?;
    if let Some(mut automatic) = params.nested("automatic_payment_methods")? {
        let enabled = automatic
            .flag("enabled")?
            .ok_or_else(|| automatic.missing("enabled"))?;
        let redirects = automatic.choice("allow_redirects", &["always", "never"])?;
        automatic.finish()?;
        if types.is_some() && enabled {
            let message = "payment_method_types and automatic_payment_methods exclude each other.";
            return Err(Error::invalid(message).param("automatic_payment_methods"));
        }
        intent["automatic_payment_methods"] = json!({
            "allow_redirects": redirects.unwrap_or_else(|| "always".to_owned()),
            "enabled": enabled,
        });
    }
    if let Some(types) = types {
        intent["payment_method_types"] = types.into();
        intent["automatic_payment_methods"] = Value::Null;
    }
    Ok(())
}
