//! Delivers to the site's endpoint: a POST signed by Standard Webhooks
//! (<https://www.standardwebhooks.com>), for which there are libraries in every language. Any 2xx
//! acknowledges it; a redirect does not.

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, StatusCode, Uri, body::Bytes};
use secrecy::ExposeSecret as _;
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook,
};

use super::DeliveryError;
use crate::{Secrets, http, store::Message};

/// The endpoint, and the keys to sign for it.
#[derive(Clone, Debug)]
pub(in crate::delivery) struct Endpoint {
    url: Uri,
    secrets: Secrets,
    http: http::Client,
}

impl Endpoint {
    pub(super) fn new(url: Uri, secrets: Secrets) -> Self {
        Self {
            url,
            secrets,
            http: http::pooled_client(),
        }
    }

    /// Sends `message`, signed at `now` (Unix seconds).
    pub(super) async fn post(&self, message: &Message, now: i64) -> Result<(), DeliveryError> {
        let keys = self.secrets.current().await?;
        let signer = Webhook::new(keys.notify_secret()?.expose_secret())?;
        let signature = signer.sign(&message.id, now, message.body.as_bytes())?;
        let request = Request::post(&self.url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("Farebox/", env!("CARGO_PKG_VERSION")))
            .header(HEADER_WEBHOOK_ID, &message.id)
            .header(HEADER_WEBHOOK_TIMESTAMP, now)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(Full::from(message.body.clone()))?;
        match self.exchange(request).await? {
            status if status.is_success() => Ok(()),
            status => Err(DeliveryError::Refused(status)),
        }
    }

    /// Sends `request`; returns the status. Reads a short body to its end, so that the connection
    /// can be reused, and leaves a long one.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<StatusCode, DeliveryError> {
        let response = self.http.request(request).await;
        let response = response.map_err(|error| DeliveryError::Unreachable(error.to_string()))?;
        let status = response.status();
        let _ = Limited::new(response.into_body(), 16 * 1024)
            .collect()
            .await;
        Ok(status)
    }
}
