//! Payment intents: one for each attempt at an order on the site's form, created once and updated
//! with the order.

use std::collections::{BTreeMap, HashMap};

use stripe::StripeRequest as _;
use stripe_core::{
    PaymentIntentSetupFutureUsage,
    payment_intent::{
        CancelPaymentIntent, CancelPaymentIntentCancellationReason, CapturePaymentIntent,
        ConfirmPaymentIntent, ConfirmPaymentIntentOffSession, CreatePaymentIntent,
        CreatePaymentIntentAutomaticPaymentMethods,
        CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects, RetrievePaymentIntent,
        UpdatePaymentIntent,
    },
};

use super::{Redacted, Stripe, StripeError, keys::one_call, payer::PayerParams};
use crate::{
    deployment::Deployment,
    order::{CaptureMethod, FutureUsage, IntentKeys, Order, OrderId, Revision},
};

/// The fields of a payment intent that Farebox uses.
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
    /// The secret with which the owner's browser confirms the payment.
    pub client_secret: Redacted,
    /// `cus_…`; `None` for a guest.
    pub customer: Option<String>,
    /// `on_session` or `off_session`, where the payment method is saved.
    pub setup_future_usage: Option<String>,
    /// `manual` where the shop captures the payment later.
    pub capture_method: Option<String>,
    /// Farebox's and the site's metadata.
    pub metadata: BTreeMap<String, String>,
    /// The reason for its cancellation, if one was given.
    pub cancellation_reason: Option<String>,
    automatic_payment_methods: Option<AutomaticPaymentMethods>,
}

#[derive(Clone, Debug, miniserde::Deserialize)]
struct AutomaticPaymentMethods {
    allow_redirects: Option<String>,
}

impl PaymentIntent {
    /// Returns true when it may be updated to the present contents of `order`.
    ///
    /// The amount must stay the same, and the payer must not be answering a challenge, which was
    /// for the present amount. Otherwise a payer with an open form would pay what they never saw.
    /// That holds at a lower amount, too, since concurrent updates may arrive in another order than
    /// they were made. The payer was also shown whether their payment method is saved.
    #[must_use]
    pub fn can_follow(&self, order: &Order) -> bool {
        let contents = &order.revision().contents;
        let offered = contents.amount();
        let usage = contents.setup_future_usage().map(FutureUsage::as_str);
        self.status != "requires_action"
            && self.currency == offered.currency().as_str()
            && self.amount == offered.minor_units()
            && self.setup_future_usage.as_deref() == usage
            && self.is_manual() == (contents.capture_method() == CaptureMethod::Manual)
            && self.redirects() != contents.off_session().is_some()
    }

    /// True when the shop captures the payment later.
    fn is_manual(&self) -> bool {
        self.capture_method.as_deref() == Some("manual")
    }

    /// True when its payment methods may send the payer to another page.
    fn redirects(&self) -> bool {
        let methods = self.automatic_payment_methods.as_ref();
        methods.and_then(|one| one.allow_redirects.as_deref()) != Some("never")
    }

    /// The digest of the contents in the intent's metadata.
    #[must_use]
    pub fn contents(&self) -> Option<&str> {
        self.metadata.get(IntentKeys::CONTENTS).map(String::as_str)
    }

    /// This intent, if it matches the present contents of `order`.
    ///
    /// # Errors
    ///
    /// [`StripeError::Differs`] names the difference.
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
    /// Creates the intent of `order` for its present contents, for the Stripe `customer` if there
    /// is one.
    ///
    /// Calls for the same order, its same version and the same customer create the same intent,
    /// until it is closed.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; Stripe may have created an intent all the same, and the next call finds it.
    /// If the order changed before that call, no browser ever received the intent, and nobody can
    /// pay it.
    pub async fn create_intent(
        &self,
        order: &Order,
        customer: Option<&str>,
    ) -> Result<PaymentIntent, StripeError> {
        let revision = order.revision();
        let amount = revision.contents.amount();
        let mut methods = CreatePaymentIntentAutomaticPaymentMethods::new(true);
        if revision.contents.off_session().is_some() {
            // Nobody could be sent to another page, and Stripe would ask for a return URL.
            methods.allow_redirects =
                Some(CreatePaymentIntentAutomaticPaymentMethodsAllowRedirects::Never);
        }
        let number = order.attempt_number().to_string();
        let mut key = vec![
            "create",
            order.id().as_str(),
            order.owner().as_str(),
            &revision.digest,
            // After a closed attempt, the same key would return the same closed intent.
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
        if revision.contents.capture_method() == CaptureMethod::Manual {
            intent = intent.capture_method(stripe_core::PaymentIntentCaptureMethod::Manual);
        }
        if let Some(usage) = revision.contents.setup_future_usage() {
            intent = intent.setup_future_usage(match usage {
                FutureUsage::OnSession => PaymentIntentSetupFutureUsage::OnSession,
                FutureUsage::OffSession => PaymentIntentSetupFutureUsage::OffSession,
            });
        }
        let request = PayerParams::of(&revision.contents).on(intent.build());
        let made: PaymentIntent = self.make(request, &key).await?;
        made.for_order(order)
    }

    /// The intent with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn retrieve_intent(&self, id: &str) -> Result<PaymentIntent, StripeError> {
        RetrievePaymentIntent::new(id)
            .build()
            .customize()
            .send(self)
            .await
    }

