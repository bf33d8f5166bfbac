//! Refunds and disputes of a subscription's invoices find the subscription and its caller.

use std::collections::BTreeSet;

use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Shop, TestServer};
use webhook::service;

/// The function, to which the sandbox delivers, with the subscriber `ada`; her subscription, its
/// invoice, and the intent that paid it.
async fn subscribed() -> (TestServer, String, String, String) {
    let api = TestServer::over(Shop::open().await, service).await;
    api.shop.subscribe(&api.client);
    let customer = api.shop.subscriber("ada", None, "pm_card_visa").await;
    let plan = api.shop.plan("pro", 1900, "month");
    let id = api.shop.subscribe_customer(&customer, &plan, &json!({}));
    api.shop.stripe.delivered_all().await;
    let invoices = api.shop.stripe.invoices();
    let invoice = invoices[0]["id"].as_str().unwrap().to_owned();
    let intents = api.shop.stripe.payment_intents();
    let intent = intents[0]["id"].as_str().unwrap().to_owned();
    (api, id, invoice, intent)
}

/// The bodies of the messages of this type.
async fn told(api: &TestServer, kind: &str) -> Vec<Value> {
    api.shop.stripe.delivered_all().await;
    let messages = api.shop.outbox().await.into_iter();
    let of_kind = messages.filter(|queued| queued.message.kind == kind);
    of_kind
        .map(|queued| serde_json::from_str(&queued.message.body).unwrap())
        .collect()
}

async fn assert_nothing_quarantined(api: &TestServer) {
    let quarantined = api.shop.store.quarantined().await.unwrap();
    assert!(quarantined.is_empty(), "{quarantined:?}");
}

#[tokio::test]
async fn a_refund_of_an_invoice_names_subscription_invoice_and_caller_once() {
    let (api, id, invoice, intent) = subscribed().await;

    let refund = api.shop.stripe.refund(&intent, Some(700)).unwrap();

    let messages = told(&api, "invoice.refunded").await;
    let [message] = messages.as_slice() else {
        panic!("not one message: {messages:?}")
    };
    let data = &message["data"];
    assert_eq!(data["subscriptionId"], id);
    assert_eq!(data["invoiceId"], invoice);
    assert_eq!(data["invoice"]["id"], invoice);
    assert_eq!(data["customer"], "ada");
    assert_eq!(data["subscription"]["status"], "active");
    assert_eq!(data["active"], true);
    let expected = json!({ "id": refund["id"], "amount": 700, "currency": "usd",
        "status": "succeeded" });
    assert_eq!(data["refund"], expected);
    assert!(data["dispute"].is_null());
    assert_nothing_quarantined(&api).await;
}

#[tokio::test]
async fn a_dispute_of_an_invoice_is_reported_with_each_status() {
    let (api, id, invoice, intent) = subscribed().await;
    let params = json!({ "payment_intent": intent, "amount": 1900, "case": "fraudulent" });
    let dispute = api.shop.stripe.dispute(params).unwrap();
    let dispute = dispute["id"].as_str().unwrap().to_owned();
    let first = told(&api, "invoice.disputed").await;
    let _ = api.shop.stripe.close_dispute(&dispute, false).unwrap();

    let all = told(&api, "invoice.disputed").await;

    assert_eq!(first.len(), 1, "{first:?}");
    let statuses = all
        .iter()
        .map(|one| one["data"]["dispute"]["status"].as_str());
    let statuses: BTreeSet<Option<&str>> = statuses.collect();
    assert_eq!(all.len(), 2, "{all:?}");
    assert_eq!(
        statuses,
        BTreeSet::from([Some("needs_response"), Some("lost")])
    );
    for message in &all {
        let data = &message["data"];
        assert_eq!(data["subscriptionId"], id);
        assert_eq!(data["invoiceId"], invoice);
        assert_eq!(data["dispute"]["id"], dispute);
        assert_eq!(data["dispute"]["reason"], "fraudulent");
    }
    assert_nothing_quarantined(&api).await;
}

#[tokio::test]
async fn a_refund_of_another_shops_invoice_notifies_nobody() {
    let (api, ..) = subscribed().await;
    let other = api.shop.open_beside().await;
    let customer = other.subscriber("eve", None, "pm_card_visa").await;
    let plan = other.plan("basic", 900, "month");
    let _ = other.subscribe_customer(&customer, &plan, &json!({}));
    let intents = other.stripe.payment_intents();
    let theirs = intents.iter().find(|one| one["customer"] == customer);
    let intent = theirs.unwrap()["id"].as_str().unwrap().to_owned();
    api.shop.stripe.delivered_all().await;
    let before = api.shop.outbox().await.len();

    let _ = api.shop.stripe.refund(&intent, None).unwrap();
    api.shop.stripe.delivered_all().await;

    assert_eq!(api.shop.outbox().await.len(), before);
    assert_nothing_quarantined(&api).await;
}

#[tokio::test]
async fn with_a_key_that_reads_no_invoices_a_refund_is_processed_all_the_same() {
    let (api, _, _, intent) = subscribed().await;
    let refused = Fault::restricted().on("GET", "/v1/invoice_payments");
    api.shop.stripe.inject(refused.times(0));

    let _ = api.shop.stripe.refund(&intent, None).unwrap();

    assert!(told(&api, "invoice.refunded").await.is_empty());
    let deliveries = api.shop.stripe.deliveries();
    assert!(deliveries.iter().all(|one| one.status == Some(200)));
    assert_nothing_quarantined(&api).await;
}
