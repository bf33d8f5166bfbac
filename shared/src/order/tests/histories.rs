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
    let lists = refunds.clone();
    let disputes = prop::sample::select(vec![
        "prevented",
        "warning_needs_response",
        "needs_response",
        "under_review",
        "warning_closed",
        "won",
        "lost",
    ]);
    let asks = prop::sample::select(vec![
        "boleto_display_details",
        "display_bank_transfer_instructions",
        "use_stripe_sdk",
    ]);
    prop_oneof![
        3 => (second.clone(), statuses).prop_map(|(at, status)| attempt(at, status)),
        1 => second.clone().prop_map(failed_attempt),
        1 => (second.clone(), 0..3_usize).prop_map(|(at, n)| failed_charge(at, n)),
        1 => (second.clone(), asks).prop_map(|(at, action)| awaited::asking(at, action)),
        1 => (0..4_i64, refunds.clone()).prop_map(|(n, status)| {
            let request = format!("rfd_{}", n % 2);
            refund_for(&request, &format!("re_{n}"), (n + 1) * 100, status)
        }),
        2 => (0..3_i64, refunds)
            .prop_map(|(n, status)| refund(&format!("re_{n}"), (n + 1) * 100, status)),
        1 => prop::collection::vec(lists, 0..3)
            .prop_map(|statuses| refunds::listed(&amounts(statuses))),
        1 => (NOW..NOW + 3, 0..2, 0..4_usize, disputes).prop_map(|(at, n, movements, status)| {
            disputes::dispute_over(700, &format!("dp_{n}"), status, (at, movements))
        }),
        1 => (0..2, any::<bool>())
            .prop_map(|(n, is_open)| disputes::review(&format!("prv_{n}"), is_open)),
        1 => any::<bool>().prop_map(|is_open| disputes::early_fraud_warning("issfr_1", is_open)),
    ]
}

/// The refunds with these statuses, each of an amount that goes with its number.
fn amounts(statuses: Vec<&'static str>) -> Vec<(i64, &'static str)> {
    (1..).map(|n| n * 100).zip(statuses).collect()
}

/// An order with refund requests.
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

/// One event of an order whose session is open, after its own intent and another session were
/// closed.
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
        1 => second.clone().prop_map(|at| {
            active_payments::page_event(at, 1, ("checkout.session.expired", "expired", "unpaid"))
        }),
        4 => (second.clone(), pages)
            .prop_map(|(at, told)| active_payments::page_event(at, 2, told)),
        3 => (second, of_page).prop_map(|(at, status)| active_payments::page_intent(at, 2, status)),
        1 => Just(refund("re_0", 100, "succeeded")),
    ]
}

/// Stripe's report on one of the intents `pi_0` to `pi_2`, or on one of two first sessions, all of
/// which name the order; with or without `succeeded`.
fn any_event_of_several(succeeded: bool) -> impl Strategy<Value = Event> {
    let second = NOW..NOW + 3;
    let mut statuses = vec![
        "requires_payment_method",
        "requires_action",
        "processing",
        "canceled",
    ];
    if succeeded {
        statuses.extend(["succeeded"; 2]);
    }
    let of_form = (second.clone(), 0..3, prop::sample::select(statuses.clone()))
        .prop_map(|(at, n, status)| of_intent(n, attempt(at, status)));
    let failed = (second.clone(), 0..3).prop_map(|(at, n)| of_intent(n, failed_attempt(at)));
    let pages = prop::sample::select(vec![
        ("checkout.session.completed", "complete", "unpaid"),
        (
            "checkout.session.async_payment_failed",
            "complete",
            "unpaid",
        ),
        ("checkout.session.expired", "expired", "unpaid"),
    ]);
    let of_session =
        (second.clone(), pages).prop_map(|(at, told)| active_payments::page_event(at, 0, told));
    let of_page = (
        second,
        prop::sample::select(vec!["requires_action", "processing", "canceled"]),
    )
        .prop_map(|(at, status)| active_payments::page_intent(at, 0, status));
    prop_oneof![4 => of_form, 2 => failed, 1 => of_session, 1 => of_page]
}

/// `event`, as another intent reports it.
fn of_intent(n: i32, mut event: Event) -> Event {
    if let Subject::Intent(intent) = &mut event.subject {
        intent.id = format!("pi_{n}");
    }
    event
}

fn succeeds(event: &Event) -> Option<&str> {
    match &event.subject {
        Subject::Intent(intent) if intent.status == "succeeded" => Some(&intent.id),
        _ => None,
    }
}

