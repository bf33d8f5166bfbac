//! Single requests to Stripe, whose status is what matters.

use std::time::{Duration, UNIX_EPOCH};

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    Method, Request,
    header::{AUTHORIZATION, CONTENT_TYPE, DATE, HeaderValue},
};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use shared::{env::ApiBase, http, stripe::api_version};

/// How long one answer is waited for.
const PATIENCE: Duration = Duration::from_secs(10);
/// A larger answer is none of Stripe's to what is asked here.
const LARGEST: usize = 4 * 1024 * 1024;

/// Stripe, as a deployment reaches it.
pub(super) struct Stripe<'a> {
    http: http::Client,
    base: &'a ApiBase,
    key: &'a SecretString,
}

/// What came.
pub(super) struct Answer {
    /// The HTTP status.
    pub(super) status: u16,
    /// Stripe's clock, in Unix seconds.
    pub(super) date: Option<i64>,
    /// The JSON.
    pub(super) body: Value,
}

/// No answer came; never holds what was sent.
pub(super) struct Unreachable(pub(super) String);

impl<'a> Stripe<'a> {
    pub(super) fn new(base: &'a ApiBase, key: &'a SecretString) -> Self {
        let http = http::pooled_client();
        Self { http, base, key }
    }

    /// Where Stripe's API is.
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
            .map_err(|_| unreachable("the request cannot be made"))?;
        let answered = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        answered.map_err(|_| unreachable("no answer came within 10 s"))?
    }

    async fn exchange(
        &self,
        request: Request<Full<hyper::body::Bytes>>,
    ) -> Result<Answer, Unreachable> {
        let response = self.http.request(request).await;
        let response = response.map_err(|error| Unreachable(shared::cause::causes(&error)))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|_| Unreachable("the answer breaks off".to_owned()))?;
        let date = head.headers.get(DATE).and_then(|date| date.to_str().ok());
        Ok(Answer {
            status: head.status.as_u16(),
            date: date.and_then(seconds),
            body: serde_json::from_slice(&body.to_bytes()).unwrap_or_default(),
        })
    }
}

/// Unix seconds of an HTTP date.
fn seconds(date: &str) -> Option<i64> {
    let at = httpdate::parse_http_date(date).ok()?;
    i64::try_from(at.duration_since(UNIX_EPOCH).ok()?.as_secs()).ok()
}
