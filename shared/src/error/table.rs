//! Every answer that is not a success: a [`Code`] and its [`ErrorSpec`].
//!
//! `docs/errors.md` and the errors in `openapi.json` are made from this table by `cargo dev
//! generate`. A row changes only with an entry in the CHANGELOG.

use hyper::StatusCode;
use utoipa::ToSchema;

/// What programs tell an error by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(as = ErrorCode, rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The request is wrong.
    InvalidRequest,
    /// Less than Stripe charges in the currency.
    AmountTooSmall,
    /// A webhook is not known to come from Stripe.
    BadSignature,
    /// Nobody knows who is calling.
    Unauthenticated,
    /// The bank refused; the code is its own. `generic_decline` stands for it here.
    #[schema(rename = "generic_decline")]
    Declined,
    /// No role of the caller's permits it.
    Forbidden,
    /// No role of the caller's refunds so much.
    RefundLimit,
    /// There is no such thing, or it is another's.
    NotFound,
    /// The route answers other methods.
    MethodNotAllowed,
    /// The key came before with other contents.
    IdempotencyKeyReused,
    /// The same operation is being carried out.
    InProgress,
    /// The order is paid.
    OrderAlreadyPaid,
    /// A payment is under way.
    PaymentProcessing,
    /// The payment was canceled.
    OrderCanceled,
    /// The site signed a newer version.
    OrderChanged,
    /// No money was taken for the order.
    OrderNotPaid,
    /// Less is left than is to be given back.
    RefundExceedsPaid,
    /// The payer's bank has the money.
    OrderDisputed,
    /// The payment method takes no refund of a part.
    RefundInFullOnly,
    /// The payer has to be asked where the money is to go.
    RefundNeedsEmail,
    /// Stripe does not give the payment back.
    RefundRefused,
    /// The body is over the route's cap.
    BodyTooLarge,
    /// Too many payments were started, or are not paid.
    TooManyPayments,
    /// Too many requests were sent.
    TooManyRequests,
    /// The billing portal's settings were never saved.
    PortalNotConfigured,
    /// Something on our side is wrong.
    Internal,
    /// Something that is needed did not answer.
    Unavailable,
}

/// The description of a [`Code`].
#[derive(Debug)]
pub struct ErrorSpec {
    /// The status of the response.
    pub status: StatusCode,
    /// The code in the response's body.
    pub code: &'static str,
    /// The circumstances in which it is returned.
    pub when: &'static str,
    /// The site's remedy.
    pub remedy: &'static str,
    /// The time after which the same request may be sent again.
    pub retry: Retry,
}

/// The time after which the same request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: the response would be the same.
    Never,
    /// After so many seconds.
    After(u8),
    /// After the seconds in the response.
    AsTold,
}

