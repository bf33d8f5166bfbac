//! Closes an order's active payment, so that another can be opened: two open ones could both take
//! money.
//!
//! Stripe decides: a payment that it cancels or expires takes no money from then on. Where the
//! payment is paid or processing, the order keeps it, and the caller receives that error. A payment
//! is recorded as closing before it is closed, since its event would otherwise end the order.
//! Each further attempt counts as one more payment start: else one order would do for any number of
//! them. An intent that replaces one for the order's earlier contents is no further attempt, and
//! counts no more than the change does.

use super::{CheckoutService, processing};
use crate::{
    Clock, Error,
    event::{Intent, is_id},
    order::{
        ActivePayment, MAX_ATTEMPTS, Order, OrderId, PaymentUpdate, Session, Status,
        is_cancellation_by_stripe, is_our_cancellation,
    },
    rate_limit::RateLimiter,
    store::Store,
    stripe::{CheckoutPage, Stripe, StripeError},
};

/// The state of an active payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum IntentState {
    Open,
    Closed,
}

/// What becomes of an authorized payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Release {
    /// It stays: it counts as processing.
    Keep,
    /// It is canceled, which frees the payer's money.
    Authorized,
}

/// Closes active payments.
#[derive(Debug)]
pub(crate) struct Closer<'a> {
    pub(crate) stripe: &'a Stripe,
    pub(crate) store: &'a Store,
    pub(crate) clock: &'a Clock,
    pub(crate) release: Release,
}

impl CheckoutService {
    /// Closes the active payment of `order`, if it has one and `limiter` admits another; returns
    /// the order as it then is.
    ///
    /// A concurrent request may have opened another meanwhile.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadyPaid`] and [`Error::PaymentProcessing`] when it took the money, or may yet;
    /// [`Error::OrderCanceled`] when the shop canceled its payment; [`Error::InProgress`] and
    /// [`Error::Unavailable`] when its state is unknown; [`Error::TooManyPayments`], and nothing is
    /// closed.
    pub async fn close_active_payment(
        &self,
        order: Order,
        limiter: &RateLimiter,
    ) -> Result<Order, Error> {
        if order.active_payment().is_some() {
            check_number(&order)?;
            limiter.admit_next_attempt(&order).await?;
        }
        self.closer().closed(order).await
    }

    /// Closes the intent of `order`, which changed in a way that the intent cannot follow; returns
    /// the order as it then is.
    ///
    /// # Errors
    ///
    /// As [`CheckoutService::close_active_payment`], which also asks a limiter.
    pub async fn close_changed(&self, order: Order) -> Result<Order, Error> {
        check_number(&order)?;
        self.closer().closed(order).await
    }

    /// Refuses to go on with `order` when too many charges for it failed lately, and closes its
    /// open payment, which a card tester may already hold.
    pub(super) async fn check_attempts(
        &self,
        order: Order,
        limiter: &RateLimiter,
    ) -> Result<Order, Error> {
        let status = order.status();
        let may_be_tried = status.is_open() || status == Status::Expired;
        match limiter.over_attempts(&order).filter(|_| may_be_tried) {
            None => Ok(order),
            Some(refused) => {
                self.closer().closed(order).await?;
                Err(refused)
            }
        }
    }

    fn closer(&self) -> Closer<'_> {
        Closer {
            stripe: &self.stripe,
            store: &self.store,
            clock: &self.clock,
            release: Release::Keep,
        }
    }

    /// Updates the active payment of `order`; returns the order as it then is.
    ///
    /// # Errors
    ///
    /// As [`CheckoutService::latest`].
    pub async fn update_payment(
        &self,
        order: &Order,
        update: PaymentUpdate,
    ) -> Result<Order, Error> {
        self.closer().update_payment(order, update).await
    }

    /// `order` as it is now.
    ///
    /// # Errors
    ///
    /// [`Error::Unavailable`] when the database did not answer, [`Error::NotFound`] when it is
    /// gone, or another caller's.
    pub async fn latest(&self, order: &Order) -> Result<Order, Error> {
        self.closer().latest(order).await
    }
}

