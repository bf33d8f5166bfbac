//! How Stripe is asked for a refund that is set aside, and what becomes of its answer.
//!
//! | Stripe | the request |
//! |---|---|
//! | made the refund | is tied to it, at once or by the refund's event |
//! | refused for good | is released: its amount may be refunded by another request |
//! | did not answer, or not so that it can be used | stays as it is; the same operation resolves it |
//! | made it or not, and keeps a failure under the key | takes the next key, once a look found no refund |
//!
//! A bank transfer or a voucher cannot be refunded to where it came from: Stripe asks the payer by
//! e-mail where the money is to go. Where it has no address, it refuses, and is asked again with
//! the one that the payer gave when they paid. The address is in no log, and not in the database.
//!
//! The key for Stripe is made of the order, the request, and the number of the key. Whoever finds a
//! request that was there before looks for its refund first. A key is given up for good before the
//! next is taken: either Stripe replays a failure under it, so that the request under it has ended;
//! or it is so old that nobody asks under it any more, long before Stripe forgets it. Then the list
//! of the payment's refunds, which is up to date at once, tells whether it made the refund; and the
//! database takes the next key by a condition on the last, so that all who come ask under the same
//! one.

use shared::{
    Error,
    email::Email,
    event::Refund,
    order::{Order, RefundKey, RefundRejection, RefundRequest},
    store::Refunded,
    stripe::{AskedUnder, StripeError},
};

use crate::{
    Refunds,
    reserve::{Asked, Reserved, error_of},
};

/// So many keys are tried for one operation in one call.
const MOST_KEYS: usize = 4;

