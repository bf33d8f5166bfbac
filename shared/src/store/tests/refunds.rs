//! Refund requests, and Stripe's answers to them.

use super::{sharing::by_many, *};
use crate::{
    event::{Refund, Subject},
    order::{Mismatch, RefundKeys, RefundRejection, RefundRequest},
    store::DayLimit,
};

on_every_backend!(
    concurrent_requests_reserve_no_more_than_was_paid,
    concurrent_repeats_of_one_request_reserve_it_once,
    concurrent_requests_on_all_orders_share_the_callers_daily_limit,
    an_unpaid_order_is_not_refunded,
    a_repeat_with_another_amount_and_a_request_in_another_currency_are_refused,
    a_rejection_frees_the_amount_and_the_daily_limit_once,
    a_refund_is_notified_once_by_its_answer_and_its_event,
    a_refund_that_an_event_reported_is_not_released,
    a_failed_refund_frees_its_amount,
    a_refund_is_notified_as_pending_and_after_its_success_as_refunded,
    a_total_that_no_known_refund_explains_writes_nothing_before_all_are_known,
    a_refund_that_contradicts_the_order_changes_nothing,
    a_refund_of_another_amount_leaves_its_request_reserved,
    concurrent_moves_to_the_next_key_change_the_request_once,
);

impl Fixture {
    /// A paid order of 15.00.
    pub(super) async fn paid(&self) -> Order {
        let order = self.order().await;
        self.accept(&succeeded(&order, "evt_paid")).await;
        self.current().await
    }

    async fn current(&self) -> Order {
        let id = OrderId::parse("o_1").unwrap();
        self.store.order(&id).await.unwrap().unwrap()
    }

    async fn reserve(&self, key: &str, amount: i64, limit: DayLimit) -> Refunded {
        reserve(&self.store, "o_1", request(key, amount), limit).await
    }

    /// Reserves without a limit; returns the request on the order.
    pub(super) async fn reserved(&self, key: &str, amount: i64) -> RefundRequest {
        let reserved = self.reserve(key, amount, DayLimit::Unlimited).await;
        let Refunded::Changed(order) = reserved else {
            panic!("{reserved:?}")
        };
        order.refund_requests().last().unwrap().clone()
    }

    pub(super) async fn settle(&self, refund: &Value) -> Refunded {
        let refund: Refund = serde_json::from_value(refund.clone()).unwrap();
        let id = OrderId::parse("o_1").unwrap();
        self.store.record_refund(&id, refund, NOW).await.unwrap()
    }

    async fn notified(&self) -> Vec<String> {
        let due = self.due().await;
        due.into_iter().map(|one| one.message.kind).collect()
    }
}

fn request(key: &str, amount: i64) -> RefundRequest {
    request_at(key, amount, NOW)
}

fn request_at(key: &str, amount: i64, now: i64) -> RefundRequest {
    let fay = CallerId::parse("fay").unwrap();
    let digest = RefundRequest::digest_of(Some(amount), None);
    let amount = Amount::new(amount, usd()).unwrap();
    RefundRequest::new((format!("rfd_{key}"), digest), amount, None, &fay, now)
}

fn usd() -> Currency {
    Currency::parse("usd").unwrap()
}

async fn reserve(store: &Store, order: &str, request: RefundRequest, limit: DayLimit) -> Refunded {
    let id = OrderId::parse(order).unwrap();
    let reserved = store.reserve_refund(&id, request, usd(), limit);
    reserved.await.unwrap()
}

/// Stripe's refund `re_KEY` of the request `KEY`.
pub(super) fn refund(key: &str, amount: i64, status: &str) -> Value {
    json!({
        "id": format!("re_{key}"), "amount": amount, "currency": "usd", "status": status,
        "payment_intent": "pi_1", "metadata": {
            RefundKeys::ORDER: "o_1", RefundKeys::REQUEST: format!("rfd_{key}"),
        },
    })
}

