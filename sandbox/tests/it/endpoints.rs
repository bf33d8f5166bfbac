//! Webhook endpoints of the API; thin events; late events.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stripe_sandbox::{Sandbox, sign};

use crate::{
    api::{api, api_with_key, intent, paid, text},
    receiver::Receiver,
};

const ENDPOINTS: &str = "/v1/webhook_endpoints";

/// The `t` of a signature header.
fn signed_at(header: &str) -> u64 {
    let (t, _) = header.split_once(',').unwrap();
    t.trim_start_matches("t=").parse().unwrap()
}

#[tokio::test]
async fn an_endpoint_shows_its_secret_once_and_signs_with_it() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [
        ("url", receiver.url.as_str()),
        ("enabled_events[]", "charge.succeeded"),
        ("enabled_events[]", "payment_intent.succeeded"),
    ];
    let made = api.post(ENDPOINTS, &form).await.ok();
    let (id, secret) = (text(&made, "id"), text(&made, "secret"));
    assert!(id.starts_with("we_") && secret.starts_with("whsec_"));
    let found = api.get(&format!("{ENDPOINTS}/{id}")).await.ok();
    assert!(found.get("secret").is_none());
    assert_eq!(api.get(ENDPOINTS).await.ok()["data"], json!([found]));

    paid(&api).await;
    stripe.delivered_all().await;

    let expected = ["charge.succeeded", "payment_intent.succeeded"];
    let mut types = receiver.types();
    types.sort();
    assert_eq!(types, expected);
    for hook in receiver.hooks() {
        let header = sign(&hook.body, secret, signed_at(hook.signature()));
        assert_eq!(hook.signature(), header);
    }
    let waiting = |event: &Value| event["pending_webhooks"].clone();
    let waiting: Vec<_> = stripe.events().iter().map(waiting).collect();
    assert_eq!(waiting, [0, 1, 1]);
}

#[tokio::test]
async fn a_disabled_or_deleted_endpoint_gets_nothing() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [("url", receiver.url.as_str()), ("enabled_events[]", "*")];
    let made = api.post(ENDPOINTS, &form).await.ok();
    let path = format!("{ENDPOINTS}/{}", text(&made, "id"));

    let off = api.post(&path, &[("disabled", "true")]).await.ok();
    assert_eq!(off["status"], "disabled");
    intent(&api).await;
    api.post(&path, &[("disabled", "false")]).await.ok();
    intent(&api).await;
    stripe.delivered_all().await;
    assert_eq!(receiver.hooks().len(), 1);

    let deleted = api.delete(&path).await.ok();
    assert_eq!(
        (&deleted["deleted"], &deleted["object"]),
        (&json!(true), &json!("webhook_endpoint"))
    );
    intent(&api).await;
    stripe.delivered_all().await;
    assert_eq!(receiver.hooks().len(), 1);
    api.get(&path).await.refused(404, "resource_missing");
}

#[tokio::test]
async fn an_endpoint_has_a_local_url_and_events() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let here = "http://127.0.0.1:1/";
    let cases: [(&[(&str, &str)], &str); 4] = [
        (&[("enabled_events[]", "*")], "url"),
        (&[("url", here)], "enabled_events"),
        (
            &[("url", here), ("enabled_events[]", "all")],
            "enabled_events[0]",
        ),
        (
            &[("url", "http://example.com/"), ("enabled_events[]", "*")],
            "url",
        ),
    ];
    for (form, param) in cases {
        let refused = api.post(ENDPOINTS, form).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["param"]),
            (400, &json!(param))
        );
    }
    assert_eq!(api.get(ENDPOINTS).await.ok()["data"], json!([]));
}

#[tokio::test]
async fn a_thin_event_names_its_object_and_does_not_show_it() {
    let receiver = Receiver::answering(&[]).await;
    let builder = Sandbox::builder().thin_webhook(&receiver.url, "whsec_thin");
    let stripe = builder.start().await.unwrap();
    let api = api(&stripe);

    let intent = intent(&api).await;
    stripe.delivered_all().await;

    let hook = &receiver.hooks()[0];
    let id = text(&intent, "id");
    let event = hook.event();
    let created = text(&event, "created");
    assert!(
        created.ends_with(".000Z") && created.len() == 24,
        "{created}"
    );
    let snapshot = &stripe.events()[0]["id"];
    assert_ne!(event["id"], *snapshot, "it has an id of its own");
    let expected = json!({
        "id": event["id"],
        "snapshot_event": snapshot,
        "object": "v2.core.event",
        "context": null,
        "created": created,
        "livemode": false,
        "reason": null,
        "related_object": {
            "id": id,
            "type": "payment_intent",
            "url": format!("/v1/payment_intents/{id}"),
        },
        "type": "v1.payment_intent.created",
    });
    assert_eq!(event, expected);
    let header = sign(&hook.body, "whsec_thin", signed_at(hook.signature()));
    assert_eq!(hook.signature(), header);
    let path = format!("/v2/core/events/{}", text(&event, "id"));
    assert_eq!(api.get(&path).await.ok(), event);
    let related = text(&event["related_object"], "url");
    assert_eq!(api.get(related).await.ok(), intent);
}

#[tokio::test]
async fn thin_and_late_events_are_ordered_over_http() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = Sandbox::start().await;
    let control = api_with_key(&stripe, "");
    let form = [
        ("url", receiver.url.as_str()),
        ("secret", "whsec_a"),
        ("payload", "thin"),
    ];
    control.post("/_sandbox/webhooks", &form).await.ok();
    control
        .post("/_sandbox/webhooks/delay", &[("ms", "40")])
        .await
        .ok();

    let before = Instant::now();
    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    assert!(before.elapsed() >= Duration::from_millis(40));
    assert_eq!(receiver.types(), ["v1.payment_intent.created"]);
    control
        .post("/_sandbox/webhooks/delay", &[])
        .await
        .refused(400, "parameter_missing");
}
