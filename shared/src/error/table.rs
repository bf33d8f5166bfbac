//! Every error response: a [`Code`] and its [`ErrorSpec`].
//!
//! `docs/errors.md` and the errors in `openapi.json` are made from this table by `cargo dev
//! generate`. A row changes only with an entry in the CHANGELOG.

use hyper::StatusCode;
use utoipa::ToSchema;

/// The code of an error, for programs. `docs/errors.md` says when each occurs, and whether a retry
/// helps. `generic_decline` stands for all of Stripe's decline codes, which come with status 402.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(as = ErrorCode, rename_all = "snake_case")]
#[non_exhaustive]
pub enum Code {
    /// The request is malformed, or its contents are not valid.
    InvalidRequest,
    /// The amount is below Stripe's minimum in the currency.
    AmountTooSmall,
    /// A webhook's signature does not prove that Stripe sent it.
    BadSignature,
    /// The request has no valid token of a caller.
    Unauthenticated,
    /// The bank declined; the response has Stripe's decline code instead.
    #[schema(rename = "generic_decline")]
    Declined,
    /// The bank asks the absent payer to authenticate the payment.
    AuthenticationRequired,
    /// No role of the caller permits the request.
    Forbidden,
    /// No role of the caller permits a refund of this amount or currency.
    RefundLimit,
    /// No role of the caller permits a capture of this amount or currency.
    CaptureLimit,
    /// The object does not exist, or is another caller's.
    NotFound,
    /// The route does not have this method.
    MethodNotAllowed,
    /// The idempotency key was used with other contents.
    IdempotencyKeyReused,
    /// The same operation is in progress.
    InProgress,
    /// The order is paid.
    OrderAlreadyPaid,
    /// A payment of the order is processing.
    PaymentProcessing,
    /// The order was canceled.
    OrderCanceled,
    /// The order's time ran out.
    OrderExpired,
    /// The caller has a subscription of this product.
    AlreadySubscribed,
    /// No authorized payment of the order waits for its capture.
    OrderNotAuthorized,
    /// The capture exceeds the authorized amount.
    CaptureExceedsAuthorized,
    /// The caller has no such saved payment method.
    NoSavedPaymentMethod,
    /// The site signed a newer version of the order.
    OrderChanged,
    /// The order is not paid.
    OrderNotPaid,
    /// The refund exceeds the rest of the payment.
    RefundExceedsPaid,
    /// The payment is disputed.
    OrderDisputed,
    /// The payment method has no partial refunds.
    RefundInFullOnly,
    /// Stripe needs the payer's e-mail address for the refund.
    RefundNeedsEmail,
    /// Stripe does not refund the payment.
    RefundRefused,
    /// The invoice is not paid, or nothing was due.
    InvoiceNotPaid,
    /// No single payment at Stripe paid the invoice.
    InvoiceNotRefundable,
    /// The subscription is over.
    SubscriptionEnded,
    /// A change of the subscription waits for its payment.
    SubscriptionChanging,
    /// The body exceeds the route's limit.
    BodyTooLarge,
    /// The caller or their address exceeds a limit on payments, or the order on failed charges.
    TooManyPayments,
    /// The caller exceeds a limit on requests.
    TooManyRequests,
    /// The billing portal's settings were never saved at Stripe.
    PortalNotConfigured,
    /// The deployment needs an operator.
    Unhealthy,
    /// Farebox failed.
    Internal,
    /// Stripe, the database, the issuer of tokens or the keys are not available.
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
    /// After the seconds in the response's `Retry-After`.
    AfterHeader,
}

impl Code {
    /// Returns true when the error has an `orderId`: the order to show to the payer.
    #[must_use]
    pub fn names_order(self) -> bool {
        matches!(self, Self::OrderAlreadyPaid | Self::PaymentProcessing)
    }

    /// Returns true when the error has a `subscription`: the one to show to the caller.
    #[must_use]
    pub fn names_subscription(self) -> bool {
        self == Self::AlreadySubscribed
    }

    /// Returns true when the error has a `clientSecret`, with which the payer goes on.
    #[must_use]
    pub fn has_secret(self) -> bool {
        self == Self::AuthenticationRequired
    }

