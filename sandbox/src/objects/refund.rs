//! Refunds, never of more than the unrefunded rest of the charge.
//!
//! - [`completion`]: operations that change its status.
//! - [`course`]: the statuses of a refund, by payment method.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::of_payment,
    metadata,
    objects::dispute,
    route::{Call, Route},
    state::State,
    store::{number, text},
};

mod completion;
mod course;

pub(crate) use completion::{answer, fail, on_timer, succeed};
use course::Course;

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "refund";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/refunds", create),
    Route::new("GET", "/v1/refunds", list),
    Route::new("GET", "/v1/refunds/{}", retrieve),
    Route::new("POST", "/v1/refunds/{}", update),
    Route::new("POST", "/v1/refunds/{}/cancel", completion::cancel),
    Route::new("POST", "/_sandbox/refunds/{}/answer", answer),
    Route::new("POST", "/_sandbox/refunds/{}/fail", fail),
    Route::new("POST", "/_sandbox/refunds/{}/succeed", succeed),
];

const REASONS: &[&str] = &["duplicate", "fraudulent", "requested_by_customer"];

/// Refunds part of a charge, or the rest of it.
pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let (charge, intent) = (params.text("charge")?, params.text("payment_intent")?);
    let amount = params.integer("amount")?;
    let reason = params.choice("reason", REASONS)?;
    let metadata = metadata::merged(params, &Value::Null)?;
    let email = params.text("instructions_email")?;
    params.accept(&[
        "currency",
        "customer",
        "origin",
        "refund_application_fee",
        "reverse_transfer",
    ]);
    call.params.finish()?;
    let charge = charge_of(state, charge, intent)?;
    let amount = refundable(state, &charge, amount)?;
    let course = Course::of(state, &charge, amount, email)?;
    let mut refund = shape(&charge, amount);
    refund["reason"] = reason.into();
    refund["metadata"] = metadata.unwrap_or_else(|| json!({}));
    course.apply(&mut refund);
    let refund = state.create("refund.created", refund);
    count_refund(state, &charge, amount);
    if course.has_timer() {
        state.schedule_settlement(text(&refund, "id"));
    }
    Ok(refund)
}

fn charge_of(
    state: &State,
    charge: Option<String>,
    intent: Option<String>,
) -> Result<Value, Error> {
    if let Some(id) = charge {
        return state.store.get("charge", &id, "charge").cloned();
    }
    let Some(id) = intent else {
        let message = "A refund needs a payment_intent or a charge.";
        return Err(Error::invalid(message)
            .code("parameter_missing")
            .param("payment_intent"));
    };
    let intent = state.store.get("payment_intent", &id, "payment_intent")?;
    let charge = state.store.find(text(intent, "latest_charge"));
    charge
        .filter(|charge| charge["status"] == "succeeded")
        .cloned()
        .ok_or_else(|| {
            let message = format!("The payment_intent '{id}' has no successful charge to refund.");
            Error::unexpected("payment_intent_unexpected_state", &message).param("payment_intent")
        })
}

/// The amount to refund; rejects more than the rest.
fn refundable(state: &State, charge: &Value, amount: Option<i64>) -> Result<i64, Error> {
    let id = text(charge, "id");
    if charge["paid"] != true {
        let message = format!("The charge '{id}' is not paid.");
        return Err(Error::invalid(&message).param("charge").executed());
    }
    if charge["captured"] != true {
        let message =
            format!("The charge '{id}' is not captured; cancel its payment_intent to release it.");
        return Err(Error::invalid(&message).param("charge").executed());
    }
    if dispute::holds(state, id) {
        let message = format!("The charge '{id}' is disputed; the bank holds its money.");
        return Err(Error::unexpected("refund_disputed_payment", &message));
    }
    let left = number(charge, "amount_captured") - number(charge, "amount_refunded");
    if left == 0 {
        let message = format!("The charge '{id}' is already refunded.");
        return Err(Error::unexpected("charge_already_refunded", &message));
    }
    match amount.unwrap_or(left) {
        amount if amount < 1 => Err(Error::invalid("amount has to be at least 1.")
            .code("parameter_invalid_integer")
            .param("amount")),
        amount if amount > left => {
            let message = format!("A refund of {amount} exceeds the {left} that is left.");
            Err(Error::invalid(&message).param("amount").executed())
        }
        amount => Ok(amount),
    }
}

/// Adds a refund to its charge; a negative amount subtracts a failed one.
fn count_refund(state: &mut State, charge: &Value, amount: i64) {
    let refunded = number(charge, "amount_refunded") + amount;
    let patch = json!({
        "amount_refunded": refunded,
        "refunded": refunded == number(charge, "amount_captured"),
    });
    let event = if amount > 0 {
        "charge.refunded"
    } else {
        "charge.updated"
    };
    state.change_object(event, text(charge, "id"), &patch);
}

fn shape(charge: &Value, amount: i64) -> Value {
    let kind = text(&charge["payment_method_details"], "type");
    json!({
        "id": ids::long("re_3"),
        "object": KIND,
        "amount": amount,
        "balance_transaction": ids::long("txn_3"),
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "customer": charge["customer"],
        "customer_account": null,
        "destination_details": { "type": kind, kind: {
            "reference": null,
            "reference_status": "pending",
            "reference_type": "acquirer_reference_number",
            "type": "refund",
        } },
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "payment_method": charge["payment_method"],
        "reason": null,
        "receipt_number": null,
        "source_transfer_reversal": null,
        "status": "succeeded",
        "transfer_reversal": null,
    })
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let refund = state.store.get(KIND, &call.id(), "id")?.clone();
    let metadata = metadata::merged(&mut call.params, &refund["metadata"])?;
    call.params.finish()?;
    let patch = json!({ "metadata": metadata.unwrap_or_else(|| refund["metadata"].clone()) });
    Ok(state.change_object("refund.updated", text(&refund, "id"), &patch))
}

fn list(state: &mut State, call: Call) -> Result<Value, Error> {
    of_payment(&state.store, call.params, KIND, "/v1/refunds")
}
