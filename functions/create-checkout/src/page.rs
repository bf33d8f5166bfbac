//! How an order gets its one page, and how that follows the order.
//!
//! A page sells one version of the order and leads back to the same places; for anything else it is
//! closed and another is made. The page is noted in the database, in the transaction that finds the
//! order as it was and no other way to pay open, before anybody hears where it is. So a page that
//! nobody was told of was never paid by anyone, and whoever comes next finds the same page: by the
//! database, or by the idempotency key, which is made of the order, its version, and how many ways
//! to pay were closed.

use shared::{
    Error,
    order::{ActivePayment, Order, PaymentUpdate, Session},
    purchase::check_open,
    rate_limit::RateLimiter,
    stripe::{CheckoutPage, Redacted, Returns},
};

use crate::Pages;

/// How often an order may change under our hands before the caller is asked to try again.
const MOST_ROUNDS: usize = 6;

impl Pages {
    /// Where `order` can be paid, as it is offered now; and the order as it then is.
    pub(crate) async fn page_of(
        &self,
        mut order: Order,
        returns: &Returns,
        is_customer: bool,
        limiter: &RateLimiter,
    ) -> Result<(Order, Redacted), Error> {
        for _ in 0..MOST_ROUNDS {
            check_open(&order)?;
            order = match order.active_payment() {
                None => {
                    let page = self.made_page(&order, returns, is_customer).await?;
                    let session = page.noted(&order, returns);
                    let note = PaymentUpdate::Session(
                        session,
                        order.attempt_number(),
                        order.owner().clone(),
                    );
                    let noted = self.checkout.update_payment(&order, note).await?;
                    match (noted.active_payment(), page.url) {
                        (Some(ActivePayment::Session(open)), Some(url)) if open.id == page.id => {
                            return Ok((noted, url));
                        }
                        (Some(_), _) => self.drop_page(&page.id).await,
                        (None, _) => {}
                    }
                    noted
                }
                Some(ActivePayment::Session(open)) if is_for(open, &order, returns) => {
                    let page = self.checkout.stripe.retrieve_page(&open.id).await?;
                    if let (Some("open"), Some(url)) = (page.status.as_deref(), &page.url) {
                        let url = url.clone();
                        page.for_order(&order)?;
                        return Ok((order, url));
                    }
                    // It expired, or the payment on it failed after all; or it is paid.
                    self.checkout.close_active_payment(order, limiter).await?
                }
                Some(_) => {
                    // What is open stays open, where no page could take its place.
                    self.checkout.check_on_sale(&order).await?;
                    self.checkout.close_active_payment(order, limiter).await?
                }
            };
        }
        Err(Error::InProgress)
    }

    /// A new page of `order`, as a payment of its owner's Stripe customer where they are to be one.
    async fn made_page(
        &self,
        order: &Order,
        returns: &Returns,
        is_customer: bool,
    ) -> Result<CheckoutPage, Error> {
        let stripe = &self.checkout.stripe;
        let made = |customer: Option<String>| async move {
            let customer = customer.as_deref();
            stripe.create_page(order, returns, customer).await
        };
        self.checkout.for_customer(order, is_customer, made).await
    }

    /// Closes a page for which another way was faster. Nobody was told where it is, and with its
    /// number taken nobody will be: it does no harm if this fails.
    async fn drop_page(&self, id: &str) {
        if let Err(failure) = self.checkout.stripe.expire_page(id).await {
            tracing::warn!("a page that nobody was told of stays open: {failure}");
        }
    }
}

/// Whether the page of `session` sells what `order` offers now, and leads back to the same places.
fn is_for(session: &Session, order: &Order, returns: &Returns) -> bool {
    session.contents == order.revision().digest
        && session.returns == returns.digest()
        && !order.is_of_previous_owner()
}
