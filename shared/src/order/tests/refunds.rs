//! Refunds as Stripe reports them: each by an event of its own, or by the charge's total alone.

use proptest::prelude::*;

use super::*;

/// The events about refunds that an endpoint receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    /// Of a version since 2024-10-28: every refund, and every change of one.
    New,
    /// Of an older version: the charge's total, and every change of a refund.
    Old,
    /// Of an older version, without `charge.refund.updated`: the charge's total alone.
    OldAndSilent,
    /// One of each version.
    Both,
}

/// A payment of 15.00 at Stripe, and its events.
struct Stripe {
    endpoint: Endpoint,
    refunds: Vec<(i64, &'static str)>,
    events: Vec<Event>,
}

impl Stripe {
    fn new(endpoint: Endpoint) -> Self {
        Self {
            endpoint,
            refunds: Vec::new(),
            events: vec![attempt(NOW, "succeeded")],
        }
    }

    /// Adds the event about the present state of the refund with this number.
    fn report(&mut self, number: usize) {
        let (amount, status) = self.refunds[number];
        self.events
            .push(refund(&format!("re_{number}"), amount, status));
    }

    fn report_total(&mut self, api_version: &str) {
        let mut event = charge_refunded(self.sum(|status| !is_failed(status)));
        event.api_version = Some(api_version.to_owned());
        self.events.push(event);
    }

    fn refund(&mut self, amount: i64, status: &'static str) {
        let amount = amount.min(1500 - self.sum(|status| !is_failed(status)));
        if amount == 0 {
            return;
        }
        self.refunds.push((amount, status));
        if matches!(self.endpoint, Endpoint::New | Endpoint::Both) {
            self.report_total("2025-03-31.basil");
            self.report(self.refunds.len() - 1);
        }
        if self.endpoint != Endpoint::New {
            self.report_total("2022-11-15");
        }
    }

    /// Changes the refund with this number, where Stripe can.
    fn change(&mut self, number: usize, to: &'static str) {
        let Some((_, status)) = self.refunds.get_mut(number) else {
            return;
        };
        let may_change = match to {
            "pending" | "canceled" => *status == "requires_action",
            "succeeded" => *status == "pending",
            _ => !is_failed(status),
        };
        if !may_change {
            return;
        }
        *status = to;
        if self.endpoint != Endpoint::OldAndSilent {
            self.report(number);
        }
    }

    fn sum(&self, counts: impl Fn(&str) -> bool) -> i64 {
        let refunds = self.refunds.iter().filter(|(_, status)| counts(status));
        refunds.map(|(amount, _)| amount).sum()
    }