    /// Every code, in the order of the documentation.
    pub const ALL: [Self; 39] = [
        Self::InvalidRequest,
        Self::AmountTooSmall,
        Self::BadSignature,
        Self::Unauthenticated,
        Self::Declined,
        Self::AuthenticationRequired,
        Self::Forbidden,
        Self::RefundLimit,
        Self::CaptureLimit,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::IdempotencyKeyReused,
        Self::InProgress,
        Self::OrderAlreadyPaid,
        Self::PaymentProcessing,
        Self::OrderCanceled,
        Self::OrderExpired,
        Self::AlreadySubscribed,
        Self::OrderNotAuthorized,
        Self::CaptureExceedsAuthorized,
        Self::NoSavedPaymentMethod,
        Self::OrderChanged,
        Self::OrderNotPaid,
        Self::RefundExceedsPaid,
        Self::OrderDisputed,
        Self::RefundInFullOnly,
        Self::RefundNeedsEmail,
        Self::RefundRefused,
        Self::InvoiceNotPaid,
        Self::InvoiceNotRefundable,
        Self::SubscriptionEnded,
        Self::SubscriptionChanging,
        Self::BodyTooLarge,
        Self::TooManyPayments,
        Self::TooManyRequests,
        Self::PortalNotConfigured,
        Self::Unhealthy,
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
            Self::AuthenticationRequired => &AUTHENTICATION_REQUIRED,
            Self::Forbidden => &FORBIDDEN,
            Self::RefundLimit => &REFUND_LIMIT,
            Self::CaptureLimit => &CAPTURE_LIMIT,
            Self::NotFound => &NOT_FOUND,
            Self::MethodNotAllowed => &METHOD_NOT_ALLOWED,
            Self::IdempotencyKeyReused => &IDEMPOTENCY_KEY_REUSED,
            Self::InProgress => &IN_PROGRESS,
            Self::OrderAlreadyPaid => &ORDER_ALREADY_PAID,
            Self::PaymentProcessing => &PAYMENT_PROCESSING,
            Self::OrderCanceled => &ORDER_CANCELED,
            Self::OrderExpired => &ORDER_EXPIRED,
            Self::AlreadySubscribed => &ALREADY_SUBSCRIBED,
            Self::OrderNotAuthorized => &ORDER_NOT_AUTHORIZED,
            Self::CaptureExceedsAuthorized => &CAPTURE_EXCEEDS_AUTHORIZED,
            Self::NoSavedPaymentMethod => &NO_SAVED_PAYMENT_METHOD,
            Self::OrderChanged => &ORDER_CHANGED,
            Self::OrderNotPaid => &ORDER_NOT_PAID,
            Self::RefundExceedsPaid => &REFUND_EXCEEDS_PAID,
            Self::OrderDisputed => &ORDER_DISPUTED,
            Self::RefundInFullOnly => &REFUND_IN_FULL_ONLY,
            Self::RefundNeedsEmail => &REFUND_NEEDS_EMAIL,
            Self::RefundRefused => &REFUND_REFUSED,
            Self::InvoiceNotPaid => &INVOICE_NOT_PAID,
            Self::InvoiceNotRefundable => &INVOICE_NOT_REFUNDABLE,
            Self::SubscriptionEnded => &SUBSCRIPTION_ENDED,
            Self::SubscriptionChanging => &SUBSCRIPTION_CHANGING,
            Self::BodyTooLarge => &BODY_TOO_LARGE,
            Self::TooManyPayments => &TOO_MANY_PAYMENTS,
            Self::TooManyRequests => &TOO_MANY_REQUESTS,
            Self::PortalNotConfigured => &PORTAL_NOT_CONFIGURED,
            Self::Unhealthy => &UNHEALTHY,
            Self::Internal => &INTERNAL,
            Self::Unavailable => &UNAVAILABLE,
        }
    }
}

static INVALID_REQUEST: ErrorSpec = ErrorSpec {
    status: StatusCode::BAD_REQUEST,
    code: "invalid_request",
    when: "the request is malformed or not valid, or its signed order is not the site's or has \
           expired; the message names the field and the reason",
    remedy: "correct the request; sign the order again",
    retry: Retry::Never,
};

static AMOUNT_TOO_SMALL: ErrorSpec = ErrorSpec {
    status: StatusCode::BAD_REQUEST,
    code: "amount_too_small",
    when: "the amount is below Stripe's minimum in this currency",
    remedy: "ask the payer to buy more",
    retry: Retry::Never,
};

static BAD_SIGNATURE: ErrorSpec = ErrorSpec {
    status: StatusCode::BAD_REQUEST,
    code: "bad_signature",
    when: "a webhook's signature is missing, malformed, forged or stale",
    remedy: "check the endpoint's secret and this machine's clock; Stripe sends the event again",
    retry: Retry::Never,
};

static UNAUTHENTICATED: ErrorSpec = ErrorSpec {
    status: StatusCode::UNAUTHORIZED,
    code: "unauthenticated",
    when: "the request has no valid token of a caller",
    remedy: "get a new token and send the request again, with the same `Idempotency-Key`",
    retry: Retry::Never,
};

