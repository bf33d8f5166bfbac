//! Both kinds of events, unknown shapes, and events that must not be lost.

use serde_json::{Value, json};

use super::*;

fn parse(event: &Value) -> Result<Event, NotText> {
    Event::parse(event.to_string().as_bytes())
}

fn snapshot_of(kind: &str, object: Value) -> Value {
    json!({
        "id": "evt_1", "object": "event", "type": kind, "created": 1_700_000_000,
        "livemode": false, "api_version": "2026-09-30.endive", "data": { "object": object },
        "pending_webhooks": 1, "request": { "id": null, "idempotency_key": null },
    })
}

fn thin_of(kind: &str, related: Value) -> Value {
    json!({
        "id": "evt_1", "object": "v2.core.event", "type": kind, "livemode": true,
        "created": "2026-09-30T12:34:56.789Z", "context": null, "related_object": related,
    })
}

fn intent() -> Value {
    json!({
        "id": "pi_1", "object": "payment_intent", "amount": 1500, "amount_received": 1500,
        "currency": "usd", "status": "succeeded", "metadata": { "a": "b" },
        "last_payment_error": null, "a_field_of_next_year": { "x": [1] },
    })
}

#[test]
fn a_snapshot_carries_its_object() {
    let event = parse(&snapshot_of("payment_intent.succeeded", intent())).unwrap();

    assert_eq!((event.id.as_str(), event.created), ("evt_1", 1_700_000_000));
    assert_eq!(event.livemode, Some(false));
    let Subject::Intent(intent) = event.subject else {
        panic!("not an intent: {:?}", event.subject)
    };
    assert_eq!((intent.amount, intent.metadata("a")), (1500, Some("b")));
}

#[test]
fn every_type_that_an_order_depends_on_is_read() {
    let refund = json!({ "id": "re_1", "amount": 5, "currency": "usd", "status": "succeeded",
        "payment_intent": "pi_1" });
    let charge = json!({ "id": "ch_1", "amount": 9, "amount_refunded": 5, "currency": "usd",
        "payment_intent": "pi_1" });
    let dispute = json!({ "id": "dp_1", "status": "needs_response", "payment_intent": "pi_1" });
    let cases = [
        ("payment_intent.created", intent()),
        ("payment_intent.a_type_of_next_year", intent()),
        ("charge.refunded", charge),
        ("refund.created", refund.clone()),
        ("refund.failed", refund.clone()),
        ("charge.refund.updated", refund),
        ("charge.dispute.closed", dispute),
        (
            "radar.early_fraud_warning.created",
            json!({ "id": "issfr_1", "actionable": true, "payment_intent": "pi_1" }),
        ),
        (
            "review.opened",
            json!({ "id": "prv_1", "open": true, "payment_intent": "pi_1" }),
        ),
    ];
    for (kind, object) in cases {
        let subject = parse(&snapshot_of(kind, object)).unwrap().subject;
        let is_read = !matches!(subject, Subject::Other | Subject::Unreadable(_));
        assert!(is_read, "{kind}: {subject:?}");
    }
}

#[test]
fn a_thin_event_names_what_to_fetch() {
    let related = json!({ "id": "pi_1", "type": "payment_intent", "url": "https://evil.example/" });
    let event = parse(&thin_of("v1.payment_intent.succeeded", related)).unwrap();

    assert_eq!(event.kind, "payment_intent.succeeded");
    assert_eq!(event.created, 1_790_771_696);
    assert_eq!(event.livemode, Some(true));
    let expected = Related {
        family: Family::Intent,
        id: "pi_1".to_owned(),
    };
    assert_eq!(event.subject, Subject::Related(expected));
}

#[test]
fn an_intent_of_an_old_endpoint_has_todays_status_or_what_its_type_says() {
    let cases = [
        (
            "payment_intent.payment_failed",
            "requires_source",
            "requires_payment_method",
        ),
        (
            "payment_intent.created",
            "requires_source",
            "requires_payment_method",
        ),
        (
            "payment_intent.requires_action",
            "requires_source_action",
            "requires_action",
        ),
        (
            "payment_intent.payment_failed",
            "of_another_age",
            "requires_payment_method",
        ),
        (
            "payment_intent.requires_action",
            "of_another_age",
            "requires_action",
        ),
        ("payment_intent.processing", "of_another_age", "processing"),
        ("payment_intent.canceled", "of_another_age", "canceled"),
        ("payment_intent.succeeded", "of_another_age", "succeeded"),
        ("payment_intent.created", "of_another_age", "of_another_age"),
        // Where the object has moved on since, its status counts.
        ("payment_intent.payment_failed", "succeeded", "succeeded"),
        ("payment_intent.succeeded", "canceled", "canceled"),
    ];
    for (kind, sent, status) in cases {
        let mut object = intent();
        object["status"] = json!(sent);
        let event = parse(&snapshot_of(kind, object)).unwrap();
        let Subject::Intent(intent) = event.subject else {
            panic!("{kind}")
        };
        assert_eq!(intent.status, status, "{kind} {sent}");
    }
}

