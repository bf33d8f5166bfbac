//! Refunds: one for each request whose amount the database reserved.

use std::collections::HashMap;

use stripe::StripeRequest as _;
use stripe_core::{
    payment_intent::RetrievePaymentIntent,
    refund::{CreateRefund, CreateRefundReason, ListRefund, RetrieveRefund},
};

use super::{
    Stripe, StripeError,
    keys::{key_of, under},
};
use crate::{
    deployment::Deployment,
    email::Email,
    event::Refund,
    order::{Order, RefundKeys, RefundReason, RefundRejection, RefundRequest},
};

/// Stripe's largest page.
const PAGE: i64 = 100;

/// The fields of a page of refunds that Farebox uses.
#[derive(miniserde::Deserialize)]
struct Page {
    data: Vec<Refund>,
    has_more: bool,
}

/// The payer, as far as a refund needs to know.
#[derive(Debug)]
pub struct Payer {
    /// The e-mail address from the payment.
    pub email: Option<Email>,
    /// True when Stripe asks the payer for a bank account: the payment method takes no refunds.
    pub is_asked: bool,
}

/// Stripe's names of the payment methods that cannot be refunded to directly
/// (<https://docs.stripe.com/refunds>).
const ASKED: [&str; 4] = ["customer_balance", "konbini", "multibanco", "promptpay"];

#[derive(miniserde::Deserialize)]
struct Paid {
    latest_charge: Option<PaidCharge>,
}

#[derive(miniserde::Deserialize)]
struct PaidCharge {
    billing_details: Option<BillingDetails>,
    payment_method_details: Option<MethodDetails>,
}

#[derive(miniserde::Deserialize)]
struct BillingDetails {
    email: Option<String>,
}

#[derive(miniserde::Deserialize)]
struct MethodDetails {
    #[serde(rename = "type")]
    kind: String,
}

/// The idempotency key of a refund to which the payer's e-mail address was added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailKey {
    /// The key of the request itself.
    Own,
    /// Another key: Stripe stored an answer under the request's own key, and it is no refund.
    Another,
}

impl Stripe {
    /// Creates the refund of `request`.
    ///
    /// Calls for the same request, with the same key, create the same refund, while Stripe keeps
    /// that key: a day at least. When the payer has to name a bank account, Stripe writes to
    /// `email`.
    ///
    /// # Errors
    ///
    /// [`StripeError`]; Stripe may have created a refund all the same, unless
    /// [`StripeError::declines_refund`]. After [`StripeError::is_replayed`],
    /// [`Stripe::find_refund`] tells whether it did.
    pub async fn create_refund(
        &self,
        order: &Order,
        request: &RefundRequest,
        email: Option<&Email>,
        under_key: EmailKey,
    ) -> Result<Refund, StripeError> {
        // The deployment that reserved the amount: later calls use the same key, even where the
        // database has another id since. A reservation of an earlier version names none.
        let deployment = request.deployment();
        let mut key = vec!["refund", order.id().as_str(), request.id()];
        key.splice(0..0, deployment);
        let metadata = [
            (RefundKeys::ORDER, order.id().as_str()),
            (RefundKeys::REQUEST, request.id()),
        ];
        let metadata = metadata
            .into_iter()
            .chain(deployment.map(|id| (Deployment::KEY, id)))
            .map(|(key, value)| (key.to_owned(), value.to_owned()));
        let mut refund = CreateRefund::new()
            .payment_intent(intent_of(order)?)
            .amount(request.amount())
            .metadata(metadata.collect::<HashMap<_, _>>());
        if let Some(reason) = request.reason() {
            refund = refund.reason(stripes(reason));
        }
        if under_key == EmailKey::Another {
            key.push("instructions_email");
        }
        if let Some(email) = email {
            refund = refund.instructions_email(email.as_str());
        }
        let made: Refund = refund
            .build()
            .customize()
            .request_strategy(under(key_of(&key, request.key_number())))
            .send(self)
            .await?;
        checked(made, order, request)
    }

    /// The refund of `request`, if there is one, among all of the order's payment.
    ///
    /// That payment belongs to one deployment. A refund that names another id was made before the
    /// database had a new one, or through a copy of the database. It is the same refund all the
    /// same.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return them.
    pub async fn find_refund(
        &self,
        order: &Order,
        request: &RefundRequest,
    ) -> Result<Option<Refund>, StripeError> {
        let all = self.refunds(intent_of(order)?).await?;
        let mut made = all.into_iter();
        made.find(|refund| refund.metadata(RefundKeys::REQUEST) == Some(request.id()))
            .map(|refund| checked(refund, order, request))
            .transpose()
    }

    /// All refunds of the payment by `intent`, as they are now.
    ///
    /// Unlike a search, the list is consistent.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return them.
    pub async fn refunds(&self, intent: &str) -> Result<Vec<Refund>, StripeError> {
        let mut all: Vec<Refund> = Vec::new();
        loop {
            let mut list = ListRefund::new().payment_intent(intent).limit(PAGE);
            if let Some(last) = all.last() {
                list = list.starting_after(last.id.as_str());
            }
            let page: Page = list.build().customize().send(self).await?;
            let is_more = page.has_more && !page.data.is_empty();
            all.extend(page.data);
            if !is_more {
                return Ok(all);
            }
        }
    }

