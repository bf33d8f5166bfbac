//! The one error type, and the one place it becomes a response.
//!
//! `Display` is the text for the *caller*. The cause is for the *operator*: it travels in
//! `source()`, is logged once by the host, and is never in a body. Converting has no side effect:
//! the error rides in the response's extensions, and the host adds the request id (see
//! [`crate::host`]).

mod table;

use std::{borrow::Cow, sync::Arc};

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use hyper::{
    HeaderMap, StatusCode,
    header::{HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE},
};
use serde_json::{Map, Value, json};

pub use self::table::{Code, ErrorSpec, Retry};
use crate::{
    cause::Cause,
    order::{Awaited, OrderId},
    redacted::Redacted,
    signature,
};

/// The reason why a request fails.
///
/// Each has a [`Code`], whose [`ErrorSpec`] is in `docs/errors.md`.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The request itself is wrong; the text names the field and the reason.
    #[error("{0}")]
    Invalid(Cow<'static, str>),
    /// The site did not sign a token in the request; the text names the field.
    #[error("{0}")]
    InvalidToken(&'static str, #[source] Cause),
    /// The amount is below Stripe's minimum in this currency.
    #[error("the amount is below Stripe's minimum in this currency")]
    AmountTooSmall,
    /// The webhook signature is missing, forged or stale.
    #[error("the signature does not match")]
    BadSignature(#[source] signature::Rejected),
    /// The request has no token that identifies the caller, or an invalid one.
    #[error("sign in, or reload the page")]
    Unauthenticated(#[source] Cause),
    /// The bank declined. `code` is Stripe's decline code, for the site to translate.
    #[error("the payment was declined")]
    Declined {
        /// The code for the caller: see [`payer_code`].
        code: String,
    },
    /// The bank asks the payer, who is absent, to authenticate the payment. The secret lets them do
    /// so.
    #[error("the payer has to authenticate the payment")]
    AuthenticationRequired(Redacted),
    /// The caller is authenticated, and may not do this.
    #[error("you may not do this")]
    Forbidden,
    /// The caller may do this, but not with so much money, or not in this currency.
    #[error("your role does not permit this amount or this currency")]
    OverLimit,
    /// The same, of a capture.
    #[error("your role does not permit a capture of this amount or this currency")]
    OverCaptureLimit,
    /// The object does not exist, or is another caller's: the response is the same.
    #[error("there is no such order, customer, subscription or invoice")]
    NotFound,
    /// The route does not have this method.
    #[error("the method is not allowed here")]
    MethodNotAllowed,
    /// The idempotency key came before, with other contents.
    #[error("this Idempotency-Key was used with other contents")]
    KeyReused,
    /// The same operation is in progress; the caller may retry.
    #[error("the same request is in progress: try again")]
    InProgress,
    /// This order of the caller is paid and can no longer change.
    #[error("the order is already paid")]
    AlreadyPaid(OrderId),
    /// A payment of this order of the caller is processing; the order cannot change until that
    /// ends.
    #[error("a payment of this order is processing")]
    PaymentProcessing(OrderId),
    /// The same, of a payment that waits for this step.
    #[error("a payment of this order is processing: it waits for {1}")]
    PaymentAwaited(OrderId, Awaited),
    /// The order was canceled; a new one is needed.
    #[error("the order was canceled")]
    OrderCanceled,
    /// The order's time ran out; the site may sign it anew, else a new one is needed.
    #[error("the time to pay the order is over")]
    OrderExpired,
    /// The caller holds this subscription of a product, `sub_…`, and may hold one alone.
    #[error("the caller has a subscription of this product")]
    AlreadySubscribed(String),
    /// A subscription needs a Stripe customer, and no role of the caller makes them one.
    #[error("a subscription needs a customer: no role of the caller is one of a customer's")]
    NotACustomer,
    /// The order's payment is not authorized, so there is nothing to capture.
    #[error("no authorized payment of the order waits for its capture")]
    NotAuthorized,
    /// The capture exceeds the authorized amount.
    #[error("the capture exceeds the authorized amount")]
    ExceedsAuthorized,
    /// The caller has no saved payment method, or not the one that the site named.
    #[error("the caller has no such saved payment method")]
    NoSavedMethod,
    /// The site signed a newer version of this order.
    #[error("the order has changed since: reload the page")]
    OrderChanged,
    /// The site signed this order and another version of it with the same `iat` or `version`.
    #[error(
        "another version of the order has the same `iat` or `version`: sign it again later, or as \
         a higher `version`"
    )]
    SignedAtOnce,
    /// The order is not paid, so there is nothing to refund.
    #[error("the order is not paid")]
    NotPaid,
    /// The refund exceeds the rest of the payment.
    #[error("the refund exceeds the rest of the payment")]
    ExceedsPaid,
    /// The payer's bank has the money, until it decides the dispute.
    #[error("the payment is disputed: the payer's bank holds the money until it decides")]
    Disputed,
    /// The payment method takes no partial refund.
    #[error("this payment method has no partial refunds")]
    RefundInFullOnly,
    /// The payer has to name a bank account, and Stripe has no e-mail address of theirs.
    #[error("Stripe must ask the payer for a bank account: send `instructionsEmail`")]
    RefundNeedsEmail,
    /// Stripe does not refund this payment, for another reason.
    #[error("Stripe does not refund this payment")]
    RefundRefused,
    /// The invoice is not paid, or nothing was due.
    #[error("the invoice is not paid, or nothing was due")]
    InvoiceNotPaid,
    /// Another payment than one at Stripe paid the invoice, or several did.
    #[error("no single payment at Stripe paid the invoice: refund it in Stripe's dashboard")]
    InvoiceNotRefundable,
    /// The caller, or their address, started too many payments lately, or has too many unpaid ones;
    /// or too many charges of the order failed.
    #[error("too many payments were started or failed: try again later")]
    TooManyPayments {
        /// The seconds to wait.
        retry_after: u64,
    },
    /// The caller sent too many requests of this kind lately.
    #[error("too many requests: try again later")]
    TooManyRequests {
        /// The seconds to wait.
        retry_after: u64,
    },
    /// The subscription is over: a new one is needed.
    #[error("the subscription has ended")]
    SubscriptionEnded,
    /// A change of the subscription waits for its payment.
    #[error("a change of the subscription waits for its payment")]
    SubscriptionChanging,
    /// The body exceeds the route's limit.
    #[error("the body is too large")]
    TooLarge,
    /// The billing portal's settings were never saved at Stripe.
    #[error("the billing portal is not set up yet")]
    PortalNotConfigured,
    /// The deployment needs an operator. The first text names the problems, and the object has the
    /// numbers, for the body of the response.
    #[error("{0}")]
    Unhealthy(String, Map<String, Value>),
    /// The service is at fault, and a retry will not help.
    #[error("something went wrong on our side")]
    Internal(#[source] Cause),
    /// Stripe, the database, the issuer of tokens or the keys are not available for now; the caller
    /// may retry.
    #[error("payments are briefly unavailable: try again")]
    Unavailable(#[source] Cause),
}

impl Error {
    /// [`Error::Invalid`] with a text that names the field and the reason.
    pub fn invalid(text: impl Into<Cow<'static, str>>) -> Self {
        Self::Invalid(text.into())
    }

    /// [`Error::Invalid`] for an order with a price that was archived, or got another amount, after
    /// the order was created.
    pub(crate) fn not_on_sale() -> Self {
        Self::invalid("a price of the order is not on sale any more: start a new order")
    }

    /// The code for programs; its row has the status, and the text in `docs/errors.md`.
    fn code(&self) -> Code {
        match self {
            Self::Invalid(_) | Self::InvalidToken(..) => Code::InvalidRequest,
            Self::AmountTooSmall => Code::AmountTooSmall,
            Self::BadSignature(_) => Code::BadSignature,
            Self::Unauthenticated(_) => Code::Unauthenticated,
            Self::Declined { .. } => Code::Declined,
            Self::AuthenticationRequired(_) => Code::AuthenticationRequired,
            Self::Forbidden | Self::NotACustomer => Code::Forbidden,
            Self::OverLimit => Code::RefundLimit,
            Self::OverCaptureLimit => Code::CaptureLimit,
            Self::NotFound => Code::NotFound,
            Self::MethodNotAllowed => Code::MethodNotAllowed,
            Self::KeyReused => Code::IdempotencyKeyReused,
            Self::InProgress => Code::InProgress,
            Self::AlreadyPaid(_) => Code::OrderAlreadyPaid,
            Self::PaymentProcessing(_) | Self::PaymentAwaited(..) => Code::PaymentProcessing,
            Self::OrderCanceled => Code::OrderCanceled,
            Self::OrderExpired => Code::OrderExpired,
            Self::AlreadySubscribed(_) => Code::AlreadySubscribed,
            Self::NotAuthorized => Code::OrderNotAuthorized,
            Self::ExceedsAuthorized => Code::CaptureExceedsAuthorized,
            Self::NoSavedMethod => Code::NoSavedPaymentMethod,
            Self::OrderChanged | Self::SignedAtOnce => Code::OrderChanged,
            Self::NotPaid => Code::OrderNotPaid,
            Self::ExceedsPaid => Code::RefundExceedsPaid,
            Self::Disputed => Code::OrderDisputed,
            Self::RefundInFullOnly => Code::RefundInFullOnly,
            Self::RefundNeedsEmail => Code::RefundNeedsEmail,
            Self::RefundRefused => Code::RefundRefused,
            Self::InvoiceNotPaid => Code::InvoiceNotPaid,
            Self::InvoiceNotRefundable => Code::InvoiceNotRefundable,
            Self::SubscriptionEnded => Code::SubscriptionEnded,
            Self::SubscriptionChanging => Code::SubscriptionChanging,
            Self::TooLarge => Code::BodyTooLarge,
            Self::TooManyPayments { .. } => Code::TooManyPayments,
            Self::TooManyRequests { .. } => Code::TooManyRequests,
            Self::PortalNotConfigured => Code::PortalNotConfigured,
            Self::Unhealthy(..) => Code::Unhealthy,
            Self::Internal(_) => Code::Internal,
            Self::Unavailable(_) => Code::Unavailable,
        }
    }

    /// The status, and the code for programs.
    fn answer(&self) -> (StatusCode, &str) {
        let row = self.code().spec();
        match self {
            Self::Declined { code } => (row.status, code),
            _ => (row.status, row.code),
        }
    }

    /// The order to show to the payer, instead of letting them pay again.
    fn order(&self) -> Option<&OrderId> {
        match self {
            Self::AlreadyPaid(order)
            | Self::PaymentProcessing(order)
            | Self::PaymentAwaited(order, _) => Some(order),
            _ => None,
        }
    }

    /// The subscription to show to the caller, instead of another.
    fn subscription(&self) -> Option<&str> {
        match self {
            Self::AlreadySubscribed(subscription) => Some(subscription),
            _ => None,
        }
    }

    /// The seconds after which the caller may retry.
    fn retry_after(&self) -> Option<u64> {
        match (self, self.code().spec().retry) {
            (Self::TooManyPayments { retry_after } | Self::TooManyRequests { retry_after }, _) => {
                Some(*retry_after)
            }
            (_, Retry::After(seconds)) => Some(u64::from(seconds)),
            _ => None,
        }
    }

    /// The error for a response that the router made by itself, such as 405.
    pub(crate) fn of_status(status: StatusCode) -> Option<Self> {
        match status {
            StatusCode::METHOD_NOT_ALLOWED => Some(Self::MethodNotAllowed),
            StatusCode::NOT_FOUND => Some(Self::NotFound),
            StatusCode::PAYLOAD_TOO_LARGE => Some(Self::TooLarge),
            _ if status.is_server_error() => {
                Some(Self::Internal("the router answered by itself".into()))
            }
            _ if status.is_client_error() => Some(Self::invalid("the request is malformed")),
            _ => None,
        }
    }

    /// The whole response: status, headers, and `{"error": {"code", "message", "requestId"}}`,
    /// where [`Code::names_order`] also with `orderId`, where [`Code::names_subscription`] with
    /// `subscription`, and where [`Code::has_secret`] with `clientSecret`. [`Error::Unhealthy`] has
    /// its numbers beside `error`.
    pub(crate) fn response(&self, request_id: &str) -> Response {
        let (status, code) = self.answer();
        let mut error =
            json!({ "code": code, "message": self.to_string(), "requestId": request_id });
        if let Some(order) = self.order() {
            error["orderId"] = order.as_str().into();
        }
        if let Some(subscription) = self.subscription() {
            error["subscription"] = subscription.into();
        }
        if let Self::AuthenticationRequired(secret) = self {
            error["clientSecret"] = json!(secret);
        }
        let mut body = match self {
            Self::Unhealthy(_, numbers) => numbers.clone(),
            _ => Map::new(),
        };
        body.insert("error".to_owned(), error);
        let mut headers = HeaderMap::new();
        if let Some(seconds) = self.retry_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        (status, headers, Json(body)).into_response()
    }
}

impl IntoResponse for Error {
    /// The status, and the error itself for the host to render and log.
    fn into_response(self) -> Response {
        let mut response = self.answer().0.into_response();
        response.extensions_mut().insert(Arc::new(self));
        response
    }
}

/// The part of Stripe's decline code that a payer may know: a thief must not learn that a card is
/// reported (<https://docs.stripe.com/declines/codes>).
#[must_use]
pub fn payer_code(decline_code: &str) -> &str {
    match decline_code {
        "lost_card" | "stolen_card" | "fraudulent" => "generic_decline",
        other => other,
    }
}

#[cfg(test)]
mod tests;
