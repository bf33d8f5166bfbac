//! Limits on started and on unpaid orders, for each subject.

use super::{sharing::by_many, *};
use crate::ids::CallerId;

on_every_backend!(
    concurrent_starts_are_admitted_up_to_the_limit,
    concurrent_starts_of_one_order_are_counted_once,
    a_start_over_one_subjects_limit_is_counted_for_none,
    the_window_slides,
    a_start_without_an_order_counts_within_the_window_alone,
    an_order_that_exists_is_not_counted,
    starts_cannot_be_saved_up,
    a_paid_order_frees_its_place_immediately_and_a_canceled_one_does_not,
    an_order_that_was_never_created_counts_until_the_window_ends,
    concurrent_starts_leave_no_more_orders_unpaid_than_the_limit,
    a_paid_order_among_many_is_found_in_turn,
    concurrent_refreshes_of_one_order_are_admitted_once_in_two_seconds,
    concurrent_refreshes_of_one_caller_are_admitted_once_in_two_seconds,
);

const HOUR: i64 = 60 * 60;

/// A request to start `order`, counted for all of `keys`, with limits on the orders started in an
/// hour and on unpaid ones.
pub(super) fn request(order: &str, keys: &[&str], most: (usize, usize)) -> RateLimitRequest {
    let subjects = keys.iter().map(|key| RateLimitSubject {
        key: (*key).to_owned(),
        kind: SubjectKind::Caller,
        limit: Limit {
            started: most.0,
            open: most.1,
        },
    });
    RateLimitRequest {
        order: OrderId::parse(order).unwrap(),
        subjects: subjects.collect(),
        window: HOUR,
        stays_unpaid: true,
    }
}

fn no(are_open: bool, retry_after: i64) -> RateLimitOutcome {
    RateLimitOutcome::No(RateLimited {
        kind: SubjectKind::Caller,
        are_open,
        retry_after,
    })
}

impl Fixture {
    /// Requests `order`, counted for `key`.
    async fn admit(
        &self,
        order: &str,
        key: &str,
        most: (usize, usize),
        now: i64,
    ) -> RateLimitOutcome {
        let request = request(order, &[key], most);
        self.store.admit(request, now).await.unwrap()
    }
}

fn admitted(all: &[RateLimitOutcome]) -> usize {
    all.iter()
        .filter(|one| **one == RateLimitOutcome::Yes)
        .count()
}

async fn a_start_without_an_order_counts_within_the_window_alone(place: Place) {
    let it = Fixture::new(place).await;
    let ask = async |n: i64, now| {
        let mut request = request(&format!("request-{n}"), &["ada"], (2, 1));
        request.stays_unpaid = false;
        it.store.admit(request, now).await.unwrap()
    };
    assert_eq!(ask(1, NOW).await, RateLimitOutcome::Yes);
    assert_eq!(ask(2, NOW + 1).await, RateLimitOutcome::Yes);
    assert_eq!(ask(3, NOW + 2).await, no(false, HOUR - 2));
    assert_eq!(ask(4, NOW + HOUR).await, RateLimitOutcome::Yes);
    assert_eq!(ask(5, NOW + HOUR).await, no(false, 1));
}

async fn concurrent_starts_are_admitted_up_to_the_limit(place: Place) {
    let it = Fixture::new(place).await;
    // Four callers at one address, whose limit is reached first.
    let all = by_many(&it, 24, |n, store| async move {
        let caller = format!("caller-{}", n % 4);
        let mut request = request(&format!("o_{n}"), &[&caller, "home"], (7, 20));
        request.subjects[1].kind = SubjectKind::Address;
        store.admit(request, NOW).await.unwrap()
    })
    .await;

    assert_eq!(admitted(&all), 7);
    let is_by_address = |many: &RateLimited| many.kind == SubjectKind::Address && !many.are_open;
    let refused = all
        .iter()
        .filter(|one| matches!(one, RateLimitOutcome::No(many) if is_by_address(many)));
    assert_eq!(refused.count(), 17);
}

async fn concurrent_starts_of_one_order_are_counted_once(place: Place) {
    let it = Fixture::new(place).await;
    let all = by_many(&it, 16, |_, store| async move {
        let request = request("o_1", &["ada", "home"], (2, 2));
        store.admit(request, NOW).await.unwrap()
    })
    .await;

    assert_eq!(admitted(&all), 16);
    assert_eq!(
        it.admit("o_2", "ada", (2, 2), NOW).await,
        RateLimitOutcome::Yes
    );
    assert_eq!(it.admit("o_3", "ada", (2, 9), NOW).await, no(false, HOUR));
    let again = it.admit("o_1", "ada", (2, 2), NOW).await;
    assert_eq!(
        again,
        RateLimitOutcome::Yes,
        "it was admitted, and is not opened yet"
    );
}

