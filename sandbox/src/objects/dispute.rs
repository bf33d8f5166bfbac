//! Disputes: the payer's bank holds the money until it decides.
//!
//! An inquiry moves no money unless the bank escalates it. Its statuses begin with `warning_`.
//!
//! A payment may have several disputes, each over a part of it. A bank may escalate an inquiry,
//! even a closed one, and reverse a decision.
//!
//! - [`shape`]: its JSON.

use serde_json::{Value, json};

use crate::{
    behaviour::DisputeCase,
    error::Error,
    list::of_payment,
    metadata,
    objects::{charge, early_fraud_warning},
    params::Params,
    route::{Call, Route},
    state::State,
    store::{number, text},
};

mod shape;

use shape::{EVIDENCE, Funds};

const KIND: &str = "dispute";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("GET", "/v1/disputes", list),
    Route::new("GET", "/v1/disputes/{}", retrieve),
    Route::new("POST", "/v1/disputes/{}", update),
    Route::new("POST", "/v1/disputes/{}/close", accept),
    Route::new("POST", "/_sandbox/disputes", open_part),
    Route::new("POST", "/_sandbox/disputes/{}/close", close),
    Route::new("POST", "/_sandbox/disputes/{}/escalate", escalate),
    Route::new("POST", "/_sandbox/disputes/{}/reverse", reverse),
];

/// The decision on the shop's evidence, by Stripe's test texts.
enum Verdict {
    Won,
    Lost,
    Escalated,
}

/// Opens a dispute of a charge; withdraws its amount, unless it is an inquiry.
pub(crate) fn open(state: &mut State, charge: &Value, case: DisputeCase) {
    open_over(state, charge, case, number(charge, "amount_captured"));
}

fn open_over(state: &mut State, charge: &Value, case: DisputeCase, amount: i64) -> Value {
    state.update(text(charge, "id"), &json!({ "disputed": true }));
    early_fraud_warning::mark_not_actionable(state, charge);
    let mut dispute = shape::new(charge, case, amount);
    if case != DisputeCase::Inquiry {
        shape::move_funds(&mut dispute, Funds::Withdrawn);
    }
    let dispute = state.create("charge.dispute.created", dispute);
    if case != DisputeCase::Inquiry {
        state.emit("charge.dispute.funds_withdrawn", &dispute, None);
    }
    dispute
}

/// Opens a dispute over `amount` of a payment, by default all that is not disputed yet.
pub(crate) fn open_part(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let intent = call.params.required("payment_intent")?;
    let amount = call.params.integer("amount")?;
    let cases = ["fraudulent", "product_not_received", "inquiry"];
    let case = match call.params.choice("case", &cases)?.as_deref() {
        Some("inquiry") => DisputeCase::Inquiry,
        Some("product_not_received") => DisputeCase::ProductNotReceived,
        _ => DisputeCase::Fraudulent,
    };
    call.params.finish()?;
    let charge = charge::paid_on(state, &intent)?;
    let disputes = state.store.all(KIND);
    let earlier = disputes.filter(|dispute| dispute["charge"] == charge["id"]);
    let earlier: i64 = earlier.map(|dispute| number(&dispute, "amount")).sum();
    let left = number(&charge, "amount_captured") - earlier;
    let amount = amount.unwrap_or(left);
    if !(1..=left).contains(&amount) {
        let message = format!("{left} of this payment can be disputed.");
        return Err(Error::invalid(&message).param("amount"));
    }
    Ok(open_over(state, &charge, case, amount))
}

/// Returns true when a dispute prevents a refund of the charge.
pub(crate) fn holds(state: &State, charge: &str) -> bool {
    let mut disputes = state.store.all(KIND);
    disputes.any(|dispute| dispute["charge"] == *charge && dispute["is_charge_refundable"] == false)
}

fn is_inquiry(dispute: &Value) -> bool {
    text(dispute, "status").starts_with("warning_")
}

/// Decides a dispute for the bank: `outcome=won` returns the money to the shop.
pub(crate) fn close(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let outcome = call.params.choice("outcome", &["won", "lost"])?;
    let outcome = outcome.ok_or_else(|| call.params.missing("outcome"))?;
    end(state, call, outcome == "won")
}

/// Accepts the dispute as lost, for the shop.
fn accept(state: &mut State, call: Call) -> Result<Value, Error> {
    end(state, call, false)
}

fn end(state: &mut State, call: Call, won: bool) -> Result<Value, Error> {
    let dispute = state.store.get(KIND, &call.id(), "id")?.clone();
    call.params.finish()?;
    expect_open(&dispute)?;
    Ok(decided(state, &dispute, won))
}

fn expect_open(dispute: &Value) -> Result<(), Error> {
    let status = text(dispute, "status");
    if !matches!(status, "won" | "lost" | "warning_closed") {
        return Ok(());
    }
    let message = format!("This dispute is closed; its status is {status}.");
    Err(Error::invalid(&message).executed())
}

/// Closes a dispute. A won dispute returns the money; an inquiry moves none.
fn decided(state: &mut State, dispute: &Value, won: bool) -> Value {
    let (id, inquiry) = (text(dispute, "id"), is_inquiry(dispute));
    let status = match (inquiry, won) {
        (true, _) => "warning_closed",
        (false, true) => "won",
        (false, false) => "lost",
    };
    let patch = json!({ "is_charge_refundable": inquiry || won, "status": status });
    let closed = state.change_object("charge.dispute.closed", id, &patch);
    match won && !inquiry {
        true => moved(state, &closed, Funds::Reinstated),
        false => closed,
    }
}

