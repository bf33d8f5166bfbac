//! The shape of a dispute.

use serde_json::{Map, Value, json};

use super::KIND;
use crate::{behaviour::DisputeCase, clock::now, ids};

const DAYS_TO_ANSWER: u64 = 9;

/// The texts and files that a shop may submit.
pub(super) const EVIDENCE: &[&str] = &[
    "access_activity_log",
    "billing_address",
    "cancellation_policy",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_communication",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "customer_signature",
    "duplicate_charge_documentation",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "receipt",
    "refund_policy",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "service_documentation",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_documentation",
    "shipping_tracking_number",
    "uncategorized_file",
    "uncategorized_text",
];

/// The direction in which a disputed amount moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Funds {
    /// From the shop to the payer.
    Withdrawn,
    /// Back to the shop.
    Reinstated,
}

/// Records the movement of the disputed amount. There are no fees.
pub(super) fn move_funds(dispute: &mut Value, funds: Funds) {
    let amount = dispute["amount"].as_i64().unwrap_or_default();
    let (amount, category) = match funds {
        Funds::Withdrawn => (-amount, "dispute"),
        Funds::Reinstated => (amount, "dispute_reversal"),
    };
    let moved = json!({
        "id": ids::long("txn_1"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now(),
        "created": now(),
        "currency": dispute["currency"],
        "description": null,
        "exchange_rate": null,
        "fee": 0,
        "fee_details": [],
        "net": amount,
        "reporting_category": category,
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    });
    if let Some(all) = dispute["balance_transactions"].as_array_mut() {
        all.push(moved);
    }
}

/// A dispute over this amount of a charge, waiting for evidence.
pub(super) fn new(charge: &Value, case: DisputeCase, amount: i64) -> Value {
    let brand = &charge["payment_method_details"]["card"]["brand"];
    let inquiry = case == DisputeCase::Inquiry;
    let (reason, code) = match case {
        DisputeCase::Fraudulent => ("fraudulent", "10.4"),
        DisputeCase::ProductNotReceived => ("product_not_received", "13.1"),
        DisputeCase::Inquiry => ("fraudulent", "10"),
    };
    json!({
        "id": ids::long("dp_1"),
        "object": KIND,
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": no_evidence(),
        "evidence_details": unanswered(),
        "is_charge_refundable": inquiry,
        "livemode": false,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": if inquiry { "inquiry" } else { "chargeback" },
                "network": brand,
                "network_reason_code": code,
            },
            "type": "card",
        },
        "reason": reason,
        "status": if inquiry { "warning_needs_response" } else { "needs_response" },
    })
}

/// Empty evidence of every kind.
pub(super) fn no_evidence() -> Value {
    let names = EVIDENCE.iter().map(|name| (*name).to_owned());
    let mut evidence: Map<String, Value> = names.map(|name| (name, Value::Null)).collect();
    evidence.insert("enhanced_evidence".to_owned(), json!({}));
    evidence.into()
}

/// The evidence details before any evidence.
pub(super) fn unanswered() -> Value {
    json!({
        "due_by": now() + DAYS_TO_ANSWER * 86_400,
        "enhanced_eligibility": {},
        "has_evidence": false,
        "past_due": false,
        "submission_count": 0,
    })
}
