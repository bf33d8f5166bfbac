//! Attempts at an order, one after the other, and Stripe's reports on each.

use super::*;
use crate::{
    checkout::{AddedParts, DueToday},
    order::{ActivePayment, MAX_ATTEMPTS, PaymentUpdate, Session},
};

pub(super) fn session(n: usize, order: &Order) -> Session {
    Session {
        id: format!("cs_{n}"),
        contents: order.revision().digest.clone(),
        returns: "r".to_owned(),
        allows: AddedParts::default(),
        due: DueToday::All,
    }
}

fn closed(id: &str) -> PaymentUpdate {
    PaymentUpdate::Closed(id.to_owned())
}

/// An order whose own intent and first Checkout Session are closed; the second session is active.
pub(super) fn with_pages() -> Order {
    let mut order = order();
    assert!(order.update_payment(&PaymentUpdate::Closing("pi_1".to_owned()), NOW));
    assert!(order.update_payment(&closed("pi_1"), NOW));
    for n in [1, 2] {
        let made = session(n, &order);
        assert!(order.update_payment(&note_session(made, n), NOW));
        if n == 1 {
            assert!(order.update_payment(&closed("cs_1"), NOW));
        }
    }
    order
}

fn written(n: usize) -> BTreeMap<String, String> {
    let mut metadata = intent(&order(), "x").metadata.unwrap();
    metadata.insert(IntentKeys::PAGE.to_owned(), n.to_string());
    metadata
}

/// The event of the session with this number: its type, and the session's two states.
pub(super) fn page_event(at: i64, n: usize, told: (&str, &str, &str)) -> Event {
    let (kind, status, payment_status) = told;
    let mut event = event(
        at,
        Subject::Session(Box::new(page(n, status, payment_status))),
    );
    event.kind = kind.to_owned();
    event
}

/// The session with this number, in these states.
pub(super) fn page(n: usize, status: &str, payment_status: &str) -> CheckoutSession {
    CheckoutSession {
        id: format!("cs_{n}"),
        amount_subtotal: Some(1500),
        amount_total: Some(1500),
        total_details: None,
        mode: Some("payment".to_owned()),
        subscription: None,
        invoice: None,
        customer_details: None,
        collected_information: None,
        shipping_cost: None,
        custom_fields: None,
        currency: Some("usd".to_owned()),
        status: Some(status.to_owned()),
        payment_status: payment_status.to_owned(),
        payment_intent: (status == "complete").then(|| format!("pi_page_{n}")),
        client_reference_id: None,
        metadata: Some(written(n)),
    }
}

/// The event of the intent of the session with this number.
pub(super) fn page_intent(at: i64, n: usize, status: &str) -> Event {
    let mut of_page = intent(&order(), status);
    of_page.id = format!("pi_page_{n}");
    of_page.metadata = Some(written(n));
    let mut event = event(at, Subject::Intent(of_page));
    event.session = (status == "succeeded").then(|| Box::new(page(n, "complete", "paid")));
    event
}

const COMPLETED: &str = "checkout.session.completed";
const SUCCEEDED: &str = "checkout.session.async_payment_succeeded";
const FAILED: &str = "checkout.session.async_payment_failed";
const EXPIRED: &str = "checkout.session.expired";

#[test]
fn each_history_of_a_page_ends_in_its_state() {
    let unpaid = || page_event(NOW, 2, (COMPLETED, "complete", "unpaid"));
    let failed = || page_event(NOW + 9, 2, (FAILED, "complete", "unpaid"));
    let expired = |n| page_event(NOW + 9, n, (EXPIRED, "expired", "unpaid"));
    let cases = [
        (vec![unpaid()], Status::Processing),
        (
            vec![page_event(NOW, 2, (COMPLETED, "complete", "paid"))],
            Status::Paid,
        ),
        (
            vec![
                unpaid(),
                page_event(NOW, 2, (SUCCEEDED, "complete", "paid")),
            ],
            Status::Paid,
        ),
        (vec![unpaid(), failed()], Status::Failed),
        (vec![failed(), unpaid()], Status::Failed),
        (
            vec![page_intent(NOW, 2, "requires_action"), expired(2)],
            Status::Expired,
        ),
        (
            vec![expired(2), page_intent(NOW + 10, 2, "canceled")],
            Status::Expired,
        ),
        (vec![page_intent(NOW + 9, 2, "canceled")], Status::Created),
        (vec![attempt(NOW + 9, "canceled")], Status::Created),
        (
            vec![page_intent(NOW, 2, "succeeded"), expired(1)],
            Status::Paid,
        ),
        (
            vec![page_event(
                NOW,
                2,
                (COMPLETED, "complete", "no_payment_required"),
            )],
            Status::Processing,
        ),
    ];
    for (events, status) in cases {
        assert_eq!(
            after_from(with_pages(), &events).0.status(),
            status,
            "{events:#?}"
        );
    }
}

