//! A stand-in for AWS Secrets Manager: one secret, on a port of this machine.
//!
//! It answers `GetSecretValue` as AWS does (JSON 1.1), counts the readings, and fails when told to.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use serde_json::{Value, json};
use tokio::{net::TcpListener, task::JoinHandle};

/// Secrets Manager with one secret, while it lives.
#[derive(Debug)]
pub struct SecretsManager {
    url: String,
    secret: Arc<Mutex<Secret>>,
    server: JoinHandle<()>,
}

/// What a reading is answered instead of the secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outage {
    /// 500, as when AWS has a bad moment.
    Failing,
    /// 400 `ThrottlingException`.
    Throttled,
    /// 400 `AccessDeniedException`.
    Denied,
    /// 400 `ResourceNotFoundException`.
    Missing,
    /// No answer at all.
    Silent,
}

#[derive(Debug)]
struct Secret {
    text: String,
    is_binary: bool,
    version: usize,
    outage: Option<Outage>,
    readings: usize,
}

impl SecretsManager {
    /// The name of the secret.
    pub const ID: &'static str = "farebox/test";

    /// Starts it with a secret that holds `bundle`.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn start(bundle: &Value) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port is there");
        let address = listener.local_addr().expect("it is bound");
        let secret = Arc::new(Mutex::new(Secret {
            text: bundle.to_string(),
            is_binary: false,
            version: 1,
            outage: None,
            readings: 0,
        }));
        let routes = Router::new()
            .route("/", post(answer))
            .with_state(Arc::clone(&secret));
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves");
        });
        Self {
            url: format!("http://{address}"),
            secret,
            server,
        }
    }

    /// Variables that make a function read its keys here.
    #[must_use]
    pub fn variables(&self) -> [(String, String); 5] {
        [
            ("FAREBOX_SECRET_ID", Self::ID),
            ("AWS_ENDPOINT_URL", &self.url),
            ("AWS_REGION", "eu-central-1"),
            ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
            (
                "AWS_SECRET_ACCESS_KEY",
                "the-secret-access-key-of-the-tests",
            ),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    }

    /// Replaces what the secret holds.
    pub fn put(&self, bundle: &Value) {
        self.put_text(&bundle.to_string());
    }

    /// Replaces what the secret holds by any text.
    pub fn put_text(&self, text: &str) {
        let mut secret = self.secret();
        text.clone_into(&mut secret.text);
        secret.version += 1;
    }

    /// Makes the secret a binary one.
    pub fn put_binary(&self) {
        self.secret().is_binary = true;
    }

    /// Answers this from now on.
    pub fn fail(&self, outage: Outage) {
        self.secret().outage = Some(outage);
    }

    /// Answers with the secret again.
    pub fn recover(&self) {
        self.secret().outage = None;
    }

    /// How often it was asked, whatever it answered.
    #[must_use]
    pub fn readings(&self) -> usize {
        self.secret().readings
    }

    fn secret(&self) -> MutexGuard<'_, Secret> {
        self.secret.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for SecretsManager {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(
    State(secret): State<Arc<Mutex<Secret>>>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let answer = {
        let mut secret = secret.lock().unwrap_or_else(PoisonError::into_inner);
        secret.readings += 1;
        secret.answer(&headers, &body)
    };
    match answer {
        Some(answer) => answer,
        None => std::future::pending().await,
    }
}

impl Secret {
    /// `None` when there is no answer.
    fn answer(&self, headers: &HeaderMap, body: &str) -> Option<Response> {
        let request: Value = serde_json::from_str(body).unwrap_or_default();
        let is_signed = text(headers, "authorization").starts_with("AWS4-HMAC-SHA256 Credential=");
        let refused = match self.outage {
            Some(Outage::Silent) => return None,
            Some(Outage::Failing) => Some((500, "InternalServiceError")),
            Some(Outage::Throttled) => Some((400, "ThrottlingException")),
            Some(Outage::Denied) => Some((400, "AccessDeniedException")),
            Some(Outage::Missing) => Some((400, "ResourceNotFoundException")),
            None if text(headers, "x-amz-target") != "secretsmanager.GetSecretValue" => {
                Some((400, "UnknownOperationException"))
            }
            None if !is_signed => Some((400, "MissingAuthenticationTokenException")),
            None if request["SecretId"] != SecretsManager::ID => {
                Some((400, "ResourceNotFoundException"))
            }
            None => None,
        };
        Some(match refused {
            Some((status, code)) => {
                let message = format!("what AWS says beside {code}");
                respond(status, &json!({ "__type": code, "message": message }))
            }
            None => respond(200, &self.value()),
        })
    }

    fn value(&self) -> Value {
        let mut value = json!({
            "ARN": "arn:aws:secretsmanager:eu-central-1:123456789012:secret:farebox/test-AbCdEf",
            "Name": SecretsManager::ID,
            "VersionId": format!("00000000-0000-0000-0000-{:012}", self.version),
            "VersionStages": ["AWSCURRENT"],
            "CreatedDate": 1_790_000_000.5,
        });
        match self.is_binary {
            true => value["SecretBinary"] = json!("AAEC"),
            false => value["SecretString"] = json!(self.text),
        }
        value
    }
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    let value = headers.get(name).and_then(|value| value.to_str().ok());
    value.unwrap_or_default()
}

fn respond(status: u16, body: &Value) -> Response {
    let status = StatusCode::from_u16(status).expect("a status");
    let headers = [
        ("content-type", "application/x-amz-json-1.1"),
        ("x-amzn-requestid", "11111111-2222-3333-4444-555555555555"),
    ];
    (status, headers, body.to_string()).into_response()
}
