//! Invoice payments: which payment intent pays an invoice. An invoice shows them, and the secret
//! of its payment, only to a request that expands them.

use serde_json::{Value, json};

use super::KIND;
use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    route::Call,
    state::State,
    store::{number, text},
};

/// Stripe's name for this kind of object.
const PAYMENT: &str = "invoice_payment";

/// Creates the payment of a finalized invoice by this intent.
pub(super) fn open(state: &mut State, invoice: &Value, intent: &Value) {
    let id = text(invoice, "id");
    let payment = json!({
        "id": ids::long("inpay_1"),
        "object": PAYMENT,
        "amount_paid": null,
        "amount_requested": invoice["amount_due"],
        "created": now(),
        "currency": invoice["currency"],
        "invoice": id,
        "is_default": true,
        "livemode": false,
        "payment": { "payment_intent": intent["id"], "type": "payment_intent" },
        "status": "open",
        "status_transitions": { "canceled_at": null, "paid_at": null },
    });
    let known = (text(intent, "id").to_owned(), id.to_owned());
    state.billing.invoices.insert(known.0, known.1);
    state.store.insert(payment);
    let secret = json!({ "client_secret": intent["client_secret"], "type": "payment_intent" });
    state.store.include(id, "confirmation_secret", secret);
    show(state, id);
}

/// Records that an invoice's payment succeeded.
pub(super) fn paid(state: &mut State, invoice: &str, amount: i64) {
    let Some(payment) = of(state, invoice)
        .into_iter()
        .find(|payment| payment["status"] == "open")
    else {
        return;
    };
    let patch = json!({
        "amount_paid": amount,
        "status": "paid",
        "status_transitions": { "canceled_at": null, "paid_at": now() },
    });
    state.change_object("invoice_payment.paid", text(&payment, "id"), &patch);
    show(state, invoice);
}

/// Records that an invoice's payments are not needed any more.
pub(super) fn cancel(state: &mut State, invoice: &str) {
    for payment in of(state, invoice) {
        if payment["status"] == "open" {
            let patch = json!({
                "status": "canceled",
                "status_transitions": { "canceled_at": now(), "paid_at": null },
            });
            state.update(text(&payment, "id"), &patch);
        }
    }
    show(state, invoice);
}

/// The payment intent of an invoice; empty without one.
pub(crate) fn intent_of(state: &State, invoice: &str) -> String {
    let payments = of(state, invoice);
    let last = payments
        .last()
        .map(|last| text(&last["payment"], "payment_intent"));
    last.unwrap_or_default().to_owned()
}

/// Brings the list up to date that a request may expand.
pub(super) fn show(state: &mut State, invoice: &str) {
    let list = json!({
        "object": "list",
        "data": of(state, invoice),
        "has_more": false,
        "url": format!("/v1/invoice_payments?invoice={invoice}"),
    });
    state.store.include(invoice, "payments", list);
}

fn of(state: &State, invoice: &str) -> Vec<Value> {
    let mut included = state.store.included(invoice);
    let shown = included.find(|(field, _)| *field == "payments");
    let shown = shown.and_then(|(_, list)| list["data"].as_array());
    let ids = shown
        .into_iter()
        .flatten()
        .map(|payment| text(payment, "id"));
    let mut known: Vec<&str> = ids.collect();
    // A new payment is the newest object of its kind.
    if let Some(newest) = state.store.ids(PAYMENT).last()
        && !known.contains(&newest.as_str())
    {
        known.push(newest);
    }
    let payments = known.into_iter().filter_map(|id| state.store.find(id));
    payments
        .filter(|payment| payment["invoice"] == *invoice)
        .cloned()
        .collect()
}

pub(super) fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(PAYMENT, &id, "id").cloned()
}

/// Lists payments: those of an invoice, or those by a payment intent.
pub(super) fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let page = Page::read(params)?;
    let invoice = params.text("invoice")?;
    let status = params.choice("status", &["canceled", "open", "paid"])?;
    let mut intent = None;
    if let Some(mut payment) = params.nested("payment")? {
        payment.choice("type", &["payment_intent", "charge"])?;
        intent = payment.text("payment_intent")?;
        payment.finish()?;
    }
    call.params.finish()?;
    if let Some(id) = &invoice {
        state.store.get(KIND, id, "invoice")?;
    }
    page.of(&state.store, PAYMENT, "/v1/invoice_payments", |payment| {
        is(&payment["invoice"], invoice.as_ref())
            && is(&payment["status"], status.as_ref())
            && is(&payment["payment"]["payment_intent"], intent.as_ref())
    })
}

/// The amount that an invoice's payments brought.
pub(super) fn amount(invoice: &Value) -> i64 {
    number(invoice, "amount_due")
}
