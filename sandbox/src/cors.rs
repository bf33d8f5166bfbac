//! Lets a page on another port call the sandbox, as a page anywhere may call Stripe.

use crate::{answer::Answer, request::Received};

const EXPOSED: &str = "Request-Id, Stripe-Version, Retry-After, Stripe-Should-Retry, \
    Idempotency-Key, Idempotent-Replayed, Original-Request";

/// Answers `OPTIONS`: every origin, every method, the headers that were asked for.
pub(crate) fn preflight(received: &Received) -> Answer {
    let asked = received.header("access-control-request-headers");
    open(Answer::empty(200))
        .header(
            "access-control-allow-methods",
            "GET, HEAD, POST, DELETE, OPTIONS",
        )
        .header(
            "access-control-allow-headers",
            asked.unwrap_or("Authorization, Content-Type"),
        )
        .header("access-control-max-age", "300")
}

/// Lets every origin read the answer.
pub(crate) fn open(answer: Answer) -> Answer {
    answer
        .header("access-control-allow-origin", "*")
        .header("access-control-expose-headers", EXPOSED)
}