#[test]
fn a_payment_that_session_and_intent_tell_is_one() {
    let told = [
        page_event(NOW, 2, (COMPLETED, "complete", "paid")),
        page_intent(NOW, 2, "succeeded"),
        page_event(NOW, 2, (COMPLETED, "complete", "paid")),
    ];
    let (order, events) = after_from(with_pages(), &told);

    assert_eq!(events, [OrderEvent::Paid]);
    assert_eq!(order.intent(), Some("pi_page_2"));
}

#[test]
fn a_failure_that_session_and_intent_tell_is_told_once() {
    let mut intent = page_intent(NOW, 2, "requires_payment_method");
    if let Subject::Intent(intent) = &mut intent.subject {
        intent.last_payment_error = Some(PaymentError::default());
    }
    let page = page_event(NOW, 2, (FAILED, "complete", "unpaid"));
    for history in [[intent.clone(), page.clone()], [page, intent]] {
        let told = after_from(with_pages(), &history).1;
        assert_eq!(told, [OrderEvent::PaymentFailed]);
    }
}

#[test]
fn money_that_comes_another_way_is_a_mismatch() {
    let paid = after_from(with_pages(), &[page_intent(NOW, 2, "succeeded")]).0;
    let cases = [
        // A second payment, on any attempt.
        (&paid, page_intent(NOW, 1, "succeeded"), Mismatch::Intent),
        (
            &paid,
            page_event(NOW, 1, (COMPLETED, "complete", "paid")),
            Mismatch::Intent,
        ),
        (&paid, attempt(NOW, "succeeded"), Mismatch::Intent),
        // Checkout Sessions that the order never had.
        (
            &with_pages(),
            page_intent(NOW, 3, "succeeded"),
            Mismatch::Intent,
        ),
        (
            &with_pages(),
            page_event(NOW, 3, (COMPLETED, "complete", "paid")),
            Mismatch::Session,
        ),
        (
            &with_pages(),
            page_intent(NOW, 0, "succeeded"),
            Mismatch::Intent,
        ),
    ];
    for (order, event, mismatch) in cases {
        assert_eq!(order.apply(&event, NOW), Err(mismatch), "{event:#?}");
    }
    let mut another = page_event(NOW, 2, (COMPLETED, "complete", "paid"));
    if let Subject::Session(page) = &mut another.subject {
        page.id = "cs_9".to_owned();
    }
    assert_eq!(with_pages().apply(&another, NOW), Err(Mismatch::Session));
}

#[test]
fn a_page_of_another_amount_or_currency_is_a_mismatch() {
    type Change = fn(&mut CheckoutSession);
    let cases: [(Change, Mismatch); 4] = [
        (|page| page.amount_subtotal = Some(1), Mismatch::Amount),
        (|page| page.amount_total = Some(1), Mismatch::Sum),
        (
            |page| page.currency = Some("eur".to_owned()),
            Mismatch::Currency,
        ),
        (|page| page.currency = None, Mismatch::Currency),
    ];
    for (change, mismatch) in cases {
        assert_eq!(with_pages().apply(&paid_page(change), NOW), Err(mismatch));
    }
}

#[test]
fn metadata_that_was_edited_on_a_page_of_the_order_leaves_the_payment_paid_with_a_warning() {
    for (key, edited) in [
        (IntentKeys::OWNER, Some(Mismatch::Owner)),
        (IntentKeys::ORDER, Some(Mismatch::Order)),
        (IntentKeys::CONTENTS, Some(Mismatch::Details)),
        (IntentKeys::PAGE, None),
    ] {
        let event = paid_page(|page| _ = page.metadata.as_mut().unwrap().remove(key));

        let step = with_pages().apply(&event, NOW).unwrap().unwrap();

        assert_eq!((step.order.status(), step.edited), (Status::Paid, edited));
        assert!(not_noted().apply(&event, NOW).is_err(), "{key}");
    }
}

fn paid_page(change: impl Fn(&mut CheckoutSession)) -> Event {
    let mut event = page_event(NOW, 2, (COMPLETED, "complete", "paid"));
    if let Subject::Session(page) = &mut event.subject {
        change(page);
    }
    event
}

