//! Deadlines of unpaid orders, their ends, and captures.

use super::{sharing::by_many, *};
use crate::{
    checkout::{AddedParts, DueToday},
    event::Ending,
    order::{CaptureMethod, CaptureRequest, Session},
    store::{DayLimit, RefundRefusal, Refunded},
};

on_every_backend!(
    orders_are_overdue_from_their_deadline_until_they_end,
    a_paid_order_is_not_overdue,
    a_later_deadline_counts_and_an_order_without_one_is_never_overdue,
    an_order_whose_payment_is_processing_is_overdue_once_that_failed,
    an_order_whose_session_expired_has_the_deadline_of_its_next_signing,
    concurrent_ends_of_an_order_are_notified_once,
    a_capture_is_stored_once_and_another_amount_has_to_wait,
    a_rejected_capture_frees_the_daily_limit_and_another_may_begin,
    concurrent_captures_of_several_orders_share_the_callers_daily_limit,
);

impl Fixture {
    /// Signs the order `id` at `signed_at`, until `expires_at`.
    async fn signed(&self, id: &str, signed_at: i64, expires_at: Option<i64>) -> Order {
        let amount = Amount::new(1500, Currency::parse("usd").unwrap()).unwrap();
        let contents = OrderDetails::signed(amount, None, BTreeMap::new(), signed_at).unwrap();
        let contents = contents.expiring(expires_at);
        let put = PutOrder {
            contents,
            ..put(id, "ada", 1500, None)
        };
        match self.open(put).await {
            PutOrderOutcome::Order(order) => *order,
            refused => panic!("{refused:?}"),
        }
    }

    /// The ids of the overdue orders at `now`.
    async fn overdue(&self, now: i64) -> Vec<String> {
        let orders = self.store.overdue_orders(now, 10).await.unwrap();
        orders.iter().map(|order| order.id().to_string()).collect()
    }

    /// The order with `id`, authorized.
    async fn authorized(&self, id: &str) -> Order {
        let amount = Amount::new(1500, Currency::parse("usd").unwrap()).unwrap();
        let contents = OrderDetails::signed(amount, None, BTreeMap::new(), NOW).unwrap();
        let put = PutOrder {
            contents: contents.captured(CaptureMethod::Manual),
            ..put(id, "ada", 1500, None)
        };
        let PutOrderOutcome::Order(order) = self.open(put).await else {
            panic!("refused")
        };
        let intent = format!("pi_{id}");
        let update = PaymentUpdate::Intent(intent.clone(), order.owner().clone());
        let updated = self.store.update_payment(order.id(), update, NOW).await;
        let order = updated.unwrap().unwrap();
        let mut event = succeeded(&order, &format!("evt_{id}"));
        let object = &mut event["data"]["object"];
        object["id"] = intent.into();
        object["status"] = "requires_capture".into();
        object["amount_received"] = 0.into();
        self.accept(&event).await;
        let order = self.store.order(order.id()).await.unwrap().unwrap();
        assert_eq!(order.status(), Status::Authorized);
        order
    }

    async fn capture(&self, order: &str, amount: i64, at: i64, limit: DayLimit) -> Refunded {
        let id = OrderId::parse(order).unwrap();
        let usd = Currency::parse("usd").unwrap();
        let request = request(amount, at);
        let stored = self.store.reserve_capture(&id, request, usd, limit).await;
        stored.unwrap()
    }
}

fn request(amount: i64, at: i64) -> CaptureRequest {
    CaptureRequest::new(amount, &CallerId::parse("fay").unwrap(), at)
}

fn expired(order: &Order, now: i64) -> Event {
    order.ended(Ending::Expired, now)
}

