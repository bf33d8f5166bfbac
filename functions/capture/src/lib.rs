//! Handler for `POST /api/capture`.
//!
//! Captures an authorized payment, in part or in full, and releases the rest of it. A payment is
//! captured once, however often the request is sent. The caller's role decides who may capture, and
//! how much.
//!
//! The database stores the capture before the call to Stripe, on the condition that the caller's
//! daily limit holds, and that no other amount is being captured. The payment, as Stripe then has
//! it, passes through the transaction of an event: the order is paid, and the site is notified
//! once, whether or not Stripe's own event arrives. A process that ends in between leaves a capture
//! that the same request completes.
//!
//! | status | when |
//! |---|---|
//! | `200` | the payment is captured, now or since an earlier request for the same amount |
//! | `400` | the request is wrong; the message names the field |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller captures, or not this amount or currency |
//! | `404` | there is no such order |
//! | `409` | nothing is authorized, or not so much; or another amount was or is being captured |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    routing::{MethodRouter, post},
};
use serde::Deserialize;
use shared::{
    App, Error, Function,
    access::{Authorized, CapturePayment, Permission as _, Reached},
    amount::Amount,
    env::need,
    error::Code,
    function::Trigger,
    order::{CaptureRequest, Order, OrderView, Status},
    processor::EventProcessor,
    request,
    store::{RefundRefusal, Refunded},
    stripe::{Stripe, StripeError},
};
use utoipa::{OpenApi, ToSchema};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "capture",
    summary: "Captures an authorized payment in full or in part, within the limits of the \
              caller's role.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/capture",
        permission: Some(CapturePayment::NAME),
        errors: &[&[
            Code::InvalidRequest,
            Code::AmountTooSmall,
            Code::Declined,
            Code::CaptureLimit,
            Code::NotFound,
            Code::InProgress,
            Code::OrderAlreadyPaid,
            Code::OrderNotAuthorized,
            Code::CaptureExceedsAuthorized,
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
#[openapi(paths(capture))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    post(capture).with_state(Arc::new(app))
}

/// The capture of an order's payment.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CaptureOrder {
    /// The order's id.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    order_id: String,
    /// In minor units of the order's currency; the rest is released. Without it, Farebox captures
    /// the whole authorized amount.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(nullable = false, minimum = 1)]
    amount: Option<i64>,
}

/// Captures all or part of an authorized payment.
///
/// The same request captures once, however often it is sent.
#[utoipa::path(
    post,
    path = "/api/capture",
    operation_id = "capture",
    request_body(content = CaptureOrder, examples(
        ("part" = (value = json!({ "orderId": "ord_8d0a2f", "amount": 1500 }))),
        ("all" = (summary = "All that is authorized", value = json!({ "orderId": "ord_8d0a2f" }))),
    )),
    responses(
        (status = 200, description = "The paid order", body = OrderView,
            example = json!({ "orderId": "ord_8d0a2f", "status": "paid", "amount": 1500,
                "amounts": { "subtotal": 3000, "discount": 0, "tax": 0, "shipping": 0,
                    "total": 1500, "refunded": 0, "refundPending": 0, "disputed": 0 },
                "currency": "usd",
                "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": 1_790_000_000,
                "updatedAt": 1_790_000_060, "paidAt": 1_790_000_060,
                "items": [{ "price": "mug", "quantity": 2, "unitAmount": 1500 }] })),
    ),
    security(("callerToken" = [])),
)]
async fn capture(
    caller: Authorized<CapturePayment>,
    State(app): State<Arc<App>>,
    request::Json(request): request::Json<CaptureOrder>,
) -> Result<Json<OrderView>, Error> {
    let reached = caller.reach_order(&request.order_id, &app.store);
    let (caller, order) = reached.await?;
    let stripe = app.stripe.for_one_request();
    let captures = Captures {
        processor: EventProcessor {
            stripe: stripe.clone(),
            ..app.processor.clone()
        },
        stripe,
        app: &app,
    };
    let order = captures.captured(order, caller, request.amount).await?;
    Ok(Json(OrderView::of(&order, true)))
}

/// Captures payments, for one request.
#[derive(Debug)]
struct Captures<'a> {
    processor: EventProcessor,
    stripe: Stripe,
    app: &'a App,
}

