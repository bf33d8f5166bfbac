//! One call to an AWS service. The service crate writes the request and reads the answer. This
//! module does what lies between: the address, the signature, the connection, the time limit and
//! the clock.
//!
//! A service crate's own client does more: at every start it compiles the patterns of all
//! partitions' regions, and it runs every call through a stack of interceptors and retry
//! strategies. Only the serializers and deserializers of its operations are used here.

use std::{
    error::Error,
    fmt,
    marker::PhantomData,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering::Relaxed},
    },
    time::Duration,
};

use aws_credential_types::provider::{ProvideCredentials as _, SharedCredentialsProvider};
use aws_smithy_runtime_api::{
    client::{
        interceptors::context::{Error as ErasedError, Input, Output},
        orchestrator::HttpResponse,
        result::{ConnectorError, SdkError},
        runtime_plugin::RuntimePlugin,
        ser_de::{
            DeserializeResponse as _, SerializeRequest as _, SharedRequestSerializer,
            SharedResponseDeserializer,
        },
    },
    http::StatusCode,
};
use aws_smithy_types::{DateTime, body::SdkBody, config_bag::ConfigBag, date_time::Format};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{
    HeaderMap, Request, Uri,
    body::Bytes,
    header::{AUTHORIZATION, CONTENT_TYPE, HOST, HeaderName, HeaderValue, USER_AGENT},
};
use tokio::time::timeout;

use super::sign::{Signable, Signer};
use crate::{Clock, cause::Cause, http, rfc3339};

/// The largest answer that is read: above DynamoDB's own limit of 16 MB.
const LARGEST_ANSWER: usize = 17 * 1024 * 1024;
/// The limit of one attempt; the first one includes a handshake.
pub(super) const ATTEMPT: Duration = Duration::from_secs(3);
/// The limit for a connection, and for the first byte on a reused one, which may be dead.
pub(super) const REUSED: Duration = Duration::from_millis(1_500);
/// The clock skew, in seconds, from which a signature counts as mistimed. AWS allows five
/// minutes.
const MISTIMED: u64 = 240;

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// The input of a service's operation; it names the operation and its output.
pub(crate) trait OperationInput: fmt::Debug + Send + Sync + 'static {
    type Operation: RuntimePlugin + Default;
    type Output: fmt::Debug + Send + Sync + 'static;
    type Error: Error + Send + Sync + 'static;
}

/// Implements [`OperationInput`] for inputs of a service crate.
macro_rules! operation_inputs {
    ($($input:ty: $operation:ty => $output:ty, $error:ty;)*) => {$(
        impl $crate::aws::OperationInput for $input {
            type Operation = $operation;
            type Output = $output;
            type Error = $error;
        }
    )*};
}
pub(crate) use operation_inputs;

/// A serialized request, which may be sent any number of times.
pub(crate) struct Prepared<I> {
    headers: HeaderMap,
    body: Bytes,
    reader: Reader,
    input: PhantomData<fn(I)>,
}

/// The reader of an answer: the operation's settings, with its deserializer among them.
struct Reader(ConfigBag);

/// An error of a service, of any kind.
type Failed = SdkError<ErasedError, HttpResponse>;

impl<I: OperationInput> Prepared<I> {
    /// Serializes `input`.
    ///
    /// # Errors
    ///
    /// When the input cannot be serialized.
    pub(crate) fn new(input: I) -> Result<Self, Cause> {
        let mut settings = ConfigBag::base();
        if let Some(layer) = I::Operation::default().config() {
            settings.push_shared_layer(layer);
        }
        let (headers, body) = written(Input::erase(input), &mut settings)?;
        Ok(Self {
            headers,
            body,
            reader: Reader(settings),
            input: PhantomData,
        })
    }
}

fn written(input: Input, settings: &mut ConfigBag) -> Result<(HeaderMap, Bytes), Cause> {
    let serializer = settings.load::<SharedRequestSerializer>().cloned();
    let serializer = serializer.ok_or("the operation does not write requests")?;
    let request = serializer.serialize_input(input, settings)?;
    let (head, body) = request.try_into_http1x()?.into_parts();
    let body = body.bytes().ok_or("a body that is not in memory")?;
    let mut headers = HeaderMap::with_capacity(8);
    for name in [CONTENT_TYPE, TARGET] {
        let value = head.headers.get(&name).cloned();
        headers.insert(name, value.ok_or("a header is missing")?);
    }
    Ok((headers, Bytes::copy_from_slice(body)))
}

impl Reader {
    fn read(&self, answer: HttpResponse) -> Result<Output, Box<Failed>> {
        let Some(deserializer) = self.0.load::<SharedResponseDeserializer>() else {
            return Err(Box::new(SdkError::response_error(NOT_READ, answer)));
        };
        let read = deserializer.deserialize_nonstreaming_with_config(&answer, &self.0);
        read.map_err(|error| {
            let mut said = None;
            let _ = error.map_operation_error(|error| said = Some(error));
            Box::new(match said {
                Some(error) => SdkError::service_error(error, answer),
                None => SdkError::response_error(NOT_READ, answer),
            })
        })
    }
}