async fn orders_are_overdue_from_their_deadline_until_they_end(place: Place) {
    let it = Fixture::new(place).await;
    let second = it.signed("o_2", NOW, Some(NOW + 20)).await;
    let first = it.signed("o_1", NOW, Some(NOW + 10)).await;

    assert!(it.overdue(NOW + 9).await.is_empty());
    assert_eq!(it.overdue(NOW + 10).await, ["o_1"]);
    assert_eq!(it.overdue(NOW + 20).await, ["o_1", "o_2"]);
    for order in [first, second] {
        let ended = it.store.accept(expired(&order, NOW + 20), NOW + 20).await;
        assert_eq!(ended.unwrap().accepted, Accepted::Applied);
    }
    assert!(it.overdue(NOW + 20).await.is_empty());
    assert!(
        it.overdue(NOW + 99_999).await.is_empty(),
        "nothing is left of them"
    );
}

async fn a_paid_order_is_not_overdue(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.signed("o_1", NOW, Some(NOW + 10)).await;
    let updated = it
        .store
        .update_payment(order.id(), intent("pi_1"), NOW)
        .await;
    let order = updated.unwrap().unwrap();
    it.accept(&succeeded(&order, "evt_1")).await;
    assert!(it.overdue(NOW + 99_999).await.is_empty());
}

async fn a_later_deadline_counts_and_an_order_without_one_is_never_overdue(place: Place) {
    let it = Fixture::new(place).await;
    let before = it.signed("o_1", NOW, Some(NOW + 10)).await;
    let _later = it.signed("o_1", NOW + 1, Some(NOW + 30)).await;
    let _endless = it.signed("o_2", NOW, None).await;

    assert!(it.overdue(NOW + 29).await.is_empty());
    let stale = it.store.accept(expired(&before, NOW + 29), NOW + 29).await;
    assert_eq!(stale.unwrap().accepted, Accepted::Ignored);
    assert_eq!(it.overdue(NOW + 30).await, ["o_1"]);

    let _none = it.signed("o_1", NOW + 2, None).await;
    assert!(it.overdue(NOW + 99_999).await.is_empty());
}

async fn an_order_whose_payment_is_processing_is_overdue_once_that_failed(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.signed("o_1", NOW, Some(NOW + 10)).await;
    let updated = it
        .store
        .update_payment(order.id(), intent("pi_1"), NOW)
        .await;
    let order = updated.unwrap().unwrap();
    let report = |id: &str, status: &str| {
        let mut event = succeeded(&order, id);
        event["data"]["object"]["status"] = status.into();
        event
    };
    it.accept(&report("evt_1", "processing")).await;
    assert!(it.overdue(NOW + 10).await.is_empty());

    let mut failed = report("evt_2", "requires_payment_method");
    failed["created"] = (NOW + 100).into();
    failed["data"]["object"]["last_payment_error"] = json!({ "code": "card_declined" });
    it.accept(&failed).await;

    assert_eq!(it.overdue(NOW + 10 + 3_600).await, ["o_1"]);
}

async fn an_order_whose_session_expired_has_the_deadline_of_its_next_signing(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.signed("o_1", NOW, Some(NOW + 10)).await;
    let session = Session {
        id: "cs_1".to_owned(),
        contents: order.revision().digest.clone(),
        returns: "r".to_owned(),
        allows: AddedParts::default(),
        due: DueToday::All,
    };
    let owner = order.owner().clone();
    let update = PaymentUpdate::Session(session, 0, owner.clone());
    let updated = it.store.update_payment(order.id(), update, NOW).await;
    assert!(updated.unwrap().unwrap().active_payment().is_some());
    let expired = json!({
        "id": "evt_1", "object": "event", "type": "checkout.session.expired", "created": NOW,
        "livemode": false, "data": { "object": {
            "id": "cs_1", "amount_subtotal": 1500, "amount_total": 1500, "currency": "usd",
            "status": "expired", "payment_status": "unpaid", "metadata": {
                IntentKeys::ORDER: "o_1", IntentKeys::OWNER: owner.alias(),
                IntentKeys::CONTENTS: order.revision().digest, IntentKeys::PAGE: "0",
            },
        } },
    });
    assert_eq!(it.accept(&expired).await, Accepted::Applied);
    assert!(it.overdue(NOW + 10).await.is_empty(), "it has expired");

    let _later = it.signed("o_1", NOW + 1, Some(NOW + 30)).await;
    let closed = PaymentUpdate::Closed("cs_1".to_owned());
    let reopened = it.store.update_payment(order.id(), closed, NOW + 2).await;
    assert_eq!(reopened.unwrap().unwrap().status(), Status::Created);

    assert!(it.overdue(NOW + 29).await.is_empty());
    assert_eq!(it.overdue(NOW + 30).await, ["o_1"]);
}

