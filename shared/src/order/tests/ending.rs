//! Orders that end unpaid.

use super::{
    active_payments::{page_event, with_pages},
    *,
};
use crate::event::{CancelReason, Ending};

const REASON: Option<CancelReason> = Some(CancelReason::RequestedByCustomer);

/// An order without a payment, which may be paid until `expires_at`.
fn unpaid(expires_at: Option<i64>) -> Order {
    let contents = contents(1500, 1).expiring(expires_at);
    let owner = CallerId::parse("ada").unwrap();
    Order::new(OrderId::parse("o_1").unwrap(), owner, contents, NOW)
}

/// `order` after its end at `now`; `None` where nothing changes.
fn ended(order: &Order, ending: Ending, now: i64) -> Option<Transition> {
    order.apply(&order.ended(ending, now), now).unwrap()
}

#[test]
fn a_canceled_order_keeps_its_reason_and_takes_no_contents() {
    let transition = ended(&unpaid(None), Ending::Canceled(REASON), NOW).unwrap();
    let mut order = transition.order;
    assert_eq!(order.status(), Status::Canceled);
    assert_eq!(order.cancel_reason(), REASON);
    assert_eq!(transition.events, [OrderEvent::Canceled]);
    assert_eq!(
        order.revise(contents(1600, 2), NOW),
        Err(ReviseError::Canceled)
    );
    for again in [Ending::Canceled(None), Ending::Expired] {
        assert_eq!(ended(&order, again, NOW), None);
    }
}

#[test]
fn an_order_expires_when_its_time_is_over_and_not_before() {
    let order = unpaid(Some(NOW + 60));
    assert_eq!(order.deadline(), Some(NOW + 60));
    assert_eq!(ended(&order, Ending::Expired, NOW + 59), None);
    let transition = ended(&order, Ending::Expired, NOW + 60).unwrap();
    assert_eq!(transition.order.status(), Status::Expired);
    assert_eq!(transition.order.deadline(), None);
    assert_eq!(transition.events, [OrderEvent::Expired]);
    assert_eq!(ended(&unpaid(None), Ending::Expired, NOW + 60), None);
}

#[test]
fn an_expired_order_can_still_be_canceled_and_notifies_of_it() {
    let expired = ended(&unpaid(Some(NOW)), Ending::Expired, NOW)
        .unwrap()
        .order;
    let canceled = ended(&expired, Ending::Canceled(None), NOW).unwrap();
    assert_eq!(canceled.order.status(), Status::Canceled);
    assert_eq!(canceled.events, [OrderEvent::Canceled]);
}

#[test]
fn an_order_with_an_open_or_successful_payment_does_not_end() {
    let open = order();
    let paid = open
        .apply(&attempt(NOW, "succeeded"), NOW)
        .unwrap()
        .unwrap();
    for order in [open, paid.order] {
        assert_eq!(ended(&order, Ending::Canceled(REASON), NOW), None);
    }
}

#[test]
fn money_for_an_order_that_ended_counts() {
    for ending in [Ending::Canceled(REASON), Ending::Expired] {
        let mut order = order();
        assert!(order.update_payment(&PaymentUpdate::Closing("pi_1".to_owned()), NOW));
        assert!(order.update_payment(&PaymentUpdate::Closed("pi_1".to_owned()), NOW));
        let deadline = contents(1500, 2).expiring(Some(NOW + 1));
        assert_eq!(order.revise(deadline, NOW), Ok(()));
        let order = ended(&order, ending, NOW + 1).unwrap().order;

        let paid = order
            .apply(&attempt(NOW + 2, "succeeded"), NOW)
            .unwrap()
            .unwrap();

        assert_eq!(paid.order.status(), Status::Paid, "{ending:?}");
        assert_eq!(paid.order.cancel_reason(), None);
        assert_eq!(paid.events, [OrderEvent::Paid]);
    }
}

#[test]
fn a_new_signing_with_a_later_end_opens_an_expired_order_again() {
    let mut order = ended(&unpaid(Some(NOW)), Ending::Expired, NOW)
        .unwrap()
        .order;
    for (contents, result) in [
        // The same signing, and a new one without more time.
        (
            contents(1500, 1).expiring(Some(NOW)),
            Err(ReviseError::Expired),
        ),
        (
            contents(1500, 2).expiring(Some(NOW)),
            Err(ReviseError::Expired),
        ),
        (contents(1500, 3).expiring(Some(NOW + 60)), Ok(())),
    ] {
        assert_eq!(order.revise(contents, NOW), result);
    }
    assert_eq!(order.status(), Status::Created);
    assert_eq!(order.deadline(), Some(NOW + 60));

    let mut endless = ended(&unpaid(Some(NOW)), Ending::Expired, NOW)
        .unwrap()
        .order;
    assert_eq!(endless.revise(contents(1500, 2), NOW), Ok(()));
    assert_eq!(
        (endless.status(), endless.deadline()),
        (Status::Created, None)
    );
}

