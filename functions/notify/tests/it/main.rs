//! `notify` against a real endpoint that checks signatures with the Standard Webhooks library, and
//! as the real program.
#![expect(
    clippy::unwrap_used,
    reason = "a test may stop at what it does not expect"
)]

mod bus;
mod trigger;

use std::process::{Command, Output};

use notify::{FUNCTION, Notifier};
use serde_json::json;
use shared::{
    Clock,
    delivery::{Report, schedule::MAX_ATTEMPTS},
    event::Event,
};
use testing::{Endpoint, Log, NOW, Outage, Shop};

/// A shop whose outbox goes to `destination`.
async fn shop(destination: &str) -> Shop {
    let changes = [
        ("FAREBOX_NOTIFY_URL", destination),
        ("FAREBOX_NOTIFY_EVENTS", "customer.*"),
    ];
    Shop::open_with(&changes).await.at_fixed_time()
}

fn app(shop: &Shop) -> Notifier {
    Notifier::new(&shop.config, shop.store.clone(), shop.clock.clone())
}

/// Puts a message into the outbox.
async fn message(shop: &Shop, event: &str) {
    let event = json!({ "id": event, "object": "event", "type": "customer.created", "created": NOW,
        "livemode": false, "data": { "object": { "id": "cus_1", "email": "ada@example.com" } } });
    let event = Event::parse(event.to_string().as_bytes()).unwrap();
    shop.store.accept(event, NOW).await.unwrap();
}

#[tokio::test]
async fn a_message_is_signed_delivered_and_done() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let mut shop = shop(endpoint.url()).await;
    shop.clock = Clock::default(); // the library refuses what is not of now
    message(&shop, "evt_1").await;

    let report = app(&shop).drain().await.unwrap();
    let again = app(&shop).drain().await.unwrap();

    assert_eq!(
        report,
        Report {
            delivered: 1,
            ..Report::default()
        }
    );
    assert_eq!(again, Report::default());
    let [received] = &endpoint.received()[..] else {
        panic!("one message")
    };
    assert!(
        received.is_signed,
        "the Standard Webhooks library takes the signature"
    );
    assert_eq!(received.body["type"], "stripe.customer.created");
    assert_eq!(received.body["data"]["id"], "evt_1");
}

#[tokio::test]
async fn a_message_waits_for_the_key_that_signs_it() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let mut shop = shop(endpoint.url()).await;
    let manager = shop.keep_keys_in_secrets_manager(FUNCTION.settings).await;
    message(&shop, "evt_1").await;
    manager.fail(Outage::Denied);

    let refused = app(&shop).drain().await.unwrap();
    assert_eq!((refused.delayed, endpoint.received().len()), (1, 0));

    manager.recover();
    testing::pass(std::time::Duration::from_secs(6)).await;
    shop.clock.advance(60);
    let report = app(&shop).drain().await.unwrap();
    assert_eq!((report.delivered, endpoint.received().len()), (1, 1));
}

#[tokio::test]
async fn what_fails_comes_again_later_with_the_same_id() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(endpoint.url()).await;
    message(&shop, "evt_1").await;

    for status in [500, 302, 404] {
        endpoint.answer_with(status);
        let report = app(&shop).drain().await.unwrap();
        assert_eq!(
            report,
            Report {
                delayed: 1,
                ..Report::default()
            },
            "{status}"
        );
        assert_eq!(
            app(&shop).drain().await.unwrap(),
            Report::default(),
            "not at once"
        );
        shop.clock.advance(24 * 60 * 60);
    }
    endpoint.answer_with(204);
    assert_eq!(app(&shop).drain().await.unwrap().delivered, 1);

    let mut ids: Vec<String> = endpoint.received().into_iter().map(|r| r.id).collect();
    assert_eq!(ids.len(), 4);
    ids.dedup();
    assert_eq!(ids.len(), 1, "{ids:?}");
}

#[tokio::test]
async fn what_keeps_failing_is_dead_lettered_and_goes_out_when_it_is_asked_for() {
    let shop = shop("http://127.0.0.1:9/").await; // nobody listens there
    message(&shop, "evt_1").await;
    for _ in 1..MAX_ATTEMPTS {
        assert_eq!(app(&shop).drain().await.unwrap().delayed, 1);
        shop.clock.advance(24 * 60 * 60);
    }
    assert_eq!(app(&shop).drain().await.unwrap().dead_lettered, 1);
    shop.clock.advance(24 * 60 * 60);
    assert_eq!(app(&shop).drain().await.unwrap(), Report::default());

    let dead_letters = shop.store.dead_letters().await.unwrap();
    assert_eq!(dead_letters.len(), 1);
    assert_eq!(shop.store.redrive(None, shop.clock.now()).await.unwrap(), 1);
    assert_eq!(
        app(&shop).drain().await.unwrap().delayed,
        1,
        "it is under way again"
    );
}