async fn a_start_over_one_subjects_limit_is_counted_for_none(place: Place) {
    let it = Fixture::new(place).await;
    it.admit("o_1", "home", (1, 9), NOW).await;
    for n in 2..5 {
        let by_both = request(&format!("o_{n}"), &["ada", "home"], (1, 9));
        let refused = it.store.admit(by_both, NOW).await.unwrap();
        assert_eq!(refused, no(false, HOUR));
    }

    assert_eq!(
        it.admit("o_5", "ada", (1, 9), NOW).await,
        RateLimitOutcome::Yes
    );
    assert_eq!(
        it.admit("o_6", "bob", (1, 9), NOW).await,
        RateLimitOutcome::Yes
    );
}

async fn the_window_slides(place: Place) {
    let it = Fixture::new(place).await;
    let most = (3, 99);
    for (n, after) in [(1, 0), (2, 1000), (3, 3599)] {
        let admitted = it.admit(&format!("o_{n}"), "ada", most, NOW + after).await;
        assert_eq!(admitted, RateLimitOutcome::Yes);
    }

    let at = |after| it.admit("o_4", "ada", most, NOW + after);
    assert_eq!(at(3599).await, no(false, 1));
    assert_eq!(
        at(3600).await,
        RateLimitOutcome::Yes,
        "the first is an hour old"
    );
    let next = it.admit("o_5", "ada", most, NOW + 3600).await;
    assert_eq!(next, no(false, 1000), "the second, after 1000 seconds more");
    let next = it.admit("o_5", "ada", most, NOW + 4599).await;
    assert_eq!(next, no(false, 1));
    let next = it.admit("o_5", "ada", most, NOW + 4600).await;
    assert_eq!(next, RateLimitOutcome::Yes);
    // The limit was lowered: all but one have to be over.
    let fewer = it.admit("o_6", "ada", (1, 99), NOW + 4600).await;
    assert_eq!(fewer, no(false, HOUR));
}

async fn an_order_that_exists_is_not_counted(place: Place) {
    let it = Fixture::new(place).await;
    it.order().await;
    for _ in 0..3 {
        assert_eq!(
            it.admit("o_1", "ada", (1, 1), NOW).await,
            RateLimitOutcome::Yes
        );
    }
    assert_eq!(
        it.admit("o_2", "ada", (1, 1), NOW).await,
        RateLimitOutcome::Yes
    );
    assert_eq!(
        it.admit("o_1", "ada", (1, 1), NOW).await,
        RateLimitOutcome::Yes
    );
    assert_eq!(it.admit("o_3", "ada", (1, 1), NOW).await, no(false, HOUR));
}

async fn starts_cannot_be_saved_up(place: Place) {
    let it = Fixture::new(place).await;
    let most = (1, 9);
    assert_eq!(
        it.admit("o_1", "ada", most, NOW).await,
        RateLimitOutcome::Yes
    );
    // It was not created; the same request comes again, and counts from then on.
    let again = it.admit("o_1", "ada", most, NOW + 1800).await;
    assert_eq!(again, RateLimitOutcome::Yes);
    let other = it.admit("o_2", "ada", most, NOW + HOUR).await;
    assert_eq!(other, no(false, 1800));

    let later = NOW + 1800 + HOUR;
    assert_eq!(
        it.admit("o_2", "ada", most, later).await,
        RateLimitOutcome::Yes
    );
    let old = it.admit("o_1", "ada", most, later).await;
    assert_eq!(old, no(false, HOUR), "after the window it is a new start");
}

async fn a_paid_order_frees_its_place_immediately_and_a_canceled_one_does_not(place: Place) {
    let it = Fixture::new(place).await;
    it.admit("o_1", "ada", (9, 1), NOW).await;
    let order = it.order().await;
    let refused = it.admit("o_2", "ada", (9, 1), NOW + 60).await;
    assert_eq!(refused, no(true, OPEN_FOR - 60));
    let mut failed = succeeded(&order, "evt_failed");
    failed["type"] = json!("payment_intent.payment_failed");
    failed["data"]["object"]["status"] = json!("requires_payment_method");
    failed["data"]["object"]["last_payment_error"] = json!({ "code": "card_declined" });
    it.accept(&failed).await;
    let refused = it.admit("o_2", "ada", (9, 1), NOW + 60).await;
    assert_eq!(refused, no(true, OPEN_FOR - 60), "a failed payment is open");

    it.accept(&succeeded(&order, "evt_1")).await;
    assert_eq!(
        it.admit("o_2", "ada", (9, 1), NOW + 60).await,
        RateLimitOutcome::Yes
    );
    it.open(put("o_2", "ada", 1500, None)).await;
    let refused = it.admit("o_3", "ada", (9, 1), NOW + 60).await;
    assert_eq!(refused, no(true, OPEN_FOR));

    let id = OrderId::parse("o_2").unwrap();
    let second = it.store.update_payment(&id, intent("pi_2"), NOW).await;
    let second = second.unwrap().unwrap();
    let mut canceled = succeeded(&second, "evt_2");
    canceled["type"] = json!("payment_intent.canceled");
    canceled["data"]["object"]["id"] = json!("pi_2");
    canceled["data"]["object"]["status"] = json!("canceled");
    it.accept(&canceled).await;
    let refused = it.admit("o_3", "ada", (9, 1), NOW + 60).await;
    assert_eq!(refused, no(true, OPEN_FOR));
    // A settled order counts as started all the same.
    assert_eq!(
        it.admit("o_4", "ada", (2, 9), NOW + 60).await,
        no(false, HOUR - 60)
    );
}

