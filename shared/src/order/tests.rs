//! The state machine: single steps as tables. Offers are in [`offers`], payments one after the
//! other in [`active_payments`], failed charges in [`attempts`], authorized payments in
//! [`authorization`], orders that end unpaid in [`ending`], subscriptions in
//! [`subscription_orders`], their invoices in [`invoice_orders`], disputes in [`disputes`], whole
//! histories in [`histories`].

mod active_payments;
mod attempts;
mod authorization;
mod awaited;
mod disputes;
mod ending;
mod histories;
mod invoice_orders;
mod offers;
mod payer;
mod refunds;
mod subscription_orders;
mod totals;

use std::collections::BTreeMap;

use super::*;
use crate::{
    amount::{Amount, Currency},
    event::{
        BalanceTransaction, Charge, CheckoutSession, Dispute, Event, EvidenceDetails, Expiry,
        Intent, NextAction, PaymentError, Refund, Subject,
    },
};

const NOW: i64 = 1_790_000_000;

fn usd(minor_units: i64) -> Amount {
    Amount::new(minor_units, Currency::parse("usd").unwrap()).unwrap()
}

fn contents(minor_units: i64, signed_at: i64) -> OrderDetails {
    OrderDetails::signed(usd(minor_units), None, BTreeMap::new(), signed_at).unwrap()
}

fn order() -> Order {
    let owner = CallerId::parse("ada").unwrap();
    let mut order = Order::new(
        OrderId::parse("o_1").unwrap(),
        owner,
        contents(1500, 1),
        NOW,
    );
    order.update_payment(&note_intent("pi_1"), NOW);
    order
}

/// The update that the intent `id`, created for Ada, is the active payment.
fn note_intent(id: &str) -> PaymentUpdate {
    PaymentUpdate::Intent(id.to_owned(), CallerId::parse("ada").unwrap())
}

/// The update that `session`, created for Ada as the attempt with `number`, is the active payment.
fn note_session(session: Session, number: usize) -> PaymentUpdate {
    PaymentUpdate::Session(session, number, CallerId::parse("ada").unwrap())
}

/// The order's intent as Stripe would report it.
fn intent(order: &Order, status: &str) -> Intent {
    let revision = order.revision();
    let metadata = [
        (IntentKeys::ORDER, order.id().as_str().to_owned()),
        (IntentKeys::OWNER, order.owner().alias()),
        (IntentKeys::CONTENTS, revision.digest.clone()),
    ];
    let amount = revision.contents.amount().minor_units();
    Intent {
        id: "pi_1".to_owned(),
        amount,
        amount_received: Some(if status == "succeeded" { amount } else { 0 }),
        currency: "usd".to_owned(),
        status: status.to_owned(),
        latest_charge: None,
        metadata: Some(metadata.map(|(key, value)| (key.to_owned(), value)).into()),
        last_payment_error: None,
        cancellation_reason: None,
        next_action: None,
    }
}

fn event(created: i64, subject: Subject) -> Event {
    Event {
        id: "evt_1".to_owned(),
        kind: "of.no.matter".to_owned(),
        created,
        as_of: created,
        account: None,
        livemode: Some(false),
        api_version: Some("2025-03-31.basil".to_owned()),
        subject,
        failed_charges: Vec::new(),
        session: None,
        charge: None,
        invoice: None,
        names_payer: true,
        body: String::new(),
    }
}

fn attempt(created: i64, status: &str) -> Event {
    event(created, Subject::Intent(intent(&order(), status)))
}

fn failed_attempt(created: i64) -> Event {
    let mut intent = intent(&order(), "requires_payment_method");
    intent.last_payment_error = Some(PaymentError::default());
    event(created, Subject::Intent(intent))
}

/// The charge with this number failed.
fn failed_charge(created: i64, n: usize) -> Event {
    let mut event = failed_attempt(created);
    if let Subject::Intent(intent) = &mut event.subject {
        let charge = Some(format!("ch_failed_{n}"));
        intent.last_payment_error = Some(PaymentError { code: None, charge });
    }
    event
}

fn refund(id: &str, amount: i64, status: &str) -> Event {
    let refund = Refund {
        id: id.to_owned(),
        amount,
        currency: "usd".to_owned(),
        status: Some(status.to_owned()),
        reason: None,
        payment_intent: Some("pi_1".to_owned()),
        metadata: None,
    };
    event(NOW, Subject::Refund(refund))
}

/// The refund that was made for the request `request`.
fn refund_for(request: &str, id: &str, amount: i64, status: &str) -> Event {
    let mut event = refund(id, amount, status);
    if let Subject::Refund(refund) = &mut event.subject {
        let metadata = [(RefundKeys::REQUEST.to_owned(), request.to_owned())];
        refund.metadata = Some(metadata.into());
    }
    event
}

