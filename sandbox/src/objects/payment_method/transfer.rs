//! Bank transfers and vouchers: the payer pays later, at a bank or in a shop.

use serde_json::json;

use super::{Chosen, shape};
use crate::behaviour::Behaviour;

/// The kinds; the sandbox needs no details of them.
pub(crate) const KINDS: &[&str] = &[
    "boleto",
    "customer_balance",
    "konbini",
    "multibanco",
    "oxxo",
];

/// The voucher of a currency.
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
