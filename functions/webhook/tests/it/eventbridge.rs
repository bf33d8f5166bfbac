//! Events of Stripe that EventBridge brings from a partner event source, to the program as Lambda
//! runs it.

use serde_json::{Value, json};
use testing::{LambdaRuntime, Shop};

use crate::paid;

const SOURCE: &str = "aws.partner/stripe.com/ed_test_61TEN0dErlaWJQzTZ16Qafnx2xSQ";

/// What EventBridge hands over for Stripe's `event` from `source`
/// (<https://docs.stripe.com/event-destinations/eventbridge>).
fn brought(source: &str, event: &Value) -> Value {
    json!({
        "version": "0", "id": "17e8dff5-d6cd-3770-ace9-aeac02b6ac3f", "detail-type": event["type"],
        "source": source, "account": "123456789012", "time": "2026-10-30T03:10:24Z",
        "region": "us-west-2",
        "resources": [format!("arn:aws:events:us-west-2::event-source/{source}")], "detail": event,
    })
}

async fn function(shop: &Shop) -> LambdaRuntime {
    LambdaRuntime::start(env!("CARGO_BIN_EXE_webhook"), shop.environment()).await
}

#[tokio::test]
async fn an_event_of_the_named_source_counts_once_without_a_signature() {
    let without_endpoint = ("STRIPE_WEBHOOK_SECRET", "");
    let shop = Shop::open_with(&[("STRIPE_EVENT_SOURCE", SOURCE), without_endpoint]).await;
    let event = brought(SOURCE, &paid(&shop, "o_1").await);
    let function = function(&shop).await;

    for _ in 0..2 {
        let answer = function.invoke(event.clone()).await;
        assert_eq!(answer, Ok(json!({ "received": true })));
    }

    assert_eq!(shop.status("o_1").await, "paid");
}

#[tokio::test]
async fn an_event_of_another_source_fails_and_changes_nothing() {
    let shop = Shop::open_with(&[("STRIPE_EVENT_SOURCE", SOURCE)]).await;
    let unset = Shop::open().await;
    let others = [
        "aws.partner/stripe.com/ed_test_another",
        "aws.partner/stripe.com",
        "com.example.shop",
        "",
    ];
    let cases = others.map(|other| (&shop, other)).into_iter();
    for (shop, source) in cases.chain([(&unset, SOURCE), (&unset, "")]) {
        let id = format!("o_{}", source.len());
        let event = brought(source, &paid(shop, &id).await);
        let refused = function(shop).await.invoke(event).await.unwrap_err();
        assert_eq!(refused["errorType"], "Refused");
        assert_eq!(shop.status(&id).await, "created");
    }
}

#[tokio::test]
async fn a_request_is_never_taken_for_an_event_of_eventbridge() {
    let shop = Shop::open_with(&[("STRIPE_EVENT_SOURCE", SOURCE)]).await;
    let event = paid(&shop, "o_1").await;
    let function = function(&shop).await;
    // What a caller of the URL decides: the body, headers, the path and the query.
    let mut request = json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/",
        "rawQueryString": format!("source={SOURCE}"),
        "isBase64Encoded": false, "body": brought(SOURCE, &event).to_string(),
        "headers": { "source": SOURCE },
        "requestContext": { "apiId": "a", "stage": "$default", "requestId": "r", "timeEpoch": 1,
            "http": { "method": "POST", "path": "/", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1" } },
    });
    for body in [brought(SOURCE, &event), event] {
        request["body"] = body.to_string().into();
        let answer = function.invoke(request.clone()).await.unwrap();
        assert_eq!(answer["statusCode"], 400, "{answer}");
    }
    assert_eq!(shop.status("o_1").await, "created");
}

#[tokio::test]
async fn an_event_that_was_not_taken_fails_so_that_it_is_tried_again() {
    let unreachable = [
        ("STRIPE_EVENT_SOURCE", SOURCE),
        ("STRIPE_API_BASE", "http://127.0.0.1:1"),
        ("FAREBOX_STRIPE_DEADLINE", "1"),
    ];
    let shop = Shop::open_with(&unreachable).await;
    let thin = json!({ "id": "evt_1", "object": "v2.core.event",
        "type": "v1.payment_intent.succeeded",
        "livemode": false, "created": "2026-10-30T03:10:24.000Z",
        "related_object": { "id": "pi_1", "type": "payment_intent",
            "url": "/v1/payment_intents/pi_1" } });

    let failed = function(&shop).await.invoke(brought(SOURCE, &thin)).await;

    let message = "the event was not processed: 503 Service Unavailable";
    assert_eq!(failed.unwrap_err()["errorMessage"], message);
}
