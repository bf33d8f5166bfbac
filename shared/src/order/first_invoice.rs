//! The subscription that an order began, and its first invoice, whose payment intent took the
//! money. Of an order that stands for an invoice, it is that invoice.

use serde::{Deserialize, Serialize};

use super::Order;

/// The subscription of a paid order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FirstInvoice {
    /// `sub_…`
    pub(super) subscription: String,
    /// `in_…`; `None` where the subscription began without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) invoice: Option<String>,
    /// `pi_…`, once it is known; `None` where nothing was due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<String>,
}

impl FirstInvoice {
    /// Both reports as one, in any order.
    pub(super) fn merged(self, other: Self) -> Self {
        let either = |one: Option<String>, other: Option<String>| match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        };
        Self {
            subscription: self.subscription.min(other.subscription),
            invoice: either(self.invoice, other.invoice),
            intent: either(self.intent, other.intent),
        }
    }
}

impl Order {
    /// The subscription that the order began, or whose invoice it stands for, `sub_…`; `None`
    /// before it is paid.
    #[must_use]
    pub fn subscription(&self) -> Option<&str> {
        let first = self.facts.first_invoice();
        first.map(|first| first.subscription.as_str())
    }

    /// Returns true when money was received on the first invoice of the order's subscription, and
    /// the payment intent is not known yet.
    #[must_use]
    pub fn lacks_intent(&self) -> bool {
        let has_money = self.paid_amount().is_some_and(|paid| !paid.is_zero());
        self.subscription().is_some() && has_money && self.intent().is_none()
    }
}
