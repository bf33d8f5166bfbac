//! The states of an invoice: draft, open, paid, void and uncollectible.

use serde_json::{Value, json};

use super::{PAGES, draft, next_number, payments, subscription_of};
use crate::{
    billing::DAY,
    clock::now,
    ids, money,
    objects::{payment_intent, subscription},
    state::State,
    store::{number, text},
};

/// Finalizes a draft: it has a number, a page and, if anything is due, a payment intent. One that
/// costs nothing is paid.
pub(crate) fn finalize(state: &mut State, id: &str) -> Value {
    let balance = balance_of(state, id);
    let invoice = open(state, id, balance);
    if number(&invoice, "amount_due") == 0 {
        return paid(state, &invoice, None);
    }
    let intent = payment_intent::of_invoice(state, &invoice);
    payments::open(state, &invoice, &intent);
    invoice
}

/// Makes a draft final, with this balance of its customer.
pub(super) fn open(state: &mut State, id: &str, balance: i64) -> Value {
    let mut invoice = state.store.find(id).cloned().unwrap_or_default();
    draft::total(&mut invoice, balance);
    let minimum = money::minimum(text(&invoice, "currency"));
    let left = draft::left(number(&invoice, "total"), balance, minimum);
    let customer = text(&invoice, "customer").to_owned();
    if left != balance {
        state.change_object("customer.updated", &customer, &json!({ "balance": left }));
    }
    let secret = ids::secret("invst_");
    let page = format!("{}{PAGES}{secret}", state.url);
    state.billing.pages.insert(secret, id.to_owned());
    let mut times = invoice["status_transitions"].clone();
    times["finalized_at"] = now().into();
    invoice["automatically_finalizes_at"] = Value::Null;
    invoice["effective_at"] = now().into();
    invoice["ending_balance"] = left.into();
    invoice["hosted_invoice_url"] = page.into();
    invoice["number"] = next_number(state, &customer).into();
    invoice["status"] = "open".into();
    invoice["status_transitions"] = times;
    invoice["webhooks_delivered_at"] = now().into();
    if let Some(at) = due_date(state, &invoice) {
        invoice["due_date"] = at.into();
        invoice["next_payment_attempt"] = Value::Null;
        state.wake(&invoice, at, draft::RANK);
    }
    state.change_object("invoice.finalized", id, &invoice)
}

/// When an invoice that is sent has to be paid.
fn due_date(state: &State, invoice: &Value) -> Option<u64> {
    let held = state.store.find(subscription_of(invoice))?;
    let days = held["days_until_due"].as_u64()?;
    (invoice["collection_method"] == "send_invoice").then(|| now() + days * DAY)
}

/// Records that an invoice was not paid when it was due.
pub(super) fn overdue(state: &mut State, invoice: &Value) {
    state.emit("invoice.overdue", invoice, None);
    subscription::on_failed(state, invoice, false);
}

fn balance_of(state: &State, invoice: &str) -> i64 {
    let invoice = state.store.find(invoice).unwrap_or(&Value::Null);
    let customer = state.store.find(text(invoice, "customer"));
    customer.map_or(0, |customer| number(customer, "balance"))
}

/// Records that an invoice is paid, by this payment intent if it cost anything.
pub(super) fn paid(state: &mut State, invoice: &Value, intent: Option<&Value>) -> Value {
    let id = text(invoice, "id");
    let mut times = invoice["status_transitions"].clone();
    times["paid_at"] = now().into();
    let counts = intent.is_some() && counts(state, invoice);
    let patch = json!({
        "amount_paid": intent.map_or(0, |_| payments::amount(invoice)),
        "amount_remaining": 0,
        "attempt_count": number(invoice, "attempt_count") + i64::from(counts),
        "attempted": true,
        "auto_advance": false,
        "next_payment_attempt": null,
        "status": "paid",
        "status_transitions": times,
    });
    if let Some(intent) = intent {
        payments::paid(state, id, number(intent, "amount_received"));
    }
    let invoice = state.change_object("invoice.updated", id, &patch);
    state.emit("invoice.paid", &invoice, None);
    state.emit("invoice.payment_succeeded", &invoice, None);
    subscription::on_paid(state, &invoice, intent);
    invoice
}

