//! Handler for `POST /api/create-checkout`.
//!
//! The site names the items, as for `create-intent`, and the URLs to which the payer returns. It
//! receives the URL of a Checkout Session, or the client secret of one on its own page. The same
//! operation returns the same session, however often it is sent. Changed contents of an unpaid
//! order close its open session, and so does an open payment intent: an order has one active
//! payment.
//!
//! With a recurring price the session begins a subscription. A caller holds one subscription of a
//! product, unless the checkout file allows several: an order ends their other unpaid orders of the
//! same product before it gets a session.
//!
//! | status | when |
//! |---|---|
//! | `200` | the browser can be sent to this URL |
//! | `400` | the request is wrong; the message names the field (`amount` is an unknown field) |
//! | `400` | a URL has another origin, or a price was archived or has another amount by now |
//! | `401` | there is no valid token |
//! | `403` | no role of the caller pays, or makes them a customer, whom a subscription needs |
//! | `404` | the order to change does not exist, or is another caller's |
//! | `409` | the key came with other contents |
//! | `409` | the order is paid, processing, canceled, or newer |
//! | `409` | the caller holds a subscription of the product |
//! | `429` | the caller or their address started too many payments |
//! | `429` | too many charges of the order failed |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |
//!
//! Read [`shared::purchase`] for the prices, and [`page`] for the one session of an order.

pub mod page;

use std::sync::Arc;

use axum::http::HeaderMap;
use axum::{
    Json,
    extract::State,
    routing::{MethodRouter, post},
};
use serde::{Deserialize, Serialize};
use shared::{
    App, Error, Function, Secrets,
    access::{Authorized, CreatePayment, Permission as _},
    checkout::{CheckoutChoice, SessionMode},
    env::need,
    error::Code,
    function::Trigger,
    order::Order,
    purchase::{self, Cart, CheckoutService, Item},
    rate_limit::RateLimiter,
    request::{self, IdempotencyKey},
    return_url::{ReturnOrigins, ReturnUrl},
    stripe::{CheckoutPage, Redacted, SessionParams, UiMode},
};
use utoipa::{OpenApi, ToSchema};

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "create-checkout",
    summary: "Opens a Checkout Session for an order: hosted, embedded, or for Elements.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/create-checkout",
        permission: Some(CreatePayment::NAME),
        errors: &[&purchase::ERRORS, &[Code::AlreadySubscribed]],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::STRIPE_PUBLISHABLE_KEY,
        need::FAREBOX_SITE_KEY,
        need::DATABASE_URL,
        need::FAREBOX_RETURN_ORIGINS,
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

/// Either `items`, with an `Idempotency-Key` header, or `order`; and the URLs to which the payer
/// returns, each at an origin of `FAREBOX_RETURN_ORIGINS`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateCheckout {
    /// The items to buy, without prices: Farebox prices them. With a recurring price, they begin a
    /// subscription; all recurring prices have one billing interval.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<Item>>,
    /// With `items`: the id of an unpaid order, whose items these replace.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    order_id: Option<String>,
    /// An order as a JWT that the site's server signed.
    order: Option<String>,
    /// Where the payer sees the session; hosted Checkout by default.
    #[serde(default)]
    ui_mode: UiMode,
    /// The payer's choice among what the checkout file lists.
    #[serde(default)]
    choice: CheckoutChoice,
    /// The URL to which Stripe sends the payer after the payment. Farebox adds the order's id to
    /// its query, as `order`.
    #[schema(format = "uri", max_length = 2048)]
    success_url: String,
    /// The URL to which Stripe sends a payer who leaves hosted Checkout without paying. Farebox
    /// adds the order's id to its query, as `order`. Hosted Checkout requires it; the others take
    /// none.
    #[schema(format = "uri", max_length = 2048, nullable = false)]
    cancel_url: Option<String>,
}

/// An order and its Checkout Session.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CheckoutCreated)]
#[serde(rename_all = "camelCase")]
struct Created {
    /// The order's id.
    order_id: String,
    /// The URL of hosted Checkout. Send only the owner's browser there: anyone who has the URL can
    /// open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    url: Option<Redacted>,
    /// The client secret of a session on the site's page, for Stripe.js in the owner's browser.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String, nullable = false)]
    client_secret: Option<Redacted>,
    /// Stripe's publishable key, `pk_…`, beside `clientSecret`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    publishable_key: Option<String>,
}

