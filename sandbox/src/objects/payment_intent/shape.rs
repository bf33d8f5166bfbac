//! The shape of a payment intent.

use serde_json::{Map, Value, json};

use super::KIND;
use crate::{caller::Caller, clock::now, ids, store::text};

/// A new intent, waiting for a payment method.
pub(super) fn new(amount: i64, currency: &str) -> Value {
    let id = ids::long("pi_3");
    let client_secret = ids::long(&format!("{id}_secret_"));
    json!({
        "id": id,
        "object": KIND,
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": { "tip": {} },
        "amount_received": 0,
        "application": null,
        "application_fee_amount": null,
        "automatic_payment_methods": { "allow_redirects": "always", "enabled": true },
        "canceled_at": null,
        "cancellation_reason": null,
        "capture_method": "automatic_async",
        "client_secret": client_secret,
        "confirmation_method": "automatic",
        "created": now(),
        "currency": currency,
        "customer": null,
        "customer_account": null,
        "description": null,
        "excluded_payment_method_types": null,
        "last_payment_error": null,
        "latest_charge": null,
        "livemode": false,
        "managed_payments": { "enabled": false },
        "metadata": {},
        "next_action": null,
        "on_behalf_of": null,
        "payment_method": null,
        "payment_method_configuration_details": null,
        "payment_method_options": {},
        "payment_method_types": ["card", "us_bank_account"],
        "processing": null,
        "receipt_email": null,
        "review": null,
        "setup_future_usage": null,
        "shipping": null,
        "source": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "requires_payment_method",
        "transfer_data": null,
        "transfer_group": null,
    })
}

const FOR_BROWSERS: &[&str] = &[
    "id",
    "object",
    "amount",
    "automatic_payment_methods",
    "canceled_at",
    "cancellation_reason",
    "capture_method",
    "client_secret",
    "confirmation_method",
    "created",
    "currency",
    "description",
    "last_payment_error",
    "livemode",
    "next_action",
    "payment_method",
    "payment_method_types",
    "processing",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "status",
];

/// The intent as this caller sees it: a browser does not see metadata or charges.
pub(crate) fn seen_by(caller: Caller, intent: &Value) -> Value {
    if caller != Caller::Publishable {
        return intent.clone();
    }
    let shown = FOR_BROWSERS
        .iter()
        .map(|name| ((*name).to_owned(), intent[*name].clone()));
    let mut shown: Map<String, Value> = shown.collect();
    if let Some(error) = shown
        .get_mut("last_payment_error")
        .and_then(Value::as_object_mut)
    {
        error.remove("charge");
    }
    shown.into()
}

/// The `next_action` of a challenge: the bank's page.
pub(crate) fn challenge(intent: &Value, sandbox: &str, return_url: Option<&str>) -> Value {
    let (id, secret) = (text(intent, "id"), text(intent, "client_secret"));
    let url = format!("{sandbox}/_sandbox/3ds/{id}?client_secret={secret}");
    match return_url {
        Some(return_url) => json!({
            "type": "redirect_to_url",
            "redirect_to_url": { "return_url": return_url, "url": url },
        }),
        None => json!({
            "type": "use_stripe_sdk",
            "use_stripe_sdk": { "stripe_js": url, "type": "three_d_secure_redirect" },
        }),
    }
}

/// The `next_action` of a voucher or transfer: instructions and their expiry.
pub(super) fn instructions(kind: &str, intent: &Value, sandbox: &str) -> Value {
    let page = format!("{sandbox}/_sandbox/vouchers/{}", text(intent, "id"));
    let until = now() + 3 * 86_400;
    let (action, details) = match kind {
        "boleto" => (
            "boleto_display_details",
            json!({ "expires_at": until, "hosted_voucher_url": page,
                "number": "01010101010101010101010101010101010101010101010", "pdf": page }),
        ),
        "konbini" => (
            "konbini_display_details",
            json!({ "expires_at": until, "hosted_voucher_url": page, "stores": {} }),
        ),
        "multibanco" => (
            "multibanco_display_details",
            json!({ "entity": "11111", "expires_at": until, "hosted_voucher_url": page,
                "reference": "999999999" }),
        ),
        "oxxo" => (
            "oxxo_display_details",
            json!({ "expires_after": until, "hosted_voucher_url": page,
                "number": "12345678901234657890123456789012" }),
        ),
        _ => (
            "display_bank_transfer_instructions",
            json!({ "amount_remaining": intent["amount"], "currency": intent["currency"],
                "hosted_instructions_url": page, "reference": "SANDBOX" }),
        ),
    };
    let mut next = json!({ "type": action });
    next[action] = details;
    next
}
