//! The table of answers, row by row.

use hyper::{Method, body::Bytes};
use serde_json::json;
use testing::{NOW, Shop, TestServer};
use webhook::service;

use crate::{deliver, event, foreign, paid, send};

#[tokio::test]
async fn a_signature_that_stripe_did_not_make_is_400_with_one_message_for_all() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    api.shop.open_order("o_1").await;
    let body = event(&api.shop, "payment_intent.created")
        .to_string()
        .into_bytes();
    let at = |t: i64| sandbox::sign(&body, Shop::WEBHOOK_SECRET, t.unsigned_abs());
    let v1 = at(NOW).split_once("v1=").unwrap().1.to_owned();
    let refused = [
        sandbox::sign(&body, "whsec_another", NOW.unsigned_abs()),
        sandbox::sign(b"another body", Shop::WEBHOOK_SECRET, NOW.unsigned_abs()),
        at(NOW - 301),
        at(NOW + 301),
        "bad_header".to_owned(),
        String::new(),
        format!("t={NOW}"),
        format!("t={NOW},v0={v1}"),
        format!("t={NOW},t={NOW},v1={v1}"),
    ];
    let mut messages = Vec::new();
    for signature in refused {
        let answer = send(&api, &signature, body.clone()).await;
        messages.push(answer.body["error"]["message"].clone());
        assert_eq!(answer.code(400), "bad_signature", "{signature}");
    }
    let none = api
        .client
        .request()
        .send(Method::POST, Bytes::from(body.clone()))
        .await;
    messages.push(none.body["error"]["message"].clone());
    assert_eq!(none.code(400), "bad_signature");
    let twice = api.client.request();
    let twice = twice
        .header("stripe-signature", &at(NOW))
        .header("stripe-signature", &at(NOW));
    let twice = twice.send(Method::POST, Bytes::from(body.clone())).await;
    messages.push(twice.body["error"]["message"].clone());
    assert_eq!(twice.code(400), "bad_signature");
    messages.dedup();
    assert_eq!(messages.len(), 1, "{messages:?}");

    let _ = send(&api, &at(NOW - 300), body).await.expect(200);
}

#[tokio::test]
async fn the_exact_bytes_count() {
    let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
    let body = foreign("evt_1", "customer.created").to_string();
    let signature = sandbox::sign(body.as_bytes(), Shop::WEBHOOK_SECRET, NOW.unsigned_abs());
    let spaced = body.replace(',', ", ");

    assert_eq!(
        send(&api, &signature, spaced.into_bytes()).await.code(400),
        "bad_signature"
    );
    let _ = send(&api, &signature, body.into_bytes()).await.expect(200);
}

#[tokio::test]
async fn a_body_over_one_mebibyte_is_413_before_anything_is_checked() {
    let api = TestServer::start(service).await;
    let just_over = vec![b' '; 1024 * 1024 + 1];
    assert_eq!(
        send(&api, "t=1,v1=00", just_over).await.code(413),
        "body_too_large"
    );

    let mut large = foreign("evt_1", "customer.created");
    large["pad"] = json!("x".repeat(900_000));
    let _ = deliver(&api, &large).await.expect(200);
}

#[tokio::test]
async fn another_method_is_405_and_never_a_redirect() {
    let api = TestServer::start(service).await;
    for method in [Method::GET, Method::PUT, Method::DELETE] {
        let answer = api
            .client
            .request()
            .path("/api/webhooks/stripe/")
            .send(method, Bytes::new())
            .await;
        assert_eq!(answer.headers["allow"], "POST");
        assert_eq!(answer.code(405), "method_not_allowed");
    }
}

#[tokio::test]
async fn what_concerns_no_order_of_ours_is_200_and_changes_nothing() {
    let api = TestServer::start(service).await;
    let mut not_ours = {
        api.shop.open_order("o_1").await;
        event(&api.shop, "payment_intent.created")
    };
    not_ours["data"]["object"]["metadata"] = json!({});
    not_ours["data"]["object"]["id"] = json!("pi_of_another_shop");
    not_ours["data"]["object"]["status"] = json!("succeeded");
    not_ours["type"] = json!("payment_intent.succeeded");
    for event in [
        foreign("evt_1", "customer.created"),
        foreign("evt_2", "unknown.type"),
        not_ours,
    ] {
        let answer = deliver(&api, &event).await.expect(200);
        assert_eq!(answer.body, json!({ "received": true }));
    }
    assert!(api.shop.notifications().await.is_empty());
}

