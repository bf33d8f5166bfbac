//! Extractors for handlers: a JSON body, a query, and the idempotency key.
//!
//! Each names the faulty field, so that a handler never maps a rejection by itself.

mod wrong;

use axum::extract::{FromRequest, FromRequestParts, Request};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::{
    body::Bytes,
    header::HeaderMap,
    http::{HeaderName, request::Parts},
};
use serde::{Deserialize, Deserializer, de::DeserializeOwned};

use crate::Error;

/// The largest body of a request that is not a webhook, in bytes.
const LARGEST_JSON: usize = 64 * 1024;
/// The largest event, in bytes; Stripe's stay well below it.
const LARGEST_EVENT: usize = 1024 * 1024;
/// Stripe's own limit for idempotency keys.
const LONGEST_KEY: usize = 255;

/// A JSON body of at most 64 KiB. A body of another shape is a 400 that names the field.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        const PLACE: &str = "the body";
        let body = read(request, LARGEST_JSON).await?;
        let mut reader = serde_json::Deserializer::from_slice(&body);
        let value = serde_path_to_error::deserialize(&mut reader)
            .map_err(|error| wrong::json(PLACE, error.path(), error.inner()))?;
        let end = reader.end();
        end.map_err(|_| Error::invalid(format!("`{PLACE}`: {}", wrong::NO_JSON)))?;
        Ok(Self(value))
    }
}

/// Reads a field that is absent or has a value, and refuses `null`: a site that computes an amount
/// wrongly sends `NaN`, which JSON writes so. Absent, the amount is the whole payment.
///
/// # Errors
///
/// The error of the field's own type.
pub fn present<'de, D, T>(field: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(field).map(Some)
}

/// The bytes of an event, exactly as received, at most 1 MiB.
#[derive(Debug)]
pub struct EventBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for EventBody {
    type Rejection = Error;

    async fn from_request(request: Request, _: &S) -> Result<Self, Error> {
        read(request, LARGEST_EVENT).await.map(Self)
    }
}

/// The whole body, if it has at most `largest` bytes.
async fn read(request: Request, largest: usize) -> Result<Bytes, Error> {
    let body = Limited::new(request.into_body(), largest).collect().await;
    body.map(http_body_util::Collected::to_bytes)
        .map_err(|error| match error.is::<LengthLimitError>() {
            true => Error::TooLarge,
            false => Error::invalid("the body is incomplete"),
        })
}

/// The fields of a query string. Unknown and duplicate fields are a 400.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Query<T> {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Error> {
        let query = parts.uri.query().unwrap_or_default();
        serde_urlencoded::from_str(query)
            .map(Self)
            .map_err(|error| wrong::query("the query", &error))
    }
}

/// The `Idempotency-Key` header: the caller's own name for an operation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    const HEADER: HeaderName = HeaderName::from_static("idempotency-key");

    /// The key in `headers`; `None` when there is no such header.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when there are several, or one that is blank, over-long or not visible
    /// ASCII.
    pub fn in_headers(headers: &HeaderMap) -> Result<Option<Self>, Error> {
        let mut values = headers.get_all(Self::HEADER).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return match headers.contains_key(Self::HEADER) {
                true => Err(Error::invalid(
                    "the header `Idempotency-Key` occurs more than once",
                )),
                false => Ok(None),
            };
        };
        let text = value.to_str().unwrap_or_default();
        Self::parse(text).map(Some)
    }

    /// Reads a key.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when it is not 1 to 255 visible ASCII characters.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let fits = (1..=LONGEST_KEY).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        match fits {
            true => Ok(Self(text.to_owned())),
            false => Err(Error::invalid(
                "`Idempotency-Key` must be 1 to 255 visible ASCII characters",
            )),
        }
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
