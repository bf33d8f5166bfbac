//! Refunds.

use std::time::Duration;

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, event_of, event_types, paid, paid_with, text};

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
    assert_eq!(
        event_types(&stripe)[5..],
        ["refund.updated", "charge.refund.updated"]
    );
}

#[tokio::test]
async fn with_a_time_set_a_refund_ends_as_its_card_says() {
    let builder = Sandbox::builder().settle_after(Duration::from_millis(1));
    let stripe = builder.start().await.unwrap();
    let mut seen = stripe.observe();
    for (method, first, event, last) in [
        (
            "pm_card_pendingRefund",
            "pending",
            "refund.updated",
            "succeeded",
        ),
        ("pm_card_refundFail", "succeeded", "refund.failed", "failed"),
    ] {
        let intent = paid_with(&api(&stripe), method).await;
        let refund = stripe.refund(text(&intent, "id"), None).unwrap();
        assert_eq!(refund["status"], first);

        event_of(&mut seen, event).await;

        let path = format!("/v1/refunds/{}", text(&refund, "id"));
        assert_eq!(api(&stripe).get(&path).await.ok()["status"], last);
    }
}

#[tokio::test]
async fn a_debit_is_refunded_in_full_or_not_at_all() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = crate::api::intent(&api).await;
    let id = text(&intent, "id");
    stripe.confirm(id, "pm_usBankAccount").await.unwrap();
    stripe.settle(id).unwrap();

    let part = [("payment_intent", id), ("amount", "500")];
    let refused = api.post("/v1/refunds", &part).await;

    assert_eq!(
        (refused.status, &refused.body["error"]["param"]),
        (400, &json!("amount"))
    );
    assert_eq!(stripe.refund(id, None).unwrap()["status"], "pending");
}

#[tokio::test]
async fn a_refund_of_a_transfer_asks_the_payer_where_the_money_is_to_go() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (kind, ends) in [("customer_balance", "canceled"), ("konbini", "succeeded")] {
        let form = [("type", kind)];
        let method = api.post("/v1/payment_methods", &form).await.ok();
        let intent = crate::api::intent(&api).await;
        let id = text(&intent, "id");
        let waits = stripe.confirm(id, text(&method, "id")).await.unwrap();
        assert_eq!(waits["status"], "requires_action");
        assert_eq!(stripe.settle(id).unwrap()["status"], "succeeded");

        let refused = api.post("/v1/refunds", &[("payment_intent", id)]).await;
        let error = &refused.body["error"];
        assert_eq!(
            (refused.status, &error["param"]),
            (400, &json!("instructions_email"))
        );

        let form = [
            ("payment_intent", id),
            ("instructions_email", "ada@example.com"),
        ];
        let refund = api.post("/v1/refunds", &form).await.ok();
        assert_eq!(refund["status"], "requires_action");
        let refund = text(&refund, "id");
        let cancel = format!("/v1/refunds/{refund}/cancel");
        if ends == "canceled" {
            assert_eq!(api.post(&cancel, &[]).await.ok()["status"], ends);
            assert_eq!(stripe.charges()[0]["amount_refunded"], 0);
        } else {
            assert_eq!(stripe.answer_refund(refund).unwrap()["status"], "pending");
            assert_eq!(api.post(&cancel, &[]).await.status, 400);
            assert_eq!(stripe.settle_refund(refund).unwrap()["status"], ends);
        }
    }
}
