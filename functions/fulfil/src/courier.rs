//! How a message travels: to the log, or to the site's endpoint.
//!
//! To an endpoint it is a POST signed by Standard Webhooks (<https://www.standardwebhooks.com>), for
//! which there are libraries in every language. Any 2xx acknowledges it; a redirect does not.

use std::time::Duration;

use axum::{
    body::Bytes,
    http::{Request, StatusCode, Uri},
};
use http_body_util::{BodyExt as _, Full, Limited};
use secrecy::ExposeSecret as _;
use serde::Deserialize;
use shared::{
    Config, Secrets,
    config::Destination,
    http,
    ledger::Message,
    secrets::{Missing, Unreadable},
};
use standardwebhooks::{
    HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook, WebhookError,
};

/// How long the site may take to acknowledge a message.
const PATIENCE: Duration = Duration::from_secs(15);

/// Why a message was not delivered. Never holds what the endpoint answered, nor what was sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Undelivered {
    /// The endpoint answered something else than a 2xx.
    #[error("the endpoint answered {0}")]
    Refused(StatusCode),
    /// The endpoint could not be reached.
    #[error("the endpoint could not be reached: {0}")]
    Unreachable(String),
    /// The endpoint did not answer in time.
    #[error("the endpoint did not answer within {} s", PATIENCE.as_secs())]
    Late,
    /// There is nothing to sign with.
    #[error(transparent)]
    NoSecret(#[from] Missing),
    /// What to sign with cannot be read.
    #[error(transparent)]
    Unreadable(#[from] Unreadable),
    /// The message could not be signed.
    #[error("the message could not be signed: {0}")]
    Unsigned(#[from] WebhookError),
    /// The request could not be made.
    #[error("the request could not be made: {0}")]
    Malformed(#[from] axum::http::Error),
}

/// Takes messages to where the settings say.
#[derive(Clone, Debug)]
pub struct Courier {
    destination: Destination,
    secrets: Secrets,
    http: http::Client,
}

impl Courier {
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            destination: config.fulfil.clone().unwrap_or(Destination::Log),
            secrets: config.secrets.clone(),
            http: http::pooled_client(),
        }
    }

    /// Delivers `message`, signed at `now` (Unix seconds).
    ///
    /// # Errors
    ///
    /// [`Undelivered`]; the endpoint may have it all the same.
    pub async fn deliver(&self, message: &Message, now: i64) -> Result<(), Undelivered> {
        match &self.destination {
            Destination::Endpoint(url) => self.post(url, message, now).await,
            _ => {
                log(message);
                Ok(())
            }
        }
    }

    async fn post(&self, url: &Uri, message: &Message, now: i64) -> Result<(), Undelivered> {
        let keys = self.secrets.current().await?;
        let signer = Webhook::new(keys.fulfil_secret()?.expose_secret())?;
        let signature = signer.sign(&message.id, now, message.body.as_bytes())?;
        let request = Request::post(url)
            .header("content-type", "application/json")
            .header("user-agent", concat!("Farebox/", env!("CARGO_PKG_VERSION")))
            .header(HEADER_WEBHOOK_ID, &message.id)
            .header(HEADER_WEBHOOK_TIMESTAMP, now)
            .header(HEADER_WEBHOOK_SIGNATURE, signature)
            .body(Full::from(message.body.clone()))?;
        let answered = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        match answered.map_err(|_| Undelivered::Late)?? {
            status if status.is_success() => Ok(()),
            status => Err(Undelivered::Refused(status)),
        }
    }

    /// Sends `request`; gives the status. The body is read to its end where it is short, so that the
    /// connection can be used again, and else left.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<StatusCode, Undelivered> {
        let response = self.http.request(request).await;
        let response = response.map_err(|error| Undelivered::Unreachable(error.to_string()))?;
        let status = response.status();
        let _ = Limited::new(response.into_body(), 16 * 1024)
            .collect()
            .await;
        Ok(status)
    }
}

/// What of an order's message is fit for a log: no customer, no metadata.
#[derive(Default, Deserialize)]
struct Loggable {
    data: LoggableData,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LoggableData {
    order_id: Option<String>,
    status: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    refunded_amount: Option<i64>,
}

fn log(message: &Message) {
    let data = match message.kind.starts_with("order.") {
        true => {
            serde_json::from_str::<Loggable>(&message.body)
                .unwrap_or_default()
                .data
        }
        false => LoggableData::default(),
    };
    tracing::info!(
        message.id,
        message.type = message.kind,
        order.id = data.order_id,
        order.status = data.status,
        order.amount = data.amount,
        order.currency = data.currency,
        order.refunded_amount = data.refunded_amount,
        "fulfil"
    );
}
