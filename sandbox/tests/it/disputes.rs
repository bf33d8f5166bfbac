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
    refund.refused(400, "refund_disputed_payment");
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

#[tokio::test]
async fn the_cards_that_are_disputed_say_why() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (card, reason, status, withdrawn) in [
        ("pm_card_createDispute", "fraudulent", "needs_response", 1),
        (
            "pm_card_createDisputeProductNotReceived",
            "product_not_received",
            "needs_response",
            2,
        ),
        (
            "pm_card_createDisputeInquiry",
            "fraudulent",
            "warning_needs_response",
            2,
        ),
    ] {
        paid_with(&api, card).await;
        let dispute = stripe.disputes().pop().unwrap();
        assert_eq!(
            (&dispute["reason"], &dispute["status"]),
            (&json!(reason), &json!(status))
        );
        assert_eq!(
            told(&stripe, "charge.dispute.funds_withdrawn"),
            withdrawn,
            "{card}"
        );
    }
}

#[tokio::test]
async fn what_is_only_authorized_is_not_disputed_yet() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("capture_method", "manual"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("payment_method", "pm_card_createDispute"),
    ];
    let intent = api.post("/v1/payment_intents", &form).await.ok();
    assert!(stripe.disputes().is_empty());

    let path = format!("/v1/payment_intents/{}/capture", text(&intent, "id"));
    api.post(&path, &[]).await.ok();

    assert_eq!(stripe.disputes().len(), 1);
}

/// How often an event was told.
fn told(stripe: &Sandbox, kind: &str) -> usize {
    let types = event_types(stripe);
    types.iter().filter(|type_| *type_ == kind).count()
}

#[tokio::test]
async fn evidence_wins_or_loses_by_its_text() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (text_, status, reinstated) in [
        ("winning_evidence", "won", 1),
        ("losing_evidence", "lost", 1),
        ("They had it in their hands.", "under_review", 1),
    ] {
        let intent = paid_with(&api, "pm_card_createDispute").await;
        let dispute = stripe.disputes().pop().unwrap();
        let path = format!("/v1/disputes/{}", text(&dispute, "id"));

        let draft = [("evidence[uncategorized_text]", text_), ("submit", "false")];
        let draft = api.post(&path, &draft).await.ok();
        let decided = api.post(&path, &[("submit", "true")]).await.ok();

        assert_eq!(draft["status"], "needs_response", "a draft decides nothing");
        assert_eq!(decided["status"], status);
        assert_eq!(told(&stripe, "charge.dispute.funds_reinstated"), reinstated);
        let more = api
            .post(&path, &[("evidence[product_description]", "A mug")])
            .await;
        assert_eq!(more.status, 400, "evidence is submitted once");
        let form = [("payment_intent", text(&intent, "id"))];
        let refund = api.post("/v1/refunds", &form).await;
        assert_eq!(refund.status, if status == "won" { 200 } else { 400 });
    }
    assert_eq!(told(&stripe, "charge.dispute.closed"), 2);
}

#[tokio::test]
async fn an_inquiry_moves_no_money_unless_it_is_escalated() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (evidence, status, withdrawn) in [
        ("winning_evidence", "warning_closed", 0),
        ("escalate_inquiry_evidence", "needs_response", 1),
    ] {
        let intent = paid_with(&api, "pm_card_createDisputeInquiry").await;
        let form = [("payment_intent", text(&intent, "id")), ("amount", "500")];
        api.post("/v1/refunds", &form).await.ok();
        let dispute = stripe.disputes().pop().unwrap();
        let path = format!("/v1/disputes/{}", text(&dispute, "id"));

        let form = [("evidence[uncategorized_text]", evidence)];
        let after = api.post(&path, &form).await.ok();

        assert_eq!(after["status"], status);
        assert_eq!(told(&stripe, "charge.dispute.funds_withdrawn"), withdrawn);
        assert_eq!(after["is_charge_refundable"], status == "warning_closed");
    }
    let dispute = stripe.disputes().pop().unwrap();
    let path = format!("/v1/disputes/{}/close", text(&dispute, "id"));
    assert_eq!(api.post(&path, &[]).await.ok()["status"], "lost");
    assert_eq!(api.post(&path, &[]).await.status, 400, "it is closed");
}
