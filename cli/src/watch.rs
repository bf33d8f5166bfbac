//! Adds requests to the functions and to the sandbox to the activity feed, and changes none.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sandbox::{RecordedRequest, Sandbox};
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use crate::{
    activity::{Activity, Entry, Source},
    exchange::{ShownRequest, ShownResponse},
    mask,
    orders::Orders,
};

/// The route that creates payment intents.
const INTENTS: &str = "/v1/payment_intents";
/// More than any function accepts: the function itself rejects larger bodies.
const LARGEST: usize = 8 * 1024 * 1024;

/// The feed for the requests, and the orders that they change.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) activity: Activity,
    pub(crate) orders: Orders,
}

/// A finished request to a function.
struct Call {
    method: Method,
    path: String,
    status: StatusCode,
    request: ShownRequest,
    response: ShownResponse,
}

/// Adds a request to one of the functions.
pub(crate) async fn calls(
    State(watched): State<Watched>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let shown = ShownRequest::new(&head.method, &head.uri, &head.headers, &body);
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let request = Request::from_parts(head, Body::from(body.clone()));
    let (head, answer) = next.run(request).await.into_parts();
    let answer = to_bytes(answer, LARGEST).await.unwrap_or_default();
    let call = Call {
        method,
        path,
        status: head.status,
        request: shown,
        response: ShownResponse::new(head.status, &head.headers, &answer),
    };
    match call.path.contains("/webhooks/") {
        true => watched.add_webhook(&parsed(&body), call).await,
        // The page polls its order: only a failed read gets a row.
        false if call.method == Method::GET && call.status.is_success() => {}
        false => watched.add_call(&parsed(&answer), call).await,
    }
    Response::from_parts(head, Body::from(answer))
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

impl Watched {
    async fn add_webhook(&self, event: &Value, call: Call) {
        let kind = event["type"].as_str().unwrap_or("unreadable event");
        let order = event["data"]["object"]["metadata"]["farebox_order"].as_str();
        let change = match order {
            Some(order) if call.status.is_success() && moves_orders(kind) => {
                self.orders.read_change(order).await
            }
            _ => None,
        };
        // Of several simultaneous events, only the database knows which one changed the order.
        let detail = match call.status {
            StatusCode::OK => "signature valid",
            StatusCode::BAD_REQUEST => "signature rejected · no change",
            _ => "not processed, Stripe retries",
        };
        self.activity.add(
            Entry::new(Source::Webhook, kind)
                .ok(call.status.is_success())
                .detail(format!("{} · {detail}", call.status.as_u16()))
                .order(order.map(str::to_owned))
                .event(event["id"].as_str())
                .request(call.request)
                .response(call.response),
        );
        if let Some(change) = change {
            change.add_to(&self.activity);
        }
    }

    async fn add_call(&self, answer: &Value, call: Call) {
        let order = answer["orderId"].as_str();
        let said = answer["error"]["code"].as_str().or(order);
        let status = call.status.as_u16();
        self.activity.add(
            Entry::new(
                Source::Shop,
                format!("{} {}", call.method, mask::path(&call.path)),
            )
            .ok(call.status.is_success())
            .detail(format!("{status} · {}", said.unwrap_or_default()))
            .order(order.map(str::to_owned))
            .request(call.request)
            .response(call.response),
        );
        let change = match order {
            Some(order) => self.orders.read_change(order).await,
            None => None,
        };
        if let Some(change) = change {
            change.add_to(&self.activity);
        }
    }
}

/// Returns true when events of this type may change an order's status.
fn moves_orders(kind: &str) -> bool {
    kind.starts_with("payment_intent.") || kind.contains("refund") || kind.contains("dispute")
}

/// Adds the requests to the sandbox, until it stops.
pub(crate) async fn sandbox(sandbox: &Sandbox, activity: Activity) {
    let mut observed = sandbox.observe();
    loop {
        match observed.recv().await {
            Ok(sandbox::Activity::Request(request)) => {
                activity.add(sandbox_entry(sandbox, &request));
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// An entry for a request to the sandbox. A request that creates a payment also counts the order's
/// intents: a retry after a lost response must not create a second one.
fn sandbox_entry(sandbox: &Sandbox, request: &RecordedRequest) -> Entry {
    let order = request.params["metadata"]["farebox_order"].as_str();
    let makes_one = (request.method.as_str(), request.path.as_str()) == ("POST", INTENTS);
    let intents = order.filter(|_| makes_one).map(|order| {
        let of_order = |intent: &&Value| intent["metadata"]["farebox_order"] == order;
        sandbox.payment_intents().iter().filter(of_order).count()
    });
    let status = request.status.map(|status| status.to_string());
    let status = status.unwrap_or_else(|| "no response".to_owned());
    let detail = match intents {
        Some(1) => format!("{status} · the order has 1 intent"),
        Some(count) => format!("{status} · the order has {count} intents"),
        None => status,
    };
    Entry::new(
        Source::Stripe,
        format!("{} {}", request.method, shortened(&request.path)),
    )
    .ok(request.status.is_some_and(|status| status < 400))
    .detail(detail)
    .order(order.map(str::to_owned))
    .intents(intents)
    .request(ShownRequest::recorded(request))
    .response(ShownResponse::recorded(request))
}

/// Shortens the ids in `path` for display.
fn shortened(path: &str) -> String {
    let shorten = |part: &str| match part.split_once('_') {
        Some((kind, id)) if id.len() > 16 => {
            format!("{kind}_{}…", id.chars().take(4).collect::<String>())
        }
        _ => part.to_owned(),
    };
    path.split('/').map(shorten).collect::<Vec<_>>().join("/")
}
