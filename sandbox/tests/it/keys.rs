//! Permissions of secret and publishable keys.

use base64::{Engine, engine::general_purpose::STANDARD};
use stripe_sandbox::Sandbox;

use crate::api::{api, api_with_key, intent, paid, text};

#[tokio::test]
async fn only_test_keys_are_let_in() {
    let stripe = Sandbox::start().await;
    for key in ["sk_test_a", "rk_test_a"] {
        api_with_key(&stripe, key).get("/v1/events").await.ok();
    }
    for key in [
        "",
        "sk_live_a",
        "rk_live_a",
        "pk_live_a",
        "sk_test_",
        "hello",
    ] {
        let reply = api_with_key(&stripe, key).get("/v1/events").await;
        assert_eq!(reply.status, 401, "{key}");
        assert_eq!(reply.body["error"]["type"], "invalid_request_error");
    }
}

#[tokio::test]
async fn a_key_that_was_rolled_is_let_in_no_more() {
    let stripe = Sandbox::start().await;
    let (old, new) = (
        api_with_key(&stripe, "sk_test_old"),
        api_with_key(&stripe, "sk_test_new"),
    );
    old.get("/v1/events").await.ok();

    let form = [("key", "sk_test_old")];
    old.post("/_sandbox/api_keys/expire", &form).await.ok();

    assert_eq!(old.get("/v1/events").await.status, 401);
    new.get("/v1/events").await.ok();
    stripe.expire_key("sk_test_new");
    assert_eq!(new.get("/v1/events").await.status, 401);
}

#[tokio::test]
async fn the_key_may_be_a_basic_user_name() {
    let stripe = Sandbox::start().await;
    let basic = format!("Basic {}", STANDARD.encode("sk_test_a:"));

    let headers = [("authorization", basic.as_str())];
    let reply = api_with_key(&stripe, "")
        .send("GET", "/v1/events", &headers, "")
        .await;

    reply.unwrap().ok();
}

#[tokio::test]
async fn a_browser_confirms_with_the_client_secret() {
    let stripe = Sandbox::start().await;
    let intent = intent(&api(&stripe)).await;
    let browser = api_with_key(&stripe, "");
    let secret = text(&intent, "client_secret");
    let path = format!("/v1/payment_intents/{}", text(&intent, "id"));

    let seen = browser
        .get(&format!("{path}?key=pk_test_a&client_secret={secret}"))
        .await
        .ok();
    assert!(seen.get("metadata").is_none() && seen.get("latest_charge").is_none());

    let form = [
        ("key", "pk_test_a"),
        ("client_secret", secret),
        ("payment_method", "pm_card_visa"),
        ("return_url", "http://127.0.0.1/return"),
        ("use_stripe_sdk", "true"),
    ];
    let confirmed = browser.post(&format!("{path}/confirm"), &form).await.ok();
    assert_eq!(confirmed["status"], "succeeded");
    assert!(confirmed.get("metadata").is_none());
}

#[tokio::test]
async fn a_browser_without_the_secret_sees_nothing() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (mine, other) = (intent(&api).await, intent(&api).await);
    let browser = api_with_key(&stripe, "pk_test_a");
    let path = format!("/v1/payment_intents/{}", text(&mine, "id"));

    browser.get(&path).await.refused(400, "parameter_missing");
    let foreign = format!("{path}?client_secret={}", text(&other, "client_secret"));
    browser
        .get(&foreign)
        .await
        .refused(400, "payment_intent_invalid_parameter");
    let form = [
        ("client_secret", "wrong"),
        ("payment_method", "pm_card_visa"),
    ];
    let confirm = browser.post(&format!("{path}/confirm"), &form).await;
    confirm.refused(400, "payment_intent_invalid_parameter");
}

#[tokio::test]
async fn a_browser_may_do_nothing_else() {
    let stripe = Sandbox::start().await;
    let intent = paid(&api(&stripe)).await;
    let browser = api_with_key(&stripe, "pk_test_a");

    browser
        .get("/v1/events")
        .await
        .refused(403, "secret_key_required");
    let cancel = format!("/v1/payment_intents/{}/cancel", text(&intent, "id"));
    browser
        .post(&cancel, &[])
        .await
        .refused(403, "secret_key_required");
    let refund = [("payment_intent", text(&intent, "id"))];
    browser
        .post("/v1/refunds", &refund)
        .await
        .refused(403, "secret_key_required");
}

#[tokio::test]
async fn a_declined_browser_learns_only_what_a_browser_may() {
    let stripe = Sandbox::start().await;
    let intent = intent(&api(&stripe)).await;

    let error = stripe
        .confirm(text(&intent, "id"), "pm_card_chargeDeclined")
        .await
        .unwrap_err();

    let seen = &error["error"]["payment_intent"];
    assert_eq!(seen["status"], "requires_payment_method");
    assert!(seen.get("metadata").is_none() && seen.get("latest_charge").is_none());
}

#[tokio::test]
async fn a_page_on_another_port_may_ask_first() {
    let stripe = Sandbox::start().await;

    let headers = [("access-control-request-headers", "authorization,x-odd")];
    let path = "/v1/payment_intents/pi_1/confirm";
    let reply = api_with_key(&stripe, "")
        .send("OPTIONS", path, &headers, "")
        .await
        .unwrap();

    assert_eq!(reply.status, 200);
    assert_eq!(
        reply.header("access-control-allow-headers"),
        Some("authorization,x-odd")
    );
    assert!(stripe.requests().is_empty());
}
