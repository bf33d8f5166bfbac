//! `portal` over a real socket, with a sandbox of Stripe and a database on a file behind it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

use futures_util::future::join_all;
use portal::service;
use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use shared::access::CallerId;
use testing::{Answer, Client, Log, Shop};

const SESSIONS: &str = "/v1/billing_portal/sessions";

/// The function, as a caller meets it.
struct Api {
    shop: Shop,
    client: Client,
}

impl Api {
    async fn start() -> Self {
        Self::of(Shop::open().await).await
    }

    async fn of(shop: Shop) -> Self {
        let app = shop.app();
        let client = Client::of(service(app)).await;
        Self { shop, client }
    }

    async fn post(&self, caller: &str, role: &str, body: &Value) -> Answer {
        let token = self.shop.token_of(caller, &[role]);
        self.client.request().bearer(&token).post(body).await
    }

    /// `caller`, a customer, opens their portal.
    async fn open(&self, caller: &str) -> Answer {
        self.post(caller, "customer", &account()).await
    }

    /// The customer in the database's place of `caller`.
    async fn customer(&self, caller: &str) -> Option<String> {
        let owner = CallerId::parse(caller).unwrap();
        let mapping = self.shop.store.customer_of(&owner).await.unwrap();
        mapping.and_then(|mapping| mapping.customer)
    }

    /// What was asked of Stripe for sessions, and was answered 200.
    fn sessions(&self) -> Vec<Value> {
        let requests = self.shop.stripe.requests().into_iter();
        let sessions = requests.filter(|one| one.path == SESSIONS && one.status == Some(200));
        sessions.map(|one| one.params).collect()
    }
}

fn account() -> Value {
    json!({ "returnUrl": "https://shop.example/account" })
}

#[tokio::test]
async fn a_caller_opens_the_portal_of_their_own_customer() {
    let api = Api::start().await;
    let first = api.open("ada").await.expect(200);
    let second = api.open("ada").await.expect(200);
    let other = api.open("eve").await.expect(200);

    let url = first.body["url"].as_str().unwrap();
    assert!(url.starts_with(api.shop.stripe.url()), "{url}");
    assert_eq!(first.body.as_object().unwrap().len(), 1);
    assert_ne!(first.body, second.body);
    assert_ne!(first.body, other.body);
    let (ada, eve) = (api.customer("ada").await, api.customer("eve").await);
    assert_ne!(ada, eve);
    let back = "https://shop.example/account";
    let expected = [&ada, &ada, &eve].map(|id| json!({ "customer": id, "return_url": back }));
    assert_eq!(api.sessions(), expected);
    assert_eq!(api.shop.stripe.customers().len(), 2);
}

#[tokio::test]
async fn a_caller_opens_so_many_portals_in_a_window() {
    let shop = Shop::open_with(&[("FAREBOX_LIMIT_CALLER", "3,open:1")]).await;
    let api = Api::of(shop.at_fixed_time()).await;
    let (log, _guard) = Log::start();
    for _ in 0..3 {
        let _ = api.open("ada").await.expect(200);
    }
    let asked = api.shop.stripe.requests().len();

    let refused = api.open("ada").await;

    assert_eq!(refused.headers["retry-after"], "3600");
    assert_eq!(refused.code(429), "too_many_requests");
    assert_eq!(api.shop.stripe.requests().len(), asked);
    assert!(log.text().contains("\"why\":\"limit\""), "{}", log.text());
    let _ = api.open("eve").await.expect(200);
    api.shop.clock.advance(3600);
    let _ = api.open("ada").await.expect(200);
}

#[tokio::test]
async fn until_the_settings_are_saved_at_stripe_the_answer_says_so() {
    let stripe = Sandbox::start().await;
    let shop = Shop::open_with(&[("STRIPE_API_BASE", stripe.url())]).await;
    let api = Api::of(shop).await;
    for _ in 0..2 {
        assert_eq!(api.open("ada").await.code(503), "portal_not_configured");
    }
    assert_eq!(stripe.customers().len(), 1, "the customer is kept");

    stripe.save_portal_settings();
    let opened = api.open("ada").await.expect(200);
    let url = opened.body["url"].as_str().unwrap();
    assert!(url.starts_with(stripe.url()), "{url}");
}

#[tokio::test]
async fn whose_portal_it_is_cannot_be_said() {
    let api = Api::start().await;
    let _ = api.open("ada").await.expect(200);
    let ada = api.customer("ada").await;
    for field in ["customer", "customerId", "id", "configuration", "email"] {
        let mut body = account();
        body[field] = json!(ada);
        let answer = api.post("eve", "customer", &body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(field), "{message}");
    }
    assert_eq!(api.sessions().len(), 1);
    assert_eq!(api.customer("eve").await, None, "nothing was made");
}

