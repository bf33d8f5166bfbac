//! Charges a saved payment method in the payer's absence, for an order that the site signed so.
//!
//! The order has one payment intent, as any other: see [`crate::payment`]. The database stores the
//! intent before it is charged, and an intent takes money once. So a race, a repeated request, or a
//! process that ends in between leads to no second charge. The key of the charge names the signing:
//! the same token has the same answer, and a token that the site signs again tries again.
//!
//! The result passes through the transaction of an event, so that the site is notified once,
//! whether or not Stripe's own event arrives.

use shared::{
    Error,
    error::Code,
    order::{Order, Status},
    processor::EventProcessor,
    rate_limit::RateLimiter,
    stripe::{PaymentIntent, StripeError},
};

use crate::Payments;

/// The errors of an off-session order alone.
pub const ERRORS: [Code; 3] = [
    Code::Declined,
    Code::AuthenticationRequired,
    Code::NoSavedPaymentMethod,
];

/// The decline code of a bank that wants the payer.
const AUTHENTICATION_REQUIRED: &str = "authentication_required";

impl Payments<'_> {
    /// `order` after its charge.
    pub(crate) async fn charged(
        &self,
        order: Order,
        processor: &EventProcessor,
        limiter: &RateLimiter,
    ) -> Result<Order, Error> {
        let is_free = order.revision().contents.amount().is_zero();
        let is_charged = order.paid_at().is_some() || order.status() == Status::Authorized;
        if is_charged && !is_free {
            return Ok(order);
        }
        let method = match is_free {
            true => None,
            false => Some(self.method_of(&order).await?),
        };
        let (order, intent) = match self.payment_of(order.clone(), true, limiter).await {
            // A process may have ended between the charge and the database.
            Err(Error::AlreadyPaid(_)) => return settled(&order, processor).await,
            found => found?,
        };
        if let (Some(intent), Some(method)) = (intent, method) {
            self.charge(&order, intent, &method).await?;
            return settled(&order, processor).await;
        }
        Ok(order)
    }

    /// The customer and the payment method to charge for `order`.
    async fn method_of(&self, order: &Order) -> Result<Method, Error> {
        let link = self.checkout.store.customer_of(order.owner()).await?;
        let customer = link.and_then(|link| link.customer);
        let customer = customer.ok_or(Error::NoSavedMethod)?;
        let off_session = order.revision().contents.off_session();
        let wanted = off_session.and_then(|one| one.payment_method.as_deref());
        let stripe = &self.checkout.stripe;
        let id = stripe.method_to_charge(&customer, wanted).await?;
        let id = id.ok_or(Error::NoSavedMethod)?;
        Ok(Method { customer, id })
    }

    /// Charges `method` for `intent`, unless that is under way.
    async fn charge(
        &self,
        order: &Order,
        intent: PaymentIntent,
        method: &Method,
    ) -> Result<(), Error> {
        match intent.status.as_str() {
            "requires_payment_method" | "requires_confirmation" => {}
            // The payer is back, and authenticates the payment.
            "requires_action" => return Err(Error::AuthenticationRequired(intent.client_secret)),
            _ => return Ok(()),
        }
        if intent.customer.as_ref() != Some(&method.customer) {
            return Err(Error::NoSavedMethod);
        }
        let stripe = &self.checkout.stripe;
        match stripe.charge_off_session(&intent, order, &method.id).await {
            Err(StripeError::Declined { code, .. }) if code == AUTHENTICATION_REQUIRED => {
                Err(Error::AuthenticationRequired(intent.client_secret))
            }
            Err(failure) if failure.is_about_the_payment_method() => Err(Error::NoSavedMethod),
            // It was paid or closed meanwhile.
            Err(failure) if failure.is_unexpected_state() => Ok(()),
            charged => Ok(charged.map(|_| ())?),
        }
    }
}

/// A saved payment method.
struct Method {
    customer: String,
    id: String,
}

/// `order` after its payment was read from Stripe, and is paid or processing.
async fn settled(order: &Order, processor: &EventProcessor) -> Result<Order, Error> {
    let latest = processor.settle(order.id()).await?;
    let latest = latest.filter(|latest| latest.owner() == order.owner());
    let latest = latest.ok_or(Error::NotFound)?;
    match latest.status() {
        status if status.is_open() => Err(Error::InProgress),
        Status::Canceled => Err(Error::OrderCanceled),
        Status::Expired => Err(Error::OrderExpired),
        // Another offer was paid.
        _ if latest.revision().digest != order.revision().digest => {
            Err(Error::AlreadyPaid(latest.id().clone()))
        }
        _ => Ok(latest),
    }
}