impl Captures<'_> {
    /// `order`, paid by the capture of `amount`, or of the whole authorized amount.
    async fn captured(
        &self,
        order: Order,
        caller: Reached<CapturePayment>,
        amount: Option<i64>,
    ) -> Result<Order, Error> {
        let authorized = match order.status() {
            Status::Authorized => order.total(),
            _ => return paid(order, amount),
        };
        let amount = match amount {
            None => authorized,
            Some(amount) => Amount::positive(amount, authorized.currency())
                .map_err(|what| Error::invalid(format!("`amount` {what}")))?,
        };
        let (order, request) = self.reserve(&order, caller, amount).await?;
        let captured = match self.capture(&order, &request).await {
            Err(failure) if is_transient(&failure) => return Err(failure.into()),
            captured => captured,
        };
        let settled = self.processor.settle(order.id()).await?;
        let settled = settled.ok_or(Error::NotFound)?;
        let may_end = [Status::Authorized, Status::Processing].contains(&settled.status());
        if settled.paid_at().is_none() && (captured.is_err() || !may_end) {
            let (store, now) = (&self.app.store, self.app.clock.now());
            store.decline_capture(&settled, &request, now).await?;
        }
        match captured {
            Err(failure) if settled.paid_at().is_none() => Err(error_at_stripe(failure)),
            _ => paid(settled, Some(request.amount)),
        }
    }

    /// `order` with the capture of `amount`, and that capture.
    async fn reserve(
        &self,
        order: &Order,
        mut caller: Reached<CapturePayment>,
        amount: Amount,
    ) -> Result<(Order, CaptureRequest), Error> {
        let limit = caller.day_limit(amount)?;
        let now = self.app.clock.now();
        let request = CaptureRequest::new(amount.minor_units(), caller.caller(), now);
        let store = &self.app.store;
        let reserved = store
            .reserve_capture(order.id(), request, amount.currency(), limit)
            .await?;
        let order = match reserved {
            Refunded::Changed(order) | Refunded::Unchanged(order) => *order,
            Refunded::Refused(RefundRefusal::OverDayLimit) => return Err(caller.over_day_limit()),
            Refunded::Refused(refusal) => return Err(error_of(refusal)),
        };
        let request = order.capture().cloned().ok_or(Error::InProgress)?;
        Ok((order, request))
    }

    /// Captures at Stripe. An intent that was captured or canceled meanwhile is left to the order's
    /// own state.
    async fn capture(&self, order: &Order, request: &CaptureRequest) -> Result<(), StripeError> {
        let intent = match order.authorized_intent() {
            Some(intent) => Some(intent.to_owned()),
            None => self.intent_of_session(order).await?,
        };
        // Without an intent, nothing is authorized.
        let Some(intent) = intent else { return Ok(()) };
        let (id, amount) = (order.id(), request.amount);
        match self.stripe.capture_intent(id, &intent, amount).await {
            Err(failure) if failure.is_unexpected_state() => Ok(()),
            captured => captured.map(|_| ()),
        }
    }

    /// The payment intent of the order's Checkout Session.
    async fn intent_of_session(&self, order: &Order) -> Result<Option<String>, StripeError> {
        let Some(session) = order.active_payment() else {
            return Ok(None);
        };
        let page = self.stripe.retrieve_page(session.id()).await?;
        Ok(page.payment_intent)
    }
}

/// True when Stripe did not decide: the same request may succeed.
fn is_transient(failure: &StripeError) -> bool {
    match failure {
        StripeError::Declined { .. } => false,
        StripeError::Refused(refusal) => !refusal.is_about_the_request(),
        _ => true,
    }
}

/// The error for a capture that Stripe refuses for good.
fn error_at_stripe(failure: StripeError) -> Error {
    let code = match &failure {
        StripeError::Refused(refusal) => refusal.code.as_deref(),
        _ => None,
    };
    match code {
        Some("amount_too_large") => Error::ExceedsAuthorized,
        Some("amount_too_small") => Error::AmountTooSmall,
        Some(_) => Error::NotAuthorized,
        None => failure.into(),
    }
}

/// `order`, if it is paid by a capture of `amount`, or of any amount.
fn paid(order: Order, amount: Option<i64>) -> Result<Order, Error> {
    let received = order.total().minor_units();
    let is_captured = order.capture().is_some_and(|one| one.amount == received);
    match order.paid_at() {
        None if order.status() == Status::Authorized => Err(Error::InProgress),
        None => Err(Error::NotAuthorized),
        Some(_) if is_captured && amount.is_none_or(|amount| amount == received) => Ok(order),
        Some(_) => Err(Error::AlreadyPaid(order.id().clone())),
    }
}

/// The error for the database's refusal.
fn error_of(refusal: RefundRefusal) -> Error {
    match refusal {
        RefundRefusal::NotFound => Error::NotFound,
        RefundRefusal::NotPaid => Error::NotAuthorized,
        RefundRefusal::ExceedsPaid => Error::ExceedsAuthorized,
        RefundRefusal::InProgress => Error::InProgress,
        _ => Error::Internal("the database rejected the capture for an unknown reason".into()),
    }
}
