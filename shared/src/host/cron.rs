//! Serves work without a public route, which Vercel's schedule starts: a `GET` with
//! `Authorization: Bearer CRON_SECRET`.
//!
//! | status | when |
//! |---|---|
//! | `200` | it was done; the body is its report |
//! | `401` | the secret is missing or wrong |
//! | `503` | it was not done; the next call goes on |

use std::future::Future;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use axum::{
    Json,
    response::{IntoResponse as _, Response},
    routing::{MethodRouter, get},
};
use hyper::{HeaderMap, header::AUTHORIZATION};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Serialize;

use crate::{Error, env::need};

/// The reason why a call is not the schedule's.
#[derive(Debug, thiserror::Error)]
enum CronError {
    #[error(
        "{} is not set: without it, no request may start a run",
        need::CRON_SECRET
    )]
    NoSecret,
    #[error("the request's bearer token is not {}", need::CRON_SECRET)]
    Stranger,
}

/// `work`, for callers with `secret`; without a secret, for nobody.
pub fn on_schedule<W, Fut, R, X>(secret: Option<SecretString>, work: W) -> MethodRouter
where
    W: Fn() -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = Result<R, X>> + Send,
    R: Serialize,
    X: std::error::Error + Send + Sync + 'static,
{
    get(move |headers: HeaderMap| async move {
        match called(secret.as_ref(), &headers, work).await {
            Ok(report) => report,
            Err(error) => error.into_response(),
        }
    })
}

async fn called<W, Fut, R, X>(
    secret: Option<&SecretString>,
    headers: &HeaderMap,
    work: W,
) -> Result<Response, Error>
where
    W: Fn() -> Fut,
    Fut: Future<Output = Result<R, X>>,
    R: Serialize,
    X: std::error::Error + Send + Sync + 'static,
{
    check(secret, headers).map_err(|refused| Error::Unauthenticated(Box::new(refused)))?;
    let done = work().await;
    let report = done.map_err(|failure| Error::Unavailable(Box::new(failure)))?;
    Ok(Json(report).into_response())
}

fn check(secret: Option<&SecretString>, headers: &HeaderMap) -> Result<(), CronError> {
    let secret = secret.ok_or(CronError::NoSecret)?.expose_secret();
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(CronError::Stranger);
    };
    let given = value.as_bytes().strip_prefix(b"Bearer ");
    let given = given.ok_or(CronError::Stranger)?;
    verify_slices_are_equal(given, secret.as_bytes()).map_err(|_| CronError::Stranger)
}

#[cfg(test)]
mod tests;
