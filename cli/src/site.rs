//! The shop's own server: it signs tokens for its people, and receives notifications about orders.
//! A real shop does this in its own code, with any JWT and Standard Webhooks
//! library.

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
    activity::{self, Activity, Note, Source},
    exchange::{Answered, Sent},
    personas::Person,
};

/// Seconds for which a token is good.
const GOOD_FOR: i64 = 600;

/// What the site's server works with.
#[derive(Clone, Debug)]
pub struct Site {
    /// The keys: it signs with one of them, and checks deliveries with another.
    pub secrets: Secrets,
    /// What roles may do, to tell a person; the functions ask for themselves.
    pub roles: Roles,
    /// The sandbox, unless Stripe itself is called.
    pub sandbox: Option<Arc<Sandbox>>,
    /// What happened.
    pub activity: Activity,
}

/// What is on sale.
#[derive(Clone, Debug, Serialize)]
struct Product {
    price: &'static str,
    name: &'static str,
    amount: i64,
    currency: &'static str,
}

fn products() -> Vec<Product> {
    let catalogue = sandbox::demo_catalogue().into_iter();
    let product = |price: sandbox::NewPrice<'static>| Product {
        price: price.lookup_key.unwrap_or(price.id),
        name: price.product_name,
        amount: price.unit_amount,
        currency: price.currency,
    };
    catalogue.map(product).collect()
}

/// The site's routes.
pub(crate) fn routes(site: Site) -> Router {
    let activity = get(activity::stream_rows).with_state(site.activity.clone());
    Router::new()
        .route("/dev/shop", get(shop))
        .route("/dev/session", post(session))
        .route("/dev/sign-order", post(sign_order))
        .route("/dev/notifications", post(be_told))
        .route("/dev/events", get(events))
        .with_state(site)
        .route("/dev/activity", activity)
}

async fn shop(State(site): State<Site>) -> Result<Json<Value>, Unsigned> {
    let keys = site.secrets.current().await?;
    Ok(Json(json!({
        "mode": if site.sandbox.is_some() { "sandbox" } else { "stripe" },
        "publishableKey": keys.stripe_publishable_key()?,
        "stripeApi": site.sandbox.as_ref().map(|sandbox| sandbox.url()),
        "products": products(),
        "customer": Person::Customer.subject(),
        "people": Person::names(),
        "refundLimit": site.refund_limit(),
    })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    #[serde(default, rename = "as")]
    person: Person,
}

/// Signs in the visitor of the page, as the demo customer or as the named member of staff; a real
/// site asks for a sign-in first.
async fn session(
    State(site): State<Site>,
    Query(Wanted { person }): Query<Wanted>,
) -> Result<Json<Value>, Unsigned> {
    let expires_at = Clock::default().now() + GOOD_FOR;
    let claims = json!({
        "aud": "farebox", "sub": person.subject(), "roles": [person.role()], "exp": expires_at,
    });
    let token = site.sign(&claims).await?;
    Ok(Json(json!({ "token": token, "expiresAt": expires_at })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Cart {
    items: Vec<Item>,
    order_id: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    price: String,
    quantity: u32,
}

/// The site's server knows its own prices, and signs what the cart costs.
async fn sign_order(
    State(site): State<Site>,
    Json(cart): Json<Cart>,
) -> Result<Json<Value>, Unsigned> {
    let products = products();
    let cost = |item: &Item| {
        let product = products
            .iter()
            .find(|product| product.price == item.price)?;
        product.amount.checked_mul(i64::from(item.quantity))
    };
    let costs: Option<Vec<i64>> = cart.items.iter().map(cost).collect();
    let total: i64 = costs.ok_or(Unsigned::NotOnSale)?.iter().sum();
    let now = Clock::default().now();
    let order_id = cart
        .order_id
        .unwrap_or_else(|| format!("demo-{:016x}", fastrand::u64(..)));
    let claims = json!({
        "aud": "farebox:order", "sub": Person::Customer.subject(), "iat": now, "exp": now + GOOD_FOR,
        "orderId": order_id, "amount": total, "currency": "usd", "description": "Farebox demo shop",
    });
    Ok(Json(json!({ "order": site.sign(&claims).await? })))
}

/// The sandbox's events, oldest first, with how often each was accepted: what an outage kept back.
async fn events(State(site): State<Site>) -> Result<Json<Value>, StatusCode> {
    let sandbox = site.sandbox.ok_or(StatusCode::NOT_FOUND)?;
    let deliveries = sandbox.deliveries();
    let told = |event: Value| {
        let accepted = deliveries.iter().filter(|delivery| {
            delivery.status == Some(200) && event["id"] == delivery.event_id.as_str()
        });
        json!({ "id": event["id"], "type": event["type"], "accepted": accepted.count() })
    };
    let events: Vec<Value> = sandbox.events().into_iter().map(told).collect();
    Ok(Json(json!({ "events": events })))
}

/// The site's endpoint for what happened to orders.
async fn be_told(
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
        true => ("signature valid · delivered", StatusCode::NO_CONTENT),
        false => ("signature invalid · refused", StatusCode::BAD_REQUEST),
    };
    let order = message["data"]["orderId"].as_str().map(str::to_owned);
    let detail = format!("{} · {detail}", id.unwrap_or("no id"));
    site.activity.note(
        Note::new(Source::Notify, title)
            .ok(is_signed)
            .detail(detail)
            .order(order)
            .request(Sent::new(&method, &uri, &headers, &body))
            .answer(Answered::of(Some(status.as_u16()))),
    );
    status
}

/// Why the site's server did not sign.
enum Unsigned {
    NotOnSale,
    NoKey(Missing),
    Unreadable(Unreadable),
    Failed(jsonwebtoken::errors::Error),
}

impl From<Missing> for Unsigned {
    fn from(missing: Missing) -> Self {
        Self::NoKey(missing)
    }
}

impl From<Unreadable> for Unsigned {
    fn from(unreadable: Unreadable) -> Self {
        Self::Unreadable(unreadable)
    }
}

impl axum::response::IntoResponse for Unsigned {
    fn into_response(self) -> axum::response::Response {
        let (status, message) = match self {
            Self::NotOnSale => (
                StatusCode::BAD_REQUEST,
                "the cart holds what is not on sale".to_owned(),
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
    /// The largest refund of finance in one call, in minor units of the currency of all products.
    fn refund_limit(&self) -> Option<i64> {
        let currency = Currency::parse(products().first()?.currency).ok()?;
        self.roles.refund_limit(Person::Finance.role(), currency)
    }

    async fn sign(&self, claims: &Value) -> Result<String, Unsigned> {
        let keys = self.secrets.current().await?;
        let key = EncodingKey::from_secret(keys.site_key()?.expose_secret().as_bytes());
        encode(&Header::default(), claims, &key).map_err(Unsigned::Failed)
    }
}
