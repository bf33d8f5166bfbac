//! Meters, their events and the summaries of these.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, api, event_types, text},
    billing::{START, advance, clocked, current, subscribe},
};

const METERS: &str = "/v1/billing/meters";
const EVENTS: &str = "/v1/billing/meter_events";
const DAY: i64 = 86_400;

fn now() -> i64 {
    let since = std::time::UNIX_EPOCH.elapsed().unwrap();
    i64::try_from(since.as_secs()).unwrap()
}

/// A meter with this formula for events of this name.
async fn meter(api: &Api, event: &str, formula: &str) -> Value {
    let form = [
        ("display_name", "Requests"),
        ("event_name", event),
        ("default_aggregation[formula]", formula),
    ];
    api.post(METERS, &form).await.ok()
}

async fn customer(api: &Api) -> String {
    let customer = api.post("/v1/customers", &[]).await.ok();
    text(&customer, "id").to_owned()
}

/// Reports usage of `requests`.
async fn report(api: &Api, customer: &str, value: &str, at: i64) {
    let at = at.to_string();
    let form = [
        ("event_name", "requests"),
        ("payload[stripe_customer_id]", customer),
        ("payload[value]", value),
        ("timestamp", &at),
    ];
    api.post(EVENTS, &form).await.ok();
}

/// The summaries of a meter for a customer, as start and value.
async fn summaries(api: &Api, meter: &str, customer: &str, query: &str) -> Vec<(i64, f64)> {
    let path = format!("{METERS}/{meter}/event_summaries?customer={customer}&{query}");
    let list = api.get(&path).await.ok();
    let summary = |summary: &Value| {
        assert_eq!(summary["object"], "billing.meter_event_summary");
        assert_eq!(summary["meter"], meter);
        let start = summary["start_time"].as_i64().unwrap();
        (start, summary["aggregated_value"].as_f64().unwrap())
    };
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(summary)
        .collect()
}

#[tokio::test]
async fn a_meter_is_created_renamed_ended_and_revived() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = meter(&api, "requests", "sum").await;
    assert_eq!(
        made["customer_mapping"]["event_payload_key"],
        "stripe_customer_id"
    );
    assert_eq!(made["value_settings"]["event_payload_key"], "value");
    assert_eq!(
        (&made["status"], &made["event_time_window"]),
        (&json!("active"), &Value::Null)
    );
    let path = format!("{METERS}/{}", text(&made, "id"));

    let renamed = api.post(&path, &[("display_name", "Calls")]).await.ok();
    assert_eq!(renamed["display_name"], "Calls");
    let ended = api.post(&format!("{path}/deactivate"), &[]).await.ok();
    assert_eq!(ended["status"], "inactive");
    assert!(ended["status_transitions"]["deactivated_at"].is_i64());
    let again = api.post(&format!("{path}/deactivate"), &[]).await;
    assert_eq!(again.status, 400);
    let listed = api.get(&format!("{METERS}?status=active")).await.ok();
    assert_eq!(listed["data"], json!([]));
    let revived = api.post(&format!("{path}/reactivate"), &[]).await.ok();
    assert_eq!(revived["status_transitions"]["deactivated_at"], Value::Null);
    assert_eq!(api.get(&path).await.ok(), revived);
    let events = event_types(&stripe);
    let events: Vec<&str> = events.iter().map(String::as_str).collect();
    let wanted = ["created", "updated", "deactivated", "reactivated"];
    assert_eq!(events, wanted.map(|event| format!("billing.meter.{event}")));
}

#[tokio::test]
async fn one_active_meter_has_an_event_name() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let first = meter(&api, "requests", "sum").await;
    let form = [
        ("display_name", "Another"),
        ("event_name", "requests"),
        ("default_aggregation[formula]", "count"),
    ];
    let error = api
        .post(METERS, &form)
        .await
        .refused(400, "resource_already_exists");
    assert_eq!(error["param"], "event_name");

    let path = format!("{METERS}/{}", text(&first, "id"));
    api.post(&format!("{path}/deactivate"), &[]).await.ok();
    api.post(METERS, &form).await.ok();
    let error = api.post(&format!("{path}/reactivate"), &[]).await;
    error.refused(400, "resource_already_exists");
    for (form, param) in [
        (&form[..2], "default_aggregation"),
        (&form[1..], "display_name"),
    ] {
        let error = api
            .post(METERS, form)
            .await
            .refused(400, "parameter_missing");
        assert_eq!(error["param"], param);
    }
}

