//! Orders that begin a subscription: what pays them, and which intent took the money.

use super::{active_payments::page, *};
use crate::{
    checkout::{AddedParts, DueToday},
    event::{InvoicePayment, InvoicePayments, PaidInvoice, PaymentOfInvoice, TotalDetails},
};

fn line(price: &str, quantity: u32, unit_amount: i64, recurring: Option<bool>) -> LineItem {
    LineItem {
        price: Some(price.to_owned()),
        lookup_key: None,
        name: None,
        quantity,
        unit_amount,
        recurring: recurring.map(|is_metered| Recurring {
            interval: "month".to_owned(),
            interval_count: 1,
            product: format!("prod_{price}"),
            is_metered,
        }),
        tax: LineTax::default(),
    }
}

/// Three seats of 19.00, a fee of 5.00, and usage.
fn plan() -> OrderDetails {
    let lines = vec![
        (line("seat", 3, 1900, Some(false)), usd(5700)),
        (line("fee", 1, 500, None), usd(500)),
        (line("usage", 0, 0, Some(true)), usd(0)),
    ];
    OrderDetails::priced(lines).unwrap()
}

/// An order of the plan, whose open session takes `due` of the first period.
fn subscribing(due: DueToday, allows: AddedParts) -> Order {
    let owner = CallerId::parse("ada").unwrap();
    let mut order = Order::new(OrderId::parse("o_1").unwrap(), owner, plan(), NOW);
    let open = Session {
        id: "cs_0".to_owned(),
        contents: order.revision().digest.clone(),
        returns: "here".to_owned(),
        allows,
        due,
    };
    assert!(order.update_payment(&note_session(open, 0), NOW));
    order
}

/// The session of such an order, complete with this subtotal, total and payment status.
fn complete(order: &Order, subtotal: i64, total: i64, payment_status: &str) -> CheckoutSession {
    let written = [
        (IntentKeys::ORDER, order.id().as_str().to_owned()),
        (IntentKeys::OWNER, order.owner().alias()),
        (IntentKeys::CONTENTS, order.revision().digest.clone()),
        (IntentKeys::PAGE, "0".to_owned()),
    ];
    CheckoutSession {
        mode: Some("subscription".to_owned()),
        subscription: Some("sub_1".to_owned()),
        invoice: Some("in_1".to_owned()),
        amount_subtotal: Some(subtotal),
        amount_total: Some(total),
        payment_intent: None,
        metadata: Some(written.map(|(key, value)| (key.to_owned(), value)).into()),
        ..page(0, "complete", payment_status)
    }
}

/// The event of such a session, whose invoice was paid by `intent` where it was readable.
fn completed(session: CheckoutSession, intent: Option<&str>) -> Event {
    let mut event = event(NOW, Subject::Session(Box::new(session)));
    event.kind = "checkout.session.completed".to_owned();
    event.invoice = intent.map(|intent| {
        let payment = |status: &str, intent: &str| InvoicePayment {
            status: Some(status.to_owned()),
            payment: Some(PaymentOfInvoice {
                payment_intent: Some(intent.to_owned()),
            }),
        };
        let data = vec![payment("canceled", "pi_0"), payment("paid", intent)];
        Box::new(PaidInvoice {
            hosted_invoice_url: None,
            payments: Some(InvoicePayments { data }),
        })
    });
    event
}

/// The order after `event`, and the notifications.
fn after(order: &Order, event: &Event) -> Result<(Order, Vec<OrderEvent>), Mismatch> {
    let transition = order.apply(event, NOW)?.expect("the event is the order's");
    Ok((transition.order, transition.events))
}

#[test]
fn a_first_invoice_that_is_paid_pays_the_order_and_names_its_intent() {
    let order = subscribing(DueToday::All, AddedParts::default());
    let session = complete(&order, 6200, 6200, "paid");
    let (paid, events) = after(&order, &completed(session, Some("pi_1"))).unwrap();

    assert_eq!(events, [OrderEvent::Paid]);
    assert_eq!(paid.status(), Status::Paid);
    assert_eq!(paid.subscription(), Some("sub_1"));
    assert_eq!(paid.intent(), Some("pi_1"));
    assert_eq!(paid.total(), usd(6200));
    assert!(!paid.lacks_intent());
}