impl Closer<'_> {
    /// `order`, without an open payment; or as it then is, if a concurrent request opened another.
    /// The errors are those of [`CheckoutService::close_active_payment`].
    pub(crate) async fn closed(&self, order: Order) -> Result<Order, Error> {
        let Some(active) = order.active_payment() else {
            return Ok(order);
        };
        let id = match active {
            ActivePayment::Intent(id) => {
                let latest = self.close_intent(&order, id).await;
                let latest = latest.map_err(|error| with_reason(error, &order))?;
                if latest.active_payment() != Some(active) {
                    return Ok(latest);
                }
                id
            }
            ActivePayment::Session(session) => {
                let latest = self.close_page(&order, session).await;
                let latest = latest.map_err(|error| with_reason(error, &order))?;
                if latest.active_payment() != Some(active) {
                    return Ok(latest);
                }
                &session.id
            }
        };
        self.record_closed(&order, id.to_owned()).await
    }

    /// Records that the payment with `id` is closed at Stripe.
    pub(super) async fn record_closed(&self, order: &Order, id: String) -> Result<Order, Error> {
        self.update_payment(order, PaymentUpdate::Closed(id)).await
    }

    async fn update_payment(&self, order: &Order, update: PaymentUpdate) -> Result<Order, Error> {
        let updated = self
            .store
            .update_payment(order.id(), update, self.clock.now())
            .await?;
        still_owned(order, updated)
    }

    pub(super) async fn latest(&self, order: &Order) -> Result<Order, Error> {
        let latest = self.store.order(order.id()).await?;
        still_owned(order, latest)
    }

    /// Cancels the intent with `id`; returns the order as it was just before. If a concurrent
    /// request closed the intent, it is no longer active there.
    async fn close_intent(&self, order: &Order, id: &str) -> Result<Order, Error> {
        let intent = self.stripe.intent_status(id).await?;
        if self.of_intent(order.id(), &intent.status)? == IntentState::Closed {
            let latest = self.latest(order).await?;
            let is_open = latest.active_payment() == Some(ActivePayment::Intent(id));
            let reason = intent.cancellation_reason.as_deref();
            let is_ours = latest.is_closing() && is_our_cancellation(reason);
            return match is_open && !is_ours && !is_cancellation_by_stripe(reason) {
                // No other attempt replaced it: the shop canceled the payment.
                true => Err(Error::OrderCanceled),
                false => Ok(latest),
            };
        }
        let latest = self
            .update_payment(order, PaymentUpdate::Closing(id.to_owned()))
            .await?;
        if latest.active_payment() != Some(ActivePayment::Intent(id)) {
            return Ok(latest);
        }
        let intent = match self.stripe.cancel_intent(id).await {
            Err(failure) if failure.is_unexpected_state() => self.stripe.intent_status(id).await?,
            canceled => canceled?,
        };
        let reason = intent.cancellation_reason.as_deref();
        match self.of_intent(order.id(), &intent.status)? {
            IntentState::Closed
                if is_our_cancellation(reason) || is_cancellation_by_stripe(reason) =>
            {
                Ok(latest)
            }
            IntentState::Closed => Err(Error::OrderCanceled),
            IntentState::Open => Err(Error::InProgress),
        }
    }

    /// Expires the Checkout Session `session` of `order`; returns the order as it was just before.
    /// If a concurrent request closed the session, it is no longer active there.
    async fn close_page(&self, order: &Order, session: &Session) -> Result<Order, Error> {
        let page = self.stripe.retrieve_page(&session.id).await?;
        if self.of_page(order.id(), &page).await? == IntentState::Closed {
            return Ok(order.clone());
        }
        let latest = self
            .update_payment(order, PaymentUpdate::Closing(session.id.clone()))
            .await?;
        if latest.active_payment() != Some(ActivePayment::Session(session)) {
            return Ok(latest);
        }
        let page = match self.stripe.expire_page(&session.id).await {
            // It was paid, or expired, just now.
            Err(StripeError::Refused(refusal)) if refusal.is_about_the_request() => {
                self.stripe.retrieve_page(&session.id).await?
            }
            page => page?,
        };
        match self.of_page(order.id(), &page).await? {
            IntentState::Closed => Ok(latest),
            IntentState::Open => Err(Error::InProgress),
        }
    }

    /// The state of `page`, a Checkout Session for `order`.
    async fn of_page(&self, order: &OrderId, page: &CheckoutPage) -> Result<IntentState, Error> {
        let processing = || Error::PaymentProcessing(order.clone());
        match (page.status.as_deref(), page.payment_status.as_str()) {
            (Some("open"), "unpaid" | "no_payment_required") => return Ok(IntentState::Open),
            (Some("expired"), _) => return Ok(IntentState::Closed),
            (Some("complete"), "unpaid") => {}
            (Some("complete"), _) => return Err(Error::AlreadyPaid(order.clone())),
            // An unknown status does not prove that it is closed.
            _ => return Err(processing()),
        }
        if let Some(subscription) = page.subscription.as_deref().filter(|id| is_id(id)) {
            // Stripe tries again to collect the first invoice, until it ends the subscription.
            return match self.stripe.has_subscription_ended(subscription).await? {
                true => Ok(IntentState::Closed),
                false => Err(processing()),
            };
        }
        // A complete session takes no further attempt: a payment that failed after all is its end.
        let intent = page.payment_intent.as_deref();
        let intent = intent.ok_or_else(processing)?;
        let mut status = self.stripe.intent_status(intent).await?.status;
        if status == Intent::AUTHORIZED && self.release == Release::Authorized {
            status = match self.stripe.cancel_intent(intent).await {
                Err(failure) if failure.is_unexpected_state() => {
                    self.stripe.intent_status(intent).await?.status
                }
                canceled => canceled?.status,
            };
        }
        match status.as_str() {
            "succeeded" => Err(Error::AlreadyPaid(order.clone())),
            "canceled" | "requires_payment_method" => Ok(IntentState::Closed),
            _ => Err(processing()),
        }
    }

    /// The state of an intent of the site's form, which is for `order`.
    fn of_intent(&self, order: &OrderId, status: &str) -> Result<IntentState, Error> {
        match status {
            "succeeded" => Err(Error::AlreadyPaid(order.clone())),
            "canceled" => Ok(IntentState::Closed),
            "requires_payment_method" | "requires_confirmation" | "requires_action" => {
                Ok(IntentState::Open)
            }
            Intent::AUTHORIZED if self.release == Release::Authorized => Ok(IntentState::Open),
            _ => Err(Error::PaymentProcessing(order.clone())),
        }
    }
}

/// `latest`, unless it is gone, or moved to another caller since `order` was read: its open payment
/// is theirs then.
fn still_owned(order: &Order, latest: Option<Order>) -> Result<Order, Error> {
    let latest = latest.filter(|latest| latest.owner() == order.owner());
    latest.ok_or(Error::NotFound)
}

/// `error`, with the pending step of the payment of `order`.
fn with_reason(error: Error, order: &Order) -> Error {
    match error {
        Error::PaymentProcessing(_) => processing(order),
        error => error,
    }
}

/// Refuses a further attempt at `order` beyond the most that are kept.
fn check_number(order: &Order) -> Result<(), Error> {
    match order.attempt_number() + 1 < MAX_ATTEMPTS {
        true => Ok(()),
        false => Err(Error::invalid(
            "the order has too many payment attempts: start a new order",
        )),
    }
}