fn event_of(id: &str, kind: &str, object: &Value) -> Value {
    json!({ "id": id, "object": "event", "type": kind, "created": NOW, "livemode": false,
        "data": { "object": object } })
}

async fn concurrent_requests_reserve_no_more_than_was_paid(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let reserved = by_many(&it, 16, |n, store| async move {
        let request = request(&n.to_string(), 400);
        reserve(&store, "o_1", request, DayLimit::Unlimited).await
    })
    .await;

    let changed = reserved
        .iter()
        .filter(|r| matches!(r, Refunded::Changed(_)));
    assert_eq!(changed.count(), 3);
    let refused = Refunded::Refused(RefundRefusal::ExceedsPaid);
    assert_eq!(reserved.iter().filter(|r| **r == refused).count(), 13);
    assert_eq!(it.current().await.left_to_refund(), 300);
}

async fn concurrent_repeats_of_one_request_reserve_it_once(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let reserved = by_many(&it, 16, |_, store| async move {
        reserve(&store, "o_1", request("1", 400), DayLimit::AtMost(400)).await
    })
    .await;

    let changed = reserved
        .iter()
        .filter(|r| matches!(r, Refunded::Changed(_)));
    let unchanged = reserved
        .iter()
        .filter(|r| matches!(r, Refunded::Unchanged(_)));
    assert_eq!((changed.count(), unchanged.count()), (1, 15));
    assert_eq!(it.current().await.left_to_refund(), 1100);
}

async fn concurrent_requests_on_all_orders_share_the_callers_daily_limit(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let PutOrderOutcome::Order(other) = it.open(put("o_2", "ada", 1500, None)).await else {
        panic!("refused")
    };
    let mut paid = succeeded(&other, "evt_other");
    paid["data"]["object"]["id"] = json!("pi_2");
    it.accept(&paid).await;

    let limit = DayLimit::AtMost(500);
    let reserved = by_many(&it, 16, |n, store| async move {
        let order = ["o_1", "o_2"][n % 2];
        reserve(&store, order, request(&n.to_string(), 100), limit).await
    })
    .await;
    let changed = reserved
        .iter()
        .filter(|r| matches!(r, Refunded::Changed(_)));
    assert_eq!(changed.count(), 5);
    let refused = Refunded::Refused(RefundRefusal::OverDayLimit);
    assert_eq!(reserved.iter().filter(|r| **r == refused).count(), 11);

    let tomorrow = request_at("tomorrow", 500, NOW + 24 * 60 * 60);
    let reserved = reserve(&it.store, "o_1", tomorrow, limit).await;
    assert!(matches!(reserved, Refunded::Changed(_)), "{reserved:?}");
}

async fn an_unpaid_order_is_not_refunded(place: Place) {
    let it = Fixture::new(place).await;
    let limit = DayLimit::Unlimited;
    let missing = it.reserve("1", 100, limit).await;
    assert_eq!(missing, Refunded::Refused(RefundRefusal::NotFound));
    it.order().await;
    let unpaid = it.reserve("1", 100, limit).await;
    assert_eq!(unpaid, Refunded::Refused(RefundRefusal::NotPaid));
}

async fn a_repeat_with_another_amount_and_a_request_in_another_currency_are_refused(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    it.reserved("1", 400).await;
    let other = it.reserve("1", 401, DayLimit::Unlimited).await;
    assert_eq!(other, Refunded::Refused(RefundRefusal::KeyReused));
    let id = OrderId::parse("o_1").unwrap();
    let eur = Currency::parse("eur").unwrap();
    let reserved = it
        .store
        .reserve_refund(&id, request("2", 1), eur, DayLimit::Unlimited);
    let refused = Refunded::Refused(RefundRefusal::ExceedsPaid);
    assert_eq!(reserved.await.unwrap(), refused, "in another currency");
}