#[test]
fn a_browser_moves_no_deadline() {
    let priced = |quantity, expires_at| {
        let line = LineItem {
            price: Some("mug".to_owned()),
            lookup_key: None,
            name: None,
            quantity,
            unit_amount: 1500,
            recurring: None,
            tax: LineTax::default(),
        };
        let amount = usd(1500 * i64::from(quantity));
        OrderDetails::priced(vec![(line, amount)])
            .unwrap()
            .expiring(expires_at)
    };
    let owner = CallerId::parse("ada").unwrap();
    let id = OrderId::parse("o_1").unwrap();
    let mut order = Order::new(id, owner, priced(1, Some(NOW + 60)), NOW);
    assert_eq!(order.revise(priced(2, Some(NOW + 999)), NOW + 1), Ok(()));
    assert_eq!(order.deadline(), Some(NOW + 60));
    let late = order.revise(priced(3, Some(NOW + 999)), NOW + 60);
    assert_eq!(late, Err(ReviseError::Expired));
}

#[test]
fn only_an_open_order_has_a_deadline() {
    let until = |order: &Order| {
        let mut order = order.clone();
        let contents = contents(1500, 2).expiring(Some(NOW + 60));
        assert_eq!(order.revise(contents, NOW), Ok(()));
        order
    };
    let with = |event: &Event| until(&order()).apply(event, NOW).unwrap().unwrap().order;
    let failed = with(&failed_attempt(NOW));
    assert_eq!(failed.deadline(), Some(NOW + 60));
    for status in ["processing", "requires_capture"] {
        let order = with(&attempt(NOW, status));
        assert_eq!(
            (order.deadline(), order.may_expire()),
            (None, true),
            "{status}"
        );
    }
    let paid = with(&attempt(NOW, "succeeded"));
    assert_eq!((paid.deadline(), paid.may_expire()), (None, false));
}

#[test]
fn a_session_that_farebox_closes_does_not_expire_its_order() {
    let expired = page_event(NOW, 2, ("checkout.session.expired", "expired", "unpaid"));
    let by_itself = with_pages().apply(&expired, NOW).unwrap().unwrap();
    assert_eq!(by_itself.order.status(), Status::Expired);
    assert_eq!(by_itself.events, [OrderEvent::Expired]);
    assert!(
        !by_itself.order.has_expired(NOW),
        "another session may be opened"
    );

    let mut closing = with_pages();
    assert!(closing.update_payment(&PaymentUpdate::Closing("cs_2".to_owned()), NOW));
    let closed = closing.apply(&expired, NOW).unwrap().unwrap();
    assert_eq!(closed.order.status(), Status::Created);
    assert!(closed.events.is_empty());
}

#[test]
fn an_order_that_ended_takes_no_payment_that_was_made_meanwhile() {
    for ending in [Ending::Canceled(REASON), Ending::Expired] {
        let mut order = ended(&unpaid(Some(NOW)), ending, NOW).unwrap().order;
        let made = super::active_payments::session(0, &order);
        assert!(
            !order.update_payment(&note_session(made, 0), NOW),
            "{ending:?}"
        );
        assert!(
            !order.update_payment(&note_intent("pi_1"), NOW),
            "{ending:?}"
        );
    }
}

#[test]
fn a_signing_without_an_end_does_not_prolong_an_order_with_a_default_end() {
    let default = |signed_at, end| contents(1500, signed_at).expiring_by_default(Some(end));
    let owner = CallerId::parse("ada").unwrap();
    let id = OrderId::parse("o_1").unwrap();
    let mut order = Order::new(id, owner, default(1, NOW + 60), NOW);
    assert_eq!(order.revise(default(2, NOW + 90), NOW + 30), Ok(()));
    assert_eq!(order.deadline(), Some(NOW + 60));
    let late = order.revise(default(3, NOW + 999), NOW + 60);
    assert_eq!(late, Err(ReviseError::Expired));
    let more = contents(1500, 4).expiring(Some(NOW + 120));
    assert_eq!(order.revise(more, NOW + 60), Ok(()));
}
