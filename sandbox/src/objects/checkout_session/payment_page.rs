//! The payment page of a session: what Stripe.js shows to a payer, and enters for one.

use serde_json::{Map, Value, json};

use super::{details::checked_url, discounts, get, payer, payment, saved, subscription, ui};
use crate::{
    caller::Caller,
    error::Error,
    expand, money,
    objects::{payment_intent, setup_intent},
    route::Call,
    state::State,
    store::text,
};

/// The fields of a session that its payer may see.
const SHOWN: &[&str] = &[
    "id",
    "object",
    "allow_promotion_codes",
    "amount_subtotal",
    "amount_total",
    "automatic_tax",
    "billing_address_collection",
    "collected_information",
    "currency",
    "customer_details",
    "expires_at",
    "livemode",
    "payment_method_types",
    "payment_status",
    "phone_number_collection",
    "redirect_on_completion",
    "return_url",
    saved::OPTIONS,
    "shipping_address_collection",
    "shipping_cost",
    "shipping_options",
    "status",
    "total_details",
    "ui_mode",
];

/// The session, for a caller with a secret key or with the session's client secret.
fn opened(state: &State, call: &mut Call) -> Result<Value, Error> {
    let session = get(state, &call.id())?;
    match call.params.text("client_secret")? {
        None if call.caller == Caller::Publishable => Err(call.params.missing("client_secret")),
        Some(secret) if secret != text(&session, "client_secret") => {
            let message = "The client_secret is not this session's.";
            Err(Error::invalid(message).param("client_secret"))
        }
        _ => Ok(session),
    }
}

/// The session as this caller sees it: a browser does not see metadata.
fn seen_by(state: &State, caller: Caller, session: &Value) -> Value {
    if caller != Caller::Publishable {
        return session.clone();
    }
    let id = text(session, "id");
    let shown = SHOWN
        .iter()
        .map(|name| ((*name).to_owned(), session[*name].clone()));
    let mut page = Value::from(shown.collect::<Map<_, _>>());
    page["payment_intent"] = Value::Null;
    page["setup_intent"] = Value::Null;
    if let Some(intent) = state.store.find(&payment::intent_of(state, session)) {
        let kind = text(intent, "object");
        page[kind] = match kind {
            setup_intent::KIND => setup_intent::seen_by(caller, intent),
            _ => payment_intent::seen_by(caller, intent),
        };
    }
    page["needs_payment_method"] = subscription::needs_method(session).into();
    page["recurring"] = subscription::shown(state, session);
    page["can_confirm"] = can_confirm(state, session).into();
    page["discounts"] = discounts::shown(state, session);
    page["line_items"] = json!(state.lines.get(id));
    page["saved_payment_methods"] = saved::shown(state, session).into();
    page["minor_units_divisor"] = money::divisor(text(session, "currency")).into();
    expand::expand(
        &state.store,
        &mut page,
        &["shipping_options.shipping_rate".to_owned()],
    );
    page
}

/// Returns true when the payer entered what the session requires, but for the payment method.
fn can_confirm(state: &State, session: &Value) -> bool {
    session["status"] == "open"
        && session["customer_details"]["email"].is_string()
        && payer::expect_complete(state, session).is_ok()
}

pub(super) fn retrieve(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let session = opened(state, &mut call)?;
    call.params.accept(&["_stripe_version"]);
    call.params.finish()?;
    Ok(seen_by(state, call.caller, &session))
}

/// Enters an address, a code, a shipping rate or the like.
pub(super) fn enter(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let session = opened(state, &mut call)?;
    expect_own_form(&session, call.caller)?;
    let session = payment::enter(state, text(&session, "id"), call.params)?;
    Ok(seen_by(state, call.caller, &session))
}

/// Pays a session; a challenge leads back to `return_url`, by default the session's.
pub(super) fn confirm(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let (session, caller) = (opened(state, &mut call)?, call.caller);
    expect_own_form(&session, caller)?;
    let known = session["customer_details"]["email"].is_string();
    if caller == Caller::Publishable && !known && !call.params.has("email") {
        return Err(call.params.missing("email"));
    }
    if let Some(url) = call.params.text("return_url")? {
        let url = checked_url(url, "return_url")?;
        state.update(text(&session, "id"), &json!({ "return_url": url }));
    }
    saved::consent(state, text(&session, "id"), &mut call.params)?;
    match payment::confirm(state, call) {
        Ok(session) => Ok(seen_by(state, caller, &session)),
        Err(error) => {
            let error = error.map(payment_intent::KIND, |intent| {
                payment_intent::seen_by(caller, intent)
            });
            Err(error.map(setup_intent::KIND, |intent| {
                setup_intent::seen_by(caller, intent)
            }))
        }
    }
}

/// Removes a saved card of the session's customer.
pub(super) fn remove_method(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let (session, caller) = (opened(state, &mut call)?, call.caller);
    expect_own_form(&session, caller)?;
    saved::remove(state, &session, call)?;
    Ok(seen_by(state, caller, &session))
}

/// Rejects a browser's entries into a session with a page of the sandbox's.
fn expect_own_form(session: &Value, caller: Caller) -> Result<(), Error> {
    if caller != Caller::Publishable || session["ui_mode"] == ui::ELEMENTS {
        return Ok(());
    }
    let message = "A page pays only a session with the ui_mode elements.";
    Err(Error::invalid(message).param("session"))
}
