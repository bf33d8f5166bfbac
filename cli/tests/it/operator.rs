//! The operator's commands as the real program, with the settings of the environment and of `.env`:
//! `farebox reconcile`, `farebox forget`, and those of `notify` that inspect the outbox.

use std::{collections::BTreeMap, fs, process::Output};

use serde_json::Value;
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    env::need,
    order::{OrderDetails, SignedPayer},
    store::DeliveryOutcome,
};
use testing::Shop;

/// Runs `farebox` over `shop`; only `.env` has its database.
async fn farebox(shop: &Shop, arguments: &[&str]) -> Output {
    let database = &shop.environment()[need::DATABASE_URL];
    let line = format!("{}={database}\n", need::DATABASE_URL);
    fs::write(shop.folder().join(".env"), line).unwrap();
    let mut command = shop.command(env!("CARGO_BIN_EXE_farebox"));
    command
        .args(arguments)
        .env_remove(need::DATABASE_URL)
        .env("CARGO_MANIFEST_DIR", shop.folder().join("cli"));
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.unwrap().expect("the program runs")
}

/// The output of a successful run.
#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Pays the order `o_1` a minute ago, without a webhook.
async fn pay(shop: &Shop) {
    let intent = shop.open_order("o_1").await;
    shop.stripe.confirm(&intent, "pm_card_visa").await.unwrap();
    for mut event in shop.stripe.events() {
        let created = event["created"].as_i64().unwrap();
        event["created"] = Value::from(created - 60);
        shop.stripe.add_event(event);
    }
}

/// Makes the message of the paid order `o_1` a dead letter; returns its id.
async fn dead_letter(shop: &Shop) -> String {
    shop.paid_order("o_1", 1500, "usd").await;
    let now = shop.clock.now();
    let due = shop.store.lease_due(now, 60, 10).await.unwrap();
    let [queued] = due.as_slice() else {
        panic!("not one message: {due:?}")
    };
    let error = "the endpoint answered 500".to_owned();
    let given_up = DeliveryOutcome::DeadLettered { error };
    let id = &queued.message.id;
    shop.store.record_delivery(id, given_up, now).await.unwrap();
    id.clone()
}

#[tokio::test]
async fn reconcile_takes_what_the_webhook_missed() {
    let shop = Shop::open().await;
    pay(&shop).await;

    let since = (shared::Clock::default().now() - 3600).to_string();
    let output = farebox(&shop, &["reconcile", "--since", &since]).await;

    let said = printed(&output);
    assert!(said.contains(" 1 applied, 0 seen before, "), "{said}");
    assert!(said.contains("metric.reconciled"), "{said}");
    assert_eq!(shop.order("o_1").await.status().as_str(), "paid");
}

