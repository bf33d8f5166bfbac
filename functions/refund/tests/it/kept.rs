//! Stripe keeps a failure under the key of a refund and replays it for a day, whether it made the
//! refund or not. The same operation goes on under the next key, and refunds once.

use std::time::Duration;

use fastrand::Rng;
use futures_util::future::join_all;
use refund::service;
use sandbox::Fault;
use serde_json::json;
use testing::{Shop, TestServer};

use crate::{amounts, left, post, refund_part, with_order};

const REFUNDS: &str = "/v1/refunds";
const HOUR: i64 = 60 * 60;

/// Failures that Stripe keeps: without the refund, and after it was made.
const KEPT: [fn() -> Fault; 2] = [|| Fault::error().stored(), Fault::error_after];

#[tokio::test]
async fn the_same_request_goes_on_under_the_next_key_and_refunds_once() {
    for fault in KEPT {
        let api = with_order().await;
        api.shop.stripe.inject(fault().on("POST", REFUNDS));

        let answer = refund_part(&api, "k1", 500).await.expect(200);

        assert_eq!(amounts(&api.shop), [500], "{:?}", fault());
        assert_eq!(answer.body["refundId"], api.shop.stripe.refunds()[0]["id"]);
        assert_eq!(left(&api).await, 1000);
        let again = refund_part(&api, "k1", 500).await.expect(200);
        assert_eq!(again.body, answer.body);
        let _ = refund_part(&api, "k2", 1000).await.expect(200);
    }
}

#[tokio::test]
async fn a_failure_that_stripe_advises_not_to_try_again_is_gone_at_the_second_try() {
    for fault in KEPT {
        let api = with_order().await;
        let fault = fault().should_retry(false).on("POST", REFUNDS);
        api.shop.stripe.inject(fault);
        assert_eq!(refund_part(&api, "k1", 500).await.code(503), "unavailable");
        assert_eq!(left(&api).await, 1000, "it is reserved");

        let _ = refund_part(&api, "k1", 500).await.expect(200);
        assert_eq!(amounts(&api.shop), [500]);
    }
}

#[tokio::test]
async fn several_failures_one_after_the_other_are_several_keys() {
    let api = with_order().await;
    // The first of each key, and the second try under the first key.
    let fault = Fault::error().stored().on("POST", REFUNDS);
    api.shop.stripe.inject(fault.times(3));
    let _ = refund_part(&api, "k1", 500).await.expect(200);
    let request = api.shop.order("o_1").await.refund_requests()[0].clone();
    assert_eq!(request.key_number(), 2);
    assert_eq!(amounts(&api.shop), [500]);
}

#[tokio::test]
async fn a_key_that_stripe_may_soon_forget_is_not_asked_under_any_more() {
    for (made, lost) in [(1, Fault::lost_answer()), (0, Fault::reset())] {
        let api = TestServer::over(Shop::open().await.at_fixed_time(), service).await;
        api.shop.paid_order("o_1", 1500, "usd").await;
        api.shop.stripe.inject(lost.on("POST", REFUNDS).times(0));
        assert_eq!(refund_part(&api, "k1", 500).await.code(503), "unavailable");
        api.shop.stripe.clear_faults();
        api.shop.clock.advance(12 * HOUR);
        if made == 0 {
            // Another process, whose clock is behind, may just be asking.
            assert_eq!(refund_part(&api, "k1", 500).await.code(409), "in_progress");
        }
        api.shop.clock.advance(12 * HOUR);
        api.shop.stripe.forget_idempotency_keys();

        let _ = refund_part(&api, "k1", 500).await.expect(200);

        assert_eq!(amounts(&api.shop), [500]);
        let request = api.shop.order("o_1").await.refund_requests()[0].clone();
        assert_eq!(request.key_number(), 1 - made);
    }
}

/// Some trouble on the way of one request for a refund.
fn trouble(random: &mut Rng) -> Fault {
    let fault = match random.u8(0..8) {
        0..3 => Fault::error().stored(),
        3..5 => Fault::error_after(),
        5 => Fault::error(),
        6 => Fault::lost_answer(),
        _ => Fault::latency(Duration::from_millis(random.u64(1..20))),
    };
    let fault = match random.bool() {
        true => fault.should_retry(false),
        false => fault,
    };
    fault.on("POST", REFUNDS)
}

/// Requests at once for one operation and for another, some of which end early, while Stripe fails
/// by the faults of `seed`; then each operation again.
async fn refund_amid_faults(seed: u64) {
    let mut random = Rng::with_seed(seed);
    let api = with_order().await;
    for _ in 0..random.usize(1..6) {
        api.shop.stripe.inject(trouble(&mut random));
    }
    let calls = (0..5).map(|n| {
        let (key, amount) = [("k1", 500), ("k2", 300)][n % 2];
        let ends = (n < 3).then(|| Duration::from_millis(random.u64(0..60)));
        let call = refund_part(&api, key, amount);
        async move {
            match ends {
                // Its connection ends, and with it the handler, wherever that is.
                Some(ends) => _ = tokio::time::timeout(ends, call).await,
                None => _ = call.await,
            }
        }
    });
    join_all(calls).await;
    api.shop.stripe.clear_faults();

    for (key, amount) in [("k1", 500), ("k2", 300)] {
        let mut answer = refund_part(&api, key, amount).await;
        if answer.status != 200 {
            answer = refund_part(&api, key, amount).await;
        }
        assert_eq!(answer.status, 200, "seed {seed}: {}", answer.body);
    }
    assert_eq!(amounts(&api.shop), [300, 500], "seed {seed}");
    assert_eq!(left(&api).await, 700, "seed {seed}");
    let rest = post(&api, "k3", &json!({ "orderId": "o_1" })).await;
    assert_eq!(rest.status, 200, "seed {seed}: {}", rest.body);
}

#[tokio::test]
async fn whatever_fails_is_kept_or_ends_early_each_operation_refunds_once() {
    for seed in 0..40 {
        refund_amid_faults(seed).await;
    }
}
