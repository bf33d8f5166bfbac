//! Creates the one payment intent of an order, and keeps it in step with the order.
//!
//! The order is in the database before the call to Stripe, and the database stores the intent
//! before the browser receives it. So nobody can have paid an intent that no caller received. The
//! next call finds the same intent: by the database, or by the idempotency key. The key is a hash
//! of the order, its version, and the number of closed attempts. An open Checkout Session of the
//! order is closed first: two open payments could both take money.
//!
//! An intent for a previous owner of the order is closed as well, so that the payment is the
//! owner's and of their Stripe customer.
//!
//! When the order changes, the database changes first and the intent follows, until the two match.
//! An intent is updated in place only where that takes no more than its payer may have seen: see
//! [`PaymentIntent::can_follow`]. Else it is canceled, and another replaces it. A payer who
//! confirms just before that pays the earlier offer, and the order stays so.
//!
//! A customer's saved payment methods are asked for at the same time as the intent, by
//! `SavedMethods`.

use shared::{
    Error,
    order::{ActivePayment, Order, PaymentUpdate, is_cancellation_by_stripe},
    purchase::{check_open, processing},
    rate_limit::RateLimiter,
    stripe::PaymentIntent,
};

use crate::Payments;

/// The most concurrent changes of an order before the caller has to retry.
const MAX_ROUNDS: usize = 6;

impl Payments<'_> {
    /// The intent of `order` for its present contents, and the order as it then is. An order of
    /// zero has none: it is paid at once.
    pub(crate) async fn payment_of(
        &self,
        mut order: Order,
        is_customer: bool,
        limiter: &RateLimiter,
    ) -> Result<(Order, Option<PaymentIntent>), Error> {
        let now = self.checkout.clock.now();
        for _ in 0..MAX_ROUNDS {
            let is_free = order.revision().contents.amount().is_zero();
            if is_free && order.paid_at().is_some() {
                return Ok((order, None));
            }
            check_open(&order, now)?;
            if is_free && order.active_payment().is_none() {
                order = self.checkout.mark_free(&order).await?;
                continue;
            }
            if is_free {
                order = self.checkout.close_changed(order).await?;
                continue;
            }
            if order.is_of_previous_owner() {
                order = self.checkout.close_changed(order).await?;
                continue;
            }
            if order.is_closing()
                || matches!(order.active_payment(), Some(ActivePayment::Session(_)))
            {
                order = self.checkout.close_active_payment(order, limiter).await?;
                continue;
            }
            let Some(intent) = self.intent_of(&order, is_customer).await? else {
                order = self.checkout.latest(&order).await?;
                continue;
            };
            let customer = intent.customer.clone().filter(|_| is_customer);
            let up_to_date = self.up_to_date(intent, &order, limiter);
            let saved = self.open_saved(&order, customer.as_deref());
            let (up_to_date, ()) = tokio::join!(up_to_date, saved);
            let (latest, intent) = up_to_date?;
            if intent.contents() == Some(&latest.revision().digest)
                && latest.changes() == order.changes()
                && is_active(&latest, &intent)
            {
                check_open(&latest, now)?;
                let intent = intent.for_order(&latest)?;
                return Ok((latest, Some(intent)));
            }
            order = latest;
        }
        Err(Error::InProgress)
    }

    /// The stored intent of `order`; created and stored where there is none. `None` when a
    /// concurrent call stored another payment.
    async fn intent_of(
        &self,
        order: &Order,
        is_customer: bool,
    ) -> Result<Option<PaymentIntent>, Error> {
        if let Some(id) = order.intent() {
            return Ok(Some(self.checkout.stripe.retrieve_intent(id).await?));
        }
        let stripe = &self.checkout.stripe;
        let made = |customer: Option<String>| async move {
            let customer = customer.as_deref();
            let made = stripe.create_intent(order, customer);
            tokio::join!(made, self.open_saved(order, customer)).0
        };
        let made = self.checkout.for_customer(order, is_customer, made).await?;
        let update = PaymentUpdate::Intent(made.id.clone(), order.owner().clone());
        let updated = self.checkout.update_payment(order, update).await?;
        match updated.active_payment() {
            Some(ActivePayment::Intent(id)) if id == made.id => Ok(Some(made)),
            // Stripe has forgotten the key since another process stored its intent.
            Some(ActivePayment::Intent(id)) => {
                Ok(Some(self.checkout.stripe.retrieve_intent(id).await?))
            }
            Some(ActivePayment::Session(_)) | None => Ok(None),
        }
    }

    async fn open_saved(&self, order: &Order, customer: Option<&str>) {
        let has_form = order.revision().contents.off_session().is_none();
        if let Some(customer) = customer.filter(|_| has_form) {
            let stripe = &self.checkout.stripe;
            self.saved_methods.open(stripe, customer).await;
        }
    }

    /// The present order, and `intent`, updated to it where that has other contents. An intent that
    /// cannot be updated, or that Stripe canceled by itself, is closed, and is no longer active.
    async fn up_to_date(
        &self,
        intent: PaymentIntent,
        order: &Order,
        limiter: &RateLimiter,
    ) -> Result<(Order, PaymentIntent), Error> {
        let latest = self.checkout.latest(order).await?;
        let is_current = intent.contents() == Some(&latest.revision().digest);
        match intent.status.as_str() {
            "succeeded" => return Err(Error::AlreadyPaid(order.id().clone())),
            "canceled" if is_active(&latest, &intent) => {
                return match is_cancellation_by_stripe(intent.cancellation_reason.as_deref()) {
                    true => Ok((
                        self.checkout.close_active_payment(latest, limiter).await?,
                        intent,
                    )),
                    false => Err(Error::OrderCanceled),
                };
            }
            // It was closed in favour of another attempt.
            "canceled" => return Ok((latest, intent)),
            "processing" | "requires_capture" if !is_current => {
                return Err(processing(&latest));
            }
            // An older version of the order must not overwrite a newer one.
            _ if is_current || latest.changes() != order.changes() => return Ok((latest, intent)),
            _ if !intent.can_follow(&latest) => {
                return Ok((self.checkout.close_changed(latest).await?, intent));
            }
            _ => {}
        }
        match self.checkout.stripe.update_intent(&intent, &latest).await {
            Ok(updated) => Ok((self.checkout.latest(order).await?, updated)),
            // It was paid meanwhile: the next round sees how.
            Err(failure) if failure.is_unexpected_state() => Ok((latest, intent)),
            Err(failure) => Err(failure.into()),
        }
    }
}

/// True when `intent` is the active payment of `order`, and stays it.
fn is_active(order: &Order, intent: &PaymentIntent) -> bool {
    order.active_payment() == Some(ActivePayment::Intent(&intent.id)) && !order.is_closing()
}
