//! Whole histories of an order, repeated and in any order.

use proptest::prelude::*;

use super::*;

/// One event of an order's own history; few distinct seconds, so that many share one.
fn any_event() -> impl Strategy<Value = Event> {
    let second = NOW..NOW + 3;
    let statuses = prop::sample::select(vec![
        "requires_payment_method",
        "requires_action",
        "processing",
        "succeeded",
        "canceled",
        "unheard_of",
    ]);
    let refunds = prop::sample::select(vec![
        "pending",
        "requires_action",
        "succeeded",
        "failed",
        "canceled",
    ]);
    let disputes = prop::sample::select(vec![
        "warning_needs_response",
        "needs_response",
        "under_review",
        "warning_closed",
        "won",
        "lost",
    ]);
    prop_oneof![
        3 => (second.clone(), statuses).prop_map(|(at, status)| attempt(at, status)),
        1 => second.clone().prop_map(failed_attempt),
        1 => (0..4_i64, refunds.clone()).prop_map(|(n, status)| {
            let request = format!("rfd_{}", n % 2);
            refund_for(&request, &format!("re_{n}"), (n + 1) * 100, status)
        }),
        2 => (0..3_i64, refunds).prop_map(|(n, status)| refund(&format!("re_{n}"), (n + 1) * 100, status)),
        1 => (0..=1500_i64).prop_map(charge_refunded),
        1 => (0..2, disputes).prop_map(|(n, status)| dispute(&format!("dp_{n}"), status)),
    ]
}

/// An order of which some money is asked back.
fn asked() -> Order {
    let mut order = order();
    for (id, amount) in [("rfd_0", 100), ("rfd_1", 200)] {
        assert!(order.reserve_refund(request(id, amount)));
    }
    order
}

/// A history, and the same with repetitions in another order.
fn history_and_shuffle() -> impl Strategy<Value = (Vec<Event>, Vec<Event>)> {
    prop::collection::vec(any_event(), 0..12).prop_flat_map(|history| {
        let repeated: Vec<Event> = history.iter().chain(&history).cloned().collect();
        (Just(history), Just(repeated).prop_shuffle())
    })
}

/// One event of an order whose page is open, after its own intent and another page were closed.
fn any_event_of_pages() -> impl Strategy<Value = Event> {
    let second = NOW..NOW + 3;
    let intents = prop::sample::select(vec![
        "requires_payment_method",
        "requires_action",
        "processing",
        "canceled",
    ]);
    let pages = prop::sample::select(vec![
        ("checkout.session.completed", "complete", "unpaid"),
        ("checkout.session.completed", "complete", "paid"),
        (
            "checkout.session.async_payment_succeeded",
            "complete",
            "paid",
        ),
        (
            "checkout.session.async_payment_failed",
            "complete",
            "unpaid",
        ),
        ("checkout.session.expired", "expired", "unpaid"),
    ]);
    let of_page = prop::sample::select(vec![
        "requires_action",
        "processing",
        "succeeded",
        "canceled",
    ]);
    prop_oneof![
        2 => (second.clone(), intents).prop_map(|(at, status)| attempt(at, status)),
        1 => second.clone().prop_map(failed_attempt),
        1 => second.clone().prop_map(|at| ways::page_event(at, 1, ("checkout.session.expired", "expired", "unpaid"))),
        4 => (second.clone(), pages).prop_map(|(at, told)| ways::page_event(at, 2, told)),
        3 => (second, of_page).prop_map(|(at, status)| ways::page_intent(at, 2, status)),
        1 => (0..=1500_i64).prop_map(charge_refunded),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn any_order_and_repetition_of_events_ends_in_the_same_state((history, shuffled) in history_and_shuffle()) {
        let (straight, told) = after_from(asked(), &history);
        let (mixed, told_mixed) = after_from(asked(), &shuffled);

        prop_assert_eq!(&straight, &mixed);
        let paid = |told: &[Happening]| told.iter().filter(|h| **h == Happening::Paid).count();
        prop_assert_eq!(paid(&told), usize::from(straight.paid_at().is_some()));
        prop_assert_eq!(paid(&told), paid(&told_mixed));
    }

    #[test]
    fn any_order_and_repetition_of_events_of_pages_ends_in_the_same_state(
        (history, shuffled) in prop::collection::vec(any_event_of_pages(), 0..12).prop_flat_map(|history| {
            let repeated: Vec<Event> = history.iter().chain(&history).cloned().collect();
            (Just(history), Just(repeated).prop_shuffle())
        })
    ) {
        let (straight, told) = after_from(ways::with_pages(), &history);
        let (mixed, told_mixed) = after_from(ways::with_pages(), &shuffled);

        prop_assert_eq!(&straight, &mixed);
        prop_assert_ne!(straight.status(), Status::Canceled);
        let paid = |told: &[Happening]| told.iter().filter(|h| **h == Happening::Paid).count();
        prop_assert_eq!(paid(&told), usize::from(straight.paid_at().is_some()));
        prop_assert_eq!(paid(&told), paid(&told_mixed));
        let text = serde_json::to_string(&straight).unwrap();
        prop_assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), straight);
    }

    #[test]
    fn what_is_decided_never_runs_backwards(history in prop::collection::vec(any_event(), 0..20)) {
        let mut before = order();
        for event in history {
            let Some(step) = before.apply(&event, NOW).unwrap() else { continue };
            let was_money = before.paid_at().is_some();
            prop_assert!(!was_money || step.order.paid_at().is_some());
            prop_assert!(before.status() != Status::Canceled || !matches!(step.order.status(),
                Status::Created | Status::RequiresAction | Status::Processing | Status::Failed));
            before = step.order;
        }
    }

    #[test]
    fn an_order_survives_being_written_and_read(history in prop::collection::vec(any_event(), 0..12)) {
        let (order, _) = after_from(asked(), &history);
        let text = serde_json::to_string(&order).unwrap();
        prop_assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
    }
}