/// A request for `amount` under the id `id`.
fn request(id: &str, amount: i64) -> RefundRequest {
    let fay = CallerId::parse("fay").unwrap();
    let digest = RefundRequest::digest_of(Some(amount), None);
    RefundRequest::new((id.to_owned(), digest), usd(amount), None, &fay, NOW)
}

fn charge_refunded(total: i64) -> Event {
    let charge = Charge {
        id: "ch_1".to_owned(),
        amount: 1500,
        amount_refunded: total,
        captured: Some(true),
        currency: "usd".to_owned(),
        payment_intent: Some("pi_1".to_owned()),
        metadata: None,
    };
    event(NOW, Subject::Charge(charge))
}

/// A dispute over the whole order.
fn dispute(id: &str, status: &str) -> Event {
    let movements = match status {
        "won" => 2,
        status if status.starts_with("warning_") => 0,
        _ => 1,
    };
    disputes::dispute_over(1500, id, status, (NOW, movements))
}

/// The order after `events`, and all notifications on the way.
fn after(events: &[Event]) -> (Order, Vec<OrderEvent>) {
    after_from(order(), events)
}

/// `current` after `events`, and all notifications on the way.
fn after_from(mut current: Order, events: &[Event]) -> (Order, Vec<OrderEvent>) {
    let mut told = Vec::new();
    for event in events {
        if let Some(step) = current
            .apply(event, NOW)
            .expect("the events are the order's own")
        {
            current = step.order;
            told.extend(step.events);
        }
    }
    (current, told)
}

#[test]
fn each_history_ends_in_its_state() {
    let paid = || attempt(NOW + 9, "succeeded");
    let cases: Vec<(Vec<Event>, Status)> = vec![
        (vec![], Status::Created),
        (
            vec![attempt(NOW, "requires_payment_method")],
            Status::Created,
        ),
        (
            vec![attempt(NOW, "requires_action")],
            Status::RequiresAction,
        ),
        (vec![attempt(NOW, "processing")], Status::Processing),
        (vec![failed_attempt(NOW)], Status::Failed),
        (
            vec![failed_attempt(NOW), attempt(NOW + 1, "requires_action")],
            Status::RequiresAction,
        ),
        (vec![attempt(NOW, "canceled")], Status::Canceled),
        (vec![attempt(NOW, "a_status_of_next_year")], Status::Created),
        (vec![paid()], Status::Paid),
        (vec![paid(), failed_attempt(NOW + 60)], Status::Paid),
        (vec![paid(), attempt(NOW + 60, "canceled")], Status::Paid),
        (vec![paid(), refund("re_1", 500, "pending")], Status::Paid),
        (
            vec![paid(), refund("re_1", 500, "succeeded")],
            Status::PartiallyRefunded,
        ),
        (
            vec![paid(), refund("re_1", 1500, "succeeded")],
            Status::Refunded,
        ),
        (
            vec![paid(), refunds::listed(&[(1500, "succeeded")])],
            Status::Refunded,
        ),
        (
            vec![
                paid(),
                refund("re_1", 1500, "succeeded"),
                refund("re_1", 1500, "failed"),
            ],
            Status::Paid,
        ),
        (
            vec![paid(), dispute("dp_1", "warning_needs_response")],
            Status::Paid,
        ),
        (
            vec![paid(), dispute("dp_1", "needs_response")],
            Status::Disputed,
        ),
        (
            vec![
                paid(),
                dispute("dp_1", "won"),
                dispute("dp_1", "under_review"),
            ],
            Status::DisputeWon,
        ),
        (vec![paid(), dispute("dp_1", "lost")], Status::DisputeLost),
        (
            vec![
                paid(),
                dispute("dp_1", "lost"),
                refund("re_1", 500, "succeeded"),
            ],
            Status::DisputeLost,
        ),
    ];
    for (events, status) in cases {
        assert_eq!(after(&events).0.status(), status, "{events:#?}");
    }
}

#[test]
fn a_refund_is_counted_once_however_it_is_told() {
    let both = [
        refund("re_0", 500, "succeeded"),
        refunds::listed(&[(500, "succeeded")]),
    ];
    assert_eq!(after(&both).0.refunded_amount(), 500);

    let two = [
        refund("re_0", 500, "pending"),
        refund("re_0", 500, "succeeded"),
        refund("re_1", 300, "succeeded"),
        refunds::listed(&[(500, "pending"), (300, "succeeded")]),
    ];
    assert_eq!(after(&two).0.refunded_amount(), 800);

    let one_failed = [
        refunds::listed(&[(500, "succeeded")]),
        refund("re_0", 500, "failed"),
        refund("re_1", 200, "succeeded"),
        refunds::listed(&[(500, "failed"), (200, "succeeded")]),
    ];
    assert_eq!(after(&one_failed).0.refunded_amount(), 200);
}

