//! Amounts: limits and steps of the currency, and updates.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, intent, text};

#[tokio::test]
async fn amounts_respect_the_currency() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let cases = [
        ("49", "usd", Some("amount_too_small")),
        ("50", "usd", None),
        ("29", "gbp", Some("amount_too_small")),
        ("49", "jpy", Some("amount_too_small")),
        ("100000000", "usd", Some("amount_too_large")),
        ("100000000", "idr", None),
        ("1000000000000", "idr", Some("amount_too_large")),
        ("10000000000", "cop", Some("amount_too_large")),
        ("999999999", "inr", None),
        ("1000000000", "inr", Some("amount_too_large")),
        ("5000", "xcg", None),
        ("550", "isk", Some("parameter_invalid_integer")),
        ("500", "isk", None),
        ("1005", "kwd", Some("parameter_invalid_integer")),
        ("12.50", "usd", Some("parameter_invalid_integer")),
        ("-5", "usd", Some("parameter_invalid_integer")),
    ];
    for (amount, currency, code) in cases {
        let reply = api
            .post(
                "/v1/payment_intents",
                &[("amount", amount), ("currency", currency)],
            )
            .await;
        match code {
            None => assert_eq!(reply.ok()["amount"].to_string(), amount),
            Some(code) => assert_eq!(reply.refused(400, code)["param"], "amount"),
        }
    }
    for currency in ["USD", "us", "xyz"] {
        let reply = api
            .post(
                "/v1/payment_intents",
                &[("amount", "500"), ("currency", currency)],
            )
            .await;
        assert_eq!(
            (reply.status, &reply.body["error"]["param"]),
            (400, &json!("currency"))
        );
    }
}

#[tokio::test]
async fn an_intent_whose_amount_changes_under_a_challenge_takes_the_new_amount() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = intent(&api).await;
    let id = text(&made, "id");
    let asked = stripe.confirm(id, "pm_card_threeDSecure2Required").await;
    assert_eq!(asked.unwrap()["status"], "requires_action");

    let path = format!("/v1/payment_intents/{id}");
    let updated = api.post(&path, &[("amount", "4000")]).await.ok();
    assert_eq!(updated["status"], "requires_action");
    stripe.authenticate(id, true).unwrap();

    let intent = stripe.payment_intent(id).unwrap();
    assert_eq!(intent["amount_received"], 4000);
}
