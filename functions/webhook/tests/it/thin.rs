//! Thin events: the object is fetched before anything is written.

use sandbox::Fault;
use serde_json::{Value, json};
use testing::TestServer;
use webhook::service;

use crate::deliver;

fn thin(id: &str, kind: &str, related: Value) -> Value {
    json!({ "id": id, "object": "v2.core.event", "type": kind, "livemode": false,
        "created": "2026-11-21T10:00:00.000Z", "related_object": related })
}

/// The function over a shop with a paid order, and the thin event of the payment.
async fn paid() -> (TestServer, Value) {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    api.shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    let related = json!({ "id": intent, "type": "payment_intent", "url": "/v1/elsewhere" });
    let event = thin("evt_thin", "v1.payment_intent.succeeded", related);
    (api, event)
}

#[tokio::test]
async fn a_thin_event_is_as_good_as_a_snapshot() {
    let (api, event) = paid().await;

    let _ = deliver(&api, &event).await.expect(200);

    assert_eq!(api.shop.status("o_1").await, "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
    let _ = deliver(&api, &event).await.expect(200);
    assert!(api.shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn refunds_charges_and_disputes_are_fetched_too() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    api.shop
        .stripe
        .confirm(&intent, "pm_card_createDispute")
        .await
        .unwrap();
    let dispute = api.shop.stripe.disputes()[0]["id"].clone();
    let charge = api.shop.stripe.charges()[0]["id"].clone();

    let disputed = thin(
        "evt_1",
        "v1.charge.dispute.created",
        json!({ "id": dispute }),
    );
    let _ = deliver(&api, &disputed).await.expect(200);
    assert_eq!(api.shop.status("o_1").await, "disputed");
    let refunded = thin("evt_2", "v1.charge.refunded", json!({ "id": charge }));
    let _ = deliver(&api, &refunded).await.expect(200);

    let other = api.shop.open_order("o_2").await;
    api.shop
        .stripe
        .confirm(&other, "pm_card_visa")
        .await
        .unwrap();
    let refund = api.shop.stripe.refund(&other, Some(500)).unwrap();
    let refund = thin("evt_3", "v1.refund.created", json!({ "id": refund["id"] }));
    let _ = deliver(&api, &refund).await.expect(200);
    assert_eq!(api.shop.status("o_2").await, "partially_refunded");
}

#[tokio::test]
async fn without_stripe_it_is_503_and_nothing_is_written() {
    let (api, event) = paid().await;
    api.shop
        .stripe
        .inject(Fault::error().on("GET", "/v1/payment_intents/").times(0));

    assert_eq!(deliver(&api, &event).await.code(503), "unavailable");
    assert_eq!(api.shop.status("o_1").await, "created");

    api.shop.stripe.clear_faults();
    let _ = deliver(&api, &event).await.expect(200);
    assert_eq!(api.shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn an_event_of_an_object_that_does_not_exist_is_quarantined() {
    let api = TestServer::start(service).await;
    let related = json!({ "id": "pi_nowhere", "type": "payment_intent" });

    let _ = deliver(&api, &thin("evt_1", "v1.payment_intent.succeeded", related))
        .await
        .expect(200);
    let _ = deliver(
        &api,
        &thin("evt_2", "v1.payment_intent.succeeded", Value::Null),
    )
    .await
    .expect(200);
    let _ = deliver(&api, &thin("evt_3", "v2.core.account.updated", Value::Null))
        .await
        .expect(200);

    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 2);
}