#[test]
fn the_subtotal_that_is_due_today_depends_on_how_the_first_period_begins() {
    use DueToday::{All, Nothing, Part};
    const PAID: &str = "paid";
    const NONE: &str = "no_payment_required";
    let cases = [
        (All, 6200, PAID, Ok(())),
        (All, 500, PAID, Err(Mismatch::Amount)),
        (All, 0, NONE, Err(Mismatch::Amount)),
        (All, 6200, NONE, Err(Mismatch::Received)),
        (Nothing, 500, PAID, Ok(())),
        (Nothing, 0, NONE, Err(Mismatch::Amount)),
        (Nothing, 6200, PAID, Err(Mismatch::Amount)),
        (Part, 500, PAID, Ok(())),
        (Part, 3001, PAID, Ok(())),
        (Part, 6200, PAID, Ok(())),
        (Part, 499, PAID, Err(Mismatch::Amount)),
        (Part, 6201, PAID, Err(Mismatch::Amount)),
    ];
    for (due, subtotal, payment_status, expected) in cases {
        let order = subscribing(due, AddedParts::default());
        let session = complete(&order, subtotal, subtotal, payment_status);
        let result = after(&order, &completed(session, Some("pi_1")));

        let case = format!("{due:?} {subtotal} {payment_status}");
        assert_eq!(
            result.as_ref().map(|_| ()).map_err(|e| *e),
            expected,
            "{case}"
        );
        if let Ok((paid, events)) = result {
            assert_eq!(events, [OrderEvent::Paid], "{case}");
            assert_eq!(paid.total(), usd(subtotal), "{case}");
        }
    }
}

#[test]
fn a_trial_begins_with_nothing_to_pay_and_nothing_to_refund() {
    let owner = CallerId::parse("ada").unwrap();
    let seats = vec![(line("seat", 3, 1900, Some(false)), usd(5700))];
    let contents = OrderDetails::priced(seats).unwrap();
    let mut order = Order::new(OrderId::parse("o_1").unwrap(), owner, contents, NOW);
    let open = Session {
        id: "cs_0".to_owned(),
        contents: order.revision().digest.clone(),
        returns: "here".to_owned(),
        allows: AddedParts::default(),
        due: DueToday::Nothing,
    };
    assert!(order.update_payment(&note_session(open, 0), NOW));
    for payment_status in ["paid", "no_payment_required"] {
        let session = complete(&order, 0, 0, payment_status);
        let (paid, events) = after(&order, &completed(session, None)).unwrap();

        assert_eq!(events, [OrderEvent::Paid]);
        assert_eq!(paid.status(), Status::Paid);
        assert_eq!((paid.total(), paid.left_to_refund()), (usd(0), 0));
        assert!(!paid.lacks_intent());
    }
}

#[test]
fn a_part_counts_only_where_the_session_allowed_it() {
    let discount = AddedParts {
        discount: true,
        ..AddedParts::default()
    };
    for (allows, expected) in [
        (discount, Ok(usd(5200))),
        (AddedParts::default(), Err(Mismatch::Part)),
    ] {
        let order = subscribing(DueToday::All, allows);
        let session = CheckoutSession {
            total_details: Some(TotalDetails {
                amount_discount: Some(1000),
                ..TotalDetails::default()
            }),
            ..complete(&order, 6200, 5200, "paid")
        };
        let result = after(&order, &completed(session, Some("pi_1")));
        assert_eq!(result.map(|(paid, _)| paid.total()), expected);
    }
}

#[test]
fn a_session_of_another_mode_or_without_a_subscription_pays_nothing() {
    let order = subscribing(DueToday::All, AddedParts::default());
    let session = || complete(&order, 6200, 6200, "paid");
    let single = CheckoutSession {
        mode: Some("payment".to_owned()),
        payment_intent: Some("pi_1".to_owned()),
        ..session()
    };
    let without = CheckoutSession {
        subscription: None,
        ..session()
    };
    for session in [single, without] {
        let result = after(&order, &completed(session, Some("pi_1")));
        assert_eq!(result.unwrap_err(), Mismatch::Session);
    }
}