#[tokio::test]
async fn an_identifier_counts_once() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let meter = meter(&api, "requests", "sum").await;
    let ada = customer(&api).await;
    let form = [
        ("event_name", "requests"),
        ("payload[stripe_customer_id]", ada.as_str()),
        ("payload[value]", "25"),
        ("identifier", "call-1"),
    ];

    let event = api.post(EVENTS, &form).await.ok();
    assert_eq!(event["object"], "billing.meter_event");
    assert_eq!(
        event["payload"],
        json!({ "stripe_customer_id": ada, "value": "25" })
    );
    assert_eq!(event["identifier"], "call-1");
    let again = api.post(EVENTS, &form).await;
    assert_eq!(again.status, 400);
    let message = "An event already exists with identifier call-1.";
    assert_eq!(again.body["error"]["message"], message);
    assert_eq!(again.body["error"]["type"], "invalid_request_error");
    api.post(EVENTS, &form[..3]).await.ok();
    let from = now() - now().rem_euclid(60) - 600;
    let query = format!("start_time={from}&end_time={}", from + 1_200);
    let sums = summaries(&api, text(&meter, "id"), &ada, &query).await;
    assert_eq!(sums, [(from, 50.0)]);
}

#[tokio::test]
async fn an_event_names_what_is_wrong_with_it() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = meter(&api, "requests", "sum").await;
    let ada = customer(&api).await;
    let (old, late) = (now() - 35 * DAY - 60, now() + 360);
    let (old, late) = (old.to_string(), late.to_string());
    let sound = [
        ("event_name", "requests"),
        ("payload[stripe_customer_id]", ada.as_str()),
        ("payload[value]", "1"),
    ];
    for (field, value, param) in [
        ("event_name", "unknown", "event_name"),
        (
            "payload[stripe_customer_id]",
            "cus_none",
            "payload[stripe_customer_id]",
        ),
        ("payload[value]", "many", "payload[value]"),
        ("payload[value]", "1234567890123456", "payload[value]"),
        ("timestamp", &old, "timestamp"),
        ("timestamp", &late, "timestamp"),
        ("colour", "red", "colour"),
    ] {
        let mut form: Vec<_> = sound
            .iter()
            .filter(|(name, _)| *name != field)
            .copied()
            .collect();
        form.push((field, value));
        let reply = api.post(EVENTS, &form).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert_eq!(reply.body["error"]["param"], param, "{}", reply.text);
    }
    for (missing, param) in [(1, "payload[stripe_customer_id]"), (2, "payload[value]")] {
        let mut form = sound.to_vec();
        form.remove(missing);
        let error = api
            .post(EVENTS, &form)
            .await
            .refused(400, "parameter_missing");
        assert_eq!(error["param"], param);
    }

    let path = format!("{METERS}/{}/deactivate", text(&made, "id"));
    api.post(&path, &[]).await.ok();
    let error = api
        .post(EVENTS, &sound)
        .await
        .refused(400, "resource_missing");
    assert!(text(&error, "message").contains("'requests'"));
}

#[tokio::test]
async fn summaries_are_of_one_customer_and_of_hours_or_days() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let meter = meter(&api, "requests", "sum").await;
    let meter = text(&meter, "id");
    let (ada, bob) = (customer(&api).await, customer(&api).await);
    let day = now() - now().rem_euclid(DAY) - 3 * DAY;
    for (who, value, at) in [
        (&ada, "1", day),
        (&ada, "2", day + 3_599),
        (&ada, "4.5", day + 3_600),
        (&ada, "8", day + DAY),
        (&ada, "16", day + 2 * DAY),
        (&bob, "32", day),
    ] {
        report(&api, who, value, at).await;
    }

    let time = format!("start_time={day}&end_time={}", day + 2 * DAY);
    assert_eq!(summaries(&api, meter, &ada, &time).await, [(day, 15.5)]);
    assert_eq!(summaries(&api, meter, &bob, &time).await, [(day, 32.0)]);
    let hours = format!("{time}&value_grouping_window=hour");
    let wanted = [(day + DAY, 8.0), (day + 3_600, 4.5), (day, 3.0)];
    assert_eq!(summaries(&api, meter, &ada, &hours).await, wanted);
    let days = format!("{time}&value_grouping_window=day&limit=1");
    assert_eq!(
        summaries(&api, meter, &ada, &days).await,
        [(day + DAY, 8.0)]
    );

    let path = format!("{METERS}/{meter}/event_summaries?customer={ada}");
    let odd = format!("{path}&start_time={}&end_time={}", day + 1, day + DAY);
    let odd = api.get(&odd).await;
    assert_eq!(odd.body["error"]["param"], "start_time", "{}", odd.text);
    let half = format!("{path}&start_time={day}&end_time={}", day + 1_800);
    let half = api.get(&format!("{half}&value_grouping_window=hour")).await;
    assert_eq!(half.body["error"]["param"], "end_time", "{}", half.text);
}

