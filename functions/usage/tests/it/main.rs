//! `usage` over a real socket, with a sandbox of Stripe and a database on a file behind it.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod faults;

use notify::Notifier;
use serde_json::{Value, json};
use testing::{Answer, Shop, TestServer};
use usage::service;

const EVENTS: &str = "/v1/billing/meter_events";
const METERS: &str = "/v1/billing/meters";

/// The function over a shop with the meter `requests`, and the callers `ada` and `bob`, who have
/// customers.
struct Metered {
    api: TestServer,
    meter: String,
    ada: String,
    bob: String,
}

impl Metered {
    async fn open() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let meter = shop.stripe.add_meter("requests").unwrap();
        let ada = shop.subscriber("ada", None, "pm_card_visa").await;
        let bob = shop.subscriber("bob", None, "pm_card_visa").await;
        Self {
            api: TestServer::over(shop, service).await,
            meter: meter["id"].as_str().unwrap().to_owned(),
            ada,
            bob,
        }
    }

    async fn report(&self, events: &Value) -> Answer {
        let body = json!({ "events": events });
        self.api.as_role("site", "server").post(&body).await
    }

    fn shop(&self) -> &Shop {
        &self.api.shop
    }

    fn of_ada(&self) -> f64 {
        self.shop().stripe.usage(&self.meter, &self.ada)
    }

    fn of_bob(&self) -> f64 {
        self.shop().stripe.usage(&self.meter, &self.bob)
    }

    /// The number of meter events that were sent to Stripe.
    fn sent(&self) -> usize {
        let requests = self.shop().stripe.requests().into_iter();
        requests.filter(|one| one.path == EVENTS).count()
    }

    /// Delivers what is due, as `notify` does.
    async fn notify(&self) -> shared::delivery::Report {
        let shop = self.shop();
        let notifier = Notifier::new(&shop.config, shop.store.clone(), shop.clock.clone());
        notifier.drain().await.unwrap()
    }
}

fn event(caller: &str, value: impl Into<Value>, identifier: &str) -> Value {
    json!({ "meter": "requests", "caller": caller, "value": value.into(),
        "identifier": identifier })
}

