//! The parameters that create, update and confirm share.

use serde_json::{Value, json};

use crate::{error::Error, metadata, objects::customer, params::Params, state::State};

const CLEARABLE: &[&str] = &[
    "description",
    "receipt_email",
    "setup_future_usage",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
];

const KNOWN: &[&str] = &[
    "amount_details",
    "application_fee_amount",
    "client_secret",
    "confirmation_method",
    "confirmation_token",
    "customer_account",
    "error_on_requires_action",
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
    for field in CLEARABLE {
        if let Some(value) = params.clearable(field)? {
            intent[*field] = value;
        }
    }
    for field in ["shipping", "payment_method_options"] {
        if let Some(value) = params.any(field) {
            intent[field] = if value == "" { Value::Null } else { value };
        }
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
    for field in ["receipt_email", "setup_future_usage"] {
        if let Some(value) = params.text(field)? {
            intent[field] = value.into();
        }
    }
    if let Some(shipping) = params.any("shipping") {
        intent["shipping"] = shipping;
    }
    params.accept(&["mandate_data", "payment_method_options"]);
    Ok(())
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