impl Refunds<'_> {
    /// The refund that was `asked` for, made where it is not there.
    pub(crate) async fn issue(&self, reserved: Reserved, asked: &Asked) -> Result<Refund, Error> {
        let Reserved {
            mut order,
            mut is_found,
        } = reserved;
        for _ in 0..MOST_KEYS {
            let request = request_in(&order, asked.id())?;
            if let Some(refund) = request.refund() {
                let found = self.stripe.retrieve_refund(refund).await?;
                return self.noted(&order, found).await;
            }
            if let Some(why) = request.declined() {
                return Err(refused(why));
            }
            let key = request.key_at(self.clock.now());
            if (is_found || key != RefundKey::Good)
                && let Some(found) = self.stripe.find_refund(&order, request).await?
            {
                return self.noted(&order, found).await;
            }
            match key {
                RefundKey::Good => match self.made(&order, request, asked.email()).await? {
                    Made::Refund(made) => return self.noted(&order, made).await,
                    Made::Refused(why, failure) => {
                        return self.released(&order, request, why, &failure).await;
                    }
                    Made::Kept => {}
                },
                RefundKey::Ending => return Err(Error::InProgress),
                RefundKey::Over => {}
            }
            (order, is_found) = self.next_key(&order, request).await?;
        }
        Err(Error::Unavailable("Stripe keeps failing".into()))
    }

    /// The order once `request` has the next key, and whether somebody else took it, who may have
    /// asked under it already.
    async fn next_key(
        &self,
        order: &Order,
        request: &RefundRequest,
    ) -> Result<(Order, bool), Error> {
        let now = self.clock.now();
        let taken = self.store.next_refund_key(order.id(), request, now).await?;
        match taken {
            Refunded::Changed(order) => Ok((*order, false)),
            Refunded::Unchanged(order) => Ok((*order, true)),
            Refunded::Refused(refusal) => Err(error_of(refusal)),
        }
    }

    /// The refund of `request`, or why there is none under its key.
    async fn made(
        &self,
        order: &Order,
        request: &RefundRequest,
        email: Option<&Email>,
    ) -> Result<Made, Error> {
        let its_key = AskedUnder::ItsKey;
        let made = self.stripe.create_refund(order, request, email, its_key);
        let mut made = tried(made.await)?;
        if let Made::Refused(RefundRejection::NeedsEmail | RefundRejection::Other, _) = made
            && email.is_none()
        {
            made = self.asking_the_payer(order, request, made).await?;
        }
        match made {
            // The request under the key has ended, so that the list is complete.
            Made::Kept => {
                let found = self.stripe.find_refund(order, request).await?;
                Ok(found.map_or(Made::Kept, Made::Refund))
            }
            Made::Refused(RefundRejection::ExceedsPaid, failure) => {
                let why = self.why_exceeding(order, request).await?;
                Ok(Made::Refused(why, failure))
            }
            made => Ok(made),
        }
    }

    /// The same with the address that the payer gave when they paid, if they did. It is asked for
    /// under the same key first: somebody who asks without the address at the same time has that
    /// key as well, and of the two Stripe makes one. Where it keeps an answer to them, that is
    /// their refund or a refusal, under which no refund can be made any more.
    async fn asking_the_payer(
        &self,
        order: &Order,
        request: &RefundRequest,
        first: Made,
    ) -> Result<Made, Error> {
        let payer = match self.stripe.payer(order).await {
            Ok(payer) => payer,
            Err(failure) if !failure.is_auth() => return Err(failure.into()),
            Err(failure) => {
                let id = order.id().as_str();
                tracing::warn!(order.id = id, cause = %failure, "a payer's address cannot be read");
                return Ok(first);
            }
        };
        match (payer.email, first) {
            (Some(email), _) => {
                let ask = |key| self.stripe.create_refund(order, request, Some(&email), key);
                let mut made = ask(AskedUnder::ItsKey).await;
                if made.as_ref().is_err_and(StripeError::is_about_the_key) {
                    if let Some(refund) = self.stripe.find_refund(order, request).await? {
                        return Ok(Made::Refund(refund));
                    }
                    made = ask(AskedUnder::AnotherKey).await;
                }
                tried(made)
            }
            (None, Made::Refused(_, failure)) if payer.is_asked => {
                Ok(Made::Refused(RefundRejection::NeedsEmail, failure))
            }
            (None, first) => Ok(first),
        }
    }

    /// Stripe has no code for a part that it does not refund: it refuses the amount. Whether that
    /// was too large, the refunds of the payment tell.
    async fn why_exceeding(
        &self,
        order: &Order,
        request: &RefundRequest,
    ) -> Result<RefundRejection, Error> {
        let (Some(paid), Some(intent)) = (order.paid_amount(), order.intent()) else {
            return Ok(RefundRejection::ExceedsPaid);
        };
        let all = self.stripe.refunds(intent).await?;
        let counting = all.iter().filter(|refund| !refund.is_failed());
        let refunded = counting
            .map(|refund| refund.amount)
            .fold(0, i64::saturating_add);
        let left = paid.minor_units().saturating_sub(refunded);
        Ok(match request.amount() {
            amount if amount > left => RefundRejection::ExceedsPaid,
            amount if amount < paid.minor_units() => RefundRejection::InFullOnly,
            _ => RefundRejection::Other,
        })
    }

    /// `refund`, once the database has it.
    async fn noted(&self, order: &Order, refund: Refund) -> Result<Refund, Error> {
        let now = self.clock.now();
        let noted = self.store.record_refund(order.id(), refund.clone(), now);
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

    /// The answer to a refusal for good, once the database has it; unless an event told of the
    /// refund.
    async fn released(
        &self,
        order: &Order,
        request: &RefundRequest,
        why: RefundRejection,
        failure: &StripeError,
    ) -> Result<Refund, Error> {
        tracing::warn!(
            order.id = order.id().as_str(),
            cause = %failure,
            "Stripe refused a refund"
        );
        let now = self.clock.now();
        let declined = self.store.decline_refund(order, request, why, now);
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
    Refused(RefundRejection, StripeError),
    /// Stripe keeps a failure under the key; one may have been made.
    Kept,
}

fn tried(answer: Result<Refund, StripeError>) -> Result<Made, Error> {
    let failure = match answer {
        Ok(refund) => return Ok(Made::Refund(refund)),
        Err(failure) => failure,
    };
    match failure.declines_refund() {
        Some(why) => Ok(Made::Refused(why, failure)),
        None if failure.is_kept() => {
            tracing::warn!(
                cause = %failure,
                "Stripe keeps a failure under a key: the payment's refunds are looked through"
            );
            Ok(Made::Kept)
        }
        None => Err(failure.into()),
    }
}

fn request_in<'a>(order: &'a Order, id: &str) -> Result<&'a RefundRequest, Error> {
    let request = order.refund_request(id);
    request.ok_or_else(|| Error::Internal("the request is not on its order".into()))
}

fn refused(why: RefundRejection) -> Error {
    match why {
        RefundRejection::ExceedsPaid => Error::ExceedsPaid,
        RefundRejection::Disputed => Error::Disputed,
        RefundRejection::InFullOnly => Error::RefundInFullOnly,
        RefundRejection::NeedsEmail => Error::RefundNeedsEmail,
        RefundRejection::Other => Error::RefundRefused,
    }
}