#[tokio::test]
async fn a_meter_counts_events_or_takes_the_last() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;
    let from = now() - now().rem_euclid(DAY) - DAY;
    for (formula, wanted) in [("count", 2.0), ("last", 9.0)] {
        let meter = meter(&api, formula, formula).await;
        for (value, at) in [("9", from + 120), ("5", from)] {
            let at = at.to_string();
            let form = [
                ("event_name", formula),
                ("payload[stripe_customer_id]", ada.as_str()),
                ("payload[value]", value),
                ("timestamp", &at),
            ];
            api.post(EVENTS, &form).await.ok();
        }
        let time = format!("start_time={from}&end_time={}", from + DAY);
        assert_eq!(
            summaries(&api, text(&meter, "id"), &ada, &time).await,
            [(from, wanted)]
        );
    }
}

#[tokio::test]
async fn usage_is_on_the_invoice_of_its_period_and_on_no_other() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let meter = meter(&api, "requests", "sum").await;
    let form = [
        ("currency", "usd"),
        ("unit_amount", "30"),
        ("recurring[interval]", "month"),
        ("recurring[usage_type]", "metered"),
        ("recurring[meter]", text(&meter, "id")),
        ("product_data[name]", "Requests"),
    ];
    let price = api.post("/v1/prices", &form).await.ok();
    let (clock, ada) = clocked(&api, "pm_card_visa").await;
    let subscription = subscribe(&api, &ada, text(&price, "id"), &[]).await;
    let first = text(&subscription, "latest_invoice").to_owned();
    let first = api.get(&format!("/v1/invoices/{first}")).await.ok();
    assert_eq!(
        (&first["total"], &first["status"]),
        (&json!(0), &json!("paid"))
    );
    let start = START.cast_signed();
    for (value, at) in [("40", start + 10), ("60", start + 20)] {
        report(&api, &ada, value, at).await;
    }
    let early = (start - 36 * DAY).to_string();
    let form = [
        ("event_name", "requests"),
        ("payload[stripe_customer_id]", ada.as_str()),
        ("payload[value]", "1"),
        ("timestamp", &early),
    ];
    let early = api.post(EVENTS, &form).await;
    assert_eq!(
        early.body["error"]["param"], "timestamp",
        "by the clock: {}",
        early.text
    );

    let end = |now: &Value| {
        now["items"]["data"][0]["current_period_end"]
            .as_u64()
            .unwrap()
    };
    for (usage, wanted) in [(0, 3000), (7, 210)] {
        if usage > 0 {
            let now = current(&api, &subscription).await;
            let at = now["items"]["data"][0]["current_period_start"]
                .as_i64()
                .unwrap();
            report(&api, &ada, &usage.to_string(), at + 60).await;
        }
        let now = current(&api, &subscription).await;
        advance(&api, &clock, end(&now) + 7200).await;
        let now = current(&api, &subscription).await;
        let invoice = text(&now, "latest_invoice").to_owned();
        let invoice = api.get(&format!("/v1/invoices/{invoice}")).await.ok();
        assert_eq!(invoice["status"], "paid");
        assert_eq!(invoice["amount_paid"], wanted, "{invoice}");
        let line = &invoice["lines"]["data"][0];
        assert_eq!(line["quantity"], wanted / 30);
    }
}
