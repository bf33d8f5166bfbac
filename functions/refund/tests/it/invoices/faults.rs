//! Stripe fails, answers get lost, and processes are killed: an invoice is refunded once.

use sandbox::Fault;
use testing::{Client, Process, until};

use super::*;

#[tokio::test]
async fn a_refund_whose_answer_was_lost_stays_reserved_and_is_found_again() {
    for stripe_forgets in [false, true] {
        let it = Subscribed::open().await;
        let lost = Fault::lost_answer().on("POST", "/v1/refunds").times(0);
        it.api.shop.stripe.inject(lost);
        assert_eq!(it.refund("k1", 700).await.code(503), "unavailable");
        assert_eq!(
            amounts(&it.api.shop),
            [700],
            "made, and the answer was lost"
        );
        assert_eq!(it.order().await.left_to_refund(), 1200);

        it.api.shop.stripe.clear_faults();
        if stripe_forgets {
            it.api.shop.stripe.forget_idempotency_keys();
        }
        let again = it.refund("k1", 700).await.expect(200);
        assert_eq!(
            again.body["refundId"],
            it.api.shop.stripe.refunds()[0]["id"]
        );
        assert_eq!(amounts(&it.api.shop), [700]);
        it.deliver().await;
        assert_eq!(it.notified().await.len(), 1);
        assert_eq!(it.order().await.left_to_refund(), 1200);
    }
}

#[tokio::test]
async fn an_event_completes_a_refund_whose_answer_was_lost() {
    let it = Subscribed::open().await;
    let lost = Fault::lost_answer().on("POST", "/v1/refunds").times(0);
    it.api.shop.stripe.inject(lost);
    assert_eq!(it.refund("k1", 700).await.code(503), "unavailable");

    it.deliver().await;

    let order = it.order().await;
    let refund = it.api.shop.stripe.refunds()[0]["id"].clone();
    assert_eq!(order.refund_requests()[0].refund(), refund.as_str());
    assert_eq!(
        (order.refunded_amount(), order.left_to_refund()),
        (700, 1200)
    );
    assert_eq!(it.notified().await.len(), 1);
    it.api.shop.stripe.clear_faults();
    assert_eq!(
        it.refund("k1", 700).await.expect(200).body["refundId"],
        refund
    );
    assert_eq!(it.notified().await.len(), 1);
}

#[tokio::test]
async fn whatever_read_fails_nothing_is_refunded_and_the_same_request_does_it_later() {
    let reads = [
        "/v1/invoices/",
        "/v1/subscriptions/",
        "/v1/checkout/sessions",
        "/v1/payment_intents/",
        "/v1/refunds",
    ];
    for path in reads {
        let it = Subscribed::open().await;
        let down = Fault::bad_gateway().on("GET", path).times(0);
        it.api.shop.stripe.inject(down);
        assert_eq!(
            it.refund("k1", 700).await.code(503),
            "unavailable",
            "{path}"
        );
        assert!(it.api.shop.stripe.refunds().is_empty(), "{path}");
        it.api.shop.stripe.clear_faults();
        let _ = it.refund("k1", 700).await.expect(200);
        assert_eq!(amounts(&it.api.shop), [700], "{path}");
    }
}

#[tokio::test]
async fn a_repeated_request_needs_neither_the_invoice_nor_its_subscription() {
    let it = Subscribed::open().await;
    let first = it.refund("k1", 700).await.expect(200);
    for path in [
        "/v1/invoices/",
        "/v1/subscriptions/",
        "/v1/checkout/sessions",
    ] {
        let down = Fault::bad_gateway().on("GET", path).times(0);
        it.api.shop.stripe.inject(down);
    }
    assert_eq!(it.refund("k1", 700).await.expect(200).body, first.body);
    let _ = it.refund("k2", 100).await.expect(200);
}

#[tokio::test]
async fn a_process_that_is_killed_after_stripe_did_it_refunds_once() {
    let it = Subscribed::open().await;
    let shop = &it.api.shop;
    let lost = Fault::lost_answer().on("POST", "/v1/refunds").times(0);
    shop.stripe.inject(lost);
    let token = shop.token_of("fay", &["admin"]);
    let first = Process::start(env!("CARGO_BIN_EXE_refund"), shop);
    let client = Client::at(first.address());
    let body = it.part(700);
    let asked = client.request().bearer(&token).key("k1").post(&body);
    let until_done = until("the refund is made", async || {
        !shop.stripe.refunds().is_empty()
    });
    tokio::select! {
        answer = asked => panic!("it answered: {answer:?}"),
        () = until_done => first.kill(),
    }
    let order = it.order().await;
    assert_eq!((order.left_to_refund(), order.refunded_amount()), (1200, 0));

    shop.stripe.clear_faults();
    let second = Process::start(env!("CARGO_BIN_EXE_refund"), shop);
    let client = Client::at(second.address());
    let too_much = client
        .request()
        .bearer(&token)
        .key("k2")
        .post(&it.part(1201))
        .await;
    assert_eq!(too_much.code(409), "refund_exceeds_paid");
    let again = client
        .request()
        .bearer(&token)
        .key("k1")
        .post(&body)
        .await
        .expect(200);

    assert_eq!(again.body["refundId"], shop.stripe.refunds()[0]["id"]);
    assert_eq!(amounts(shop), [700]);
    it.deliver().await;
    assert_eq!(it.notified().await.len(), 1);
}
