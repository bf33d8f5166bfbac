//! A function under test.

use axum::routing::MethodRouter;
use serde_json::Value;
use shared::App;

use crate::{Answer, Call, Client, Shop};

/// Makes a function's service of its parts.
pub type Service = fn(App) -> MethodRouter;

/// A function that is served over a shop.
#[derive(Debug)]
pub struct TestServer {
    /// The shop.
    pub shop: Shop,
    /// A client of the function.
    pub client: Client,
    service: Service,
}

impl TestServer {
    /// Serves `service` over a new shop.
    ///
    /// # Panics
    ///
    /// When the shop does not open, or no port is free.
    pub async fn start(service: Service) -> Self {
        Self::over(Shop::open().await, service).await
    }

    /// Serves `service` over `shop`.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn over(shop: Shop, service: Service) -> Self {
        let client = Client::of(service(shop.app())).await;
        Self {
            shop,
            client,
            service,
        }
    }

    /// Serves the function once more over the same shop, as another process would.
    ///
    /// # Panics
    ///
    /// When no port is free.
    pub async fn another(&self) -> Client {
        Client::of((self.service)(self.shop.app())).await
    }

    /// A request of `caller`, whose token names no role.
    #[must_use]
    pub fn as_caller(&self, caller: &str) -> Call<'_> {
        self.client.request().bearer(&self.shop.token(caller))
    }

    /// A request of `caller`, who has one role.
    #[must_use]
    pub fn as_role(&self, caller: &str, role: &str) -> Call<'_> {
        let token = self.shop.token_of(caller, &[role]);
        self.client.request().bearer(&token)
    }

    /// Ada posts `body` under the idempotency key `key`.
    ///
    /// # Panics
    ///
    /// When there is no answer, or one that breaks what holds for every answer.
    pub async fn post(&self, key: &str, body: &Value) -> Answer {
        self.as_caller("ada").key(key).post(body).await
    }
}
