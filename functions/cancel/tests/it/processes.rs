//! Several real processes over one database: cancellations and payments at once, and a kill after
//! Stripe's part of one.

use futures_util::future::{join, join_all};
use sandbox::Fault;
use serde_json::json;
use testing::{Answer, Client, Process, Shop, until};

use crate::{deliver_all, intents};

/// The real program.
const CANCEL: &str = env!("CARGO_BIN_EXE_cancel");

async fn cancel(client: &Client, shop: &Shop) -> Answer {
    let token = shop.token_of("ada", &["guest"]);
    let call = client.request().bearer(&token);
    call.post(&json!({ "orderId": "o_1" })).await
}

#[tokio::test]
async fn cancellations_and_a_payment_at_once_end_canceled_or_paid() {
    for round in 0..6 {
        let shop = Shop::open().await;
        let intent = shop.open_order("o_1").await;
        let processes = [Process::start(CANCEL, &shop), Process::start(CANCEL, &shop)];
        let clients = processes.each_ref().map(|one| Client::at(one.address()));
        let cancels = (0..4).map(|n| cancel(&clients[n % 2], &shop));

        let pay = shop.stripe.confirm(&intent, "pm_card_visa");
        let (answers, paid) = join(join_all(cancels), pay).await;

        deliver_all(&shop).await;
        let status = shop.status("o_1").await;
        let expected = match paid.is_ok() {
            true => ("paid", 409, "order.paid"),
            false => ("canceled", 200, "order.canceled"),
        };
        assert_eq!(status, expected.0, "round {round}");
        let fits = |answer: &Answer| {
            // Two that close one intent at once: the second may have to retry.
            let code = answer.body["error"]["code"].as_str();
            answer.status == expected.1 || code == Some("in_progress")
        };
        assert!(answers.iter().all(fits), "round {round}: {answers:?}");
        assert_eq!(shop.notifications().await, [expected.2], "round {round}");
    }
}

#[tokio::test]
async fn a_process_that_is_killed_after_stripe_canceled_the_payment_loses_nothing() {
    let shop = Shop::open().await;
    let _intent = shop.open_order("o_1").await;
    let lost = Fault::lost_answer().on("POST", "/v1/payment_intents/");
    shop.stripe.inject(lost.times(0));
    let first = Process::start(CANCEL, &shop);
    let client = Client::at(first.address());
    let until_done = until("the moment to kill it", async || {
        intents(&shop) == ["canceled"]
    });
    tokio::select! {
        answer = cancel(&client, &shop) => panic!("it answered: {answer:?}"),
        () = until_done => first.kill(),
    }
    shop.stripe.clear_faults();
    deliver_all(&shop).await;
    assert_eq!(
        shop.status("o_1").await,
        "created",
        "the payment is closed, not the order"
    );
    assert!(shop.notifications().await.is_empty());

    let second = Process::start(CANCEL, &shop);
    let answer = cancel(&Client::at(second.address()), &shop)
        .await
        .expect(200);

    assert_eq!(answer.body["status"], "canceled");
    assert_eq!(shop.notifications().await, ["order.canceled"]);
}
