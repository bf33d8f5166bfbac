//! Stripe's error object, and the status it travels with.

use serde_json::{Map, Value, json};

/// The names of a path's id in Stripe's errors.
const IN_THE_PATH: &[&str] = &["id", "intent", "session"];

/// A refused request: what the caller reads, and whether the idempotency key remembers it.
#[derive(Debug, Clone)]
pub(crate) struct Error {
    status: u16,
    fields: Map<String, Value>,
    executed: bool,
}

impl Error {
    fn new(status: u16, kind: &str, message: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), kind.into());
        fields.insert("message".to_owned(), message.into());
        let executed = false;
        Self {
            status,
            fields,
            executed,
        }
    }

    /// 400: the request itself is wrong; nothing was executed.
    pub(crate) fn invalid(message: &str) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// 400: the request is well formed, but not in the object's present state.
    pub(crate) fn unexpected(code: &str, message: &str) -> Self {
        Self::invalid(message).code(code).executed()
    }

    /// 401: no usable key came with the request.
    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(401, "invalid_request_error", message)
    }

    /// 403: the key may not do this.
    pub(crate) fn forbidden(code: &str, message: &str) -> Self {
        Self::new(403, "invalid_request_error", message).code(code)
    }

    /// 404: no such URL.
    pub(crate) fn unrecognized(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(404, "invalid_request_error", &message)
    }

    /// No object of this kind has this id: 404 when the path named it, 400 when `param` did.
    pub(crate) fn missing(kind: &str, id: &str, param: &str) -> Self {
        let message = format!("There is no {kind} with the id '{id}'.");
        let status = if IN_THE_PATH.contains(&param) {
            404
        } else {
            400
        };
        Self::new(status, "invalid_request_error", &message)
            .code("resource_missing")
            .param(param)
    }

    /// 402: the bank, or the card itself, refused the payment.
    pub(crate) fn card(code: &str, message: &str) -> Self {
        Self::new(402, "card_error", message).code(code)
    }

    /// 400 or 409: the idempotency key was used for something else, or is in use now.
    pub(crate) fn idempotency(status: u16, message: &str) -> Self {
        Self::new(status, "idempotency_error", message)
    }

    /// 429: too many requests.
    pub(crate) fn rate_limit() -> Self {
        Self::new(
            429,
            "invalid_request_error",
            "Too many requests in too short a time.",
        )
        .code("rate_limit")
    }

    /// 500: something failed on the sandbox's side.
    pub(crate) fn api(message: &str) -> Self {
        Self::new(500, "api_error", message)
    }

    /// Adds the machine-readable code and the page that explains it.
    pub(crate) fn code(self, code: &str) -> Self {
        let page = format!(
            "https://docs.stripe.com/error-codes#{}",
            code.replace('_', "-")
        );
        self.with("code", code).with("doc_url", page)
    }

    /// Names the parameter at fault.
    pub(crate) fn param(self, name: &str) -> Self {
        self.with("param", name)
    }

    /// Adds any other field of the error object.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Marks that execution had begun, so that the idempotency key replays this error.
    pub(crate) fn executed(mut self) -> Self {
        self.executed = true;
        self
    }

    /// True when the idempotency key replays this error.
    pub(crate) fn is_replayed(&self) -> bool {
        self.executed
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The error object's own fields, for `last_payment_error`.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// Rewrites one field, if it is there.
    pub(crate) fn map(mut self, name: &str, change: impl FnOnce(&Value) -> Value) -> Self {
        if let Some(value) = self.fields.get_mut(name) {
            *value = change(value);
        }
        self
    }

    /// Leaves a field out.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.remove(name);
        self
    }

    /// The answer's body.
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.fields })
    }
}
