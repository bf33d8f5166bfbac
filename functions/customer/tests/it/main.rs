//! `customer` over a real socket, with a sandbox of Stripe and a database on a file behind it: what
//! is [`answers`]ed to whom, and what nobody is told ([`refusals`]).
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod answers;
mod refusals;

use customer::service;
use serde_json::json;
use shared::{access::CallerId, customers::Customers};
use testing::{Answer, Client, Shop};

/// The function, as a caller meets it.
struct Api {
    shop: Shop,
    client: Client,
}

impl Api {
    async fn start() -> Self {
        Self::start_with(&[]).await
    }

    /// With settings beside the usual ones.
    async fn start_with(settings: &[(&str, &str)]) -> Self {
        let shop = Shop::open_with(settings).await.at_fixed_time();
        let app = shop.app();
        let client = Client::of(service(app)).await;
        Self { shop, client }
    }

    /// With Ada's customer, who wrote name and address, keeps a card, and paid the order `o_1`;
    /// gives their id.
    async fn with_ada() -> (Self, String) {
        let api = Self::start().await;
        let id = api.customer("ada").await;
        let stripe = &api.shop.stripe;
        let params =
            json!({ "name": "Ada Lovelace", "email": "ada@example.com", "phone": "+44 20" });
        stripe.change_customer(&id, params).unwrap();
        stripe.keep(&id, "pm_card_visa").unwrap();
        api.shop.paid_order("o_1", 1500, "usd").await;
        (api, id)
    }

    /// The id of the Stripe customer of `caller`, made where there is none.
    async fn customer(&self, caller: &str) -> String {
        let stripe = self.shop.impatient_stripe();
        let customers = Customers {
            stripe: &stripe,
            store: &self.shop.store,
            clock: &self.shop.clock,
        };
        let owner = CallerId::parse(caller).unwrap();
        customers.of(&owner).await.unwrap().id().to_owned()
    }

    /// `caller`, who has the role `role`, asks.
    async fn read(&self, caller: &str, role: &str, query: &str) -> Answer {
        let token = self.shop.token_of(caller, &[role]);
        let call = self.client.request().bearer(&token);
        call.path(&format!("/api/customer{query}")).get().await
    }

    /// How often Stripe was asked.
    fn asked(&self) -> usize {
        self.shop.stripe.requests().len()
    }
}
