//! Sends one call: attempts with one idempotency key, inside one deadline.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, StatusCode,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT},
};
use secrecy::ExposeSecret as _;
use stripe::{CustomizedStripeRequest, IdempotencyKey};
use stripe_client_core::{RequestBuilder, StripeClient, StripeMethod, VERSION};
use tokio::time::{Instant, timeout_at};

use super::{
    Stripe, StripeError, failure,
    retry::{self, Advice},
};
use crate::{
    cause::Cause,
    retry::Retries,
    secrets::{self, Keys},
};

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const IDEMPOTENT_REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");
const STRIPE_SHOULD_RETRY: HeaderName = HeaderName::from_static("stripe-should-retry");
const STRIPE_CONTEXT: HeaderName = HeaderName::from_static("stripe-context");
const STRIPE_VERSION: HeaderName = HeaderName::from_static("stripe-version");

/// The largest answer that is read; a page of a hundred events stays far below it.
const LARGEST_ANSWER: usize = 16 * 1024 * 1024;

/// The result of one attempt.
enum Tried {
    /// A whole answer.
    Answered {
        status: StatusCode,
        advice: Advice,
        request_id: Option<String>,
        body: Bytes,
    },
    /// No whole answer; a status may have arrived before the connection ended.
    Broken {
        status: Option<StatusCode>,
        request_id: Option<String>,
        cause: Cause,
        /// True when an open connection failed, as one that was kept too long does.
        may_be_old: bool,
    },
}

impl StripeClient for Stripe {
    type Err = StripeError;

    async fn execute(&self, request: CustomizedStripeRequest) -> Result<Bytes, StripeError> {
        let (request, overrides) = request.into_pieces();
        let key = overrides
            .request_strategy
            .and_then(|strategy| strategy.get_key());
        self.call(&request, key.as_ref()).await
    }
}

impl Stripe {
    /// Sends `request` until an answer is final or the time is up. A `POST` without a key is sent
    /// once.
    pub(super) async fn call(
        &self,
        request: &RequestBuilder,
        key: Option<&IdempotencyKey>,
    ) -> Result<Bytes, StripeError> {
        let latest = Instant::now() + self.retry_policy.deadline;
        let deadline = self.until.map_or(latest, |until| until.min(latest));
        let may_repeat = key.is_some() || !matches!(request.method, StripeMethod::Post);
        let mut retries = Retries::new(retry::backoff(self.retry_policy.first_delay), deadline);
        let mut has_met_old = false;
        let mut has_renewed = false;
        let mut number = 0;
        loop {
            number += 1;
            let keys = self.secrets.current().await?;
            let reused = may_repeat.then_some(self.retry_policy.reused);
            let tried = self.attempt(request, key, &keys, deadline, reused);
            let (tried, elapsed) = tried.await?;
            tried.log(request, number, elapsed);
            // Stripe did not carry out such a request, and stores no answer under its key.
            if tried.is_unauthorized() && !has_renewed && self.renews(&keys, deadline).await {
                has_renewed = true;
                continue;
            }
            let (failure, again) = match tried.verdict() {
                Verdict::Stands(body) => return Ok(body),
                Verdict::Failed(failure, None) => return Err(failure),
                Verdict::Failed(failure, Some(again)) => (failure, again),
            };
            if !may_repeat {
                return Err(failure);
            }
            let has_time = match again {
                Again::AtOnce if !has_met_old => retries.at_once(),
                Again::AtOnce => retries.wait(Duration::ZERO).await,
                Again::Later(advice) => retries.wait(advice.retry_after).await,
            };
            if !has_time {
                return Err(failure);
            }
            has_met_old |= matches!(again, Again::AtOnce);
        }
    }

    /// True when there is another key than the one that Stripe rejected, and time to use it.
    async fn renews(&self, keys: &Keys, deadline: Instant) -> bool {
        let newer = self.secrets.newer_than(keys, secrets::Cause::Unauthorized);
        matches!(timeout_at(deadline, newer).await, Ok(Some(_)))
    }

    async fn attempt(
        &self,
        request: &RequestBuilder,
        key: Option<&IdempotencyKey>,
        keys: &Keys,
        deadline: Instant,
        reused: Option<Duration>,
    ) -> Result<(Tried, Duration), StripeError> {
        let sent = self.http_request(request, key, keys)?;
        let started = Instant::now();
        let until = deadline.min(started + self.retry_policy.attempt);
        let tried = match timeout_at(until, self.exchange(sent, reused)).await {
            Ok(tried) => tried,
            Err(elapsed) => Tried::broken(None, Box::new(elapsed), false),
        };
        Ok((tried, started.elapsed()))
    }

    async fn exchange(&self, request: Request<Full<Bytes>>, reused: Option<Duration>) -> Tried {
        let answered = match reused {
            Some(limit) => self.http.request_within(request, limit).await,
            None => self.http.request(request).await,
        };
        let response = match answered {
            Ok(response) => response,
            Err(error) => {
                let may_be_old = error.is_of_an_open_connection();
                return Tried::broken(None, Box::new(error), may_be_old);
            }
        };
        let (head, body) = response.into_parts();
        match Limited::new(body, LARGEST_ANSWER).collect().await {
            Ok(body) => Tried::Answered {
                status: head.status,
                advice: advice(&head.headers),
                request_id: text(&head.headers, &REQUEST_ID),
                body: body.to_bytes(),
            },
            Err(cause) => Tried::Broken {
                status: Some(head.status),
                request_id: text(&head.headers, &REQUEST_ID),
                cause,
                may_be_old: false,
            },
        }
    }