#[tokio::test]
async fn the_portal_leads_back_to_the_shop_alone() {
    let api = Api::start().await;
    for url in [
        "",
        "/account",
        "//evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://shop.example@evil.example",
        "https://ada@shop.example",
        "http://shop.example",
        "https://shop.example:444",
    ] {
        let body = json!({ "returnUrl": url });
        let token = api.shop.token_of("ada", &["customer"]);
        let call = api.client.request().bearer(&token);
        let call = call.header("x-forwarded-host", "evil.example");
        let answer = call.post(&body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.starts_with("`returnUrl`"), "{url}: {message}");
    }
    for body in [json!({}), json!({ "returnUrl": null })] {
        let answer = api.post("ada", "customer", &body).await;
        assert_eq!(answer.code(400), "invalid_request");
    }
    assert!(
        api.shop.stripe.requests().is_empty(),
        "Stripe was not asked"
    );
}

#[tokio::test]
async fn a_role_without_the_permission_opens_nothing() {
    let api = Api::start().await;
    for role in ["guest", "support", "finance"] {
        let answer = api.post("ada", role, &account()).await;
        assert_eq!(answer.code(403), "forbidden");
    }
    let stranger = api.client.request().post(&account()).await;
    assert_eq!(stranger.code(401), "unauthenticated");
    assert!(
        api.shop.stripe.requests().is_empty(),
        "Stripe was not asked"
    );
    assert_eq!(api.customer("ada").await, None);
}

#[tokio::test]
async fn calls_at_once_make_one_customer() {
    let api = Api::start().await;
    let answers = join_all((0..6).map(|_| api.open("ada"))).await;
    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    assert_eq!(api.shop.stripe.customers().len(), 1);
}

#[tokio::test]
async fn a_customer_that_was_deleted_at_stripe_is_replaced() {
    let api = Api::start().await;
    let _ = api.open("ada").await.expect(200);
    let gone = api.customer("ada").await.unwrap();
    api.shop.stripe.delete_customer(&gone).unwrap();

    let answers = join_all((0..4).map(|_| api.open("ada"))).await;

    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    let customer = api.customer("ada").await.unwrap();
    assert_ne!(customer, gone);
    let customers = api.shop.stripe.customers();
    assert_eq!(customers.len(), 1);
    assert_eq!(customers[0]["id"], *customer);
}

#[tokio::test]
async fn the_log_shows_neither_the_portals_address_nor_where_it_leads() {
    let api = Api::start().await;
    let (log, guard) = Log::start();
    let answer = api.open("ada@home.example").await.expect(200);
    drop(guard);
    let text = log.text();
    let url = answer.body["url"].as_str().unwrap();
    let secret = url.rsplit('/').next().unwrap();
    for hidden in [secret, "shop.example/account", "ada@home"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let customer = api.customer("ada@home.example").await.unwrap();
    let lines = text.lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records: Vec<Value> = lines.filter(|line| line["audit"] == true).collect();
    let [record] = &records[..] else {
        panic!("not one record: {records:?}")
    };
    assert_eq!(record["action"], "portal:open");
    assert_eq!(record["object"], *customer);
    assert_eq!(record["why"], "owner");
}

#[tokio::test]
async fn what_stripe_does_not_answer_is_tried_again_later() {
    let api = Api::start().await;
    for fault in [Fault::error(), Fault::restricted()] {
        api.shop.stripe.inject(fault.on("POST", SESSIONS).times(0));
        assert_eq!(api.open("ada").await.code(503), "unavailable");
        api.shop.stripe.clear_faults();
    }
    let lost = Fault::lost_answer().on("POST", SESSIONS);
    api.shop.stripe.inject(lost);
    let _ = api.open("ada").await.expect(200);
    assert_eq!(api.shop.stripe.customers().len(), 1);
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_is_passed_under_the_next_key() {
    for path in [SESSIONS, "/v1/customers"] {
        for fault in [Fault::error().stored(), Fault::error_after()] {
            let api = Api::start().await;
            api.shop.stripe.inject(fault.on("POST", path));
            let _ = api.open("ada").await.expect(200);
            let customer = api.customer("ada").await;
            let _ = api.open("ada").await.expect(200);
            assert_eq!(api.customer("ada").await, customer);
        }
    }
}