static DECLINED: ErrorSpec = ErrorSpec {
    status: StatusCode::PAYMENT_REQUIRED,
    code: "generic_decline",
    when: "the bank declined; the code is Stripe's decline code, but `generic_decline` for a card \
           that was reported lost or stolen",
    remedy: "ask the payer for another card or method",
    retry: Retry::Never,
};

static AUTHENTICATION_REQUIRED: ErrorSpec = ErrorSpec {
    status: StatusCode::PAYMENT_REQUIRED,
    code: "authentication_required",
    when: "the payer's bank declined an off-session payment until the payer authenticates it",
    remedy: "bring the payer back, and confirm with `clientSecret` of the error in their browser",
    retry: Retry::Never,
};

static FORBIDDEN: ErrorSpec = ErrorSpec {
    status: StatusCode::FORBIDDEN,
    code: "forbidden",
    when: "no role of the caller permits this request",
    remedy: "do not offer it to this caller",
    retry: Retry::Never,
};

static REFUND_LIMIT: ErrorSpec = ErrorSpec {
    status: StatusCode::FORBIDDEN,
    code: "refund_limit",
    when: "no role of the caller permits so large a refund in one call or one day, or in this \
           currency",
    remedy: "refund less, or ask a colleague whose role allows it",
    retry: Retry::Never,
};

static CAPTURE_LIMIT: ErrorSpec = ErrorSpec {
    status: StatusCode::FORBIDDEN,
    code: "capture_limit",
    when: "no role of the caller permits so large a capture in one call or one day, or in this \
           currency",
    remedy: "capture less, or ask a colleague whose role allows it",
    retry: Retry::Never,
};

static NOT_FOUND: ErrorSpec = ErrorSpec {
    status: StatusCode::NOT_FOUND,
    code: "not_found",
    when: "there is no such order, customer or subscription, or it is another caller's",
    remedy: "start a new order",
    retry: Retry::Never,
};

static METHOD_NOT_ALLOWED: ErrorSpec = ErrorSpec {
    status: StatusCode::METHOD_NOT_ALLOWED,
    code: "method_not_allowed",
    when: "the route does not have this method; the header `Allow` lists those that it has",
    remedy: "use a method from `Allow`",
    retry: Retry::Never,
};

static IDEMPOTENCY_KEY_REUSED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "idempotency_key_reused",
    when: "the `Idempotency-Key` was used before with other contents",
    remedy: "send other contents under a new key",
    retry: Retry::Never,
};

static IN_PROGRESS: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "in_progress",
    when: "the same operation is in progress, or another change of the caller's subscriptions",
    remedy: "send the same request again",
    retry: Retry::After(1),
};

static ORDER_ALREADY_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_already_paid",
    when: "the order is paid and can no longer change",
    remedy: "show the order as paid; `orderId` in the error names it",
    retry: Retry::Never,
};

static PAYMENT_PROCESSING: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "payment_processing",
    when: "a payment is processing, and the order cannot change until it ends; the message names a \
           pending voucher or bank transfer",
    remedy: "read the order, which `orderId` in the error names, until its status changes; its \
             `awaiting` has the pending step and the deadline",
    retry: Retry::Never,
};

static ORDER_CANCELED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_canceled",
    when: "the order was canceled",
    remedy: "start a new order",
    retry: Retry::Never,
};

static ORDER_EXPIRED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_expired",
    when: "the time to pay the order is over, by its `expiresAt` or `FAREBOX_ORDER_TTL`",
    remedy: "start a new order, or let the site sign the order anew with a later `expiresAt`",
    retry: Retry::Never,
};

static ALREADY_SUBSCRIBED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "already_subscribed",
    when: "the caller holds a subscription of a product in `items`, or another one of the product \
           of `change.price`, that has not ended, and the checkout file does not allow several",
    remedy: "lead the caller to the billing portal; `subscription` in the error names the \
             subscription",
    retry: Retry::Never,
};

static ORDER_NOT_AUTHORIZED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_not_authorized",
    when: "no authorized payment of the order waits for its capture",
    remedy: "read the order: its `status` tells why",
    retry: Retry::Never,
};

static CAPTURE_EXCEEDS_AUTHORIZED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "capture_exceeds_authorized",
    when: "the capture exceeds the authorized amount",
    remedy: "capture the authorized amount, `amount` of the order, or less",
    retry: Retry::Never,
};

static NO_SAVED_PAYMENT_METHOD: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "no_saved_payment_method",
    when: "an off-session order is a guest's, or of a customer without a saved payment method, or \
           without the one that it names",
    remedy: "sign the order without `offSession`, and let the payer pay",
    retry: Retry::Never,
};

static ORDER_CHANGED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_changed",
    when: "the site signed a newer version of the order, or one with the same `iat` or `version`",
    remedy: "reload the page, and send the newer version",
    retry: Retry::Never,
};