#[tokio::test]
async fn dead_letters_are_listed_and_made_due_again() {
    let shop = Shop::open().await;
    let id = dead_letter(&shop).await;

    // `cargo dev` is `farebox dev`.
    let listed = printed(&farebox(&shop, &["dev", "dead-letters"]).await);
    let redriven = printed(&farebox(&shop, &["redrive", &id]).await);
    let again = printed(&farebox(&shop, &["dead-letters"]).await);

    assert!(
        listed.starts_with(&format!("{id}\torder.paid\t")),
        "{listed}"
    );
    assert!(listed.contains("the endpoint answered 500"), "{listed}");
    assert_eq!(redriven, "1 due again\n");
    assert_eq!(again, "");
    let now = shop.clock.now();
    assert_eq!(shop.store.lease_due(now, 60, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn quarantined_events_are_listed_and_released() {
    let shop = Shop::open().await;

    let listed = printed(&farebox(&shop, &["quarantined"]).await);
    let released = printed(&farebox(&shop, &["release", "evt_1"]).await);

    assert_eq!(listed, "");
    assert_eq!(released, "there is no such event in the quarantine\n");
}

#[tokio::test]
async fn who_paid_is_forgotten_and_what_stripe_holds_is_named() {
    let shop = Shop::open().await;
    let intent = shop.paid_order("o_1", 1500, "usd").await;
    let (now, usd) = (shop.clock.now(), Currency::parse("usd").unwrap());
    let amount = Amount::new(1500, usd).unwrap();
    let contents = OrderDetails::signed(amount, None, BTreeMap::new(), now).unwrap();
    let contents = contents.with_payer(SignedPayer {
        email: Some("ada@example.com".to_owned()),
        ..SignedPayer::default()
    });
    shop.put_order("ada", "o_2", contents.clone(), now).await;
    shop.put_order("bob", "o_3", contents, now).await;
    let ada = CallerId::parse("ada").unwrap();
    let reserved = shop.store.reserve_customer(&ada, None, now).await.unwrap();
    let settled = shop.store.settle_customer(&ada, &reserved, "cus_ada").await;
    let mut link = settled.unwrap().unwrap();
    link.profile.insert("email".to_owned(), "digest".to_owned());
    shop.store.record_profile(&ada, &link).await.unwrap();

    let output = farebox(&shop, &["forget", "ada"]).await;
    let said = printed(&output);

    let removed = "removed who pays or paid: 2 orders, 0 messages\n";
    assert!(said.starts_with(removed), "{said}");
    assert!(said.contains(&format!("\n{intent}\n")), "{said}");
    assert!(said.contains("\ncus_ada\n"), "{said}");
    assert!(said.contains("https://docs.stripe.com/privacy"), "{said}");
    let link = shop.store.customer_of(&ada).await.unwrap().unwrap();
    assert!(link.profile.is_empty(), "{link:?}");
    assert!(!format!("{output:?}").contains("ada@"), "{output:?}");
    let stored = async |id| serde_json::to_string(&shop.order(id).await).unwrap();
    assert!(!stored("o_2").await.contains("ada@"));
    assert!(
        stored("o_3").await.contains("ada@"),
        "it is another caller's"
    );
    assert_eq!(shop.order("o_1").await.status().as_str(), "paid");
    let none = printed(&farebox(&shop, &["forget", "eve"]).await);
    assert!(
        none.starts_with("removed who pays or paid: 0 orders, 0 messages\n"),
        "{none}"
    );
}

#[tokio::test]
async fn what_is_mistyped_ends_with_2_and_help_with_0() {
    let shop = Shop::open().await;
    for (command, usage) in [
        ("reconcile", "farebox reconcile --since TIME --until TIME"),
        ("dead-letters", "farebox dead-letters"),
        ("redrive", "farebox redrive --all"),
        ("quarantined", "farebox quarantined"),
        ("release", "farebox release EVENT"),
        ("forget", "farebox forget CALLER"),
        ("import", "farebox import --dry-run FILE"),
        ("backup", "farebox backup FILE"),
        ("healthcheck", "farebox healthcheck [--url URL]"),
    ] {
        let mistyped = farebox(&shop, &[command, "--twice", "now"]).await;
        assert_eq!(mistyped.status.code(), Some(2), "{mistyped:?}");
        let said = String::from_utf8(mistyped.stderr).unwrap();
        assert!(said.contains(usage), "{said}");

        let help = printed(&farebox(&shop, &[command, "--help"]).await);
        assert!(help.contains(usage), "{help}");
    }
    let help = printed(&farebox(&shop, &["--help"]).await);
    for command in [
        "doctor",
        "generate",
        "reconcile",
        "dead-letters",
        "redrive",
        "forget",
        "import",
    ] {
        assert!(help.contains(&format!("\nfarebox {command}")), "{help}");
    }
    assert!(shop.stripe.requests().is_empty());
}

#[tokio::test]
async fn what_is_not_set_is_named() {
    let shop = Shop::open().await;
    let mut command = shop.command(env!("CARGO_BIN_EXE_farebox"));
    command
        .arg("dead-letters")
        .env_remove(need::DATABASE_URL)
        .env("DATABSE_URL", "sqlite:elsewhere.sqlite")
        .env("CARGO_MANIFEST_DIR", shop.folder().join("cli"));
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();

    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stdout).unwrap();
    let expected = "DATABASE_URL is not set: did you set it as DATABSE_URL?";
    assert!(said.contains(expected), "{said}");
    assert!(!said.contains("elsewhere"), "{said}");
}
