//! The rules for every response of every function.
//!
//! It is JSON, it is not cached, it names its request, an error has a code and a message, and a
//! failure is logged once. After a panic the response is 500, and the process goes on.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use axum::{
    extract::{MatchedPath, Request},
    middleware::{Next, from_fn},
    response::Response,
    routing::MethodRouter,
};
use futures_util::FutureExt as _;
use hyper::{
    Method, StatusCode,
    header::{ALLOW, CACHE_CONTROL, HeaderName, HeaderValue},
};
use tokio::time::{Instant, sleep_until};
use tracing::Instrument as _;

use crate::Error;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const CONTENT_TYPE_OPTIONS: HeaderName = HeaderName::from_static("x-content-type-options");

/// Wraps `service` in the middleware for every response. Serve this, never the bare service.
pub fn with_middleware(service: MethodRouter) -> MethodRouter {
    service.layer(from_fn(finish))
}

async fn finish(request: Request, next: Next) -> Response {
    let request_id = request_id(&request);
    let method = method_name(request.method());
    // Of a server with several routes: what the platform calls is this function's own.
    let route = request.extensions().get::<MatchedPath>();
    let route = route.map(MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = request_id,
        http.method = method,
        http.route = route
    );
    let answered = async {
        let started = Instant::now();
        let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
        let response = outcome.unwrap_or_else(|panic| {
            axum::response::IntoResponse::into_response(Error::Internal(
                panic_message(&*panic).into(),
            ))
        });
        if response.status() == StatusCode::NOT_FOUND {
            sleep_until(next_step(started)).await;
        }
        let response = rendered(response, &request_id);
        tracing::info!(
            http.status = response.status().as_u16(),
            elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
            "answered"
        );
        response
    };
    let mut response = answered.instrument(span).await;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(id) = HeaderValue::try_from(request_id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}

/// The time steps of 404 responses. Another caller's object takes longer to read than a missing
/// one, and the time must not reveal which it was.
const STEP: Duration = Duration::from_millis(50);

/// The end of the present step, for a request that arrived at `started`.
fn next_step(started: Instant) -> Instant {
    let steps = started.elapsed().as_millis() / STEP.as_millis() + 1;
    started + STEP * u32::try_from(steps).unwrap_or(u32::MAX)
}

/// The method's name, if it is a standard one: any other text may be sent as one as well.
pub fn method_name(method: &Method) -> &'static str {
    let names = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let mut names = names.into_iter();
    names
        .find(|name| *name == method.as_str())
        .unwrap_or("other")
}

/// Lambda's own id of the invocation, so that both logs share it; else a new one.
fn request_id(request: &Request) -> String {
    match request.extensions().get::<lambda_http::Context>() {
        Some(context) => context.request_id.clone(),
        None => format!("req_{:016x}", fastrand::u64(..)),
    }
}

/// The error in `response`, or of its status, as a whole response; logged.
fn rendered(mut response: Response, request_id: &str) -> Response {
    let carried = response.extensions_mut().remove::<Arc<Error>>();
    let error = carried.or_else(|| Error::of_status(response.status()).map(Arc::new));
    let Some(error) = error else {
        return response;
    };
    log(&error, response.status());
    let mut whole = error.response(request_id);
    if let Some(allow) = response.headers_mut().remove(ALLOW) {
        whole.headers_mut().insert(ALLOW, allow);
    }
    whole
}

/// Logs with `error!` only where someone should act.
fn log(error: &Error, status: StatusCode) {
    let cause = crate::cause::causes(error);
    let refused = status.as_u16();
    match status.is_server_error() {
        true => tracing::error!(cause, http.status = refused, "{error}"),
        false => tracing::info!(cause, http.status = refused, "{error}"),
    }
}

/// The message of a panic.
fn panic_message(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned());
    format!("panicked: {}", text.unwrap_or_default())
}

#[cfg(test)]
mod tests;
