//! Every answer that is not a success: a [`Code`] and its [`Row`].
//!
//! `docs/errors.md` and the errors in `openapi.json` are made from this table by `cargo dev interface`.
//! A row changes only with an entry in the CHANGELOG.

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

/// What there is to know of a [`Code`].
#[derive(Debug)]
pub struct Row {
    /// The status of the answer.
    pub status: StatusCode,
    /// The code in the answer's body.
    pub code: &'static str,
    /// When it is answered.
    pub when: &'static str,
    /// What the site should do.
    pub then: &'static str,
    /// When the same request may be sent again.
    pub again: Again,
}

/// When the same request may be sent again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// It would be answered in the same way.
    Never,
    /// After so many seconds.
    After(u8),
    /// After as many seconds as the answer tells.
    AsTold,
}

impl Code {
    /// Whether the error has an `orderId`: the order that the payer is led to.
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
    pub fn row(self) -> &'static Row {
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

static INVALID_REQUEST: Row = Row {
    status: StatusCode::BAD_REQUEST,
    code: "invalid_request",
    when: "the request is wrong, or the signed order in it is not one that the site signed, or has expired; the message names the field and the reason",
    then: "correct the request; sign the order anew",
    again: Again::Never,
};

static AMOUNT_TOO_SMALL: Row = Row {
    status: StatusCode::BAD_REQUEST,
    code: "amount_too_small",
    when: "Stripe does not charge so little in this currency",
    then: "ask the payer to buy more",
    again: Again::Never,
};

static BAD_SIGNATURE: Row = Row {
    status: StatusCode::BAD_REQUEST,
    code: "bad_signature",
    when: "a webhook's signature is missing, malformed, forged or stale",
    then: "nothing: Stripe sends its events again; check the endpoint's secret and the clock",
    again: Again::Never,
};

static UNAUTHENTICATED: Row = Row {
    status: StatusCode::UNAUTHORIZED,
    code: "unauthenticated",
    when: "there is no valid token that says who is calling",
    then: "get a new token and send the request again, with the same `Idempotency-Key`",
    again: Again::Never,
};

static DECLINED: Row = Row {
    status: StatusCode::PAYMENT_REQUIRED,
    code: "generic_decline",
    when: "the bank refused; the code is Stripe's decline code, and `generic_decline` for a card that was reported lost or stolen",
    then: "ask the payer for another card or method",
    again: Again::Never,
};

static FORBIDDEN: Row = Row {
    status: StatusCode::FORBIDDEN,
    code: "forbidden",
    when: "the caller is known, and no role of theirs permits this",
    then: "do not offer it to this caller",
    again: Again::Never,
};

static REFUND_LIMIT: Row = Row {
    status: StatusCode::FORBIDDEN,
    code: "refund_limit",
    when: "no role of the caller's refunds so much in one call or one day, or in this currency",
    then: "refund less, or ask a colleague whose role allows it",
    again: Again::Never,
};

static NOT_FOUND: Row = Row {
    status: StatusCode::NOT_FOUND,
    code: "not_found",
    when: "there is no such order or customer, or it is another caller's",
    then: "start a new order",
    again: Again::Never,
};

static METHOD_NOT_ALLOWED: Row = Row {
    status: StatusCode::METHOD_NOT_ALLOWED,
    code: "method_not_allowed",
    when: "the route answers other methods; see `Allow`",
    then: "use a method of `Allow`",
    again: Again::Never,
};

static IDEMPOTENCY_KEY_REUSED: Row = Row {
    status: StatusCode::CONFLICT,
    code: "idempotency_key_reused",
    when: "the `Idempotency-Key` came before with other contents",
    then: "send other contents under a new key",
    again: Again::Never,
};

static IN_PROGRESS: Row = Row {
    status: StatusCode::CONFLICT,
    code: "in_progress",
    when: "the same operation is being carried out",
    then: "send the same request again",
    again: Again::After(1),
};

static ORDER_ALREADY_PAID: Row = Row {
    status: StatusCode::CONFLICT,
    code: "order_already_paid",
    when: "the order is paid; nothing about it changes",
    then: "show the order as paid: `orderId` in the error names it",
    again: Again::Never,
};

static PAYMENT_PROCESSING: Row = Row {
    status: StatusCode::CONFLICT,
    code: "payment_processing",
    when: "a payment is under way; the order cannot change until it ends; the message names a voucher or a bank transfer that it waits for",
    then: "read the order, which `orderId` in the error names, until it has changed; `awaiting` tells what it waits for, and until when",
    again: Again::Never,
};

static ORDER_CANCELED: Row = Row {
    status: StatusCode::CONFLICT,
    code: "order_canceled",
    when: "the payment was canceled",
    then: "start a new order",
    again: Again::Never,
};

static ORDER_CHANGED: Row = Row {
    status: StatusCode::CONFLICT,
    code: "order_changed",
    when: "the site signed a newer version of the order, or one with the same `iat` or `version`",
    then: "load the page again, and send the newer version",
    again: Again::Never,
};

static ORDER_NOT_PAID: Row = Row {
    status: StatusCode::CONFLICT,
    code: "order_not_paid",
    when: "no money was taken for the order, so that none can be given back",
    then: "read the order",
    again: Again::Never,
};

static REFUND_EXCEEDS_PAID: Row = Row {
    status: StatusCode::CONFLICT,
    code: "refund_exceeds_paid",
    when: "less of the payment is left than is to be given back",
    then: "read the order, and refund what is left",
    again: Again::Never,
};

static ORDER_DISPUTED: Row = Row {
    status: StatusCode::CONFLICT,
    code: "order_disputed",
    when: "the payer's bank has the money, until it decides the dispute",
    then: "answer the dispute at Stripe",
    again: Again::Never,
};

static REFUND_IN_FULL_ONLY: Row = Row {
    status: StatusCode::CONFLICT,
    code: "refund_in_full_only",
    when: "Stripe takes no refund of a part of a payment by this method",
    then: "refund all of it, or pay the part back in another way",
    again: Again::Never,
};

static REFUND_NEEDS_EMAIL: Row = Row {
    status: StatusCode::CONFLICT,
    code: "refund_needs_email",
    when: "Stripe has to ask the payer where the money is to go, and knows no e-mail address of theirs",
    then: "send `instructionsEmail`, with another `Idempotency-Key`",
    again: Again::Never,
};

static REFUND_REFUSED: Row = Row {
    status: StatusCode::CONFLICT,
    code: "refund_refused",
    when: "Stripe does not give this payment back; the log has its code, by the request id",
    then: "look the payment up at Stripe",
    again: Again::Never,
};

static BODY_TOO_LARGE: Row = Row {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    code: "body_too_large",
    when: "the body is over the route's cap",
    then: "send less",
    again: Again::Never,
};

static TOO_MANY_PAYMENTS: Row = Row {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "too_many_payments",
    when: "too many payments were started lately, or are not paid, by this caller or from their address; or too many charges of this order failed",
    then: "send the same request again, or pay an order that is open",
    again: Again::AsTold,
};

static TOO_MANY_REQUESTS: Row = Row {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "too_many_requests",
    when: "this caller asked for their portal, or about customers, too often lately",
    then: "send the same request again",
    again: Again::AsTold,
};

static PORTAL_NOT_CONFIGURED: Row = Row {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "portal_not_configured",
    when: "the customer portal's settings were never saved in this mode at Stripe",
    then: "save them in Stripe's dashboard: Settings, Billing, Customer portal",
    again: Again::Never,
};

static INTERNAL: Row = Row {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "internal",
    when: "something on our side is wrong; the log knows what, by the request id",
    then: "read the order before anything is repeated: what was asked for may have been done",
    again: Again::Never,
};

static UNAVAILABLE: Row = Row {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "unavailable",
    when: "Stripe, the ledger or the issuer of tokens did not answer in time, or there are no keys to work with for now",
    then: "send the same request again",
    again: Again::After(2),
};
