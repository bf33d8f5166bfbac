//! Reserves the amount of a refund.
//!
//! The database comes first: one transaction checks the rest of the payment and of the caller's
//! daily limit, and stores the request. So concurrent refunds never exceed the payment. A process
//! that dies after it leaves a request that the same operation finds again.

use shared::{
    Error,
    access::{CallerId, CreateRefund, Reached},
    amount::Amount,
    email::Email,
    order::{Order, OrderId, RefundReason, RefundRequest},
    request::IdempotencyKey,
    store::{RefundRefusal, Refunded},
};

use crate::Refunds;

/// The caller's request.
#[derive(Debug)]
pub(crate) struct RefundParams {
    id: String,
    digest: String,
    amount: Option<i64>,
    reason: Option<RefundReason>,
    email: Option<Email>,
}

impl RefundParams {
    /// The request of `caller` with the idempotency key `key`: the same key for the same order is
    /// the same refund.
    pub(crate) fn new(
        order: &OrderId,
        caller: &CallerId,
        key: &IdempotencyKey,
        amount: Option<i64>,
        reason: Option<RefundReason>,
        email: Option<Email>,
    ) -> Self {
        let id = RefundRequest::id_of(order, caller, key.as_str());
        let digest = RefundRequest::digest_of(amount, reason);
        let digest = match &email {
            Some(email) => RefundRequest::digest_with(&digest, &id, email),
            None => digest,
        };
        Self {
            id,
            digest,
            amount,
            reason,
            email,
        }
    }

    /// The id of the request in the database.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }

    /// The e-mail address at which Stripe may ask the payer.
    pub(crate) fn email(&self) -> Option<&Email> {
        self.email.as_ref()
    }

    /// The amount to refund of `order`.
    fn amount_of(&self, order: &Order) -> Result<Amount, Error> {
        let currency = order.paid_amount().ok_or(Error::NotPaid)?.currency();
        match self.amount {
            Some(amount) => Amount::positive(amount, currency)
                .map_err(|what| Error::invalid(format!("`amount` {what}"))),
            None => {
                let left = Amount::positive(order.left_to_refund(), currency);
                left.map_err(|_| Error::ExceedsPaid)
            }
        }
    }
}

/// An order with the request on it.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) order: Order,
    /// True when the request was there before, so that Stripe may have received it already.
    pub(crate) is_found: bool,
}

impl Refunds<'_> {
    /// `order` with the request `params`, whose amount is reserved. A request that is there already
    /// was authorized when it was made.
    pub(crate) async fn reserve(
        &self,
        order: Order,
        mut caller: Reached<CreateRefund>,
        params: &RefundParams,
    ) -> Result<Reserved, Error> {
        if let Some(known) = order.refund_request(&params.id) {
            return match known.digest() == params.digest {
                true => Ok(Reserved {
                    order,
                    is_found: true,
                }),
                false => Err(Error::KeyReused),
            };
        }
        let amount = params.amount_of(&order)?;
        let limit = caller.day_limit(amount)?;
        let names = (params.id.clone(), params.digest.clone());
        let now = self.clock.now();
        let request = RefundRequest::new(names, amount, params.reason, caller.caller(), now);
        let reserved = self
            .store
            .reserve_refund(order.id(), request, amount.currency(), limit)
            .await?;
        let (order, is_found) = match reserved {
            Refunded::Changed(order) => (order, false),
            Refunded::Unchanged(order) => (order, true),
            Refunded::Refused(RefundRefusal::OverDayLimit) => return Err(caller.over_day_limit()),
            Refunded::Refused(refusal) => return Err(error_of(refusal)),
        };
        Ok(Reserved {
            order: *order,
            is_found,
        })
    }
}

/// The error for the database's refusal.
pub(crate) fn error_of(refusal: RefundRefusal) -> Error {
    match refusal {
        RefundRefusal::NotFound => Error::NotFound,
        RefundRefusal::KeyReused => Error::KeyReused,
        RefundRefusal::NotPaid => Error::NotPaid,
        RefundRefusal::ExceedsPaid => Error::ExceedsPaid,
        RefundRefusal::OverDayLimit => Error::OverLimit,
        RefundRefusal::InProgress => Error::InProgress,
        RefundRefusal::RateLimited => Error::RefundRefused,
        RefundRefusal::Mismatch(mismatch) => Error::Internal(Box::new(mismatch)),
        _ => Error::Internal("the database rejected the refund for an unknown reason".into()),
    }
}