/// A service in a region, with the caller's credentials; cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Service(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    http: http::Client,
    url: Uri,
    signer: Signer,
    credentials: SharedCredentialsProvider,
    /// The seconds by which this machine's clock is behind AWS's, learned from a rejected
    /// signature.
    clock_skew: AtomicI64,
}

impl Service {
    pub(super) fn new(
        http: http::Client,
        url: Uri,
        signer: Signer,
        credentials: SharedCredentialsProvider,
    ) -> Self {
        Self(Arc::new(Shared {
            http,
            url,
            signer,
            credentials,
            clock_skew: AtomicI64::new(0),
        }))
    }

    /// Sends a request once.
    ///
    /// # Errors
    ///
    /// The service's error, or the reason why there is no answer.
    pub(crate) async fn send<I: OperationInput>(
        &self,
        request: &Prepared<I>,
    ) -> Result<I::Output, SdkError<I::Error, HttpResponse>> {
        let read = match self
            .exchange(request.headers.clone(), request.body.clone())
            .await
        {
            Ok(answer) => request.reader.read(answer).map_err(|error| *error),
            Err(error) => Err(error),
        };
        match read {
            Ok(output) => {
                let output = output.downcast::<I::Output>();
                Ok(output.expect("an operation has one output"))
            }
            Err(error) => Err(error.map_service_error(|error| {
                let error = error.downcast::<I::Error>();
                error.expect("an operation has one type of error")
            })),
        }
    }

    async fn exchange(&self, headers: HeaderMap, body: Bytes) -> Result<HttpResponse, Failed> {
        let lost = |source: Cause| SdkError::dispatch_failure(ConnectorError::other(source, None));
        let signed = self.signed(headers, body).await.map_err(lost)?;
        let answer = timeout(ATTEMPT, exchange(&self.0.http, signed)).await;
        let answer = answer
            .map_err(SdkError::timeout_error)?
            .map_err(SdkError::dispatch_failure)?;
        if !answer.status().is_success() && answer.headers().get("date").is_some() {
            let skew = clock_skew(&answer).unwrap_or_default();
            self.0.clock_skew.store(skew, Relaxed);
        }
        Ok(answer)
    }

    async fn signed(
        &self,
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<Request<Full<Bytes>>, Cause> {
        let Shared { url, signer, .. } = &*self.0;
        let credentials = self.0.credentials.provide_credentials().await?;
        let now = Clock::default().now() + self.0.clock_skew.load(Relaxed);
        let mut time = rfc3339::format(now);
        time.retain(|c| c.is_ascii_alphanumeric());
        let host = url.authority().map_or("", |authority| authority.as_str());
        headers.insert(HOST, HeaderValue::from_str(host)?);
        headers.insert(DATE, HeaderValue::from_str(&time)?);
        if let Some(token) = credentials.session_token() {
            let mut token = HeaderValue::from_str(token)?;
            token.set_sensitive(true);
            headers.insert(TOKEN, token);
        }
        let names = [CONTENT_TYPE, HOST, DATE, TOKEN, TARGET];
        let mut signed = Vec::with_capacity(names.len());
        for name in &names {
            if let Some(value) = headers.get(name) {
                signed.push((name.as_str(), value.to_str()?));
            }
        }
        let signature = signer.authorization(
            &credentials,
            &Signable {
                headers: &signed,
                body: &body,
                time: &time,
            },
        );
        let mut signature = HeaderValue::try_from(signature)?;
        signature.set_sensitive(true);
        headers.insert(AUTHORIZATION, signature);
        headers.insert(USER_AGENT, HeaderValue::from_static(OURS));
        let mut request = Request::post(url).body(Full::new(body))?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

const NOT_READ: &str = "the answer could not be read";
const OURS: &str = concat!("Farebox/", env!("CARGO_PKG_VERSION"));

/// Sends `request`, which is safe to send twice, and reads the whole answer.
pub(super) async fn exchange(
    client: &http::Client,
    request: Request<Full<Bytes>>,
) -> Result<HttpResponse, ConnectorError> {
    let response = client.request_within(request, REUSED).await;
    let response = response.map_err(|error| ConnectorError::io(error.into()))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, LARGEST_ANSWER).collect().await;
    let body = body.map_err(ConnectorError::io)?;
    let status = StatusCode::try_from(head.status.as_u16());
    let status = status.map_err(|error| ConnectorError::other(error.into(), None))?;
    let mut answer = HttpResponse::new(status, SdkBody::from(body.to_bytes()));
    for (name, value) in &head.headers {
        if let Ok(value) = value.to_str() {
            let (name, value) = (name.as_str().to_owned(), value.to_owned());
            answer.headers_mut().append(name, value);
        }
    }
    Ok(answer)
}

/// The clock skew: the seconds by which this machine's clock is behind AWS's, negative where it is
/// ahead. `None` where it is small, or `answer` does not tell.
pub(crate) fn clock_skew(answer: &HttpResponse) -> Option<i64> {
    let date = answer.headers().get("date")?;
    let date = DateTime::from_str(date, Format::HttpDate).ok()?;
    let skew = date.secs() - Clock::default().now();
    (skew.unsigned_abs() > MISTIMED).then_some(skew)
}

#[cfg(test)]
mod tests;
