//! Behaviour of payment methods: declines, challenges, late money.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, event_types, intent, text};

#[tokio::test]
async fn every_declining_card_tells_its_reason() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let cards = [
        ("4000000000000002", "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4000000000009979", "card_declined", "stolen_card"),
        ("4100000000000019", "card_declined", "fraudulent"),
        ("4000000000000069", "expired_card", "expired_card"),
        ("4000000000000127", "incorrect_cvc", "incorrect_cvc"),
        ("4111111111111111", "card_declined", "test_mode_live_card"),
    ];
    for (number, code, decline_code) in cards {
        let intent = intent(&api).await;
        let form = [
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", number),
            ("payment_method_data[card][exp_month]", "12"),
            ("payment_method_data[card][exp_year]", "2040"),
            ("payment_method_data[card][cvc]", "123"),
            ("return_url", "http://127.0.0.1/return"),
        ];
        let path = format!("/v1/payment_intents/{}/confirm", text(&intent, "id"));
        let error = api.post(&path, &form).await.refused(402, code);
        assert_eq!(error["type"], "card_error");
        assert_eq!(error["decline_code"], decline_code, "{number}");
    }
}

#[tokio::test]
async fn a_declined_intent_can_be_paid_with_another_card() {
    let stripe = Sandbox::start().await;
    let intent = intent(&api(&stripe)).await;
    let id = text(&intent, "id");

    let declined = stripe
        .confirm(id, "pm_card_chargeDeclined")
        .await
        .unwrap_err();

    assert_eq!(
        declined["error"]["payment_intent"]["status"],
        "requires_payment_method"
    );
    let after = stripe.payment_intent(id).unwrap();
    assert_eq!(
        after["last_payment_error"]["decline_code"],
        "generic_decline"
    );
    assert_eq!(
        after["last_payment_error"]["payment_method"]["card"]["last4"],
        "0002"
    );
    assert_eq!(stripe.charges()[0]["status"], "failed");
    let types = event_types(&stripe);
    assert_eq!(
        types[1..],
        ["charge.failed", "payment_intent.payment_failed"]
    );

    let paid = stripe.confirm(id, "pm_card_mastercard").await.unwrap();
    assert_eq!(
        (&paid["status"], &paid["last_payment_error"]),
        (&json!("succeeded"), &json!(null))
    );
    assert_eq!(stripe.charges().len(), 2);
}

#[tokio::test]
async fn wrong_card_data_is_a_card_error_without_a_charge() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = intent(&api).await;
    let path = format!("/v1/payment_intents/{}/confirm", text(&intent, "id"));
    let cases = [
        ("4242424242424241", "12", "2040", "incorrect_number"),
        ("4242424242424242", "13", "2040", "invalid_expiry_month"),
        ("4242424242424242", "12", "2020", "invalid_expiry_year"),
    ];
    for (number, month, year, code) in cases {
        let form = [
            ("payment_method_data[type]", "card"),
            ("payment_method_data[card][number]", number),
            ("payment_method_data[card][exp_month]", month),
            ("payment_method_data[card][exp_year]", year),
        ];
        api.post(&path, &form).await.refused(402, code);
    }
    assert!(stripe.charges().is_empty());
}

#[tokio::test]
async fn a_challenge_that_is_passed_pays() {
    let stripe = Sandbox::start().await;
    let intent = intent(&api(&stripe)).await;
    let id = text(&intent, "id");

    let waiting = stripe
        .confirm(id, "pm_card_threeDSecure2Required")
        .await
        .unwrap();
    assert_eq!(waiting["status"], "requires_action");
    assert_eq!(waiting["next_action"]["type"], "use_stripe_sdk");
    assert!(stripe.charges().is_empty());

    let paid = stripe.authenticate(id, true).unwrap();
    assert_eq!(
        (&paid["status"], &paid["next_action"]),
        (&json!("succeeded"), &json!(null))
    );
    assert!(event_types(&stripe).contains(&"payment_intent.requires_action".to_owned()));
}

#[tokio::test]
async fn a_challenge_that_is_failed_asks_for_another_card() {
    let stripe = Sandbox::start().await;
    let intent = intent(&api(&stripe)).await;
    let id = text(&intent, "id");
    stripe
        .confirm(id, "pm_card_authenticationRequired")
        .await
        .unwrap();

    let failed = stripe.authenticate(id, false).unwrap();

    assert_eq!(failed["status"], "requires_payment_method");
    let code = &failed["last_payment_error"]["code"];
    assert_eq!(code, "payment_intent_authentication_failure");
    assert_eq!(
        event_types(&stripe).last().unwrap(),
        "payment_intent.payment_failed"
    );
    assert!(stripe.charges().is_empty());
}

#[tokio::test]
async fn a_bank_debit_is_processing_until_it_settles() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (first, second) = (intent(&api).await, intent(&api).await);
    let (first, second) = (text(&first, "id"), text(&second, "id"));
    for id in [first, second] {
        let processing = stripe.confirm(id, "pm_usBankAccount").await.unwrap();
        assert_eq!(processing["status"], "processing");
    }

    let settled = stripe.settle(first).unwrap();
    let failed = stripe.fail_settlement(second).unwrap();

    assert_eq!(
        (&settled["status"], &settled["amount_received"]),
        (&json!("succeeded"), &json!(2000))
    );
    assert_eq!(failed["status"], "requires_payment_method");
    assert!(stripe.settle(first).is_err());
}
