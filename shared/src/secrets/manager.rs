//! Reads the secret from AWS Secrets Manager, and explains failures.

use std::time::Duration;

use aws_sdk_secretsmanager::operation::get_secret_value::{
    GetSecretValue, GetSecretValueError, GetSecretValueInput, GetSecretValueOutput,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use secrecy::SecretString;
use tokio::time::Instant;

use super::{
    bundle::Bundle,
    unreadable::{Fault, Unreadable},
};
use crate::{
    aws::{Aws, ErrorMetadata, Prepared, Service, clock_skew, operation_inputs},
    cause::{Cause, innermost},
    retry::{Backoff, Retries},
};

operation_inputs! {
    GetSecretValueInput: GetSecretValue => GetSecretValueOutput, GetSecretValueError;
}

type Failed = SdkError<GetSecretValueError, HttpResponse>;

/// The most attempts at a reading that may succeed on retry.
const MAX_ATTEMPTS: u32 = 4;
/// The delays between attempts.
const BACKOFF: Backoff = Backoff::doubling(Duration::from_millis(500), Duration::from_secs(2));
/// The latest begin of an attempt after the first, so that the last one ends within the time of a
/// start.
const LATEST: Duration = Duration::from_secs(6);

/// The secret that holds the keys.
pub(super) struct Manager {
    service: Service,
    id: String,
    region: String,
}

impl Manager {
    pub(super) fn new(aws: &Aws, id: String) -> Self {
        Self {
            service: aws.service("secretsmanager"),
            id,
            region: aws.region().to_owned(),
        }
    }

    /// The name or the ARN of the secret.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// The error that this secret cannot be read, because of `fault`.
    pub(super) fn unreadable(&self, fault: Fault) -> Unreadable {
        let id = self.id.clone();
        Unreadable { id, fault }
    }

    /// The present contents of the secret; retries a transient failure, unless it may try only
    /// `once`.
    ///
    /// # Errors
    ///
    /// [`Fault`] keeps AWS's code and request id, and drops its message.
    pub(super) async fn bundle(&self, once: bool) -> Result<Bundle, Fault> {
        let input = GetSecretValueInput::builder().secret_id(&self.id).build();
        let request = input.map_err(Cause::from).and_then(Prepared::new);
        let request = request.map_err(|_| Fault::Transient(NOT_MADE.to_owned()))?;
        let mut retries = Retries::new(BACKOFF, Instant::now() + LATEST);
        let mut left = if once { 0 } else { MAX_ATTEMPTS - 1 };
        loop {
            // On the heap: a call is a deep future, which would enlarge every handler's.
            let error = match Box::pin(self.service.send(&request)).await {
                Ok(output) => return bundle(output),
                Err(error) => error,
            };
            let fault = self.fault(&error);
            // From here on the service signs by AWS's clock.
            let is_mistimed = error.raw_response().and_then(clock_skew).is_some();
            let is_transient = is_mistimed || matches!(fault, Fault::Transient(_));
            if left == 0 || !is_transient || !retries.wait(Duration::ZERO).await {
                return Err(fault);
            }
            left -= 1;
        }
    }

    fn fault(&self, error: &Failed) -> Fault {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        match error {
            SdkError::TimeoutError(_) => {
                Fault::Transient("Secrets Manager did not answer in time".to_owned())
            }
            SdkError::DispatchFailure(_) => Fault::Transient(format!(
                "Secrets Manager could not be reached in {}: {}",
                self.region,
                innermost(error)
            )),
            SdkError::ServiceError(_) if !is_transient(status, error.code()) => {
                Fault::Refused(format!(
                    "{} ({})",
                    self.refusal(error.code()),
                    ErrorMetadata::of(error)
                ))
            }
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => Fault::Transient(format!(
                "Secrets Manager answered {} ({})",
                status.unwrap_or_default(),
                ErrorMetadata::of(error)
            )),
            _ => Fault::Transient(NOT_MADE.to_owned()),
        }
    }

    /// The meaning of a refusal with `code`, and its remedy.
    fn refusal(&self, code: Option<&str>) -> String {
        let text = match code {
            Some("ResourceNotFoundException") => {
                let region = &self.region;
                return format!(
                    "there is no such secret in {region}, or it has no value: check \
                     FAREBOX_SECRET_ID and AWS_REGION"
                );
            }
            Some("AccessDeniedException") => {
                "permission denied: the function's role needs secretsmanager:GetSecretValue on \
                 it, and kms:Decrypt on its key where that is not AWS's own"
            }
            Some("DecryptionFailure") => "its KMS key does not decrypt it: check the key's state",
            Some("InvalidRequestException") => "it is deleted, or about to be: restore it",
            Some(
                "ExpiredTokenException"
                | "InvalidClientTokenId"
                | "InvalidSignatureException"
                | "UnrecognizedClientException",
            ) => "AWS does not take this process's credentials, or its clock is wrong",
            _ => "Secrets Manager refused",
        };
        text.to_owned()
    }
}

fn bundle(output: GetSecretValueOutput) -> Result<Bundle, Fault> {
    match output.secret_string {
        Some(text) => Ok(Bundle {
            text: SecretString::from(text),
            version: output.version_id,
        }),
        None => Err(Fault::Malformed(
            "it is binary; it must be text that is one JSON object".to_owned(),
        )),
    }
}

/// True when a retry may succeed.
fn is_transient(status: Option<u16>, code: Option<&str>) -> bool {
    let is_throttled = code.is_some_and(|code| {
        code.contains("Throttl")
            || matches!(code, "TooManyRequestsException" | "RequestLimitExceeded")
    });
    is_throttled || status.is_none_or(|status| status == 429 || status >= 500)
}

const NOT_MADE: &str = "the request could not be made";
