//! The shape of a setup intent.

use serde_json::{Map, Value, json};

use super::KIND;
use crate::{caller::Caller, clock::now, ids};

/// A new intent, waiting for a payment method.
pub(super) fn new() -> Value {
    let id = ids::long("seti_1");
    let client_secret = ids::long(&format!("{id}_secret_"));
    json!({
        "id": id,
        "object": KIND,
        "application": null,
        "automatic_payment_methods": { "allow_redirects": "always", "enabled": true },
        "cancellation_reason": null,
        "client_secret": client_secret,
        "created": now(),
        "customer": null,
        "customer_account": null,
        "description": null,
        "excluded_payment_method_types": null,
        "flow_directions": null,
        "last_setup_error": null,
        "latest_attempt": null,
        "livemode": false,
        "managed_payments": { "enabled": false },
        "mandate": null,
        "metadata": {},
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": null,
        "payment_method_configuration_details": null,
        "payment_method_options": {},
        "payment_method_types": ["card", "us_bank_account"],
        "single_use_mandate": null,
        "status": "requires_payment_method",
        "usage": "off_session",
    })
}

const FOR_BROWSERS: &[&str] = &[
    "id",
    "object",
    "automatic_payment_methods",
    "cancellation_reason",
    "client_secret",
    "created",
    "description",
    "last_setup_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_types",
    "status",
    "usage",
];

/// The intent as this caller sees it: a browser does not see metadata or the customer.
pub(crate) fn seen_by(caller: Caller, intent: &Value) -> Value {
    if caller != Caller::Publishable {
        return intent.clone();
    }
    let shown = FOR_BROWSERS.iter().map(|name| (*name).to_owned());
    let shown: Map<String, Value> = shown
        .map(|name| (name.clone(), intent[&name].clone()))
        .collect();
    shown.into()
}