/// Moves the disputed amount and emits an event.
fn moved(state: &mut State, dispute: &Value, funds: Funds) -> Value {
    let mut dispute = dispute.clone();
    shape::move_funds(&mut dispute, funds);
    let patch = json!({ "balance_transactions": dispute["balance_transactions"] });
    let dispute = state.update(text(&dispute, "id"), &patch);
    let event = match funds {
        Funds::Withdrawn => "charge.dispute.funds_withdrawn",
        Funds::Reinstated => "charge.dispute.funds_reinstated",
    };
    state.emit(event, &dispute, None);
    dispute
}

/// Reverses the bank's decision, and moves the money again.
pub(crate) fn reverse(state: &mut State, call: Call) -> Result<Value, Error> {
    let dispute = state.store.get(KIND, &call.id(), "id")?.clone();
    call.params.finish()?;
    let (status, funds) = match text(&dispute, "status") {
        "won" => ("lost", Funds::Withdrawn),
        "lost" => ("won", Funds::Reinstated),
        _ => return Err(Error::invalid("This dispute has no decision yet.").executed()),
    };
    let patch = json!({ "is_charge_refundable": status == "won", "status": status });
    let id = text(&dispute, "id");
    let reversed = state.change_object("charge.dispute.updated", id, &patch);
    Ok(moved(state, &reversed, funds))
}

/// Escalates an inquiry to a dispute, even a closed one.
pub(crate) fn escalate(state: &mut State, call: Call) -> Result<Value, Error> {
    let dispute = state.store.get(KIND, &call.id(), "id")?.clone();
    call.params.finish()?;
    match is_inquiry(&dispute) {
        true => Ok(escalated(state, &dispute)),
        false => Err(Error::invalid("This dispute is not an inquiry.").executed()),
    }
}

/// Escalates an inquiry to a dispute, and withdraws the money.
fn escalated(state: &mut State, dispute: &Value) -> Value {
    let mut patch = json!({ "is_charge_refundable": false, "status": "needs_response" });
    patch["evidence_details"] = shape::unanswered();
    patch["evidence"] = shape::no_evidence();
    let mut details = dispute["payment_method_details"].clone();
    details["card"]["case_type"] = "chargeback".into();
    details["card"]["network_reason_code"] = "10.4".into();
    patch["payment_method_details"] = details;
    let id = text(dispute, "id");
    let dispute = state.change_object("charge.dispute.updated", id, &patch);
    moved(state, &dispute, Funds::Withdrawn)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Saves evidence; submitted evidence can no longer change.
fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut dispute = state.store.get(KIND, &call.id(), "id")?.clone();
    expect_open(&dispute)?;
    let answered = dispute["evidence_details"]["submission_count"] != 0;
    let submit = call.params.flag("submit")?.unwrap_or(true);
    if let Some(given) = call.params.nested("evidence")? {
        if answered {
            let message = "The evidence of this dispute was already submitted.";
            return Err(Error::invalid(message).param("evidence").executed());
        }
        evidence(given, &mut dispute)?;
    }
    if let Some(metadata) = metadata::merged(&mut call.params, &dispute["metadata"])? {
        dispute["metadata"] = metadata;
    }
    call.params.finish()?;
    let submitted = submit && !answered && dispute["evidence_details"]["has_evidence"] == true;
    if submitted {
        dispute["evidence_details"]["submission_count"] = 1.into();
        let inquiry = is_inquiry(&dispute);
        dispute["status"] = if inquiry {
            "warning_under_review"
        } else {
            "under_review"
        }
        .into();
    }
    let id = text(&dispute, "id");
    let updated = state.change_object("charge.dispute.updated", id, &dispute);
    let verdict = verdict(&updated).filter(|_| submitted);
    Ok(match verdict {
        Some(Verdict::Won) => decided(state, &updated, true),
        Some(Verdict::Lost) => decided(state, &updated, false),
        Some(Verdict::Escalated) if is_inquiry(&updated) => escalated(state, &updated),
        _ => updated,
    })
}

fn evidence(mut given: Params, dispute: &mut Value) -> Result<(), Error> {
    for name in EVIDENCE {
        if let Some(value) = given.clearable(name)? {
            dispute["evidence"][*name] = value;
        }
    }
    given.accept(&["enhanced_evidence"]);
    given.finish()?;
    let some = EVIDENCE
        .iter()
        .any(|name| !dispute["evidence"][*name].is_null());
    dispute["evidence_details"]["has_evidence"] = some.into();
    Ok(())
}

/// Stripe's test texts decide a dispute at once; other texts do not.
fn verdict(dispute: &Value) -> Option<Verdict> {
    match text(&dispute["evidence"], "uncategorized_text") {
        "winning_evidence" => Some(Verdict::Won),
        "losing_evidence" => Some(Verdict::Lost),
        "escalate_inquiry_evidence" => Some(Verdict::Escalated),
        _ => None,
    }
}

fn list(state: &mut State, call: Call) -> Result<Value, Error> {
    of_payment(&state.store, call.params, KIND, "/v1/disputes")
}
