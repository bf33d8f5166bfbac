//! Reads the secret from AWS Secrets Manager, and says what stands in the way.

use aws_sdk_secretsmanager::{
    Client, Config,
    config::retry::RetryConfig,
    error::{ProvideErrorMetadata as _, SdkError},
    operation::{
        RequestId as _,
        get_secret_value::{GetSecretValueError, GetSecretValueOutput},
    },
};
use futures_util::FutureExt as _;
use secrecy::SecretString;

use super::{
    bundle::Bundle,
    unreadable::{Unreadable, Why},
};
use crate::aws::Aws;

type Failed = SdkError<GetSecretValueError>;

/// The secret that holds the keys.
pub(super) struct Manager {
    client: Client,
    id: String,
    region: String,
}

impl Manager {
    pub(super) fn new(aws: &Aws, id: String) -> Self {
        let config = aws.config();
        let region = config.region().map(ToString::to_string);
        Self {
            client: Client::new(config),
            id,
            region: region.unwrap_or_default(),
        }
    }

    /// The name or the ARN of the secret.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// That this secret cannot be read, because of `why`.
    pub(super) fn unreadable(&self, why: Why) -> Unreadable {
        let id = self.id.clone();
        Unreadable { id, why }
    }

    /// What the secret holds now; asked for again when it fails for a passing reason, unless this is to
    /// be tried only `once`.
    ///
    /// # Errors
    ///
    /// [`Why`] keeps AWS's code and request id, and drops its message.
    pub(super) async fn bundle(&self, once: bool) -> Result<Bundle, Why> {
        let mut changes = Config::builder();
        changes.set_retry_config(once.then(RetryConfig::disabled));
        let request = self.client.get_secret_value().secret_id(&self.id);
        let request = request.customize().config_override(changes);
        // On the heap: the call's own state is large and deep, and every handler would carry it.
        match request.send().boxed().await {
            Ok(output) => bundle(output),
            Err(error) => Err(self.why(&error)),
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
            SdkError::ServiceError(_) if !is_passing(status, error.code()) => {
                Why::Refused(format!("{} ({})", self.refusal(error.code()), marks(error)))
            }
            SdkError::ServiceError(_) | SdkError::ResponseError(_) => Why::Passing(format!(
                "Secrets Manager answered {} ({})",
                status.unwrap_or_default(),
                marks(error)
            )),
            _ => Why::Passing("the request could not be made".to_owned()),
        }
    }

    /// What a refusal with `code` means, and what to do about it.
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

/// Whether the same request may be answered later.
fn is_passing(status: Option<u16>, code: Option<&str>) -> bool {
    let is_throttled = code.is_some_and(|code| {
        code.contains("Throttl")
            || matches!(code, "TooManyRequestsException" | "RequestLimitExceeded")
    });
    is_throttled || status.is_none_or(|status| status == 429 || status >= 500)
}

/// AWS's code and request id.
fn marks(error: &Failed) -> String {
    let code = error.code().unwrap_or("no code");
    let request_id = error.request_id().unwrap_or("none");
    format!("{code}, request {request_id}")
}

/// The cause behind all causes, such as `Connection refused`.
fn innermost(error: &Failed) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
