//! Notes calls of the functions and of the sandbox as rows of the activity. It looks at what passes
//! and changes nothing.

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
    activity::{Activity, Note, Source},
    exchange::{Answered, Sent},
    mask,
    orders::Orders,
};

/// Where payment intents are made.
const INTENTS: &str = "/v1/payment_intents";
/// More than any function takes: larger bodies reach the function, which refuses them.
const LARGEST: usize = 8 * 1024 * 1024;

/// Where calls are noted, and what tells how they changed an order.
#[derive(Clone, Debug)]
pub(crate) struct Watched {
    pub(crate) activity: Activity,
    pub(crate) orders: Orders,
}

/// A call of a function that is over.
struct Call {
    method: Method,
    path: String,
    status: StatusCode,
    sent: Sent,
    answered: Answered,
}

/// Notes a call of one of the functions.
pub(crate) async fn calls(
    State(watched): State<Watched>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let Ok(body) = to_bytes(body, LARGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let sent = Sent::new(&head.method, &head.uri, &head.headers, &body);
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let request = Request::from_parts(head, Body::from(body.clone()));
    let (head, answer) = next.run(request).await.into_parts();
    let answer = to_bytes(answer, LARGEST).await.unwrap_or_default();
    let call = Call {
        method,
        path,
        status: head.status,
        sent,
        answered: Answered::new(head.status, &head.headers, &answer),
    };
    match call.path.contains("/webhooks/") {
        true => watched.note_webhook(&parsed(&body), call).await,
        // The page asks for the order again and again: only what is refused is worth a row.
        false if call.method == Method::GET && call.status.is_success() => {}
        false => watched.note_call(&parsed(&answer), call).await,
    }
    Response::from_parts(head, Body::from(answer))
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

impl Watched {
    async fn note_webhook(&self, event: &Value, call: Call) {
        let kind = event["type"].as_str().unwrap_or("unreadable event");
        let order = event["data"]["object"]["metadata"]["farebox_order"].as_str();
        let change = match order {
            Some(order) if call.status.is_success() && moves_orders(kind) => {
                self.orders.look(order).await
            }
            _ => None,
        };
        // Which of several events at once moved the order is not told: only the database knows.
        let detail = match call.status {
            StatusCode::OK => "signature valid",
            StatusCode::BAD_REQUEST => "signature refused · changed nothing",
            _ => "not taken, Stripe delivers it again",
        };
        self.activity.note(
            Note::new(Source::Webhook, kind)
                .ok(call.status.is_success())
                .detail(format!("{} · {detail}", call.status.as_u16()))
                .order(order.map(str::to_owned))
                .event(event["id"].as_str())
                .request(call.sent)
                .answer(call.answered),
        );
        if let Some(change) = change {
            change.note(&self.activity);
        }
    }

    async fn note_call(&self, answer: &Value, call: Call) {
        let order = answer["orderId"].as_str();
        let said = answer["error"]["code"].as_str().or(order);
        let status = call.status.as_u16();
        self.activity.note(
            Note::new(
                Source::Shop,
                format!("{} {}", call.method, mask::path(&call.path)),
            )
            .ok(call.status.is_success())
            .detail(format!("{status} · {}", said.unwrap_or_default()))
            .order(order.map(str::to_owned))
            .request(call.sent)
            .answer(call.answered),
        );
        let change = match order {
            Some(order) => self.orders.look(order).await,
            None => None,
        };
        if let Some(change) = change {
            change.note(&self.activity);
        }
    }
}

/// Whether events of this kind may change an order's status.
fn moves_orders(kind: &str) -> bool {
    kind.starts_with("payment_intent.") || kind.contains("refund") || kind.contains("dispute")
}

/// Notes what the sandbox is asked, until it stops.
pub(crate) async fn sandbox(sandbox: &Sandbox, activity: Activity) {
    let mut observed = sandbox.observe();
    loop {
        match observed.recv().await {
            Ok(sandbox::Activity::Request(request)) => {
                activity.note(asked(sandbox, &request));
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
}

/// A request to the sandbox. Where it makes a payment, the order's intents are counted: a lost
/// answer must not leave a second one.
fn asked(sandbox: &Sandbox, request: &RecordedRequest) -> Note {
    let order = request.params["metadata"]["farebox_order"].as_str();
    let makes_one = (request.method.as_str(), request.path.as_str()) == ("POST", INTENTS);
    let intents = order.filter(|_| makes_one).map(|order| {
        let of_order = |intent: &&Value| intent["metadata"]["farebox_order"] == order;
        sandbox.payment_intents().iter().filter(of_order).count()
    });
    let status = request.status.map(|status| status.to_string());
    let status = status.unwrap_or_else(|| "no answer".to_owned());
    let detail = match intents {
        Some(1) => format!("{status} · the order has 1 intent"),
        Some(count) => format!("{status} · the order has {count} intents"),
        None => status,
    };
    Note::new(
        Source::Stripe,
        format!("{} {}", request.method, shortened(&request.path)),
    )
    .ok(request.status.is_some_and(|status| status < 400))
    .detail(detail)
    .order(order.map(str::to_owned))
    .intents(intents)
    .request(Sent::recorded(request))
    .answer(Answered::recorded(request))
}

/// `path` with the beginning of each id alone: a row is for reading.
fn shortened(path: &str) -> String {
    let shorten = |part: &str| match part.split_once('_') {
        Some((kind, id)) if id.len() > 16 => {
            format!("{kind}_{}…", id.chars().take(4).collect::<String>())
        }
        _ => part.to_owned(),
    };
    path.split('/').map(shorten).collect::<Vec<_>>().join("/")
}