#[tokio::test]
async fn two_runs_at_once_deliver_each_message_once() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(endpoint.url()).await;
    for n in 0..40 {
        message(&shop, &format!("evt_{n}")).await;
    }
    let (one, other) = (app(&shop), app(&shop));

    let (one, other) = tokio::join!(one.drain(), other.drain());

    assert_eq!(one.unwrap().delivered + other.unwrap().delivered, 40);
    assert_eq!(endpoint.received().len(), 40);
}

#[tokio::test]
async fn a_delivery_that_hangs_holds_up_the_recording_of_no_other() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(endpoint.url()).await;
    for n in 0..4 {
        message(&shop, &format!("evt_{n}")).await;
    }
    endpoint.hang_after(3);
    let notifier = app(&shop);
    let hanging = notifier.drain();
    let recorded = async { while shop.store.outbox_size().await.unwrap().due.number > 1 {} };

    tokio::select! {
        report = hanging => panic!("it did not wait for the one that hangs: {report:?}"),
        () = recorded => {}
    }

    let received = endpoint.received().into_iter();
    assert_eq!(received.filter(|one| one.is_acknowledged).count(), 3);
}

#[tokio::test]
async fn the_loop_delivers_until_it_is_told_to_stop() {
    let endpoint = Endpoint::start(Shop::NOTIFY_SECRET).await;
    let shop = shop(endpoint.url()).await;
    message(&shop, "evt_1").await;

    let stop = endpoint.has_received(1);
    app(&shop)
        .run(std::time::Duration::from_millis(1), stop)
        .await;

    assert_eq!(endpoint.received().len(), 1);
}

#[tokio::test]
async fn the_log_gets_no_personal_data() {
    let shop = shop("log:").await;
    message(&shop, "evt_1").await;
    let (log, _guard) = Log::start();

    assert_eq!(app(&shop).drain().await.unwrap().delivered, 1);

    let text = log.text();
    assert!(text.contains("stripe.customer.created"), "{text}");
    assert!(!text.contains("ada@example.com"), "{text}");
}

/// Runs the real program on the database of `shop`.
fn run(shop: &Shop, arguments: &[&str]) -> Output {
    shop.command(env!("CARGO_BIN_EXE_notify"))
        .args(arguments)
        .output()
        .expect("the program runs")
}

#[tokio::test]
async fn an_operator_sees_what_is_stuck_and_sends_it_again() {
    let shop = shop("log:").await;
    message(&shop, "evt_1").await;
    let file = rusqlite::Connection::open(shop.folder().join("farebox.sqlite")).unwrap();
    file.execute_batch(
        "UPDATE outbox SET state = 'dead_lettered', error = 'the endpoint answered 500'",
    )
    .unwrap();

    let dead_letters = run(&shop, &["dead-letters"]);
    let listed = String::from_utf8(dead_letters.stdout).unwrap();
    assert!(
        listed.contains("msg_") && listed.contains("answered 500"),
        "{listed}"
    );
    assert!(!listed.contains("ada@example.com"), "{listed}");

    assert!(run(&shop, &["redrive", "--all"]).status.success());
    let once = String::from_utf8(run(&shop, &["--once"]).stdout).unwrap();
    assert!(
        once.contains("1 delivered, 0 delayed, 0 dead-lettered"),
        "{once}"
    );
    let listed = run(&shop, &["dead-letters"]).stdout;
    assert!(listed.is_empty());
}

#[tokio::test]
async fn a_mistyped_command_does_nothing_and_says_how() {
    let shop = shop("log:").await;
    message(&shop, "evt_1").await;

    let output = run(&shop, &["redrive"]);

    assert_eq!(output.status.code(), Some(2));
    assert!(
        String::from_utf8(output.stderr)
            .unwrap()
            .contains("notify redrive ID")
    );
    assert_eq!(
        app(&shop).drain().await.unwrap().delivered,
        1,
        "it was not touched"
    );
}

#[tokio::test]
async fn settings_that_are_wrong_stop_the_start_with_their_names() {
    let output = Command::new(env!("CARGO_BIN_EXE_notify"))
        .env_clear()
        .env("FAREBOX_NOTIFY_URL", "http://shop.example/")
        .output()
        .expect("the program runs");

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("FAREBOX_NOTIFY_URL must be https"), "{said}");
    assert!(said.contains("DATABASE_URL is not set"), "{said}");
    assert!(!said.contains("shop.example"), "{said}");
}
