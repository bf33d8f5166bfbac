//! Setup intents: cards that are saved, declined, challenged.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::api::{Api, Form, api, api_with_key, event_types, text};

const BACK: (&str, &str) = ("return_url", "http://127.0.0.1/return");

/// A customer, and the parameters that set this payment method up.
async fn setup(api: &Api, method: &str, more: Form<'_>) -> (String, crate::api::Reply) {
    let customer = api.post("/v1/customers", &[]).await.ok();
    let customer = text(&customer, "id").to_owned();
    let form = [
        ("customer", customer.as_str()),
        ("payment_method", method),
        ("confirm", "true"),
        BACK,
    ];
    let form = [form.as_slice(), more].concat();
    let reply = api.post("/v1/setup_intents", &form).await;
    (customer, reply)
}

async fn kept(api: &Api, customer: &str) -> Value {
    let path = format!("/v1/customers/{customer}/payment_methods");
    api.get(&path).await.ok()["data"].clone()
}

#[tokio::test]
async fn a_card_that_is_set_up_is_kept_and_no_money_moves() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let (customer, made) = setup(&api, "pm_card_visa", &[("metadata[plan]", "later")]).await;

    let made = made.ok();
    assert!(text(&made, "id").starts_with("seti_"));
    assert_eq!(
        (&made["status"], &made["metadata"]),
        (&json!("succeeded"), &json!({ "plan": "later" }))
    );
    assert_eq!(kept(&api, &customer).await[0]["id"], made["payment_method"]);
    assert!(stripe.charges().is_empty());
    let expected = [
        "customer.created",
        "setup_intent.created",
        "payment_method.attached",
        "setup_intent.succeeded",
    ];
    assert_eq!(event_types(&stripe), expected);
}

#[tokio::test]
async fn a_declined_card_is_not_kept_and_another_may_follow() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let (customer, declined) = setup(&api, "pm_card_chargeDeclined", &[]).await;

    let error = declined.refused(402, "card_declined");
    let intent = &error["setup_intent"];
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(
        intent["last_setup_error"]["decline_code"],
        "generic_decline"
    );
    assert_eq!(
        event_types(&stripe).last().unwrap(),
        "setup_intent.setup_failed"
    );
    assert_eq!(kept(&api, &customer).await, json!([]));
    let path = format!("/v1/setup_intents/{}/confirm", text(intent, "id"));
    let form = [("payment_method", "pm_card_visa"), BACK];
    assert_eq!(api.post(&path, &form).await.ok()["status"], "succeeded");
}

#[tokio::test]
async fn a_challenge_decides_whether_the_card_is_kept() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (outcome, status, cards) in [
        ("success", "succeeded", 1),
        ("failure", "requires_payment_method", 0),
    ] {
        let (customer, made) = setup(&api, "pm_card_threeDSecure2Required", &[]).await;
        let made = made.ok();
        assert_eq!(made["status"], "requires_action");
        let bank = text(&made["next_action"]["redirect_to_url"], "url");
        let bank = bank.strip_prefix(stripe.url()).unwrap();

        let answered = api.post(bank, &[("outcome", outcome)]).await;

        let back = answered.header("location").unwrap();
        assert!(
            back.contains(&format!("setup_intent={}", text(&made, "id"))),
            "{back}"
        );
        let path = format!("/v1/setup_intents/{}", text(&made, "id"));
        assert_eq!(api.get(&path).await.ok()["status"], status);
        assert_eq!(kept(&api, &customer).await.as_array().unwrap().len(), cards);
    }
}

#[tokio::test]
async fn a_browser_sets_up_with_the_client_secret_alone() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = api
        .post("/v1/setup_intents", &[("metadata[a]", "1")])
        .await
        .ok();
    let browser = api_with_key(&stripe, "pk_test_browser");
    let path = format!("/v1/setup_intents/{}", text(&made, "id"));

    let blind = browser.post(&format!("{path}/confirm"), &[]).await;
    blind.refused(400, "parameter_missing");
    let form = [
        ("client_secret", "wrong"),
        ("payment_method", "pm_card_visa"),
    ];
    let wrong = browser.post(&format!("{path}/confirm"), &form).await;
    wrong.refused(400, "setup_intent_invalid_parameter");
    let secret = text(&made, "client_secret");
    let form = [
        ("client_secret", secret),
        ("payment_method", "pm_card_visa"),
    ];
    let done = browser.post(&format!("{path}/confirm"), &form).await.ok();

    assert_eq!(done["status"], "succeeded");
    assert!(done.get("metadata").is_none() && done.get("customer").is_none());
}

#[tokio::test]
async fn a_setup_that_ended_does_not_move_again() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = api.post("/v1/setup_intents", &[]).await.ok();
    let path = format!("/v1/setup_intents/{}", text(&made, "id"));

    let none = api.post(&format!("{path}/confirm"), &[BACK]).await;
    none.refused(400, "setup_intent_unexpected_state");
    let canceled = api.post(&format!("{path}/cancel"), &[]).await.ok();

    assert_eq!(canceled["status"], "canceled");
    let form = [("payment_method", "pm_card_visa"), BACK];
    for late in ["confirm", "cancel"] {
        let form = if late == "confirm" {
            form.as_slice()
        } else {
            &[]
        };
        let reply = api.post(&format!("{path}/{late}"), form).await;
        reply.refused(400, "setup_intent_unexpected_state");
    }
    assert_eq!(
        event_types(&stripe),
        ["setup_intent.created", "setup_intent.canceled"]
    );
}
