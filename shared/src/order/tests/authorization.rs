//! Payments that are authorized, and captured later.

use super::{
    active_payments::{page, page_intent, session, with_pages},
    *,
};
use crate::{
    checkout::AddedParts,
    event::{CardDetails, MethodDetails, PaidCharge, TotalDetails},
};

/// Stripe's report at `at` that the payment of the site's own form is authorized.
fn authorized(at: i64) -> Event {
    let mut event = attempt(at, "requires_capture");
    event.charge = Some(Box::new(PaidCharge {
        payment_method_details: Some(MethodDetails {
            card: Some(CardDetails {
                capture_before: Some(NOW + 604_800),
            }),
        }),
        ..PaidCharge::default()
    }));
    event
}

/// Stripe's report of the received amount.
fn received(at: i64, amount: i64) -> Event {
    let mut intent = intent(&order(), "succeeded");
    intent.amount_received = Some(amount);
    let mut event = event(at, Subject::Intent(intent));
    event.kind = "payment_intent.succeeded".to_owned();
    event
}

fn apply(order: &Order, event: &Event) -> Transition {
    order.apply(event, NOW).unwrap().unwrap()
}

#[test]
fn an_authorized_order_is_not_paid_and_names_the_last_moment_of_its_capture() {
    let transition = apply(&order(), &authorized(NOW));
    let order = transition.order;
    assert_eq!(order.status(), Status::Authorized);
    assert_eq!(order.capturable_until(), Some(NOW + 604_800));
    assert_eq!((order.paid_at(), order.left_to_refund()), (None, 0));
    assert_eq!(transition.events, [OrderEvent::Authorized]);
}

#[test]
fn an_authorized_order_does_not_change_but_takes_the_same_contents_again() {
    let mut order = apply(&order(), &authorized(NOW)).order;
    assert_eq!(order.revise(contents(1500, 2), NOW), Ok(()));
    assert_eq!(
        order.revise(contents(1600, 3), NOW),
        Err(ReviseError::Processing)
    );
}

#[test]
fn an_authorization_of_an_amount_that_was_never_offered_is_a_mismatch() {
    let mut wrong = authorized(NOW);
    if let Subject::Intent(intent) = &mut wrong.subject {
        intent.amount = 1;
    }
    assert_eq!(order().apply(&wrong, NOW), Err(Mismatch::Amount));
}

#[test]
fn reports_lead_to_the_same_order_in_any_sequence() {
    let released = || {
        let mut event = attempt(NOW + 9, "canceled");
        if let Subject::Intent(intent) = &mut event.subject {
            intent.cancellation_reason = Some("automatic".to_owned());
        }
        event
    };
    let cases = [
        (
            vec![attempt(NOW - 5, "requires_action"), authorized(NOW)],
            Status::Authorized,
        ),
        (vec![authorized(NOW), released()], Status::Created),
        (vec![released(), authorized(NOW)], Status::Created),
        (vec![authorized(NOW), received(NOW + 5, 1500)], Status::Paid),
        (vec![received(NOW + 5, 1500), authorized(NOW)], Status::Paid),
    ];
    for (events, status) in cases {
        let after = after_from(order(), &events).0;
        assert_eq!(after.status(), status, "{events:#?}");
        assert_eq!(
            after.capturable_until().is_some(),
            status == Status::Authorized
        );
    }
}

#[test]
fn a_complete_session_does_not_hide_that_its_payment_is_authorized() {
    let complete = |at| {
        let mut event = event(
            at,
            Subject::Session(Box::new(page(2, "complete", "unpaid"))),
        );
        event.kind = "checkout.session.completed".to_owned();
        event
    };
    let of_page = |at| {
        let mut event = page_intent(at, 2, "requires_capture");
        event.session = Some(Box::new(page(2, "complete", "unpaid")));
        event
    };
    for events in [
        [complete(NOW + 3), of_page(NOW)],
        [of_page(NOW), complete(NOW + 3)],
        [of_page(NOW + 3), complete(NOW)],
    ] {
        let after = after_from(with_pages(), &events).0;
        assert_eq!(after.status(), Status::Authorized, "{events:#?}");
    }
    let session_alone = after_from(with_pages(), &[complete(NOW)]).0;
    assert_eq!(session_alone.status(), Status::Processing);
}

/// An order with an open session that may add tax, its authorized session and intent.
fn taxed(tax: i64) -> (Order, Event) {
    let mut order = with_pages();
    assert!(order.update_payment(&PaymentUpdate::Closed("cs_2".to_owned()), NOW));
    let open = Session {
        allows: AddedParts {
            tax: true,
            ..AddedParts::default()
        },
        ..session(3, &order)
    };
    assert!(order.update_payment(&note_session(open, 3), NOW));
    let mut event = page_intent(NOW, 3, "requires_capture");
    if let Subject::Intent(intent) = &mut event.subject {
        intent.amount = 1500 + tax;
    }
    event.session = Some(Box::new(CheckoutSession {
        amount_total: Some(1500 + tax),
        total_details: Some(TotalDetails {
            amount_discount: Some(0),
            amount_shipping: Some(0),
            amount_tax: Some(tax),
        }),
        ..page(3, "complete", "unpaid")
    }));
    (order, event)
}

