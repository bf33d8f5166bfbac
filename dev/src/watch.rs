//! Notes calls of the functions and of the sandbox as rows of the activity. It looks at what passes and
//! changes nothing.

use axum::{
    body::{Body, to_bytes},
    extract::{Request, State},
    http::{Method, StatusCode},
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use sandbox::Sandbox;
use serde_json::Value;
use tokio::sync::broadcast::error::RecvError;

use crate::activity::{Activity, Source};

/// More than any function takes: larger bodies reach the function, which refuses them.
const LARGEST: usize = 8 * 1024 * 1024;

/// Notes a call of one of the functions.
pub(crate) async fn calls(
    State(activity): State<Activity>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let (method, path) = (head.method.clone(), head.uri.path().to_owned());
    let Ok(sent) = to_bytes(body, LARGEST).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let response = next
        .run(Request::from_parts(head, Body::from(sent.clone())))
        .await;
    let (head, body) = response.into_parts();
    let answered = to_bytes(body, LARGEST).await.unwrap_or_default();
    let status = head.status;
    match path.contains("/webhooks/") {
        true => note_webhook(&activity, &parsed(&sent), status),
        // The page asks for the order again and again: only what is refused is worth a row.
        false if method == Method::GET && status.is_success() => {}
        false => note_call(
            &activity,
            &format!("{method} {path}"),
            &parsed(&answered),
            status,
        ),
    }
    Response::from_parts(head, Body::from(answered))
}

fn parsed(body: &[u8]) -> Value {
    serde_json::from_slice(body).unwrap_or_default()
}

fn note_webhook(activity: &Activity, event: &Value, status: StatusCode) {
    let kind = event["type"].as_str().unwrap_or("unreadable event");
    let object = &event["data"]["object"];
    let order = object["metadata"]["farebox_order"]
        .as_str()
        .map(str::to_owned);
    let detail = match status {
        StatusCode::OK => "signature valid".to_owned(),
        StatusCode::BAD_REQUEST => "signature refused".to_owned(),
        _ => "not taken, Stripe delivers it again".to_owned(),
    };
    let detail = format!("{detail} · {}", status.as_u16());
    activity.note(Source::Webhook, kind, status.is_success(), detail, order);
}

fn note_call(activity: &Activity, call: &str, answer: &Value, status: StatusCode) {
    let order = answer["orderId"].as_str().map(str::to_owned);
    let said = answer["error"]["code"].as_str().or(order.as_deref());
    let detail = format!("{} · {}", status.as_u16(), said.unwrap_or_default());
    activity.note(
        Source::Shop,
        call,
        status.is_success(),
        detail,
        order.clone(),
    );
}

/// Notes what the sandbox is asked, until it stops.
pub(crate) async fn sandbox(sandbox: &Sandbox, activity: Activity) {
    let mut observed = sandbox.observe();
    loop {
        match observed.recv().await {
            Ok(sandbox::Activity::Request(request)) => {
                let status = request.status;
                let order = request.params["metadata"]["farebox_order"].as_str();
                let order = order.map(str::to_owned);
                let ok = status.is_some_and(|status| status < 400);
                let detail = status.map_or("no answer".to_owned(), |status| status.to_string());
                let title = format!("{} {}", request.method, shortened(&request.path));
                activity.note(Source::Stripe, title, ok, detail, order);
            }
            Ok(_) | Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return,
        }
    }
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
