//! What a Checkout Session adds to an order's amount.

use proptest::prelude::*;

use super::{
    active_payments::{page, page_intent, session, with_pages},
    *,
};
use crate::{checkout::AddedParts, event::TotalDetails};

const ALL: AddedParts = AddedParts {
    discount: true,
    tax: true,
    shipping: true,
};

/// An order of 1500 whose open session, the second, `allows` these parts.
fn with_session(allows: AddedParts) -> Order {
    let mut order = with_pages();
    assert!(order.update_payment(&PaymentUpdate::Closed("cs_2".to_owned()), NOW));
    let open = Session {
        allows,
        ..session(3, &order)
    };
    assert!(order.update_payment(&note_session(open, 3), NOW));
    order
}

/// The session of such an order, paid with these totals.
fn paid_page(totals: Totals) -> CheckoutSession {
    let page = page(3, "complete", "paid");
    CheckoutSession {
        amount_subtotal: Some(totals.subtotal),
        amount_total: Some(totals.total),
        total_details: Some(TotalDetails {
            amount_discount: Some(totals.discount),
            amount_shipping: Some(totals.shipping),
            amount_tax: Some(totals.tax),
        }),
        payment_status: match totals.total {
            0 => "no_payment_required".to_owned(),
            _ => page.payment_status.clone(),
        },
        payment_intent: page.payment_intent.clone().filter(|_| totals.total > 0),
        ..page
    }
}

fn completed(at: i64, page: CheckoutSession) -> Event {
    let mut event = event(at, Subject::Session(Box::new(page)));
    event.kind = "checkout.session.completed".to_owned();
    event
}

/// The intent of the session succeeded; it was fetched with its session.
fn succeeded(at: i64, page: CheckoutSession) -> Event {
    let mut event = page_intent(at, 3, "succeeded");
    event.kind = "payment_intent.succeeded".to_owned();
    if let Subject::Intent(intent) = &mut event.subject {
        let total = page.amount_total.unwrap();
        (intent.amount, intent.amount_received) = (total, Some(total));
    }
    event.session = Some(Box::new(page));
    event
}

fn totals(discount: i64, tax: i64, shipping: i64, total: i64) -> Totals {
    Totals {
        subtotal: 1500,
        discount,
        tax,
        shipping,
        total,
    }
}

#[test]
fn an_order_is_paid_with_the_parts_that_its_session_added() {
    let cases = [
        ("nothing", totals(0, 0, 0, 1500)),
        ("a discount", totals(500, 0, 0, 1000)),
        ("tax on top", totals(0, 285, 0, 1785)),
        ("tax in the price", totals(0, 239, 0, 1500)),
        ("shipping", totals(0, 0, 490, 1990)),
        ("all of them", totals(150, 349, 490, 2189)),
        (
            "tax in the price, and on top of shipping",
            totals(0, 332, 490, 2083),
        ),
        ("everything for nothing", totals(1500, 0, 0, 0)),
    ];
    for (what, totals) in cases {
        let step = with_session(ALL).apply(&completed(NOW, paid_page(totals)), NOW);
        let step = step.unwrap().unwrap();

        assert_eq!(step.events, [OrderEvent::Paid], "{what}");
        assert_eq!(step.order.status(), Status::Paid, "{what}");
        assert_eq!(step.order.totals(), totals, "{what}");
        assert_eq!(step.order.left_to_refund(), totals.total, "{what}");
    }
}

