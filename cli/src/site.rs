//! The shop's own server: it signs tokens for its personas, and receives notifications about
//! orders.
//!
//! A real shop does this in its own code, with any JWT and Standard Webhooks library.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Query, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    routing::{get, post},
};
use jsonwebtoken::{EncodingKey, Header, encode};
use sandbox::Sandbox;
use secrecy::ExposeSecret as _;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use shared::{
    Clock, Secrets,
    access::Roles,
    amount::Currency,
    secrets::{Missing, Unreadable},
};
use standardwebhooks::Webhook;

use crate::{
    activity::{self, Activity, Entry, Source},
    demo_checkout,
    exchange::{ShownRequest, ShownResponse},
    personas::Persona,
};

/// The lifetime of a token, in seconds.
const LIFETIME: i64 = 600;

/// The state of the site's server.
#[derive(Clone, Debug)]
pub struct Site {
    /// The keys that sign tokens and verify notifications.
    pub secrets: Secrets,
    /// The permissions of the roles, for display; the functions check their own.
    pub roles: Roles,
    /// The sandbox, unless Stripe itself is called.
    pub sandbox: Option<Arc<Sandbox>>,
    /// The days for which a plan is free, where the demo decides that.
    pub trial_days: Option<u32>,
    /// The activity feed.
    pub activity: Activity,
}

/// A product on sale, or a plan.
#[derive(Clone, Debug, Serialize)]
struct Product {
    price: &'static str,
    name: &'static str,
    amount: i64,
    currency: &'static str,
    /// The interval of a plan.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<&'static str>,
}

/// What the catalogue sells once, or by subscription.
fn catalogue(recurring: bool) -> Vec<Product> {
    let catalogue = sandbox::demo_catalogue().into_iter();
    let product = |price: sandbox::NewPrice<'static>| Product {
        price: price.lookup_key.unwrap_or(price.id),
        name: price.product_name,
        amount: price.unit_amount,
        currency: price.currency,
        interval: recurring.then_some(price.interval),
    };
    let sold = catalogue.filter(|price| price.recurring == recurring);
    sold.map(product).collect()
}

fn products() -> Vec<Product> {
    catalogue(false)
}

/// The site's routes.
pub(crate) fn routes(site: Site) -> Router {
    let activity = get(activity::stream_rows).with_state(site.activity.clone());
    Router::new()
        .route("/dev/shop", get(shop))
        .route("/dev/session", post(session))
        .route("/dev/sign-order", post(sign_order))
        .route("/dev/notifications", post(receive_notification))
        .route("/dev/events", get(events))
        .with_state(site)
        .route("/dev/activity", activity)
}

