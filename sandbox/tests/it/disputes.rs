//! Disputes.

use sandbox::Sandbox;
use serde_json::json;

use crate::api::{api, event_types, paid_with, text};

#[tokio::test]
async fn the_dispute_card_pays_and_is_disputed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let intent = paid_with(&api, "pm_card_createDispute").await;

    assert_eq!(intent["status"], "succeeded");
    let [dispute] = stripe.disputes().try_into().expect("exactly one dispute");
    assert_eq!(
        (&dispute["status"], &dispute["amount"]),
        (&json!("needs_response"), &json!(2000))
    );
    assert_eq!(stripe.charges()[0]["disputed"], true);
    assert!(event_types(&stripe).contains(&"charge.dispute.created".to_owned()));
    let fetched = api
        .get(&format!("/v1/disputes/{}", text(&dispute, "id")))
        .await
        .ok();
    assert_eq!(fetched, dispute);
    let refund = api
        .post("/v1/refunds", &[("payment_intent", text(&intent, "id"))])
        .await;
    refund.refused(400, "charge_disputed");
}

#[tokio::test]
async fn the_bank_decides_a_dispute_once() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (won, status) in [(true, "won"), (false, "lost")] {
        paid_with(&api, "pm_card_createDispute").await;
        let dispute = stripe.disputes().pop().unwrap();
        let id = text(&dispute, "id");

        assert_eq!(stripe.close_dispute(id, won).unwrap()["status"], status);

        let closed = |event: &serde_json::Value| {
            event["type"] == "charge.dispute.closed" && event["data"]["object"]["status"] == status
        };
        assert_eq!(
            stripe.events().iter().filter(|event| closed(event)).count(),
            1
        );
        assert!(stripe.close_dispute(id, !won).is_err());
    }
}
