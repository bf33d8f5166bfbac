//! Calls AWS: region, credentials and time limits, over Farebox's own pooled client.
//!
//! The service crates write the requests and read the answers. The signing (`sign`) and the
//! connections (`call`) are Farebox's own, with the same TLS and the same roots as those to Stripe.
//! So a binary contains one HTTP stack, and no start reads the machine's certificates.
//!
//! Credentials have one source: the environment, where Lambda puts them. On Vercel, whose machines
//! may carry AWS variables of the platform, the source is a request's token instead
//! ([`WebIdentity`]).

mod call;
mod error_metadata;
mod role;
mod sign;
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
use aws_smithy_runtime_api::client::{
    behavior_version::BehaviorVersion,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use aws_smithy_types::{retry::RetryConfig, timeout::TimeoutConfig};
use aws_types::{SdkConfig, region::Region};
pub(crate) use call::{OperationInput, Prepared, Service, clock_skew, operation_inputs};
pub use error_metadata::ErrorMetadata;
pub(crate) use error_metadata::UNKNOWN;
use http_body_util::Full;
use hyper::Uri;
use role::Role;
use sign::Signer;
use sts::Sts;
pub use sts::StsError;
pub use web_identity::WebIdentity;

use crate::{
    env::{ApiBase, Reader, SESSION_TOKEN},
    http,
};

/// The limit of a whole call by a service crate's client, its retries included: below the time that
/// Stripe waits for an answer.
const OPERATION: Duration = Duration::from_secs(8);

/// The region and credentials of AWS; cheap to clone, and all clones share connections and
/// credentials.
#[derive(Clone, Debug)]
pub struct Aws {
    region: String,
    endpoint: Option<ApiBase>,
    credentials: SharedCredentialsProvider,
    http: http::Client,
    web_identity: Option<WebIdentity>,
}

impl Aws {
    /// Reads `AWS_REGION`, `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`; on Vercel `AWS_ROLE_ARN` in place of the keys. The absence of a region,
    /// a key or the role is a problem.
    pub(crate) fn read(read: &mut Reader<'_>, is_vercel: bool) -> Option<Self> {
        read.require(REGION);
        let region = read.value(REGION, region);
        let endpoint = read.value("AWS_ENDPOINT_URL", ApiBase::parse);
        if is_vercel {
            read.require(ROLE);
            let role = read.value(ROLE, Role::parse);
            return Some(Self::of_requests(region?, endpoint, role?));
        }
        let credentials = credentials(read);
        Some(Self::new(region?, endpoint, credentials?))
    }

    /// AWS with the credentials that requests' tokens grant.
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
        Self {
            region,
            endpoint,
            credentials: SharedCredentialsProvider::new(credentials),
            http: http::pooled_client(),
            web_identity: None,
        }
    }

    /// The region's name.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// The service `name`, as in addresses and signatures, such as `dynamodb`.
    pub(crate) fn service(&self, name: &'static str) -> Service {
        let url = match &self.endpoint {
            Some(endpoint) => format!("{}/", endpoint.as_str()),
            None => format!("https://{name}.{}.{}/", self.region, domain(&self.region)),
        };
        let url = Uri::try_from(url).expect("both settings were checked");
        let signer = Signer::new(self.region.clone(), name);
        Service::new(self.http.clone(), url, signer, self.credentials.clone())
    }

    /// The source of credentials, where they come with requests.
    pub(crate) fn web_identity(&self) -> Option<&WebIdentity> {
        self.web_identity.as_ref()
    }

    /// The configuration for a service crate's own client. Such a client is slower to create and to
    /// use than the one for Secrets Manager and DynamoDB.
    #[must_use]
    pub fn config(&self) -> SdkConfig {
        let timeouts = TimeoutConfig::builder()
            .operation_attempt_timeout(call::ATTEMPT)
            .operation_timeout(OPERATION)
            .build();
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(self.credentials.clone())
            // The credentials are cached already, by one holder for all services.
            .identity_cache(IdentityCache::no_cache())
            .http_client(Pooled(self.http.clone()))
            .sleep_impl(TokioSleep::new())
            .retry_config(RetryConfig::standard().with_max_attempts(4))
            .timeout_config(timeouts);
        config.set_endpoint_url(self.endpoint.as_ref().map(|url| url.as_str().to_owned()));
        config.build()
    }
}

/// The domain of AWS's services in the partition of `region`.
fn domain(region: &str) -> &'static str {
    let is_of = |prefix| region.starts_with(prefix);
    match () {
        () if is_of("cn-") => "amazonaws.com.cn",
        () if is_of("eusc-") => "amazonaws.eu",
        () if is_of("us-iso-") => "c2s.ic.gov",
        () if is_of("us-isob-") => "sc2s.sgov.gov",
        () if is_of("us-isof-") => "csp.hci.ic.gov",
        () if is_of("eu-isoe-") => "cloud.adc-e.uk",
        () => "amazonaws.com",
    }
}

const REGION: &str = "AWS_REGION";
const ACCESS_KEY: &str = "AWS_ACCESS_KEY_ID";
const SECRET_KEY: &str = "AWS_SECRET_ACCESS_KEY";
const ROLE: &str = "AWS_ROLE_ARN";

/// The name of a region: part of an address.
fn region(text: &str) -> Result<String, &'static str> {
    let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    match !text.is_empty() && text.len() <= 32 && text.bytes().all(is_allowed) {
        true => Ok(text.to_owned()),
        false => Err("must be the name of a region, such as eu-west-1"),
    }
}

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
    let token = read.value(SESSION_TOKEN, text);
    Some(Credentials::new(key?, secret?, token, None, "environment"))
}

/// The pooled client, in the form that the service crates call.
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
        HttpConnectorFuture::new(async move {
            let request = request
                .try_into_http1x()
                .map_err(|error| ConnectorError::user(error.into()))?;
            // Farebox's requests are all in memory; a stream would be a request that it does not
            // send.
            let request = request.map(|body| Full::from(body.bytes().unwrap_or_default().to_vec()));
            call::exchange(&client, request).await
        })
    }
}
