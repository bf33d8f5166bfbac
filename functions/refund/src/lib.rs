//! Handler for `POST /api/refund`.
//!
//! Refunds all or part of a payment, once for each operation, however often it is sent. The
//! caller's role decides who may refund, and how much. A refund at Stripe may still be `pending`,
//! or require the payer's action (`requires_action`). Its amount is then reserved, and no money has
//! reached the payer yet.
//!
//! | status | when |
//! |---|---|
//! | `200` | Stripe has the refund; its `status` is Stripe's |
//! | `400` | the request is wrong, or has no `Idempotency-Key`; the message names the field |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller refunds, or not this amount or currency |
//! | `404` | there is no such order or invoice, or no role of the caller reaches it |
//! | `409` | the key came with other contents |
//! | `409` | the order or the invoice is not paid, less is left, or Stripe rejects the refund |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |
//!
//! Read [`target`] for the order of the refund, [`reserve`] for the reservation of the amount, and
//! [`issue`] for the call to Stripe.

pub mod issue;
pub mod reserve;
pub mod target;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    routing::{MethodRouter, post},
};
use serde::{Deserialize, Serialize};
use shared::{
    App, Clock, Error, Function,
    access::{Authorized, CreateRefund, Permission as _},
    email::Email,
    env::need,
    error::Code,
    event::Refund,
    function::Trigger,
    order::{OrderId, RefundReason, RefundStatus},
    request::{self, IdempotencyKey},
    store::Store,
    stripe::Stripe,
};
use utoipa::{OpenApi, ToSchema};

use self::{
    reserve::RefundParams,
    target::{InvoiceOf, Target},
};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "refund",
    summary: "Refunds an order or an invoice of a subscription, in full or in part, within the \
              limits of the caller's role.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/refund",
        permission: Some(CreateRefund::NAME),
        errors: &[&[
            Code::InvalidRequest,
            Code::RefundLimit,
            Code::NotFound,
            Code::IdempotencyKeyReused,
            Code::InProgress,
            Code::OrderNotPaid,
            Code::RefundExceedsPaid,
            Code::OrderDisputed,
            Code::RefundInFullOnly,
            Code::RefundNeedsEmail,
            Code::RefundRefused,
            Code::InvoiceNotPaid,
            Code::InvoiceNotRefundable,
            Code::BodyTooLarge,
        ]],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::FAREBOX_SITE_KEY,
        need::DATABASE_URL,
    ],
    max_duration: 60,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(create))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    post(create).with_state(Arc::new(app))
}

/// The refund of an order, or of an invoice of a subscription: send either `orderId` or `invoice`.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RefundOrder {
    /// The order's id.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false, pattern = "^[A-Za-z0-9_-]{1,64}$")]
    order_id: Option<String>,
    /// The id of a paid invoice of a subscription.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false, pattern = "^in_[A-Za-z0-9_]+$", max_length = 255)]
    invoice: Option<String>,
    /// In minor units of the payment's currency. Without it, Farebox refunds the rest of the
    /// payment.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false, minimum = 1)]
    amount: Option<i64>,
    /// The reason for Stripe and for the order's record.
    reason: Option<RefundReason>,
    /// The e-mail address at which Stripe asks the payer for a bank account, for payment methods
    /// such as bank transfers and vouchers. Without it, Farebox uses the address of the payment.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(
        nullable = false,
        pattern = r"^[^\s\x00-\x1f\x7f-\x9f]+@[^@\s\x00-\x1f\x7f-\x9f]+$",
        max_length = 254
    )]
    instructions_email: Option<String>,
}

/// The refund at Stripe.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RefundCreated {
    /// The order's id; of an invoice, that of the order which Farebox keeps for it.
    order_id: String,
    /// `re_…`
    refund_id: String,
    /// In minor units of `currency`.
    amount: i64,
    /// Three lower-case letters, such as `usd`.
    currency: String,
    /// The present status of the refund.
    status: RefundStatus,
}

/// Refunds all or part of a payment.
///
/// The same operation refunds once, however often it is sent.
#[utoipa::path(
    post,
    path = "/api/refund",
    operation_id = "refund",
    params(("Idempotency-Key" = String, Header,
        min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "The caller's name for this refund")),
    request_body(content = RefundOrder, examples(
        ("part" = (value = json!({ "orderId": "ord_8d0a2f", "amount": 1500,
            "reason": "requested_by_customer" }))),
        ("all" = (summary = "All that is left", value = json!({ "orderId": "ord_8d0a2f" }))),
        ("invoice" = (summary = "An invoice of a subscription",
            value = json!({ "invoice": "in_1", "amount": 1900 }))),
        ("transfer" = (summary = "Of a bank transfer",
            value = json!({ "orderId": "ord_8d0a2f", "instructionsEmail": "ada@example.com" }))),
    )),
    responses(
        (status = 200, description = "The refund at Stripe", body = RefundCreated,
            example = json!({ "orderId": "ord_8d0a2f", "refundId": "re_1", "amount": 1500,
                "currency": "usd",
                "status": "succeeded" })),
    ),
    security(("callerToken" = [])),
)]
async fn create(
    caller: Authorized<CreateRefund>,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request::Json(request): request::Json<RefundOrder>,
) -> Result<Json<RefundCreated>, Error> {
    let refunds = Refunds {
        stripe: app.stripe.for_one_request(),
        store: &app.store,
        clock: &app.clock,
    };
    let key = IdempotencyKey::in_headers(&headers)?.ok_or_else(|| {
        Error::invalid("the header `Idempotency-Key` is missing: a name for this refund")
    })?;
    let target = Target::new(request.order_id, request.invoice)?;
    let email = request.instructions_email.as_deref().map(Email::parse);
    let email = email
        .transpose()
        .map_err(|what| Error::invalid(format!("`instructionsEmail` {what}")))?;
    let (caller, order) = target.reach(caller, &app, &refunds.stripe).await?;
    let id = order.id().clone();
    let invoice = InvoiceOf::of(&order);
    let (amount, reason) = (request.amount, request.reason);
    let params = RefundParams::new(&id, caller.caller(), &key, amount, reason, email);
    let reserved = refunds.reserve(order, caller, &params).await?;
    let refund = refunds.issue(reserved, &params).await?;
    if let Some(invoice) = invoice {
        invoice.report(&refund, &app, &refunds.stripe).await;
    }
    Ok(Json(RefundCreated::of(&id, refund)))
}

/// Refunds payments, for one request.
#[derive(Debug)]
struct Refunds<'a> {
    stripe: Stripe,
    store: &'a Store,
    clock: &'a Clock,
}

impl RefundCreated {
    fn of(order: &OrderId, refund: Refund) -> Self {
        Self {
            order_id: order.to_string(),
            refund_id: refund.id,
            amount: refund.amount,
            currency: refund.currency,
            status: RefundStatus::parse(refund.status.as_deref()),
        }
    }
}
