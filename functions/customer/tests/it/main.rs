//! `customer` over a real socket, with a sandbox of Stripe and a database on a file behind it: its
//! [`answers`] and its [`refusals`].
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod answers;
mod refusals;

use customer::service;
use serde_json::json;
use shared::{access::CallerId, customers::Customers};
use testing::{Answer, Shop, TestServer};

/// The function over a shop with these settings, whose clock stands.
async fn start_with(settings: &[(&str, &str)]) -> TestServer {
    let shop = Shop::open_with(settings).await.at_fixed_time();
    TestServer::over(shop, service).await
}

/// The function, and the id of Ada's customer, who wrote name and address, keeps a card, and paid
/// the order `o_1`.
async fn with_ada() -> (TestServer, String) {
    let api = start_with(&[]).await;
    let id = customer_of(&api, "ada").await;
    let stripe = &api.shop.stripe;
    let params = json!({ "name": "Ada Lovelace", "email": "ada@example.com", "phone": "+44 20" });
    stripe.change_customer(&id, params).unwrap();
    stripe.keep(&id, "pm_card_visa").unwrap();
    api.shop.paid_order("o_1", 1500, "usd").await;
    (api, id)
}

/// The id of the Stripe customer of `caller`, made where there is none.
async fn customer_of(api: &TestServer, caller: &str) -> String {
    let stripe = api.shop.quick_stripe_client();
    let customers = Customers {
        stripe: &stripe,
        store: &api.shop.store,
        clock: &api.shop.clock,
    };
    let owner = CallerId::parse(caller).unwrap();
    customers.of(&owner).await.unwrap().id().to_owned()
}

/// `caller`, who has the role `role`, reads what `query` names.
async fn read(api: &TestServer, caller: &str, role: &str, query: &str) -> Answer {
    let call = api.as_role(caller, role);
    call.path(&format!("/api/customer{query}")).get().await
}
