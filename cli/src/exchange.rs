//! A request and its response for a row of the activity feed; masked before they are stored.

use axum::{
    body::Bytes,
    http::{
        HeaderMap, Method, StatusCode, Uri,
        header::{CONTENT_TYPE, HeaderName, HeaderValue},
    },
};
use sandbox::RecordedRequest;
use serde::Serialize;
use serde_json::Value;

use crate::mask;

/// The most characters kept of a body.
const LONGEST: usize = 16_000;
/// The largest body, in bytes, that is masked: masking blocks the server.
const LARGEST: usize = 32 * 1024;

/// A request. Only this module fills its fields, through `mask`.
#[derive(Clone, Debug, Serialize)]
pub struct ShownRequest {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// A response; without a status when it is incomplete.
#[derive(Clone, Debug, Serialize)]
pub struct ShownResponse {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl ShownRequest {
    /// A request to this server.
    pub(crate) fn new(method: &Method, uri: &Uri, headers: &HeaderMap, body: &Bytes) -> Self {
        let query = uri
            .query()
            .map(|query| mask::form(query).replace('\n', "&"));
        let path = mask::path(uri.path());
        Self {
            method: method.to_string(),
            path: query.map_or(path.clone(), |query| format!("{path}?{query}")),
            headers: shown(headers),
            body: read(headers, body),
        }
    }

    /// A request to the sandbox.
    pub(crate) fn recorded(request: &RecordedRequest) -> Self {
        let has_params = request.params.as_object().is_some_and(|it| !it.is_empty());
        Self {
            method: mask::text(&request.method),
            path: mask::text(&request.path),
            headers: shown(&request.headers),
            body: has_params.then(|| recorded(&request.params)),
        }
    }
}

impl ShownResponse {
    /// A response with its body.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Self {
        Self {
            status: Some(status.as_u16()),
            headers: shown(headers),
            body: read(headers, body),
        }
    }

    /// A response of the sandbox; without a status when it is incomplete.
    pub(crate) fn recorded(request: &RecordedRequest) -> Self {
        let answer = request.response.as_ref();
        Self {
            status: request.status,
            headers: answer.map_or_else(Vec::new, |answer| shown(&answer.headers)),
            body: answer.and_then(|answer| read(&answer.headers, &answer.body)),
        }
    }

    /// A response with only a status.
    pub(crate) fn of(status: Option<u16>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// A JSON value that this program read, shown as a response.
    pub(crate) fn reading(value: &Value) -> Self {
        Self {
            body: Some(pretty(value)),
            ..Self::of(None)
        }
    }
}

fn shown(headers: &HeaderMap) -> Vec<(String, String)> {
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let value = value.to_str().unwrap_or(mask::MASK);
        (name.to_string(), mask::header(name.as_str(), value))
    };
    headers.iter().map(header).collect()
}

/// Only JSON and forms are shown: nothing else can be masked.
fn read(headers: &HeaderMap, body: &Bytes) -> Option<String> {
    if body.is_empty() {
        return None;
    }
    if body.len() > LARGEST {
        return Some(too_large(body.len()));
    }
    if let Ok(value) = serde_json::from_slice::<Value>(body) {
        return Some(pretty(&value));
    }
    let is_form = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    Some(match std::str::from_utf8(body) {
        Ok(form) if is_form => cut(mask::form(form)),
        _ => format!("not shown: {} bytes, neither JSON nor a form", body.len()),
    })
}

fn recorded(params: &Value) -> String {
    match params.to_string().len() {
        length if length > LARGEST => too_large(length),
        _ => pretty(params),
    }
}

fn too_large(length: usize) -> String {
    format!("not shown: {length} bytes exceed the limit")
}

fn pretty(value: &Value) -> String {
    cut(serde_json::to_string_pretty(&mask::json(value)).unwrap_or_default())
}

/// Cuts masked text only: `mask` does not recognise half a secret.
fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\n… truncated", &text[..end]),
        None => text,
    }
}
