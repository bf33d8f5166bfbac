//! The database's requests to DynamoDB, and their cost: `docs/dynamodb.md` has the same figures.

use super::{
    relay::{Exchange, Relay},
    *,
};
use crate::subscription::{BillingAccount, Grace, Subscription};

/// The requests of one piece of work.
#[derive(Debug, PartialEq)]
struct Cost {
    operations: Vec<String>,
    read_units: usize,
    items_written: usize,
    write_units: usize,
}

impl Cost {
    fn of(log: &[Exchange]) -> Self {
        let writes: Vec<&Value> = log.iter().flat_map(written).collect();
        let alone: Vec<&Value> = log.iter().filter_map(|one| one.asked.get("Item")).collect();
        let in_transactions: usize = writes.iter().copied().map(transactional_units).sum();
        Self {
            operations: log.iter().map(|one| one.operation.clone()).collect(),
            read_units: log.iter().map(read_units).sum(),
            items_written: writes.len() + alone.len(),
            write_units: in_transactions + alone.into_iter().map(kilobytes).sum::<usize>(),
        }
    }
}

/// The items of a transaction.
fn written(exchange: &Exchange) -> impl Iterator<Item = &Value> {
    let items = exchange.asked["TransactItems"].as_array();
    items.into_iter().flatten().map(|one| &one["Put"]["Item"])
}

/// Two units for each started KB, since it is in a transaction, and one for a new entry of each
/// index, which holds keys alone: an order that changes keeps its entries, and an account has one
/// while its grace runs
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html>).
fn transactional_units(item: &Value) -> usize {
    let is_new = item
        .get("version")
        .is_none_or(|version| version["N"] == "1" || item["queue"]["S"] == "graces");
    let entries = ["queue", "list"].map(|index| usize::from(item.get(index).is_some() && is_new));
    2 * kilobytes(item) + entries.iter().sum::<usize>()
}

/// The started KB.
fn kilobytes(item: &Value) -> usize {
    size(item).div_ceil(1024)
}

/// One unit for each started 4 KB of each item, since the read is consistent; one for a missing
/// item.
fn read_units(exchange: &Exchange) -> usize {
    let (asked, answered) = (&exchange.asked, &exchange.answered);
    let first = |tables: &Value| tables.as_object().unwrap().values().next().cloned();
    let (keys, found) = match exchange.operation.as_str() {
        "GetItem" => (1, answered.get("Item").cloned().into_iter().collect()),
        "BatchGetItem" => {
            let keys = first(&asked["RequestItems"]).unwrap();
            let found = first(&answered["Responses"]).unwrap_or_default();
            let found = found.as_array().cloned().unwrap_or_default();
            (keys["Keys"].as_array().unwrap().len(), found)
        }
        _ => (0, Vec::new()),
    };
    let units = found.iter().map(|item| size(item).div_ceil(4096));
    units.sum::<usize>() + (keys - found.len())
}

/// By AWS's rule: names and texts in bytes, a number by a byte for two digits and one more
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html>).
fn size(item: &Value) -> usize {
    let attributes = item.as_object().unwrap().iter();
    let sizes = attributes.map(|(name, value)| {
        let text = value["S"].as_str().map(str::len);
        let number = value["N"].as_str().map(|n| n.len().div_ceil(2) + 1);
        name.len() + text.or(number).unwrap()
    });
    sizes.sum()
}

/// The consumed units that the stand-in reports.
fn reported_units(log: &[Exchange]) -> f64 {
    let units = log.iter().map(|one| {
        let units = &one.answered["ConsumedCapacity"];
        let units = units
            .as_array()
            .and_then(|all| all.first())
            .unwrap_or(units);
        units["CapacityUnits"].as_f64().unwrap_or_default()
    });
    units.sum()
}

/// A database on a new table behind a relay.
async fn relayed() -> (Relay, Fixture) {
    let (relay, home) = Relay::before_a_table(|_, _| None).await;
    let config = home.config(&[("FAREBOX_NOTIFY_EVENTS", "customer.*")]);
    let first = open(&config).await.unwrap();
    let cost = Cost::of(&relay.log());
    assert_eq!(cost.operations, ["GetItem", "PutItem"], "once for a table");
    let store = open(&config).await.unwrap();
    assert_eq!(first.deployment().unwrap(), store.deployment().unwrap());
    let it = Fixture {
        home,
        config,
        store,
    };
    (relay, it)
}

