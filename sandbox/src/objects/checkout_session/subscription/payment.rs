//! The payer's attempt: a payment of what is due today, or the set-up of a payment method; then the
//! subscription and its paid invoice.

use serde_json::{Value, json};

use super::terms;
use crate::{
    clock::now,
    error::Error,
    ids,
    objects::{
        checkout_session::{customer, discounts, payer, payment, ui},
        payment_intent,
        payment_method::{self, Chosen},
        setup_intent, subscription, test_clock,
    },
    params::Params,
    state::State,
    store::{number, text},
};

/// Pays what is due today, or sets the payment method up. Returns the intent; `null` without one.
pub(crate) fn pay(
    state: &mut State,
    session: &Value,
    method: Option<Chosen>,
) -> Result<Value, Error> {
    if !super::needs_method(session) && method.is_none() {
        cancel(state, session);
        complete(state, session, None);
        return Ok(Value::Null);
    }
    let method = method.ok_or_else(|| Params::default().missing(payment_method::KIND))?;
    method.fits_types(session)?;
    let method = method.billed_to(&session["customer_details"]);
    let intent = started(state, session, &method);
    let back = ui::back(session, &state.url);
    if number(session, "amount_total") == 0 {
        return setup_intent::pay(state, &intent, method, &back);
    }
    let terms = payment::terms(session);
    state.update(&intent, &terms);
    payment_intent::pay(state, &intent, method, back)
}

/// The intent of an open session; empty before the first attempt.
pub(crate) fn intent(state: &State, session: &Value) -> String {
    let draft = state.drafts.get(text(session, "id"));
    let intent = draft.map(|draft| text(draft, "intent"));
    intent.unwrap_or_default().to_owned()
}

/// The intent that fits what is due: a payment, or a set-up.
fn started(state: &mut State, session: &Value, method: &Chosen) -> String {
    let held = intent(state, session);
    let due = number(session, "amount_total") > 0;
    let kind = match due {
        true => payment_intent::KIND,
        false => setup_intent::KIND,
    };
    if state
        .store
        .find(&held)
        .is_some_and(|held| held["object"] == kind)
    {
        return held;
    }
    cancel(state, session);
    let customer = customer_of(state, session, method.billing_details());
    let made = match due {
        true => first_payment(state, session, &customer),
        false => {
            let made = setup_intent::of_session(&customer, &session["payment_method_types"]);
            state.create("setup_intent.created", made)
        }
    };
    let (id, intent) = (text(session, "id"), text(&made, "id").to_owned());
    if let Some(draft) = state.drafts.get_mut(id) {
        draft["intent"] = intent.clone().into();
    }
    state.sessions.insert(intent.clone(), id.to_owned());
    intent
}

/// The payment of the first invoice, which does not exist yet.
fn first_payment(state: &mut State, session: &Value, customer: &Value) -> Value {
    let draft = state.drafts.get(text(session, "id"));
    let mut intent = draft.map_or(Value::Null, |draft| draft["payment_intent"].clone());
    intent["amount"] = session["amount_total"].clone();
    intent["created"] = now().into();
    intent["customer"] = customer.clone();
    intent["description"] = "Subscription creation".into();
    intent["setup_future_usage"] = "off_session".into();
    state.create("payment_intent.created", intent)
}

/// The customer of a session; makes one of the payer at the first attempt.
fn customer_of(state: &mut State, session: &Value, billing: &Value) -> Value {
    if session["customer"].is_string() {
        return session["customer"].clone();
    }
    let id = text(session, "id");
    let made = state.drafts.get(id).map(|draft| draft["customer"].clone());
    if let Some(made) = made.filter(Value::is_string) {
        return made;
    }
    let made = payment::customer_of(state, session, billing);
    if let Some(draft) = state.drafts.get_mut(id) {
        draft["customer"] = made.clone();
    }
    made
}

/// Cancels the intent of a session that does not need it any more.
pub(crate) fn cancel(state: &mut State, session: &Value) {
    let intent = intent(state, session);
    state.sessions.remove(&intent);
    payment_intent::cancel_with_session(state, &intent);
    setup_intent::cancel_with_session(state, &intent);
}

/// Starts the subscription, by this intent, and completes the session.
pub(crate) fn complete(state: &mut State, session: &Value, intent: Option<&Value>) {
    let id = text(session, "id");
    let billing = billing_of(state, intent);
    let customer = customer_of(state, session, &billing);
    let mut session = session.clone();
    session["customer"] = customer;
    let started = start(state, &session, intent);
    let due = number(&session, "amount_total") > 0;
    let patch = json!({
        "customer": session["customer"],
        "customer_details": payer::details_with(&session, &billing),
        "invoice": started["latest_invoice"],
        "payment_status": if due { "paid" } else { "no_payment_required" },
        "status": "complete",
        "subscription": started["id"],
        "url": null,
    });
    let session = state.update(id, &patch);
    discounts::redeem(state, &session);
    if let Some(draft) = state.drafts.remove(id) {
        customer::update(state, &session, &draft["customer_update"]);
    }
    state.emit("checkout.session.completed", &session, None);
}

fn billing_of(state: &State, intent: Option<&Value>) -> Value {
    let method = intent.and_then(|intent| state.store.find(text(intent, "payment_method")));
    method.map_or_else(payment_method::billing_details, |method| {
        method["billing_details"].clone()
    })
}

fn start(state: &mut State, session: &Value, intent: Option<&Value>) -> Value {
    let id = text(session, "id");
    let customer = text(session, "customer");
    let _time = test_clock::of_customer(state, customer);
    let items = state.lines.get(id).cloned().unwrap_or_default();
    let terms = state
        .drafts
        .get(id)
        .map(|draft| draft["subscription"].clone());
    let mut new = terms::new(customer, &terms.unwrap_or_default(), &items);
    if let Some(intent) = intent {
        new.fields["default_payment_method"] = intent["payment_method"].clone();
    }
    let paid = intent.filter(|intent| intent["object"] == payment_intent::KIND);
    subscription::start_paid(state, &new, |lines| invoiced(lines, &items), paid)
}

/// The lines of the first invoice: with the amounts and discounts of the session, and its one-time
/// lines.
fn invoiced(mut lines: Vec<Value>, items: &[Value]) -> Vec<Value> {
    let billed = |item: &&Value| terms::is_recurring(item) && !terms::is_metered(item);
    for (line, item) in lines.iter_mut().zip(items.iter().filter(billed)) {
        line["amount"] = item["amount_subtotal"].clone();
        line["subtotal"] = item["amount_subtotal"].clone();
        line["discount_amounts"] = discount(item);
    }
    let others = items.iter().filter(|item| !terms::is_recurring(item));
    lines.extend(others.map(one_time));
    lines
}

fn discount(item: &Value) -> Value {
    match number(item, "amount_discount") {
        0 => json!([]),
        amount => json!([{ "amount": amount, "discount": null }]),
    }
}

fn one_time(item: &Value) -> Value {
    let price = &item["price"];
    json!({
        "id": ids::long("il_1"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": discount(item),
        "discountable": true,
        "discounts": [],
        "invoice": null,
        "livemode": false,
        "metadata": {},
        "parent": null,
        "period": { "end": now(), "start": now() },
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": { "price": price["id"], "product": price["product"] },
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subscription": null,
        "subtotal": item["amount_subtotal"],
        "taxes": [],
    })
}
