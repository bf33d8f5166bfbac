//! Handler for `GET /api/orders`.
//!
//! Lists orders in pages, the newest first: the caller's own, or, for staff whose role reaches
//! further, everybody's or one owner's. It never writes.
//!
//! | status | when |
//! |---|---|
//! | `200` | the page, as JSON, or as CSV where `Accept` prefers `text/csv` |
//! | `400` | a parameter is unknown or malformed; the message names it |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller reads orders, or `owner` is another caller |
//! | `503` | the database did not answer, or the keys cannot be read |
//!
//! Read [`filter`], then [`page`]: a status is derived when an order is read, so a page by status
//! reads orders of other statuses too, up to [`page::MAX_READ`]. [`csv`] writes the export.

pub mod csv;
pub mod filter;
pub mod page;

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use hyper::{HeaderMap, Uri};
use serde::Serialize;
use shared::{
    App, Error, Function,
    access::{Authorized, Permission as _, ReadOrder},
    env::need,
    error::Code,
    function::Trigger,
    order::OrderView,
    request::Query,
};
use utoipa::{OpenApi, ToSchema};

use self::filter::{Asked, Parameters};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "orders",
    summary: "Lists orders in pages, as JSON or CSV: the caller's own; staff list everybody's.",
    trigger: Trigger::Route {
        method: "GET",
        path: "/api/orders",
        permission: Some(ReadOrder::NAME),
        errors: &[&[Code::InvalidRequest]],
    },
    settings: &[need::FAREBOX_SITE_KEY, need::DATABASE_URL],
    max_duration: 30,
};

/// The route's part of `openapi.json`.
#[derive(Debug, OpenApi)]
#[openapi(paths(list))]
pub struct ApiDoc;

/// The whole route. The platform owns the path, so any path reaches it.
pub fn service(app: App) -> MethodRouter {
    get(list).with_state(Arc::new(app))
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Orders)]
struct OrdersView {
    /// The orders, the newest first. A page by `status` may hold fewer than `limit`, or none, and
    /// still have a `nextCursor`.
    orders: Vec<OrderView>,
    /// The `cursor` of the next page; `null` on the last one.
    #[schema(required)]
    next_cursor: Option<String>,
}

/// Lists orders, the newest first: the caller's own, or, for staff, everybody's.
#[utoipa::path(
    get,
    path = "/api/orders",
    operation_id = "listOrders",
    params(
        ("status" = Option<shared::order::Status>, Query, nullable = false,
            description = "Only orders of this status"),
        ("from" = Option<String>, Query, nullable = false,
            description = "Only orders created at this time or later: Unix seconds, or a time such \
                           as 2026-11-20T12:00:00Z"),
        ("to" = Option<String>, Query, nullable = false,
            description = "Only orders created before this time, later than `from`"),
        ("owner" = Option<String>, Query, nullable = false, min_length = 1, max_length = 128,
            description = "Only the orders of this caller, by the `sub` of their token. Without \
                           it: the caller's own, or everybody's where a role of theirs reaches \
                           any"),
        ("cursor" = Option<String>, Query, nullable = false,
            description = "The `nextCursor` of the page before, with the same other parameters; \
                           `limit` alone may change"),
        ("limit" = Option<u32>, Query, nullable = false, minimum = 1, maximum = 100,
            description = "The most orders; 20 by default"),
    ),
    responses(
        (status = 200, description = "A page of orders. As CSV it has a header row, and the next \
                                      page is in the header `Link`",
            content(
                (OrdersView = "application/json", example = json!({ "orders": [{
                    "orderId": "ord_8d0a2f", "status": "paid", "amount": 3000, "currency": "usd",
                    "amounts": { "subtotal": 3000, "discount": 0, "tax": 0, "shipping": 0,
                        "total": 3000, "refunded": 0, "refundPending": 0, "disputed": 0 },
                    "refundedAmount": 0, "refundPendingAmount": 0, "createdAt": 1_790_000_000,
                    "updatedAt": 1_790_000_060, "paidAt": 1_790_000_060,
                    "items": [{ "price": "mug", "quantity": 2, "unitAmount": 1500 }] }],
                    "nextCursor": null })),
                (String = "text/csv"),
            )),
    ),
    security(("callerToken" = [])),
)]
async fn list(
    caller: Authorized<ReadOrder>,
    State(app): State<Arc<App>>,
    Query(parameters): Query<Parameters>,
    headers: HeaderMap,
    uri: Uri,
) -> Result<Response, Error> {
    let asked = Asked::parse(parameters)?;
    let caller = caller.reach_list(asked.owner())?;
    let (filter, after) = asked.by(&caller)?;
    let list = page::read(&app.store, &filter, after, asked.limit()).await?;
    let orders = list.orders.iter();
    let orders = orders.map(|order| OrderView::of(order, caller.reaches_any()));
    let view = OrdersView {
        orders: orders.collect(),
        next_cursor: list.next.map(|next| filter.cursor(&next)),
    };
    Ok(match csv::is_preferred(&headers) {
        true => csv::response(&view.orders, view.next_cursor.as_deref(), &uri),
        false => Json(view).into_response(),
    })
}