fn statuses(answer: &Answer) -> Vec<&str> {
    let events = answer.body["events"].as_array().unwrap().iter();
    events.map(|one| one["status"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn usage_is_delivered_at_once_to_each_callers_customer() {
    let it = Metered::open().await;

    let batch = json!([
        event("ada", 3, "a-1"),
        event("bob", "0.25", "b-1"),
        event("ada", 4, "a-2"),
    ]);
    let answer = it.report(&batch).await.expect(200);

    assert_eq!(statuses(&answer), ["delivered"; 3]);
    let named = &answer.body["events"][1]["identifier"];
    assert_eq!(named, "b-1");
    assert_eq!((it.of_ada(), it.of_bob()), (7.0, 0.25));
    assert!(it.notify().await.is_empty(), "nothing is left to deliver");
}

#[tokio::test]
async fn an_identifier_counts_once_however_often_it_is_reported() {
    let it = Metered::open().await;
    let batch = json!([event("ada", 3, "a-1")]);
    let _ = it.report(&batch).await.expect(200);

    let again = it.report(&batch).await.expect(200);
    let changed = json!([event("ada", 5, "a-1"), event("ada", 10, "a-2")]);
    let changed = it.report(&changed).await.expect(200);

    assert_eq!(statuses(&again), ["accepted"]);
    assert_eq!(statuses(&changed), ["accepted", "delivered"]);
    assert_eq!((it.of_ada(), it.sent()), (13.0, 2));
}

#[tokio::test]
async fn the_time_of_the_use_is_that_of_the_report_unless_it_is_named() {
    let it = Metered::open().await;
    let now = it.shop().clock.now();
    let mut earlier = event("ada", 1, "a-1");
    earlier["timestamp"] = json!(now - 3_600);

    let batch = json!([earlier, event("ada", 1, "a-2")]);
    let _ = it.report(&batch).await.expect(200);

    let requests = it.shop().stripe.requests().into_iter();
    let sent = requests.filter(|one| one.path == EVENTS);
    let mut times: Vec<i64> = sent
        .map(|one| one.params["timestamp"].as_str().unwrap().parse().unwrap())
        .collect();
    times.sort_unstable();
    assert_eq!(times[0], now - 3_600);
    assert!((now..now + 60).contains(&times[1]), "{times:?}");
}

#[tokio::test]
async fn a_meter_with_its_own_payload_keys_gets_them() {
    let it = Metered::open().await;
    let shop = it.shop();
    let meter = shop.stripe.create_meter(json!({
        "display_name": "Seats", "event_name": "seats",
        "default_aggregation": { "formula": "sum" },
        "customer_mapping": { "type": "by_id", "event_payload_key": "who" },
        "value_settings": { "event_payload_key": "how_many" },
    }));
    let meter = meter.unwrap()["id"].as_str().unwrap().to_owned();
    let mut seats = event("ada", 6, "s-1");
    seats["meter"] = "seats".into();

    let answer = it.report(&json!([seats])).await.expect(200);

    assert_eq!(statuses(&answer), ["delivered"]);
    assert_eq!(shop.stripe.usage(&meter, &it.ada), 6.0);
}

#[tokio::test]
async fn a_wrong_event_is_named_and_nothing_of_its_request_is_stored() {
    let it = Metered::open().await;
    let now = it.shop().clock.now();
    let faulty = |field: &str, value: Value| {
        let mut wrong = event("ada", 1, "a-2");
        wrong[field] = value;
        json!([event("ada", 1, "a-1"), wrong])
    };
    for (field, value) in [
        ("value", json!("1e3")),
        ("value", json!(1.5)),
        ("value", json!("1234567890123456")),
        ("value", json!(null)),
        ("meter", json!("unknown")),
        ("meter", json!("")),
        ("caller", json!("nobody")),
        ("caller", json!("")),
        ("identifier", json!("with space")),
        ("identifier", json!("x".repeat(65))),
        ("identifier", json!("a-1")),
        ("timestamp", json!(now - 33 * 86_400)),
        ("timestamp", json!(now + 3_600)),
        ("timestamp", json!(null)),
        ("price", json!("p")),
    ] {
        let answer = it.report(&faulty(field, value.clone())).await.expect(400);
        let said = answer.body["error"]["message"].as_str().unwrap();
        let named = match field {
            "price" => "`events[1]`".to_owned(),
            field => format!("`events[1].{field}`"),
        };
        assert!(said.contains(&named), "{field} {value}: {said}");
    }
    for events in [json!([]), Value::from(vec![event("ada", 1, "a"); 101])] {
        let answer = it.report(&events).await.expect(400);
        let said = answer.body["error"]["message"].as_str().unwrap();
        assert!(said.contains("`events`"), "{said}");
    }
    assert_eq!(it.sent(), 0);
    assert!(it.shop().outbox().await.is_empty(), "nothing is stored");
}

#[tokio::test]
async fn a_hundred_events_are_one_request() {
    let it = Metered::open().await;
    let events: Vec<Value> = (0..100)
        .map(|n| event("ada", 1, &format!("a-{n}")))
        .collect();

    let answer = it.report(&Value::from(events)).await.expect(200);
    let _ = it.notify().await;

    assert_eq!(statuses(&answer).len(), 100);
    assert_eq!(it.of_ada(), 100.0);
    let lists = it.shop().stripe.requests().into_iter();
    let lists = lists.filter(|one| one.path == METERS).count();
    assert_eq!(lists, 1, "the meters are cached");
}

#[tokio::test]
async fn only_the_role_of_a_server_reports_usage() {
    let it = Metered::open().await;
    let body = json!({ "events": [event("ada", 1, "a-1")] });
    for role in [
        "guest", "customer", "support", "finance", "admin", "monitor",
    ] {
        let answer = it.api.as_role("ada", role).post(&body).await;
        assert_eq!(answer.code(403), "forbidden", "{role}");
    }
    let _ = it.api.client.request().post(&body).await.expect(401);
    assert_eq!(it.sent(), 0);
}