async fn concurrent_ends_of_an_order_are_notified_once(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.signed("o_1", NOW, Some(NOW + 1)).await;
    let accepted = by_many(&it, 16, |n, store| {
        let ending = match n % 2 {
            0 => Ending::Expired,
            _ => Ending::Canceled(None),
        };
        let event = order.ended(ending, NOW + 1);
        async move { store.accept(event, NOW + 1).await.unwrap().accepted }
    })
    .await;

    let applied = accepted
        .iter()
        .filter(|one| **one == Accepted::Applied)
        .count();
    let due = it.store.lease_due(NOW + 1, 60, 10).await.unwrap();
    assert_eq!(applied, due.len());
    let canceled = due
        .iter()
        .filter(|one| one.message.kind == "order.canceled");
    assert_eq!(canceled.count(), 1);
    assert!(
        applied <= 2,
        "it may expire before it is canceled: {applied}"
    );
}

async fn a_capture_is_stored_once_and_another_amount_has_to_wait(place: Place) {
    let it = Fixture::new(place).await;
    let _order = it.authorized("o_1").await;
    let limit = DayLimit::AtMost(1000);

    let first = it.capture("o_1", 600, NOW, limit).await;
    let same = it.capture("o_1", 600, NOW + 1, limit).await;
    let other = it.capture("o_1", 700, NOW + 1, limit).await;
    let over = it.capture("o_1", 1501, NOW + 1, DayLimit::Unlimited).await;
    let later = it
        .capture("o_1", 700, NOW + 3_600, DayLimit::AtMost(1300))
        .await;

    assert!(matches!(first, Refunded::Changed(_)), "{first:?}");
    assert!(matches!(same, Refunded::Unchanged(_)), "{same:?}");
    assert_eq!(other, Refunded::Refused(RefundRefusal::InProgress));
    assert_eq!(over, Refunded::Refused(RefundRefusal::ExceedsPaid));
    assert!(matches!(later, Refunded::Changed(_)), "{later:?}");
}

async fn a_rejected_capture_frees_the_daily_limit_and_another_may_begin(place: Place) {
    let it = Fixture::new(place).await;
    let _order = it.authorized("o_1").await;
    let limit = DayLimit::AtMost(1000);
    let Refunded::Changed(order) = it.capture("o_1", 900, NOW, limit).await else {
        panic!("refused")
    };

    for _ in 0..2 {
        let begun = request(900, NOW);
        let declined = it.store.decline_capture(&order, &begun, NOW).await;
        assert!(declined.is_ok(), "{declined:?}");
    }
    let next = it.capture("o_1", 1000, NOW, limit).await;

    assert!(matches!(next, Refunded::Changed(_)), "{next:?}");
}

async fn concurrent_captures_of_several_orders_share_the_callers_daily_limit(place: Place) {
    let it = Fixture::new(place).await;
    for n in 0..6 {
        let _order = it.authorized(&format!("o_{n}")).await;
    }
    let captured = by_many(&it, 6, |n, store| async move {
        let id = OrderId::parse(&format!("o_{n}")).unwrap();
        let usd = Currency::parse("usd").unwrap();
        let limit = DayLimit::AtMost(2000);
        let stored = store.reserve_capture(&id, request(500, NOW), usd, limit);
        stored.await.unwrap()
    })
    .await;

    let stored = captured
        .iter()
        .filter(|one| matches!(one, Refunded::Changed(_)));
    assert_eq!(stored.count(), 4, "{captured:?}");
}
