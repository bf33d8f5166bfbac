//! Orders that stand for an invoice of a subscription, so that it can be refunded.
//!
//! Nobody placed such an order. It is created paid, at the first refund of its invoice, and holds
//! the reservations, the keys and the record of refunds as any order does. One payment has one
//! order: the first invoice of an order's subscription gets none, since that order has its payment.
//! Lists leave these orders out, and the site hears of the invoice instead of the order.

use super::{Order, OrderDetails, OrderId, facts::Paid, first_invoice::FirstInvoice};
use crate::{digest, event::InvoiceToRefund};

/// The prefix of these orders' ids. The site may use it as well.
const PREFIX: &str = "inv_";

impl OrderId {
    /// The id of the order that stands for the invoice with the id `invoice`; the same each time.
    #[must_use]
    pub fn of_invoice(invoice: &str) -> Self {
        let digest = digest::hex(&["invoice", invoice]);
        Self::fitting(format!("{PREFIX}{}", &digest[..24]))
    }

    /// Returns true when it may be the id of an order that stands for an invoice.
    #[must_use]
    pub fn may_be_of_invoice(&self) -> bool {
        self.as_str().starts_with(PREFIX)
    }
}

impl Order {
    /// Creates the order with `id` that stands for `invoice`, at `now` (Unix seconds).
    pub(crate) fn of_invoice(id: OrderId, invoice: &InvoiceToRefund, now: i64) -> Self {
        let contents = OrderDetails::of(invoice.amount);
        let mut order = Self::new(id, invoice.owner.clone(), contents, now);
        order.is_of_invoice = true;
        order.facts.subscribed(FirstInvoice {
            subscription: invoice.subscription.clone(),
            invoice: Some(invoice.id.clone()),
            intent: Some(invoice.payment_intent.clone()),
        });
        order.facts.paid(Paid {
            is_estimate: true,
            at: invoice.paid_at,
            digest: order.first.digest.clone(),
            intent: None,
            totals: None,
            authorized: None,
        });
        order
    }

    /// The invoice that the order stands for, `in_…`; `None` for an order that a caller placed.
    #[must_use]
    pub fn invoice(&self) -> Option<&str> {
        let invoice = self.facts.first_invoice().filter(|_| self.is_of_invoice);
        invoice?.invoice.as_deref()
    }
}
