//! Runs functions without a route on Lambda: one event in, one answer out.

use std::{cell::Cell, future::Future, time::Instant};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tracing::Instrument as _;

use super::{Error, causes, runtime_ended};

/// Runs `handler` on every event from Lambda, until Lambda ends the process.
///
/// An `Err` is a failed invocation: Lambda retries or reports the event, by the function's
/// configuration. Lambda receives the error's own text. Its causes are logged, once, with the id of
/// the invocation. The contents of an event are neither logged nor returned.
///
/// # Errors
///
/// [`Error::Lambda`] when the runtime ends.
pub async fn events<E, A, F, Fut, X>(handler: F) -> Result<(), Error>
where
    E: DeserializeOwned,
    A: Serialize,
    F: Fn(E) -> Fut,
    Fut: Future<Output = Result<A, X>>,
    X: std::error::Error,
{
    let (handler, has_served) = (&handler, &Cell::new(false));
    let invoked = service_fn(|event: LambdaEvent<Box<RawValue>>| {
        has_served.set(true);
        let span = tracing::info_span!("invocation", request.id = event.context.request_id);
        invoke(handler, event.payload).instrument(span)
    });
    runtime_ended(lambda_runtime::run(invoked).await, has_served.get())
}

/// Runs and logs one invocation.
async fn invoke<E, A, F, Fut, X>(handler: &F, payload: Box<RawValue>) -> Result<A, Diagnostic>
where
    E: DeserializeOwned,
    F: Fn(E) -> Fut,
    Fut: Future<Output = Result<A, X>>,
    X: std::error::Error,
{
    let started = Instant::now();
    // Parsed here and not by the runtime, whose error would quote the unreadable part.
    let event = serde_json::from_str(payload.get()).map_err(|error| {
        let place = (error.line(), error.column());
        tracing::error!(event.place = ?place, "the function cannot read the event");
        diagnostic("Unreadable", "the function cannot read the event")
    })?;
    let done = handler(event).await;
    let elapsed_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    match done {
        Ok(answer) => {
            tracing::info!(elapsed_ms, "finished the run");
            Ok(answer)
        }
        Err(error) => {
            tracing::error!(
                elapsed_ms,
                cause = causes(&error),
                "the run failed: {error}"
            );
            Err(diagnostic("Failed", &error.to_string()))
        }
    }
}

pub(super) fn diagnostic(kind: &str, message: &str) -> Diagnostic {
    Diagnostic {
        error_type: kind.to_owned(),
        error_message: message.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    struct Sum {
        parts: Vec<i64>,
    }

    #[derive(Debug, thiserror::Error)]
    #[error("the sum is too large")]
    struct TooLarge(#[source] std::fmt::Error);

    async fn add(text: &str) -> Result<i64, Diagnostic> {
        let payload = RawValue::from_string(text.to_owned()).expect("it is JSON");
        let add = async |sum: Sum| match sum.parts.iter().sum() {
            sum if sum < 100 => Ok(sum),
            _ => Err(TooLarge(std::fmt::Error)),
        };
        invoke(&add, payload).await
    }

    #[tokio::test]
    async fn an_event_is_answered() {
        assert_eq!(add(r#"{ "parts": [1, 2] }"#).await, Ok(3));
    }

    #[tokio::test]
    async fn a_failure_tells_its_text_and_not_its_cause() {
        let failed = add(r#"{ "parts": [100] }"#).await.unwrap_err();
        assert_eq!(failed.error_message, "the sum is too large");
    }

    #[tokio::test]
    async fn what_cannot_be_read_is_not_quoted() {
        let failed = add(r#"{ "parts": "whsec_1" }"#).await.unwrap_err();
        assert!(!format!("{failed:?}").contains("whsec_1"), "{failed:?}");
    }
}
