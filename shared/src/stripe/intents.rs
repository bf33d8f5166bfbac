//! Payment intents: one for each way to pay an order on the site's form, made once and changed with
//! it.

use std::collections::{BTreeMap, HashMap};

use stripe::StripeRequest as _;
use stripe_core::payment_intent::{
    CancelPaymentIntent, CancelPaymentIntentCancellationReason, CreatePaymentIntent,
    CreatePaymentIntentAutomaticPaymentMethods, RetrievePaymentIntent, UpdatePaymentIntent,
};

use super::{Redacted, Stripe, StripeError, keys::one_call};
use crate::{
    deployment::Deployment,
    order::{IntentKeys, Order, Revision},
};

/// The fields of a payment intent that we use.
#[derive(Clone, Debug, miniserde::Deserialize)]
pub struct PaymentIntent {
    /// `pi_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// Stripe's status.
    pub status: String,
    /// What the owner's browser confirms the payment with.
    pub client_secret: Redacted,
    /// What we and the site wrote.
    pub metadata: BTreeMap<String, String>,
    /// Why it was canceled, if it was and somebody said so.
    pub cancellation_reason: Option<String>,
}

impl PaymentIntent {
    /// Whether it may be changed to what `order` offers now: for the same money, and not while its
    /// payer answers a challenge, which was for what it is now. Whoever has its form open would
    /// else pay what they never saw; at a lower amount, too, since changes that cross on their way
    /// may arrive in another order than they were made.
    #[must_use]
    pub fn can_follow(&self, order: &Order) -> bool {
        let offered = order.revision().contents.amount();
        self.status != "requires_action"
            && self.currency == offered.currency().as_str()
            && self.amount == offered.minor_units()
    }

    /// The digest of the contents that the intent was last made for.
    #[must_use]
    pub fn contents(&self) -> Option<&str> {
        self.metadata.get(IntentKeys::CONTENTS).map(String::as_str)
    }

    /// This, if it is the intent of `order` for what is offered now.
    ///
    /// # Errors
    ///
    /// [`StripeError::Differs`] names what is not as it was asked.
    pub fn for_order(self, order: &Order) -> Result<Self, StripeError> {
        let revision = order.revision();
        let amount = revision.contents.amount();
        let is_orders =
            self.metadata.get(IntentKeys::ORDER).map(String::as_str) == Some(order.id().as_str());
        let what = match () {
            () if self.amount != amount.minor_units() => "amount",
            () if self.currency != amount.currency().as_str() => "currency",
            () if !is_orders => "order",
            () if self.contents() != Some(&revision.digest) => "contents",
            () => return Ok(self),
        };
        Err(StripeError::Differs(what))
    }
}

impl Stripe {
    /// Makes the intent of `order` for what it offers now, as a payment of the Stripe `customer`
    /// where there is one. Whoever does so for the same order, its same version and the same
    /// customer makes the same intent, until it is closed.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; an intent may have been made all the same, and the next call finds it.
    /// Where the order changed before that call, it was told to nobody, and nobody can pay it.
    pub async fn create_intent(
        &self,
        order: &Order,
        customer: Option<&str>,
    ) -> Result<PaymentIntent, StripeError> {
        let revision = order.revision();
        let amount = revision.contents.amount();
        let methods = CreatePaymentIntentAutomaticPaymentMethods::new(true);
        let number = order.attempt_number().to_string();
        let mut key = vec![
            "create",
            order.id().as_str(),
            order.owner().as_str(),
            &revision.digest,
            // After a way that was closed, the same key would give the same closed one again.
            &number,
        ];
        key.extend(customer);
        let mut intent = CreatePaymentIntent::new(amount.minor_units(), amount.currency())
            .automatic_payment_methods(methods)
            .description(description(order, revision))
            .metadata(self.metadata(order, revision)?);
        if let Some(customer) = customer {
            intent = intent.customer(customer);
        }
        let made: PaymentIntent = self.make(intent.build(), &key).await?;
        made.for_order(order)
    }

    /// The intent with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not give it.
    pub async fn retrieve_intent(&self, id: &str) -> Result<PaymentIntent, StripeError> {
        RetrievePaymentIntent::new(id)
            .build()
            .customize()
            .send(self)
            .await
    }

    /// Changes `intent` to what `order` offers now.
    ///
    /// Every call has a key of its own, which its attempts share. Setting the same values twice
    /// does no harm; an answer that Stripe kept from an earlier change back and forth would, since
    /// it claims a state that is not there any more.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_unexpected_state`] when it is paid or being paid.
    pub async fn update_intent(
        &self,
        intent: &PaymentIntent,
        order: &Order,
    ) -> Result<PaymentIntent, StripeError> {
        let revision = order.revision();
        let amount = revision.contents.amount();
        let mut metadata = self.metadata(order, revision)?;
        for stale in intent.metadata.keys() {
            // An empty value removes the key.
            metadata.entry(stale.clone()).or_default();
        }
        let call = one_call();
        let key = ["update", order.id().as_str(), &revision.digest, &call];
        let update = UpdatePaymentIntent::new(intent.id.as_str())
            .amount(amount.minor_units())
            .currency(amount.currency())
            .description(description(order, revision))
            .metadata(metadata);
        let updated: PaymentIntent = self.make(update.build(), &key).await?;
        updated.for_order(order)
    }
}

/// How far a payment is, whoever's it is.
#[derive(Debug, miniserde::Deserialize)]
pub struct IntentStanding {
    /// Stripe's status.
    pub status: String,
    /// Why it was canceled, as whoever did so said.
    pub cancellation_reason: Option<String>,
}

impl Stripe {
    /// How far the intent with `id` is, be it one that a Checkout session made.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not give it.
    pub async fn intent_standing(&self, id: &str) -> Result<IntentStanding, StripeError> {
        let request = RetrievePaymentIntent::new(id).build().customize();
        request.send(self).await
    }

    /// Cancels the intent with `id`, for good; gives how far it is then.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_unexpected_state`] when it is paid, being paid or
    /// canceled.
    pub async fn cancel_intent(&self, id: &str) -> Result<IntentStanding, StripeError> {
        let cancel = CancelPaymentIntent::new(id)
            // `order::is_our_cancellation` tells our own cancellations by it.
            .cancellation_reason(CancelPaymentIntentCancellationReason::Abandoned);
        let call = one_call();
        let key = ["cancel", id, &call];
        self.make(cancel.build(), &key).await
    }
}

/// What the site wrote, or the order's id: Stripe does not take a description back once there is
/// one.
pub(super) fn description(order: &Order, revision: &Revision) -> String {
    let written = revision.contents.description();
    written.map_or_else(|| format!("Order {}", order.id()), str::to_owned)
}

impl Stripe {
    /// What is written to whatever `order` is paid by.
    pub(super) fn metadata(
        &self,
        order: &Order,
        revision: &Revision,
    ) -> Result<HashMap<String, String>, StripeError> {
        let ours = [
            (Deployment::KEY, self.deployment()?.to_owned()),
            (IntentKeys::ORDER, order.id().as_str().to_owned()),
            (IntentKeys::OWNER, order.owner().alias()),
            (IntentKeys::CONTENTS, revision.digest.clone()),
        ];
        let ours = ours.map(|(key, value)| (key.to_owned(), value));
        let sites = revision.contents.metadata().clone();
        Ok(sites.into_iter().chain(ours).collect())
    }
}
