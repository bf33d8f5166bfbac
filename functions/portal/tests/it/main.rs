//! `portal` over a real socket, with a sandbox of Stripe and a database on a file behind it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod flows;

use futures_util::future::join_all;
use portal::service;
use sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use shared::access::CallerId;
use testing::{Answer, Log, Shop, TestServer};

const SESSIONS: &str = "/v1/billing_portal/sessions";

/// `caller`, a customer, opens their portal.
async fn open(api: &TestServer, caller: &str) -> Answer {
    api.as_role(caller, "customer").post(&account()).await
}

/// The id of the Stripe customer that the database links to `caller`.
async fn customer_of(api: &TestServer, caller: &str) -> Option<String> {
    let caller = CallerId::parse(caller).unwrap();
    let link = api.shop.store.customer_of(&caller).await.unwrap();
    link.and_then(|link| link.customer)
}

/// The parameters of the sessions that Stripe created.
fn sessions(api: &TestServer) -> Vec<Value> {
    let requests = api.shop.stripe.requests().into_iter();
    let created = requests.filter(|one| one.path == SESSIONS && one.status == Some(200));
    created.map(|one| one.params).collect()
}

fn account() -> Value {
    json!({ "returnUrl": "https://shop.example/account" })
}

#[tokio::test]
async fn a_caller_opens_the_portal_of_their_own_customer() {
    let api = TestServer::start(service).await;
    let first = open(&api, "ada").await.expect(200);
    let second = open(&api, "ada").await.expect(200);
    let other = open(&api, "eve").await.expect(200);

    let url = first.body["url"].as_str().unwrap();
    assert!(url.starts_with(api.shop.stripe.url()), "{url}");
    assert_eq!(first.body.as_object().unwrap().len(), 1);
    assert_ne!(first.body, second.body);
    assert_ne!(first.body, other.body);
    let (ada, eve) = (
        customer_of(&api, "ada").await,
        customer_of(&api, "eve").await,
    );
    assert_ne!(ada, eve);
    let back = "https://shop.example/account";
    let expected = [&ada, &ada, &eve].map(|id| json!({ "customer": id, "return_url": back }));
    assert_eq!(sessions(&api), expected);
    assert_eq!(api.shop.stripe.customers().len(), 2);
}

#[tokio::test]
async fn a_caller_opens_so_many_portals_in_a_window() {
    let shop = Shop::open_with(&[("FAREBOX_LIMIT_CALLER", "3,open:1")]).await;
    let api = TestServer::over(shop.at_fixed_time(), service).await;
    let (log, _guard) = Log::start();
    for _ in 0..3 {
        let _ = open(&api, "ada").await.expect(200);
    }
    let asked = api.shop.stripe.requests().len();

    let refused = open(&api, "ada").await;

    assert_eq!(refused.headers["retry-after"], "3600");
    assert_eq!(refused.code(429), "too_many_requests");
    assert_eq!(api.shop.stripe.requests().len(), asked);
    assert!(log.text().contains("\"why\":\"limit\""), "{}", log.text());
    let _ = open(&api, "eve").await.expect(200);
    api.shop.clock.advance(3600);
    let _ = open(&api, "ada").await.expect(200);
}

#[tokio::test]
async fn until_the_settings_are_saved_at_stripe_the_answer_says_so() {
    let stripe = Sandbox::start().await;
    let shop = Shop::open_with(&[("STRIPE_API_BASE", stripe.url())]).await;
    let api = TestServer::over(shop, service).await;
    for _ in 0..2 {
        assert_eq!(open(&api, "ada").await.code(503), "portal_not_configured");
    }
    assert_eq!(stripe.customers().len(), 1, "the customer is kept");

    stripe.save_portal_settings();
    let opened = open(&api, "ada").await.expect(200);
    let url = opened.body["url"].as_str().unwrap();
    assert!(url.starts_with(stripe.url()), "{url}");
}

