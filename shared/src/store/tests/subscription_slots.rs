//! The one order by which a caller may subscribe to a product.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use super::*;

on_every_backend!(
    a_slot_is_its_orders_until_another_takes_it,
    slots_that_changed_since_they_were_read_stay_as_they_are,
    of_concurrent_orders_each_but_the_last_is_seen_by_the_next,
    a_caller_has_slots_of_their_own,
);

fn caller(name: &str) -> CallerId {
    CallerId::parse(name).unwrap()
}

fn id(order: &str) -> OrderId {
    OrderId::parse(order).unwrap()
}

impl Fixture {
    /// Takes the slots for `order`; returns the orders that had them, once it has them.
    async fn take(&self, order: &str, products: &[&str]) -> Option<BTreeSet<String>> {
        let (owner, order) = (caller("ada"), id(order));
        let slots = self.store.subscription_slots(&owner).await.unwrap();
        let others = slots.others(products, &order);
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
    let last = slots.others(&["prod_a"], &id("none"));
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