impl Code {
    /// Returns true when the error has an `orderId`: the order to show to the payer.
    #[must_use]
    pub fn names_order(self) -> bool {
        matches!(self, Self::OrderAlreadyPaid | Self::PaymentProcessing)
    }

    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 27] = [
        Self::InvalidRequest,
        Self::AmountTooSmall,
        Self::BadSignature,
        Self::Unauthenticated,
        Self::Declined,
        Self::Forbidden,
        Self::RefundLimit,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::IdempotencyKeyReused,
        Self::InProgress,
        Self::OrderAlreadyPaid,
        Self::PaymentProcessing,
        Self::OrderCanceled,
        Self::OrderChanged,
        Self::OrderNotPaid,
        Self::RefundExceedsPaid,
        Self::OrderDisputed,
        Self::RefundInFullOnly,
        Self::RefundNeedsEmail,
        Self::RefundRefused,
        Self::BodyTooLarge,
        Self::TooManyPayments,
        Self::TooManyRequests,
        Self::PortalNotConfigured,
        Self::Internal,
        Self::Unavailable,
    ];

    /// Its row of the table.
    #[must_use]
    pub fn spec(self) -> &'static ErrorSpec {
        match self {
            Self::InvalidRequest => &INVALID_REQUEST,
            Self::AmountTooSmall => &AMOUNT_TOO_SMALL,
            Self::BadSignature => &BAD_SIGNATURE,
            Self::Unauthenticated => &UNAUTHENTICATED,
            Self::Declined => &DECLINED,
            Self::Forbidden => &FORBIDDEN,
            Self::RefundLimit => &REFUND_LIMIT,
            Self::NotFound => &NOT_FOUND,
            Self::MethodNotAllowed => &METHOD_NOT_ALLOWED,
            Self::IdempotencyKeyReused => &IDEMPOTENCY_KEY_REUSED,
            Self::InProgress => &IN_PROGRESS,
            Self::OrderAlreadyPaid => &ORDER_ALREADY_PAID,
            Self::PaymentProcessing => &PAYMENT_PROCESSING,
            Self::OrderCanceled => &ORDER_CANCELED,
            Self::OrderChanged => &ORDER_CHANGED,
            Self::OrderNotPaid => &ORDER_NOT_PAID,
            Self::RefundExceedsPaid => &REFUND_EXCEEDS_PAID,
            Self::OrderDisputed => &ORDER_DISPUTED,
            Self::RefundInFullOnly => &REFUND_IN_FULL_ONLY,
            Self::RefundNeedsEmail => &REFUND_NEEDS_EMAIL,
            Self::RefundRefused => &REFUND_REFUSED,
            Self::BodyTooLarge => &BODY_TOO_LARGE,
            Self::TooManyPayments => &TOO_MANY_PAYMENTS,
            Self::TooManyRequests => &TOO_MANY_REQUESTS,
            Self::PortalNotConfigured => &PORTAL_NOT_CONFIGURED,
            Self::Internal => &INTERNAL,
            Self::Unavailable => &UNAVAILABLE,
        }
    }
}

static INVALID_REQUEST: ErrorSpec = ErrorSpec {
    status: StatusCode::BAD_REQUEST,
    code: "invalid_request",
    when: "the request is wrong, or the signed order in it is not one that the site signed, or has expired; the message names the field and the reason",
    remedy: "correct the request; sign the order anew",
    retry: Retry::Never,
};

static AMOUNT_TOO_SMALL: ErrorSpec = ErrorSpec {
    status: StatusCode::BAD_REQUEST,
    code: "amount_too_small",
    when: "Stripe does not charge so little in this currency",
    remedy: "ask the payer to buy more",
    retry: Retry::Never,
};

static BAD_SIGNATURE: ErrorSpec = ErrorSpec {
    status: StatusCode::BAD_REQUEST,
    code: "bad_signature",
    when: "a webhook's signature is missing, malformed, forged or stale",
    remedy: "nothing: Stripe sends its events again; check the endpoint's secret and the clock",
    retry: Retry::Never,
};

static UNAUTHENTICATED: ErrorSpec = ErrorSpec {
    status: StatusCode::UNAUTHORIZED,
    code: "unauthenticated",
    when: "there is no valid token that says who is calling",
    remedy: "get a new token and send the request again, with the same `Idempotency-Key`",
    retry: Retry::Never,
};

static DECLINED: ErrorSpec = ErrorSpec {
    status: StatusCode::PAYMENT_REQUIRED,
    code: "generic_decline",
    when: "the bank refused; the code is Stripe's decline code, and `generic_decline` for a card that was reported lost or stolen",
    remedy: "ask the payer for another card or method",
    retry: Retry::Never,
};

static FORBIDDEN: ErrorSpec = ErrorSpec {
    status: StatusCode::FORBIDDEN,
    code: "forbidden",
    when: "the caller is known, and no role of theirs permits this",
    remedy: "do not offer it to this caller",
    retry: Retry::Never,
};

static REFUND_LIMIT: ErrorSpec = ErrorSpec {
    status: StatusCode::FORBIDDEN,
    code: "refund_limit",
    when: "no role of the caller's refunds so much in one call or one day, or in this currency",
    remedy: "refund less, or ask a colleague whose role allows it",
    retry: Retry::Never,
};

static NOT_FOUND: ErrorSpec = ErrorSpec {
    status: StatusCode::NOT_FOUND,
    code: "not_found",
    when: "there is no such order or customer, or it is another caller's",
    remedy: "start a new order",
    retry: Retry::Never,
};

