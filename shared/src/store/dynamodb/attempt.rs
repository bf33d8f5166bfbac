//! Retries calls with full jitter, inside one deadline.
//!
//! All calls of one piece of work share one [`Attempts`], so that the work ends before its caller
//! stops waiting.

use std::{error::Error, time::Duration};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_types::error::operation::BuildError;
use tokio::time::Instant;

use super::{DynamoDb, StoreError};
use crate::{
    aws::{Asked, Marks, Prepared, UNKNOWN, behind},
    cause::{Cause, causes},
};

/// The deadline of one piece of work: shorter than Stripe, or a payer, waits.
const PATIENCE: Duration = Duration::from_secs(5);
/// The longest pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(25);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// The attempts of one piece of work.
#[derive(Debug)]
pub(super) struct Attempts {
    ends: Instant,
    longest_pause: Duration,
    /// True after AWS rejected a signature because of this machine's clock.
    knows_time: bool,
}

/// DynamoDB's answer to a call.
#[derive(Debug)]
pub(super) enum Answer<O, E> {
    /// It succeeded.
    Done(O),
    /// A condition was not met, or a transaction was canceled.
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

/// The reason why a call failed.
enum Trouble<E> {
    /// A retry may succeed.
    Passing(StoreError),
    /// A retry would fail the same way.
    Lasting(StoreError),
    /// This machine's clock is behind AWS's by these seconds, so AWS rejected the signature. The
    /// service has stored the difference and signs by AWS's clock from here on.
    OtherTime(StoreError, i64),
    Declined(E, StoreError),
}

impl Attempts {
    pub(super) fn new() -> Self {
        Self {
            ends: Instant::now() + PATIENCE,
            longest_pause: FIRST_PAUSE,
            knows_time: false,
        }
    }

    /// Waits before the next attempt.
    ///
    /// # Errors
    ///
    /// `failure`, the reason for the retry, when no time is left for one.
    pub(super) async fn again(&mut self, failure: StoreError) -> Result<(), StoreError> {
        let pause = self.longest_pause.mul_f64(fastrand::f64());
        self.longest_pause = LONGEST_PAUSE.min(self.longest_pause * 2);
        if Instant::now() + pause >= self.ends {
            return Err(failure);
        }
        tokio::time::sleep(pause).await;
        Ok(())
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
        I: Asked<Error: ProvideErrorMetadata>,
    {
        let request = input.map_err(Cause::from).and_then(Prepared::new);
        let request = request.map_err(|_| not_made(action, UNKNOWN.to_owned()))?;
        loop {
            // On the heap: a call is a deep future, which would enlarge every caller's.
            let sending = Box::pin(store.service.send(&request));
            let answer = tokio::time::timeout_at(self.ends, sending);
            let trouble = match answer.await {
                Ok(Ok(output)) => return Ok(Answer::Done(output)),
                Ok(Err(error)) => store.trouble(action, error),
                Err(_) => Trouble::Lasting(StoreError::Unreachable {
                    action,
                    what: "no answer in time".to_owned(),
                }),
            };
            match trouble {
                Trouble::Passing(failure) => self.again(failure).await?,
                Trouble::OtherTime(failure, behind) if !self.knows_time => {
                    tracing::warn!(
                        clock.behind_seconds = behind,
                        "this machine's clock is not AWS's: set it, or Stripe's events are refused"
                    );
                    self.knows_time = true;
                    self.again(failure).await?;
                }
                Trouble::Lasting(failure) | Trouble::OtherTime(failure, _) => return Err(failure),
                Trouble::Declined(error, failure) => return Ok(Answer::Declined(error, failure)),
            }
        }
    }
}

impl DynamoDb {
    fn trouble<E>(&self, action: &'static str, error: SdkError<E, HttpResponse>) -> Trouble<E>
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Marks { code, request_id } = Marks::of(&error);
        let context = match error {
            SdkError::ServiceError(context) => context,
            SdkError::ConstructionFailure(_) => {
                return Trouble::Lasting(not_made(action, request_id));
            }
            lost => {
                // The causes do not contain AWS's answers.
                let what = format!("{lost}: {}", causes(&lost));
                return Trouble::Passing(StoreError::Unreachable { action, what });
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
                Trouble::Declined(context.into_err(), failure)
            }
            "ResourceNotFoundException" => Trouble::Lasting(StoreError::NoTable {
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
                match behind(context.raw()).filter(|_| is_about_the_signature(code)) {
                    Some(seconds) => Trouble::OtherTime(failure, seconds),
                    None => Trouble::Lasting(failure),
                }
            }
            code if is_server_error || is_passing(code) => Trouble::Passing(StoreError::Busy {
                action,
                code: code.to_owned(),
                request_id,
            }),
            _ => Trouble::Lasting(StoreError::Refused {
                action,
                code,
                request_id,
            }),
        }
    }
}

/// True when AWS's `code`, of an error or of an item of a canceled transaction, merits a retry.
pub(super) fn is_passing(code: &str) -> bool {
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
