//! Creates the one Checkout Session of an order, and keeps it in step with the order.
//!
//! A session sells one version of the order, with the same options, and leads back to the same
//! URLs; for anything else it is closed and another is created. The database stores the session
//! before any caller receives its URL, in the transaction that finds the order unchanged and no
//! other payment open. So nobody can have paid a session that no caller received. The next call
//! finds the same session: by the database, or by the idempotency key. The key is a hash of the
//! order, its version, and the number of closed attempts.
//!
//! Before it gets a session, a subscription's order has the slots of its products, and keeps them:
//! whichever order of the caller takes them next ends it.

use shared::{
    Error,
    order::{ActivePayment, Order, PaymentUpdate, Session},
    purchase::check_open,
    rate_limit::RateLimiter,
    stripe::{CheckoutPage, SessionParams},
};

use crate::Pages;

/// The most concurrent changes of an order before the caller has to retry.
const MAX_ROUNDS: usize = 6;

impl Pages {
    /// The session of `order` for its present contents; and the order as it then is.
    pub(crate) async fn page_of(
        &self,
        mut order: Order,
        params: &SessionParams,
        is_customer: bool,
        limiter: &RateLimiter,
    ) -> Result<(Order, CheckoutPage), Error> {
        for _ in 0..MAX_ROUNDS {
            check_open(&order, self.checkout.clock.now())?;
            order = match order.active_payment() {
                None => {
                    self.checkout.claim_products(&order).await?;
                    let page = self.made_page(&order, params, is_customer).await?;
                    let session = page.stored(&order, params);
                    let update = PaymentUpdate::Session(
                        session,
                        order.attempt_number(),
                        order.owner().clone(),
                    );
                    let updated = self.checkout.update_payment(&order, update).await?;
                    match updated.active_payment() {
                        Some(ActivePayment::Session(open)) if open.id == page.id => {
                            return Ok((updated, page));
                        }
                        _ => self.drop_page(&page.id).await,
                    }
                    updated
                }
                Some(ActivePayment::Session(open)) if is_for(open, &order, params) => {
                    let page = self.checkout.stripe.retrieve_page(&open.id).await?;
                    if page.status.as_deref() == Some("open") {
                        let page = page.for_order(&order, open.due)?;
                        return Ok((order, page));
                    }
                    // It expired, or the payment on it failed after all; or it is paid.
                    self.checkout.close_active_payment(order, limiter).await?
                }
                Some(_) => {
                    // The open payment stays open where no session could replace it.
                    self.checkout.check_on_sale(&order).await?;
                    let currency = order.revision().contents.amount().currency();
                    let checkout = &self.checkout;
                    checkout.check_options(&params.options, currency).await?;
                    self.checkout.close_active_payment(order, limiter).await?
                }
            };
        }
        Err(Error::InProgress)
    }

    /// A new session for `order`, with its owner's Stripe customer where one applies.
    async fn made_page(
        &self,
        order: &Order,
        params: &SessionParams,
        is_customer: bool,
    ) -> Result<CheckoutPage, Error> {
        let (stripe, now) = (&self.checkout.stripe, self.checkout.clock.now());
        let made = |customer: Option<String>| async move {
            let customer = customer.as_deref();
            stripe.create_page(order, params, customer, now).await
        };
        self.checkout.for_customer(order, is_customer, made).await
    }

    /// Expires a session that lost to a concurrent attempt. No caller received its URL. Its number
    /// is now taken, so none will: a failure here does no harm.
    async fn drop_page(&self, id: &str) {
        if let Err(failure) = self.checkout.stripe.expire_page(id).await {
            tracing::warn!(
                "Stripe did not expire a Checkout Session that no caller received: {failure}"
            );
        }
    }
}

/// True when `session` sells the present contents of `order` with these parameters, and stays open:
/// of one that a process began to close, nobody would hear that it expired.
fn is_for(session: &Session, order: &Order, params: &SessionParams) -> bool {
    !order.is_closing()
        && session.contents == order.revision().digest
        && session.returns == params.digest()
        && !order.is_of_previous_owner()
}
