//! Handler for `GET /api/order?id=…`.
//!
//! The return page reads the caller's order here, and staff whose role reaches further read
//! anybody's. With `refresh=true` the function first asks Stripe for the order's payment, so that a
//! payer does not wait for a webhook that is late, missing or not configured. Stripe's answer
//! updates the order in the transaction of an event. Else nothing is written.
//!
//! Farebox asks at most every two seconds for each order. A request in between, and one that Stripe
//! does not answer in time, receives the order as it is stored.
//!
//! | status | when |
//! |---|---|
//! | `200` | the order is the caller's, or a role of theirs reaches any |
//! | `400` | `id` is missing or not an order's id, or `refresh` is neither `true` nor `false` |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller reads orders |
//! | `404` | there is no such order, or it is another caller's |
//! | `503` | the database did not answer, or the keys cannot be read |
//!
//! A payment may be processing for days: `awaiting` names the pending step and its deadline. The
//! step is a voucher to be paid, a bank transfer to arrive, or two small deposits to be confirmed.
//!
//! On Vercel the function also delivers a few notifications that are due, where
//! `FAREBOX_NOTIFY_URL` is set. The answer waits for that, at most one second, and is the same
//! without it.
//!
//! Staff see the record of the order's refunds as well: each request's author, reason and outcome.
//! They also see the disputes of its payment, and the warnings before one.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    routing::{MethodRouter, get},
};
use serde::Deserialize;
use shared::{
    App, Error, Function,
    access::{Authorized, Permission as _, ReadOrder},
    delivery::RequestDelivery,
    env::need,
    error::Code,
    function::Trigger,
    order::{Order, OrderId, OrderView},
    request::Query,
};
use utoipa::OpenApi;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "order",
    summary: "Returns an order's status, amounts and times; staff also read the record of its \
              refunds.",
    trigger: Trigger::Route {
        method: "GET",
        path: "/api/order",
        permission: Some(ReadOrder::NAME),
        errors: &[&[Code::InvalidRequest, Code::NotFound]],
    },
    settings: &[
        need::OPTIONAL_STRIPE_SECRET_KEY,
        need::FAREBOX_SITE_KEY,
        need::DATABASE_URL,
    ],
    max_duration: 30,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(read))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    let delivery = app.request_delivery();
    get(read)
        .layer(Extension(delivery))
        .with_state(Arc::new(app))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    id: String,
    refresh: Option<String>,
}

impl Which {
    fn refreshes(&self) -> Result<bool, Error> {
        match self.refresh.as_deref() {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Error::invalid("`refresh` must be `true` or `false`")),
        }
    }
}

/// Returns an order: the caller's own, or, for staff, anyone's.
#[utoipa::path(
    get,
    path = "/api/order",
    operation_id = "readOrder",
    params(("id" = String, Query, pattern = "^[A-Za-z0-9_-]{1,64}$",
        description = "The order's id"),
        ("refresh" = Option<bool>, Query,
        description = "With `true`, Farebox first asks Stripe for the order's payment, at most \
            every two seconds for each order. Without an answer of Stripe, the order is returned \
            as it is stored.")),
    responses(
        (status = 200, description = "The order", body = OrderView,
            example = json!({ "orderId": "ord_8d0a2f", "status": "paid", "amount": 3000,
                "amounts": { "subtotal": 3000, "discount": 0, "tax": 0, "shipping": 0,
                    "total": 3000, "refunded": 0, "refundPending": 0, "disputed": 0 },
                "currency": "usd",
                "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": 1_790_000_000,
                "updatedAt": 1_790_000_060, "paidAt": 1_790_000_060,
                "items": [{ "price": "mug", "quantity": 2, "unitAmount": 1500 }] })),
    ),
    security(("callerToken" = [])),
)]
async fn read(
    caller: Authorized<ReadOrder>,
    State(app): State<Arc<App>>,
    Extension(delivery): Extension<RequestDelivery>,
    Query(which): Query<Which>,
) -> Result<Json<OrderView>, Error> {
    let id = OrderId::parse(&which.id).map_err(|what| Error::invalid(format!("`id` {what}")))?;
    let refreshes = which.refreshes()?;
    let order = app.store.order(&id).await?;
    let caller = caller.reach(order.as_ref().map(Order::owner), id.as_str())?;
    let mut order = order.ok_or(Error::NotFound)?;
    if refreshes {
        order = app.processor.refresh(order).await;
    }
    delivery.sweep().await;
    Ok(Json(OrderView::of(&order, caller.reaches_any())))
}
