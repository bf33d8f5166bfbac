//! A minimal Stripe client.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use stripe_sandbox::{Activity, Sandbox};
use tokio::sync::broadcast;

/// A connection pool with one API key.
pub(crate) struct Api {
    base: String,
    key: String,
    http: Client<HttpConnector, Full<Bytes>>,
}

/// A complete response.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
    pub(crate) body: Value,
}

pub(crate) type Form<'a> = &'a [(&'a str, &'a str)];

/// A client with a secret key.
pub(crate) fn api(stripe: &Sandbox) -> Api {
    api_with_key(stripe, "sk_test_tests")
}

/// A client with any key.
pub(crate) fn api_with_key(stripe: &Sandbox, key: &str) -> Api {
    api_at(stripe.url(), key)
}

/// A client of a sandbox in another process.
pub(crate) fn api_at(url: &str, key: &str) -> Api {
    let http = Client::builder(TokioExecutor::new()).build_http();
    let (base, key) = (url.to_owned(), key.to_owned());
    Api { base, key, http }
}

impl Api {
    pub(crate) async fn get(&self, path: &str) -> Reply {
        self.send("GET", path, &[], "").await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, form: Form<'_>) -> Reply {
        self.try_post(path, form).await.unwrap()
    }

    pub(crate) async fn try_post(
        &self,
        path: &str,
        form: Form<'_>,
    ) -> Result<Reply, hyper_util::client::legacy::Error> {
        self.send("POST", path, &[], &encode(form)).await
    }

    /// A POST with an idempotency key.
    pub(crate) async fn post_once(&self, key: &str, path: &str, form: Form<'_>) -> Reply {
        let (headers, body) = ([("idempotency-key", key)], encode(form));
        self.send("POST", path, &headers, &body).await.unwrap()
    }

    pub(crate) async fn delete(&self, path: &str) -> Reply {
        self.send("DELETE", path, &[], "").await.unwrap()
    }

    /// Any request; the key is sent unless it is empty.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: Form<'_>,
        body: &str,
    ) -> Result<Reply, hyper_util::client::legacy::Error> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.key.is_empty() {
            request = request.header("authorization", format!("Bearer {}", self.key));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request
            .body(Full::new(Bytes::from(body.to_owned())))
            .unwrap();
        let (head, body) = self.http.request(request).await?.into_parts();
        let text = body
            .collect()
            .await
            .map(|body| body.to_bytes().to_vec())
            .unwrap_or_default();
        let text = String::from_utf8(text).unwrap();
        let body = serde_json::from_str(&text).unwrap_or_default();
        let reply = Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            text,
            body,
        };
        reply.check(path);
        Ok(reply)
    }
}

impl Reply {
    /// Checks the headers and the form of every response of the API.
    fn check(&self, path: &str) {
        if path.starts_with("/v1") && self.status != 200 && !self.body.is_null() {
            assert!(
                self.body["error"]["type"].is_string(),
                "an error has a type: {}",
                self.text
            );
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The body; the status must be 200.
    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        assert!(
            self.header("request-id")
                .is_none_or(|id| id.starts_with("req_"))
        );
        self.body
    }

    /// The error object; the status and the code must be these.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, code: &str) -> Value {
        let error = self.body["error"].clone();
        assert_eq!(
            (self.status, error["code"].as_str()),
            (status, Some(code)),
            "{}",
            self.text
        );
        assert!(error["message"].is_string());
        error
    }
}

fn encode(form: Form<'_>) -> String {
    let escape = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let pairs = form
        .iter()
        .map(|(name, value)| format!("{}={}", escape(name), escape(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// An intent of 20.00 USD.
pub(crate) async fn intent(api: &Api) -> Value {
    api.post(
        "/v1/payment_intents",
        &[("amount", "2000"), ("currency", "usd")],
    )
    .await
    .ok()
}

/// An intent of 20.00 USD, paid.
pub(crate) async fn paid(api: &Api) -> Value {
    paid_with(api, "pm_card_visa").await
}

/// An intent of 20.00 USD, confirmed with this payment method.
pub(crate) async fn paid_with(api: &Api, method: &str) -> Value {
    let form = payment(method);
    api.post("/v1/payment_intents", &form).await.ok()
}

/// An intent of 20.00 USD, paid under an idempotency key.
pub(crate) async fn paid_once(api: &Api, key: &str) -> Value {
    let form = payment("pm_card_visa");
    api.post_once(key, "/v1/payment_intents", &form).await.ok()
}

fn payment(method: &str) -> [(&str, &str); 6] {
    [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("payment_method", method),
        ("metadata[order]", "order_7"),
    ]
}

/// A text field.
#[track_caller]
pub(crate) fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field]
        .as_str()
        .unwrap_or_else(|| panic!("{field} is no text in {object}"))
}

/// The types of all events so far, oldest first.
pub(crate) fn event_types(stripe: &Sandbox) -> Vec<String> {
    stripe
        .events()
        .iter()
        .map(|event| text(event, "type").to_owned())
        .collect()
}

/// Waits for an event of this type; fails after 20 seconds.
pub(crate) async fn event_of(seen: &mut broadcast::Receiver<Activity>, event: &str) {
    let comes = async {
        loop {
            match seen.recv().await.unwrap() {
                Activity::Event { type_, .. } if type_ == event => break,
                _ => {}
            }
        }
    };
    let came = tokio::time::timeout(Duration::from_secs(20), comes).await;
    assert!(came.is_ok(), "no {event} came");
}