#[test]
fn the_account_of_an_event_is_one_s_own_unless_it_is_named() {
    let named = |name: &str, value: Value| {
        let mut event = match name {
            "context" => thin_of("v1.payment_intent.succeeded", json!({ "id": "pi_1" })),
            _ => snapshot_of("payment_intent.succeeded", intent()),
        };
        event[name] = value;
        parse(&event).unwrap().account
    };
    for name in ["account", "context"] {
        assert_eq!(named(name, Value::Null), None);
        assert_eq!(named(name, json!("acct_1")).as_deref(), Some("acct_1"));
        assert_eq!(
            named(name, json!({ "a": 1 })).as_deref(),
            Some(r#"{"a":1}"#)
        );
    }
}

#[test]
fn what_is_listed_is_what_an_endpoint_is_subscribed_to_but_for_what_is_obsolete() {
    let missing: Vec<_> = NEEDED
        .into_iter()
        .filter(|kind| !LISTED.contains(kind))
        .collect();
    let obsolete = [
        "payment_intent.processing",
        "payment_intent.requires_action",
    ];
    assert_eq!(missing, obsolete);
    assert!(NEEDED.iter().all(|kind| ACTED_ON.contains(kind)));
    assert!(LISTED.len() <= 20, "Stripe filters by twenty at most");
}

#[test]
fn the_deployment_guide_names_every_type_that_an_endpoint_needs() {
    let guide = include_str!("../../../docs/deploy-aws.md");
    let (_, section) = guide.split_once("## 4. Tell Stripe").unwrap();
    let (list, _) = section.split_once("- and whatever").unwrap();
    let items = list.lines().filter(|line| line.starts_with("- "));
    let mut named: Vec<&str> = items
        .flat_map(|line| line.split('`').skip(1).step_by(2))
        .collect();
    named.sort_unstable();
    let mut expected = [&NEEDED[..], &OF_SUBSCRIPTIONS].concat();
    expected.sort_unstable();
    assert_eq!(named, expected);
}

#[test]
fn a_thin_event_never_leads_outside_stripes_paths() {
    for id in [
        "../balance",
        "pi_1/cancel",
        "pi_1?expand=x",
        "",
        "pi%2f1",
        "pi_1#",
    ] {
        let related = json!({ "id": id, "type": "payment_intent", "url": "/v1/x" });
        let event = parse(&thin_of("v1.payment_intent.succeeded", related)).unwrap();
        assert!(matches!(event.subject, Subject::Unreadable(_)), "{id}");
    }
    let event = parse(&thin_of("v1.payment_intent.succeeded", Value::Null)).unwrap();
    assert!(matches!(event.subject, Subject::Unreadable(_)));
}

#[test]
fn unknown_types_are_kept() {
    let event = parse(&snapshot_of("treasury.comet.sighted", json!({ "id": "x" }))).unwrap();
    assert_eq!(event.subject, Subject::Other);
    let event = parse(&thin_of("v2.core.account.updated", Value::Null)).unwrap();
    assert_eq!(event.subject, Subject::Other);
    assert_eq!(event.kind, "v2.core.account.updated");
}

#[test]
fn a_known_type_with_an_object_that_does_not_fit_is_kept_as_unreadable() {
    for object in [json!({}), json!({ "id": 5 }), json!("pi_1"), Value::Null] {
        let event = parse(&snapshot_of("payment_intent.succeeded", object.clone())).unwrap();
        assert!(matches!(event.subject, Subject::Unreadable(_)), "{object}");
    }
}

#[test]
fn missing_and_unknown_values_are_tolerated_where_no_order_needs_them() {
    let object = json!({ "id": "pi_1", "amount": 5, "currency": "usd", "status": "a_new_one" });
    let mut event = snapshot_of("payment_intent.succeeded", object);
    event.as_object_mut().unwrap().remove("created");

    let event = parse(&event).unwrap();
    assert!(matches!(event.subject, Subject::Intent(_)));
    assert_eq!(event.created, 0);
}

#[test]
fn a_signed_body_that_is_no_event_is_kept_under_a_name_of_its_own() {
    let other = json!({ "id": "x", "object": "list", "type": "x", "livemode": false });
    for body in [
        "",
        "{}",
        "[]",
        "null",
        "{\"object\":\"event\"}",
        "{",
        &other.to_string(),
    ] {
        let event = Event::parse(body.as_bytes()).unwrap();
        assert!(matches!(event.subject, Subject::Unreadable(_)), "{body}");
        assert_eq!(event.id, Event::parse(body.as_bytes()).unwrap().id);
        assert!(event.id.starts_with("unreadable_"), "{}", event.id);
    }
}

#[test]
fn a_body_that_is_not_utf_8_is_refused() {
    assert_eq!(Event::parse(b"\xff\xfe").unwrap_err(), NotText);
}

#[test]
fn every_type_that_is_acted_on_is_read() {
    for kind in ACTED_ON {
        let event = json!({ "id": "evt_1", "object": "event", "type": kind, "livemode": false,
            "data": { "object": "not one" } });
        let event = Event::parse(event.to_string().as_bytes()).unwrap();
        assert!(matches!(event.subject, Subject::Unreadable(_)), "{kind}");
    }
}