#[test]
fn a_part_that_the_session_did_not_allow_is_a_mismatch() {
    let none = AddedParts::default();
    let cases = [
        (
            AddedParts {
                discount: false,
                ..ALL
            },
            totals(1, 0, 0, 1499),
        ),
        (AddedParts { tax: false, ..ALL }, totals(0, 285, 0, 1785)),
        (AddedParts { tax: false, ..ALL }, totals(0, 285, 0, 1500)),
        (
            AddedParts {
                shipping: false,
                ..ALL
            },
            totals(0, 0, 1, 1501),
        ),
        (none, totals(1500, 0, 0, 0)),
    ];
    for (allows, totals) in cases {
        let order = with_session(allows);
        let page = paid_page(totals);
        let told = completed(NOW, page.clone());
        assert_eq!(order.apply(&told, NOW), Err(Mismatch::Part), "{totals:?}");
        let told = succeeded(NOW, page);
        let refused = order.apply(&told, NOW).unwrap_err();
        assert!(
            matches!(refused, Mismatch::Part | Mismatch::Session),
            "{totals:?}"
        );
    }
}

#[test]
fn parts_that_do_not_add_up_are_a_mismatch() {
    let cases = [
        totals(0, 0, 0, 1499),
        totals(0, 100, 0, 1601),
        totals(0, 100, 0, 1499),
        totals(-1, 0, 0, 1501),
        totals(0, -1, 0, 1500),
        totals(2000, 0, 0, -500),
        totals(i64::MIN, 0, 0, 1500),
        totals(0, 0, i64::MAX, 1500),
    ];
    for totals in cases {
        let told = completed(NOW, paid_page(totals));
        assert_eq!(
            with_session(ALL).apply(&told, NOW),
            Err(Mismatch::Sum),
            "{totals:?}"
        );
    }
}

#[test]
fn a_session_of_another_subtotal_is_a_mismatch_whatever_its_total() {
    let page = paid_page(Totals {
        subtotal: 2000,
        ..totals(500, 0, 0, 1500)
    });

    let refused = with_session(ALL).apply(&completed(NOW, page), NOW);
    assert_eq!(refused, Err(Mismatch::Amount));
}

#[test]
fn the_intent_of_a_session_is_not_judged_alone() {
    let page = paid_page(totals(500, 0, 0, 1000));
    let mut alone = succeeded(NOW, page.clone());
    alone.session = None;
    let order = with_session(ALL);
    assert_eq!(order.apply(&alone, NOW), Err(Mismatch::Session));
    let mut of_another = succeeded(NOW, page.clone());
    of_another.session.as_mut().unwrap().payment_intent = Some("pi_another".to_owned());
    assert_eq!(order.apply(&of_another, NOW), Err(Mismatch::Session));

    // Once its session paid the order, it needs none.
    let paid = order
        .apply(&completed(NOW, page), NOW)
        .unwrap()
        .unwrap()
        .order;
    let again = paid.apply(&alone, NOW).unwrap().unwrap();
    assert_eq!(again.events, []);
    assert_eq!(again.order.totals(), totals(500, 0, 0, 1000));
}

#[test]
fn a_payment_of_another_amount_than_was_authorized_is_paid_with_what_was_received() {
    for received in [900, 1600] {
        let mut told = attempt(NOW, "succeeded");
        if let Subject::Intent(intent) = &mut told.subject {
            intent.amount_received = Some(received);
        }
        let step = order().apply(&told, NOW).unwrap().unwrap();

        assert_eq!(step.edited, Some(Mismatch::Received));
        assert_eq!(step.order.total(), usd(received));
        assert_eq!(step.order.left_to_refund(), received);
    }
}

#[test]
fn an_order_of_zero_is_paid_without_a_payment_and_only_once() {
    let owner = CallerId::parse("ada").unwrap();
    let id = OrderId::parse("o_1").unwrap();
    let free = Order::new(id, owner, contents(0, 1), NOW);
    let told = Event::nothing_to_pay("o_1", &free.revision().digest, NOW);
    let step = free.apply(&told, NOW).unwrap().unwrap();

    assert_eq!(step.events, [OrderEvent::Paid]);
    assert_eq!(
        (step.order.status(), step.order.intent()),
        (Status::Paid, None)
    );
    assert_eq!(step.order.left_to_refund(), 0);
    assert_eq!(step.order.apply(&told, NOW), Ok(None));
    let paid_again = attempt(NOW, "succeeded");
    assert!(step.order.apply(&paid_again, NOW).is_err());
}

