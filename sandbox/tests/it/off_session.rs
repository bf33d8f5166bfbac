//! Payments with a saved card while the payer is away.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::api::{Api, api, api_with_key, text};

const INTENTS: &str = "/v1/payment_intents";

/// A customer with a saved card.
async fn saved(stripe: &Sandbox, api: &Api, card: &str) -> (String, String) {
    let customer = api.post("/v1/customers", &[]).await.ok();
    let customer = text(&customer, "id").to_owned();
    let kept = stripe.keep(&customer, card).unwrap();
    (customer, text(&kept, "id").to_owned())
}

/// The parameters of a payment with a saved card.
fn payment<'a>(customer: &'a str, method: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("amount", "2000"),
        ("currency", "usd"),
        ("automatic_payment_methods[enabled]", "true"),
        ("automatic_payment_methods[allow_redirects]", "never"),
        ("customer", customer),
        ("payment_method", method),
        ("confirm", "true"),
        ("off_session", "true"),
    ]
}

#[tokio::test]
async fn a_saved_card_pays_without_the_payer() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (customer, method) = saved(&stripe, &api, "pm_card_visa").await;

    let paid = api.post(INTENTS, &payment(&customer, &method)).await.ok();

    assert_eq!(paid["status"], "succeeded");
    assert_eq!(paid["payment_method"], *method);
    assert_eq!(paid["customer"], *customer);
}

#[tokio::test]
async fn a_card_that_needs_the_payer_is_declined_and_paid_later_with_the_payer() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (customer, method) = saved(&stripe, &api, "pm_card_authenticationRequired").await;

    let declined = api.post(INTENTS, &payment(&customer, &method)).await;

    let error = declined.refused(402, "authentication_required");
    assert_eq!(error["type"], "card_error");
    assert_eq!(error["decline_code"], "authentication_required");
    assert_eq!(error["payment_method"]["id"], *method);
    let intent = &error["payment_intent"];
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["payment_method"], json!(null));
    let last = &intent["last_payment_error"];
    assert_eq!(last["code"], "authentication_required");
    assert_eq!(last["payment_method"]["id"], *method);

    let page = api_with_key(&stripe, "pk_test_page");
    let path = format!("{INTENTS}/{}/confirm", text(intent, "id"));
    let secret = text(intent, "client_secret");
    let form = [("client_secret", secret), ("payment_method", &method)];
    let waiting = page.post(&path, &form).await.ok();
    assert_eq!(waiting["status"], "requires_action");
    let paid = stripe.authenticate(text(intent, "id"), true).unwrap();
    assert_eq!(paid["status"], "succeeded");
    assert_eq!(paid["last_payment_error"], json!(null));
}

#[tokio::test]
async fn a_card_that_was_set_up_for_it_pays_without_the_payer() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let card = "pm_card_authenticationRequiredOnSetup";
    let (customer, method) = saved(&stripe, &api, card).await;
    let form = payment(&customer, &method);
    let declined = api.post(INTENTS, &form).await;
    declined.refused(402, "authentication_required");

    let setup = [
        ("customer", customer.as_str()),
        ("payment_method", &method),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
    ];
    let setup = api.post("/v1/setup_intents", &setup).await.ok();
    let path = format!(
        "/_sandbox/setup_intents/{}/authenticate",
        text(&setup, "id")
    );
    let secret = [("client_secret", text(&setup, "client_secret"))];
    assert_eq!(api.post(&path, &secret).await.ok()["status"], "succeeded");

    assert_eq!(api.post(INTENTS, &form).await.ok()["status"], "succeeded");
    let present = form.split_last().unwrap().1;
    let asked = api.post(INTENTS, present).await.ok();
    assert_eq!(asked["status"], "requires_action");
}

#[tokio::test]
async fn a_payment_with_consent_sets_the_card_up() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let customer = text(&customer, "id");
    let form = payment(customer, "pm_card_authenticationRequiredOnSetup");
    let usage = [("setup_future_usage", "off_session")];
    let present = [form.split_last().unwrap().1, &usage].concat();
    let first = api.post(INTENTS, &present).await.ok();
    let first = stripe.authenticate(text(&first, "id"), true).unwrap();

    let saved = text(&first, "payment_method");
    let later = api.post(INTENTS, &payment(customer, saved)).await.ok();

    assert_eq!(later["status"], "succeeded");
}

#[tokio::test]
async fn a_challenge_can_be_made_an_error() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (customer, method) = saved(&stripe, &api, "pm_card_authenticationRequired").await;
    let form = payment(&customer, &method);
    let present = form.split_last().unwrap().1;
    let refused = [present, &[("error_on_requires_action", "true")]].concat();

    let declined = api.post(INTENTS, &refused).await;

    declined.refused(402, "authentication_required");
}

#[tokio::test]
async fn only_a_server_that_confirms_says_that_the_payer_is_away() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let plain = [("amount", "2000"), ("currency", "usd")];
    let away = [("off_session", "true")];
    let param = |body: &Value| body["error"]["param"].clone();

    let early = api.post(INTENTS, &[plain.as_slice(), &away].concat()).await;
    assert_eq!(
        (early.status, param(&early.body)),
        (400, json!("off_session"))
    );

    let made = api.post(INTENTS, &plain).await.ok();
    let confirm = format!("{INTENTS}/{}/confirm", text(&made, "id"));
    let form = [
        ("client_secret", text(&made, "client_secret")),
        ("payment_method", "pm_card_visa"),
        away[0],
    ];
    let page = api_with_key(&stripe, "pk_test_page");
    let refused = page.post(&confirm, &form).await;
    assert_eq!(
        (refused.status, param(&refused.body)),
        (400, json!("off_session"))
    );
    assert!(stripe.charges().is_empty());
}
