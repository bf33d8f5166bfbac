//! A paid invoice of a subscription that a caller wants to refund.

use crate::{amount::Amount, ids::CallerId};

/// A paid invoice of a subscription, and the payment that a refund of it returns.
#[derive(Clone, Debug, PartialEq)]
pub struct InvoiceToRefund {
    /// `in_…`
    pub id: String,
    /// The id of the order that it gets, unless an order has its payment.
    pub order: String,
    /// `sub_…`
    pub subscription: String,
    /// The caller whose subscription it is.
    pub owner: CallerId,
    /// `pi_…`
    pub payment_intent: String,
    /// The received amount.
    pub amount: Amount,
    /// The time of the payment, in Unix seconds.
    pub paid_at: i64,
}