#[test]
fn an_order_with_an_amount_is_never_marked_as_free() {
    let owner = CallerId::parse("ada").unwrap();
    let id = OrderId::parse("o_1").unwrap();
    let order = Order::new(id, owner, contents(1500, 1), NOW);
    let told = Event::nothing_to_pay("o_1", &order.revision().digest, NOW);

    assert_eq!(order.apply(&told, NOW), Err(Mismatch::Amount));
}

#[test]
fn who_paid_is_kept_and_shown_by_no_debug() {
    let details = serde_json::json!({ "id": "cs_3", "payment_status": "paid",
        "customer_details": { "email": "ada@example.com", "name": "Ada Lovelace",
            "address": { "line1": "Torstr. 1", "city": "Berlin" } },
        "collected_information": { "shipping_details": { "name": "Charles Babbage" } },
        "custom_fields": [{ "key": "engraving", "text": { "value": "Analytical" } }] });
    let told: CheckoutSession = serde_json::from_value(details).unwrap();
    let page = CheckoutSession {
        customer_details: told.customer_details,
        collected_information: told.collected_information,
        custom_fields: told.custom_fields,
        ..paid_page(totals(0, 0, 0, 1500))
    };
    let told = completed(NOW, page);
    let paid = with_session(ALL).apply(&told, NOW).unwrap().unwrap().order;

    let payer = serde_json::to_string(&paid.payer()).unwrap();
    let debug = format!("{told:?} {paid:?} {:?}", paid.payer());
    for known in [
        "ada@",
        "Lovelace",
        "Torstr",
        "Berlin",
        "Babbage",
        "Analytical",
    ] {
        assert!(payer.contains(known), "{known}: {payer}");
        assert!(!debug.contains(known), "{known}: {debug}");
    }

    let omitted = Event {
        names_payer: false,
        ..told
    };
    let paid = with_session(ALL)
        .apply(&omitted, NOW)
        .unwrap()
        .unwrap()
        .order;
    assert_eq!(serde_json::to_string(&paid.payer()).unwrap(), "{}");
    assert!(!serde_json::to_string(&paid).unwrap().contains("ada@"));
}

fn any_totals() -> impl Strategy<Value = Totals> {
    (
        0..=1500_i64,
        0..400_i64,
        0..900_i64,
        any::<prop::sample::Index>(),
    )
        .prop_map(|(discount, tax, shipping, added)| {
            let added = i64::try_from(added.index(401)).unwrap().min(tax);
            totals(discount, tax, shipping, 1500 - discount + shipping + added)
        })
}

proptest! {
    #[test]
    fn whichever_of_session_and_intent_is_reported_first_the_order_ends_alike(
        totals in any_totals(),
        shuffled in Just(vec![0, 1, 0, 1]).prop_shuffle(),
        (session_at, intent_at) in (NOW..NOW + 3, NOW..NOW + 3),
    ) {
        let page = paid_page(totals);
        let mut told = vec![completed(session_at, page.clone())];
        if totals.total > 0 {
            told.push(succeeded(intent_at, page));
        }
        let end = |history: &[&Event]| {
            let mut order = with_session(ALL);
            let mut events = Vec::new();
            for event in history {
                let step = order.apply(event, NOW).unwrap().unwrap();
                events.extend(step.events);
                order = step.order;
            }
            (order, events)
        };
        let shuffled: Vec<&Event> = shuffled.iter().map(|n| &told[n % told.len()]).collect();
        let straight: Vec<&Event> = told.iter().collect();

        prop_assert_eq!(end(&shuffled), end(&straight));
        let (order, events) = end(&straight);
        prop_assert_eq!(order.totals(), totals);
        prop_assert_eq!(events, [OrderEvent::Paid]);
    }
}
