//! Stripe's error object and its HTTP status.

use serde_json::{Map, Value, json};

/// The parameters that Stripe's errors use for an id in the path.
const IN_THE_PATH: &[&str] = &["id", "intent", "session"];

/// A rejected request: the error object, and whether the idempotency key replays it.
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

    /// 400: the request is not valid; nothing was executed.
    pub(crate) fn invalid(message: &str) -> Self {
        Self::new(400, "invalid_request_error", message)
    }

    /// 400: the object's state does not allow the request.
    pub(crate) fn unexpected(code: &str, message: &str) -> Self {
        Self::invalid(message).code(code).executed()
    }

    /// 401: the request has no valid key.
    pub(crate) fn unauthorized(message: &str) -> Self {
        Self::new(401, "invalid_request_error", message)
    }

    /// 403: the key lacks the permission.
    pub(crate) fn forbidden(code: &str, message: &str) -> Self {
        Self::new(403, "invalid_request_error", message).code(code)
    }

    /// 404: the URL does not exist.
    pub(crate) fn unrecognized(method: &str, path: &str) -> Self {
        let message = format!("Unrecognized request URL ({method}: {path}).");
        Self::new(404, "invalid_request_error", &message)
    }

    /// The object does not exist: 404 when its id was in the path, 400 when it was in `param`.
    pub(crate) fn missing(kind: &str, id: &str, param: &str) -> Self {
        let message = format!("No such {kind}: '{id}'.");
        let status = if IN_THE_PATH.contains(&param) {
            404
        } else {
            400
        };
        Self::new(status, "invalid_request_error", &message)
            .code("resource_missing")
            .param(param)
    }

    /// 402: the bank declined the card, or the card is not valid.
    pub(crate) fn card(code: &str, message: &str) -> Self {
        Self::new(402, "card_error", message).code(code)
    }

    /// 400 or 409: the idempotency key belongs to another request, or is in use.
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

    /// 500: the sandbox failed.
    pub(crate) fn api(message: &str) -> Self {
        Self::new(500, "api_error", message)
    }

    /// Adds the error code and the URL of its documentation.
    pub(crate) fn code(self, code: &str) -> Self {
        let page = format!(
            "https://docs.stripe.com/error-codes#{}",
            code.replace('_', "-")
        );
        self.with("code", code).with("doc_url", page)
    }

    /// Names the invalid parameter.
    pub(crate) fn param(self, name: &str) -> Self {
        self.with("param", name)
    }

    /// Adds another field of the error object.
    pub(crate) fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields.insert(name.to_owned(), value.into());
        self
    }

    /// Marks the request as executed: the idempotency key replays this error.
    pub(crate) fn executed(mut self) -> Self {
        self.executed = true;
        self
    }

    /// Returns true when the idempotency key replays this error.
    pub(crate) fn is_replayed(&self) -> bool {
        self.executed
    }

    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The error object's fields, for `last_payment_error`.
    pub(crate) fn fields(&self) -> &Map<String, Value> {
        &self.fields
    }

    /// The text of one field; empty when it is absent.
    pub(crate) fn field(&self, name: &str) -> &str {
        let value = self.fields.get(name);
        value.and_then(Value::as_str).unwrap_or_default()
    }

    /// Changes one field, if present.
    pub(crate) fn map(mut self, name: &str, change: impl FnOnce(&Value) -> Value) -> Self {
        if let Some(value) = self.fields.get_mut(name) {
            *value = change(value);
        }
        self
    }

    /// Removes a field.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.fields.remove(name);
        self
    }

    /// The response's body.
    pub(crate) fn body(&self) -> Value {
        json!({ "error": self.fields })
    }
}
