//! Handler for `POST /api/create-intent`.
//!
//! The site names the items, never their prices; or it sends an order that its server signed.
//! Farebox prices the items. The same operation returns the same payment intent, however often it
//! is sent; changed contents of an unpaid order update that intent.
//!
//! | status | when |
//! |---|---|
//! | `200` | the browser can pay the order with this client secret |
//! | `200` | an off-session order is charged: its status is `paid`, or `processing` |
//! | `400` | the request is wrong; the message names the field (`amount` is an unknown field) |
//! | `401` | there is no valid token |
//! | `402` | the bank declined an off-session charge, or wants the payer |
//! | `403` | no role of the caller pays |
//! | `404` | the order to change does not exist, or is another caller's |
//! | `409` | an off-session order's caller has no such saved payment method |
//! | `409` | the key came with other contents |
//! | `409` | the order is paid, processing, canceled, or newer |
//! | `429` | the caller or their address started too many payments |
//! | `429` | too many charges of the order failed |
//! | `503` | Stripe, the database or the keys are not available; the caller may retry |
//!
//! Read [`shared::purchase`] for the prices, [`payment`] for the one intent of an order, and
//! [`off_session`] for charges in the payer's absence.

pub mod off_session;
pub mod payment;
mod saved_methods;

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
    env::need,
    function::Trigger,
    order::{Order, Status},
    processor::EventProcessor,
    purchase::{self, Cart, CheckoutService, Item},
    rate_limit::RateLimiter,
    request::{self, IdempotencyKey},
    stripe::{PaymentIntent, Redacted},
};
use utoipa::{OpenApi, ToSchema};

use crate::saved_methods::SavedMethods;

/// The function's description.
pub const FUNCTION: Function = Function {
    name: "create-intent",
    summary: "Prices an order or takes a signed one, and returns its payment intent's client \
              secret.",
    trigger: Trigger::Route {
        method: "POST",
        path: "/api/create-intent",
        permission: Some(CreatePayment::NAME),
        errors: &[&purchase::ERRORS, &off_session::ERRORS],
    },
    settings: &[
        need::STRIPE_SECRET_KEY,
        need::STRIPE_PUBLISHABLE_KEY,
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

/// Either `items`, with an `Idempotency-Key` header, or `order`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct CreateIntent {
    /// The items to buy, without prices: Farebox prices them.
    #[schema(min_items = 1, max_items = 50)]
    items: Option<Vec<Item>>,
    /// With `items`: the id of an unpaid order, whose items these replace.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,64}$")]
    order_id: Option<String>,
    /// An order as a JWT that the site's server signed.
    order: Option<String>,
    /// With `items`: the payer's choice among what the checkout file lists.
    #[serde(default)]
    choice: IntentChoice,
}

/// A browser's choice for its payment intent.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IntentChoice {
    /// The currency of the prices of `items`, one of `choices.currency` in the checkout file; each
    /// price's own by default.
    #[schema(nullable = false)]
    currency: Option<String>,
}

impl From<CreateIntent> for Cart {
    fn from(request: CreateIntent) -> Self {
        Self {
            items: request.items,
            order_id: request.order_id,
            order: request.order,
            currency: request.choice.currency,
            may_subscribe: false,
        }
    }
}

/// An order and its payment intent, for Stripe.js in the owner's browser.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Created {
    /// The order's id.
    order_id: String,
    /// The payment intent's client secret. A new one belongs to a new payment intent, and the
    /// previous intent is canceled: mount Stripe's form again with it. `null` for an order of zero
    /// and an off-session order: nothing is left to pay.
    #[schema(value_type = Option<String>, required)]
    client_secret: Option<Redacted>,
    /// The secret of a Stripe customer session, with which the Payment Element shows the payer's
    /// saved cards, removes them, and offers to save another. Absent for a guest, and where Stripe
    /// did not open the session: the payer can pay without it.
    #[schema(value_type = Option<String>, nullable = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_session_client_secret: Option<Redacted>,
    /// Stripe's publishable key, `pk_…`.
    publishable_key: String,
    /// In minor units of `currency`.
    amount: i64,
    /// Three lower-case letters, such as `usd`.
    currency: String,
    /// The order's status.
    status: Status,
}

/// Creates or updates the payment intent of an order.
///
/// The same operation returns the same payment intent, however often it is sent.
#[utoipa::path(
    post,
    path = "/api/create-intent",
    operation_id = "createIntent",
    params(("Idempotency-Key" = Option<String>, Header, nullable = false,
        min_length = 1, max_length = 255, pattern = "^[!-~]+$",
        description = "The caller's name for this operation; required with `items`")),
    request_body(content = CreateIntent, examples(
        ("items" = (summary = "Priced by the shop's prices", value = json!(
            { "items": [{ "price": "mug", "quantity": 2 }] }))),
        ("order" = (summary = "Signed by the site's server", value = json!(
            { "order": "eyJhbGciOiJIUzI1NiJ9.…" }))),
    )),
    responses(
        (status = 200, description = "The order and its payment intent", body = Created,
            example = json!({ "orderId": "ord_8d0a2f", "clientSecret": "pi_1_secret_…",
                "customerSessionClientSecret": "cuss_secret_…",
                "publishableKey": "pk_live_…",
                "amount": 3000, "currency": "usd", "status": "created" })),
    ),
    security(("callerToken" = [])),
)]
async fn create(
    payer: Authorized<CreatePayment>,
    limiter: RateLimiter,
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    request::Json(request): request::Json<CreateIntent>,
) -> Result<Json<Created>, Error> {
    let payments = Payments {
        checkout: app.checkout.for_one_request(),
        secrets: &app.secrets,
        saved_methods: SavedMethods::default(),
    };
    let processor = EventProcessor {
        stripe: payments.checkout.stripe.clone(),
        ..app.processor.clone()
    };
    let key = IdempotencyKey::in_headers(&headers)?;
    let is_customer = payer.is_customer();
    let (_payer, order) = payments
        .checkout
        .order(payer, &limiter, key, request.into())
        .await?;
    let (order, intent) = match order.revision().contents.off_session() {
        None => payments.payment_of(order, is_customer, &limiter).await?,
        Some(_) => (payments.charged(order, &processor, &limiter).await?, None),
    };
    payments.created(&order, intent).await.map(Json)
}

/// Starts payments, for one request.
#[derive(Debug)]
struct Payments<'a> {
    checkout: CheckoutService,
    secrets: &'a Secrets,
    saved_methods: SavedMethods,
}

impl Payments<'_> {
    async fn created(
        &self,
        order: &Order,
        intent: Option<PaymentIntent>,
    ) -> Result<Created, Error> {
        let keys = self.secrets.current().await?;
        let amount = order.revision().contents.amount();
        let customer = intent.as_ref().and_then(|one| one.customer.as_deref());
        Ok(Created {
            order_id: order.id().to_string(),
            customer_session_client_secret: self.saved_methods.secret_of(customer),
            client_secret: intent.map(|intent| intent.client_secret),
            publishable_key: keys.stripe_publishable_key()?.to_owned(),
            amount: amount.minor_units(),
            currency: amount.currency().to_string(),
            status: order.status(),
        })
    }
}
