//! An HTTP client for the doctor's requests to Stripe.

use std::time::{Duration, UNIX_EPOCH};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use shared::{env::ApiBase, http, stripe::api_version};

/// The timeout of a request.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The size limit of a response.
const LARGEST: usize = 4 * 1024 * 1024;

/// Stripe's API, as the deployment calls it.
pub(super) struct Stripe<'a> {
    http: http::Client,
    base: &'a ApiBase,
    key: &'a SecretString,
}

/// A response.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// Stripe's clock, in Unix seconds.
    pub(super) date: Option<i64>,
    /// The JSON.
    pub(super) body: Value,
}

/// A missing response; never holds request data.
pub(super) struct Unreachable(pub(super) String);

impl<'a> Stripe<'a> {
    pub(super) fn new(base: &'a ApiBase, key: &'a SecretString) -> Self {
        let http = http::pooled_client();
        Self { http, base, key }
    }

    /// The base URL of Stripe's API.
    pub(super) fn base(&self) -> &str {
        self.base.as_str()
    }

    pub(super) async fn get(&self, path: &str) -> Result<Answer, Unreachable> {
        self.send(Method::GET, path, "").await
    }

    pub(super) async fn post(&self, path: &str, form: &'static str) -> Result<Answer, Unreachable> {
        self.send(Method::POST, path, form).await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        form: &'static str,
    ) -> Result<Answer, Unreachable> {
        let unreachable = |what: &str| Unreachable(what.to_owned());
        let bearer = format!("Bearer {}", self.key.expose_secret());
        let bearer = HeaderValue::try_from(bearer);
        let mut bearer = bearer.map_err(|_| unreachable("the key does not fit into a header"))?;
        bearer.set_sensitive(true);
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base.as_str()))
            .header(AUTHORIZATION, bearer)
            .header("stripe-version", api_version())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(form))
            .map_err(|_| unreachable("the request is not valid"))?;
        let answered = tokio::time::timeout(TIMEOUT, self.exchange(request)).await;
        answered.map_err(|_| unreachable("no response within 10 s"))?
    }

    async fn exchange(
        &self,
        request: Request<Full<hyper::body::Bytes>>,
    ) -> Result<Answer, Unreachable> {
        let response = self.http.request(request).await;
        let response = response.map_err(|error| Unreachable(shared::cause::causes(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|_| Unreachable("the response is incomplete".to_owned()))?;
        let date = head.headers.get(DATE).and_then(|date| date.to_str().ok());
        Ok(Answer {
            status: head.status.as_u16(),
            date: date.and_then(seconds),
            body: serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
        })
    }
}

/// Parses an HTTP date into Unix seconds.
fn seconds(date: &str) -> Option<i64> {
    let at = httpdate::parse_http_date(date).ok()?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}