/// Creates a Checkout Session for an order, or replaces it.
///
/// The same operation returns the same session, however often it is sent.
#[utoipa::path(
    post,
    path = "/api/create-checkout",
    operation_id = "createCheckout",
    params(("Idempotency-Key" = Option<String>, Header, nullable = false,
        min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "The caller's name for this operation; required with `items`")),
    request_body(content = CreateCheckout, examples(
        ("items" = (summary = "Priced by the shop's prices", value = json!(
            { "items": [{ "price": "mug", "quantity": 2 }],
                "successUrl": "https://shop.example/return",
                "cancelUrl": "https://shop.example/cart" }))),
        ("subscription" = (summary = "A subscription of three seats, and a one-time fee",
            value = json!({ "items": [{ "price": "pro_monthly", "quantity": 3 },
                    { "price": "setup", "quantity": 1 }],
                "successUrl": "https://shop.example/return",
                "cancelUrl": "https://shop.example/pricing" }))),
    )),
    responses(
        (status = 200, description = "The order and its Checkout Session", body = Created,
            example = json!({ "orderId": "ord_8d0a2f",
                "url": "https://checkout.stripe.com/c/pay/cs_…" })),
    ),
    security(("callerToken" = [])),
)]
async fn create(
    payer: Authorized<CreatePayment>,
    limiter: RateLimiter,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request::Json(request): request::Json<CreateCheckout>,
) -> Result<Json<Created>, Error> {
    let key = IdempotencyKey::in_headers(&headers)?;
    let success = app
        .return_origins
        .check("successUrl", &request.success_url)?;
    let cancel = cancel_url(&request, &app.return_origins)?;
    let cart = Cart {
        items: request.items,
        order_id: request.order_id,
        order: request.order,
        currency: request.choice.currency.clone(),
        may_subscribe: true,
    };
    let is_customer = payer.is_customer();
    let pages = Pages {
        checkout: app.checkout.for_one_request(),
    };
    let (_payer, order) = pages.checkout.order(payer, &limiter, key, cart).await?;
    if order.revision().contents.off_session().is_some() {
        let what = "`offSession` of the signed order: send it to create-intent, which charges it";
        return Err(Error::invalid(what));
    }
    let contents = &order.revision().contents;
    if contents.mode() == SessionMode::Subscription && request.choice.shipping_rate.is_some() {
        let what = "`choice.shippingRate`: Stripe takes no shipping rate for a subscription";
        return Err(Error::invalid(what));
    }
    let options = pages
        .checkout
        .sessions
        .options(contents.checkout(), &request.choice)
        .map_err(Error::invalid)?;
    if contents.mode() == SessionMode::Payment {
        let currency = contents.amount().currency();
        options.check_currency(currency).map_err(Error::invalid)?;
    }
    let params = SessionParams {
        ui_mode: request.ui_mode,
        success: success.with_order(order.id()),
        cancel: cancel.map(|url| url.with_order(order.id())),
        options,
    };
    let (order, page) = pages.page_of(order, &params, is_customer, &limiter).await?;
    Created::of(&order, page, &app.secrets).await.map(Json)
}

/// The URL of a payer who turns back; only hosted Checkout has one.
fn cancel_url(
    request: &CreateCheckout,
    origins: &ReturnOrigins,
) -> Result<Option<ReturnUrl>, Error> {
    match (request.ui_mode, &request.cancel_url) {
        (UiMode::Hosted, Some(cancel)) => origins.check("cancelUrl", cancel).map(Some),
        (UiMode::Hosted, None) => Err(Error::invalid("`cancelUrl` is missing")),
        (_, None) => Ok(None),
        (_, Some(_)) => Err(Error::invalid(
            "send `cancelUrl` only for hosted Checkout: the others have no way back",
        )),
    }
}

impl Created {
    async fn of(order: &Order, page: CheckoutPage, secrets: &Secrets) -> Result<Self, Error> {
        let publishable_key = match page.client_secret {
            Some(_) => {
                let keys = secrets.current().await?;
                Some(keys.stripe_publishable_key()?.to_owned())
            }
            None => None,
        };
        Ok(Self {
            order_id: order.id().to_string(),
            url: page.url,
            client_secret: page.client_secret,
            publishable_key,
        })
    }
}

/// Opens Checkout Sessions, for one request.
#[derive(Debug)]
struct Pages {
    checkout: CheckoutService,
}
