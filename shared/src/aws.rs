//! Calls to AWS: region, credentials and limits of time, over our own pooled client.
//!
//! The service crates bring the requests, their signing and retries; the connections are ours, with
//! the same TLS and the same roots as those to Stripe. So a binary holds one HTTP stack, and no
//! start reads the machine's certificates.
//!
//! Credentials are looked for in one place: in the environment, where Lambda puts them; or on Vercel, whose
//! machines may carry variables of AWS's that are not ours, in what a request brings ([`WebIdentity`]).

mod role;
#[cfg(test)]
pub(crate) mod stand_in;
mod sts;
mod web_identity;

use std::time::Duration;

use aws_credential_types::{
    Credentials,
    provider::{ProvideCredentials, SharedCredentialsProvider},
};
use aws_sdk_secretsmanager::config::IdentityCache;
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_runtime_api::{
    client::{
        behavior_version::BehaviorVersion,
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::{body::SdkBody, retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
use http_body_util::{BodyExt as _, Full, Limited};
use role::Role;
pub use sts::Refused;
use sts::Sts;
pub use web_identity::WebIdentity;

use crate::{
    config::{ApiBase, Reader},
    http,
};

/// The largest answer that is read: above DynamoDB's own limit of 16 MB.
const LARGEST_ANSWER: usize = 17 * 1024 * 1024;
/// One attempt of a call; the first one includes a handshake.
const ATTEMPT: Duration = Duration::from_secs(3);
/// A whole call, its retries included: below the time that Stripe waits for an answer.
const OPERATION: Duration = Duration::from_secs(8);

/// Where AWS is and who calls it; cheap to clone, and all clones share connections and credentials.
#[derive(Clone, Debug)]
pub struct Aws {
    config: SdkConfig,
    web_identity: Option<WebIdentity>,
}

impl Aws {
    /// From `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`; on Vercel from `AWS_ROLE_ARN` in place of the keys. The absence of a region, a
    /// key or the role is a problem.
    pub(crate) fn read(read: &mut Reader<'_>, is_vercel: bool) -> Option<Self> {
        read.require(REGION);
        let region = read.value(REGION, text);
        let endpoint = read.value("AWS_ENDPOINT_URL", ApiBase::parse);
        if is_vercel {
            read.require(ROLE);
            let role = read.value(ROLE, Role::parse);
            return Some(Self::of_requests(region?, endpoint, role?));
        }
        let credentials = credentials(read);
        Some(Self::new(region?, endpoint, credentials?))
    }

    /// Called by whoever the requests' tokens are good for.
    fn of_requests(region: String, endpoint: Option<ApiBase>, role: Role) -> Self {
        let address = endpoint.as_ref().map(ApiBase::as_str);
        let sts = Sts::new(http::pooled_client(), address, &region, role);
        let web_identity = WebIdentity::new(sts);
        Self {
            web_identity: Some(web_identity.clone()),
            ..Self::new(region, endpoint, web_identity)
        }
    }

    fn new(
        region: String,
        endpoint: Option<ApiBase>,
        credentials: impl ProvideCredentials + 'static,
    ) -> Self {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // What is provided is held already, and by one holder for all services.
            .identity_cache(IdentityCache::no_cache())
            .http_client(Pooled(http::pooled_client()))
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .timeout_config(timeouts);
        config.set_endpoint_url(endpoint.map(|endpoint| endpoint.as_str().to_owned()));
        Self {
            config: config.build(),
            web_identity: None,
        }
    }

    /// Who calls, where requests bring it.
    pub(crate) fn web_identity(&self) -> Option<&WebIdentity> {
        self.web_identity.as_ref()
    }

    /// What a service's client is made from.
    #[must_use]
    pub fn config(&self) -> &SdkConfig {
        &self.config
    }
}

const REGION: &str = "AWS_REGION";
const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const ROLE: &str = "AWS_ROLE_ARN";

fn text(text: &str) -> Result<String, &'static str> {
    Ok(text.to_owned())
}

/// The keys in the environment.
fn credentials(read: &mut Reader<'_>) -> Option<Credentials> {
    for name in [ACCESS_KEY, SECRET_KEY] {
        read.require(name);
    }
    let key = read.value(ACCESS_KEY, text);
    let secret = read.value(SECRET_KEY, text);
    let token = read.value("AWS_SESSION_TOKEN", text);
    Some(Credentials::new(key?, secret?, token, None, "environment"))
}

/// Our client, as the service crates call it.
#[derive(Clone, Debug)]
struct Pooled(http::Client);

impl HttpClient for Pooled {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Pooled {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = self.0.clone();
        HttpConnectorFuture::new(async move { exchange(client, request).await })
    }
}

async fn exchange(
    client: http::Client,
    request: HttpRequest,
) -> Result<HttpResponse, ConnectorError> {
    let request = request
        .try_into_http1x()
        .map_err(|error| ConnectorError::user(error.into()))?;
    // Every request of ours is in memory; a stream would be a request that we do not make.
    let request = request.map(|body| Full::from(body.bytes().unwrap_or_default().to_vec()));
    let response = client
        .request(request)
        .await
        .map_err(|error| ConnectorError::io(error.into()))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, LARGEST_ANSWER)
        .collect()
        .await
        .map_err(ConnectorError::io)?;
    let status = StatusCode::try_from(head.status.as_u16());
    let status = status.map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut answer = HttpResponse::new(status, SdkBody::from(body.to_bytes()));
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            answer
                .headers_mut()
                .append(name.as_str().to_owned(), value.to_owned());
        }
    }
    Ok(answer)
}
