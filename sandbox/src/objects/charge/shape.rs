//! The shape of a charge.

use serde_json::{Value, json};

use super::KIND;
use crate::{
    clock::now,
    ids,
    objects::payment_method,
    store::{number, text},
};

/// The `outcome` of an attempt.
pub(super) fn outcome(kind: &str, network: &str, reason: Option<&str>) -> Value {
    json!({
        "advice_code": null,
        "network_advice_code": null,
        "network_decline_code": null,
        "network_status": network,
        "reason": reason,
        "risk_level": "normal",
        "risk_score": 7,
        "seller_message": match reason {
            Some(_) => "The bank declined the payment.",
            None => "Payment complete.",
        },
        "type": kind,
    })
}

/// The account's part of a statement descriptor.
const PREFIX: &str = "SANDBOX";
/// The maximum length of a statement descriptor.
const LONGEST_DESCRIPTOR: usize = 22;

/// Copies an intent's statement descriptors, and sets the text on the payer's statement.
pub(crate) fn describe(charge: &mut Value, intent: &Value) {
    let (whole, suffix) = ("statement_descriptor", "statement_descriptor_suffix");
    let shown = match (text(intent, whole), text(intent, suffix)) {
        ("", "") => PREFIX.to_owned(),
        ("", suffix) => format!("{PREFIX}* {suffix}"),
        (whole, _) => whole.to_owned(),
    };
    let shown: String = shown.chars().take(LONGEST_DESCRIPTOR).collect();
    charge["calculated_statement_descriptor"] = shown.into();
    for field in [whole, suffix] {
        charge[field] = intent[field].clone();
    }
}

/// A charge without a result yet.
pub(super) fn new(intent: &Value, method: &Value) -> Value {
    let mut charge = json!({
        "id": ids::long("ch_3"),
        "object": KIND,
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": null,
        "application_fee": null,
        "application_fee_amount": null,
        "balance_transaction": null,
        "billing_details": billing(method),
        "calculated_statement_descriptor": null,
        "captured": false,
        "created": now(),
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": false,
        "failure_balance_transaction": null,
        "failure_code": null,
        "failure_message": null,
        "fraud_details": {},
        "livemode": false,
        "metadata": intent["metadata"],
        "on_behalf_of": null,
        "outcome": null,
        "paid": false,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": details(method, number(intent, "amount")),
        "receipt_email": intent["receipt_email"],
        "receipt_number": null,
        "receipt_url": null,
        "refunded": false,
        "review": null,
        "shipping": intent["shipping"],
        "source": null,
        "source_transfer": null,
        "statement_descriptor": null,
        "statement_descriptor_suffix": null,
        "status": "pending",
        "transfer_data": null,
        "transfer_group": intent["transfer_group"],
    });
    describe(&mut charge, intent);
    charge
}

fn billing(method: &Value) -> Value {
    match &method["billing_details"] {
        Value::Null => payment_method::billing_details(),
        details => details.clone(),
    }
}

fn details(method: &Value, amount: i64) -> Value {
    let kind = text(method, "type");
    if kind != "card" {
        return json!({ "type": kind, kind: method[kind] });
    }
    let card = &method["card"];
    let mut checks = card["checks"].clone();
    checks["cvc_check"] = "pass".into();
    json!({
        "type": "card",
        "card": {
            "amount_authorized": amount,
            "authorization_code": "123456",
            "brand": card["brand"],
            "checks": checks,
            "country": card["country"],
            "exp_month": card["exp_month"],
            "exp_year": card["exp_year"],
            "extended_authorization": { "status": "disabled" },
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "incremental_authorization": { "status": "unavailable" },
            "installments": null,
            "last4": card["last4"],
            "mandate": null,
            "multicapture": { "status": "unavailable" },
            "network": card["brand"],
            "network_token": { "used": false },
            "network_transaction_id": null,
            "overcapture": { "maximum_amount_capturable": amount, "status": "unavailable" },
            "regulated_status": card["regulated_status"],
            "three_d_secure": null,
            "transaction_link_id": null,
            "wallet": null,
        },
    })
}
