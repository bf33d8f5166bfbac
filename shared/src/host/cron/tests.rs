//! Callers that may start the work, and callers that may not.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{body::Body, http::Request};
use tower::ServiceExt as _;

use super::*;
use crate::host::with_middleware;

const SECRET: &str = "a-cron-secret-of-the-tests";

/// The failure of the work.
#[derive(Debug)]
struct Broken;

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database is away")
    }
}

impl std::error::Error for Broken {}

/// The response to a call with these values of `Authorization`, and the number of runs.
async fn call(
    secret: Option<&str>,
    method: &str,
    values: &[&str],
    is_broken: bool,
) -> (u16, usize) {
    let done = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&done);
    let service = with_middleware(on_schedule(secret.map(SecretString::from), move || {
        let number = counted.fetch_add(1, Ordering::SeqCst);
        async move { if is_broken { Err(Broken) } else { Ok(number) } }
    }));
    let mut request = Request::builder().method(method).uri("/api/cron/work");
    for value in values {
        request = request.header(AUTHORIZATION, *value);
    }
    let Ok(response) = service.oneshot(request.body(Body::empty()).unwrap()).await;
    (response.status().as_u16(), done.load(Ordering::SeqCst))
}

#[tokio::test]
async fn the_schedule_starts_the_work() {
    let right = format!("Bearer {SECRET}");
    assert_eq!(call(Some(SECRET), "GET", &[&right], false).await, (200, 1));
    assert_eq!(call(Some(SECRET), "GET", &[&right], true).await, (503, 1));
    assert_eq!(call(Some(SECRET), "POST", &[&right], false).await, (405, 0));
}

#[tokio::test]
async fn nobody_else_does() {
    let right = format!("Bearer {SECRET}");
    let (longer, shorter) = (format!("{right}x"), right[..right.len() - 1].to_owned());
    let wrong: &[&[&str]] = &[
        &[],
        &["Bearer "],
        &["Bearer a-cron-secret-of-the-testx"],
        &[&longer],
        &[&shorter],
        &[SECRET],
        &["bearer a-cron-secret-of-the-tests"],
        &[&right, &right],
    ];
    for values in wrong {
        let answered = call(Some(SECRET), "GET", values, false).await;
        assert_eq!(answered, (401, 0), "{values:?}");
    }
}

#[tokio::test]
async fn without_a_secret_nobody_does() {
    for value in ["Bearer ", "Bearer undefined", &format!("Bearer {SECRET}")] {
        assert_eq!(call(None, "GET", &[value], false).await, (401, 0));
    }
}