/// `order` after `events`: its state, the number of times it was paid, and the intents of any money
/// that was not the order's.
fn outcome(mut order: Order, events: &[Event]) -> (Order, usize, Vec<String>) {
    let (mut paid, mut not_its_own) = (0, Vec::new());
    for event in events {
        match order.apply(event, NOW) {
            Ok(Some(step)) => {
                paid += step
                    .events
                    .iter()
                    .filter(|h| **h == OrderEvent::Paid)
                    .count();
                order = step.order;
            }
            Ok(None) => {}
            Err(mismatch) => {
                assert_eq!(mismatch, Mismatch::Intent);
                not_its_own.extend(succeeds(event).map(str::to_owned));
            }
        }
    }
    not_its_own.sort();
    not_its_own.dedup();
    (order, paid, not_its_own)
}

/// A step in an order with several attempts: updates in their order, and the events of each attempt
/// at any time after it was created, even before its update.
#[derive(Clone, Debug)]
enum Told {
    PaymentUpdate(PaymentUpdate),
    Event(Box<Event>),
}

/// The attempts of an order: its form's intent `pi_1`, then two sessions, then the intent `pi_4`.
/// Their number varies, and so do the reports of each until it is closed.
fn any_ways() -> impl Strategy<Value = Vec<Vec<Event>>> {
    let second = || NOW..NOW + 3;
    let statuses = || {
        prop::sample::select(vec![
            "requires_payment_method",
            "requires_action",
            "processing",
        ])
    };
    let of_form = move |n: i32| {
        prop_oneof![
            (second(), statuses()).prop_map(move |(at, status)| of_intent(n, attempt(at, status))),
            second().prop_map(move |at| of_intent(n, failed_attempt(at))),
            second().prop_map(move |at| of_intent(n, attempt(at, "canceled"))),
        ]
        .boxed()
    };
    let of_page = move |n: usize| {
        let told = prop::sample::select(vec![
            ("checkout.session.completed", "complete", "unpaid"),
            (
                "checkout.session.async_payment_failed",
                "complete",
                "unpaid",
            ),
            ("checkout.session.expired", "expired", "unpaid"),
        ]);
        prop_oneof![
            (second(), statuses())
                .prop_map(move |(at, status)| active_payments::page_intent(at, n, status)),
            (second(), told).prop_map(move |(at, told)| active_payments::page_event(at, n, told)),
        ]
        .boxed()
    };
    let some = |events| prop::collection::vec(events, 0..5);
    (
        some(of_form(1)),
        some(of_page(1)),
        some(of_page(2)),
        some(of_form(4)),
        1..=4_usize,
    )
        .prop_map(|(first, second, third, fourth, count)| {
            [first, second, third, fourth]
                .into_iter()
                .take(count)
                .collect()
        })
}

fn way(n: usize, order: &Order) -> (PaymentUpdate, String) {
    match n {
        0 => (note_intent("pi_1"), "pi_1".to_owned()),
        3 => (note_intent("pi_4"), "pi_4".to_owned()),
        n => (
            note_session(active_payments::session(n, order), n),
            format!("cs_{n}"),
        ),
    }
}

/// The updates of `ways` in their order, and among them all events in the order of `picks`. Each is
/// as early or as late as its pick says, but after its attempt could be created.
fn interleaved(ways: &[Vec<Event>], picks: &[(usize, bool)]) -> Vec<Told> {
    let order = not_noted();
    // Between the updates there are slots; an attempt is created in the slot before its update.
    let mut slots = vec![Vec::<Event>::new(); ways.len()];
    let mut after_note = slots.clone();
    let mut picks = picks.iter().cycle();
    for (n, events) in ways.iter().enumerate() {
        for event in events.iter().chain(events) {
            let (pick, early) = picks.next().unwrap();
            let slot = n + pick % (ways.len() - n);
            let place = if *early {
                &mut slots[slot]
            } else {
                &mut after_note[slot]
            };
            let at = pick % (place.len() + 1);
            place.insert(at, event.clone());
        }
    }
    let mut told = Vec::new();
    for n in 0..ways.len() {
        told.extend(slots[n].drain(..).map(|event| Told::Event(Box::new(event))));
        let (note, id) = way(n, &order);
        told.push(Told::PaymentUpdate(note));
        told.extend(
            after_note[n]
                .drain(..)
                .map(|event| Told::Event(Box::new(event))),
        );
        if n + 1 < ways.len() {
            let closing = (n == 0).then(|| PaymentUpdate::Closing(id.clone()));
            told.extend(
                closing
                    .into_iter()
                    .chain([PaymentUpdate::Closed(id)])
                    .map(Told::PaymentUpdate),
            );
        }
    }
    told
}

