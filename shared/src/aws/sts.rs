//! One call to AWS's Security Token Service: it exchanges Vercel's token for credentials of a role.
//!
//! It is one form and one answer, and needs no signature. So it is written here, without a further
//! service crate.

use std::time::Duration;

use aws_credential_types::Credentials;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, body::Bytes, header::CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::form_urlencoded;

use super::{call::REUSED, role::Role};
use crate::{cause::innermost, http, rfc3339};

/// The limit of one attempt; a second one follows when nothing answered.
const ATTEMPT: Duration = Duration::from_secs(3);
/// STS's own limit of a token is 20,000 characters; an answer holds a token of its own.
const LARGEST_ANSWER: usize = 64 * 1024;
/// The requested lifetime of credentials, in seconds: the most that every role allows.
const LIFETIME: u32 = 3_600;

/// The reason why there are no credentials. It holds AWS's code, and nothing of the token or of
/// AWS's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StsError {
    /// The request came without a token.
    #[error(
        "the request has no x-vercel-oidc-token: enable OIDC federation in the project's settings \
         on Vercel"
    )]
    NoToken,
    /// STS does not let the token's bearer assume the role.
    #[error(
        "AWS STS refused the token of Vercel ({0}): check AWS_ROLE_ARN, the role's trust policy \
         and the identity provider"
    )]
    Denied(String),
    /// STS did not answer, or could not.
    #[error("AWS STS did not answer: {0}")]
    Unreachable(String),
    /// The answer contains no credentials with enough lifetime.
    #[error("AWS STS answered without credentials")]
    Malformed,
}

/// The credentials from STS.
#[derive(Debug)]
pub(super) struct Issued {
    pub(super) credentials: Credentials,
    /// The end of their validity, in Unix seconds.
    pub(super) until: i64,
}

/// The address of STS, and the role.
#[derive(Clone, Debug)]
pub(super) struct Sts {
    http: http::Client,
    url: String,
    role: Role,
}

impl Sts {
    /// STS in `region`, unless an endpoint is given.
    pub(super) fn new(
        http: http::Client,
        endpoint: Option<&str>,
        region: &str,
        role: Role,
    ) -> Self {
        let url = match endpoint {
            Some(endpoint) => format!("{endpoint}/"),
            None => format!("https://sts.{region}.{}/", super::domain(region)),
        };
        Self { http, url, role }
    }

    /// Exchanges `token`; retries once when nothing answered.
    pub(super) async fn exchange(&self, token: &SecretString) -> Result<Issued, StsError> {
        match self.attempt(token).await {
            Err(StsError::Unreachable(_)) => self.attempt(token).await,
            done => done,
        }
    }

    async fn attempt(&self, token: &SecretString) -> Result<Issued, StsError> {
        let call = timeout(ATTEMPT, self.call(token)).await;
        let (status, text) = call.map_err(|_| {
            let seconds = ATTEMPT.as_secs();
            StsError::Unreachable(format!("no answer within {seconds} s"))
        })??;
        match status {
            200 => issued(&text).ok_or(StsError::Malformed),
            _ => Err(refusal(status, element(&text, "Code"))),
        }
    }

    /// The status, and the body as text.
    async fn call(&self, token: &SecretString) -> Result<(u16, String), StsError> {
        let lost = |what: String| StsError::Unreachable(what);
        let request = Request::post(&self.url)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::new(Bytes::from(self.form(token))))
            .map_err(|error| lost(error.to_string()))?;
        let response = self.http.request_within(request, REUSED).await;
        let response = response.map_err(|error| lost(innermost(&error)))?;
        let status = response.status().as_u16();
        let body = Limited::new(response.into_body(), LARGEST_ANSWER);
        let body = body.collect().await;
        let body = body.map_err(|error| lost(innermost(&*error)))?.to_bytes();
        Ok((status, String::from_utf8_lossy(&body).into_owned()))
    }

    fn form(&self, token: &SecretString) -> String {
        form_urlencoded::Serializer::new(String::new())
            .append_pair("Action", "AssumeRoleWithWebIdentity")
            .append_pair("Version", "2011-06-15")
            .append_pair("RoleSessionName", "farebox")
            .append_pair("DurationSeconds", &LIFETIME.to_string())
            .append_pair("RoleArn", self.role.arn())
            .append_pair("WebIdentityToken", token.expose_secret())
            .finish()
    }
}

/// The error for a status that is not 200.
fn refusal(status: u16, code: Option<&str>) -> StsError {
    let is_code = |code: &&str| code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric());
    let code = code.filter(is_code).unwrap_or("no code");
    let said = format!("{status} {code}");
    let is_transient =
        status == 429 || status >= 500 || matches!(code, "Throttling" | "IDPCommunicationError");
    match is_transient {
        true => StsError::Unreachable(said),
        false => StsError::Denied(said),
    }
}

/// The credentials in STS's answer.
fn issued(text: &str) -> Option<Issued> {
    let held = element(text, "Credentials")?;
    let word = |name| element(held, name).filter(|text| !text.is_empty());
    let until = rfc3339::parse(word("Expiration")?)?;
    let (key, secret) = (word("AccessKeyId")?, word("SecretAccessKey")?);
    let session = Some(word("SessionToken")?.to_owned());
    let credentials = Credentials::new(key, secret, session, None, "Vercel's OIDC token");
    Some(Issued { credentials, until })
}

/// The text in the first element `name`. None of the elements in use has characters that XML would
/// escape.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    Some(inner.trim())
}
