//! Later use of the payment method that pays an order.

use serde::{Deserialize, Serialize};

/// The later payments for which Stripe saves the payment method: `setup_future_usage`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FutureUsage {
    /// Payments in the payer's presence.
    OnSession,
    /// Payments in the payer's absence as well.
    OffSession,
}

impl FutureUsage {
    /// Reads Stripe's word.
    ///
    /// # Errors
    ///
    /// A text that reads on from the field's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "on_session" => Ok(Self::OnSession),
            "off_session" => Ok(Self::OffSession),
            _ => Err("must be on_session or off_session"),
        }
    }

    /// Stripe's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OnSession => "on_session",
            Self::OffSession => "off_session",
        }
    }
}