#[test]
fn a_way_is_noted_only_where_none_is_open() {
    let mut order = order();
    let page = session(1, &order);
    assert!(
        !order.update_payment(&note_session(page.clone(), 0), NOW),
        "the intent is open"
    );
    assert!(!order.update_payment(&note_intent("pi_2"), NOW));
    assert!(
        !order.update_payment(&closed("pi_2"), NOW),
        "not the way that is open"
    );
    assert!(order.update_payment(&closed("pi_1"), NOW));
    assert!(
        !order.update_payment(&note_intent("pi_1"), NOW),
        "closed for good"
    );
    assert!(
        !order.update_payment(&note_session(page.clone(), 0), NOW),
        "made before"
    );
    let stale = Session {
        contents: "x".to_owned(),
        ..page.clone()
    };
    assert!(
        !order.update_payment(&note_session(stale, 1), NOW),
        "sells something else"
    );
    assert!(order.update_payment(&note_session(page.clone(), 1), NOW));
    assert_eq!(order.active_payment(), Some(ActivePayment::Session(&page)));
    assert!(
        !order.update_payment(&note_intent("pi_2"), NOW),
        "the page is open"
    );
}

#[test]
fn an_order_keeps_so_many_ways_and_no_more() {
    let mut order = order();
    for n in 0..MAX_ATTEMPTS {
        let id = format!("pi_way_{n}");
        order.update_payment(&note_intent(&id), NOW);
        let open = order.intent().unwrap().to_owned();
        assert!(order.update_payment(&closed(&open), NOW));
    }
    order.update_payment(&note_intent("pi_last"), NOW);
    assert!(!order.update_payment(&closed("pi_last"), NOW));
}

#[test]
fn an_intent_that_is_being_closed_may_be_paid_all_the_same() {
    let mut order = order();
    assert!(order.update_payment(&PaymentUpdate::Closing("pi_1".to_owned()), NOW));
    let (order, told) = after_from(order, &[attempt(NOW, "succeeded")]);
    assert_eq!(
        (order.status(), told),
        (Status::Paid, vec![OrderEvent::Paid])
    );
}

#[test]
fn an_order_that_was_written_before_there_were_pages_is_read() {
    let text = serde_json::to_string(&order()).unwrap();
    for name in ["session", "is_closing", "closed"] {
        assert!(!text.contains(&format!("\"{name}\"")), "{text}");
    }
}

#[test]
fn an_intent_that_the_shop_cancels_while_it_is_being_closed_ends_the_order() {
    for (reason, status) in [
        (None, Status::Canceled),
        (Some("fraudulent"), Status::Canceled),
        (Some("abandoned"), Status::Created),
        (Some("automatic"), Status::Created),
    ] {
        let mut order = order();
        assert!(order.update_payment(&PaymentUpdate::Closing("pi_1".to_owned()), NOW));
        let mut canceled = intent(&order, "canceled");
        canceled.cancellation_reason = reason.map(str::to_owned);
        let canceled = event(NOW, Subject::Intent(canceled));

        let (order, _) = after_from(order, &[canceled]);

        assert_eq!(order.status(), status, "{reason:?}");
    }
}

#[test]
fn an_order_ends_where_the_shop_cancels_its_intent_and_not_where_stripe_does() {
    let reasons = [
        (None, Status::Canceled),
        (Some("abandoned"), Status::Canceled),
        (Some("duplicate"), Status::Canceled),
        (Some("fraudulent"), Status::Canceled),
        (Some("requested_by_customer"), Status::Canceled),
        (Some("failed_invoice"), Status::Canceled),
        (Some("void_invoice"), Status::Canceled),
        (Some("of_a_later_version"), Status::Canceled),
        (Some("automatic"), Status::Created),
        (Some("expired"), Status::Created),
    ];
    for (reason, status) in reasons {
        let mut canceled = intent(&order(), "canceled");
        canceled.cancellation_reason = reason.map(str::to_owned);
        let history = [
            failed_attempt(NOW),
            event(NOW + 1, Subject::Intent(canceled)),
        ];

        let (order, told) = after(&history);

        assert_eq!(order.status(), status, "{reason:?}");
        let is_told = told.contains(&OrderEvent::Canceled);
        assert_eq!(is_told, status == Status::Canceled, "{reason:?}");
    }
}

#[test]
fn only_the_active_intent_can_be_closing_and_only_until_it_is_closed() {
    let closing = |id: &str| PaymentUpdate::Closing(id.to_owned());
    let mut order = order();
    assert!(!order.update_payment(&closing("pi_other"), NOW) && !order.is_closing());
    assert!(order.update_payment(&closing("pi_1"), NOW) && order.is_closing());
    assert!(!order.update_payment(&closing("pi_1"), NOW));
    assert!(order.update_payment(&closed("pi_1"), NOW) && !order.is_closing());
}

#[test]
fn a_payment_that_was_created_for_a_previous_owner_is_not_stored() {
    let mut moved = order();
    moved.update_payment(&closed("pi_1"), NOW);
    moved.move_to(CallerId::parse("eve").unwrap(), NOW).unwrap();
    let page = note_session(session(1, &moved), 1);
    for update in [note_intent("pi_2"), page] {
        assert!(!moved.update_payment(&update, NOW));
        assert_eq!(moved.active_payment(), None);
    }
}
