//! Reports refunds and disputes of invoices: they find their subscription, and its caller.
//!
//! An event of theirs names a payment. Stripe tells the invoice that it paid, and so the
//! subscription. The event is about a fact that Stripe does not undo, so its message needs no copy
//! to compare with: its id is that of the refund or dispute in its status, and an event that comes
//! again appends nothing.

use super::{LookError, Looked, SubscriptionService};
use crate::{
    event::{Dispute, Refund},
    store::Message,
    subscription::{
        Reason,
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
        let paid = match self.stripe.invoice_of_payment(intent).await {
            Err(failure) if failure.is_forbidden() => {
                tracing::warn!(
                    cause = %failure,
                    "Farebox cannot tell whether a refund or dispute is of an invoice: let \
                     Stripe's key read Invoices"
                );
                None
            }
            paid => paid?,
        };
        let Some((invoice, subscription)) = paid else {
            return Ok(Looked::default());
        };
        let mut copy = self.store.subscription(&subscription).await?;
        if copy.value.is_none() {
            Box::pin(self.look(&subscription, &Reason::Event)).await?;
            copy = self.store.subscription(&subscription).await?;
        }
        // It is no caller's of this deployment.
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
            invoice_id: invoice,
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