#[test]
fn the_reports_on_one_payment_leave_the_same_order_in_any_sequence() {
    let order = subscribing(DueToday::All, AddedParts::default());
    let session = complete(&order, 6200, 6200, "paid");
    let unread = completed(session.clone(), None);
    let mut read = completed(session, Some("pi_1"));
    read.created = NOW + 1;
    let history = |events: [&Event; 3]| {
        let step = |order: Order, event: &&Event| after(&order, event).unwrap().0;
        events.iter().fold(order.clone(), step)
    };

    let lacking = after(&order, &unread).unwrap().0;
    assert!(lacking.lacks_intent());
    let first = history([&unread, &read, &unread]);
    assert_eq!(first.intent(), Some("pi_1"));
    for other in [[&read, &unread, &read], [&read, &unread, &unread]] {
        assert_eq!(history(other), first);
    }
}

#[test]
fn the_intent_of_the_invoice_reports_nothing_by_itself_and_its_refunds_count() {
    let order = subscribing(DueToday::Nothing, AddedParts::default());
    let session = complete(&order, 500, 500, "paid");
    let (paid, _) = after(&order, &completed(session, Some("pi_1"))).unwrap();

    let mut succeeded = intent(&order, "succeeded");
    succeeded.metadata = None;
    let event = event(NOW, Subject::Intent(succeeded));
    assert_eq!(paid.apply(&event, NOW), Ok(None));

    let (refunded, events) = after(&paid, &refund("re_1", 500, "succeeded")).unwrap();
    assert_eq!(events, [OrderEvent::Refunded]);
    assert_eq!(refunded.status(), Status::Refunded);
}

#[test]
fn a_closed_session_of_a_trial_expires_without_a_contradiction() {
    let mut order = subscribing(DueToday::Nothing, AddedParts::default());
    assert!(order.update_payment(&PaymentUpdate::Closed("cs_0".to_owned()), NOW));
    let expired = CheckoutSession {
        status: Some("expired".to_owned()),
        subscription: None,
        invoice: None,
        ..complete(&order, 500, 500, "unpaid")
    };
    let mut event = completed(expired, None);
    event.kind = "checkout.session.expired".to_owned();

    let (after, events) = after(&order, &event).unwrap();
    assert_eq!((after.status(), events), (Status::Created, Vec::new()));
}

#[test]
fn a_bank_debit_for_the_first_invoice_is_processing_until_the_money_comes() {
    let order = subscribing(DueToday::All, AddedParts::default());
    let unpaid = complete(&order, 6200, 6200, "unpaid");
    let (processing, _) = after(&order, &completed(unpaid.clone(), None)).unwrap();
    assert_eq!(processing.status(), Status::Processing);

    let mut failed = completed(unpaid, None);
    failed.kind = "checkout.session.async_payment_failed".to_owned();
    failed.created = NOW + 1;
    let (failed, events) = after(&processing, &failed).unwrap();
    assert_eq!(failed.status(), Status::Failed);
    assert_eq!(events, [OrderEvent::PaymentFailed]);

    let paid = completed(complete(&order, 6200, 6200, "paid"), Some("pi_1"));
    assert_eq!(after(&processing, &paid).unwrap().0.status(), Status::Paid);
}

#[test]
fn a_subscriptions_order_stays_one() {
    let once = vec![(line("fee", 1, 500, None), usd(500))];
    let once = OrderDetails::priced(once).unwrap();
    let mut order = subscribing(DueToday::All, AddedParts::default());
    assert_eq!(order.revise(once.clone(), NOW), Err(ReviseError::OtherMode));
    let seats = vec![(line("seat", 4, 1900, Some(false)), usd(7600))];
    let seats = OrderDetails::priced(seats).unwrap();
    assert_eq!(order.revise(seats, NOW), Ok(()));

    let owner = CallerId::parse("ada").unwrap();
    let mut order = Order::new(OrderId::parse("o_2").unwrap(), owner, once, NOW);
    assert_eq!(order.revise(plan(), NOW), Err(ReviseError::OtherMode));
}

#[test]
fn a_zero_first_invoice_is_not_paid_without_its_session() {
    let owner = CallerId::parse("ada").unwrap();
    let usage = vec![(line("usage", 0, 0, Some(true)), usd(0))];
    let contents = OrderDetails::priced(usage).unwrap();
    let order = Order::new(OrderId::parse("o_1").unwrap(), owner, contents, NOW);
    let event = Event::nothing_to_pay("o_1", &order.revision().digest, NOW);
    assert_eq!(order.apply(&event, NOW), Err(Mismatch::Amount));
}