async fn a_rejection_frees_the_amount_and_the_daily_limit_once(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let limit = DayLimit::AtMost(1000);
    it.reserve("1", 600, limit).await;
    it.reserve("2", 400, limit).await;
    let order = it.current().await;
    let first = order.refund_request("rfd_1").unwrap();

    let decline = || {
        let why = RefundRejection::Disputed;
        it.store.decline_refund(&order, first, why, NOW)
    };
    let declined = decline().await.unwrap();
    assert!(matches!(declined, Refunded::Changed(_)), "{declined:?}");
    let again = decline().await.unwrap();
    assert!(matches!(again, Refunded::Unchanged(_)), "{again:?}");

    let order = it.current().await;
    let declined = order.refund_request("rfd_1").unwrap().declined();
    assert_eq!(declined, Some(RefundRejection::Disputed));
    assert_eq!(order.left_to_refund(), 1100);
    let over = it.reserve("3", 601, limit).await;
    assert_eq!(over, Refunded::Refused(RefundRefusal::OverDayLimit));
    let within = it.reserve("4", 600, limit).await;
    assert!(matches!(within, Refunded::Changed(_)), "{within:?}");
}

async fn a_refund_is_notified_once_by_its_answer_and_its_event(place: Place) {
    for answer_first in [true, false] {
        let it = Fixture::new(place).await;
        it.paid().await;
        it.reserved("1", 400).await;
        let refund = refund("1", 400, "succeeded");
        let event = event_of("evt_1", "refund.created", &refund);
        if answer_first {
            assert!(matches!(it.settle(&refund).await, Refunded::Changed(_)));
            it.accept(&event).await;
        } else {
            it.accept(&event).await;
            assert!(matches!(it.settle(&refund).await, Refunded::Unchanged(_)));
        }

        let order = it.current().await;
        assert_eq!(order.refunded_amount(), 400);
        assert_eq!(order.left_to_refund(), 1100);
        assert_eq!(order.refund_requests()[0].refund(), Some("re_1"));
        assert_eq!(it.notified().await, ["order.paid", "order.refunded"]);
    }
}

async fn a_refund_that_an_event_reported_is_not_released(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let request = it.reserved("1", 400).await;
    let before = it.current().await;
    let refund = refund("1", 400, "pending");
    it.accept(&event_of("evt_1", "refund.created", &refund))
        .await;

    let why = RefundRejection::Other;
    let declined = it.store.decline_refund(&before, &request, why, NOW);
    let Refunded::Unchanged(order) = declined.await.unwrap() else {
        panic!("released")
    };
    assert_eq!(order.refund_requests()[0].refund(), Some("re_1"));
    assert_eq!(order.left_to_refund(), 1100);
}

async fn a_failed_refund_frees_its_amount(place: Place) {
    for status in ["failed", "canceled"] {
        let it = Fixture::new(place).await;
        it.paid().await;
        it.reserved("1", 1500).await;
        it.settle(&refund("1", 1500, "pending")).await;
        assert_eq!(it.current().await.left_to_refund(), 0);

        let event = event_of("evt_1", "refund.updated", &refund("1", 1500, status));
        it.accept(&event).await;

        assert_eq!(it.current().await.left_to_refund(), 1500, "{status}");
        let notified = it.notified().await;
        let all = ["order.paid", "order.refund_pending", "order.refund_failed"];
        assert_eq!(notified.len(), all.len());
        assert!(all.iter().all(|one| notified.iter().any(|t| t == one)));
    }
}

async fn a_refund_is_notified_as_pending_and_after_its_success_as_refunded(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    it.reserved("1", 400).await;
    it.settle(&refund("1", 400, "requires_action")).await;
    let order = it.current().await;
    let amounts = |order: &Order| {
        let (refunded, pending) = (order.refunded_amount(), order.refund_pending_amount());
        (refunded, pending, order.left_to_refund())
    };
    assert_eq!(amounts(&order), (0, 400, 1100));

    for (id, status) in [("1", "pending"), ("2", "succeeded"), ("3", "succeeded")] {
        let event = event_of(
            &format!("evt_{id}"),
            "refund.updated",
            &refund("1", 400, status),
        );
        it.accept(&event).await;
    }

    assert_eq!(amounts(&it.current().await), (400, 0, 1100));
    let mut notified = it.notified().await;
    notified.sort();
    let all = ["order.paid", "order.refund_pending", "order.refunded"];
    assert_eq!(notified, all);
    let due = it.due().await;
    assert!(due.is_empty(), "each once");
}

