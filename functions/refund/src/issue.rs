//! Creates the refund of a reservation at Stripe, and handles the answer.
//!
//! | Stripe | the request |
//! |---|---|
//! | made the refund | is tied to it, at once or by the refund's event |
//! | rejected it for good | is released: another request may refund its amount |
//! | returned no usable answer | stays as it is; the same operation resolves it |
//! | stores a failure under the key | takes the next key, once a look found no refund |
//!
//! Some payment methods, such as bank transfers and vouchers, cannot be refunded to directly:
//! Stripe asks the payer by e-mail for a bank account. Without an e-mail address Stripe rejects the
//! refund, and Farebox sends it again with the address from the payment. The address is in no log,
//! and not in the database.
//!
//! The key for Stripe is a hash of the order, the request, and the number of the key. A call that
//! finds an earlier request looks for its refund first. A key is given up for good before the next
//! begins. Either Stripe replays a failure under it, so that the request under it has ended. Or it
//! is so old that no caller sends it any more, long before Stripe forgets it. Then the list of the
//! payment's refunds, which is consistent, tells whether it made the refund. The database begins
//! the next key on the condition of the last, so that all callers send the same one.

use shared::{
    Error,
    email::Email,
    event::Refund,
    order::{Order, RefundKey, RefundRejection, RefundRequest},
    store::Refunded,
    stripe::{EmailKey, StripeError},
};

use crate::{
    Refunds,
    reserve::{RefundParams, Reserved, error_of},
};

/// The most keys that one call tries for one operation.
const MAX_KEYS: usize = 4;

