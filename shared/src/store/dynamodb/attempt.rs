//! Retries calls to DynamoDB.
//!
//! All calls of one piece of work share one [`Attempts`], so that the work ends before its caller
//! stops waiting.

use std::{error::Error, time::Duration};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::operation::BuildError;
use tokio::time::{Instant, timeout_at};

use super::{DynamoDb, StoreError};
use crate::{
    aws::{ErrorMetadata, OperationInput, Prepared, UNKNOWN, clock_skew},
    cause::{Cause, causes},
    retry::{Backoff, Retries},
    store::DEADLINE,
};

/// The delays between attempts.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_millis(25), Duration::from_secs(1));

/// The attempts of one piece of work.
#[derive(Debug)]
pub(super) struct Attempts {
    retries: Retries,
    /// True after AWS rejected a signature because of this machine's clock.
    has_clock_skew: bool,
}

/// DynamoDB's answer to a call.
#[derive(Debug)]
pub(super) enum Answer<O, E> {
    /// It succeeded.
    Done(O),
    /// DynamoDB found a condition unmet, or canceled the transaction.
    Declined(E, StoreError),
}

impl<O, E> Answer<O, E> {
    /// The output of a successful call. A decline is a failure here, for calls without a condition.
    pub(super) fn done(self) -> Result<O, StoreError> {
        match self {
            Self::Done(output) => Ok(output),
            Self::Declined(_, failure) => Err(failure),
        }
    }
}

/// The error of a call.
enum CallError<E> {
    /// A retry may succeed.
    Transient(StoreError),
    /// A retry would fail the same way.
    Permanent(StoreError),
    /// This machine's clock is behind AWS's by these seconds, so AWS rejected the signature. The
    /// service has stored the skew, and signs by AWS's clock from here on.
    ClockSkew(StoreError, i64),
    /// See [`Answer::Declined`].
    Declined(E, StoreError),
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self {
            retries: Retries::new(BACKOFF, Instant::now() + DEADLINE),
            has_clock_skew: false,
        }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    ///
    /// `failure`, the reason for the retry, when no time is left for one.
    pub(super) async fn again(&mut self, failure: StoreError) -> Result<(), StoreError> {
        match self.retries.wait(Duration::ZERO).await {
            true => Ok(()),
            false => Err(failure),
        }
    }

    /// Sends a request, and retries it where the failure may pass.
    ///
    /// The request must be safe to send twice, since an answer may get lost.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when a retry would fail too, or no time is left.
    pub(super) async fn call<I>(
        &mut self,
        store: &DynamoDb,
        action: &'static str,
        input: Result<I, BuildError>,
    ) -> Result<Answer<I::Output, I::Error>, StoreError>
    where
        I: OperationInput<Error: ProvideErrorMetadata>,
    {
        let request = input.map_err(Cause::from).and_then(Prepared::new);
        let request = request.map_err(|_| not_made(action, UNKNOWN.to_owned()))?;
        // The end of the time says less than an earlier answer.
        let mut earlier = None;
        loop {
            // On the heap: a call is a deep future, which would enlarge every caller's.
            let sending = Box::pin(store.service.send(&request));
            let answer = timeout_at(self.retries.deadline(), sending);
            let error = match answer.await {
                Ok(Ok(output)) => return Ok(Answer::Done(output)),
                Ok(Err(error)) => store.call_error(action, error),
                Err(_) => CallError::Permanent(earlier.take().unwrap_or_else(|| {
                    let what = "no answer in time".to_owned();
                    StoreError::Unreachable { action, what }
                })),
            };
            match error {
                CallError::Transient(failure) => {
                    if !self.retries.wait(Duration::ZERO).await {
                        return Err(failure);
                    }
                    earlier = Some(failure);
                }
                CallError::ClockSkew(failure, behind) if !self.has_clock_skew => {
                    tracing::warn!(
                        clock.behind_seconds = behind,
                        "this machine's clock is not AWS's: set it, or Stripe's events are refused"
                    );
                    self.has_clock_skew = true;
                    self.again(failure).await?;
                }
                CallError::Permanent(failure) | CallError::ClockSkew(failure, _) => {
                    return Err(failure);
                }
                CallError::Declined(error, failure) => return Ok(Answer::Declined(error, failure)),
            }
        }
    }
}

impl DynamoDb {
    fn call_error<E>(&self, action: &'static str, error: SdkError<E, HttpResponse>) -> CallError<E>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let ErrorMetadata { code, request_id } = ErrorMetadata::of(&error);
        let context = match error {
            SdkError::ServiceError(context) => context,
            SdkError::ConstructionFailure(_) => {
                return CallError::Permanent(not_made(action, request_id));
            }
            lost => {
                // The causes do not contain AWS's answers.
                let what = format!("{lost}: {}", causes(&lost));
                return CallError::Transient(StoreError::Unreachable { action, what });
            }
        };
        let is_server_error = context.raw().status().is_server_error();
        match code.as_str() {
            "ConditionalCheckFailedException" | "TransactionCanceledException" => {
                let failure = StoreError::Busy {
                    action,
                    code,
                    request_id,
                };
                CallError::Declined(context.into_err(), failure)
            }
            "ResourceNotFoundException" => CallError::Permanent(StoreError::NoTable {
                table: self.table.clone(),
                region: self.region.clone(),
            }),
            code if is_denial(code) => {
                let failure = StoreError::Denied {
                    action,
                    table: self.table.clone(),
                    code: code.to_owned(),
                    request_id,
                };
                match clock_skew(context.raw()).filter(|_| is_about_the_signature(code)) {
                    Some(seconds) => CallError::ClockSkew(failure, seconds),
                    None => CallError::Permanent(failure),
                }
            }
            code if is_server_error || is_transient(code) => {
                CallError::Transient(StoreError::Busy {
                    action,
                    code: code.to_owned(),
                    request_id,
                })
            }
            _ => CallError::Permanent(StoreError::Refused {
                action,
                code,
                request_id,
            }),
        }
    }
}

/// True when AWS's `code`, of an error or of an item of a canceled transaction, merits a retry.
pub(super) fn is_transient(code: &str) -> bool {
    matches!(
        code.strip_suffix("Exception").unwrap_or(code),
        "InternalServerError"
            | "LimitExceeded"
            | "ProvisionedThroughputExceeded"
            | "ReplicatedWriteConflict"
            | "RequestLimitExceeded"
            | "ServiceUnavailable"
            | "Throttling"
            | "ThrottlingError"
            | "TransactionConflict"
            | "TransactionInProgress"
    )
}

fn is_denial(code: &str) -> bool {
    matches!(
        code.strip_suffix("Exception").unwrap_or(code),
        "AccessDenied"
            | "ExpiredToken"
            | "IncompleteSignature"
            | "InvalidClientTokenId"
            | "InvalidSignature"
            | "KMSAccessDenied"
            | "MissingAuthenticationToken"
            | "RequestTimeTooSkewed"
            | "SignatureDoesNotMatch"
            | "UnrecognizedClient"
    )
}

fn is_about_the_signature(code: &str) -> bool {
    matches!(
        code.strip_suffix("Exception").unwrap_or(code),
        "InvalidSignature" | "RequestTimeTooSkewed" | "SignatureDoesNotMatch"
    )
}

/// The error for a request that was never sent.
fn not_made(action: &'static str, request_id: String) -> StoreError {
    let code = "the request could not be made".to_owned();
    StoreError::Refused {
        action,
        code,
        request_id,
    }
}