async fn a_total_that_no_known_refund_explains_writes_nothing_before_all_are_known(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.paid().await;
    let charge = json!({ "id": "ch_1", "amount": 1500, "amount_refunded": 400, "currency": "usd",
        "payment_intent": "pi_1" });
    let mut event = event_of("evt_1", "charge.refunded", &charge);
    event["api_version"] = json!("2025-03-31.basil");
    for _ in 0..2 {
        assert_eq!(it.accept(&event).await, Accepted::LacksRefunds);
        assert_eq!(it.current().await, order);
    }
    let made = event_of("evt_2", "refund.created", &refund("1", 400, "pending"));
    it.accept(&made).await;
    assert_eq!(it.accept(&event).await, Accepted::Applied);

    event["id"] = json!("evt_3");
    event["api_version"] = json!("2022-11-15");
    assert_eq!(it.accept(&event).await, Accepted::LacksRefunds, "by chance");
    let mut listed = Event::parse(event.to_string().as_bytes()).unwrap();
    let all = [refund("1", 400, "failed"), refund("2", 300, "succeeded")];
    listed.subject = Subject::Refunds {
        payment_intent: "pi_1".to_owned(),
        all: all.map(|one| serde_json::from_value(one).unwrap()).to_vec(),
    };
    let accepted = it.store.accept(listed, NOW).await.unwrap().accepted;
    assert_eq!(accepted, Accepted::Applied);
    assert_eq!(it.current().await.refunded_amount(), 300);
}

async fn a_refund_that_contradicts_the_order_changes_nothing(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    it.reserved("1", 400).await;
    let before = it.current().await;
    let mut odd = refund("1", 400, "succeeded");
    odd["currency"] = json!("eur");

    let refused = Refunded::Refused(RefundRefusal::Mismatch(Mismatch::Currency));
    assert_eq!(it.settle(&odd).await, refused);
    assert_eq!(it.current().await, before);
}

async fn a_refund_of_another_amount_leaves_its_request_reserved(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    it.reserved("1", 400).await;
    // Someone copied Farebox's metadata to a refund in the dashboard.
    let event = event_of("evt_1", "refund.created", &refund("1", 300, "succeeded"));
    it.accept(&event).await;

    let order = it.current().await;
    assert_eq!(order.refund_requests()[0].refund(), None);
    assert_eq!(order.left_to_refund(), 800);
}

async fn concurrent_moves_to_the_next_key_change_the_request_once(place: Place) {
    let it = Fixture::new(place).await;
    it.paid().await;
    let request = it.reserved("1", 500).await;
    let id = OrderId::parse("o_1").unwrap();
    let moved = by_many(&it, 8, |_, store| {
        let (id, request) = (id.clone(), request.clone());
        async move {
            let moved = store.next_refund_key(&id, &request, NOW + 1).await;
            match moved.unwrap() {
                Refunded::Changed(order) => (1, order.refund_requests()[0].key_number()),
                Refunded::Unchanged(order) => (0, order.refund_requests()[0].key_number()),
                Refunded::Refused(refusal) => panic!("{refusal:?}"),
            }
        }
    })
    .await;

    assert_eq!(moved.iter().map(|(changed, _)| changed).sum::<usize>(), 1);
    assert!(moved.iter().all(|(_, number)| *number == 1), "{moved:?}");
    assert_eq!(it.current().await.left_to_refund(), 1000, "it is reserved");

    // A refund that is known to exist has no next key.
    it.settle(&refund("1", 500, "succeeded")).await;
    let request = it.current().await.refund_requests()[0].clone();
    let again = it.store.next_refund_key(&id, &request, NOW + 2).await;
    assert!(matches!(again.unwrap(), Refunded::Unchanged(_)));
}
