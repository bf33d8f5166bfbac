//! Bank transfers and vouchers: the payer goes to their bank, or to a shop, and the money comes later.

use serde_json::json;

use super::{Chosen, shape};
use crate::cards::Behaviour;

/// The kinds that there are; neither has details.
pub(super) const KINDS: &[&str] = &["customer_balance", "konbini"];

/// A payment method of this kind.
pub(super) fn chosen(kind: &str) -> Chosen {
    Chosen {
        object: shape(kind, json!({})),
        behaviour: Behaviour::Awaited,
    }
}
