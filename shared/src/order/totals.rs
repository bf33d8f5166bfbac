//! The totals of an order: what its lines cost, what Stripe added, and what was paid.
//!
//! An order's offer is its subtotal. A Checkout Session may add a discount, tax and shipping, as
//! far as it was created to. The price of a line may include its tax, so the tax adds between
//! nothing and all of itself to the total.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Mismatch, Order};
use crate::{amount::Amount, checkout::AddedParts, event::CheckoutSession};

/// The parts of an order's amount, in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Totals {
    /// The sum of the lines, before discounts, and without tax that their prices do not include.
    pub subtotal: i64,
    /// The discount.
    pub discount: i64,
    /// The tax, of lines and shipping. The total contains it, whether or not the prices do.
    pub tax: i64,
    /// The cost of shipping, without tax that it does not include.
    pub shipping: i64,
    /// What the payer pays; of a paid order, what Stripe received.
    pub total: i64,
}

/// All amounts of an order, in minor units of its currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderAmounts {
    /// The sum of the items, before discounts, and without tax that their prices do not include.
    pub subtotal: i64,
    /// The discount of a coupon or a promotion code.
    pub discount: i64,
    /// The tax. `total` contains it, whether or not the prices do.
    pub tax: i64,
    /// The cost of shipping, without tax that it does not include.
    pub shipping: i64,
    /// What the payer pays. Of a paid order, it is what Stripe received: after a capture of another
    /// amount than was authorized, the other amounts do not add up to it.
    pub total: i64,
    /// The total of the refunds that succeeded.
    pub refunded: i64,
    /// The total of the refunds that are pending or require the payer's action.
    pub refund_pending: i64,
    /// The amount under open disputes, and lost in others.
    pub disputed: i64,
}

impl Totals {
    /// The totals of an order to which nothing is added.
    #[must_use]
    pub fn of_subtotal(subtotal: i64) -> Self {
        Self {
            subtotal,
            discount: 0,
            tax: 0,
            shipping: 0,
            total: subtotal,
        }
    }

    /// The totals that Stripe reports on `session`.
    pub(super) fn of_session(session: &CheckoutSession) -> Self {
        let details = session.total_details.clone().unwrap_or_default();
        Self {
            subtotal: session.subtotal(),
            discount: details.amount_discount.unwrap_or(0),
            tax: details.amount_tax.unwrap_or(0),
            shipping: details.amount_shipping.unwrap_or(0),
            total: session.amount_total.unwrap_or_default(),
        }
    }

    /// Checks that the parts add up, and that `allowed` has each added one.
    pub(super) fn check(&self, allowed: AddedParts) -> Result<(), Mismatch> {
        let Self {
            subtotal,
            discount,
            tax,
            shipping,
            total,
        } = *self;
        let parts = [
            (discount, allowed.discount),
            (tax, allowed.tax),
            (shipping, allowed.shipping),
        ];
        if parts
            .iter()
            .any(|(part, is_allowed)| *part != 0 && !is_allowed)
        {
            return Err(Mismatch::Part);
        }
        let is_negative = [subtotal, discount, tax, shipping, total]
            .iter()
            .any(|n| *n < 0);
        let untaxed = subtotal
            .checked_sub(discount)
            .and_then(|n| n.checked_add(shipping));
        let added_tax = untaxed.and_then(|untaxed| total.checked_sub(untaxed));
        match added_tax {
            Some(added) if !is_negative && (0..=tax).contains(&added) => Ok(()),
            _ => Err(Mismatch::Sum),
        }
    }
}

impl Order {
    /// The totals: those of the payment, or of its authorization, or of an unpaid order its present
    /// offer.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let offered = self.revision().contents.amount().minor_units();
        let paid = self.facts.paid_totals();
        let authorized = self.authorization().map(|one| one.totals);
        paid.or(authorized)
            .unwrap_or_else(|| Totals::of_subtotal(offered))
    }

    /// What the payer pays; of a paid order, what Stripe received.
    #[must_use]
    pub fn total(&self) -> Amount {
        let currency = self.revision().contents.amount().currency();
        Amount::reported(self.totals().total, currency)
    }

    /// All amounts, in the form of a response.
    #[must_use]
    pub fn amounts(&self) -> OrderAmounts {
        let Totals {
            subtotal,
            discount,
            tax,
            shipping,
            total,
        } = self.totals();
        OrderAmounts {
            subtotal,
            discount,
            tax,
            shipping,
            total,
            refunded: self.refunded_amount(),
            refund_pending: self.refund_pending_amount(),
            disputed: self.disputed_amount(),
        }
    }
}
