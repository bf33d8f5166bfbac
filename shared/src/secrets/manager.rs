//! Reads the secret from AWS Secrets Manager, and explains failures.

use std::time::Duration;

use aws_sdk_secretsmanager::operation::get_secret_value::{
    GetSecretValue, GetSecretValueError, GetSecretValueInput, GetSecretValueOutput,
};
use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use secrecy::SecretString;
use tokio::time::{Instant, sleep};

use super::{
    bundle::Bundle,
    unreadable::{Unreadable, Why},
};
use crate::{
    aws::{Aws, Marks, Prepared, Service, asked, behind},
    cause::{Cause, innermost},
};

asked! {
    GetSecretValueInput: GetSecretValue => GetSecretValueOutput, GetSecretValueError;
}

type Failed = SdkError<GetSecretValueError, HttpResponse>;

/// The most attempts at a reading that may succeed on retry.
const TRIES: u32 = 4;
/// The longest pause before the second attempt; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
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

    /// The error that this secret cannot be read, because of `why`.
    pub(super) fn unreadable(&self, why: Why) -> Unreadable {
        let id = self.id.clone();
        Unreadable { id, why }
    }

    /// The present contents of the secret; retries a passing failure, unless it may try only
    /// `once`.
    ///
    /// # Errors
    ///
    /// [`Why`] keeps AWS's code and request id, and drops its message.
    pub(super) async fn bundle(&self, once: bool) -> Result<Bundle, Why> {
        let input = GetSecretValueInput::builder().secret_id(&self.id).build();
        let request = input.map_err(Cause::from).and_then(Prepared::new);
        let request = request.map_err(|_| Why::Passing(NOT_MADE.to_owned()))?;
        let latest = Instant::now() + LATEST;
        let mut left = if once { 0 } else { TRIES - 1 };
        let mut longest_pause = FIRST_PAUSE;
        loop {
            // On the heap: a call is a deep future, which would enlarge every handler's.
            let error = match Box::pin(self.service.send(&request)).await {
                Ok(output) => return bundle(output),
                Err(error) => error,
            };
            let why = self.why(&error);
            // From here on the service signs by AWS's clock.
            let is_other_time = error.raw_response().and_then(behind).is_some();
            let pause = longest_pause.mul_f64(fastrand::f64());
            let is_passing = is_other_time || matches!(why, Why::Passing(_));
            if left == 0 || !is_passing || Instant::now() + pause > latest {
                return Err(why);
            }
            sleep(pause).await;
            left -= 1;
            longest_pause *= 2;
        }
    }

    fn why(&self, error: &Failed) -> Why {
        let status = error.raw_response().map(|raw| raw.status().as_u16());
        match error {
            SdkError::TimeoutError(_) => {
                Why::Passing("Secrets Manager did not answer in time".to_owned())
            }
            SdkError::DispatchFailure(_) => Why::Passing(format!(
                "Secrets Manager could not be reached in {}: {}",
                self.region,
                innermost(error)
            )),
            SdkError::ServiceError(_) if !is_passing(status, error.code()) => Why::Refused(
                format!("{} ({})", self.refusal(error.code()), Marks::of(error)),
            ),
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => Why::Passing(format!(
                "Secrets Manager answered {} ({})",
                status.unwrap_or_default(),
                Marks::of(error)
            )),
            _ => Why::Passing(NOT_MADE.to_owned()),
        }
    }

    /// The meaning of a refusal with `code`, and its remedy.
    fn refusal(&self, code: Option<&str>) -> String {
        let text = match code {
            Some("ResourceNotFoundException") => {
                let region = &self.region;
                return format!(
                    "there is no such secret in {region}, or it has no value: check FAREBOX_SECRET_ID and AWS_REGION"
                );
            }
            Some("AccessDeniedException") => {
                "permission denied: the function's role needs secretsmanager:GetSecretValue on it, and kms:Decrypt on its key where that is not AWS's own"
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

fn bundle(output: GetSecretValueOutput) -> Result<Bundle, Why> {
    match output.secret_string {
        Some(text) => Ok(Bundle {
            text: SecretString::from(text),
            version: output.version_id,
        }),
        None => Err(Why::Malformed(
            "it is binary; it must be text that is one JSON object".to_owned(),
        )),
    }
}

/// True when a retry may succeed.
fn is_passing(status: Option<u16>, code: Option<&str>) -> bool {
    let is_throttled = code.is_some_and(|code| {
        code.contains("Throttl")
            || matches!(code, "TooManyRequestsException" | "RequestLimitExceeded")
    });
    is_throttled || status.is_none_or(|status| status == 429 || status >= 500)
}

const NOT_MADE: &str = "the request could not be made";
