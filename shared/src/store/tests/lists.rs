//! Lists of orders: a caller's, and everybody's.

use super::*;

on_every_backend!(
    orders_are_listed_the_newest_first,
    an_order_keeps_its_place_in_the_list_however_it_changes,
    parts_of_a_list_meet_without_a_gap_and_without_a_repetition,
    orders_of_one_second_are_split_without_a_gap_and_without_a_repetition,
    a_list_holds_the_orders_between_its_times,
    an_order_that_moved_is_in_its_owners_list_alone,
);

fn caller(name: &str) -> CallerId {
    CallerId::parse(name).unwrap()
}

/// A list: an owner's, or everybody's.
#[derive(Clone, Copy, Debug)]
enum Of {
    Owner(&'static str),
    All,
}

impl Fixture {
    /// The newest orders of `owner`.
    pub(super) async fn orders_of(&self, owner: &str) -> Vec<Order> {
        let (owner, newest) = (caller(owner), OrderRange::newest(9));
        let list = self.store.orders_of(&owner, &newest).await;
        list.unwrap().orders
    }

    async fn list(&self, of: Of, range: &OrderRange) -> (Vec<String>, Option<OrderPosition>) {
        let list = match of {
            Of::Owner(owner) => self.store.orders_of(&caller(owner), range).await,
            Of::All => self.store.all_orders(range).await,
        };
        let OrderList { orders, next } = list.unwrap();
        let ids = orders.iter().map(|order| order.id().to_string());
        (ids.collect(), next)
    }

    async fn newest(&self, of: Of) -> Vec<String> {
        let (ids, next) = self.list(of, &OrderRange::newest(9)).await;
        assert_eq!(next, None);
        ids
    }

    /// All parts of a list, of `most` orders each but for the last, which holds at least one.
    async fn parts(&self, of: Of, most: u32) -> Vec<String> {
        let mut range = OrderRange::newest(most);
        let mut all = Vec::new();
        loop {
            let (ids, next) = self.list(of, &range).await;
            assert!((1..=most as usize).contains(&ids.len()), "{ids:?}");
            assert!(next.is_none() || ids.len() == most as usize, "{ids:?}");
            all.extend(ids);
            match next {
                None => return all,
                after => range.after = after,
            }
        }
    }

    async fn open_at(&self, id: &str, owner: &str, now: i64) {
        let opened = self.store.put_order(put(id, owner, 1500, None), now).await;
        assert!(matches!(opened.unwrap(), PutOrderOutcome::Order(_)));
    }
}

async fn orders_are_listed_the_newest_first(place: Place) {
    let it = Fixture::new(place).await;
    assert_eq!(it.newest(Of::Owner("ada")).await, [""; 0]);
    assert_eq!(it.newest(Of::All).await, [""; 0]);
    it.open_at("o_2", "ada", NOW + 2).await;
    it.open_at("o_1", "ada", NOW + 1).await;
    it.open_at("o_b", "bob", NOW + 3).await;
    it.open_at("o_3", "ada", NOW + 4).await;

    assert_eq!(it.newest(Of::Owner("ada")).await, ["o_3", "o_2", "o_1"]);
    assert_eq!(it.newest(Of::Owner("bob")).await, ["o_b"]);
    assert_eq!(it.newest(Of::Owner("eve")).await, [""; 0]);
    assert_eq!(it.newest(Of::All).await, ["o_3", "o_b", "o_2", "o_1"]);
}

async fn an_order_keeps_its_place_in_the_list_however_it_changes(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.order().await;
    it.open_at("o_2", "ada", NOW + 2).await;
    it.accept_at(&succeeded(&order, "evt_1"), NOW + 9).await;

    for of in [Of::Owner("ada"), Of::All] {
        assert_eq!(it.newest(of).await, ["o_2", "o_1"], "{of:?}");
    }
    assert_eq!(it.orders_of("ada").await[1].status(), Status::Paid);
}

async fn parts_of_a_list_meet_without_a_gap_and_without_a_repetition(place: Place) {
    let it = Fixture::new(place).await;
    for n in 0..6 {
        it.open_at(&format!("o_{n}"), "ada", NOW + n).await;
    }
    let expected: Vec<String> = (0..6).rev().map(|n| format!("o_{n}")).collect();
    for of in [Of::Owner("ada"), Of::All] {
        for most in [1, 2, 3, 4, 6, 7, 100] {
            assert_eq!(it.parts(of, most).await, expected, "{of:?} by {most}");
        }
    }
}

async fn orders_of_one_second_are_split_without_a_gap_and_without_a_repetition(place: Place) {
    let it = Fixture::new(place).await;
    let mut expected = Vec::new();
    for id in ["o_0", "-", "Z", "_", "o_9", "z"] {
        it.open_at(id, "ada", NOW).await;
        expected.push(id);
    }
    expected.sort_unstable();
    for of in [Of::Owner("ada"), Of::All] {
        for most in [1, 2, 4, 5] {
            let mut listed = it.parts(of, most).await;
            listed.sort_unstable();
            assert_eq!(listed, expected, "{of:?} by {most}");
        }
    }
}

async fn a_list_holds_the_orders_between_its_times(place: Place) {
    let it = Fixture::new(place).await;
    for n in 0..5 {
        it.open_at(&format!("o_{n}"), "ada", NOW + n).await;
    }
    let mut range = OrderRange::newest(2);
    (range.earliest, range.latest) = (NOW + 1, NOW + 3);
    for of in [Of::Owner("ada"), Of::All] {
        range.after = None;
        let (ids, next) = it.list(of, &range).await;
        assert_eq!(ids, ["o_3", "o_2"]);
        range.after = next;
        assert_eq!(it.list(of, &range).await, (vec!["o_1".to_owned()], None));
    }
}

async fn an_order_that_moved_is_in_its_owners_list_alone(place: Place) {
    let it = Fixture::new(place).await;
    it.open_at("o_1", "ada", NOW).await;
    let mut moved = put("o_1", "bob", 1500, None);
    moved.previous_owner = Some(caller("ada"));
    assert!(matches!(it.open(moved).await, PutOrderOutcome::Order(_)));

    assert_eq!(it.newest(Of::Owner("ada")).await, [""; 0]);
    assert_eq!(it.newest(Of::Owner("bob")).await, ["o_1"]);
    assert_eq!(it.newest(Of::All).await, ["o_1"]);
}
