//! Reports refunds and disputes of invoices: they find their subscription, and its caller.
//!
//! An event of theirs names a payment. Stripe tells the invoice that it paid, and so the
//! subscription. The event is about a fact that Stripe does not undo, so its message needs no copy
//! to compare with: its id is that of the refund or dispute in its status, and an event that comes
//! again appends nothing.

use super::{LookError, Looked, SubscriptionService};
use crate::{
    event::{Dispute, Refund},
    store::{Message, Versioned},
    subscription::{
        Reason, Subscription,
        notification::{
            AccessData, DisputeView, InvoiceView, RefundView, ReversalData, SubscriptionView,
        },
    },
};

/// Money of a payment that goes back to the payer.
#[derive(Clone, Copy, Debug)]
pub enum Reversal<'a> {
    /// By the shop.
    Refund(&'a Refund),
    /// By the payer's bank.
    Dispute(&'a Dispute),
}

impl Reversal<'_> {
    /// The payment, `pi_…`.
    #[must_use]
    pub fn payment_intent(&self) -> Option<&str> {
        match self {
            Self::Refund(refund) => refund.payment_intent.as_deref(),
            Self::Dispute(dispute) => dispute.payment_intent.as_deref(),
        }
    }
}

impl SubscriptionService {
    /// The invoice that `payment_intent` paid, and its subscription; `None` for another payment,
    /// and with a key that may not read invoices.
    ///
    /// # Errors
    ///
    /// [`LookError`] when Stripe did not answer.
    pub async fn invoice_of_payment(
        &self,
        payment_intent: &str,
    ) -> Result<Option<(String, String)>, LookError> {
        match self.stripe.invoice_of_payment(payment_intent).await {
            Err(failure) if failure.is_forbidden() => {
                tracing::warn!(
                    cause = %failure,
                    "Farebox cannot tell whether a refund or dispute is of an invoice: let \
                     Stripe's key read Invoices"
                );
                Ok(None)
            }
            paid => Ok(paid?),
        }
    }

    /// The copy of the subscription with `id`, which is fetched where there is none. Its value is
    /// `None` where it is no caller's of this deployment.
    ///
    /// # Errors
    ///
    /// As [`SubscriptionService::look`].
    pub async fn known(&self, id: &str) -> Result<Versioned<Subscription>, LookError> {
        let copy = self.store.subscription(id).await?;
        if copy.value.is_some() {
            return Ok(copy);
        }
        Box::pin(self.look(id, &Reason::Event)).await?;
        Ok(self.store.subscription(id).await?)
    }

    /// Notifies the site of `reversal`, where its payment is that of an invoice of a caller's
    /// subscription.
    ///
    /// # Errors
    ///
    /// As [`SubscriptionService::look`].
    pub async fn report_reversal(&self, reversal: Reversal<'_>) -> Result<Looked, LookError> {
        let Some(intent) = reversal.payment_intent() else {
            return Ok(Looked::default());
        };
        match self.invoice_of_payment(intent).await? {
            Some((invoice, subscription)) => {
                self.report_reversal_of(&invoice, &subscription, reversal)
                    .await
            }
            None => Ok(Looked::default()),
        }
    }

    /// Notifies the site of `reversal`, of the invoice with the id `invoice` of this subscription,
    /// where that is a caller's.
    ///
    /// # Errors
    ///
    /// As [`SubscriptionService::look`].
    pub async fn report_reversal_of(
        &self,
        invoice: &str,
        subscription: &str,
        reversal: Reversal<'_>,
    ) -> Result<Looked, LookError> {
        let copy = self.known(subscription).await?;
        let Some(of) = copy.value else {
            return Ok(Looked::default());
        };
        let account = self.store.billing_account(&of.owner).await?.value;
        let now = self.clock.now();
        let shown = of.invoices.iter().find(|one| one.id == invoice);
        let (refund, dispute) = match reversal {
            Reversal::Refund(refund) => (Some(RefundView::from(refund)), None),
            Reversal::Dispute(dispute) => (None, Some(DisputeView::from(dispute))),
        };
        let data = ReversalData {
            subscription_id: of.id.clone(),
            version: copy.version,
            customer: of.owner.as_str().to_owned(),
            invoice: shown.map(InvoiceView::from),
            invoice_id: invoice.to_owned(),
            refund,
            dispute,
            subscription: SubscriptionView::from(&of),
            access: AccessData::of(&account.unwrap_or_default(), now, self.grace),
        };
        let message = Message::of_reversal(&data, now);
        let messages = vec![message.id.clone()];
        self.store.append_messages(&[message], now).await?;
        Ok(Looked {
            has_changed: false,
            messages,
        })
    }
}