#[tokio::test]
async fn an_event_of_the_other_mode_is_200_and_changes_nothing() {
    let api = TestServer::over(
        Shop::open_with(&[("FAREBOX_NOTIFY_EVENTS", "*")]).await,
        service,
    )
    .await;
    let mut live = paid(&api.shop, "o_1").await;
    live["livemode"] = json!(true);

    let _ = deliver(&api, &live).await.expect(200);

    assert_eq!(api.shop.status("o_1").await, "created");
    assert!(api.shop.notifications().await.is_empty());
    live["livemode"] = json!(false);
    let _ = deliver(&api, &live).await.expect(200);
    assert_eq!(api.shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn what_cannot_be_read_is_200_and_quarantined() {
    let api = TestServer::start(service).await;
    let mut odd = foreign("evt_1", "payment_intent.succeeded");
    odd["data"]["object"] = json!({ "id": ["not", "an", "intent"] });

    let _ = deliver(&api, &odd).await.expect(200);
    let _ = api
        .shop
        .deliver(&api.client, r#"{"not": "an event"}"#)
        .await
        .expect(200);

    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 2);
    assert_eq!(
        api.shop
            .deliver(&api.client, vec![0xff, 0xfe])
            .await
            .code(400),
        "invalid_request"
    );
}

#[tokio::test]
async fn what_contradicts_its_order_is_200_and_quarantined() {
    let api = TestServer::start(service).await;
    let good = paid(&api.shop, "o_1").await;
    let changes = [
        ("amount", json!(1)),
        ("amount_received", json!(0)),
        ("currency", json!("eur")),
        ("id", json!("pi_another")),
    ];
    for (n, (field, value)) in changes.into_iter().enumerate() {
        let mut wrong = good.clone();
        wrong["id"] = json!(format!("evt_wrong_{n}"));
        wrong["data"]["object"][field] = value;
        let _ = deliver(&api, &wrong).await.expect(200);
    }

    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 4);
    assert_eq!(api.shop.status("o_1").await, "created");
    assert!(api.shop.notifications().await.is_empty());
}

#[tokio::test]
async fn a_payment_whose_metadata_another_tool_edited_is_paid() {
    let api = TestServer::start(service).await;
    let edits = [
        json!({}),
        json!({ "farebox_owner": "bob", "erp": "7" }),
        json!({ "farebox_order": "o_of_another_tool" }),
    ];
    for (n, metadata) in edits.into_iter().enumerate() {
        let id = format!("o_{n}");
        let mut paid = paid(&api.shop, &id).await;
        paid["data"]["object"]["metadata"] = metadata;

        let _ = deliver(&api, &paid).await.expect(200);

        assert_eq!(api.shop.status(&id).await, "paid", "{id}");
    }
    assert!(api.shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_database_that_cannot_be_written_is_503_and_stripes_next_delivery_counts() {
    let api = TestServer::start(service).await;
    let paid = paid(&api.shop, "o_1").await;
    let file = api.shop.folder().join("farebox.sqlite");
    let other = rusqlite::Connection::open(file).unwrap();

    // The event is claimed, then the outbox fails: the claim must be undone with it.
    other
        .execute_batch("ALTER TABLE outbox RENAME TO gone")
        .unwrap();
    assert_eq!(deliver(&api, &paid).await.code(503), "unavailable");
    other
        .execute_batch("ALTER TABLE gone RENAME TO outbox")
        .unwrap();
    assert_eq!(api.shop.status("o_1").await, "created");

    let _ = deliver(&api, &paid).await.expect(200);
    assert_eq!(api.shop.status("o_1").await, "paid");
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn every_secret_that_is_held_is_tried() {
    let secrets = format!("whsec_old,{}", Shop::WEBHOOK_SECRET);
    let api = TestServer::over(
        Shop::open_with(&[("STRIPE_WEBHOOK_SECRET", &secrets)]).await,
        service,
    )
    .await;

    let _ = deliver(&api, &foreign("evt_1", "customer.created"))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_payment_that_is_no_order_costs_no_call_to_stripe() {
    let api = TestServer::start(service).await;
    let mut event = foreign("evt_1", "payment_intent.succeeded");
    event["data"]["object"] = json!({ "id": "pi_1", "amount": 1500, "amount_received": 1500,
        "currency": "usd", "status": "succeeded", "latest_charge": "ch_1", "metadata": {} });

    let _ = deliver(&api, &event).await.expect(200);

    assert!(api.shop.stripe.requests().is_empty());
}
