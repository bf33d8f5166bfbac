//! Drafts of the invoices of subscriptions and customers.

use serde_json::{Value, json};

use super::shape;
use crate::{
    ids, money,
    objects::invoice_item,
    state::State,
    store::{number, text},
};

/// The time in which a draft can still change, in seconds.
const OPEN_FOR: u64 = 3600;
/// The rank of an invoice's timers: after those of its subscription.
pub(super) const RANK: u8 = 2;

/// A new invoice.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// The id of its customer.
    pub(crate) customer: &'a str,
    /// In lower case.
    pub(crate) currency: &'a str,
    /// Its subscription, if it has one.
    pub(crate) subscription: Option<&'a Value>,
    /// Its `billing_reason`.
    pub(crate) reason: &'a str,
    /// Its lines, in order.
    pub(crate) lines: Vec<Value>,
    /// The time whose usage and invoice items it has.
    pub(crate) period: (u64, u64),
}

impl Draft<'_> {
    /// The invoice in Stripe's form; stores nothing.
    pub(crate) fn shape(&self, state: &State) -> Value {
        let id = ids::long("in_1");
        let mut invoice = shape::empty(&id, &self.currency.into());
        let customer = state.store.find(self.customer).cloned().unwrap_or_default();
        shape::extend(&mut invoice, &payer(&customer));
        invoice["billing_reason"] = self.reason.into();
        (invoice["period_start"], invoice["period_end"]) =
            (self.period.0.into(), self.period.1.into());
        if let Some(subscription) = self.subscription {
            shape::extend(&mut invoice, &of_subscription(subscription));
        }
        let mut lines = self.lines.clone();
        for line in &mut lines {
            line["invoice"] = id.clone().into();
        }
        invoice["lines"]["data"] = lines.into();
        total(&mut invoice, number(&customer, "balance"));
        invoice
    }

    /// Stores the invoice as a draft.
    pub(crate) fn create(&self, state: &mut State) -> Value {
        let invoice = self.shape(state);
        let id = text(&invoice, "id").to_owned();
        for line in invoice["lines"]["data"].as_array().into_iter().flatten() {
            let details = ["subscription_item_details", "invoice_item_details"];
            let items = details.map(|kind| text(&line["parent"][kind], "invoice_item"));
            for item in items.into_iter().filter(|item| !item.is_empty()) {
                invoice_item::put_on(state, item, &id);
            }
        }
        let invoice = state.create("invoice.created", invoice);
        super::payments::show(state, &id);
        invoice
    }
}

/// Lets a draft be finalized and collected in an hour.
pub(crate) fn advance(state: &mut State, invoice: &Value) -> Value {
    let at = number(invoice, "created").unsigned_abs() + OPEN_FOR;
    state.wake(invoice, at, RANK);
    let patch = json!({
        "auto_advance": true,
        "automatically_finalizes_at": at,
        "next_payment_attempt": at,
    });
    state.update(text(invoice, "id"), &patch)
}

/// Adds a line to a draft.
pub(crate) fn add_line(state: &mut State, id: &str, mut line: Value) {
    let mut invoice = state.store.find(id).cloned().unwrap_or_default();
    line["invoice"] = id.into();
    if let Some(lines) = invoice["lines"]["data"].as_array_mut() {
        lines.push(line);
    }
    let balance = number(&invoice, "starting_balance");
    total(&mut invoice, balance);
    state.change_object("invoice.updated", id, &invoice);
}

/// Adds up the lines, and applies the balance of the customer; a negative balance is a credit.
pub(super) fn total(invoice: &mut Value, balance: i64) {
    let lines = invoice["lines"]["data"].as_array();
    let lines: Vec<&Value> = lines.into_iter().flatten().collect();
    let subtotal: i64 = lines.iter().map(|line| number(line, "amount")).sum();
    let discounts = lines
        .iter()
        .filter_map(|line| line["discount_amounts"].as_array());
    let discount: i64 = discounts.flatten().map(|one| number(one, "amount")).sum();
    let total = subtotal - discount;
    let due = due(total, balance, money::minimum(text(invoice, "currency")));
    shape::extend(
        invoice,
        &json!({
            "amount_due": due,
            "amount_remaining": due,
            "starting_balance": balance,
            "subtotal": subtotal,
            "subtotal_excluding_tax": subtotal,
            "total": total,
            "total_discount_amounts": match discount {
                0 => json!([]),
                amount => json!([{ "amount": amount, "discount": null }]),
            },
            "total_excluding_tax": total,
        }),
    );
}

/// The amount to collect: nothing when it is too small to charge.
fn due(total: i64, balance: i64, minimum: i64) -> i64 {
    match total + balance {
        sum if total < 0 || sum < minimum => 0,
        sum => sum,
    }
}

/// The customer's balance after an invoice.
pub(super) fn left(total: i64, balance: i64, minimum: i64) -> i64 {
    total + balance - due(total, balance, minimum)
}

fn payer(customer: &Value) -> Value {
    json!({
        "customer": customer["id"],
        "customer_address": customer["address"],
        "customer_email": customer["email"],
        "customer_name": customer["name"],
        "customer_phone": customer["phone"],
        "customer_shipping": customer["shipping"],
        "customer_tax_exempt": customer["tax_exempt"],
        "test_clock": customer["test_clock"],
    })
}

fn of_subscription(subscription: &Value) -> Value {
    json!({
        "collection_method": subscription["collection_method"],
        "description": subscription["description"],
        "parent": {
            "quote_details": null,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
    })
}

#[cfg(test)]
mod tests {
    use super::{due, left};

    #[test]
    fn a_balance_and_what_is_too_small_to_charge_are_kept_and_nothing_is_lost() {
        for (total, balance, collected, kept) in [
            (1000, 0, 1000, 0),
            (1000, -300, 700, 0),
            (1000, -1500, 0, -500),
            (1000, 200, 1200, 0),
            (-400, -100, 0, -500),
            (-400, 100, 0, -300),
            (0, -100, 0, -100),
            (49, 0, 0, 49),
            (49, 1, 50, 0),
            (500, -460, 0, 40),
        ] {
            assert_eq!(
                (due(total, balance, 50), left(total, balance, 50)),
                (collected, kept)
            );
            assert_eq!(total + balance, collected + kept, "{total} {balance}");
        }
    }
}
