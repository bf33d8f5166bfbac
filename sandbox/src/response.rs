//! HTTP responses, and connections that end without one.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{HeaderMap, StatusCode, header};
use serde_json::Value;

use crate::error::Error;

/// A complete HTTP response.
#[derive(Debug, Clone)]
pub(crate) struct Response {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// The end of a connection without a complete response.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Disconnect {
    /// Reset: the client reads "connection reset by peer".
    #[error("the connection is reset")]
    Reset,
    /// Closed without a response.
    #[error("the connection is closed without a response")]
    Closed,
    /// Closed in the middle of this response's body.
    #[error("the connection is closed in the middle of the response")]
    MidBody(Response),
}

impl Response {
    /// A JSON response, indented like Stripe's.
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self::new(status, "application/json", format!("{body:#}\n"))
    }

    /// An HTML page.
    pub(crate) fn html(status: u16, page: String) -> Self {
        Self::new(status, "text/html; charset=utf-8", page)
    }

    /// A script that browsers do not cache: another sandbox on this port may serve another one.
    pub(crate) fn script(text: &str) -> Self {
        let response = Self::new(200, "text/javascript; charset=utf-8", text.to_owned());
        response.header("cache-control", "no-cache")
    }

    /// An error response.
    pub(crate) fn error(error: &Error) -> Self {
        Self::json(error.status(), &error.body())
    }

    /// A response without a body.
    pub(crate) fn empty(status: u16) -> Self {
        let (headers, body) = (HeaderMap::new(), Bytes::new());
        Self {
            status: code(status),
            headers,
            body,
        }
    }

    fn new(status: u16, content_type: &'static str, body: String) -> Self {
        let response = Self {
            body: body.into(),
            ..Self::empty(status)
        };
        response.header("content-type", content_type)
    }

    /// Adds a header; drops a value that is not valid in a header.
    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        if let Ok(value) = value.parse() {
            self.headers.insert(name, value);
        }
        self
    }

    /// The body as JSON; `null` for anything else.
    pub(crate) fn parsed(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// Converts to hyper's type.
    pub(crate) fn into_response(self) -> hyper::Response<Full<Bytes>> {
        let mut response = hyper::Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }

    /// The head with the full `Content-Length`, and the first half of the body.
    pub(crate) fn first_half(&self) -> Vec<u8> {
        let mut wire = format!("HTTP/1.1 {}\r\n", self.status).into_bytes();
        for (name, value) in &self.headers {
            wire.extend_from_slice(name.as_str().as_bytes());
            wire.extend_from_slice(b": ");
            wire.extend_from_slice(value.as_bytes());
            wire.extend_from_slice(b"\r\n");
        }
        let length = format!("{}: {}\r\n\r\n", header::CONTENT_LENGTH, self.body.len());
        wire.extend_from_slice(length.as_bytes());
        wire.extend_from_slice(&self.body[..self.body.len() / 2]);
        wire
    }
}

fn code(status: u16) -> StatusCode {
    StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
}
