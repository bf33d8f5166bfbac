//! Refunds.

use sandbox::Sandbox;
use serde_json::json;

use crate::api::{api, event_types, paid, paid_with, text};

#[tokio::test]
async fn a_partial_refund_leaves_the_rest() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid(&api).await;

    let form = [
        ("payment_intent", text(&intent, "id")),
        ("amount", "500"),
        ("reason", "duplicate"),
    ];
    let refund = api.post("/v1/refunds", &form).await.ok();

    assert_eq!(
        (&refund["amount"], &refund["status"]),
        (&json!(500), &json!("succeeded"))
    );
    assert_eq!(
        (&refund["charge"], &refund["reason"]),
        (&intent["latest_charge"], &json!("duplicate"))
    );
    let charge = &stripe.charges()[0];
    assert_eq!(
        (&charge["amount_refunded"], &charge["refunded"]),
        (&json!(500), &json!(false))
    );
    assert_eq!(
        event_types(&stripe)[3..],
        ["refund.created", "charge.refunded"]
    );
    let event = stripe.events().pop().unwrap();
    assert_eq!(
        event["data"]["previous_attributes"],
        json!({ "amount_refunded": 0 })
    );
}

#[tokio::test]
async fn more_than_is_left_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid(&api).await;
    let id = text(&intent, "id");
    stripe.refund(id, Some(1500)).unwrap();

    let reply = api
        .post("/v1/refunds", &[("payment_intent", id), ("amount", "501")])
        .await;
    assert_eq!(
        (reply.status, &reply.body["error"]["param"]),
        (400, &json!("amount"))
    );

    let rest = api
        .post("/v1/refunds", &[("charge", text(&intent, "latest_charge"))])
        .await
        .ok();
    assert_eq!(rest["amount"], 500);
    let reply = api.post("/v1/refunds", &[("payment_intent", id)]).await;
    reply.refused(400, "charge_already_refunded");
    assert_eq!(stripe.charges()[0]["refunded"], true);
}

#[tokio::test]
async fn an_unpaid_intent_has_nothing_to_refund() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = crate::api::intent(&api).await;

    let reply = api
        .post("/v1/refunds", &[("payment_intent", text(&intent, "id"))])
        .await;

    reply.refused(400, "payment_intent_unexpected_state");
    api.post("/v1/refunds", &[])
        .await
        .refused(400, "parameter_missing");
    api.post("/v1/refunds", &[("charge", "ch_none")])
        .await
        .refused(400, "resource_missing");
}

#[tokio::test]
async fn a_failed_refund_returns_its_amount() {
    let stripe = Sandbox::start().await;
    let intent = paid(&api(&stripe)).await;
    let id = text(&intent, "id");
    let refund = stripe.refund(id, None).unwrap();

    let failed = stripe.fail_refund(text(&refund, "id")).unwrap();

    assert_eq!(failed["status"], "failed");
    let charge = &stripe.charges()[0];
    assert_eq!(
        (&charge["amount_refunded"], &charge["refunded"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(event_types(&stripe).last().unwrap(), "refund.failed");
    assert!(stripe.fail_refund(text(&refund, "id")).is_err());
    assert!(stripe.refund(id, None).is_ok());
}

#[tokio::test]
async fn a_slow_refund_is_pending_until_it_settles() {
    let stripe = Sandbox::start().await;
    let intent = paid_with(&api(&stripe), "pm_card_pendingRefund").await;

    let refund = stripe.refund(text(&intent, "id"), Some(700)).unwrap();
    assert_eq!(refund["status"], "pending");

    assert_eq!(
        stripe.settle_refund(text(&refund, "id")).unwrap()["status"],
        "succeeded"
    );
    assert_eq!(event_types(&stripe).last().unwrap(), "refund.updated");
}