    /// The payer of `order`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return the payment.
    pub async fn payer(&self, order: &Order) -> Result<Payer, StripeError> {
        let paid = RetrievePaymentIntent::new(intent_of(order)?)
            .expand(["latest_charge".to_owned()])
            .build();
        let paid: Paid = paid.customize().send(self).await?;
        let (billing, method) = match paid.latest_charge {
            Some(charge) => (charge.billing_details, charge.payment_method_details),
            None => (None, None),
        };
        let email = billing.and_then(|billing| billing.email);
        Ok(Payer {
            email: email.and_then(|email| Email::parse(&email).ok()),
            is_asked: method.is_some_and(|method| ASKED.contains(&method.kind.as_str())),
        })
    }

    /// The refund with `id`.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn retrieve_refund(&self, id: &str) -> Result<Refund, StripeError> {
        RetrieveRefund::new(id).build().customize().send(self).await
    }
}

impl StripeError {
    /// The reason of Stripe's final rejection, so that no refund exists; `None` when one may exist,
    /// or a retry may create it.
    #[must_use]
    pub fn declines_refund(&self) -> Option<RefundRejection> {
        let refusal = match self {
            Self::Declined { .. } => return Some(RefundRejection::Other),
            Self::Refused(refusal) => refusal,
            _ => return None,
        };
        if !matches!(refusal.status, 400 | 404)
            || refusal.kind.as_deref() != Some("invalid_request_error")
        {
            return None;
        }
        // Stripe has no code for an amount above the rest of the payment.
        Some(match (refusal.code.as_deref(), refusal.param.as_deref()) {
            (Some("charge_already_refunded" | "amount_too_large"), _) | (None, Some("amount")) => {
                RefundRejection::ExceedsPaid
            }
            (Some("charge_disputed" | "refund_disputed_payment"), _) => RefundRejection::Disputed,
            (_, Some("instructions_email")) => RefundRejection::NeedsEmail,
            _ => RefundRejection::Other,
        })
    }
}

fn intent_of(order: &Order) -> Result<&str, StripeError> {
    order.intent().ok_or(StripeError::Differs("payment intent"))
}

/// `refund`, if it matches `request`.
fn checked(refund: Refund, order: &Order, request: &RefundRequest) -> Result<Refund, StripeError> {
    let currency = order.revision().contents.amount().currency();
    let what = match () {
        () if refund.amount != request.amount() => "amount",
        () if refund.currency != currency.as_str() => "currency",
        () if refund.payment_intent.as_deref() != order.intent() => "payment intent",
        () if refund.metadata(RefundKeys::REQUEST) != Some(request.id()) => "request",
        () => return Ok(refund),
    };
    Err(StripeError::Differs(what))
}

fn stripes(reason: RefundReason) -> CreateRefundReason {
    match reason {
        RefundReason::Duplicate => CreateRefundReason::Duplicate,
        RefundReason::Fraudulent => CreateRefundReason::Fraudulent,
        RefundReason::RequestedByCustomer => CreateRefundReason::RequestedByCustomer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stripe::ApiError;

    #[test]
    fn a_refusal_is_final_when_nothing_was_done_and_nothing_will_be() {
        let refused = |status, kind: &str, code: Option<&str>, param: Option<&str>| {
            StripeError::Refused(ApiError {
                status,
                kind: Some(kind.to_owned()),
                code: code.map(str::to_owned),
                param: param.map(str::to_owned),
                request_id: None,
            })
            .declines_refund()
        };
        let invalid = "invalid_request_error";
        let cases = [
            (
                refused(400, invalid, Some("charge_already_refunded"), None),
                Some(RefundRejection::ExceedsPaid),
            ),
            (
                refused(400, invalid, None, Some("amount")),
                Some(RefundRejection::ExceedsPaid),
            ),
            (
                refused(400, invalid, Some("charge_disputed"), None),
                Some(RefundRejection::Disputed),
            ),
            (
                refused(400, invalid, Some("refund_disputed_payment"), None),
                Some(RefundRejection::Disputed),
            ),
            (
                refused(400, invalid, None, Some("instructions_email")),
                Some(RefundRejection::NeedsEmail),
            ),
            (
                refused(404, invalid, Some("resource_missing"), None),
                Some(RefundRejection::Other),
            ),
            (refused(400, "idempotency_error", None, None), None),
            (
                refused(409, invalid, Some("idempotency_key_in_use"), None),
                None,
            ),
            (refused(401, invalid, None, None), None),
            (refused(403, invalid, None, None), None),
            (refused(400, "api_error", None, None), None),
        ];
        for (found, expected) in cases {
            assert_eq!(found, expected);
        }
        let unanswered = StripeError::Unanswered {
            status: Some(500),
            request_id: None,
            cause: "x".into(),
        };
        assert_eq!(unanswered.declines_refund(), None);
        assert_eq!(StripeError::Differs("amount").declines_refund(), None);
    }
}
