//! Orders that stand for an invoice of a subscription.

use super::*;
use crate::event::InvoiceToRefund;

fn invoice(minor_units: i64, currency: &str) -> InvoiceToRefund {
    InvoiceToRefund {
        id: "in_1".to_owned(),
        order: OrderId::of_invoice("in_1").to_string(),
        subscription: "sub_1".to_owned(),
        owner: CallerId::parse("ada").unwrap(),
        payment_intent: "pi_1".to_owned(),
        amount: Amount::reported(minor_units, Currency::parse(currency).unwrap()),
        paid_at: 7,
    }
}

fn order() -> Order {
    Order::of_invoice(OrderId::of_invoice("in_1"), &invoice(1900, "usd"), 9)
}

fn refund(id: &str, amount: i64, status: &str) -> Subject {
    Subject::Refund(Refund {
        id: id.to_owned(),
        amount,
        currency: "usd".to_owned(),
        status: Some(status.to_owned()),
        reason: None,
        payment_intent: Some("pi_1".to_owned()),
        metadata: None,
    })
}

fn after(order: &Order, subject: Subject) -> Transition {
    let event = Event::built("evt_1".to_owned(), "test", subject, 10);
    order.apply(&event, 10).unwrap().unwrap()
}

#[test]
fn it_is_paid_by_the_invoices_intent_and_can_be_read_again() {
    let order = order();
    assert_eq!(order.status(), Status::Paid);
    assert_eq!((order.intent(), order.paid_at()), (Some("pi_1"), Some(7)));
    assert_eq!(
        (order.invoice(), order.subscription()),
        (Some("in_1"), Some("sub_1"))
    );
    assert_eq!(order.left_to_refund(), 1900);
    let text = serde_json::to_string(&order).unwrap();
    assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
}

#[test]
fn its_id_is_the_same_each_time_and_another_for_another_invoice() {
    let id = OrderId::of_invoice("in_1");
    assert_eq!(id, OrderId::of_invoice("in_1"));
    assert_ne!(id, OrderId::of_invoice("in_2"));
    assert!(id.may_be_of_invoice());
    assert_eq!(OrderId::parse(id.as_str()), Ok(id));
    assert!(!OrderId::of_operation("k1").may_be_of_invoice());
}

#[test]
fn refunds_and_disputes_count_and_the_order_notifies_nobody() {
    let dispute: crate::event::Dispute = serde_json::from_value(serde_json::json!({
        "id": "dp_1", "status": "needs_response", "amount": 1900, "currency": "usd",
        "payment_intent": "pi_1" }))
    .unwrap();
    let pending = after(&order(), refund("re_1", 500, "pending"));
    let refunded = after(&pending.order, refund("re_1", 500, "succeeded"));
    let disputed = after(&refunded.order, Subject::Dispute(dispute));
    let failed = after(&disputed.order, refund("re_1", 500, "failed"));

    assert_eq!(pending.order.refund_pending_amount(), 500);
    assert_eq!(refunded.order.refunded_amount(), 500);
    assert_eq!(refunded.order.left_to_refund(), 1400);
    assert_eq!(disputed.order.status(), Status::Disputed);
    assert_eq!(failed.order.left_to_refund(), 1900);
    for transition in [pending, refunded, disputed, failed] {
        assert_eq!(transition.events, []);
    }
}

#[test]
fn the_event_of_its_intent_changes_nothing() {
    let intent: crate::event::Intent = serde_json::from_value(serde_json::json!({
        "id": "pi_1", "amount": 1900, "amount_received": 1900, "currency": "usd",
        "status": "succeeded" }))
    .unwrap();
    let event = Event::built(
        "evt_1".to_owned(),
        "payment_intent.succeeded",
        Subject::Intent(intent),
        10,
    );
    assert_eq!(order().apply(&event, 10), Ok(None));
}

#[test]
fn it_takes_no_other_contents() {
    let mut order = order();
    let contents = order.revision().contents.clone().expiring(Some(99));
    assert_eq!(order.revise(contents, 10), Err(ReviseError::Paid));
}

#[test]
fn an_amount_with_tax_need_not_be_a_multiple_of_the_currencys_step() {
    let order = Order::of_invoice(OrderId::of_invoice("in_1"), &invoice(12_345, "isk"), 9);
    assert_eq!(order.left_to_refund(), 12_345);
}
