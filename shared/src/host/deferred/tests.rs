//! Requests as Vercel sends them, to a service that opens with the first.

use std::sync::atomic::{AtomicUsize, Ordering};

use axum::{body::Body, routing::get};
use futures_util::future::join_all;
use hyper::StatusCode;

use super::*;
use crate::{
    aws::stand_in::{StandIn, TOKEN as GOOD},
    host::with_middleware,
    store,
};

/// A service, and the number of times that it opened.
struct Served {
    service: MethodRouter,
    openings: Arc<AtomicUsize>,
}

/// Opens at the attempt with the number `good`; those before it fail.
fn served(sts: &StandIn, good: usize) -> Served {
    let openings = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&openings);
    let service = deferred(sts.identity(), move || {
        let number = counted.fetch_add(1, Ordering::SeqCst) + 1;
        async move {
            tokio::task::yield_now().await;
            match number < good {
                true => Err(store::StoreError::Nowhere.into()),
                false => Ok(get(|headers: HeaderMap| async move {
                    assert!(!headers.contains_key(TOKEN), "nobody sees the token");
                    "served"
                })),
            }
        }
    });
    Served {
        service: with_middleware(service),
        openings,
    }
}

impl Served {
    async fn request(&self, method: &str, token: Option<&str>) -> StatusCode {
        let mut request = Request::builder().method(method).uri("/");
        if let Some(token) = token {
            request = request.header(TOKEN, token);
        }
        let request = request.body(Body::empty()).unwrap();
        let Ok(response) = self.service.clone().oneshot(request).await;
        response.status()
    }
}

#[tokio::test]
async fn the_first_requests_open_it_together_and_once() {
    let sts = StandIn::start().await;
    let served = served(&sts, 1);

    let first = join_all((0..8).map(|_| served.request("GET", Some(GOOD)))).await;

    assert_eq!(first, [StatusCode::OK; 8]);
    assert_eq!(served.request("GET", None).await, StatusCode::OK);
    let other = served.request("POST", Some(GOOD)).await;
    assert_eq!(other, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(served.openings.load(Ordering::SeqCst), 1);
    assert_eq!(sts.forms().len(), 1);
}

#[tokio::test]
async fn an_opening_that_fails_is_a_503_and_the_next_request_tries_again() {
    let sts = StandIn::start().await;
    let served = served(&sts, 3);

    let mut answered = Vec::new();
    for _ in 0..4 {
        answered.push(served.request("GET", Some(GOOD)).await.as_u16());
    }

    assert_eq!(answered, [503, 503, 200, 200]);
}

#[tokio::test]
async fn without_a_token_that_aws_takes_nothing_is_opened() {
    let sts = StandIn::start().await;
    let served = served(&sts, 1);

    for token in [None, Some(""), Some("eyJ.forged.x")] {
        let status = served.request("GET", token).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{token:?}");
    }
    sts.fail(Some(500));
    let down = served.request("GET", Some(GOOD)).await;
    assert_eq!(down, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(served.openings.load(Ordering::SeqCst), 0);
}
