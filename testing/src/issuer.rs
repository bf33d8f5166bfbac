//! A provider of tokens that publishes its keys, on a free port of this machine.

use std::{
    future::pending,
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Router,
    extract::State,
    response::{IntoResponse as _, Response},
    routing::get,
};
use hyper::StatusCode;
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Notify, task::JoinHandle};

use crate::SigningKey;

/// An issuer, which serves its keys while it lives.
#[derive(Debug)]
pub struct Issuer {
    url: String,
    state: Arc<Mutex<Published>>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Published {
    served: Served,
    fetches: usize,
}

/// What is served where the keys should be.
#[derive(Clone, Debug)]
pub enum Served {
    /// A set of these JWKs.
    Keys(Vec<Value>),
    /// Something else, with this status.
    Answer(StatusCode, String),
    /// A set of these JWKs, once the test says so.
    Later(Arc<Notify>, Vec<Value>),
    /// Nothing, for ever.
    Silence,
}

impl Issuer {
    /// What `iss` is in its tokens.
    pub const NAME: &'static str = "https://id.shop.example/";
    /// What `aud` is in its tokens.
    pub const AUDIENCE: &'static str = "https://api.shop.example";

    /// Publishes `keys`.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn start(keys: &[&SigningKey]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .expect("a free port is there");
        let address = listener.local_addr().expect("it is bound");
        let state = Arc::new(Mutex::new(Published {
            served: Served::Keys(Vec::new()),
            fetches: 0,
        }));
        let routes = Router::new()
            .route("/jwks.json", get(serve))
            .with_state(Arc::clone(&state));
        let server = tokio::spawn(async move {
            axum::serve(listener, routes).await.expect("it serves");
        });
        let issuer = Self {
            url: format!("http://{address}/jwks.json"),
            state,
            server,
        };
        issuer.publish(keys);
        issuer
    }

    /// Publishes these keys from now on, and no others.
    pub fn publish(&self, keys: &[&SigningKey]) {
        self.serve(Served::Keys(keys.iter().map(|key| key.jwk()).collect()));
    }

    /// Serves this from now on.
    pub fn serve(&self, served: Served) {
        self.published().served = served;
    }

    /// How often the keys were asked for.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.published().fetches
    }

    /// The settings by which a shop takes its tokens.
    #[must_use]
    pub fn variables(&self) -> [(&'static str, &str); 3] {
        [
            ("FAREBOX_JWKS_URL", &self.url),
            ("FAREBOX_JWT_ISSUER", Self::NAME),
            ("FAREBOX_JWT_AUDIENCE", Self::AUDIENCE),
        ]
    }

    /// What its tokens say of `caller` at `now`, good for five minutes.
    #[must_use]
    pub fn claims(caller: &str, now: i64) -> Value {
        json!({ "iss": Self::NAME, "aud": Self::AUDIENCE, "sub": caller, "iat": now,
            "exp": now + 300 })
    }

    fn published(&self) -> std::sync::MutexGuard<'_, Published> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn serve(State(state): State<Arc<Mutex<Published>>>) -> Response {
    let served = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        state.fetches += 1;
        state.served.clone()
    };
    match served {
        Served::Keys(keys) => json!({ "keys": keys }).to_string().into_response(),
        Served::Answer(status, body) => (status, body).into_response(),
        Served::Later(now, keys) => {
            now.notified().await;
            json!({ "keys": keys }).to_string().into_response()
        }
        Served::Silence => pending().await,
    }
}