async fn an_order_that_was_never_created_counts_until_the_window_ends(place: Place) {
    let it = Fixture::new(place).await;
    it.admit("o_1", "ada", (9, 1), NOW).await;
    let refused = it.admit("o_2", "ada", (9, 1), NOW + HOUR - 1).await;
    assert!(
        matches!(refused, RateLimitOutcome::No(_)),
        "it may be on its way"
    );
    let admitted = it.admit("o_2", "ada", (9, 1), NOW + HOUR).await;
    assert_eq!(admitted, RateLimitOutcome::Yes);

    it.open(put("o_2", "ada", 1500, None)).await;
    let late = NOW + HOUR + OPEN_FOR;
    assert_eq!(it.admit("o_3", "ada", (9, 1), late - 1).await, no(true, 1));
    assert_eq!(
        it.admit("o_3", "ada", (9, 1), late).await,
        RateLimitOutcome::Yes
    );
}

async fn concurrent_starts_leave_no_more_orders_unpaid_than_the_limit(place: Place) {
    let it = Fixture::new(place).await;
    it.admit("o_1", "ada", (99, 3), NOW).await;
    it.paid().await;
    let all = by_many(&it, 16, |n, store| async move {
        let order = format!("o_1{n}");
        let admitted = store.admit(request(&order, &["ada"], (99, 3)), NOW).await;
        let admitted = admitted.unwrap();
        if admitted == RateLimitOutcome::Yes {
            let opened = put(&order, "ada", 1500, None);
            store.put_order(opened, NOW).await.unwrap();
        }
        admitted
    })
    .await;

    assert_eq!(admitted(&all), 3, "beside the one that is paid");
}

async fn a_paid_order_among_many_is_found_in_turn(place: Place) {
    let it = Fixture::new(place).await;
    let most = (200, 120);
    for n in 0..120 {
        let id = if n == 60 { 1 } else { 1000 + n };
        it.admit(&format!("o_{id}"), "home", most, NOW).await;
    }
    it.paid().await;

    // Those that were never created may still come; one of them all is paid.
    let mut refused = 0;
    while it.admit("o_next", "home", most, NOW + refused).await != RateLimitOutcome::Yes {
        refused += 1;
        assert!(refused < 200, "it had its turn");
    }
    assert!(refused > 0, "it takes its turn");
    let next = it.admit("o_more", "home", most, NOW + refused).await;
    assert!(matches!(next, RateLimitOutcome::No(many) if many.are_open));
}

async fn concurrent_refreshes_of_one_order_are_admitted_once_in_two_seconds(place: Place) {
    let it = Fixture::new(place).await;
    let refreshes = async |id: &str, now: i64| {
        let id = OrderId::parse(id).unwrap();
        let all = (0..8).map(|_| it.store.admit_refresh(&id, now));
        let all = futures_util::future::join_all(all).await.into_iter();
        all.filter(|admitted| *admitted.as_ref().unwrap()).count()
    };

    assert_eq!(refreshes("o_1", NOW).await, 1);
    assert_eq!(refreshes("o_2", NOW).await, 1, "each order has its own");
    assert_eq!(refreshes("o_1", NOW + 1).await, 0);
    assert_eq!(refreshes("o_1", NOW + 2).await, 1);
    assert_eq!(refreshes("o_1", NOW + 3).await, 0);
}

async fn concurrent_refreshes_of_one_caller_are_admitted_once_in_two_seconds(place: Place) {
    let it = Fixture::new(place).await;
    let refreshes = async |caller: &str, now: i64| {
        let caller = CallerId::parse(caller).unwrap();
        let all = (0..8).map(|_| it.store.admit_billing_refresh(&caller, now));
        let all = futures_util::future::join_all(all).await.into_iter();
        all.filter(|admitted| *admitted.as_ref().unwrap()).count()
    };

    assert_eq!(refreshes("ada", NOW).await, 1);
    assert_eq!(refreshes("eve", NOW).await, 1, "each caller has their own");
    assert_eq!(refreshes("ada", NOW + 1).await, 0);
    assert_eq!(refreshes("ada", NOW + 2).await, 1);
}
