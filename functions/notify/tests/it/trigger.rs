//! The events that Lambda invokes it with: records of the table's stream, and the tick of the
//! schedule.

use notify::trigger::Trigger;
use serde_json::{Value, json};
use testing::{Endpoint, Log, Shop};

use crate::{app, message, shop};

/// The stream's record of each message in `ids`, as DynamoDB Streams shapes it.
fn records(ids: &[String]) -> Trigger {
    let record = |(n, id): (usize, &String)| {
        let key = json!({ "pk": { "S": format!("outbox#{id}") } });
        json!({
            "eventID": n.to_string(), "eventName": "INSERT", "eventVersion": "1.1",
            "eventSource": "aws:dynamodb", "awsRegion": "eu-central-1",
            "dynamodb": {
                "ApproximateCreationDateTime": 1_790_000_000, "Keys": key, "NewImage": key,
                "SequenceNumber": format!("{}", 100 + n), "SizeBytes": 26,
                "StreamViewType": "NEW_IMAGE",
            },
            "eventSourceARN": "arn:aws:dynamodb:eu-central-1:111122223333:table/farebox/stream/1",
        })
    };
    let records: Vec<Value> = ids.iter().enumerate().map(record).collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

/// The ids of what waits in the outbox.
async fn waiting(shop: &Shop) -> Vec<String> {
    let due = shop
        .store
        .lease_due(shop.clock.now(), 0, 100)
        .await
        .unwrap();
    due.into_iter().map(|queued| queued.message.id).collect()
}

#[tokio::test]
async fn a_record_that_comes_twice_delivers_its_message_once() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(endpoint.url()).await;
    for n in 0..40 {
        message(&shop, &format!("evt_{n}")).await;
    }
    let ids = waiting(&shop).await;
    let app = app(&shop);

    let (first, second) = tokio::join!(app.handle(records(&ids)), app.handle(records(&ids)));

    for handled in [first, second] {
        let report = serde_json::to_value(handled.unwrap()).unwrap();
        assert_eq!(report, json!({ "batchItemFailures": [] }));
    }
    assert_eq!(endpoint.received().len(), 40);
    assert!(waiting(&shop).await.is_empty());
}

#[tokio::test]
async fn a_failed_delivery_waits_for_the_schedule_and_holds_up_nothing() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(endpoint.url()).await;
    message(&shop, "evt_1").await;
    let ids = waiting(&shop).await;
    endpoint.answer_with(500);

    let handled = app(&shop).handle(records(&ids)).await.unwrap();

    let report = serde_json::to_value(handled).unwrap();
    assert_eq!(
        report,
        json!({ "batchItemFailures": [] }),
        "the stream goes on"
    );
    endpoint.answer_with(204);
    shop.clock.advance(60);
    let tick = app(&shop).handle(Trigger::default()).await.unwrap();
    let report = serde_json::to_value(tick).unwrap();
    assert_eq!(report["delivered"], 1, "{report}");
    assert_eq!(endpoint.received().len(), 2);
}

#[tokio::test]
async fn a_record_whose_message_the_database_cannot_hand_out_comes_again() {
    let shop = shop("log:").await;
    for event in ["evt_1", "evt_2"] {
        message(&shop, event).await;
    }
    let ids = waiting(&shop).await;
    let file = rusqlite::Connection::open(shop.folder().join("farebox.sqlite")).unwrap();
    file.execute_batch("ALTER TABLE outbox RENAME TO gone")
        .unwrap();

    let handled = app(&shop).handle(records(&ids)).await.unwrap();

    let report = serde_json::to_value(handled).unwrap();
    let failed = json!([{ "itemIdentifier": "100" }, { "itemIdentifier": "101" }]);
    assert_eq!(report, json!({ "batchItemFailures": failed }));
}

#[tokio::test]
async fn a_tick_logs_how_long_the_oldest_message_has_waited() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    endpoint.answer_with(500);
    let shop = shop(endpoint.url()).await;
    message(&shop, "evt_1").await;
    shop.clock.advance(90);
    let (log, _guard) = Log::start();

    let scheduled =
        json!({ "source": "aws.events", "detail-type": "Scheduled Event", "detail": {} });
    let tick: Trigger = serde_json::from_value(scheduled).unwrap();
    app(&shop).handle(tick).await.unwrap();

    let metric = r#""metric.oldest_undelivered_seconds":90"#;
    assert!(log.text().contains(metric), "{}", log.text());
}