#[test]
fn an_authorized_session_is_worth_its_total_with_the_parts_that_it_may_add() {
    let (order, event) = taxed(285);
    let totals = apply(&order, &event).order.totals();
    assert_eq!(
        (totals.subtotal, totals.tax, totals.total),
        (1500, 285, 1785)
    );

    let (order, mut event) = taxed(285);
    let details = event
        .session
        .as_mut()
        .unwrap()
        .total_details
        .as_mut()
        .unwrap();
    (details.amount_tax, details.amount_shipping) = (Some(0), Some(285));
    assert_eq!(order.apply(&event, NOW), Err(Mismatch::Part));
}

#[test]
fn a_captured_part_is_no_edit_of_the_payment_and_any_other_amount_is() {
    let mut order = apply(&order(), &authorized(NOW)).order;
    let fay = CallerId::parse("fay").unwrap();
    order.set_capture(Some(CaptureRequest::new(600, &fay, NOW)), NOW);

    let captured = apply(&order, &received(NOW + 5, 600));
    let elsewhere = apply(&order, &received(NOW + 5, 700));

    assert_eq!(
        (captured.edited, captured.order.total().minor_units()),
        (None, 600)
    );
    assert_eq!(elsewhere.edited, Some(Mismatch::Received));
    assert_eq!(elsewhere.order.total().minor_units(), 700);
}

#[test]
fn a_payment_of_earlier_contents_shows_those_contents_while_it_is_authorized() {
    let mut order = order();
    let before = order.revision().digest.clone();
    assert_eq!(order.revise(contents(1500, 2), NOW), Ok(()));
    let newer = OrderDetails::signed(usd(1500), Some("Two mugs".to_owned()), BTreeMap::new(), 3);
    assert_eq!(order.revise(newer.unwrap(), NOW), Ok(()));
    assert_ne!(order.revision().digest, before);

    let after = apply(&order, &authorized(NOW)).order;

    assert_eq!(after.revision().digest, before);
}

#[test]
fn the_release_of_an_authorization_is_no_refund() {
    let order = apply(&order(), &authorized(NOW)).order;
    let mut release = refund("re_1", 1500, "succeeded");
    if let Subject::Refund(refund) = &mut release.subject {
        refund.reason = Some("expired_uncaptured_charge".to_owned());
    }
    assert_eq!(order.apply(&release, NOW), Ok(None));
    let charge = Charge {
        id: "ch_1".to_owned(),
        amount: 1500,
        amount_refunded: 1500,
        captured: Some(false),
        currency: "usd".to_owned(),
        payment_intent: Some("pi_1".to_owned()),
        metadata: None,
    };
    let released = event(NOW, Subject::Charge(charge));
    assert_eq!(order.apply(&released, NOW), Ok(None));
    assert!(!order.lacks_refunds(&released));
}

#[test]
fn an_authorization_that_ended_without_a_capture_is_told() {
    let order = apply(&order(), &authorized(NOW)).order;
    let mut ended = attempt(NOW + 9, "canceled");
    if let Subject::Intent(intent) = &mut ended.subject {
        intent.cancellation_reason = Some("automatic".to_owned());
    }
    let by_stripe = apply(&order, &ended);
    assert_eq!(by_stripe.order.status(), Status::Created);
    assert_eq!(by_stripe.events, [OrderEvent::Released]);

    let mut closing = order.clone();
    assert!(closing.update_payment(&PaymentUpdate::Closing("pi_1".to_owned()), NOW));
    assert_eq!(
        apply(&closing, &ended).events,
        [],
        "Farebox closes it itself"
    );
}

#[test]
fn a_refund_of_a_partly_captured_session_fits_its_authorized_charge() {
    let (order, event) = taxed(285);
    let order = apply(&order, &event).order;
    let mut paid = page_intent(NOW + 5, 3, "succeeded");
    if let Subject::Intent(intent) = &mut paid.subject {
        (intent.amount, intent.amount_received) = (1785, Some(600));
    }
    paid.session = event.session.clone();
    let order = apply(&order, &paid).order;
    assert_eq!(order.total().minor_units(), 600);

    let charge = Charge {
        id: "ch_1".to_owned(),
        amount: 1785,
        amount_refunded: 200,
        captured: Some(true),
        currency: "usd".to_owned(),
        payment_intent: Some("pi_page_3".to_owned()),
        metadata: None,
    };
    let refunded = super::event(NOW + 9, Subject::Charge(charge));
    assert!(
        order.apply(&refunded, NOW).is_ok(),
        "it contradicts nothing"
    );
}

#[test]
fn a_late_authorization_of_a_closed_session_is_no_contradiction() {
    let (mut order, event) = taxed(285);
    assert!(order.update_payment(&PaymentUpdate::Closed("cs_3".to_owned()), NOW));
    let after = order.apply(&event, NOW).unwrap().unwrap();
    assert_eq!(after.order.status(), Status::Created);
    assert!(after.events.is_empty());
}

#[test]
fn a_session_that_was_captured_in_part_does_not_tell_the_received_amount() {
    let mut order = with_pages();
    let later = contents(1500, 2).captured(CaptureMethod::Manual);
    assert_eq!(order.revise(later, NOW), Ok(()));
    assert!(order.update_payment(&PaymentUpdate::Closed("cs_2".to_owned()), NOW));
    let open = session(3, &order);
    assert!(order.update_payment(&note_session(open, 3), NOW));
    let mut paid = page(3, "complete", "paid");
    let digest = order.revision().digest.clone();
    let written = paid.metadata.as_mut().unwrap();
    written.insert(IntentKeys::CONTENTS.to_owned(), digest);
    let after = order.apply(&event(NOW, Subject::Session(Box::new(paid))), NOW);
    assert_eq!(after.unwrap().unwrap().order.paid_at(), None);
}
