//! Collection of open invoices: by the sandbox, by the shop, or by the payer.

use serde_json::Value;

use super::{KIND, draft, payments, status};
use crate::{
    clock::{Frozen, now},
    error::Error,
    objects::{payment_intent, payment_method::Chosen, test_clock},
    state::State,
    store::text,
};

/// Attempts to collect an open invoice by itself, by the payment method that counts then. Without
/// one the attempt fails.
pub(crate) fn collect(state: &mut State, id: &str) -> Result<Value, Error> {
    let invoice = state.store.get(KIND, id, "id")?.clone();
    let method = method_of(state, &invoice);
    state.billing.collecting = true;
    let result = match method.as_str() {
        "" => {
            status::failed(state, &invoice, false);
            Err(no_method())
        }
        method => attempt(state, &invoice, method),
    };
    state.billing.collecting = false;
    result
}

/// Attempts to pay an open invoice by this payment method.
pub(super) fn attempt(state: &mut State, invoice: &Value, method: &str) -> Result<Value, Error> {
    let id = text(invoice, "id");
    let intent = payments::intent_of(state, id);
    payment_intent::collect(state, &intent, method)?;
    state.store.get(KIND, id, "id").cloned()
}

/// Pays an open invoice with the payer's payment method, on its page. Returns the payment intent.
pub(crate) fn pay_on_page(
    state: &mut State,
    id: &str,
    method: Chosen,
    back: String,
) -> Result<Value, Error> {
    let invoice = state.store.get(KIND, id, "id")?.clone();
    let _time = test_clock::enter(state, &invoice);
    let intent = payments::intent_of(state, id);
    payment_intent::pay(state, &intent, method, back)
}

/// The payment method of an invoice: its own, its subscription's, or its customer's default.
pub(crate) fn method_of(state: &State, invoice: &Value) -> String {
    let subscription = state.store.find(subscription_of(invoice));
    let customer = state.store.find(text(invoice, "customer"));
    let own = text(invoice, "default_payment_method");
    let of_subscription = subscription.map(|held| text(held, "default_payment_method"));
    let of_customer =
        customer.map(|held| text(&held["invoice_settings"], "default_payment_method"));
    let source = customer.map(|held| text(held, "default_source"));
    let methods = [Some(own), of_subscription, of_customer, source];
    let mut methods = methods.into_iter().flatten();
    methods
        .find(|id| !id.is_empty())
        .unwrap_or_default()
        .to_owned()
}

/// The subscription of an invoice; empty without one.
pub(crate) fn subscription_of(invoice: &Value) -> &str {
    text(&invoice["parent"]["subscription_details"], "subscription")
}

/// Stripe's error for a customer without a payment method.
pub(crate) fn no_method() -> Error {
    let message = "This customer has no attached payment source or default payment method. \
                   Please consider adding a default payment method.";
    Error::invalid(message).code("resource_missing").executed()
}

/// Updates the invoice of a payment intent that just changed, if it has one.
pub(crate) fn follow(state: &mut State, intent: &Value) {
    let invoice = state.billing.invoices.get(text(intent, "id"));
    let Some(invoice) = invoice.and_then(|id| state.store.find(id)).cloned() else {
        return;
    };
    if !matches!(text(&invoice, "status"), "open" | "uncollectible") {
        return;
    }
    let _time = test_clock::enter(state, &invoice);
    match text(intent, "status") {
        "succeeded" => drop(status::paid(state, &invoice, Some(intent))),
        "processing" => status::processing(state, &invoice),
        "requires_action" => drop(status::failed(state, &invoice, true)),
        "requires_payment_method" => drop(status::failed(state, &invoice, false)),
        _ => {}
    }
}

/// Finalizes a draft whose time has come, or attempts to collect an open invoice again.
pub(crate) fn on_timer(state: &mut State, invoice: &Value) {
    let id = text(invoice, "id");
    let due = |field: &str| invoice[field].as_u64().is_some_and(|at| at <= now());
    match text(invoice, "status") {
        "draft" if due("automatically_finalizes_at") => {
            advance(state, id);
        }
        "open" if due("next_payment_attempt") => drop(collect(state, id)),
        "open" if due("due_date") => status::overdue(state, invoice),
        _ => {}
    }
}

/// Sets the timer of an invoice's next step, as when it comes to follow another clock.
pub(crate) fn wake(state: &mut State, invoice: &Value) {
    let at = |field: &str| invoice[field].as_u64();
    let next = match text(invoice, "status") {
        "draft" => at("automatically_finalizes_at"),
        "open" => at("next_payment_attempt").or_else(|| at("due_date")),
        _ => None,
    };
    if let Some(at) = next {
        state.wake(invoice, at, draft::RANK);
    }
}

/// Finalizes an invoice, and collects it unless its customer pays it later.
pub(crate) fn advance(state: &mut State, id: &str) -> Value {
    let invoice = status::finalize(state, id);
    if invoice["status"] == "open" && invoice["collection_method"] == "charge_automatically" {
        // The invoice and its subscription hold the result.
        let _ = collect(state, id);
    }
    state.store.find(id).cloned().unwrap_or_default()
}

/// The frozen time of an invoice's clock.
pub(super) fn time(state: &State, invoice: &Value) -> Frozen {
    test_clock::enter(state, invoice)
}
