//! Webhook delivery: signatures, retries, faults.

use std::{collections::HashSet, time::Duration};

use sha2::{Digest, Sha256};
use stripe_sandbox::{Activity, Order, Sandbox, sign};

use crate::{
    api::{api, intent, paid},
    receiver::Receiver,
};

const SECRET: &str = "whsec_tests";

async fn sandbox_sending_to(receiver: &Receiver) -> Sandbox {
    let builder = Sandbox::builder().webhook(&receiver.url, SECRET);
    builder
        .retry_base(Duration::from_millis(1))
        .start()
        .await
        .unwrap()
}

/// HMAC-SHA256 by its definition, to verify the sandbox's signatures independently.
fn hmac(key: &[u8], message: &[u8]) -> String {
    let mut block = [0_u8; 64];
    block[..key.len()].copy_from_slice(key);
    let pad = |byte: u8| block.map(|key| key ^ byte);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    let outer = Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize();
    outer.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The `t` and every `v1` of a signature header.
fn parts(header: &str) -> (&str, Vec<&str>) {
    let (t, signatures) = header.split_once(',').unwrap();
    let signatures = signatures
        .split(',')
        .map(|part| part.strip_prefix("v1=").unwrap());
    (t.strip_prefix("t=").unwrap(), signatures.collect())
}

#[test]
fn a_signature_matches_one_made_elsewhere() {
    let header = sign(br#"{"id":"evt_1"}"#, "whsec_golden", 1_700_000_000);
    let v1 = "ff60f05810cc0705dfc8c7cc8104144953e0ac1a20ffc211243e7e61a097e6e0";
    assert_eq!(header, format!("t=1700000000,v1={v1}"));
}

#[tokio::test]
async fn every_event_arrives_signed() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = sandbox_sending_to(&receiver).await;

    paid(&api(&stripe)).await;
    stripe.delivered_all().await;

    let hooks = receiver.hooks();
    assert_eq!(hooks.len(), 3);
    for hook in hooks {
        assert_eq!(
            hook.headers["content-type"],
            "application/json; charset=utf-8"
        );
        let (t, signatures) = parts(hook.signature());
        let signed = [t.as_bytes(), b".", &hook.body].concat();
        assert_eq!(signatures, [hmac(SECRET.as_bytes(), &signed)]);
        assert!(stripe.events().contains(&hook.event()));
        assert_eq!(hook.event()["pending_webhooks"], 1);
    }
}

#[tokio::test]
async fn a_rolled_secret_signs_beside_the_old_one() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = sandbox_sending_to(&receiver).await;
    stripe.set_webhook_secrets(&["whsec_old", "whsec_new"]);

    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    let hook = &receiver.hooks()[0];
    let (t, signatures) = parts(hook.signature());
    let signed = [t.as_bytes(), b".", &hook.body].concat();
    assert_eq!(
        signatures,
        [hmac(b"whsec_old", &signed), hmac(b"whsec_new", &signed)]
    );
}

#[tokio::test]
async fn a_refused_delivery_is_tried_until_it_is_accepted() {
    let receiver = Receiver::answering(&[500, 301, 404]).await;
    let stripe = sandbox_sending_to(&receiver).await;

    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    let tries: Vec<_> = stripe
        .deliveries()
        .iter()
        .map(|sent| (sent.attempt, sent.status))
        .collect();
    assert_eq!(
        tries,
        [
            (1, Some(500)),
            (2, Some(301)),
            (3, Some(404)),
            (4, Some(200))
        ]
    );
    let ids: HashSet<_> = receiver
        .hooks()
        .iter()
        .map(|hook| hook.body.clone())
        .collect();
    assert_eq!(ids.len(), 1, "every try has the same bytes");
}

#[tokio::test]
async fn an_endpoint_that_never_accepts_is_given_up() {
    let gone = {
        let receiver = Receiver::answering(&[]).await;
        receiver.url.clone()
    };
    let builder = Sandbox::builder().webhook(&gone, SECRET).retry_tries(3);
    let stripe = builder
        .retry_base(Duration::from_millis(1))
        .start()
        .await
        .unwrap();

    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    assert!(stripe.deliveries().iter().all(|sent| sent.status.is_none()));
    assert_eq!(stripe.deliveries().len(), 3);
}

#[tokio::test]
async fn held_events_are_released_in_reverse() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = sandbox_sending_to(&receiver).await;
    stripe.webhooks().hold();
    paid(&api(&stripe)).await;
    stripe.delivered_all().await;
    assert!(receiver.hooks().is_empty());

    stripe.webhooks().release(Order::Reversed);
    stripe.delivered_all().await;

    let expected = [
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ];
    assert_eq!(receiver.types(), expected);
}

#[tokio::test]
async fn events_are_duplicated_on_demand() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = sandbox_sending_to(&receiver).await;
    stripe.webhooks().duplicate(3);

    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    assert_eq!(receiver.types(), ["payment_intent.created"; 3]);
}

#[tokio::test]
async fn an_outage_loses_events_until_they_are_resent() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = sandbox_sending_to(&receiver).await;
    stripe.webhooks().pause();
    intent(&api(&stripe)).await;
    stripe.webhooks().resume();
    stripe.delivered_all().await;
    assert!(receiver.hooks().is_empty());

    let id = stripe.events()[0]["id"].as_str().unwrap().to_owned();
    stripe.webhooks().resend(&id);
    stripe.delivered_all().await;

    assert_eq!(receiver.hooks()[0].event()["id"], *id);
}

#[tokio::test]
async fn a_forged_event_comes_once_with_a_wrong_signature() {
    let receiver = Receiver::answering(&[200, 400]).await;
    let stripe = sandbox_sending_to(&receiver).await;
    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    stripe
        .webhooks()
        .forge(stripe.events()[0]["id"].as_str().unwrap());
    stripe.delivered_all().await;

    let [_, forged] = receiver.hooks().try_into().expect("exactly two deliveries");
    let (t, signatures) = parts(forged.signature());
    let signed = [t.as_bytes(), b".", &forged.body].concat();
    assert_ne!(signatures, [hmac(SECRET.as_bytes(), &signed)]);
}

#[tokio::test]
async fn a_watcher_sees_requests_events_and_deliveries() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = sandbox_sending_to(&receiver).await;
    let mut watch = stripe.observe();

    intent(&api(&stripe)).await;
    stripe.delivered_all().await;

    let (mut requests, mut events, mut deliveries) = (0, 0, 0);
    for _ in 0..3 {
        match watch.recv().await.unwrap() {
            Activity::Request(request) => requests += u32::from(request.status == Some(200)),
            Activity::Event { type_, .. } => events += u32::from(type_ == "payment_intent.created"),
            Activity::Delivery(sent) => deliveries += u32::from(sent.status == Some(200)),
            other => panic!("unexpected {other:?}"),
        }
    }
    assert_eq!((requests, events, deliveries), (1, 1, 1));
}
