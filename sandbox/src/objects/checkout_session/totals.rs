//! The amounts of a session and its lines, from its discount, its shipping rate and the tax at the
//! payer's address.
//!
//! `amount_subtotal` has neither discounts nor added taxes. `amount_total` is the subtotal less the
//! discount, with shipping and added taxes. A tax inside a price counts in `amount_tax` alone.

use serde_json::{Value, json};

use super::{discounts, shipping};
use crate::{
    error::Error,
    money,
    objects::price,
    state::State,
    store::{number, text},
    tax,
};

/// The objects that a session refers to: stored ones, and those that its request describes.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) state: &'a State,
    pub(super) new: &'a [Value],
}

impl<'a> Known<'a> {
    pub(super) fn find(self, id: &str) -> Option<&'a Value> {
        let new = self.new.iter().find(|object| object["id"] == *id);
        new.or_else(|| self.state.store.find(id))
    }
}

/// The cost of a line or of shipping.
#[derive(Default)]
struct Cost {
    subtotal: i64,
    discount: i64,
    tax: i64,
    total: i64,
}

/// Computes all amounts of a session and of its lines.
pub(super) fn apply(
    known: Known<'_>,
    session: &mut Value,
    items: &mut [Value],
) -> Result<(), Error> {
    let rate = tax_rate(known.state, session);
    let discounts = discounts::by_line(known.state, session, items)?;
    let mut sum = Cost::default();
    for (item, discount) in items.iter_mut().zip(discounts) {
        let cost = line(known, item, discount, rate);
        item["amount_discount"] = cost.discount.into();
        item["amount_tax"] = cost.tax.into();
        item["amount_total"] = cost.total.into();
        sum.subtotal += cost.subtotal;
        sum.discount += cost.discount;
        sum.tax += cost.tax;
        sum.total += cost.total;
    }
    let shipped = shipped(known, session, rate);
    if !session["shipping_cost"].is_null() {
        session["shipping_cost"]["amount_subtotal"] = shipped.subtotal.into();
        session["shipping_cost"]["amount_tax"] = shipped.tax.into();
        session["shipping_cost"]["amount_total"] = shipped.total.into();
    }
    session["amount_subtotal"] = sum.subtotal.into();
    session["amount_total"] = (sum.total + shipped.total).into();
    session["total_details"] = json!({
        "amount_discount": sum.discount,
        "amount_shipping": shipped.subtotal,
        "amount_tax": sum.tax + shipped.tax,
    });
    if session["automatic_tax"]["enabled"] == true {
        let status = rate.map_or("requires_location_inputs", |_| "complete");
        session["automatic_tax"]["status"] = status.into();
    }
    payable(session)
}

fn line(known: Known<'_>, item: &Value, discount: i64, rate: Option<i64>) -> Cost {
    let (price, currency) = (&item["price"], text(item, "currency"));
    let product = known.find(text(price, "product")).unwrap_or(&Value::Null);
    let price = price::in_currency(&known.state.store, price, currency);
    let behavior = price.unwrap_or_default()["tax_behavior"].clone();
    let rate = rate.filter(|_| product["tax_code"] != tax::NONTAXABLE);
    let inclusive = behavior == "inclusive";
    cost(
        number(item, "amount_subtotal"),
        discount,
        rate,
        inclusive,
        currency,
    )
}

fn shipped(known: Known<'_>, session: &Value, rate: Option<i64>) -> Cost {
    let currency = text(session, "currency");
    let Some((chosen, amount, behavior)) = shipping::chosen(known, session) else {
        return Cost::default();
    };
    let rate = rate.filter(|_| chosen["tax_code"] != tax::NONTAXABLE);
    cost(amount, 0, rate, behavior == "inclusive", currency)
}

/// The cost after a discount; a behaviour that is not specified adds the tax.
fn cost(subtotal: i64, discount: i64, rate: Option<i64>, inclusive: bool, currency: &str) -> Cost {
    let rest = subtotal - discount;
    let tax = rate.map_or(0, |rate| tax::on(rest, rate, inclusive, currency));
    let added = if inclusive { 0 } else { tax };
    Cost {
        subtotal,
        discount,
        tax,
        total: rest + added,
    }
}

/// The rate at the payer's place; `None` without automatic tax, or before the place is known.
fn tax_rate(state: &State, session: &Value) -> Option<i64> {
    let address = location(state, session)?;
    let enabled = session["automatic_tax"]["enabled"] == true;
    let exempt = !matches!(
        text(&session["customer_details"], "tax_exempt"),
        "" | "none"
    );
    let rate = tax::rate(text(&address, "country"), text(&address, "state"));
    enabled.then_some(if exempt { 0 } else { rate })
}

/// The address that decides the tax: where the goods go, when the session collects that; else the
/// saved shipping address of the customer, or the billing address.
pub(super) fn location(state: &State, session: &Value) -> Option<Value> {
    let shipped_to = &session["collected_information"]["shipping_details"]["address"];
    let customer = state.store.find(text(session, "customer"));
    let saved = customer.map_or(&Value::Null, |customer| &customer["shipping"]["address"]);
    let billing = &session["customer_details"]["address"];
    let addresses = match session["shipping_address_collection"].is_null() {
        true => vec![saved, billing],
        false => vec![shipped_to],
    };
    let mut known = addresses.into_iter();
    known
        .find(|address| address["country"].is_string())
        .cloned()
}

/// Checks that the total can be charged, or is zero.
fn payable(session: &mut Value) -> Result<(), Error> {
    let (total, currency) = (number(session, "amount_total"), text(session, "currency"));
    let status = if total == 0 {
        "no_payment_required"
    } else {
        "unpaid"
    };
    if total != 0 {
        money::chargeable(total, currency).map_err(of_the_total)?;
    }
    session["payment_status"] = status.into();
    Ok(())
}

/// Rewrites an error about an amount for the total, which is no parameter of a session.
pub(super) fn of_the_total(error: Error) -> Error {
    let worded = |message: &Value| {
        let message = message.as_str().unwrap_or_default();
        Value::from(format!("The session's total: {message}"))
    };
    error.map("message", worded).without("param")
}
