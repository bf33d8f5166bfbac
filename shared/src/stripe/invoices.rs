//! Invoices of subscriptions, as far as a refund depends on them.

use serde::Deserialize;
use stripe::StripeRequest as _;
use stripe_checkout::checkout_session::ListCheckoutSession;

use super::{Stripe, StripeError, sessions};
use crate::{
    event::{CheckoutSession, InvoiceParent},
    subscription::objects::List,
};

/// An invoice, and what paid it.
#[derive(Debug, Deserialize)]
pub struct StripeInvoice {
    /// `in_…`
    pub id: String,
    /// `draft`, `open`, `paid`, `uncollectible` or `void`.
    pub status: Option<String>,
    /// `cus_…`
    pub customer: Option<String>,
    /// The paid amount, in minor units.
    #[serde(default)]
    pub amount_paid: i64,
    status_transitions: Option<Transitions>,
    #[serde(flatten)]
    parent: InvoiceParent,
    payments: Option<List<Payment>>,
}

#[derive(Debug, Deserialize)]
struct Transitions {
    paid_at: Option<i64>,
}

#[derive(Debug, Deserialize)]
struct Payment {
    status: Option<String>,
    amount_paid: Option<i64>,
    payment: Option<PaidBy>,
}

#[derive(Debug, Deserialize)]
struct PaidBy {
    payment_intent: Option<String>,
}

impl StripeInvoice {
    /// Its subscription, `sub_…`.
    #[must_use]
    pub fn subscription(&self) -> Option<String> {
        self.parent.subscription()
    }

    /// The time of its payment, in Unix seconds.
    #[must_use]
    pub fn paid_at(&self) -> Option<i64> {
        self.status_transitions.as_ref()?.paid_at
    }

    /// The payment intent that alone paid it, `pi_…`, and the amount of that in minor units. `None`
    /// where several payments did, or none, as for an invoice that was paid outside Stripe.
    #[must_use]
    pub fn only_payment(&self) -> Option<(&str, i64)> {
        let payments = self.payments.as_ref().filter(|list| !list.has_more)?;
        let is_paid = |one: &&Payment| one.status.as_deref() == Some("paid");
        let mut paid = payments.data.iter().filter(is_paid);
        let (only, None) = (paid.next()?, paid.next()) else {
            return None;
        };
        let intent = only.payment.as_ref()?.payment_intent.as_deref()?;
        Some((intent, only.amount_paid?))
    }
}

impl Stripe {
    /// The invoice with `id`, with what paid it.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn invoice_to_refund(&self, id: &str) -> Result<StripeInvoice, StripeError> {
        let query = "expand[]=payments".to_owned();
        self.get(format!("/invoices/{id}"), query).await
    }

    /// The Checkout Session that began the subscription with the id `subscription`; `None` where
    /// none did.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn session_of_subscription(
        &self,
        subscription: &str,
    ) -> Result<Option<CheckoutSession>, StripeError> {
        let list = ListCheckoutSession::new().subscription(subscription);
        let list = list.limit(1).build();
        let page: sessions::Page = list.customize().send(self).await?;
        Ok(page.data.into_iter().next())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn payment(status: &str, paid_by: &Value) -> Value {
        json!({ "status": status, "amount_paid": 1900, "payment": paid_by })
    }

    fn paid_by(payments: &[Value], has_more: bool) -> Option<(String, i64)> {
        let invoice = json!({ "id": "in_1", "status": "paid", "customer": "cus_1",
            "amount_paid": 1900, "payments": { "data": payments, "has_more": has_more } });
        let invoice: StripeInvoice = serde_json::from_value(invoice).unwrap();
        let only = invoice.only_payment();
        only.map(|(intent, amount)| (intent.to_owned(), amount))
    }

    #[test]
    fn one_payment_intent_alone_pays_a_refundable_invoice() {
        let intent = json!({ "type": "payment_intent", "payment_intent": "pi_1" });
        let outside = json!({ "type": "payment_record", "payment_record": "prec_1" });
        let paid = payment("paid", &intent);
        let canceled = payment("canceled", &intent);

        let only = Some(("pi_1".to_owned(), 1900));
        assert_eq!(paid_by(&[canceled.clone(), paid.clone()], false), only);
        assert_eq!(paid_by(&[paid.clone(), paid.clone()], false), None);
        assert_eq!(
            paid_by(std::slice::from_ref(&paid), true),
            None,
            "further payments"
        );
        assert_eq!(paid_by(&[payment("paid", &outside)], false), None);
        assert_eq!(paid_by(&[canceled], false), None);
        assert_eq!(paid_by(&[], false), None);
    }
}
