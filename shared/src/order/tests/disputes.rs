//! Disputes, inquiries, early fraud warnings and reviews.

use super::*;
use crate::event::{EarlyFraudWarning, Review};

/// A dispute over `amount`, as it was at a time and after so many movements of its money.
pub(super) fn dispute_over(
    amount: i64,
    id: &str,
    status: &str,
    (at, movements): (i64, usize),
) -> Event {
    let dispute = Dispute {
        id: id.to_owned(),
        status: status.to_owned(),
        amount: Some(amount),
        currency: Some("usd".to_owned()),
        reason: Some("fraudulent".to_owned()),
        evidence_details: Some(EvidenceDetails {
            due_by: Some(NOW + 9),
        }),
        balance_transactions: Some(vec![BalanceTransaction { id: None }; movements]),
        payment_intent: Some("pi_1".to_owned()),
    };
    event(at, Subject::Dispute(dispute))
}

pub(super) fn review(id: &str, open: bool) -> Event {
    let review = Review {
        id: id.to_owned(),
        open,
        reason: Some("rule".to_owned()),
        payment_intent: Some("pi_1".to_owned()),
    };
    event(NOW, Subject::Review(review))
}

pub(super) fn early_fraud_warning(id: &str, actionable: bool) -> Event {
    let warning = EarlyFraudWarning {
        id: id.to_owned(),
        actionable,
        fraud_type: Some("made_with_stolen_card".to_owned()),
        payment_intent: Some("pi_1".to_owned()),
    };
    event(NOW, Subject::EarlyFraudWarning(warning))
}

/// The paid order after `events`, in any order, and the notifications for them.
fn after_in_any_order(events: &[Event]) -> (Status, Order) {
    let paid = after(&[attempt(NOW, "succeeded")]).0;
    let (straight, _) = after_from(paid.clone(), events);
    let backwards: Vec<Event> = events.iter().rev().cloned().collect();
    assert_eq!(straight, after_from(paid, &backwards).0, "{events:#?}");
    (straight.status(), straight)
}

#[test]
fn a_dispute_over_a_part_costs_that_part_alone() {
    let lost = |amount, id| dispute_over(amount, id, "lost", (NOW, 1));
    let won = |amount, id| dispute_over(amount, id, "won", (NOW, 2));
    let open = |amount, id| dispute_over(amount, id, "needs_response", (NOW, 1));
    let cases = [
        (vec![open(500, "dp_1")], Status::Disputed),
        (vec![lost(500, "dp_1")], Status::Paid),
        (vec![lost(500, "dp_1"), open(500, "dp_2")], Status::Disputed),
        (
            vec![lost(500, "dp_1"), lost(1000, "dp_2")],
            Status::DisputeLost,
        ),
        (vec![lost(500, "dp_1"), won(1000, "dp_2")], Status::Paid),
        (
            vec![won(500, "dp_1"), won(1000, "dp_2")],
            Status::DisputeWon,
        ),
        (vec![lost(1500, "dp_1")], Status::DisputeLost),
        (
            vec![lost(500, "dp_1"), refund("re_1", 400, "succeeded")],
            Status::PartiallyRefunded,
        ),
        (
            vec![lost(500, "dp_1"), refund("re_1", 1000, "succeeded")],
            Status::DisputeLost,
        ),
        (
            vec![won(500, "dp_1"), refund("re_1", 1500, "succeeded")],
            Status::Refunded,
        ),
    ];
    for (events, status) in cases {
        assert_eq!(after_in_any_order(&events).0, status, "{events:#?}");
    }
}

#[test]
fn what_a_bank_reverses_counts_whichever_report_comes_first() {
    let report = |status, at, movements| dispute_over(1500, "dp_1", status, (at, movements));
    let cases = [
        // Decided, and reversed a day later, before any money moves again.
        (
            vec![report("lost", NOW, 1), report("won", NOW + 86_400, 1)],
            Status::DisputeWon,
        ),
        (
            vec![report("won", NOW, 2), report("lost", NOW + 86_400, 2)],
            Status::DisputeLost,
        ),
        // The movements of the money tell where the seconds do not.
        (
            vec![report("lost", NOW, 1), report("won", NOW, 2)],
            Status::DisputeWon,
        ),
        (
            vec![report("won", NOW, 2), report("lost", NOW, 3)],
            Status::DisputeLost,
        ),
        (
            vec![report("won", NOW + 5, 2), report("lost", NOW, 3)],
            Status::DisputeLost,
        ),
        // An inquiry that was closed becomes a dispute under its id.
        (
            vec![
                report("warning_closed", NOW, 0),
                report("needs_response", NOW, 1),
            ],
            Status::Disputed,
        ),
        (
            vec![
                report("warning_closed", NOW, 0),
                report("needs_response", NOW, 0),
            ],
            Status::Disputed,
        ),
        (
            vec![
                report("needs_response", NOW, 1),
                report("under_review", NOW, 1),
                report("won", NOW, 1),
            ],
            Status::DisputeWon,
        ),
        (vec![report("warning_needs_response", NOW, 0)], Status::Paid),
        (
            vec![
                report("needs_response", NOW, 1),
                report("prevented", NOW, 1),
            ],
            Status::Paid,
        ),
    ];
    for (events, status) in cases {
        assert_eq!(after_in_any_order(&events).0, status, "{events:#?}");
    }
}

