//! Faults that the next matching requests receive.

use std::time::Duration;

mod parse;
mod queue;
mod response;

pub(crate) use queue::{Faults, Injected};
pub(crate) use response::StubResponse;

/// A kind of failure, the requests that it matches, and how often it applies.
///
/// A new fault applies once, to the next API request.
#[derive(Debug, Clone)]
pub struct Fault {
    kind: Kind,
    method: Option<String>,
    path_prefix: Option<String>,
    times: u32,
    retry_after: Option<u64>,
    should_retry: Option<bool>,
    stored: bool,
}

/// A kind of failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Latency(Duration),
    RateLimit,
    Error,
    BadGateway,
    Empty,
    Truncated,
    Reset,
    Hang,
    LostAnswer,
    IncompleteDecline,
    Unauthorized,
    Restricted,
    WrongAmount,
    ErrorAfter,
}

impl Fault {
    const fn new(kind: Kind) -> Self {
        Self {
            kind,
            method: None,
            path_prefix: None,
            times: 1,
            retry_after: None,
            should_retry: None,
            stored: false,
        }
    }

    /// Executes the request with this delay; the idempotency key is in use meanwhile.
    #[must_use]
    pub const fn latency(delay: Duration) -> Self {
        Self::new(Kind::Latency(delay))
    }

    /// 429 `rate_limit`; the request is not executed.
    #[must_use]
    pub const fn rate_limit() -> Self {
        Self::new(Kind::RateLimit)
    }

    /// 500 `api_error`; the request is not executed.
    #[must_use]
    pub const fn error() -> Self {
        Self::new(Kind::Error)
    }

    /// 502 with an HTML page, as from a proxy; the request is not executed.
    #[must_use]
    pub const fn bad_gateway() -> Self {
        Self::new(Kind::BadGateway)
    }

    /// 500 with an empty body; the request is not executed.
    #[must_use]
    pub const fn empty() -> Self {
        Self::new(Kind::Empty)
    }

    /// Executes the request, and closes the connection in the middle of the response.
    #[must_use]
    pub const fn truncated() -> Self {
        Self::new(Kind::Truncated)
    }

    /// Resets the connection before a response; the request is not executed.
    #[must_use]
    pub const fn reset() -> Self {
        Self::new(Kind::Reset)
    }

    /// Never responds; the request is not executed.
    #[must_use]
    pub const fn hang() -> Self {
        Self::new(Kind::Hang)
    }

    /// Executes the request, saves the response under its key, and closes the connection without
    /// it.
    #[must_use]
    pub const fn lost_answer() -> Self {
        Self::new(Kind::LostAnswer)
    }

    /// 402 with the error type `card_error` and nothing else; the request is not executed.
    #[must_use]
    pub const fn incomplete_decline() -> Self {
        Self::new(Kind::IncompleteDecline)
    }

    /// 401, as after a key rotation; the request is not executed.
    #[must_use]
    pub const fn unauthorized() -> Self {
        Self::new(Kind::Unauthorized)
    }

    /// 403, as for a restricted key without the permission; the request is not executed.
    #[must_use]
    pub const fn restricted() -> Self {
        Self::new(Kind::Restricted)
    }

    /// Executes the request, and adds one to the `amount` in the response.
    #[must_use]
    pub const fn wrong_amount() -> Self {
        Self::new(Kind::WrongAmount)
    }

    /// Executes the request, and responds 500 `api_error`, saved under the idempotency key.
    #[must_use]
    pub const fn error_after() -> Self {
        Self::new(Kind::ErrorAfter).stored()
    }

    /// Matches only this method and paths with this prefix.
    #[must_use]
    pub fn on(mut self, method: &str, path_prefix: &str) -> Self {
        self.method = Some(method.to_owned());
        self.path_prefix = Some(path_prefix.to_owned());
        self
    }

    /// Applies this many times; `0` always applies.
    #[must_use]
    pub const fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Adds `Retry-After`, in seconds, to a fault with a response.
    #[must_use]
    pub const fn retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    /// Adds `Stripe-Should-Retry` to a fault with a response.
    #[must_use]
    pub const fn should_retry(mut self, advice: bool) -> Self {
        self.should_retry = Some(advice);
        self
    }

    /// Saves the fault's response under the idempotency key, as if the request had been executed.
    #[must_use]
    pub const fn stored(mut self) -> Self {
        self.stored = true;
        self
    }

    fn is_for(&self, method: &str, path: &str) -> bool {
        let same_method = self
            .method
            .as_ref()
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
        let same_path = self
            .path_prefix
            .as_ref()
            .is_none_or(|prefix| path.starts_with(prefix));
        same_method && same_path
    }

    /// The kind of failure.
    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    /// Returns true when the request is executed before the fault's response.
    pub(crate) fn is_executed(&self) -> bool {
        self.kind == Kind::ErrorAfter
    }

    /// Returns true when the response is saved under the idempotency key.
    pub(crate) fn is_stored(&self) -> bool {
        self.stored
    }
}
