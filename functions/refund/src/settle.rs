//! How Stripe is asked for a refund that is set aside, and what becomes of its answer.
//!
//! | Stripe | the request |
//! |---|---|
//! | made the refund | is tied to it, at once or by the refund's event |
//! | refused for good | is released: its amount may be refunded by another request |
//! | did not answer, or not so that it can be used | stays as it is; the same operation resolves it |
//!
//! The key for Stripe is made of the order and the request. Stripe forgets keys after a day and keeps
//! some failures under them, so whoever finds a request that was there before looks for its refund first.

use shared::{
    Error,
    event::Refund,
    ledger::Refunded,
    order::{Declined, Order, RefundRequest},
    stripe::Failure,
};

use crate::{
    App,
    reserve::{Reserved, error_of},
};

impl App {
    /// The refund of the request with `id`, made where it is not there.
    pub(crate) async fn settle(&self, reserved: &Reserved, id: &str) -> Result<Refund, Error> {
        let order = &reserved.order;
        let request = request_in(order, id)?;
        if let Some(refund) = request.refund() {
            return Ok(self.stripe.retrieve_refund(refund).await?);
        }
        if let Some(why) = request.declined() {
            return Err(refused(why));
        }
        if reserved.is_found
            && let Some(found) = self.stripe.find_refund(order, request).await?
        {
            return self.noted(order, found).await;
        }
        match self.stripe.create_refund(order, request).await {
            Ok(made) => self.noted(order, made).await,
            Err(failure) => match failure.declines_refund() {
                Some(why) => self.released(order, request, why, &failure).await,
                None => Err(failure.into()),
            },
        }
    }

    /// `refund`, once the ledger has it.
    async fn noted(&self, order: &Order, refund: Refund) -> Result<Refund, Error> {
        let now = self.clock.now();
        let noted = self.ledger.settle_refund(order.id(), refund.clone(), now);
        if let Refunded::Refused(refusal) = noted.await? {
            return Err(error_of(refusal));
        }
        tracing::info!(
            order.id = order.id().as_str(),
            refund.id = refund.id,
            status = refund.status,
            "refunded"
        );
        Ok(refund)
    }

    /// The answer to a refusal for good, once the ledger has it; unless an event told of the refund.
    async fn released(
        &self,
        order: &Order,
        request: &RefundRequest,
        why: Declined,
        failure: &Failure,
    ) -> Result<Refund, Error> {
        tracing::warn!(
            order.id = order.id().as_str(),
            cause = %failure,
            "Stripe refused a refund"
        );
        let now = self.clock.now();
        let declined = self.ledger.decline_refund(order, request, why, now);
        let latest = match declined.await? {
            Refunded::Changed(order) | Refunded::Unchanged(order) => order,
            Refunded::Refused(refusal) => return Err(error_of(refusal)),
        };
        match request_in(&latest, request.id())?.refund() {
            Some(refund) => Ok(self.stripe.retrieve_refund(refund).await?),
            None => Err(refused(why)),
        }
    }
}

fn request_in<'a>(order: &'a Order, id: &str) -> Result<&'a RefundRequest, Error> {
    let request = order.refund_request(id);
    request.ok_or_else(|| Error::Internal("the request is not on its order".into()))
}

fn refused(why: Declined) -> Error {
    match why {
        Declined::ExceedsPaid => Error::ExceedsPaid,
        Declined::Disputed => Error::Disputed,
        Declined::Other => Error::RefundRefused,
    }
}
