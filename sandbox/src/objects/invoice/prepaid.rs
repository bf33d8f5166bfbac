//! The first invoice of a subscription from Checkout, which the payer paid on the page.

use serde_json::Value;

use super::{payments, status};
use crate::{state::State, store::text};

/// Stores an invoice that this payment intent paid, or that costs nothing; returns it.
///
/// A balance of the customer stays as it is: the page showed the total without it.
pub(crate) fn prepaid(state: &mut State, invoice: Value, intent: Option<&Value>) -> Value {
    let invoice = state.create("invoice.created", invoice);
    let id = text(&invoice, "id");
    payments::show(state, id);
    let invoice = status::open(state, id, 0);
    if let Some(intent) = intent {
        payments::open(state, &invoice, intent);
    }
    status::paid(state, &invoice, intent)
}
