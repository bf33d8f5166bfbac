//! Several real processes over one database: refunds at once, and a kill between the database and
//! Stripe.

use std::time::Duration;

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Call, Client, Process, Shop, until};

use crate::amounts;

/// The real program.
const REFUND: &str = env!("CARGO_BIN_EXE_refund");

/// A shop with the paid order `o_1` of 15.00.
async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.paid_order("o_1", 1500, "usd").await;
    shop
}

/// Fay's request to a process, as the operation `key`.
fn request<'a>(client: &'a Client, shop: &Shop, key: &str) -> Call<'a> {
    let token = shop.token_of("fay", &["admin"]);
    client.request().bearer(&token).key(key)
}

#[tokio::test]
async fn refunds_at_once_never_exceed_what_was_paid() {
    let shop = shop().await;
    let processes = [Process::start(REFUND, &shop), Process::start(REFUND, &shop)];
    let clients = processes.each_ref().map(|one| Client::at(one.address()));
    let body = json!({ "orderId": "o_1", "amount": 500 });
    let calls = (0..8).map(|n| request(&clients[n % 2], &shop, &format!("k{n}")).post(&body));

    let mut statuses: Vec<u16> = join_all(calls)
        .await
        .iter()
        .map(|answer| answer.status.as_u16())
        .collect();

    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 409, 409, 409, 409, 409]);
    assert_eq!(amounts(&shop), [500, 500, 500]);
    assert_eq!(shop.order("o_1").await.left_to_refund(), 0);
}

#[tokio::test]
async fn one_operation_through_two_processes_at_once_is_one_refund() {
    let shop = shop().await;
    let processes = [Process::start(REFUND, &shop), Process::start(REFUND, &shop)];
    let clients = processes.each_ref().map(|one| Client::at(one.address()));
    // All have looked for the refund before the first is made; and it is a part: were it made
    // twice, Stripe would take it.
    let slow = Fault::latency(Duration::from_millis(300));
    shop.stripe.inject(slow.on("POST", "/v1/refunds").times(0));
    let body = json!({ "orderId": "o_1", "amount": 500 });
    let calls = (0..8).map(|n| request(&clients[n % 2], &shop, "k1").post(&body));

    let answers = join_all(calls).await;

    let ids: Vec<&Value> = answers.iter().map(|one| &one.body["refundId"]).collect();
    let refund = shop.stripe.refunds()[0]["id"].clone();
    for (answer, id) in answers.iter().zip(ids) {
        match answer.status.as_u16() {
            200 => assert_eq!(*id, refund),
            status => assert_eq!(status, 409, "{}", answer.body),
        }
    }
    assert_eq!(amounts(&shop), [500]);
    let again = request(&clients[0], &shop, "k1").post(&body).await;
    assert_eq!(again.expect(200).body["refundId"], refund);
}

/// Kills a process while Stripe fails by `fault`, as soon as `is_done`; another gets the same
/// request.
async fn kill_during(fault: Fault, is_done: impl Fn(&Shop) -> bool) {
    let shop = shop().await;
    shop.stripe.inject(fault.on("POST", "/v1/refunds").times(0));
    let first = Process::start(REFUND, &shop);
    let client = Client::at(first.address());
    let body = json!({ "orderId": "o_1", "amount": 700 });
    let asked = request(&client, &shop, "k1").post(&body);
    let until_done = async {
        until("the moment to kill it", async || {
            let order = shop.order("o_1").await;
            !order.refund_requests().is_empty() && is_done(&shop)
        })
        .await;
    };
    tokio::select! {
        answer = asked => panic!("it answered: {answer:?}"),
        () = until_done => first.kill(),
    }
    let order = shop.order("o_1").await;
    assert_eq!((order.left_to_refund(), order.refunded_amount()), (800, 0));
    assert_eq!(order.refund_requests()[0].refund(), None);

    shop.stripe.clear_faults();
    let second = Process::start(REFUND, &shop);
    let client = Client::at(second.address());
    let too_much = json!({ "orderId": "o_1", "amount": 801 });
    let another = request(&client, &shop, "k2").post(&too_much).await;
    assert_eq!(another.code(409), "refund_exceeds_paid");
    let answer = request(&client, &shop, "k1").post(&body).await.expect(200);

    assert_eq!(amounts(&shop), [700]);
    let refund = &shop.stripe.refunds()[0];
    assert_eq!(answer.body["refundId"], refund["id"]);
    assert_eq!(shop.order("o_1").await.refunded_amount(), 700);
}

fn is_called(shop: &Shop) -> bool {
    let requests = shop.stripe.requests();
    requests
        .iter()
        .any(|r| r.method == "POST" && r.path == "/v1/refunds")
}

#[tokio::test]
async fn a_process_that_is_killed_before_stripe_did_it_loses_nothing() {
    kill_during(Fault::hang(), is_called).await;
}

#[tokio::test]
async fn a_process_that_is_killed_after_stripe_did_it_refunds_once() {
    kill_during(Fault::lost_answer(), |shop| {
        !shop.stripe.refunds().is_empty()
    })
    .await;
}