    /// `order` after the event with this number, as it is delivered now, and the notifications for
    /// it.
    fn deliver(&self, order: &mut Order, number: usize) -> Vec<OrderEvent> {
        let mut event = self.events[number].clone();
        if order.lacks_refunds(&event) {
            event = listed(&self.refunds);
        }
        let step = order.apply(&event, NOW).unwrap().unwrap();
        *order = step.order;
        assert!(!order.lacks_refunds(&event));
        step.events
    }
}

fn is_failed(status: &str) -> bool {
    matches!(status, "failed" | "canceled")
}

/// All refunds of the payment, numbered.
pub(super) fn listed(refunds: &[(i64, &str)]) -> Event {
    let all = refunds
        .iter()
        .enumerate()
        .map(|(number, (amount, status))| {
            let Subject::Refund(refund) = refund(&format!("re_{number}"), *amount, status).subject
            else {
                unreachable!("it is a refund's")
            };
            refund
        });
    let subject = Subject::Refunds {
        payment_intent: "pi_1".to_owned(),
        all: all.collect(),
    };
    event(NOW, subject)
}

#[test]
fn after_a_failed_refund_the_charges_total_is_what_it_is_now() {
    for endpoint in [Endpoint::New, Endpoint::Old, Endpoint::OldAndSilent] {
        let mut stripe = Stripe::new(endpoint);
        stripe.refund(1000, "succeeded");
        stripe.change(0, "failed");
        stripe.refund(400, "succeeded");
        let all: Vec<usize> = (0..stripe.events.len()).collect();
        for order_of_events in permutations(&all) {
            let mut order = order();
            for number in order_of_events.iter().chain(&order_of_events) {
                stripe.deliver(&mut order, *number);
            }
            assert_eq!(
                (
                    order.status(),
                    order.refunded_amount(),
                    order.left_to_refund()
                ),
                (Status::PartiallyRefunded, 400, 1100),
                "{endpoint:?} {order_of_events:?}"
            );
        }
    }
}

fn permutations(of: &[usize]) -> Vec<Vec<usize>> {
    if of.is_empty() {
        return vec![Vec::new()];
    }
    let begun_with = |place: usize| {
        let mut rest = of.to_vec();
        let first = rest.remove(place);
        let rest = permutations(&rest).into_iter();
        rest.map(move |tail| [vec![first], tail].concat())
    };
    (0..of.len()).flat_map(begun_with).collect()
}

/// One act: at Stripe, or on the way from there.
#[derive(Clone, Debug)]
enum Act {
    Refund(i64, &'static str),
    Change(usize, &'static str),
    Deliver(prop::sample::Index),
}

fn any_act() -> impl Strategy<Value = Act> {
    let made = prop::sample::select(vec!["succeeded", "pending", "requires_action"]);
    let to = prop::sample::select(vec!["pending", "succeeded", "failed", "canceled"]);
    prop_oneof![
        2 => (1..=1500_i64, made).prop_map(|(amount, status)| Act::Refund(amount, status)),
        3 => (0..4_usize, to).prop_map(|(number, to)| Act::Change(number, to)),
        3 => any::<prop::sample::Index>().prop_map(Act::Deliver),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn what_is_refunded_and_what_is_pending_end_as_stripe_has_them(
        endpoint in prop::sample::select(vec![
            Endpoint::New, Endpoint::Old, Endpoint::OldAndSilent, Endpoint::Both,
        ]),
        acts in prop::collection::vec(any_act(), 0..16),
        last in prop::collection::vec(any::<prop::sample::Index>(), 0..40),
    ) {
        let mut stripe = Stripe::new(endpoint);
        let mut order = order();
        let mut notified = stripe.deliver(&mut order, 0);
        for act in acts {
            match act {
                Act::Refund(amount, status) => stripe.refund(amount, status),
                Act::Change(number, to) => stripe.change(number, to),
                Act::Deliver(which) => {
                    notified.extend(stripe.deliver(&mut order, which.index(stripe.events.len())));
                }
            }
        }
        if endpoint == Endpoint::OldAndSilent {
            // No event reported the changes since; the next refund does, however small.
            let before = stripe.events.len();
            stripe.refund(1, "succeeded");
            prop_assume!(stripe.events.len() > before);
        }
        let some = last.iter().map(|which| which.index(stripe.events.len()));
        for number in some.chain((0..stripe.events.len()).rev()) {
            notified.extend(stripe.deliver(&mut order, number));
        }

        let (succeeded, pending) = (
            stripe.sum(|status| status == "succeeded"),
            stripe.sum(|status| matches!(status, "pending" | "requires_action")),
        );
        prop_assert_eq!(order.refunded_amount(), succeeded);
        prop_assert_eq!(order.refund_pending_amount(), pending);
        prop_assert_eq!(order.left_to_refund(), 1500 - succeeded - pending);
        let count = |what| notified.iter().filter(|told| **told == what).count();
        let failed = stripe.refunds.iter().filter(|(_, status)| is_failed(status)).count();
        prop_assert!(count(OrderEvent::Refunded) <= stripe.refunds.len());
        prop_assert!(count(OrderEvent::RefundPending) <= stripe.refunds.len());
        prop_assert!(count(OrderEvent::RefundFailed) <= failed);
        prop_assert_eq!(count(OrderEvent::RefundFailed) > 0, failed > 0);
        prop_assert!(succeeded == 0 || count(OrderEvent::Refunded) > 0);
    }
}

#[test]
fn a_pending_refund_is_notified_as_such_and_as_refunded_once_it_succeeded() {
    let (made, done) = ("requires_action", "succeeded");
    let history = [
        attempt(NOW, "succeeded"),
        refund("re_1", 500, made),
        refund("re_1", 500, "pending"),
        refund("re_1", 500, done),
        refund("re_1", 500, "pending"),
        refund("re_1", 500, done),
    ];
    let states: Vec<_> = (1..=history.len())
        .map(|events| {
            let (order, _) = after(&history[..events]);
            let (refunded, pending) = (order.refunded_amount(), order.refund_pending_amount());
            (order.status(), refunded, pending, order.left_to_refund())
        })
        .collect();
    let refunded = (Status::PartiallyRefunded, 500, 0, 1000);
    assert_eq!(
        states,
        [
            (Status::Paid, 0, 0, 1500),
            (Status::Paid, 0, 500, 1000),
            (Status::Paid, 0, 500, 1000),
            refunded,
            refunded,
            refunded,
        ]
    );
    let told = [
        OrderEvent::Paid,
        OrderEvent::RefundPending,
        OrderEvent::Refunded,
    ];
    assert_eq!(after(&history).1, told);
}

#[test]
fn a_refund_that_fails_or_is_canceled_is_notified_whatever_was_known_of_it() {
    for (end, state) in [
        ("failed", RefundState::Failed),
        ("canceled", RefundState::Canceled),
    ] {
        for before in [
            None,
            Some("pending"),
            Some("requires_action"),
            Some("succeeded"),
        ] {
            let mut history = vec![attempt(NOW, "succeeded")];
            history.extend(before.map(|status| refund("re_1", 500, status)));
            history.push(refund("re_1", 500, end));
            history.push(refund("re_1", 500, "pending"));
            let (order, told) = after(&history);
            assert_eq!(told.last(), Some(&OrderEvent::RefundFailed), "{before:?}");
            assert_eq!(told.len(), 2 + usize::from(before.is_some()));
            assert_eq!(order.left_to_refund(), 1500);
            assert_eq!(order.refund_records()[0].state, state);
        }
    }
}

#[test]
fn a_status_that_is_not_known_is_neither_refunded_nor_free() {
    let order = after(&[attempt(NOW, "succeeded"), refund("re_1", 500, "queued")]).0;
    assert_eq!((order.refunded_amount(), order.left_to_refund()), (0, 1000));
}

/// An order as an earlier version wrote it.
fn of_an_earlier_version(charge_refunded: i64, refunds: &str) -> Order {
    let paid = after(&[attempt(NOW, "succeeded")]).0;
    let mut stored = serde_json::to_value(&paid).unwrap();
    stored["facts"]["charge_refunded"] = charge_refunded.into();
    stored["facts"]["refunds"] = serde_json::from_str(refunds).unwrap();
    serde_json::from_value(stored).unwrap()
}

#[test]
fn what_an_earlier_version_stored_counts_until_the_refunds_are_known() {
    let by_total = of_an_earlier_version(1000, "{}");
    assert_eq!(by_total.refunded_amount(), 1000);
    let given = r#"{"re_0":{"stage":"given","amount":1000}}"#;
    let by_refund = of_an_earlier_version(1000, given);
    assert_eq!(by_refund.refunded_amount(), 1000);
    let failed = r#"{"re_0":{"stage":"failed","amount":1000}}"#;
    assert_eq!(of_an_earlier_version(1000, failed).refunded_amount(), 0);

    for order in [by_total, by_refund] {
        let new = charge_refunded(1000);
        assert!(order.lacks_refunds(&new), "once, to know which they are");
        let step = order.apply(&listed(&[(1000, "succeeded")]), NOW);
        let step = step.unwrap().unwrap();
        assert_eq!(step.order.refunded_amount(), 1000);
        assert_eq!(step.events, [], "it was notified before");
        let failed = listed(&[(1000, "failed"), (400, "succeeded")]);
        let step = order.apply(&failed, NOW).unwrap().unwrap();
        assert_eq!(step.order.refunded_amount(), 400);
        assert!(step.events.contains(&OrderEvent::RefundFailed));
    }
}