#[test]
fn what_is_left_counts_every_refund_once_whatever_is_known_of_it() {
    let paid = || attempt(NOW, "succeeded");
    let asked = |events: &[Event]| {
        let mut order = after(&[paid()]).0;
        assert!(order.reserve_refund(request("rfd_1", 500)));
        after_from(order, events).0
    };
    let cases = [
        (vec![], 1000),
        (vec![refund_for("rfd_1", "re_1", 500, "pending")], 1000),
        (vec![refund_for("rfd_1", "re_1", 500, "succeeded")], 1000),
        (vec![refund_for("rfd_1", "re_1", 500, "failed")], 1500),
        (
            vec![
                refunds::listed(&[(500, "succeeded")]),
                refund_for("rfd_1", "re_0", 500, "succeeded"),
            ],
            1000,
        ),
        // Another refund, from the dashboard.
        (vec![refund("re_2", 300, "succeeded")], 700),
        (vec![refunds::listed(&[(1500, "succeeded")])], 0),
        // Another order's request.
        (vec![refund_for("rfd_9", "re_1", 500, "succeeded")], 500),
    ];
    for (events, left) in cases {
        assert_eq!(asked(&events).left_to_refund(), left, "{events:#?}");
    }
    assert_eq!(order().left_to_refund(), 0, "nothing is paid");
    let released = {
        let mut order = asked(&[]);
        assert!(order.decline_refund("rfd_1", RefundRejection::Other, NOW));
        order
    };
    assert_eq!(released.left_to_refund(), 1500);
    let made_all_the_same = [refund_for("rfd_1", "re_1", 500, "succeeded")];
    let made = after_from(released, &made_all_the_same).0;
    assert_eq!(made.left_to_refund(), 1000);
    assert_eq!(made.refund_requests()[0].declined(), None);
}

#[test]
fn an_order_keeps_so_many_requests_and_no_more() {
    let mut order = after(&[attempt(NOW, "succeeded")]).0;
    for n in 0..100 {
        assert!(order.reserve_refund(request(&format!("rfd_{n}"), 1)));
        assert!(order.decline_refund(&format!("rfd_{n}"), RefundRejection::Other, NOW));
    }
    assert!(!order.reserve_refund(request("rfd_100", 1)));
}

#[test]
fn an_order_that_was_written_before_there_were_requests_is_read() {
    let text = serde_json::to_string(&order()).unwrap();
    assert!(!text.contains("refund_requests"), "{text}");
    assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order());
}

#[test]
fn the_site_is_told_of_each_thing_once() {
    let history = [
        failed_attempt(NOW),
        attempt(NOW + 1, "succeeded"),
        attempt(NOW + 1, "succeeded"),
        refunds::listed(&[(500, "succeeded")]),
        refund("re_0", 500, "succeeded"),
        dispute("dp_1", "needs_response"),
        dispute("dp_1", "won"),
    ];
    let told = [
        OrderEvent::PaymentFailed,
        OrderEvent::Paid,
        OrderEvent::Refunded,
        OrderEvent::Disputed,
        OrderEvent::DisputeWon,
    ];
    assert_eq!(after(&history).1, told);
}

#[test]
fn each_failed_attempt_is_told() {
    let history = [
        failed_attempt(NOW),
        failed_attempt(NOW),
        failed_attempt(NOW + 60),
    ];
    assert_eq!(after(&history).1, [OrderEvent::PaymentFailed; 2]);
}

#[test]
fn each_failed_charge_is_told_once_whenever_it_failed_and_in_any_order() {
    let cases = [
        ([(NOW, 0), (NOW, 1), (NOW, 2)], 3),
        ([(NOW, 0), (NOW + 1, 1), (NOW + 2, 2)], 3),
        ([(NOW, 0), (NOW, 0), (NOW, 1)], 2),
        ([(NOW + 1, 0), (NOW, 1), (NOW + 1, 2)], 3),
    ];
    for (failed, times) in cases {
        let history = failed.map(|(at, n)| failed_charge(at, n));
        let told = after(&history).1;
        assert_eq!(told, vec![OrderEvent::PaymentFailed; times], "{failed:?}");
    }
}

#[test]
fn the_time_of_the_payment_is_that_of_its_own_event() {
    let mut exact = attempt(NOW + 50, "succeeded");
    exact.kind = "payment_intent.succeeded".to_owned();
    let fetched_late = attempt(NOW, "succeeded");

    assert_eq!(
        after(std::slice::from_ref(&fetched_late)).0.paid_at(),
        Some(NOW)
    );
    for history in [[fetched_late.clone(), exact.clone()], [exact, fetched_late]] {
        assert_eq!(after(&history).0.paid_at(), Some(NOW + 50));
    }
}

