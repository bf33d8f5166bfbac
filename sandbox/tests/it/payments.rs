//! Payment intents and their charges.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, event_types, intent, paid, text};

#[tokio::test]
async fn a_paid_intent_has_a_charge_with_its_metadata() {
    let stripe = Sandbox::start().await;

    let intent = paid(&api(&stripe)).await;

    assert_eq!(intent["status"], "succeeded");
    assert_eq!(intent["amount_received"], 2000);
    let [charge] = stripe.charges().try_into().expect("exactly one charge");
    assert_eq!(charge["id"], intent["latest_charge"]);
    assert_eq!(charge["payment_intent"], intent["id"]);
    assert_eq!(charge["metadata"], json!({ "order": "order_7" }));
    assert_eq!(charge["paid"], true);
    let expected = [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ];
    assert_eq!(event_types(&stripe), expected);
}

#[tokio::test]
async fn an_intent_looks_like_stripes() {
    let stripe = Sandbox::start().await;

    let intent = intent(&api(&stripe)).await;

    let id = text(&intent, "id");
    assert!(id.starts_with("pi_3") && id.len() == 27, "{id}");
    assert!(text(&intent, "client_secret").starts_with(&format!("{id}_secret_")));
    assert_eq!(intent["status"], "requires_payment_method");
    assert_eq!(intent["automatic_payment_methods"]["enabled"], true);
    assert_eq!(intent["livemode"], false);
    assert!(intent["latest_charge"].is_null() && intent["metadata"].is_object());
}

#[tokio::test]
async fn an_event_holds_the_object_as_it_was_and_the_request() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [("amount", "500"), ("currency", "eur")];

    let created = api.post_once("key-1", "/v1/payment_intents", &form).await;
    let request = created.header("request-id").unwrap().to_owned();
    let intent = created.ok();
    api.post(
        &format!("/v1/payment_intents/{}", text(&intent, "id")),
        &[("amount", "600")],
    )
    .await
    .ok();

    let [event] = stripe.events().try_into().expect("exactly one event");
    assert_eq!(event["data"]["object"], intent);
    assert_eq!(
        event["request"],
        json!({ "id": request, "idempotency_key": "key-1" })
    );
    assert_eq!(event["api_version"], "2026-09-30.endive");
    let fetched = api
        .get(&format!("/v1/events/{}", text(&event, "id")))
        .await
        .ok();
    assert_eq!(fetched, event);
}

#[tokio::test]
async fn a_canceled_intent_stays_canceled() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = intent(&api).await;
    let path = format!("/v1/payment_intents/{}", text(&intent, "id"));

    let form = [("cancellation_reason", "abandoned")];
    let canceled = api.post(&format!("{path}/cancel"), &form).await.ok();

    assert_eq!(canceled["status"], "canceled");
    assert_eq!(canceled["cancellation_reason"], "abandoned");
    let confirm = api
        .post(
            &format!("{path}/confirm"),
            &[("payment_method", "pm_card_visa")],
        )
        .await;
    let error = confirm.refused(400, "payment_intent_unexpected_state");
    assert_eq!(error["payment_intent"]["status"], "canceled");
    assert_eq!(
        event_types(&stripe).last().unwrap(),
        "payment_intent.canceled"
    );
}

#[tokio::test]
async fn a_paid_intent_is_neither_canceled_nor_changed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid(&api).await;
    let path = format!("/v1/payment_intents/{}", text(&intent, "id"));

    for path in [
        path.clone(),
        format!("{path}/cancel"),
        format!("{path}/confirm"),
    ] {
        api.post(&path, &[])
            .await
            .refused(400, "payment_intent_unexpected_state");
    }
    assert_eq!(api.get(&path).await.ok(), intent);
}

#[tokio::test]
async fn an_update_merges_metadata_and_keeps_the_limits() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let created = api.post(
        "/v1/payment_intents",
        &[
            ("amount", "2000"),
            ("currency", "usd"),
            ("metadata[a]", "1"),
            ("metadata[b]", "2"),
        ],
    );
    let path = format!("/v1/payment_intents/{}", text(&created.await.ok(), "id"));

    let form = [
        ("amount", "2500"),
        ("metadata[a]", ""),
        ("metadata[c]", "3"),
    ];
    let updated = api.post(&path, &form).await.ok();

    assert_eq!(updated["amount"], 2500);
    assert_eq!(updated["metadata"], json!({ "b": "2", "c": "3" }));
    api.post(&path, &[("amount", "1")])
        .await
        .refused(400, "amount_too_small");
}

#[tokio::test]
async fn ids_are_expanded_into_objects_on_demand() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid(&api).await;
    let path = format!(
        "/v1/payment_intents/{}?expand[]=latest_charge.payment_method",
        text(&intent, "id")
    );

    let expanded = api.get(&path).await.ok();

    assert_eq!(expanded["latest_charge"]["object"], "charge");
    assert_eq!(
        expanded["latest_charge"]["payment_method"]["card"]["last4"],
        "4242"
    );
}

#[tokio::test]
async fn a_server_that_allows_redirects_says_where_they_lead_back_to() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("payment_method", "pm_card_visa"),
    ];

    let refused = api.post("/v1/payment_intents", &form).await;
    assert_eq!(refused.status, 400);
    assert!(stripe.payment_intents().is_empty());
    let never = ("automatic_payment_methods[allow_redirects]", "never");
    let enabled = ("automatic_payment_methods[enabled]", "true");
    let cards = ("payment_method_types[]", "card");
    for without_redirects in [vec![enabled, never], vec![cards]] {
        let form = [&form[..], &without_redirects].concat();
        api.post("/v1/payment_intents", &form).await.ok();
    }
}

#[tokio::test]
async fn an_intent_that_was_confirmed_too_often_is_canceled_by_stripe_itself() {
    let stripe = Sandbox::start().await;
    stripe.set_max_confirmations(3);
    let made = intent(&api(&stripe)).await;
    let id = text(&made, "id");
    for method in ["chargeDeclined", "threeDSecure2Required", "chargeDeclined"] {
        let _ = stripe.confirm(id, &format!("pm_card_{method}")).await;
    }

    let error = stripe.confirm(id, "pm_card_visa").await.unwrap_err();

    assert_eq!(error["error"]["code"], "payment_intent_unexpected_state");
    let shown = &error["error"]["payment_intent"];
    assert_eq!(shown["status"], "canceled");
    assert_eq!(shown["cancellation_reason"], "automatic");
    assert_eq!(
        event_types(&stripe).last().unwrap(),
        "payment_intent.canceled"
    );
    assert!(
        stripe
            .charges()
            .iter()
            .all(|charge| charge["paid"] == false)
    );
}
