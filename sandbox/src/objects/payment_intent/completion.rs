//! Operations that complete a payment after its confirmation.

use serde_json::Value;

use super::{
    KIND, authorization, expect, opened,
    payment::{behaviour, paid, succeeded, unpaid},
};
use crate::{
    behaviour::Behaviour,
    behaviour::Debit,
    error::Error,
    objects::charge,
    params::Params,
    route::Call,
    state::State,
    store::{number, text},
    test_accounts::INSUFFICIENT,
};

/// Completes the payer's challenge; needs the intent's `client_secret`.
pub(crate) fn authenticate(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let secret = call.params.required("client_secret")?;
    let passed = outcome(&mut call.params)?;
    call.params.finish()?;
    let intent = opened(state, &id, call.caller, Some(&secret))?;
    expect(&intent, &["requires_action"], "authenticated")?;
    if passed {
        return Ok(paid(state, &intent));
    }
    let error = Error::unexpected(
        "payment_intent_authentication_failure",
        "The payer could not be authenticated.",
    );
    let method = state.store.find(text(&intent, "payment_method")).cloned();
    let error = error.with("payment_method", method.unwrap_or_default());
    Ok(unpaid(
        state,
        &intent,
        error.fields(),
        &intent["latest_charge"],
    ))
}

/// `outcome=success`, the default, or `outcome=failure`.
fn outcome(params: &mut Params) -> Result<bool, Error> {
    let outcome = params.choice("outcome", &["success", "failure"])?;
    Ok(outcome.is_none_or(|outcome| outcome == "success"))
}

/// Ends a bank debit as `outcome` says, by default as its account does. A voucher or a transfer is
/// paid, or expires.
pub(crate) fn settle(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let outcome = call.params.choice("outcome", &["success", "failure"])?;
    call.params.finish()?;
    let intent = state.store.get(KIND, &id, "intent")?.clone();
    if behaviour(state, &intent) == Behaviour::PaidElsewhere {
        expect(&intent, &["requires_action"], "settled")?;
        return Ok(arrived(
            state,
            &intent,
            outcome.as_deref() != Some("failure"),
        ));
    }
    expect(&intent, &["processing"], "settled")?;
    let end = match (outcome.as_deref(), debit(state, &intent)) {
        (Some("success"), _) | (None, Debit::StaysProcessing) => Debit::Succeeds,
        (Some(_), Debit::Succeeds | Debit::StaysProcessing) => Debit::Fails(&INSUFFICIENT),
        (_, debit) => debit,
    };
    Ok(ended(state, &intent, end))
}

/// Ends a voucher or a transfer: paid, or expired.
fn arrived(state: &mut State, intent: &Value, in_time: bool) -> Value {
    if in_time {
        return paid(state, intent);
    }
    let message = "The payer did not pay in time.";
    let error = Error::card("payment_intent_payment_attempt_expired", message);
    unpaid(state, intent, error.fields(), &intent["latest_charge"])
}

/// Ends a bank debit when its timer is due, as its test account says, or an authorization.
pub(crate) fn on_timer(state: &mut State, intent: &Value) {
    match text(intent, "status") {
        "processing" => {
            let debit = debit(state, intent);
            ended(state, intent, debit);
        }
        "requires_capture" => authorization::expire(state, intent),
        _ => {}
    }
}

fn debit(state: &State, intent: &Value) -> Debit {
    match behaviour(state, intent) {
        Behaviour::Debited(debit) => debit,
        _ => Debit::Succeeds,
    }
}

/// Ends a bank debit, paid or failed.
fn ended(state: &mut State, intent: &Value, debit: Debit) -> Value {
    let (charge, amount) = (text(intent, "latest_charge"), number(intent, "amount"));
    match debit {
        Debit::Succeeds => {
            let charge =
                state.change_object("charge.succeeded", charge, &charge::succeeded(amount));
            succeeded(state, intent, &charge, amount)
        }
        Debit::Fails(decline) => {
            let charge = state.change_object("charge.failed", charge, &charge::failed(decline));
            let method = state.store.find(text(intent, "payment_method")).cloned();
            let error = Error::card(decline.code, decline.message)
                .with("charge", charge["id"].clone())
                .with("payment_method", method.unwrap_or_default());
            unpaid(state, intent, error.fields(), &charge["id"])
        }
        Debit::StaysProcessing => intent.clone(),
    }
}