/// Records that an invoice was paid without the sandbox.
pub(super) fn paid_outside(state: &mut State, invoice: &Value) -> Value {
    cancel_payment(state, text(invoice, "id"));
    let amounts = json!({ "amount_paid": invoice["amount_due"] });
    let paid = paid(state, invoice, None);
    state.update(text(&paid, "id"), &amounts)
}

/// Returns true when an attempt counts: the first one, and those of the sandbox itself.
fn counts(state: &State, invoice: &Value) -> bool {
    state.billing.collecting || number(invoice, "attempt_count") == 0
}

/// Records that a bank debit of an invoice is under way: it is not collected again meanwhile.
pub(super) fn processing(state: &mut State, invoice: &Value) {
    let counts = counts(state, invoice);
    if counts {
        state.billing.debits.insert(text(invoice, "id").to_owned());
    }
    let patch = json!({
        "attempt_count": number(invoice, "attempt_count") + i64::from(counts),
        "attempted": true,
        "next_payment_attempt": null,
    });
    let invoice = state.change_object("invoice.updated", text(invoice, "id"), &patch);
    subscription::on_processing(state, &invoice);
}

/// Records a failed attempt, or one that needs the payer.
pub(super) fn failed(state: &mut State, invoice: &Value, needs_payer: bool) -> Value {
    let counts = counts(state, invoice);
    let count = number(invoice, "attempt_count") + i64::from(counts);
    let counts = counts || state.billing.debits.remove(text(invoice, "id"));
    let mut patch = json!({ "attempt_count": count, "attempted": true });
    let mut is_last = false;
    if counts && subscription::retries(state, invoice) {
        let next = state.billing.next_attempt(now(), count);
        is_last = next.is_none();
        patch["next_payment_attempt"] = json!(next);
        patch["auto_advance"] = next.is_some().into();
        if let Some(at) = next {
            state.wake(invoice, at, draft::RANK);
        }
    } else if counts {
        patch["next_payment_attempt"] = Value::Null;
        patch["auto_advance"] = false.into();
    }
    let invoice = state.change_object("invoice.updated", text(invoice, "id"), &patch);
    if needs_payer {
        state.emit("invoice.payment_action_required", &invoice, None);
    }
    state.emit("invoice.payment_failed", &invoice, None);
    subscription::on_failed(state, &invoice, is_last);
    invoice
}

/// Voids an invoice, and cancels its payment.
pub(crate) fn void(state: &mut State, id: &str) -> Value {
    let invoice = close(state, id, "invoice.voided", "void", "voided_at");
    cancel_payment(state, id);
    subscription::on_closed(state, &invoice);
    invoice
}

/// Marks an invoice as uncollectible; it can still be paid.
pub(crate) fn mark_uncollectible(state: &mut State, id: &str) -> Value {
    let event = "invoice.marked_uncollectible";
    let invoice = close(state, id, event, "uncollectible", "marked_uncollectible_at");
    subscription::on_closed(state, &invoice);
    invoice
}

fn close(state: &mut State, id: &str, event: &str, status: &str, time: &str) -> Value {
    let invoice = state.store.find(id).cloned().unwrap_or_default();
    let mut times = invoice["status_transitions"].clone();
    times[time] = now().into();
    let patch = json!({
        "auto_advance": false,
        "automatically_finalizes_at": null,
        "next_payment_attempt": null,
        "status": status,
        "status_transitions": times,
    });
    state.change_object(event, id, &patch)
}

fn cancel_payment(state: &mut State, id: &str) {
    let intent = payments::intent_of(state, id);
    payment_intent::cancel_with_invoice(state, &intent);
    payments::cancel(state, id);
}

/// Stops the collection of an open invoice, or the advance of a draft.
pub(crate) fn stop(state: &mut State, id: &str) {
    let patch = json!({
        "auto_advance": false, "automatically_finalizes_at": null, "next_payment_attempt": null,
    });
    state.change_object("invoice.updated", id, &patch);
}