/// Every operation once, with its requests to DynamoDB.
async fn costs() -> Vec<(&'static str, Vec<Exchange>)> {
    let (relay, it) = relayed().await;
    let mut costs = vec![("a start", relay.log())];
    let by_both = rate_limits::request("o_1", &["ada", "home"], (20, 20));
    let admitted = it.store.admit(by_both.clone(), NOW).await.unwrap();
    assert_eq!(admitted, RateLimitOutcome::Yes);
    costs.push(("an order admitted", relay.log()));
    let asked = put("o_1", "ada", 1500, Some("key"));
    let PutOrderOutcome::Order(order) = it.open(asked.clone()).await else {
        panic!("refused")
    };
    costs.push(("an order", relay.log()));
    it.store.admit(by_both, NOW).await.unwrap();
    costs.push(("one that exists", relay.log()));
    let full = rate_limits::request("o_9", &["ada", "home"], (20, 1));
    it.store.admit(full, NOW).await.unwrap();
    costs.push(("one too many unpaid", relay.log()));
    let over = rate_limits::request("o_9", &["ada", "home"], (1, 20));
    it.store.admit(over, NOW).await.unwrap();
    costs.push(("one too many started", relay.log()));
    let mut look = rate_limits::request("look", &["staff"], (20, 20));
    look.stays_unpaid = false;
    it.store.admit(look, NOW).await.unwrap();
    costs.push(("a look at a customer counted", relay.log()));
    it.store.replay(&asked.operation.unwrap()).await.unwrap();
    costs.push(("the same request again", relay.log()));
    let updated = it
        .store
        .update_payment(order.id(), intent("pi_1"), NOW)
        .await;
    updated.unwrap().unwrap();
    costs.push(("its intent", relay.log()));
    it.status().await;
    costs.push(("its state", relay.log()));
    let mut cheap = succeeded(&order, "evt_4");
    cheap["data"]["object"]["amount"] = json!(1);
    let refund = json!({
        "id": "evt_5", "object": "event", "type": "refund.created", "created": NOW,
        "livemode": false, "data": { "object": {
            "id": "re_1", "amount": 500, "currency": "usd", "status": "succeeded",
            "payment_intent": "pi_1",
        } },
    });
    let events = [
        ("a payment", succeeded(&order, "evt_1")),
        ("the same again", succeeded(&order, "evt_1")),
        ("another of the same payment", succeeded(&order, "evt_2")),
        ("one that is forwarded", other("evt_3", "customer.created")),
        ("one that is ignored", other("evt_6", "product.created")),
        ("one that is quarantined", cheap),
        ("a refund", refund),
    ];
    for (what, event) in events {
        it.accept(&event).await;
        costs.push((what, relay.log()));
    }
    let mut anothers = succeeded(&order, "evt_7");
    anothers["data"]["object"]["id"] = json!("pi_9");
    anothers["data"]["object"]["metadata"][Deployment::KEY] = json!("dep_another");
    let accepted = it.accept_as_it_is(&anothers, NOW).await;
    assert_eq!(accepted, Accepted::OtherDeployment);
    costs.push(("another deployment's", relay.log()));
    let request = it.reserved("2", 400).await;
    costs.push(("a refund reserved", relay.log()));
    it.settle(&refunds::refund("2", 400, "succeeded")).await;
    costs.push(("its answer", relay.log()));
    it.reserved("3", 600).await;
    relay.log();
    let why = crate::order::RefundRejection::Other;
    let order = it.store.order(order.id()).await.unwrap().unwrap();
    let last = order.refund_requests().last().unwrap();
    assert_ne!(last.id(), request.id());
    relay.log();
    it.store
        .decline_refund(&order, last, why, NOW)
        .await
        .unwrap();
    costs.push(("its release", relay.log()));
    let ada = CallerId::parse("ada").unwrap();
    let reserved = it.store.reserve_customer(&ada, None, NOW).await.unwrap();
    costs.push(("a customer reserved", relay.log()));
    let settled = it.store.settle_customer(&ada, &reserved, "cus_1").await;
    settled.unwrap().unwrap();
    costs.push(("and settled", relay.log()));
    it.store.customer_of(&ada).await.unwrap().unwrap();
    costs.push(("and read", relay.log()));
    it.store.holder_of("cus_1").await.unwrap().unwrap();
    costs.push(("its caller", relay.log()));
    let slots = it.store.subscription_slots(&ada).await.unwrap();
    let holder = SlotHolder::Order(order.id().clone());
    let slots = slots.taken_by(&["prod_1"], &holder).unwrap();
    assert!(it.store.put_subscription_slots(&ada, &slots).await.unwrap());
    costs.push(("a slot taken", relay.log()));
    assert_eq!(it.orders_of("ada").await.len(), 1);
    costs.push(("a caller's orders", relay.log()));
    let all = it.store.all_orders(&OrderRange::newest(9)).await.unwrap();
    assert_eq!(all.orders.len(), 1);
    costs.push(("all orders", relay.log()));
    of_subscriptions(&relay, &it, &mut costs).await;
    costs
}

