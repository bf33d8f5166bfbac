//! Idempotency keys.

use std::time::Duration;

use stripe_sandbox::{Fault, Sandbox};

use crate::api::{Form, api, intent, text};

const INTENTS: &str = "/v1/payment_intents";
const MUG: Form<'static> = &[
    ("amount", "1500"),
    ("currency", "usd"),
    ("metadata[a]", "1"),
];
const REORDERED: Form<'static> = &[
    ("metadata[a]", "1"),
    ("currency", "usd"),
    ("amount", "1500"),
];
const SHIRT: Form<'static> = &[
    ("amount", "2500"),
    ("currency", "usd"),
    ("metadata[a]", "1"),
];

#[tokio::test]
async fn the_same_request_is_executed_once() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let first = api.post_once("key-1", INTENTS, MUG).await;

    let second = api.post_once("key-1", INTENTS, REORDERED).await;

    assert_eq!(second.body, first.body);
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(
        second.header("original-request"),
        first.header("request-id")
    );
    assert_ne!(second.header("request-id"), first.header("request-id"));
    assert_eq!(first.header("idempotent-replayed"), None);
    assert_eq!(stripe.payment_intents().len(), 1);
}

#[tokio::test]
async fn the_same_key_for_something_else_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    api.post_once("key-1", INTENTS, MUG).await.ok();

    for reply in [
        api.post_once("key-1", INTENTS, SHIRT).await,
        api.post_once("key-1", "/v1/refunds", MUG).await,
    ] {
        assert_eq!(reply.status, 400);
        assert_eq!(reply.body["error"]["type"], "idempotency_error");
    }
    assert_eq!(stripe.payment_intents().len(), 1);
}

#[tokio::test]
async fn a_key_in_use_is_a_conflict_and_not_remembered() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    stripe.inject(Fault::latency(Duration::from_millis(150)).times(0));

    let (one, other) = tokio::join!(
        api.post_once("key-1", INTENTS, MUG),
        api.post_once("key-1", INTENTS, MUG),
    );

    let (executed, refused) = if one.status == 200 {
        (one, other)
    } else {
        (other, one)
    };
    let error = refused.refused(409, "idempotency_key_in_use");
    assert_eq!(error["type"], "idempotency_error");
    let replayed = api.post_once("key-1", INTENTS, MUG).await;
    assert_eq!(replayed.ok(), executed.ok());
}

#[tokio::test]
async fn a_request_that_was_never_executed_frees_its_key() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    api.post_once("key-1", INTENTS, &[("currency", "usd")])
        .await
        .refused(400, "parameter_missing");
    stripe.inject(Fault::rate_limit());
    api.post_once("key-1", INTENTS, MUG)
        .await
        .refused(429, "rate_limit");
    stripe.inject(Fault::error());
    assert_eq!(api.post_once("key-1", INTENTS, MUG).await.status, 500);

    api.post_once("key-1", INTENTS, MUG).await.ok();
}

#[tokio::test]
async fn declines_are_replayed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = intent(&api).await;
    let confirm = format!("{INTENTS}/{}/confirm", text(&intent, "id"));
    let card = [
        ("payment_method", "pm_card_chargeDeclined"),
        ("return_url", "http://127.0.0.1/return"),
    ];

    let first = api.post_once("key-1", &confirm, &card).await;
    let second = api.post_once("key-1", &confirm, &card).await;
    assert_eq!((second.status, &second.body), (402, &first.body));
    assert_eq!(stripe.charges().len(), 1);
}

#[tokio::test]
async fn a_failure_that_is_kept_is_replayed_whether_the_object_was_made_or_not() {
    for (fault, made) in [(Fault::error().stored(), 0), (Fault::error_after(), 1)] {
        let stripe = Sandbox::start().await;
        let api = api(&stripe);
        stripe.inject(fault);
        let first = api.post_once("key-1", INTENTS, MUG).await;
        assert_eq!(first.status, 500);
        assert_eq!(first.header("idempotent-replayed"), None);

        for _ in 0..2 {
            let again = api.post_once("key-1", INTENTS, MUG).await;
            assert_eq!((again.status, &again.body), (500, &first.body));
            assert_eq!(again.header("idempotent-replayed"), Some("true"));
            assert_eq!(again.header("stripe-should-retry"), Some("false"));
        }
        assert_eq!(stripe.payment_intents().len(), made);
        api.post_once("key-2", INTENTS, MUG).await.ok();
        assert_eq!(stripe.payment_intents().len(), made + 1);
    }
}

#[tokio::test]
async fn keys_are_forgotten_after_a_day() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    api.post_once("key-1", INTENTS, MUG).await.ok();

    stripe.forget_idempotency_keys();

    api.post_once("key-1", INTENTS, SHIRT).await.ok();
    assert_eq!(stripe.payment_intents().len(), 2);
}

#[tokio::test]
async fn a_key_is_not_endless() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    assert_eq!(
        api.post_once(&"k".repeat(255), INTENTS, MUG).await.status,
        200
    );
    assert_eq!(
        api.post_once(&"k".repeat(256), INTENTS, MUG).await.status,
        400
    );
}