async fn shop(State(site): State<Site>) -> Result<Json<Value>, SignError> {
    let keys = site.secrets.current().await?;
    Ok(Json(json!({
        "mode": if site.sandbox.is_some() { "sandbox" } else { "stripe" },
        "publishableKey": keys.stripe_publishable_key()?,
        "stripeApi": site.sandbox.as_ref().map(|sandbox| sandbox.url()),
        "products": products(),
        "plans": catalogue(true),
        "trialDays": site.trial_days,
        "customer": Persona::Customer.subject(),
        "people": Persona::names(),
        "refundLimit": site.refund_limit(),
        "promotionCode": demo_checkout::CODE,
    })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SessionQuery {
    #[serde(default, rename = "as")]
    persona: Persona,
}

/// Signs in the page's visitor as the demo customer or as the named member of staff. A real site
/// requires a password first.
async fn session(
    State(site): State<Site>,
    Query(SessionQuery { persona }): Query<SessionQuery>,
) -> Result<Json<Value>, SignError> {
    let expires_at = Clock::default().now() + LIFETIME;
    let claims = json!({
        "aud": "farebox", "sub": persona.subject(), "roles": [persona.role()], "exp": expires_at,
    });
    let token = site.sign(&claims).await?;
    Ok(Json(json!({ "token": token, "expiresAt": expires_at })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Cart {
    items: Vec<Item>,
    order_id: Option<String>,
    /// Whether the order goes to Checkout, with a code, tax and shipping.
    #[serde(default)]
    checkout: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    price: String,
    quantity: u32,
}

/// Signs an order for the cart: the site's server knows its own prices.
async fn sign_order(
    State(site): State<Site>,
    Json(cart): Json<Cart>,
) -> Result<Json<Value>, SignError> {
    let products = products();
    let cost = |item: &Item| {
        let product = products
            .iter()
            .find(|product| product.price == item.price)?;
        product.amount.checked_mul(i64::from(item.quantity))
    };
    let costs: Option<Vec<i64>> = cart.items.iter().map(cost).collect();
    let total: i64 = costs.ok_or(SignError::NotOnSale)?.iter().sum();
    let now = Clock::default().now();
    let order_id = cart
        .order_id
        .unwrap_or_else(|| format!("demo-{:016x}", fastrand::u64(..)));
    let claims = json!({
        "aud": "farebox:order", "sub": Persona::Customer.subject(), "iat": now,
        "exp": now + LIFETIME,
        "orderId": order_id, "amount": total, "currency": "usd", "description": "Farebox demo shop",
        "checkout": cart.checkout.then(demo_checkout::options),
    });
    Ok(Json(json!({ "order": site.sign(&claims).await? })))
}

/// The sandbox's events, oldest first, with the number of accepted deliveries: the page shows the
/// events missed in an outage.
async fn events(State(site): State<Site>) -> Result<Json<Value>, StatusCode> {
    let sandbox = site.sandbox.ok_or(StatusCode::NOT_FOUND)?;
    let deliveries = sandbox.deliveries();
    let summary = |event: Value| {
        let accepted = deliveries.iter().filter(|delivery| {
            delivery.status == Some(200) && event["id"] == delivery.event_id.as_str()
        });
        json!({ "id": event["id"], "type": event["type"], "accepted": accepted.count() })
    };
    let events: Vec<Value> = sandbox.events().into_iter().map(summary).collect();
    Ok(Json(json!({ "events": events })))
}

/// Receives notifications about orders.
async fn receive_notification(
    State(site): State<Site>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let keys = site.secrets.current().await.ok();
    let is_signed = keys
        .as_deref()
        .and_then(|keys| keys.notify_secret().ok())
        .and_then(|secret| Webhook::new(secret.expose_secret()).ok())
        .is_some_and(|webhook| webhook.verify(&body, &headers).is_ok());
    let message: Value = serde_json::from_slice(&body).unwrap_or_default();
    let title = message["type"].as_str().unwrap_or("unreadable").to_owned();
    let id = headers.get("webhook-id").and_then(|id| id.to_str().ok());
    let (detail, status) = match is_signed {
        true => ("signature valid · accepted", StatusCode::NO_CONTENT),
        false => ("signature invalid · rejected", StatusCode::BAD_REQUEST),
    };
    let order = message["data"]["orderId"].as_str().map(str::to_owned);
    let detail = format!("{} · {detail}", id.unwrap_or("no id"));
    site.activity.add(
        Entry::new(Source::Notify, title)
            .ok(is_signed)
            .detail(detail)
            .order(order)
            .request(ShownRequest::new(&method, &uri, &headers, &body))
            .response(ShownResponse::of(Some(status.as_u16()))),
    );
    status
}

/// The reason that the site's server did not sign.
enum SignError {
    NotOnSale,
    NoKey(Missing),
    Unreadable(Unreadable),
    Failed(jsonwebtoken::errors::Error),
}

impl From<Missing> for SignError {
    fn from(missing: Missing) -> Self {
        Self::NoKey(missing)
    }
}

impl From<Unreadable> for SignError {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl axum::response::IntoResponse for SignError {
    fn into_response(self) -> axum::response::Response {
        let (status, message) = match self {
            Self::NotOnSale => (
                StatusCode::BAD_REQUEST,
                "the cart contains a product that is not on sale".to_owned(),
            ),
            Self::NoKey(missing) => (StatusCode::INTERNAL_SERVER_ERROR, missing.to_string()),
            Self::Unreadable(keys) => (StatusCode::SERVICE_UNAVAILABLE, keys.to_string()),
            Self::Failed(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        };
        let body = json!({ "error": { "code": "not_signed", "message": message } });
        (status, Json(body)).into_response()
    }
}

impl Site {
    /// The refund limit of the finance role, per request, in minor units of the products' currency.
    fn refund_limit(&self) -> Option<i64> {
        let currency = Currency::parse(products().first()?.currency).ok()?;
        self.roles.refund_limit(Persona::Finance.role(), currency)
    }

    async fn sign(&self, claims: &Value) -> Result<String, SignError> {
        let keys = self.secrets.current().await?;
        let key = EncodingKey::from_secret(keys.site_key()?.expose_secret().as_bytes());
        encode(&Header::default(), claims, &key).map_err(SignError::Failed)
    }
}
