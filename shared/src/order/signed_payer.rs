//! Who buys an order, as the site signed it: for Stripe and the payer's receipt, and never logged.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::Recipient;

/// Who buys, and where the goods go. Its `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SignedPayer {
    /// The e-mail address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// True when Stripe sends the receipt to that address.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_receipt: bool,
    /// The name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The recipient of the goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shipping: Option<Recipient>,
}

impl SignedPayer {
    /// The address to which Stripe sends the receipt.
    #[must_use]
    pub fn receipt_email(&self) -> Option<&str> {
        self.email.as_deref().filter(|_| self.has_receipt)
    }

    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for SignedPayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal data]")
    }
}