fn after_all(told: &[Told]) -> Order {
    let mut order = not_noted();
    for told in told {
        match told {
            Told::PaymentUpdate(note) => assert!(order.update_payment(note, NOW), "{note:?}"),
            Told::Event(event) => {
                if let Some(step) = order.apply(event, NOW).expect("the order's own") {
                    order = step.order;
                }
            }
        }
    }
    order
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn events_of_several_intents_before_any_note_end_in_the_same_state_in_any_order(
        (history, shuffled) in prop::collection::vec(any_event_of_several(true), 0..12)
            .prop_flat_map(|history| {
            let repeated: Vec<Event> = history.iter().chain(&history).cloned().collect();
            (Just(history), Just(repeated).prop_shuffle())
        })
    ) {
        let (straight, paid, others) = outcome(not_noted(), &history);
        let (mixed, paid_mixed, others_mixed) = outcome(not_noted(), &shuffled);

        let mut payers: Vec<&str> = history.iter().filter_map(succeeds).collect();
        payers.sort_unstable();
        payers.dedup();
        prop_assert_eq!(straight.status(), mixed.status());
        prop_assert_eq!((paid, paid_mixed), (payers.len().min(1), payers.len().min(1)));
        // All money but the first is quarantined, whichever came first.
        for (order, others) in [(&straight, others), (&mixed, others_mixed)] {
            let mut all = others;
            all.extend(order.paid_at().and(order.intent()).map(str::to_owned));
            all.sort_unstable();
            prop_assert_eq!(&all, &payers);
        }
        if payers.len() < 2 {
            prop_assert_eq!(straight, mixed);
        }
    }

    #[test]
    fn a_note_means_the_same_before_events_and_after_them(
        history in prop::collection::vec(any_event_of_several(false), 0..12),
        at in any::<prop::sample::Index>(),
        is_page in any::<bool>(),
    ) {
        let note = match is_page {
            true => note_session(active_payments::session(0, &not_noted()), 0),
            false => note_intent("pi_1"),
        };
        let after_noting_at = |at: usize| {
            let (mut order, ..) = outcome(not_noted(), &history[..at]);
            assert!(order.update_payment(&note, NOW));
            outcome(order, &history[at..]).0
        };

        prop_assert_eq!(after_noting_at(0), after_noting_at(at.index(history.len() + 1)));
    }

    #[test]
    fn events_of_each_way_may_come_before_its_note_and_after_it_is_closed(
        ways in any_ways(),
        picks in prop::collection::vec((0..1_000_usize, any::<bool>()), 40),
    ) {
        let in_time = interleaved(&ways, &[(0, false)]);
        let mixed = interleaved(&ways, &picks);

        prop_assert_eq!(after_all(&in_time), after_all(&mixed), "{:#?}", mixed);
    }

    #[test]
    fn any_order_and_repetition_of_events_ends_in_the_same_state(
        (history, shuffled) in history_and_shuffle()
    ) {
        let (straight, told) = after_from(asked(), &history);
        let (mixed, told_mixed) = after_from(asked(), &shuffled);

        prop_assert_eq!(&straight, &mixed);
        let paid = |told: &[OrderEvent]| told.iter().filter(|h| **h == OrderEvent::Paid).count();
        prop_assert_eq!(paid(&told), usize::from(straight.paid_at().is_some()));
        prop_assert_eq!(paid(&told), paid(&told_mixed));
    }

    #[test]
    fn any_order_and_repetition_of_events_of_pages_ends_in_the_same_state(
        (history, shuffled) in prop::collection::vec(any_event_of_pages(), 0..12)
            .prop_flat_map(|history| {
            let repeated: Vec<Event> = history.iter().chain(&history).cloned().collect();
            (Just(history), Just(repeated).prop_shuffle())
        })
    ) {
        let (straight, told) = after_from(active_payments::with_pages(), &history);
        let (mixed, told_mixed) = after_from(active_payments::with_pages(), &shuffled);

        prop_assert_eq!(&straight, &mixed);
        prop_assert_ne!(straight.status(), Status::Canceled);
        let paid = |told: &[OrderEvent]| told.iter().filter(|h| **h == OrderEvent::Paid).count();
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
    fn an_order_survives_being_written_and_read(
        history in prop::collection::vec(any_event(), 0..12)
    ) {
        let (order, _) = after_from(asked(), &history);
        let text = serde_json::to_string(&order).unwrap();
        prop_assert_eq!(serde_json::from_str::<Order>(&text).unwrap(), order);
    }
}
