//! Disputes.

use serde_json::json;
use stripe_sandbox::Sandbox;

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
            count(&stripe, "charge.dispute.funds_withdrawn"),
            withdrawn,
            "{card}"
        );
    }
}

#[tokio::test]
async fn an_authorized_payment_is_not_disputed_yet() {
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

/// The number of events of a type.
fn count(stripe: &Sandbox, kind: &str) -> usize {
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
        assert_eq!(
            count(&stripe, "charge.dispute.funds_reinstated"),
            reinstated
        );
        let more = api
            .post(&path, &[("evidence[product_description]", "A mug")])
            .await;
        assert_eq!(more.status, 400, "evidence is submitted once");
        let form = [("payment_intent", text(&intent, "id"))];
        let refund = api.post("/v1/refunds", &form).await;
        assert_eq!(refund.status, if status == "won" { 200 } else { 400 });
    }
    assert_eq!(count(&stripe, "charge.dispute.closed"), 2);
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
        assert_eq!(count(&stripe, "charge.dispute.funds_withdrawn"), withdrawn);
        assert_eq!(after["is_charge_refundable"], status == "warning_closed");
    }
    let dispute = stripe.disputes().pop().unwrap();
    let path = format!("/v1/disputes/{}/close", text(&dispute, "id"));
    assert_eq!(api.post(&path, &[]).await.ok()["status"], "lost");
    assert_eq!(api.post(&path, &[]).await.status, 400, "it is closed");
}

#[tokio::test]
async fn a_payment_is_disputed_in_parts_and_never_over_more_than_it_is() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid_with(&api, "pm_card_visa").await;
    let part = |amount: i64| json!({ "payment_intent": intent["id"], "amount": amount });

    let first = stripe.dispute(part(500)).unwrap();
    assert!(stripe.dispute(part(1501)).is_err());
    let second = stripe
        .dispute(json!({ "payment_intent": intent["id"] }))
        .unwrap();

    assert_eq!(
        (&first["amount"], &second["amount"]),
        (&json!(500), &json!(1500))
    );
    assert!(stripe.dispute(part(1)).is_err(), "all of it is disputed");
    assert!(
        stripe
            .dispute(json!({ "payment_intent": "pi_nowhere" }))
            .is_err()
    );
    assert_eq!(count(&stripe, "charge.dispute.funds_withdrawn"), 2);
}

#[tokio::test]
async fn a_bank_reverses_what_it_decided_and_each_movement_of_money_is_noted() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    paid_with(&api, "pm_card_createDispute").await;
    let dispute = stripe.disputes().pop().unwrap();
    let id = text(&dispute, "id");
    assert!(stripe.reverse_dispute(id).is_err(), "nothing is decided");

    stripe.close_dispute(id, false).unwrap();
    let won = stripe.reverse_dispute(id).unwrap();
    let lost = stripe.reverse_dispute(id).unwrap();

    assert_eq!(
        (&won["status"], &lost["status"]),
        (&json!("won"), &json!("lost"))
    );
    let moved = lost["balance_transactions"].as_array().unwrap().iter();
    let moved: Vec<_> = moved.map(|each| each["amount"].as_i64().unwrap()).collect();
    assert_eq!(moved, [-2000, 2000, -2000]);
    assert_eq!(count(&stripe, "charge.dispute.funds_reinstated"), 1);
}

#[tokio::test]
async fn an_inquiry_that_was_closed_becomes_a_dispute_under_its_id() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    paid_with(&api, "pm_card_createDisputeInquiry").await;
    let inquiry = stripe.disputes().pop().unwrap();
    let id = text(&inquiry, "id");
    stripe.close_dispute(id, true).unwrap();

    let dispute = stripe.escalate_dispute(id).unwrap();

    assert_eq!(
        (&dispute["id"], &dispute["status"]),
        (&inquiry["id"], &json!("needs_response"))
    );
    assert_eq!(dispute["balance_transactions"][0]["amount"], -2000);
    assert!(stripe.escalate_dispute(id).is_err());
}

#[tokio::test]
async fn early_fraud_warnings_and_reviews_have_their_routes_and_events() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid_with(&api, "pm_card_visa").await;
    let id = text(&intent, "id");

    let warning = stripe.warn_of_fraud(id).unwrap();
    let review = stripe.open_review(id).unwrap();

    for (path, object) in [
        ("/v1/radar/early_fraud_warnings", &warning),
        ("/v1/reviews", &review),
    ] {
        let fetched = api.get(&format!("{path}/{}", text(object, "id"))).await;
        assert_eq!(&fetched.ok(), object);
        let listed = api.get(&format!("{path}?payment_intent={id}")).await.ok();
        assert_eq!(&listed["data"], &json!([object]));
    }
    let path = format!("/v1/reviews/{}/approve", text(&review, "id"));
    assert_eq!(api.post(&path, &[]).await.ok()["open"], false);
    assert_eq!(api.post(&path, &[]).await.status, 400, "it is closed");
    stripe.dispute(json!({ "payment_intent": id })).unwrap();
    let warnings = api.get("/v1/radar/early_fraud_warnings").await.ok();
    assert_eq!(warnings["data"][0]["actionable"], false);
    for kind in [
        "radar.early_fraud_warning.created",
        "radar.early_fraud_warning.updated",
        "review.opened",
        "review.closed",
    ] {
        assert_eq!(count(&stripe, kind), 1, "{kind}");
    }
}
