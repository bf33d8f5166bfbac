//! Handler for `POST /api/cancel`.
//!
//! Cancels an unpaid order, once, and notifies the site. Its owner may cancel it until it is paid
//! or authorized; staff also release an authorized payment. Farebox closes the open payment at
//! Stripe first: see [`shared::purchase::OrderEnder`].
//!
//! | status | when |
//! |---|---|
//! | `200` | the order is canceled, now or since an earlier request |
//! | `400` | the request is wrong; the message names the field |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller cancels orders |
//! | `404` | there is no such order, or no role of the caller reaches it |
//! | `409` | the order is paid, or its payment is processing or, for its owner, authorized |
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
    access::{Authorized, CancelPayment, Permission as _},
    env::need,
    error::Code,
    event::{CancelReason, Ending},
    function::Trigger,
    order::OrderView,
    purchase::{OrderEnder, Release},
    request,
};
use utoipa::{OpenApi, ToSchema};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "cancel",
    summary: "Cancels an unpaid order: its owner's own, or, by staff, anyone's.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/cancel",
        permission: Some(CancelPayment::NAME),
        errors: &[&[
            Code::InvalidRequest,
            Code::NotFound,
            Code::InProgress,
            Code::OrderAlreadyPaid,
            Code::PaymentProcessing,
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
#[openapi(paths(cancel))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    post(cancel).with_state(Arc::new(app))
}

/// The cancellation of an order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CancelOrder {
    /// The order's id.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    order_id: String,
    /// The reason, for the order and its notification.
    reason: Option<CancelReason>,
}

/// Cancels an unpaid order.
///
/// The open payment is closed at Stripe first. An order that is canceled already stays as it is.
#[utoipa::path(
    post,
    path = "/api/cancel",
    operation_id = "cancel",
    request_body(content = CancelOrder, example = json!({ "orderId": "ord_8d0a2f",
        "reason": "requested_by_customer" })),
    responses(
        (status = 200, description = "The canceled order", body = OrderView,
            example = json!({ "orderId": "ord_8d0a2f", "status": "canceled", "amount": 3000,
                "amounts": { "subtotal": 3000, "discount": 0, "tax": 0, "shipping": 0,
                    "total": 3000, "refunded": 0, "refundPending": 0, "disputed": 0 },
                "currency": "usd",
                "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": 1_790_000_000,
                "updatedAt": 1_790_000_060, "paidAt": null,
                "cancelReason": "requested_by_customer",
                "items": [{ "price": "mug", "quantity": 2, "unitAmount": 1500 }] })),
    ),
    security(("callerToken" = [])),
)]
async fn cancel(
    caller: Authorized<CancelPayment>,
    State(app): State<Arc<App>>,
    request::Json(request): request::Json<CancelOrder>,
) -> Result<Json<OrderView>, Error> {
    let reached = caller.reach_order(&request.order_id, &app.store);
    let (caller, order) = reached.await?;
    let release = match caller.reaches_any() {
        true => Release::Authorized,
        false => Release::Keep,
    };
    let stripe = app.stripe.for_one_request();
    let ender = OrderEnder {
        stripe: &stripe,
        store: &app.store,
        clock: &app.clock,
    };
    let ending = Ending::Canceled(request.reason);
    let order = ender.end(order, ending, release).await?;
    Ok(Json(OrderView::of(&order, caller.reaches_any())))
}