    /// Charges `payment_method`, a saved one of the customer of `order`, for its `intent`, while
    /// the payer is absent.
    ///
    /// Calls for the same signing of the same contents are one charge. An intent takes money once,
    /// so that another signing charges only where no charge succeeded.
    ///
    /// # Errors
    ///
    /// [`StripeError::Declined`], with `authentication_required` where the bank wants the payer;
    /// [`StripeError::is_unexpected_state`] when it is paid, processing or canceled;
    /// [`StripeError::is_about_the_payment_method`] when the customer no longer has it.
    pub async fn charge_off_session(
        &self,
        intent: &PaymentIntent,
        order: &Order,
        payment_method: &str,
    ) -> Result<IntentStatus, StripeError> {
        let revision = order.revision();
        let key = [
            "off session",
            order.id().as_str(),
            &intent.id,
            &revision.digest,
            &revision.contents.signing(),
            payment_method,
        ];
        let confirm = ConfirmPaymentIntent::new(intent.id.as_str())
            .payment_method(payment_method)
            .off_session(ConfirmPaymentIntentOffSession::Bool(true));
        self.make(confirm.build(), &key).await
    }

    /// Updates `intent` to the present contents of `order`.
    ///
    /// Every call has a key of its own, which its attempts share. Setting the same values twice
    /// does no harm. A stored answer to an earlier update would, after a change back and forth: it
    /// reports a state that is gone.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_unexpected_state`] when it is paid or processing.
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
        let contents = &revision.contents;
        let earlier = intent.contents().and_then(|digest| order.offered(digest));
        let params = PayerParams::replacing(earlier.unwrap_or(contents), contents);
        let request = params.on(update.build());
        let updated: PaymentIntent = self.make(request, &key).await?;
        updated.for_order(order)
    }
}

/// The state of a payment, of any owner.
#[derive(Debug, miniserde::Deserialize)]
pub struct IntentStatus {
    /// Stripe's status.
    pub status: String,
    /// The reason for its cancellation, as given with it.
    pub cancellation_reason: Option<String>,
}

impl Stripe {
    /// The state of the intent with `id`, also of one that a Checkout Session created.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn intent_status(&self, id: &str) -> Result<IntentStatus, StripeError> {
        let request = RetrievePaymentIntent::new(id).build().customize();
        request.send(self).await
    }

    /// Captures `amount` minor units of the authorized intent with `id`, of `order`, and releases
    /// the rest.
    ///
    /// Calls for the same amount are one capture, and an intent is captured once.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_unexpected_state`] when it is captured or canceled.
    pub async fn capture_intent(
        &self,
        order: &OrderId,
        id: &str,
        amount: i64,
    ) -> Result<IntentStatus, StripeError> {
        let capture = CapturePaymentIntent::new(id).amount_to_capture(amount);
        let amount = amount.to_string();
        let key = ["capture", order.as_str(), id, &amount];
        self.make(capture.build(), &key).await
    }

    /// Cancels the intent with `id`, for good; returns its state.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; [`StripeError::is_unexpected_state`] when it is paid, processing or
    /// canceled.
    pub async fn cancel_intent(&self, id: &str) -> Result<IntentStatus, StripeError> {
        let cancel = CancelPaymentIntent::new(id)
            // `order::is_our_cancellation` recognizes Farebox's own cancellations by it.
            .cancellation_reason(CancelPaymentIntentCancellationReason::Abandoned);
        let call = one_call();
        let key = ["cancel", id, &call];
        self.make(cancel.build(), &key).await
    }
}

/// The site's description, or the order's id: Stripe does not remove a description once there is
/// one.
pub(super) fn description(order: &Order, revision: &Revision) -> String {
    let written = revision.contents.description();
    written.map_or_else(|| format!("Order {}", order.id()), str::to_owned)
}

impl Stripe {
    /// The metadata of any object that pays `order`.
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