static METHOD_NOT_ALLOWED: ErrorSpec = ErrorSpec {
    status: StatusCode::METHOD_NOT_ALLOWED,
    code: "method_not_allowed",
    when: "the route answers other methods; see `Allow`",
    remedy: "use a method of `Allow`",
    retry: Retry::Never,
};

static IDEMPOTENCY_KEY_REUSED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "idempotency_key_reused",
    when: "the `Idempotency-Key` came before with other contents",
    remedy: "send other contents under a new key",
    retry: Retry::Never,
};

static IN_PROGRESS: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "in_progress",
    when: "the same operation is being carried out",
    remedy: "send the same request again",
    retry: Retry::After(1),
};

static ORDER_ALREADY_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_already_paid",
    when: "the order is paid; nothing about it changes",
    remedy: "show the order as paid: `orderId` in the error names it",
    retry: Retry::Never,
};

static PAYMENT_PROCESSING: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "payment_processing",
    when: "a payment is under way; the order cannot change until it ends; the message names a voucher or a bank transfer that it waits for",
    remedy: "read the order, which `orderId` in the error names, until it has changed; `awaiting` tells what it waits for, and until when",
    retry: Retry::Never,
};

static ORDER_CANCELED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_canceled",
    when: "the payment was canceled",
    remedy: "start a new order",
    retry: Retry::Never,
};

static ORDER_CHANGED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_changed",
    when: "the site signed a newer version of the order, or one with the same `iat` or `version`",
    remedy: "load the page again, and send the newer version",
    retry: Retry::Never,
};

static ORDER_NOT_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_not_paid",
    when: "no money was taken for the order, so that none can be given back",
    remedy: "read the order",
    retry: Retry::Never,
};

static REFUND_EXCEEDS_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_exceeds_paid",
    when: "less of the payment is left than is to be given back",
    remedy: "read the order, and refund what is left",
    retry: Retry::Never,
};

static ORDER_DISPUTED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_disputed",
    when: "the payer's bank has the money, until it decides the dispute",
    remedy: "answer the dispute at Stripe",
    retry: Retry::Never,
};

static REFUND_IN_FULL_ONLY: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_in_full_only",
    when: "Stripe takes no refund of a part of a payment by this method",
    remedy: "refund all of it, or pay the part back in another way",
    retry: Retry::Never,
};

static REFUND_NEEDS_EMAIL: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_needs_email",
    when: "Stripe has to ask the payer where the money is to go, and knows no e-mail address of theirs",
    remedy: "send `instructionsEmail`, with another `Idempotency-Key`",
    retry: Retry::Never,
};

static REFUND_REFUSED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_refused",
    when: "Stripe does not give this payment back; the log has its code, by the request id",
    remedy: "look the payment up at Stripe",
    retry: Retry::Never,
};

static BODY_TOO_LARGE: ErrorSpec = ErrorSpec {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    code: "body_too_large",
    when: "the body is over the route's cap",
    remedy: "send less",
    retry: Retry::Never,
};

static TOO_MANY_PAYMENTS: ErrorSpec = ErrorSpec {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "too_many_payments",
    when: "too many payments were started lately, or are not paid, by this caller or from their address; or too many charges of this order failed",
    remedy: "send the same request again, or pay an order that is open",
    retry: Retry::AsTold,
};

static TOO_MANY_REQUESTS: ErrorSpec = ErrorSpec {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "too_many_requests",
    when: "this caller asked for their portal, or about customers, too often lately",
    remedy: "send the same request again",
    retry: Retry::AsTold,
};

static PORTAL_NOT_CONFIGURED: ErrorSpec = ErrorSpec {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "portal_not_configured",
    when: "the customer portal's settings were never saved in this mode at Stripe",
    remedy: "save them in Stripe's dashboard: Settings, Billing, Customer portal",
    retry: Retry::Never,
};

static INTERNAL: ErrorSpec = ErrorSpec {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "internal",
    when: "something on our side is wrong; the log knows what, by the request id",
    remedy: "read the order before anything is repeated: what was asked for may have been done",
    retry: Retry::Never,
};

static UNAVAILABLE: ErrorSpec = ErrorSpec {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "unavailable",
    when: "Stripe, the database or the issuer of tokens did not answer in time, or there are no keys to work with for now",
    remedy: "send the same request again",
    retry: Retry::After(2),
};
