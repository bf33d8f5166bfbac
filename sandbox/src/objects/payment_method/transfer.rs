//! Bank transfers and vouchers: the payer goes to their bank, or to a shop, and the money comes
//! later.

use serde_json::json;

use super::{Chosen, shape};
use crate::behaviour::Behaviour;

/// The kinds that there are; none has details that matter here.
pub(crate) const KINDS: &[&str] = &[
    "boleto",
    "customer_balance",
    "konbini",
    "multibanco",
    "oxxo",
];

/// The voucher that a currency knows.
pub(crate) fn of_currency(currency: &str) -> Option<&'static str> {
    match currency {
        "brl" => Some("boleto"),
        "jpy" => Some("konbini"),
        "mxn" => Some("oxxo"),
        _ => None,
    }
}

/// A payment method of this kind.
pub(super) fn chosen(kind: &str) -> Chosen {
    Chosen {
        object: shape(kind, json!({})),
        behaviour: Behaviour::PaidElsewhere,
    }
}