    fn http_request(
        &self,
        request: &RequestBuilder,
        key: Option<&IdempotencyKey>,
        keys: &Keys,
    ) -> Result<Request<Full<Bytes>>, StripeError> {
        let bearer = format!("Bearer {}", keys.stripe_secret_key()?.expose_secret());
        let mut authorization = HeaderValue::try_from(bearer).map_err(cannot_be_sent)?;
        authorization.set_sensitive(true);
        let query = request.query.as_deref().filter(|query| !query.is_empty());
        let (mark, query) = query.map_or(("", ""), |query| ("?", query));
        let base = self.base.as_str();
        let mut builder = Request::builder()
            .method(method(request.method))
            .uri(format!("{base}/v1{}{mark}{query}", request.path))
            .header(AUTHORIZATION, authorization)
            .header(STRIPE_VERSION, VERSION.as_str())
            .header(USER_AGENT, concat!("Farebox/", env!("CARGO_PKG_VERSION")));
        if let Some(key) = key {
            builder = builder.header(IDEMPOTENCY_KEY, key.as_str());
        }
        if let Some(account) = &self.account {
            builder = builder.header(STRIPE_CONTEXT, account);
        }
        let body = request.body.clone().unwrap_or_default();
        if request.body.is_some() {
            builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        builder.body(Full::from(body)).map_err(cannot_be_sent)
    }
}

/// The verdict on an attempt.
enum Verdict {
    /// A whole and successful answer.
    Stands(Bytes),
    /// A failure, and the time of the next attempt, if any.
    Failed(StripeError, Option<Again>),
}

/// The time to send the request again.
#[derive(Clone, Copy)]
enum Again {
    AtOnce,
    Later(Advice),
}

impl Tried {
    fn broken(status: Option<StatusCode>, cause: Cause, may_be_old: bool) -> Self {
        Self::Broken {
            status,
            request_id: None,
            cause,
            may_be_old,
        }
    }

    /// True when Stripe rejected the key.
    fn is_unauthorized(&self) -> bool {
        matches!(self, Self::Answered { status, .. } if *status == StatusCode::UNAUTHORIZED)
    }

    /// The verdict on this attempt.
    fn verdict(self) -> Verdict {
        match self {
            Self::Answered { status, body, .. } if status.is_success() && is_json(&body) => {
                Verdict::Stands(body)
            }
            Self::Answered {
                status,
                advice: Advice {
                    is_replay: true, ..
                },
                request_id,
                ..
            } if status.is_server_error() => {
                let status = status.as_u16();
                Verdict::Failed(StripeError::Replayed { status, request_id }, None)
            }
            Self::Answered {
                status,
                advice,
                request_id,
                body,
            } => {
                let is_cut = status.is_success();
                let again = is_cut || retry::is_retryable(status.as_u16(), advice);
                let failure = failure::of_answer(status, &body, request_id, again);
                Verdict::Failed(failure, again.then_some(Again::Later(advice)))
            }
            Self::Broken {
                status,
                request_id,
                cause,
                may_be_old,
            } => {
                let failure = StripeError::Unanswered {
                    status: status.map(|status| status.as_u16()),
                    request_id,
                    cause,
                };
                let again = match may_be_old {
                    true => Again::AtOnce,
                    false => Again::Later(Advice::default()),
                };
                Verdict::Failed(failure, Some(again))
            }
        }
    }

    /// Logs the attempt with this `number`, from 1 on.
    fn log(&self, request: &RequestBuilder, number: u64, elapsed: Duration) {
        let (status, id) = match self {
            Self::Answered {
                status, request_id, ..
            } => (Some(*status), request_id),
            Self::Broken {
                status, request_id, ..
            } => (*status, request_id),
        };
        tracing::info!(
            stripe.method = ?request.method,
            stripe.path = request.path,
            stripe.status = status.map(|status| status.as_u16()),
            stripe.outcome = self.outcome(),
            stripe.attempt = number,
            stripe.request_id = id.as_deref(),
            elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX),
            "called Stripe"
        );
    }

    /// One word, for the log and for metrics.
    fn outcome(&self) -> &'static str {
        match self {
            Self::Broken { .. } => "unanswered",
            Self::Answered { status, .. } if status.is_success() => "ok",
            Self::Answered { status, .. } if status.is_server_error() => "failed",
            Self::Answered { status, .. } if *status == StatusCode::TOO_MANY_REQUESTS => "limited",
            Self::Answered { .. } => "refused",
        }
    }
}

fn advice(headers: &HeaderMap) -> Advice {
    let retry_after = text(headers, &RETRY_AFTER).and_then(|text| text.parse().ok());
    Advice {
        should_retry: text(headers, &STRIPE_SHOULD_RETRY).and_then(|text| text.parse().ok()),
        retry_after: Duration::from_secs(retry_after.unwrap_or(0)),
        is_replay: text(headers, &IDEMPOTENT_REPLAYED).as_deref() == Some("true"),
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// True for whole JSON: a truncated body that arrives with a matching length is no answer.
fn is_json(body: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).is_ok()
}

fn method(method: StripeMethod) -> Method {
    match method {
        StripeMethod::Get => Method::GET,
        StripeMethod::Post => Method::POST,
        StripeMethod::Delete => Method::DELETE,
    }
}

fn cannot_be_sent(error: impl Into<Cause>) -> StripeError {
    StripeError::Unanswered {
        status: None,
        request_id: None,
        cause: error.into(),
    }
}