static ORDER_NOT_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_not_paid",
    when: "the order is not paid, so there is nothing to refund",
    remedy: "read the order",
    retry: Retry::Never,
};

static REFUND_EXCEEDS_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_exceeds_paid",
    when: "the refund exceeds the rest of the payment",
    remedy: "read the order, and refund the rest",
    retry: Retry::Never,
};

static ORDER_DISPUTED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "order_disputed",
    when: "the payer's bank holds the money until it decides the dispute",
    remedy: "respond to the dispute in Stripe's dashboard",
    retry: Retry::Never,
};

static REFUND_IN_FULL_ONLY: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_in_full_only",
    when: "the payment method has no partial refunds",
    remedy: "refund the whole payment, or pay the part back in another way",
    retry: Retry::Never,
};

static REFUND_NEEDS_EMAIL: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_needs_email",
    when: "Stripe must ask the payer for a bank account, and has no e-mail address of the payer",
    remedy: "send `instructionsEmail`, with another `Idempotency-Key`",
    retry: Retry::Never,
};

static REFUND_REFUSED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "refund_refused",
    when: "Stripe does not refund this payment; the log has Stripe's code, under the request id",
    remedy: "look at the payment in Stripe's dashboard",
    retry: Retry::Never,
};

static INVOICE_NOT_PAID: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "invoice_not_paid",
    when: "the invoice is a draft, open, void or uncollectible, or nothing was due, as at the \
           beginning of a trial: there is nothing to refund",
    remedy: "look at the invoice in Stripe's dashboard",
    retry: Retry::Never,
};

static INVOICE_NOT_REFUNDABLE: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "invoice_not_refundable",
    when: "no payment intent paid the invoice alone and nothing else: it was paid outside Stripe, \
           in parts, or together with another invoice",
    remedy: "refund it in Stripe's dashboard",
    retry: Retry::Never,
};

static SUBSCRIPTION_ENDED: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "subscription_ended",
    when: "the subscription is over, and can no longer change",
    remedy: "start a new subscription by `create-checkout`",
    retry: Retry::Never,
};

static SUBSCRIPTION_CHANGING: ErrorSpec = ErrorSpec {
    status: StatusCode::CONFLICT,
    code: "subscription_changing",
    when: "an earlier change of the subscription waits for its payment, for 23 hours at most",
    remedy: "send the earlier request again under its key, and complete its `payment`; or lead the \
             payer to the `hostedUrl` of the subscription's latest invoice",
    retry: Retry::Never,
};

static BODY_TOO_LARGE: ErrorSpec = ErrorSpec {
    status: StatusCode::PAYLOAD_TOO_LARGE,
    code: "body_too_large",
    when: "the body exceeds the route's limit",
    remedy: "send a smaller body",
    retry: Retry::Never,
};

static TOO_MANY_PAYMENTS: ErrorSpec = ErrorSpec {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "too_many_payments",
    when: "the caller, or their address, started too many payments lately or has too many unpaid \
           ones; or too many charges of this order failed",
    remedy: "send the same request again, or pay an open order",
    retry: Retry::AfterHeader,
};

static TOO_MANY_REQUESTS: ErrorSpec = ErrorSpec {
    status: StatusCode::TOO_MANY_REQUESTS,
    code: "too_many_requests",
    when: "the caller sent too many requests to `portal` or `customer` lately",
    remedy: "send the same request again",
    retry: Retry::AfterHeader,
};

static PORTAL_NOT_CONFIGURED: ErrorSpec = ErrorSpec {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "portal_not_configured",
    when: "the customer portal's settings were never saved in this mode, test or live, at Stripe",
    remedy: "save them in Stripe's dashboard: Settings, Billing, Customer portal",
    retry: Retry::Never,
};

static UNHEALTHY: ErrorSpec = ErrorSpec {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "unhealthy",
    when: "a threshold of `health` is passed: notifications are late or were given up, an event \
           was quarantined, or `reconcile` does not run; the body has the numbers beside `error`",
    remedy: "look at `problems` in the body; the operations guide has a remedy for each",
    retry: Retry::Never,
};

static INTERNAL: ErrorSpec = ErrorSpec {
    status: StatusCode::INTERNAL_SERVER_ERROR,
    code: "internal",
    when: "Farebox failed; the log has the cause, under the request id",
    remedy: "read the order before you repeat the request: it may have taken effect",
    retry: Retry::Never,
};

static UNAVAILABLE: ErrorSpec = ErrorSpec {
    status: StatusCode::SERVICE_UNAVAILABLE,
    code: "unavailable",
    when: "Stripe, the database or the issuer of tokens did not answer in time, or Farebox cannot \
           read its keys",
    remedy: "send the same request again",
    retry: Retry::After(2),
};