/// An order that does not have its intent yet.
fn not_noted() -> Order {
    let owner = CallerId::parse("ada").unwrap();
    let id = OrderId::parse("o_1").unwrap();
    Order::new(id, owner, contents(1500, 1), NOW)
}

#[test]
fn metadata_that_was_edited_on_a_noted_intent_leaves_the_payment_paid_with_a_warning() {
    type Change = fn(&mut Intent);
    let cases: [(Change, Mismatch); 5] = [
        (|intent| intent.metadata = None, Mismatch::Owner),
        (
            |intent| set(intent, IntentKeys::OWNER, "bob"),
            Mismatch::Owner,
        ),
        (
            |intent| set(intent, IntentKeys::ORDER, "o_2"),
            Mismatch::Order,
        ),
        (
            |intent| set(intent, IntentKeys::CONTENTS, "x"),
            Mismatch::Details,
        ),
        (
            |intent| {
                intent
                    .metadata
                    .as_mut()
                    .unwrap()
                    .remove(IntentKeys::CONTENTS);
            },
            Mismatch::Details,
        ),
    ];
    for (change, edited) in cases {
        let mut intent = intent(&order(), "succeeded");
        change(&mut intent);
        let event = event(NOW, Subject::Intent(intent));

        let step = order().apply(&event, NOW).unwrap().unwrap();

        assert_eq!(step.order.status(), Status::Paid);
        assert_eq!(
            (step.events, step.edited),
            (vec![OrderEvent::Paid], Some(edited))
        );
        // Where only the metadata names the intent's order, all of it has to be right.
        assert_eq!(not_noted().apply(&event, NOW), Err(edited));
    }
}

#[test]
fn a_payment_with_edited_metadata_is_for_the_revision_of_its_amount() {
    let mut changed = order();
    changed.revise(contents(2500, 2), NOW).unwrap();
    changed.revise(contents(3500, 3), NOW).unwrap();
    for amount in [1500, 2500, 3500] {
        let mut emptied = intent(&changed, "succeeded");
        emptied.metadata = None;
        (emptied.amount, emptied.amount_received) = (amount, Some(amount));
        let event = event(NOW, Subject::Intent(emptied));

        let paid = changed.apply(&event, NOW).unwrap().unwrap().order;

        assert_eq!(paid.paid_amount(), Some(usd(amount)));
    }
}

#[test]
fn what_differs_from_the_offer_is_a_mismatch() {
    type Change = fn(&mut Intent);
    let cases: [(Change, Mismatch); 5] = [
        (|intent| intent.amount = 1, Mismatch::Amount),
        (|intent| intent.amount_received = Some(0), Mismatch::Amount),
        (
            |intent| intent.currency = "eur".to_owned(),
            Mismatch::Currency,
        ),
        (
            |intent| (intent.amount, intent.amount_received) = (1, Some(1)),
            Mismatch::Amount,
        ),
        (|intent| intent.id = "pi_2".to_owned(), Mismatch::Intent),
    ];
    for (change, mismatch) in cases {
        let mut intent = intent(&order(), "succeeded");
        change(&mut intent);
        let event = event(NOW, Subject::Intent(intent.clone()));
        assert_eq!(order().apply(&event, NOW), Err(mismatch));
        // Emptied metadata does not make another amount right.
        intent.metadata = None;
        let event = self::event(NOW, Subject::Intent(intent));
        assert_eq!(order().apply(&event, NOW), Err(mismatch));
    }
    let mut euros = charge_refunded(500);
    if let Subject::Charge(charge) = &mut euros.subject {
        charge.currency = "eur".to_owned();
    }
    assert_eq!(order().apply(&euros, NOW), Err(Mismatch::Currency));
    assert_eq!(
        order().apply(&refund("re_1", 1501, "succeeded"), NOW),
        Err(Mismatch::Amount)
    );
    assert_eq!(
        order().apply(&refund("re_1", -5, "succeeded"), NOW),
        Err(Mismatch::Amount)
    );
}

fn set(intent: &mut Intent, key: &str, value: &str) {
    let metadata = intent.metadata.get_or_insert_default();
    metadata.insert(key.to_owned(), value.to_owned());
}

#[test]
fn another_intents_failure_is_not_this_orders() {
    let mut other = intent(&order(), "canceled");
    other.id = "pi_2".to_owned();
    assert_eq!(
        order().apply(&event(NOW, Subject::Intent(other)), NOW),
        Ok(None)
    );
}
