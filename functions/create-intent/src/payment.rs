//! How an order gets its one payment intent, and how that follows the order.
//!
//! The order is in the database before Stripe is called, and the intent is noted in the database
//! before the browser hears of it. So an intent that nobody answered for was never paid by anyone,
//! and whoever comes next finds the same intent: by the database, or by the idempotency key, which
//! is made of the order, its version, and how many ways to pay were closed. A page of Stripe's that
//! is open for the order is closed first: two ways to pay could both take money.
//!
//! An intent that was made for a previous owner of the order is closed as well, so that the payment
//! is the owner's and of their Stripe customer.
//!
//! When the order changes, the database changes first and the intent follows, until both are found
//! alike. An intent is changed in place only where that takes no more than its payer may have seen:
//! see [`PaymentIntent::can_follow`]. Else it is canceled, and another takes its place. A payer who
//! confirms just before that pays what was offered then, and the order stays so.

use shared::{
    Error,
    order::{ActivePayment, Order, PaymentUpdate, is_cancellation_by_stripe},
    purchase::{check_open, processing},
    rate_limit::RateLimiter,
    stripe::PaymentIntent,
};

use crate::Payments;

/// How often an order may change under our hands before the caller is asked to try again.
const MOST_ROUNDS: usize = 6;

impl Payments<'_> {
    /// The intent of `order`, made for what the order offers now; and the order as it then is.
    pub(crate) async fn payment_of(
        &self,
        mut order: Order,
        is_customer: bool,
        limiter: &RateLimiter,
    ) -> Result<(Order, PaymentIntent), Error> {
        for _ in 0..MOST_ROUNDS {
            check_open(&order)?;
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
            let (latest, intent) = self.up_to_date(intent, &order, limiter).await?;
            if intent.contents() == Some(&latest.revision().digest)
                && latest.changes() == order.changes()
                && is_way(&latest, &intent)
            {
                check_open(&latest)?;
                let intent = intent.for_order(&latest)?;
                return Ok((latest, intent));
            }
            order = latest;
        }
        Err(Error::InProgress)
    }

    /// The intent that the database notes for `order`; made, and noted, where there is none. `None`
    /// when another way to pay was noted meanwhile.
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
            stripe.create_intent(order, customer.as_deref()).await
        };
        let made = self.checkout.for_customer(order, is_customer, made).await?;
        let note = PaymentUpdate::Intent(made.id.clone(), order.owner().clone());
        let noted = self.checkout.update_payment(order, note).await?;
        match noted.active_payment() {
            Some(ActivePayment::Intent(id)) if id == made.id => Ok(Some(made)),
            // Stripe has forgotten the key since another process noted its intent.
            Some(ActivePayment::Intent(id)) => {
                Ok(Some(self.checkout.stripe.retrieve_intent(id).await?))
            }
            Some(ActivePayment::Session(_)) | None => Ok(None),
        }
    }

    /// The order as it is now, and `intent`, changed to it where that was made for something else.
    /// An intent that cannot be, or that Stripe canceled by itself, is closed: it is the way to pay
    /// no more.
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
            "canceled" if is_way(&latest, &intent) => {
                return match is_cancellation_by_stripe(intent.cancellation_reason.as_deref()) {
                    true => Ok((
                        self.checkout.close_active_payment(latest, limiter).await?,
                        intent,
                    )),
                    false => Err(Error::OrderCanceled),
                };
            }
            // It was closed in favour of another way.
            "canceled" => return Ok((latest, intent)),
            "processing" | "requires_capture" if !is_current => {
                return Err(processing(&latest));
            }
            // What an older view of the order wants is not written over a newer one.
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

/// Whether `intent` is the way to pay `order`, and stays it.
fn is_way(order: &Order, intent: &PaymentIntent) -> bool {
    order.active_payment() == Some(ActivePayment::Intent(&intent.id)) && !order.is_closing()
}
