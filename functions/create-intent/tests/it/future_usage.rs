//! Orders whose payment method is saved, as the site signed.

use create_intent::service;
use serde_json::{Value, json};
use testing::{Answer, TestServer};

use crate::{intent_id, only_intent, open_intent, post_signed};

/// Ada, who is a customer, sends an order with `changes` to its claims.
async fn post(api: &TestServer, changes: &Value) -> Answer {
    let order = api.shop.order_token("ada", changes);
    let call = api.as_role("ada", "customer");
    call.post(&json!({ "order": order })).await
}

#[tokio::test]
async fn the_payment_method_is_saved_as_the_site_signed() {
    for usage in ["on_session", "off_session"] {
        let api = TestServer::start(service).await;
        let claims = json!({ "setupFutureUsage": usage });

        let answer = post(&api, &claims).await.expect(200);

        let intent = only_intent(&api);
        assert_eq!(intent["setup_future_usage"], usage);
        let stripe = &api.shop.stripe;
        let paid = stripe.confirm(&intent_id(&answer), "pm_card_visa").await;
        let paid = paid.unwrap();
        let saved = paid["payment_method"].as_str().unwrap();
        let api_client = api.shop.quick_stripe_client();
        let cards = api_client.payment_methods_of(intent["customer"].as_str().unwrap());
        assert_eq!(cards.await.unwrap().len(), 1, "{saved} is saved");
    }
}

#[tokio::test]
async fn without_the_claim_nothing_is_saved() {
    let api = TestServer::start(service).await;
    let _ = post(&api, &json!({})).await.expect(200);
    assert_eq!(only_intent(&api)["setup_future_usage"], Value::Null);
}

#[tokio::test]
async fn another_usage_is_another_intent_since_the_payer_was_shown_the_earlier() {
    let api = TestServer::start(service).await;
    let first = json!({ "version": 1, "setupFutureUsage": "off_session" });
    let first = post(&api, &first).await.expect(200);
    let second = post(&api, &json!({ "version": 2 })).await.expect(200);

    assert_ne!(intent_id(&first), intent_id(&second));
    let open = open_intent(&api);
    assert_eq!(open["id"], intent_id(&second));
    assert_eq!(open["setup_future_usage"], Value::Null);
}

#[tokio::test]
async fn a_guest_has_nobody_to_save_it_for() {
    let api = TestServer::start(service).await;
    let claims = json!({ "setupFutureUsage": "off_session" });
    let refused = post_signed(&api, &claims).await;
    let message = refused.body["error"]["message"].to_string();
    assert_eq!(refused.code(400), "invalid_request");
    assert!(message.contains("`setupFutureUsage`"), "{message}");
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn another_word_is_refused_by_the_claims_name() {
    let api = TestServer::start(service).await;
    for wrong in [json!("always"), json!(""), json!(true)] {
        let claims = json!({ "setupFutureUsage": wrong });
        let refused = post(&api, &claims).await;
        let message = refused.body["error"]["message"].to_string();
        assert_eq!(refused.code(400), "invalid_request");
        let expected = "`setupFutureUsage` of the signed order must be";
        assert!(message.contains(expected), "{message}");
    }
}
