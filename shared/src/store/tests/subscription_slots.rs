//! One order or change at a time that gives a caller a product.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::*;

on_every_backend!(
    a_slot_is_its_orders_until_another_takes_it,
    slots_that_changed_since_they_were_read_stay_as_they_are,
    of_concurrent_orders_each_but_the_last_is_seen_by_the_next,
    a_caller_has_slots_of_their_own,
    a_change_has_a_slot_by_its_operation_until_it_is_released,
);

fn caller(name: &str) -> CallerId {
    CallerId::parse(name).unwrap()
}

fn id(order: &str) -> SlotHolder {
    SlotHolder::Order(OrderId::parse(order).unwrap())
}

fn change(operation: &str, until: i64) -> SlotHolder {
    SlotHolder::Change {
        operation: operation.to_owned(),
        until,
    }
}

/// The ids of orders that have slots.
fn ids(holders: Vec<&SlotHolder>) -> BTreeSet<String> {
    let ids = holders.into_iter().map(|holder| match holder {
        SlotHolder::Order(order) => order.as_str().to_owned(),
        change @ SlotHolder::Change { .. } => panic!("{change:?}"),
    });
    ids.collect()
}

impl Fixture {
    /// Takes the slots for `order`; returns the orders that had them, once it has them.
    async fn take(&self, order: &str, products: &[&str]) -> Option<BTreeSet<String>> {
        let (owner, order) = (caller("ada"), id(order));
        let slots = self.store.subscription_slots(&owner).await.unwrap();
        let others = ids(slots.others(products, &order));
        let taken = slots.taken_by(products, &order)?;
        let put = self.store.put_subscription_slots(&owner, &taken).await;
        put.unwrap().then_some(others)
    }
}

fn set<const N: usize>(orders: [&str; N]) -> Option<BTreeSet<String>> {
    Some(orders.map(str::to_owned).into())
}

async fn a_slot_is_its_orders_until_another_takes_it(place: Place) {
    let it = Fixture::new(place).await;

    assert_eq!(it.take("o_1", &["prod_a", "prod_b"]).await, set([]));
    assert_eq!(it.take("o_1", &["prod_a"]).await, None, "it has it");
    assert_eq!(it.take("o_2", &["prod_c"]).await, set([]));
    assert_eq!(
        it.take("o_3", &["prod_b", "prod_c"]).await,
        set(["o_1", "o_2"])
    );
    assert_eq!(
        it.take("o_4", &["prod_a", "prod_b"]).await,
        set(["o_1", "o_3"])
    );
}

async fn slots_that_changed_since_they_were_read_stay_as_they_are(place: Place) {
    let it = Fixture::new(place).await;
    let owner = caller("ada");
    let none = it.store.subscription_slots(&owner).await.unwrap();
    let [first, second] =
        ["o_1", "o_2"].map(|order| none.taken_by(&["prod_a"], &id(order)).unwrap());

    let put = async |slots| {
        it.store
            .put_subscription_slots(&owner, slots)
            .await
            .unwrap()
    };
    assert!(put(&first).await);
    assert!(!put(&second).await, "its reader did not see o_1");
    assert!(!put(&first).await, "sent twice, it changes nothing");
    let found = it.store.subscription_slots(&owner).await.unwrap();
    assert_eq!(found, first);
}

async fn of_concurrent_orders_each_but_the_last_is_seen_by_the_next(place: Place) {
    let it = Fixture::new(place).await;
    let orders: Vec<String> = (0..8).map(|n| format!("o_{n}")).collect();
    let takes = orders.iter().map(async |order| {
        loop {
            if let Some(others) = it.take(order, &["prod_a"]).await {
                return others;
            }
        }
    });

    let seen: Vec<String> = join_all(takes).await.into_iter().flatten().collect();

    let slots = it.store.subscription_slots(&caller("ada")).await.unwrap();
    let last = ids(slots.others(&["prod_a"], &id("none")));
    let all: BTreeSet<String> = seen.iter().cloned().chain(last).collect();
    assert_eq!(seen.len(), orders.len() - 1);
    assert_eq!(all, orders.into_iter().collect());
}

async fn a_caller_has_slots_of_their_own(place: Place) {
    let it = Fixture::new(place).await;
    assert_eq!(it.take("o_1", &["prod_a"]).await, set([]));

    let other = it.store.subscription_slots(&caller("bob")).await.unwrap();
    assert_eq!(other, SubscriptionSlots::default());
}

async fn a_change_has_a_slot_by_its_operation_until_it_is_released(place: Place) {
    let it = Fixture::new(place).await;
    let owner = caller("ada");
    let stored = async || it.store.subscription_slots(&owner).await.unwrap();
    let put = async |slots: &SubscriptionSlots| {
        let put = it.store.put_subscription_slots(&owner, slots).await;
        put.unwrap()
    };
    assert_eq!(it.take("o_1", &["prod_a", "prod_b"]).await, set([]));
    let (early, late) = (change("op_1", NOW), change("op_1", NOW + 60));

    let taken = stored().await.taken_by(&["prod_a"], &early).unwrap();
    assert!(put(&taken).await);
    let found = stored().await;
    assert_eq!(found.others(&["prod_a"], &id("o_1")), [&early]);
    assert_eq!(
        found.others(&["prod_a", "prod_b"], &id("o_2")),
        [&early, &id("o_1")]
    );
    assert!(
        found.others(&["prod_a"], &late).is_empty(),
        "it is the same"
    );
    assert_eq!(found.others(&["prod_a"], &change("op_2", NOW)), [&early]);

    let renewed = found.taken_by(&["prod_a"], &late).unwrap();
    assert!(put(&renewed).await);
    let early = taken.released_by("prod_a", &early).unwrap();
    assert!(!put(&early).await, "the slots changed since");
    let found = stored().await;
    assert_eq!(found.released_by("prod_a", &change("op_2", NOW)), None);
    assert_eq!(found.released_by("prod_a", &id("o_1")), None);
    assert!(put(&found.released_by("prod_a", &late).unwrap()).await);
    let free = stored().await;
    assert!(free.others(&["prod_a"], &id("o_2")).is_empty());
    assert_eq!(
        ids(free.others(&["prod_b"], &id("o_2"))),
        set(["o_1"]).unwrap()
    );
}
