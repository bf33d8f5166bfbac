//! The loggable metadata of an AWS error: its code and the request's id, by which AWS finds it.
//! Never the message, which may quote the request.

use std::fmt;

use aws_smithy_runtime_api::client::{orchestrator::HttpResponse, result::SdkError};
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use aws_types::request_id::RequestId as _;

/// The code and the request's id, or placeholders where AWS sent none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorMetadata {
    /// AWS's code, such as `AccessDeniedException`; else how the call ended.
    pub code: String,
    /// `unknown` where there is none.
    pub request_id: String,
}

impl ErrorMetadata {
    /// The metadata of `error`.
    #[must_use]
    pub fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let code = error.code().unwrap_or(match error {
            SdkError::ServiceError(_) => "no code",
            SdkError::TimeoutError(_) => "timed out",
            SdkError::DispatchFailure(_) => "unreachable",
            _ => "no usable answer",
        });
        Self {
            code: code.to_owned(),
            request_id: error.request_id().unwrap_or(UNKNOWN).to_owned(),
        }
    }
}

impl fmt::Display for ErrorMetadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, request {}", self.code, self.request_id)
    }
}

/// The placeholder for an id that AWS did not send.
pub(crate) const UNKNOWN: &str = "unknown";
