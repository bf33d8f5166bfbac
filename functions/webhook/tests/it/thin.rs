//! Thin events: the object is fetched before anything is written.

use sandbox::Fault;
use serde_json::{Value, json};

use crate::{Api, order};

fn thin(id: &str, kind: &str, related: Value) -> Value {
    json!({ "id": id, "object": "v2.core.event", "type": kind, "livemode": false,
        "created": "2026-11-21T10:00:00.000Z", "related_object": related })
}

/// A hook with a paid order, and the thin event that tells of it.
async fn paid() -> (Api, Value) {
    let hook = Api::start().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    let related = json!({ "id": intent, "type": "payment_intent", "url": "/v1/elsewhere" });
    let event = thin("evt_thin", "v1.payment_intent.succeeded", related);
    (hook, event)
}

#[tokio::test]
async fn a_thin_event_is_as_good_as_a_snapshot() {
    let (hook, event) = paid().await;

    let _ = hook.deliver(&event).await.expect(200);

    assert_eq!(hook.status("o_1").await.as_str(), "paid");
    assert_eq!(crate::told(&hook.shop).await, ["order.paid"]);
    let _ = hook.deliver(&event).await.expect(200);
    assert!(hook.shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn refunds_charges_and_disputes_are_fetched_too() {
    let hook = Api::start().await;
    let intent = order(&hook.shop, "o_1").await;
    hook.shop
        .stripe
        .confirm(&intent, "pm_card_createDispute")
        .await
        .unwrap();
    let dispute = hook.shop.stripe.disputes()[0]["id"].clone();
    let charge = hook.shop.stripe.charges()[0]["id"].clone();

    let disputed = thin(
        "evt_1",
        "v1.charge.dispute.created",
        json!({ "id": dispute }),
    );
    let _ = hook.deliver(&disputed).await.expect(200);
    assert_eq!(hook.status("o_1").await.as_str(), "disputed");
    let refunded = thin("evt_2", "v1.charge.refunded", json!({ "id": charge }));
    let _ = hook.deliver(&refunded).await.expect(200);

    let other = order(&hook.shop, "o_2").await;
    hook.shop
        .stripe
        .confirm(&other, "pm_card_visa")
        .await
        .unwrap();
    let refund = hook.shop.stripe.refund(&other, Some(500)).unwrap();
    let refund = thin("evt_3", "v1.refund.created", json!({ "id": refund["id"] }));
    let _ = hook.deliver(&refund).await.expect(200);
    assert_eq!(hook.status("o_2").await.as_str(), "partially_refunded");
}

#[tokio::test]
async fn without_stripe_it_is_503_and_nothing_is_written() {
    let (hook, event) = paid().await;
    hook.shop
        .stripe
        .inject(Fault::error().on("GET", "/v1/payment_intents/").times(0));

    assert_eq!(hook.deliver(&event).await.code(503), "unavailable");
    assert_eq!(hook.status("o_1").await.as_str(), "created");

    hook.shop.stripe.clear_faults();
    let _ = hook.deliver(&event).await.expect(200);
    assert_eq!(hook.status("o_1").await.as_str(), "paid");
}

#[tokio::test]
async fn an_object_that_is_not_there_is_kept_for_a_person() {
    let hook = Api::start().await;
    let related = json!({ "id": "pi_nowhere", "type": "payment_intent" });

    let _ = hook
        .deliver(&thin("evt_1", "v1.payment_intent.succeeded", related))
        .await
        .expect(200);
    let _ = hook
        .deliver(&thin("evt_2", "v1.payment_intent.succeeded", Value::Null))
        .await
        .expect(200);
    let _ = hook
        .deliver(&thin("evt_3", "v2.core.account.updated", Value::Null))
        .await
        .expect(200);

    assert_eq!(hook.shop.store.quarantined().await.unwrap().len(), 2);
}
