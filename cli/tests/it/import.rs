//! `farebox import` and `farebox reconcile subscriptions`, as the real program.

use std::{fs, process::Output};

use sandbox::Fault;
use serde_json::{Value, json};
use shared::{access::CallerId, deployment::Deployment, stripe::CustomerKeys};
use testing::Shop;

/// Runs `farebox` over `shop`.
async fn farebox(shop: &Shop, arguments: &[&str]) -> Output {
    let mut command = shop.command(env!("CARGO_BIN_EXE_farebox"));
    command
        .args(arguments)
        .env("CARGO_MANIFEST_DIR", shop.folder().join("cli"));
    let ended = tokio::task::spawn_blocking(move || command.output());
    ended.await.unwrap().expect("the program runs")
}

/// Imports a file with these `rows` below the header; `more` are further arguments.
async fn import(shop: &Shop, rows: &[String], more: &[&str]) -> Output {
    let file = shop.folder().join("customers.csv");
    fs::write(&file, format!("caller,customer\n{}\n", rows.join("\n"))).unwrap();
    let arguments = [&["import"], more, &[file.to_str().unwrap()]].concat();
    farebox(shop, &arguments).await
}

fn text(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// The output of a successful run.
#[track_caller]
fn printed(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    text(output)
}

/// A customer whom the shop had before Farebox, with a subscription.
fn existing(shop: &Shop, plan: &str) -> (String, String) {
    let customer = shop.stripe.create_customer(json!({})).unwrap();
    let customer = customer["id"].as_str().unwrap().to_owned();
    shop.pay_by(&customer, "pm_card_visa");
    let subscription = shop.subscribe_customer(&customer, plan, &json!({}));
    (customer, subscription)
}

async fn customer_of(shop: &Shop, caller: &str) -> Option<String> {
    let caller = CallerId::parse(caller).unwrap();
    let link = shop.store.customer_of(&caller).await.unwrap();
    link.and_then(|link| link.customer)
}

/// The metadata of a customer at Stripe.
fn metadata(shop: &Shop, customer: &str) -> Value {
    let customers = shop.stripe.customers();
    let found = customers.iter().find(|one| one["id"] == customer);
    found.unwrap()["metadata"].clone()
}

#[tokio::test]
async fn existing_customers_are_tied_to_callers_with_their_subscriptions() {
    let shop = Shop::open().await;
    let plan = shop.plan("pro", 1900, "month");
    let (first, subscription) = existing(&shop, &plan);
    let (second, _) = existing(&shop, &plan);
    let rows = [format!("ada,{first}"), format!("bob,{second}")];

    let dry = printed(&import(&shop, &rows, &["--dry-run"]).await);
    assert!(dry.contains("line 2: can be tied\n"), "{dry}");
    assert!(dry.contains("2 can be tied, 0 tied before"), "{dry}");
    assert_eq!(customer_of(&shop, "ada").await, None, "nothing was changed");
    assert_eq!(metadata(&shop, &first), json!({}));

    let said = printed(&import(&shop, &rows, &[]).await);
    let tied = "line 2: tied; 1 subscriptions looked at: 1 changed, 0 of no caller, 0 failed\n";
    assert!(said.contains(tied), "{said}");
    assert!(said.contains("2 tied, 0 tied before, 0 left"), "{said}");
    assert_eq!(customer_of(&shop, "ada").await, Some(first.clone()));
    assert_eq!(customer_of(&shop, "bob").await, Some(second));
    let ada = CallerId::parse("ada").unwrap();
    let named = metadata(&shop, &first);
    assert_eq!(named[CustomerKeys::OWNER], ada.alias());
    assert_eq!(
        named[Deployment::KEY],
        shop.store.deployment().unwrap().id()
    );
    let copy = shop.store.subscription(&subscription).await.unwrap();
    assert_eq!(copy.value.unwrap().owner, ada);
    let account = shop.store.billing_account(&ada).await.unwrap();
    let account = account.value.unwrap();
    let access = account.access(shop.clock.now(), shop.config.grace);
    assert!(access.entitlements.contains("pro"), "{access:?}");

    let again = printed(&import(&shop, &rows, &[]).await);
    assert!(
        again.contains("0 tied, 2 tied before, 0 left with another customer, 0 failed"),
        "{again}"
    );
    assert!(
        again.contains("2 subscriptions looked at: 0 changed"),
        "{again}"
    );
}

#[tokio::test]
async fn each_row_that_cannot_be_tied_says_why_and_stops_no_other() {
    let shop = Shop::open().await;
    let plan = shop.plan("pro", 1900, "month");
    let held = shop.subscriber("ada", None, "pm_card_visa").await;
    let (free, _) = existing(&shop, &plan);
    let (deleted, _) = existing(&shop, &plan);
    let _ = shop.stripe.delete_customer(&deleted).unwrap();
    let (foreign, _) = existing(&shop, &plan);
    let other = json!({ "metadata": { Deployment::KEY: "dep_0123456789abcdef" } });
    let _ = shop.stripe.change_customer(&foreign, other).unwrap();
    let rows = [
        format!("ada,{free}"),
        format!("bob,{held}"),
        format!("carl,{deleted}"),
        "dora,cus_unknown".to_owned(),
        format!("emil,{foreign}"),
        "fred,pi_1".to_owned(),
        format!("gina,{free}"),
    ];

    let output = import(&shop, &rows, &[]).await;

    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let said = text(&output);
    for (line, why) in [
        (
            2,
            format!("left as it is: the caller has the customer {held}"),
        ),
        (
            3,
            "failed: the customer belongs to another caller".to_owned(),
        ),
        (
            4,
            "failed: Stripe has no such customer in this mode".to_owned(),
        ),
        (
            5,
            "failed: Stripe has no such customer in this mode".to_owned(),
        ),
        (
            6,
            "failed: the customer belongs to another deployment".to_owned(),
        ),
        (
            7,
            "failed: `customer` must be the id of a Stripe customer".to_owned(),
        ),
        (
            8,
            "failed: line 2 names another caller for this customer".to_owned(),
        ),
    ] {
        assert!(
            said.contains(&format!("line {line}: {why}")),
            "{line}: {said}"
        );
    }
    assert!(said.contains("0 tied, 0 tied before, 1 left"), "{said}");
    assert_eq!(customer_of(&shop, "ada").await, Some(held));
    for caller in ["bob", "carl", "dora", "emil", "fred", "gina"] {
        assert_eq!(customer_of(&shop, caller).await, None, "{caller}");
    }
}

#[tokio::test]
async fn what_failed_in_one_run_is_done_by_the_next() {
    let shop = Shop::open().await;
    let plan = shop.plan("pro", 1900, "month");
    let (customer, subscription) = existing(&shop, &plan);
    let rows = [format!("ada,{customer}")];
    let path = format!("/v1/customers/{customer}");
    let refused = Fault::restricted().on("POST", &path);
    shop.stripe.inject(refused);

    let failed = import(&shop, &rows, &[]).await;
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(text(&failed).contains("line 2: failed: "), "{failed:?}");
    let again = printed(&import(&shop, &rows, &[]).await);

    assert!(again.contains("0 tied, 1 tied before"), "{again}");
    assert_ne!(metadata(&shop, &customer), json!({}));
    let copy = shop.store.subscription(&subscription).await.unwrap();
    assert!(copy.value.is_some(), "it was adopted");
}

#[tokio::test]
async fn reconcile_subscriptions_brings_all_copies_up_to_date() {
    let shop = Shop::open().await;
    let plan = shop.plan("pro", 1900, "month");
    let customer = shop.subscriber("ada", None, "pm_card_visa").await;
    let id = shop.subscribe_customer(&customer, &plan, &json!({}));

    let first = printed(&farebox(&shop, &["reconcile", "subscriptions"]).await);
    let _ = shop.stripe.cancel_subscription(&id).unwrap();
    let second = printed(&farebox(&shop, &["reconcile", "subscriptions"]).await);

    let counts = "1 subscriptions looked at: 1 changed, 0 of no caller, 0 failed";
    assert!(first.contains(counts), "{first}");
    assert!(second.contains(counts), "{second}");
    let copy = shop.store.subscription(&id).await.unwrap();
    assert_eq!(copy.value.unwrap().status, "canceled");

    let failing = Fault::error().on("GET", &format!("/v1/subscriptions/{id}"));
    shop.stripe.inject(failing.times(0));
    let failed = farebox(&shop, &["reconcile", "subscriptions"]).await;
    assert_eq!(failed.status.code(), Some(1), "{failed:?}");
    assert!(text(&failed).contains("1 failed"), "{failed:?}");
}