#[tokio::test]
async fn whose_portal_it_is_cannot_be_said() {
    let api = TestServer::start(service).await;
    let _ = open(&api, "ada").await.expect(200);
    let ada = customer_of(&api, "ada").await;
    for field in ["customer", "customerId", "id", "configuration", "email"] {
        let mut body = account();
        body[field] = json!(ada);
        let answer = api.as_role("eve", "customer").post(&body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(field), "{message}");
    }
    assert_eq!(sessions(&api).len(), 1);
    assert_eq!(customer_of(&api, "eve").await, None, "nothing was made");
}

#[tokio::test]
async fn the_portal_leads_back_to_the_shop_alone() {
    let api = TestServer::start(service).await;
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
        let answer = api.as_role("ada", "customer").post(&body).await;
        assert_eq!(answer.code(400), "invalid_request");
    }
    assert!(
        api.shop.stripe.requests().is_empty(),
        "Stripe was not asked"
    );
}

#[tokio::test]
async fn a_role_without_the_permission_opens_nothing() {
    let api = TestServer::start(service).await;
    for role in ["guest", "support", "finance"] {
        let answer = api.as_role("ada", role).post(&account()).await;
        assert_eq!(answer.code(403), "forbidden");
    }
    let stranger = api.client.request().post(&account()).await;
    assert_eq!(stranger.code(401), "unauthenticated");
    assert!(
        api.shop.stripe.requests().is_empty(),
        "Stripe was not asked"
    );
    assert_eq!(customer_of(&api, "ada").await, None);
}

#[tokio::test]
async fn calls_at_once_make_one_customer() {
    let api = TestServer::start(service).await;
    let answers = join_all((0..6).map(|_| open(&api, "ada"))).await;
    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    assert_eq!(api.shop.stripe.customers().len(), 1);
}

#[tokio::test]
async fn a_customer_that_was_deleted_at_stripe_is_replaced() {
    let api = TestServer::start(service).await;
    let _ = open(&api, "ada").await.expect(200);
    let gone = customer_of(&api, "ada").await.unwrap();
    api.shop.stripe.delete_customer(&gone).unwrap();

    let answers = join_all((0..4).map(|_| open(&api, "ada"))).await;

    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    let customer = customer_of(&api, "ada").await.unwrap();
    assert_ne!(customer, gone);
    let customers = api.shop.stripe.customers();
    assert_eq!(customers.len(), 1);
    assert_eq!(customers[0]["id"], *customer);
}

#[tokio::test]
async fn the_log_shows_neither_the_portals_address_nor_where_it_leads() {
    let api = TestServer::start(service).await;
    let (log, guard) = Log::start();
    let answer = open(&api, "ada@home.example").await.expect(200);
    drop(guard);
    let text = log.text();
    let url = answer.body["url"].as_str().unwrap();
    let secret = url.rsplit('/').next().unwrap();
    for hidden in [secret, "shop.example/account", "ada@home"] {
        assert!(!text.contains(hidden), "{hidden}: {text}");
    }
    let customer = customer_of(&api, "ada@home.example").await.unwrap();
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
    let api = TestServer::start(service).await;
    for fault in [Fault::error(), Fault::restricted()] {
        api.shop.stripe.inject(fault.on("POST", SESSIONS).times(0));
        assert_eq!(open(&api, "ada").await.code(503), "unavailable");
        api.shop.stripe.clear_faults();
    }
    let lost = Fault::lost_answer().on("POST", SESSIONS);
    api.shop.stripe.inject(lost);
    let _ = open(&api, "ada").await.expect(200);
    assert_eq!(api.shop.stripe.customers().len(), 1);
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_is_passed_under_the_next_key() {
    for path in [SESSIONS, "/v1/customers"] {
        for fault in [Fault::error().stored(), Fault::error_after()] {
            let api = TestServer::start(service).await;
            api.shop.stripe.inject(fault.on("POST", path));
            let _ = open(&api, "ada").await.expect(200);
            let customer = customer_of(&api, "ada").await;
            let _ = open(&api, "ada").await.expect(200);
            assert_eq!(customer_of(&api, "ada").await, customer);
        }
    }
}
