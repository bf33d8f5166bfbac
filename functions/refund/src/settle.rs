//! How Stripe is asked for a refund that is set aside, and what becomes of its answer.
//!
//! | Stripe | the request |
//! |---|---|
//! | made the refund | is tied to it, at once or by the refund's event |
//! | refused for good | is released: its amount may be refunded by another request |
//! | did not answer, or not so that it can be used | stays as it is; the same operation resolves it |
//!
//! A bank transfer or a voucher cannot be refunded to where it came from: Stripe asks the payer by e-mail
//! where the money is to go. Where it has no address, it refuses, and is asked again with the one that the
//! payer gave when they paid. The address is in no log, and not in the ledger.
//!
//! The key for Stripe is made of the order and the request. Stripe forgets keys after a day and keeps
//! some failures under them, so whoever finds a request that was there before looks for its refund first.

use shared::{
    Error,
    event::Refund,
    ledger::Refunded,
    order::{Declined, Order, RefundRequest},
    request::Email,
    stripe::Failure,
};

use crate::{
    App,
    reserve::{Asked, Reserved, error_of},
};

impl App {
    /// The refund that was `asked` for, made where it is not there.
    pub(crate) async fn settle(&self, reserved: &Reserved, asked: &Asked) -> Result<Refund, Error> {
        let order = &reserved.order;
        let request = request_in(order, asked.id())?;
        if let Some(refund) = request.refund() {
            let found = self.stripe.retrieve_refund(refund).await?;
            return self.noted(order, found).await;
        }
        if let Some(why) = request.declined() {
            return Err(refused(why));
        }
        if reserved.is_found
            && let Some(found) = self.stripe.find_refund(order, request).await?
        {
            return self.noted(order, found).await;
        }
        match self.made(order, request, asked.email()).await? {
            Made::Refund(made) => self.noted(order, made).await,
            Made::Refused(why, failure) => self.released(order, request, why, &failure).await,
        }
    }

    /// The refund of `request`, or why Stripe refuses it for good.
    async fn made(
        &self,
        order: &Order,
        request: &RefundRequest,
        email: Option<&Email>,
    ) -> Result<Made, Error> {
        let mut made = tried(self.stripe.create_refund(order, request, email).await)?;
        if let Made::Refused(Declined::NeedsEmail | Declined::Other, _) = made
            && email.is_none()
        {
            made = self.asking_the_payer(order, request, made).await?;
        }
        match made {
            Made::Refused(Declined::ExceedsPaid, failure) => {
                let why = self.why_exceeding(order, request).await?;
                Ok(Made::Refused(why, failure))
            }
            made => Ok(made),
        }
    }

    /// The same with the address that the payer gave when they paid, if they did.
    async fn asking_the_payer(
        &self,
        order: &Order,
        request: &RefundRequest,
        first: Made,
    ) -> Result<Made, Error> {
        let payer = match self.stripe.payer(order).await {
            Ok(payer) => payer,
            Err(failure) if !failure.is_ours_to_mend() => return Err(failure.into()),
            Err(failure) => {
                let id = order.id().as_str();
                tracing::warn!(order.id = id, cause = %failure, "a payer's address cannot be read");
                return Ok(first);
            }
        };
        match (payer.email, first) {
            (Some(email), _) => tried(
                self.stripe
                    .create_refund(order, request, Some(&email))
                    .await,
            ),
            (None, Made::Refused(_, failure)) if payer.is_asked => {
                Ok(Made::Refused(Declined::NeedsEmail, failure))
            }
            (None, first) => Ok(first),
        }
    }

    /// Stripe has no code for a part that it does not refund: it refuses the amount. Whether that was too
    /// large, the refunds of the payment tell.
    async fn why_exceeding(
        &self,
        order: &Order,
        request: &RefundRequest,
    ) -> Result<Declined, Error> {
        let (Some(paid), Some(intent)) = (order.paid_amount(), order.intent()) else {
            return Ok(Declined::ExceedsPaid);
        };
        let all = self.stripe.refunds(intent).await?;
        let counting = all.iter().filter(|refund| !refund.is_failed());
        let refunded = counting
            .map(|refund| refund.amount)
            .fold(0, i64::saturating_add);
        let left = paid.minor_units().saturating_sub(refunded);
        Ok(match request.amount() {
            amount if amount > left => Declined::ExceedsPaid,
            amount if amount < paid.minor_units() => Declined::InFullOnly,
            _ => Declined::Other,
        })
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
            "a refund was made"
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

/// What Stripe made of a request.
enum Made {
    Refund(Refund),
    /// None was made, nor will be.
    Refused(Declined, Failure),
}

fn tried(answer: Result<Refund, Failure>) -> Result<Made, Error> {
    let failure = match answer {
        Ok(refund) => return Ok(Made::Refund(refund)),
        Err(failure) => failure,
    };
    match failure.declines_refund() {
        Some(why) => Ok(Made::Refused(why, failure)),
        None => Err(failure.into()),
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
        Declined::InFullOnly => Error::RefundInFullOnly,
        Declined::NeedsEmail => Error::RefundNeedsEmail,
        Declined::Other => Error::RefundRefused,
    }
}