impl Refunds<'_> {
    /// The refund for `params`, created where it does not exist.
    pub(crate) async fn issue(
        &self,
        reserved: Reserved,
        params: &RefundParams,
    ) -> Result<Refund, Error> {
        let Reserved {
            mut order,
            mut is_found,
        } = reserved;
        for _ in 0..MAX_KEYS {
            let request = request_in(&order, params.id())?;
            if let Some(refund) = request.refund() {
                let found = self.stripe.retrieve_refund(refund).await?;
                return self.recorded(&order, found).await;
            }
            if let Some(why) = request.declined() {
                return Err(rejection(why));
            }
            let key = request.key_at(self.clock.now());
            if (is_found || key != RefundKey::Good)
                && let Some(found) = self.stripe.find_refund(&order, request).await?
            {
                return self.recorded(&order, found).await;
            }
            match key {
                RefundKey::Good => match self.made(&order, request, params.email()).await? {
                    Outcome::Created(made) => return self.recorded(&order, made).await,
                    Outcome::Rejected(why, failure) => {
                        return self.released(&order, request, why, &failure).await;
                    }
                    Outcome::Replayed => {}
                },
                RefundKey::Ending => return Err(Error::InProgress),
                RefundKey::Over => {}
            }
            (order, is_found) = self.next_key(&order, request).await?;
        }
        Err(Error::Unavailable("Stripe keeps failing".into()))
    }

    /// The order once `request` has the next key. True when a concurrent call began that key, and
    /// may have sent it already.
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

    /// The refund of `request`, or the reason why there is none under its key.
    async fn made(
        &self,
        order: &Order,
        request: &RefundRequest,
        email: Option<&Email>,
    ) -> Result<Outcome, Error> {
        let its_key = EmailKey::Own;
        let made = self.stripe.create_refund(order, request, email, its_key);
        let mut made = outcome_of(made.await)?;
        if let Outcome::Rejected(RefundRejection::NeedsEmail | RefundRejection::Other, _) = made
            && email.is_none()
        {
            made = self.with_payers_email(order, request, made).await?;
        }
        match made {
            // The request under the key has ended, so that the list is complete.
            Outcome::Replayed => {
                let found = self.stripe.find_refund(order, request).await?;
                Ok(found.map_or(Outcome::Replayed, Outcome::Created))
            }
            Outcome::Rejected(RefundRejection::ExceedsPaid, failure) => {
                let why = self.why_rejected(order, request).await?;
                Ok(Outcome::Rejected(why, failure))
            }
            made => Ok(made),
        }
    }

    /// Retries with the e-mail address from the payment, if there is one.
    ///
    /// It sends the same key first: a concurrent call without the address has that key as well, and
    /// Stripe makes only one of the two. Where Stripe stored an answer to the other, that is its
    /// refund, or a rejection after which no refund can be made under the key.
    async fn with_payers_email(
        &self,
        order: &Order,
        request: &RefundRequest,
        first: Outcome,
    ) -> Result<Outcome, Error> {
        let payer = match self.stripe.payer(order).await {
            Ok(payer) => payer,
            Err(failure) if !failure.is_auth() => return Err(failure.into()),
            Err(failure) => {
                let id = order.id().as_str();
                tracing::warn!(order.id = id, cause = %failure,
                    "Stripe's key may not read the payer's e-mail address");
                return Ok(first);
            }
        };
        match (payer.email, first) {
            (Some(email), _) => {
                let ask = |key| self.stripe.create_refund(order, request, Some(&email), key);
                let mut made = ask(EmailKey::Own).await;
                if made.as_ref().is_err_and(StripeError::is_about_the_key) {
                    if let Some(refund) = self.stripe.find_refund(order, request).await? {
                        return Ok(Outcome::Created(refund));
                    }
                    made = ask(EmailKey::Another).await;
                }
                outcome_of(made)
            }
            (None, Outcome::Rejected(_, failure)) if payer.is_asked => {
                Ok(Outcome::Rejected(RefundRejection::NeedsEmail, failure))
            }
            (None, first) => Ok(first),
        }
    }

    /// The reason for a rejected amount. Stripe has no code for a partial refund that it does not
    /// support. The payment's refunds tell whether the amount was too large.
    async fn why_rejected(
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
    async fn recorded(&self, order: &Order, refund: Refund) -> Result<Refund, Error> {
        let now = self.clock.now();
        let recorded = self.store.record_refund(order.id(), refund.clone(), now);
        if let Refunded::Refused(refusal) = recorded.await? {
            return Err(error_of(refusal));
        }
        tracing::info!(
            order.id = order.id().as_str(),
            refund.id = refund.id,
            status = refund.status,
            "Stripe made a refund"
        );
        Ok(refund)
    }

    /// The error for a final rejection, once the database has it; unless an event reported the
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
            "Stripe rejected a refund"
        );
        let now = self.clock.now();
        let declined = self.store.decline_refund(order, request, why, now);
        let latest = match declined.await? {
            Refunded::Changed(order) | Refunded::Unchanged(order) => order,
            Refunded::Refused(refusal) => return Err(error_of(refusal)),
        };
        match request_in(&latest, request.id())?.refund() {
            Some(refund) => Ok(self.stripe.retrieve_refund(refund).await?),
            None => Err(rejection(why)),
        }
    }
}

/// The result of a request at Stripe.
enum Outcome {
    Created(Refund),
    /// No refund was made, nor will be.
    Rejected(RefundRejection, StripeError),
    /// Stripe stores a failure under the key; it may have made a refund.
    Replayed,
}

fn outcome_of(answer: Result<Refund, StripeError>) -> Result<Outcome, Error> {
    let failure = match answer {
        Ok(refund) => return Ok(Outcome::Created(refund)),
        Err(failure) => failure,
    };
    match failure.declines_refund() {
        Some(why) => Ok(Outcome::Rejected(why, failure)),
        None if failure.is_replayed() => {
            tracing::warn!(
                cause = %failure,
                "Stripe stored a failure under an idempotency key: Farebox looks for the refund"
            );
            Ok(Outcome::Replayed)
        }
        None => Err(failure.into()),
    }
}

fn request_in<'a>(order: &'a Order, id: &str) -> Result<&'a RefundRequest, Error> {
    let request = order.refund_request(id);
    request.ok_or_else(|| Error::Internal("the order has lost the refund request".into()))
}

fn rejection(why: RefundRejection) -> Error {
    match why {
        RefundRejection::ExceedsPaid => Error::ExceedsPaid,
        RefundRejection::Disputed => Error::Disputed,
        RefundRejection::InFullOnly => Error::RefundInFullOnly,
        RefundRejection::NeedsEmail => Error::RefundNeedsEmail,
        RefundRejection::Other => Error::RefundRefused,
    }
}
