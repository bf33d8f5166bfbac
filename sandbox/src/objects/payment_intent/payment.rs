//! Confirmations of an intent: paid, declined or challenged.

use serde_json::{Map, Value, json};

use super::{
    KIND,
    authorization::{authorized, is_manual, uncaptured},
    confirmation::Confirmation,
    shape,
};
use crate::{
    behaviour::{Behaviour, Decline},
    error::Error,
    objects::{
        charge::{self, Attempt},
        checkout_session, dispute, invoice, payment_method,
    },
    state::State,
    store::{number, text},
    test_cards::{AUTHENTICATION_REQUIRED, GENERIC},
};

/// Confirms an intent; its payment method decides the result.
pub(super) fn confirm(
    state: &mut State,
    id: &str,
    confirmation: Confirmation,
) -> Result<Value, Error> {
    if let Some(method) = confirmation.method {
        let method = method.save(state);
        state.update(id, &json!({ "payment_method": method }));
    }
    let intent = state.update(
        id,
        &json!({ "last_payment_error": null, "next_action": null }),
    );
    let off_session = confirmation.off_session == Some(true);
    let behaviour = match behaviour(state, &intent) {
        Behaviour::SetUp if off_session => Behaviour::Succeeds,
        behaviour => behaviour,
    };
    if !is_final(behaviour) {
        *state.confirmations.entry(id.to_owned()).or_default() += 1;
    }
    match behaviour {
        Behaviour::Declines(decline) => Err(declined(state, &intent, decline)),
        Behaviour::DeclinesOnceAttached => Err(declined(state, &intent, &GENERIC)),
        Behaviour::NeedsAuthentication | Behaviour::NeedsSetup | Behaviour::SetUp
            if (off_session && !confirmation.challenges)
                || confirmation.error_on_requires_action =>
        {
            Err(declined(state, &intent, &AUTHENTICATION_REQUIRED))
        }
        Behaviour::NeedsAuthentication | Behaviour::NeedsSetup | Behaviour::SetUp => {
            let next = shape::challenge(&intent, &state.url, confirmation.return_url.as_deref());
            let patch = json!({ "next_action": next, "status": "requires_action" });
            let event = "payment_intent.requires_action";
            Ok(change(state, event, &intent, &patch))
        }
        Behaviour::Debited(_) => Ok(under_way(state, &intent)),
        Behaviour::PaidElsewhere => Ok(awaited(state, &intent)),
        Behaviour::Succeeds
        | Behaviour::Disputed(_)
        | Behaviour::PendingRefund
        | Behaviour::FailingRefund => Ok(paid(state, &intent)),
    }
}

/// Returns true when no further confirmation can follow.
fn is_final(behaviour: Behaviour) -> bool {
    matches!(
        behaviour,
        Behaviour::Succeeds
            | Behaviour::Disputed(_)
            | Behaviour::PendingRefund
            | Behaviour::FailingRefund
    )
}

/// The behaviour of the intent's payment method.
pub(crate) fn behaviour(state: &State, intent: &Value) -> Behaviour {
    let method = text(intent, "payment_method");
    let behaviour = state.behaviours.get(method).copied();
    behaviour.unwrap_or(Behaviour::Succeeds)
}

/// Charges the card: at once, or when the shop captures it.
pub(super) fn paid(state: &mut State, intent: &Value) -> Value {
    let mut charge = charge::new(
        state,
        intent,
        text(intent, "payment_method"),
        Attempt::Succeeded,
    );
    let manual = is_manual(intent, text(&charge["payment_method_details"], "type"));
    if manual {
        uncaptured(&mut charge);
    }
    let charge = state.create("charge.succeeded", charge);
    attach_method(state, intent);
    match manual {
        true => authorized(state, intent, &charge),
        false => succeeded(state, intent, &charge, number(intent, "amount")),
    }
}

/// Attaches a payment method with `setup_future_usage` to the customer.
fn attach_method(state: &mut State, intent: &Value) {
    let (customer, method) = (text(intent, "customer"), text(intent, "payment_method"));
    if intent["setup_future_usage"].is_string() && !customer.is_empty() {
        payment_method::attach_to(state, method, customer);
    }
    if intent["setup_future_usage"] == "off_session" {
        set_up(state, method);
    }
}

/// Remembers that the payer authenticated for later payments.
pub(crate) fn set_up(state: &mut State, method: &str) {
    if let Some(behaviour @ Behaviour::NeedsSetup) = state.behaviours.get_mut(method) {
        *behaviour = Behaviour::SetUp;
    }
}

/// Records the payment, and the dispute of a test card that opens one.
pub(super) fn succeeded(state: &mut State, intent: &Value, charge: &Value, amount: i64) -> Value {
    let patch = json!({
        "amount_capturable": 0,
        "amount_received": amount,
        "latest_charge": charge["id"],
        "next_action": null,
        "processing": null,
        "status": "succeeded",
    });
    let paid = change(state, "payment_intent.succeeded", intent, &patch);
    if let Behaviour::Disputed(case) = behaviour(state, intent) {
        dispute::open(state, charge, case);
    }
    paid
}

/// Starts a bank debit; `settle` or a timer ends it.
fn under_way(state: &mut State, intent: &Value) -> Value {
    let charge = charge::new(
        state,
        intent,
        text(intent, "payment_method"),
        Attempt::Pending,
    );
    let charge = state.create("charge.pending", charge);
    state.schedule_settlement(text(intent, "id"));
    attach_method(state, intent);
    let patch = json!({ "latest_charge": charge["id"], "status": "processing" });
    change(state, "payment_intent.processing", intent, &patch)
}

/// Shows the payer where to pay; `settle` ends the payment, paid or not.
fn awaited(state: &mut State, intent: &Value) -> Value {
    let method = state.store.find(text(intent, "payment_method"));
    let kind = text(method.unwrap_or(&Value::Null), "type");
    let next = shape::instructions(kind, intent, &state.url);
    let patch = json!({ "next_action": next, "status": "requires_action" });
    change(state, "payment_intent.requires_action", intent, &patch)
}

/// Records a decline: a failed charge, and the error for the payer.
fn declined(state: &mut State, intent: &Value, decline: &'static Decline) -> Error {
    let method = text(intent, "payment_method");
    let charge = charge::new(state, intent, method, Attempt::Failed(decline));
    let charge = state.create("charge.failed", charge);
    let error = Error::card(decline.code, decline.message)
        .with("decline_code", decline.decline_code)
        .with("charge", charge["id"].clone())
        .with(
            "payment_method",
            state.store.find(method).cloned().unwrap_or_default(),
        )
        .executed();
    let intent = unpaid(state, intent, error.fields(), &charge["id"]);
    error.with(KIND, intent)
}

/// Resets the intent: the payer may try another payment method.
pub(super) fn unpaid(
    state: &mut State,
    intent: &Value,
    error: &Map<String, Value>,
    charge: &Value,
) -> Value {
    let patch = json!({
        "last_payment_error": error,
        "latest_charge": charge,
        "next_action": null,
        "payment_method": null,
        "processing": null,
        "status": "requires_payment_method",
    });
    change(state, "payment_intent.payment_failed", intent, &patch)
}

/// Changes an intent with an event, then updates its checkout session or its invoice.
pub(super) fn change(state: &mut State, event: &str, intent: &Value, patch: &Value) -> Value {
    let changed = state.change_object(event, text(intent, "id"), patch);
    checkout_session::follow(state, &changed);
    invoice::follow(state, &changed);
    changed
}
