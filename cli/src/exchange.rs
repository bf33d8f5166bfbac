//! A request and its answer, as a row of the activity shows them: masked before they are kept.

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

/// So many characters of a body are kept.
const LONGEST: usize = 16_000;
/// So many bytes of a body are masked at most: it takes time for each, and the server waits.
const LARGEST: usize = 32 * 1024;

/// What was sent. Its fields can be filled here alone, through `mask`.
#[derive(Clone, Debug, Serialize)]
pub struct Sent {
    method: String,
    path: String,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

/// What was answered; without a status when no complete answer came.
#[derive(Clone, Debug, Serialize)]
pub struct Answered {
    status: Option<u16>,
    headers: Vec<(String, String)>,
    body: Option<String>,
}

impl Sent {
    /// A request that arrived here.
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

    /// A request that the sandbox saw.
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

impl Answered {
    /// An answer with its body.
    pub(crate) fn new(status: StatusCode, headers: &HeaderMap, body: &Bytes) -> Self {
        Self {
            status: Some(status.as_u16()),
            headers: shown(headers),
            body: read(headers, body),
        }
    }

    /// An answer that the sandbox gave; without a status when none was complete.
    pub(crate) fn recorded(request: &RecordedRequest) -> Self {
        let answer = request.response.as_ref();
        Self {
            status: request.status,
            headers: answer.map_or_else(Vec::new, |answer| shown(&answer.headers)),
            body: answer.and_then(|answer| read(&answer.headers, &answer.body)),
        }
    }

    /// An answer of which the status alone is known.
    pub(crate) fn of(status: Option<u16>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: None,
        }
    }

    /// Something that was read, rather than answered.
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

/// JSON or a form; anything else is not shown, since nothing is known of it.
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
    format!("not shown: {length} bytes are too many")
}

fn pretty(value: &Value) -> String {
    cut(serde_json::to_string_pretty(&mask::json(value)).unwrap_or_default())
}

/// Only what is masked already is cut: half a secret is not known as one.
fn cut(text: String) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}\n… cut here", &text[..end]),
        None => text,
    }
}