/// The same of subscriptions: what a look reads and writes, and what else their functions do.
async fn of_subscriptions(
    relay: &Relay,
    it: &Fixture,
    costs: &mut Vec<(&'static str, Vec<Exchange>)>,
) {
    let ada = CallerId::parse("ada").unwrap();
    let copy = subscriptions::copy("sub_1", "active");
    let first = subscriptions::write(copy, 0, (BillingAccount::default(), 0));
    let account = first.account.0.clone();
    it.store.subscription("sub_1").await.unwrap();
    it.store.holder_of("cus_1").await.unwrap();
    it.store.billing_account(&ada).await.unwrap();
    assert!(it.store.write_billing(first, NOW).await.unwrap());
    costs.push(("a first look", relay.log()));
    it.store.subscription("sub_1").await.unwrap();
    it.store.billing_account(&ada).await.unwrap();
    costs.push(("a look without news", relay.log()));
    let ended = subscriptions::copy("sub_1", "canceled");
    it.store.subscription("sub_1").await.unwrap();
    it.store.billing_account(&ada).await.unwrap();
    let mut changed = subscriptions::write(ended, 1, (account, 1));
    changed.messages.truncate(1);
    assert!(it.store.write_billing(changed, NOW).await.unwrap());
    costs.push(("a look with news", relay.log()));
    it.store.billing_account(&ada).await.unwrap();
    costs.push(("what a caller may use", relay.log()));
    let usage = Message::of_usage(&outbox::usage(1), NOW);
    it.store.append_messages(&[usage], NOW).await.unwrap();
    costs.push(("usage", relay.log()));
    of_a_grace(relay, it, costs).await;
}

/// The same of a grace, from its beginning to its end.
async fn of_a_grace(relay: &Relay, it: &Fixture, costs: &mut Vec<(&'static str, Vec<Exchange>)>) {
    let (ada, grace) = (CallerId::parse("ada").unwrap(), Grace::default());
    let end = NOW + grace.seconds();
    let late = Subscription {
        past_due_since: Some(NOW),
        ..subscriptions::copy("sub_2", "past_due")
    };
    let mut write = subscriptions::write(late, 0, (BillingAccount::default(), 2));
    write.account.0 = write.account.0.with_grace(NOW, grace);
    write.messages.truncate(1);
    let after = write.account.0.clone().with_grace(end, grace);
    let message = write.messages[0].clone();
    assert!(it.store.write_billing(write, NOW).await.unwrap());
    costs.push(("a grace that begins", relay.log()));
    assert_eq!(it.store.graces_over(end - 1, 9).await.unwrap(), []);
    costs.push(("no grace over", relay.log()));
    let over = it.store.graces_over(end, 9).await.unwrap();
    assert_eq!(over, std::slice::from_ref(&ada));
    costs.push(("a grace over", relay.log()));
    it.store.billing_account(&ada).await.unwrap();
    let told = BillingWrite {
        owner: ada,
        subscription: None,
        account: (after, 3),
        messages: vec![Message {
            id: format!("{}2", message.id),
            ..message
        }],
    };
    assert!(it.store.write_billing(told, end).await.unwrap());
    costs.push(("a grace that ended", relay.log()));
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn an_event_takes_one_read_and_one_transaction_and_the_rest_no_more() {
    const READ: &[&str] = &["BatchGetItem"];
    const BOTH: &[&str] = &["BatchGetItem", "TransactWriteItems"];
    const GET: &[&str] = &["GetItem"];
    const REPLAY: &[&str] = &["GetItem", "GetItem"];
    const LIST: &[&str] = &["Query", "BatchGetItem"];
    const REFUND: &[&str] = &["BatchGetItem", "GetItem", "TransactWriteItems"];
    let expected = [
        ("a start", GET, 1, 0, 0),
        ("an order admitted", BOTH, 3, 2, 4),
        ("an order", BOTH, 2, 2, 6),
        ("one that exists", READ, 3, 0, 0),
        // The orders that may be unpaid: one.
        (
            "one too many unpaid",
            &["BatchGetItem", "BatchGetItem"],
            4,
            0,
            0,
        ),
        ("one too many started", READ, 3, 0, 0),
        ("a look at a customer counted", BOTH, 2, 1, 2),
        ("the same request again", REPLAY, 2, 0, 0),
        ("its intent", &["GetItem", "TransactWriteItems"], 1, 2, 4),
        ("its state", GET, 1, 0, 0),
        ("a payment", BOTH, 3, 3, 7),
        ("the same again", READ, 3, 0, 0),
        ("another of the same payment", BOTH, 3, 2, 4),
        ("one that is forwarded", BOTH, 1, 2, 5),
        ("one that is ignored", READ, 1, 0, 0),
        ("one that is quarantined", BOTH, 3, 2, 5),
        // It names its intent alone.
        ("a refund", REFUND, 3, 3, 7),
        ("another deployment's", READ, 3, 0, 0),
        ("a refund reserved", BOTH, 2, 2, 4),
        ("its answer", BOTH, 1, 2, 5),
        // With its second request the order is larger than 1 KB.
        ("its release", BOTH, 2, 2, 6),
        // Outside a transaction, so that it takes half of the units.
        ("a customer reserved", &["PutItem"], 0, 1, 1),
        ("and settled", &["TransactWriteItems"], 0, 2, 4),
        ("and read", GET, 1, 0, 0),
        ("its caller", GET, 1, 0, 0),
        ("a slot taken", &["GetItem", "PutItem"], 1, 1, 1),
        // The query of the index takes half a unit for fifty of its entries.
        ("a caller's orders", LIST, 1, 0, 0),
        ("all orders", LIST, 1, 0, 0),
        // Account, copy and message.
        (
            "a first look",
            &["GetItem", "GetItem", "GetItem", "TransactWriteItems"],
            3,
            3,
            7,
        ),
        ("a look without news", REPLAY, 2, 0, 0),
        (
            "a look with news",
            &["GetItem", "GetItem", "TransactWriteItems"],
            2,
            3,
            7,
        ),
        ("what a caller may use", GET, 1, 0, 0),
        ("usage", &["TransactWriteItems"], 0, 1, 3),
        // Account with its entry of the index, copy and message.
        ("a grace that begins", &["TransactWriteItems"], 0, 3, 8),
        ("no grace over", &["Query"], 0, 0, 0),
        ("a grace over", LIST, 1, 0, 0),
        // Account and message; the entry that leaves the index takes one unit more.
        (
            "a grace that ended",
            &["GetItem", "TransactWriteItems"],
            1,
            2,
            5,
        ),
    ];

    let costs = costs().await;
    assert_eq!(costs.len(), expected.len());
    for ((what, log), (name, operations, read_units, items_written, write_units)) in
        costs.iter().zip(expected)
    {
        let expected = Cost {
            operations: operations.iter().map(|one| (*one).to_owned()).collect(),
            read_units,
            items_written,
            write_units,
        };
        assert_eq!((*what, Cost::of(log)), (name, expected));
    }
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn the_stand_in_counts_the_same_capacity_for_a_transaction() {
    for (what, log) in costs().await {
        let transactions = log
            .into_iter()
            .filter(|one| one.operation == "TransactWriteItems");
        let transactions: Vec<_> = transactions.collect();
        let computed = u32::try_from(Cost::of(&transactions).write_units).unwrap();
        // What a transaction writes does not tell that an entry leaves the index.
        let left = u32::from(what == "a grace that ended");
        let computed = f64::from(computed + left);
        assert_eq!(reported_units(&transactions), computed, "{what}");
    }
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn the_stand_in_counts_three_and_a_half_units_for_a_delivery() {
    let (relay, it) = relayed().await;
    it.accept(&other("evt_1", "customer.created")).await;
    relay.log();

    let queued = it.due().await.remove(0);
    let id = &queued.message.id;
    it.store
        .record_delivery(id, DeliveryOutcome::Delivered, NOW)
        .await
        .unwrap();

    let log = relay.log();
    let operations: Vec<&str> = log.iter().map(|one| one.operation.as_str()).collect();
    assert_eq!(operations, ["Query", "UpdateItem", "UpdateItem"]);
    // The query of the index; the lease, which leaves the entry in it; the end, which removes that.
    let units: Vec<f64> = log.chunks(1).map(reported_units).collect();
    assert_eq!(units, [0.5, 1.0, 2.0]);
}

/// Everything in the table.
async fn scan(it: &Fixture) -> Vec<Value> {
    let client = it.home.client();
    let items = client.scan().table_name(it.home.table()).into_paginator();
    let items: Vec<_> = items
        .items()
        .send()
        .collect::<Result<_, _>>()
        .await
        .unwrap();
    let value =
        |item: &std::collections::HashMap<String, aws_sdk_dynamodb::types::AttributeValue>| {
            let values = item.iter().map(|(name, value)| {
                let text = value.as_s().or_else(|_| value.as_n()).unwrap();
                (name.clone(), json!(text))
            });
            Value::Object(values.collect())
        };
    items.iter().map(value).collect()
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_large_quarantined_body_is_in_parts_that_follow_it() {
    let it = Fixture::new(Place::DynamoDb).await;
    let odd = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "data": { "object": { "id": 7, "amount": "é".repeat(500_000) } } });
    it.accept(&odd).await;

    let items = scan(&it).await;
    let key = format!("quarantine#evt_1#{NOW}");
    let item = |key: &str| items.iter().find(|item| item["pk"] == key).unwrap();
    assert_eq!(item(&key)["parts"], "3");
    let parts = (1..=3).map(|n| item(&format!("{key}#{n}"))["body"].as_str().unwrap());
    let (kept, sent) = (parts.collect::<String>(), odd.to_string());
    assert!(kept == sent, "it is not as it was");
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn of_a_delivered_message_the_id_alone_stays_until_it_expires() {
    let it = Fixture::new(Place::DynamoDb).await;
    let mut large = other("evt_2", "customer.created");
    large["data"]["object"]["description"] = json!("a".repeat(1_000_000));
    it.accept(&other("evt_1", "customer.created")).await;
    it.accept(&large).await;
    for queued in it.due().await {
        let id = &queued.message.id;
        it.store
            .record_delivery(id, DeliveryOutcome::Delivered, NOW)
            .await
            .unwrap();
    }

    let items = scan(&it).await;
    let outbox = items.iter().filter(|item| {
        let key = item["pk"].as_str().unwrap();
        key.starts_with("outbox#")
    });
    let outbox: Vec<&Value> = outbox.collect();
    assert_eq!(outbox.len(), 2, "no parts");
    for item in outbox {
        assert_eq!(item["expires_at"], (NOW + REMEMBERED).to_string());
        for gone in ["body", "parts", "queue", "due_at"] {
            assert!(item.get(gone).is_none(), "{gone}");
        }
    }
}

#[tokio::test]
#[ignore = "needs an AWS stand-in: scripts/test starts one"]
async fn a_refused_start_reads_25_orders_of_a_row_and_stores_which_are_paid() {
    let (relay, it) = relayed().await;
    let admit = async |order: &str, keys: &[&str], open| {
        let request = rate_limits::request(order, keys, (200, open));
        let admitted = it.store.admit(request, NOW).await.unwrap();
        (admitted == RateLimitOutcome::Yes, Cost::of(&relay.log()))
    };
    for n in 0..40 {
        let _ = admit(&format!("o_many_{n}"), &["bob", "school"], 40).await;
    }
    let (is_admitted, cost) = admit("o_41", &["bob", "school"], 40).await;
    assert!(!is_admitted);
    assert_eq!((cost.read_units, cost.write_units), (3 + 25, 0));

    let _ = admit("o_1", &["home"], 1).await;
    it.paid().await;
    let _ = admit("o_2", &["ada"], 1).await;
    relay.log();
    let (is_admitted, cost) = admit("o_3", &["ada", "home"], 1).await;
    assert!(!is_admitted, "hers is unpaid");
    assert_eq!((cost.read_units, cost.write_units), (3 + 2, 2));
    let (is_admitted, cost) = admit("o_3", &["ada", "home"], 1).await;
    assert!(!is_admitted);
    assert_eq!((cost.read_units, cost.write_units), (3 + 1, 0));
}