#[test]
fn each_dispute_is_shown_as_stripe_reported_it_last() {
    let events = [
        dispute_over(700, "dp_1", "needs_response", (NOW, 1)),
        dispute_over(700, "dp_1", "lost", (NOW + 1, 1)),
        dispute_over(800, "dp_2", "needs_response", (NOW + 2, 1)),
    ];
    let (_, order) = after_in_any_order(&events);

    let record = |id: &str, status: &str, amount| DisputeRecord {
        id: id.to_owned(),
        status: Some(status.to_owned()),
        amount: Some(amount),
        currency: Some("usd".to_owned()),
        reason: Some("fraudulent".to_owned()),
        evidence_due_by: Some(NOW + 9),
    };
    let shown = [
        record("dp_1", "lost", 700),
        record("dp_2", "needs_response", 800),
    ];
    assert_eq!(order.dispute_records(), shown);
}

#[test]
fn inquiries_warnings_and_reviews_are_told_as_what_they_are_and_leave_the_order_paid() {
    let inquiry = |status, at| dispute_over(1500, "dp_1", status, (at, 0));
    let events = [
        attempt(NOW, "succeeded"),
        early_fraud_warning("issfr_1", true),
        early_fraud_warning("issfr_1", true),
        review("prv_1", true),
        inquiry("warning_needs_response", NOW),
        inquiry("warning_under_review", NOW + 1),
        inquiry("warning_closed", NOW + 2),
        review("prv_1", false),
        early_fraud_warning("issfr_1", false),
    ];
    let (order, told) = after(&events);

    let expected = [
        OrderEvent::Paid,
        OrderEvent::EarlyFraudWarning,
        OrderEvent::ReviewOpened,
        OrderEvent::InquiryOpened,
        OrderEvent::InquiryClosed,
        OrderEvent::ReviewClosed,
    ];
    assert_eq!((order.status(), told), (Status::Paid, expected.to_vec()));
    let warnings = order.warning_records();
    let shown: Vec<_> = warnings
        .iter()
        .map(|w| (w.id.as_str(), w.kind, w.is_open))
        .collect();
    let is_closed = [
        ("issfr_1", WarningKind::EarlyFraudWarning, false),
        ("prv_1", WarningKind::Review, false),
    ];
    assert_eq!(shown, is_closed);
}

#[test]
fn an_inquiry_that_becomes_a_dispute_is_told_as_both() {
    let events = [
        attempt(NOW, "succeeded"),
        dispute_over(1500, "dp_1", "warning_closed", (NOW, 0)),
        dispute_over(1500, "dp_1", "needs_response", (NOW, 1)),
        dispute_over(1500, "dp_1", "lost", (NOW + 1, 1)),
        dispute_over(1500, "dp_1", "won", (NOW + 2, 2)),
    ];
    let told = after(&events).1;
    assert_eq!(
        told,
        [
            OrderEvent::Paid,
            OrderEvent::InquiryClosed,
            OrderEvent::Disputed,
            OrderEvent::DisputeLost,
            OrderEvent::DisputeWon,
        ]
    );
}

#[test]
fn a_dispute_that_an_earlier_version_wrote_is_read_and_goes_on() {
    for (stage, status, after_late) in [
        ("inquiry", Status::Paid, Status::Disputed),
        ("open", Status::Disputed, Status::Disputed),
        ("inquiry_closed", Status::Paid, Status::Disputed),
        // A decision stands, whatever comes late; that only a part was lost is new.
        ("lost", Status::DisputeLost, Status::Paid),
        ("won", Status::DisputeWon, Status::DisputeWon),
    ] {
        let paid = after(&[attempt(NOW, "succeeded")]).0;
        let mut text = serde_json::to_value(&paid).unwrap();
        text["facts"]["disputes"] = serde_json::json!({ "dp_1": stage });
        let order: Order = serde_json::from_value(text).unwrap();
        assert_eq!(order.status(), status, "{stage}");

        let late = dispute_over(700, "dp_1", "under_review", (NOW, 1));
        let order = after_from(order, &[late]).0;
        assert_eq!(order.status(), after_late, "{stage}");
        assert_eq!(order.dispute_records()[0].amount, Some(700));
        let reversed = dispute_over(1500, "dp_1", "lost", (NOW, 3));
        assert_eq!(
            after_from(order, &[reversed]).0.status(),
            Status::DisputeLost
        );
    }
}
