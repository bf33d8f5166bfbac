//! Disputes: the payer's bank takes the money until somebody is right.

use serde_json::{Map, Value, json};

use crate::{
    error::Error,
    ids,
    list::of_payment,
    metadata,
    route::{Call, Route},
    state::{State, now},
    store::text,
};

const KIND: &str = "dispute";
const DAYS_TO_ANSWER: u64 = 9;

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/disputes", list),
    Route::new("GET", "/v1/disputes/{}", retrieve),
    Route::new("POST", "/v1/disputes/{}", update),
    Route::new("POST", "/v1/disputes/{}/close", accept),
    Route::new("POST", "/_sandbox/disputes/{}/close", close),
];

const EVIDENCE: &[&str] = &[
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

/// The payer disputes a charge: its whole amount is withdrawn.
pub(crate) fn open(state: &mut State, charge: &Value) {
    state.update(text(charge, "id"), &json!({ "disputed": true }));
    let dispute = state.create("charge.dispute.created", shape(charge));
    state.emit("charge.dispute.funds_withdrawn", &dispute, None);
}

fn shape(charge: &Value) -> Value {
    let mut evidence: Map<String, Value> = EVIDENCE
        .iter()
        .map(|name| ((*name).to_owned(), Value::Null))
        .collect();
    evidence.insert("enhanced_evidence".to_owned(), json!({}));
    let brand = &charge["payment_method_details"]["card"]["brand"];
    json!({
        "id": ids::long("dp_1"),
        "object": KIND,
        "amount": charge["amount"],
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": evidence,
        "evidence_details": {
            "due_by": now() + DAYS_TO_ANSWER * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": false,
            "past_due": false,
            "submission_count": 0,
        },
        "is_charge_refundable": false,
        "livemode": false,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method_details": {
            "card": {
                "brand": brand,
                "case_type": "chargeback",
                "network": brand,
                "network_reason_code": "10.4",
            },
            "type": "card",
        },
        "reason": "fraudulent",
        "status": "needs_response",
    })
}

/// The bank decides: `outcome=won` gives the money back.
pub(crate) fn close(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let outcome = call.params.choice("outcome", &["won", "lost"])?;
    let outcome = outcome.ok_or_else(|| call.params.missing("outcome"))?;
    end(state, call, &outcome)
}

/// The shop accepts the dispute as lost.
fn accept(state: &mut State, call: Call) -> Result<Value, Error> {
    end(state, call, "lost")
}

fn end(state: &mut State, call: Call, outcome: &str) -> Result<Value, Error> {
    let dispute = state.store.get(KIND, &call.id(), "id")?.clone();
    call.params.finish()?;
    if matches!(text(&dispute, "status"), "won" | "lost") {
        let message = format!("The dispute was {} already.", text(&dispute, "status"));
        return Err(Error::invalid(&message).executed());
    }
    let (id, patch) = (text(&dispute, "id"), json!({ "status": outcome }));
    let closed = state.change_object("charge.dispute.closed", id, &patch);
    if outcome == "won" {
        state.emit("charge.dispute.funds_reinstated", &closed, None);
    }
    Ok(closed)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut dispute = state.store.get(KIND, &call.id(), "id")?.clone();
    if let Some(mut evidence) = call.params.nested("evidence")? {
        for name in EVIDENCE {
            if let Some(value) = evidence.clearable(name)? {
                dispute["evidence"][*name] = value;
                dispute["evidence_details"]["has_evidence"] = true.into();
            }
        }
        evidence.accept(&["enhanced_evidence"]);
        evidence.finish()?;
    }
    if let Some(metadata) = metadata::merged(&mut call.params, &dispute["metadata"])? {
        dispute["metadata"] = metadata;
    }
    if call.params.flag("submit")?.unwrap_or(true)
        && dispute["evidence_details"]["has_evidence"] == true
    {
        dispute["evidence_details"]["submission_count"] = 1.into();
        dispute["status"] = "under_review".into();
    }
    call.params.finish()?;
    Ok(state.change_object("charge.dispute.updated", text(&dispute, "id"), &dispute))
}

fn list(state: &mut State, call: Call) -> Result<Value, Error> {
    of_payment(&state.store, call.params, KIND, "/v1/disputes")
}
