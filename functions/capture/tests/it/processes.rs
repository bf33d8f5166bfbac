//! Several real processes over one database: captures at once, and a kill before and after Stripe's
//! part of one.

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Client, Process, Shop, until};

use crate::{CAPTURES, calls, received};

/// The real program.
const CAPTURE: &str = env!("CARGO_BIN_EXE_capture");

async fn shop() -> Shop {
    let shop = Shop::open().await;
    shop.authorized_order("o_1", 1500, "usd").await;
    shop
}

/// Fay captures `amount` through one process.
async fn capture(client: &Client, shop: &Shop, amount: i64) -> testing::Answer {
    let token = shop.token_of("fay", &["admin"]);
    let body: Value = json!({ "orderId": "o_1", "amount": amount });
    client.request().bearer(&token).post(&body).await
}

#[tokio::test]
async fn captures_of_two_amounts_at_once_take_one_of_them() {
    let shop = shop().await;
    let processes = [
        Process::start(CAPTURE, &shop),
        Process::start(CAPTURE, &shop),
    ];
    let clients = processes.each_ref().map(|one| Client::at(one.address()));
    let amounts = [600, 700, 600, 700, 600, 700];
    let requests = amounts.iter().enumerate();
    let requests = requests.map(|(n, amount)| capture(&clients[n % 2], &shop, *amount));

    let answers = join_all(requests).await;

    let [taken] = received(&shop)[..] else {
        panic!("one payment")
    };
    for (answer, amount) in answers.iter().zip(amounts) {
        match answer.status.as_u16() {
            200 => assert_eq!(amount, taken),
            status => assert_eq!(status, 409, "{}", answer.body),
        }
    }
    let again = capture(&clients[0], &shop, taken).await.expect(200);
    assert_eq!(again.body["status"], "paid");
    shop.accept_events().await;
    let expected = ["order.authorized", "order.paid"];
    assert_eq!(shop.notifications().await, expected);
}

/// Kills a process while Stripe fails by `fault`, as soon as `is_done`; another gets the same
/// request.
async fn kill_during(fault: Fault, is_done: impl Fn(&Shop) -> bool) {
    let shop = shop().await;
    shop.stripe.inject(fault.on("POST", CAPTURES).times(0));
    let first = Process::start(CAPTURE, &shop);
    let client = Client::at(first.address());
    let asked = capture(&client, &shop, 700);
    let until_done = until("the moment to kill it", async || is_done(&shop));
    tokio::select! {
        answer = asked => panic!("it answered: {answer:?}"),
        () = until_done => first.kill(),
    }
    assert_eq!(shop.status("o_1").await, "authorized");

    shop.stripe.clear_faults();
    let second = Process::start(CAPTURE, &shop);
    let client = Client::at(second.address());
    let other = capture(&client, &shop, 800).await;
    assert_eq!(other.code(409), "in_progress");
    let answer = capture(&client, &shop, 700).await.expect(200);

    assert_eq!(answer.body["amount"], 700);
    assert_eq!(received(&shop), [700]);
    shop.accept_events().await;
    let expected = ["order.authorized", "order.paid"];
    assert_eq!(shop.notifications().await, expected);
}

#[tokio::test]
async fn a_process_that_is_killed_before_stripe_did_it_loses_nothing() {
    kill_during(Fault::hang(), |shop| calls(shop) > 0).await;
}

#[tokio::test]
async fn a_process_that_is_killed_after_stripe_did_it_captures_once() {
    kill_during(Fault::lost_answer(), |shop| received(shop) == [700]).await;
}
