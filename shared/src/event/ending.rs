//! The end of an unpaid order, which Farebox itself decides.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The reason for a cancellation, in Stripe's words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// The payer left.
    Abandoned,
    /// The customer ordered twice.
    Duplicate,
    /// The order is fraudulent.
    Fraudulent,
    /// The customer asked for it.
    RequestedByCustomer,
}

/// The end of an unpaid order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// A caller canceled it, for a reason if they named one.
    Canceled(Option<CancelReason>),
    /// Its time ran out.
    Expired,
}

impl Ending {
    /// One word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Canceled(_) => "canceled",
            Self::Expired => "expired",
        }
    }
}
