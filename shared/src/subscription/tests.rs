//! What the site is notified of, and what callers may use.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    access::{Access, FetchedEntitlements},
    objects::{Fetched, List, StripeInvoice},
    *,
};

const NOW: i64 = 1_790_000_000;
const DAY: i64 = 24 * 60 * 60;

/// A subscription of a month, as Stripe returns it, with `changes` to its fields.
fn object(changes: &Value) -> Value {
    let mut object = json!({
        "id": "sub_1", "object": "subscription", "customer": "cus_1", "status": "active",
        "currency": "usd", "cancel_at": null, "cancel_at_period_end": false, "trial_end": null,
        "pause_collection": null, "created": NOW, "ended_at": null, "latest_invoice": "in_1",
        "schedule": null, "metadata": {},
        "items": { "object": "list", "has_more": false, "data": [item("price_pro", 1, 0)] },
    });
    for (name, value) in changes.as_object().unwrap() {
        object[name] = value.clone();
    }
    object
}

/// An item in its month with this number.
fn item(price: &str, quantity: i64, month: i64) -> Value {
    json!({
        "id": "si_1", "quantity": quantity,
        "current_period_start": NOW + month * 30 * DAY,
        "current_period_end": NOW + (month + 1) * 30 * DAY,
        "price": { "id": price, "lookup_key": format!("{price}_key"), "unit_amount": 900,
            "product": { "id": "prod_1", "name": "Pro" },
            "recurring": { "interval": "month", "interval_count": 1 } },
    })
}

fn items(price: &str, quantity: i64, month: i64) -> Value {
    json!({ "items": { "data": [item(price, quantity, month)] } })
}

fn invoice(id: &str, status: &str, attempts: i64) -> Value {
    json!({
        "id": id, "status": status, "billing_reason": "subscription_cycle", "amount_due": 900,
        "amount_paid": if status == "paid" { 900 } else { 0 }, "currency": "usd", "created": NOW,
        "status_transitions": { "finalized_at": NOW + 3600 }, "attempt_count": attempts,
        "hosted_invoice_url": "https://invoice.example/1", "next_payment_attempt": null,
    })
}

/// The copy of a subscription with these fields and invoices, the latest first.
fn copy(changes: &Value, invoices: &[Value]) -> Subscription {
    let invoices: List<StripeInvoice> =
        serde_json::from_value(json!({ "data": invoices })).unwrap();
    let fetched = Fetched {
        subscription: serde_json::from_value(object(changes)).unwrap(),
        unpaid_since: invoices
            .data
            .iter()
            .filter(|invoice| invoice.is_open())
            .map(StripeInvoice::payable_since)
            .min(),
        invoices: invoices.data,
    };
    fetched.copy(CallerId::parse("ada").unwrap())
}

/// A copy of whose period the site was notified.
fn subscription(changes: Value) -> Subscription {
    let copy = copy(&changes, &[]);
    let announced_period = copy.has_started().then_some(NOW);
    Subscription {
        announced_period,
        ..copy
    }
}

/// The types of the notifications about the change from one copy to another.
fn kinds(before: Option<&Subscription>, after: &Subscription) -> Vec<&'static str> {
    notified(before, &mut after.clone(), &Reason::Event)
}

fn notified(
    before: Option<&Subscription>,
    after: &mut Subscription,
    reason: &Reason,
) -> Vec<&'static str> {
    let changes = changes(before, after, reason, NOW);
    changes.iter().map(|(event, _)| event.as_str()).collect()
}

#[test]
fn each_transition_has_its_notification() {
    let active = || subscription(json!({}));
    let past_due = || subscription(json!({ "status": "past_due" }));
    let canceling = || subscription(json!({ "cancel_at_period_end": true }));
    let paused = || {
        let pause = json!({ "behavior": "void", "resumes_at": null });
        subscription(json!({ "pause_collection": pause }))
    };
    let with = |name: &str, value: Value| subscription(json!({ name: value }));
    let table = [
        (None, active(), vec!["subscription.started"]),
        (
            None,
            with("status", json!("trialing")),
            vec!["subscription.started"],
        ),
        (None, with("status", json!("incomplete")), vec![]),
        (
            Some(with("status", json!("incomplete"))),
            active(),
            vec!["subscription.started"],
        ),
        (
            Some(with("status", json!("incomplete"))),
            with("status", json!("incomplete_expired")),
            vec![],
        ),
        (Some(active()), active(), vec![]),
        (
            Some(active()),
            subscription(items("price_pro", 1, 1)),
            vec!["subscription.renewed"],
        ),
        (
            Some(active()),
            subscription(items("price_pro", 3, 0)),
            vec!["subscription.changed"],
        ),
        (
            Some(active()),
            subscription(items("price_max", 1, 0)),
            vec!["subscription.changed"],
        ),
        (Some(active()), past_due(), vec!["subscription.past_due"]),
        (Some(past_due()), active(), vec!["subscription.recovered"]),
        (
            Some(past_due()),
            with("status", json!("unpaid")),
            vec!["subscription.changed"],
        ),
        (
            Some(with("status", json!("unpaid"))),
            active(),
            vec!["subscription.recovered"],
        ),
        (
            Some(active()),
            canceling(),
            vec!["subscription.cancel_scheduled"],
        ),
        (Some(canceling()), canceling(), vec![]),
        (
            Some(active()),
            with("cancel_at", json!(NOW + DAY)),
            vec!["subscription.cancel_scheduled"],
        ),
        (Some(canceling()), active(), vec!["subscription.resumed"]),
        (Some(active()), paused(), vec!["subscription.paused"]),
        (
            Some(active()),
            with("status", json!("paused")),
            vec!["subscription.paused"],
        ),
        (Some(paused()), active(), vec!["subscription.resumed"]),
        (
            Some(active()),
            with("status", json!("canceled")),
            vec!["subscription.ended"],
        ),
        (
            Some(canceling()),
            with("status", json!("canceled")),
            vec!["subscription.ended"],
        ),
        (Some(with("status", json!("canceled"))), active(), vec![]),
        (
            None,
            with("status", json!("canceled")),
            vec!["subscription.started", "subscription.ended"],
        ),
        (
            None,
            past_due(),
            vec!["subscription.started", "subscription.past_due"],
        ),
        (Some(active()), with("status", json!("unheard_of")), vec![]),
    ];
    for (before, after, expected) in table {
        assert_eq!(
            kinds(before.as_ref(), &after),
            expected,
            "{before:#?} -> {after:#?}"
        );
    }
}

#[test]
fn a_renewal_whose_payment_is_missing_is_no_renewal() {
    let before = subscription(json!({}));
    let mut after = items("price_pro", 1, 1);
    after["status"] = json!("past_due");
    assert_eq!(
        kinds(Some(&before), &subscription(after)),
        ["subscription.past_due"]
    );
}

#[test]
fn a_renewal_is_announced_when_its_payment_arrived() {
    let before = subscription(json!({}));
    let renewed = |status: &str, invoice_status: &str| {
        let mut of = items("price_pro", 1, 1);
        of["status"] = json!(status);
        copy(&of, &[invoice("in_1", invoice_status, 0)])
    };
    let mut drafted = renewed("active", "draft");
    assert!(notified(Some(&before), &mut drafted, &Reason::Event).is_empty());
    let mut late = renewed("past_due", "open");
    let kinds = notified(Some(&drafted), &mut late, &Reason::Event);
    assert_eq!(kinds, ["subscription.past_due"]);
    for before in [&drafted, &late] {
        let mut paid = renewed("active", "paid");
        let kinds = notified(Some(before), &mut paid, &Reason::Event);
        assert!(kinds.contains(&"subscription.renewed"), "{kinds:?}");
        assert!(notified(Some(&paid), &mut renewed("active", "paid"), &Reason::Event).is_empty());
    }
}

#[test]
fn each_invoice_is_paid_once_and_each_attempt_fails_once() {
    let none = copy(&json!({}), &[]);
    let open = copy(&json!({}), &[invoice("in_1", "open", 0)]);
    let failed = copy(&json!({}), &[invoice("in_1", "open", 1)]);
    let again = copy(&json!({}), &[invoice("in_1", "open", 3)]);
    let paid = copy(&json!({}), &[invoice("in_1", "paid", 3)]);
    let two = copy(
        &json!({}),
        &[invoice("in_2", "paid", 1), invoice("in_1", "paid", 3)],
    );
    let table = [
        (&none, &open, vec![]),
        (&open, &failed, vec!["invoice.payment_failed"]),
        (&failed, &failed, vec![]),
        (&failed, &again, vec!["invoice.payment_failed"]),
        (&again, &paid, vec!["invoice.paid"]),
        (&paid, &paid, vec![]),
        (&none, &two, vec!["invoice.paid", "invoice.paid"]),
        (&paid, &two, vec!["invoice.paid"]),
        // A read from before the payment.
        (&paid, &again, vec![]),
    ];
    for (before, after, expected) in table {
        assert_eq!(kinds(Some(before), after), expected);
    }
}

#[test]
fn an_invoice_that_waits_for_the_payer_is_reported_once_for_each_attempt() {
    let waits = Reason::ActionRequired("in_1".to_owned());
    let before = copy(&json!({}), &[invoice("in_1", "open", 1)]);
    let mut asked = before.clone();
    let kinds = notified(Some(&before), &mut asked, &waits);
    assert_eq!(kinds, ["invoice.action_required"]);
    for reason in [&waits, &Reason::Event] {
        assert!(notified(Some(&asked), &mut before.clone(), reason).is_empty());
    }
    let paid = copy(&json!({}), &[invoice("in_1", "paid", 1)]);
    let kinds = notified(Some(&asked), &mut paid.clone(), &waits);
    assert_eq!(kinds, ["invoice.paid"]);
}

#[test]
fn the_end_of_a_trial_is_announced_once_by_the_event_or_by_the_clock() {
    let trial = |days| subscription(json!({ "status": "trialing", "trial_end": NOW + days * DAY }));
    let far = trial(20);
    assert!(kinds(Some(&far), &far).is_empty());
    let mut asked = far.clone();
    let kinds_of = notified(Some(&far), &mut asked, &Reason::TrialEnding);
    assert_eq!(kinds_of, ["subscription.trial_ending"]);
    assert!(notified(Some(&asked), &mut far.clone(), &Reason::TrialEnding).is_empty());
    // A longer trial ends once more.
    assert_eq!(
        notified(Some(&asked), &mut trial(2), &Reason::Event),
        ["subscription.trial_ending"]
    );
    // The event arrives after the end.
    let active = subscription(json!({ "trial_end": NOW - DAY }));
    assert!(notified(Some(&far), &mut active.clone(), &Reason::TrialEnding).is_empty());
}

#[test]
fn an_adopted_subscription_is_announced_without_its_history() {
    let mut live = copy(
        &json!({}),
        &[invoice("in_2", "paid", 1), invoice("in_1", "paid", 1)],
    );
    let kinds = notified(None, &mut live, &Reason::Adoption);
    assert_eq!(kinds, ["subscription.started"]);
    let mut over = subscription(json!({ "status": "canceled" }));
    assert!(notified(None, &mut over, &Reason::Adoption).is_empty());
}

/// The account of a caller with `subscription`, whose customer has these features.
fn account(subscription: &Subscription, features: Option<&[&str]>) -> BillingAccount {
    let fetched = FetchedEntitlements {
        keys: features
            .unwrap_or_default()
            .iter()
            .map(|&key| key.to_owned())
            .collect(),
        has_features: features.is_some(),
    };
    BillingAccount::default().with(subscription, fetched)
}

fn keys(of: &[&'static str]) -> BTreeSet<&'static str> {
    of.iter().copied().collect()
}

#[test]
fn access_lasts_as_long_as_the_subscription_and_the_grace_beyond_a_missing_payment() {
    let grace = Grace::default();
    let since = NOW + 3600;
    let late = copy(
        &json!({ "status": "past_due" }),
        &[invoice("in_1", "open", 1)],
    );
    assert_eq!(late.past_due_since, Some(since));
    let table = [
        ("active", NOW, true),
        ("trialing", NOW, true),
        ("past_due", since + 7 * DAY - 1, true),
        ("past_due", since + 7 * DAY, false),
        ("unpaid", NOW, false),
        ("paused", NOW, false),
        ("canceled", NOW, false),
        ("incomplete", NOW, false),
        ("incomplete_expired", NOW, false),
        ("unheard_of", NOW, false),
    ];
    for (status, now, is_active) in table {
        let of = copy(&json!({ "status": status }), &[invoice("in_1", "open", 1)]);
        for features in [None, Some(&["export"][..])] {
            let account = account(&of, features);
            let expected = match (is_active, features) {
                (false, _) => keys(&[]),
                (true, Some(_)) => keys(&["export"]),
                (true, None) => keys(&["price_pro_key", "prod_1"]),
            };
            let expected = Access {
                is_active,
                entitlements: expected,
            };
            assert_eq!(account.access(now, grace), expected, "{status}");
        }
    }
    let none = account(&late, None);
    assert!(!none.access(since, Grace::parse("0").unwrap()).is_active);
}

#[test]
fn an_account_names_the_grace_that_ends_next_and_what_the_site_knows_until_then() {
    let grace = Grace::default();
    let late = copy(
        &json!({ "status": "past_due" }),
        &[invoice("in_1", "open", 1)],
    );
    let end = late.past_due_since.unwrap() + 7 * DAY;
    let running = account(&late, None).with_grace(end - 1, grace);
    assert_eq!(running.grace.as_ref().unwrap().ends_at, end);
    let held = Access {
        is_active: true,
        entitlements: keys(&["price_pro_key", "prod_1"]),
    };
    let nothing = Access {
        is_active: false,
        entitlements: keys(&[]),
    };
    // Its end changes what the caller may use, and not what the site was told.
    assert_eq!(running.known_access(end, grace), held);
    assert_eq!(running.access(end, grace), nothing);
    let over = running.clone().with_grace(end, grace);
    assert_eq!(over.grace, None);
    assert_eq!(over.known_access(end, grace), nothing);

    // A plan without a feature, in a shop that has features.
    let bare = account(&late, Some(&[])).with_grace(end - 1, grace);
    let live = Access {
        is_active: true,
        ..nothing.clone()
    };
    assert_eq!(bare.known_access(end, grace), live);
    assert_eq!(bare.access(end, grace), nothing);

    let later = Subscription {
        id: "sub_2".to_owned(),
        past_due_since: Some(end),
        ..late
    };
    let both = running.with(&later, FetchedEntitlements::default());
    let ends = |now| both.clone().with_grace(now, grace).grace.unwrap().ends_at;
    assert_eq!((ends(end - 1), ends(end)), (end, end + 7 * DAY));

    for status in ["active", "trialing", "unpaid", "canceled"] {
        let of = copy(&json!({ "status": status }), &[invoice("in_1", "open", 1)]);
        let account = account(&of, None).with_grace(NOW, grace);
        assert_eq!(account.grace, None, "{status}");
    }
}

#[test]
fn a_shop_with_features_grants_no_lookup_keys() {
    let grace = Grace::default();
    let of = account(&subscription(json!({})), Some(&[]));
    let access = of.access(NOW, grace);
    assert!(access.is_active);
    assert_eq!(access.entitlements, keys(&[]));
}

#[test]
fn the_entitlements_of_a_customer_without_a_live_subscription_give_no_access() {
    let grace = Grace::default();
    let ended = subscription(json!({ "status": "canceled" }));
    let other = subscription(json!({ "id": "sub_2", "customer": "cus_2" }));
    let features = |key: &str| FetchedEntitlements {
        keys: [key.to_owned()].into(),
        has_features: true,
    };
    let account = account(&ended, Some(&["old"])).with(&other, features("new"));
    assert_eq!(account.access(NOW, grace).entitlements, keys(&["new"]));
}

#[test]
fn an_account_lists_all_that_is_not_over_and_the_latest_of_what_is() {
    let mut account = BillingAccount::default();
    for nth in 0..200 {
        let status = if nth % 50 == 0 { "active" } else { "canceled" };
        let of = json!({ "id": format!("sub_{nth}"), "created": NOW + nth, "status": status });
        account = account.with(&subscription(of), FetchedEntitlements::default());
    }
    let ids: Vec<&str> = account
        .subscriptions
        .iter()
        .map(|held| held.id.as_str())
        .collect();
    assert_eq!(&ids[..2], ["sub_199", "sub_198"]);
    for nth in [0, 50, 100, 150] {
        assert!(ids.contains(&format!("sub_{nth}").as_str()), "{nth}");
    }
    assert!(ids.len() < 60, "{}", ids.len());
}

#[test]
fn a_grace_is_a_number_of_days() {
    for (text, days) in [("0", 0), ("7", 7), ("7d", 7), ("365", 365)] {
        assert_eq!(Grace::parse(text).unwrap().seconds(), days * DAY);
    }
    for wrong in ["", "-1", "366", "1.5", "7 d", "week"] {
        assert!(Grace::parse(wrong).is_err(), "{wrong}");
    }
}

/// One change of a subscription at Stripe, in a model of it.
#[derive(Clone, Copy, Debug)]
enum AtStripe {
    Month,
    MonthUnpaid,
    Retry,
    Pay,
    Upgrade,
    Cancel,
    Uncancel,
    Pause,
    Unpause,
    End,
}

/// Stripe's state of one subscription.
#[derive(Clone, Debug)]
struct Model {
    status: &'static str,
    month: i64,
    price: usize,
    is_canceling: bool,
    is_paused: bool,
    /// Status and attempts, the oldest first.
    invoices: Vec<(&'static str, i64)>,
}

impl Model {
    fn new() -> Self {
        Self {
            status: "active",
            month: 0,
            price: 0,
            is_canceling: false,
            is_paused: false,
            invoices: vec![("paid", 1)],
        }
    }

    fn step(&mut self, what: AtStripe) {
        if self.status == "canceled" {
            return;
        }
        match what {
            AtStripe::Month if self.is_canceling => self.status = "canceled",
            AtStripe::Month => {
                self.month += 1;
                self.invoices.push(("paid", 1));
            }
            AtStripe::MonthUnpaid => {
                self.month += 1;
                self.invoices.push(("open", 1));
                self.status = "past_due";
            }
            AtStripe::Retry => {
                for invoice in self.invoices.iter_mut().filter(|one| one.0 == "open") {
                    invoice.1 += 1;
                }
            }
            AtStripe::Pay => {
                for invoice in self.invoices.iter_mut().filter(|one| one.0 == "open") {
                    *invoice = ("paid", invoice.1 + 1);
                }
                self.status = "active";
            }
            AtStripe::Upgrade => self.price += 1,
            AtStripe::Cancel => self.is_canceling = true,
            AtStripe::Uncancel => self.is_canceling = false,
            AtStripe::Pause => self.is_paused = true,
            AtStripe::Unpause => self.is_paused = false,
            AtStripe::End => self.status = "canceled",
        }
    }

    /// What a fetch returns.
    fn fetched(&self) -> Subscription {
        let mut of = items(&format!("price_{}", self.price), 1, self.month);
        of["status"] = json!(self.status);
        of["cancel_at_period_end"] = json!(self.is_canceling);
        if self.is_paused {
            of["pause_collection"] = json!({ "behavior": "void", "resumes_at": null });
        }
        of["latest_invoice"] = json!(format!("in_{}", self.invoices.len() - 1));
        let invoices = self.invoices.iter().enumerate().rev().take(INVOICES);
        let invoices = invoices.map(|(nth, one)| invoice(&format!("in_{nth}"), one.0, one.1));
        copy(&of, &invoices.collect::<Vec<_>>())
    }
}

/// One step of the world: Stripe's, or of one of three processes that look.
#[derive(Clone, Copy, Debug)]
enum Act {
    Stripe(AtStripe),
    /// The process reads the copy's version.
    Read(usize),
    /// It fetches.
    Fetch(usize),
    /// It writes, if the copy has that version.
    Write(usize),
    /// It is killed.
    Kill(usize),
}

fn any_act() -> impl Strategy<Value = Act> {
    use AtStripe::{
        Cancel, End, Month, MonthUnpaid, Pause, Pay, Retry, Uncancel, Unpause, Upgrade,
    };
    let at_stripe = prop::sample::select(vec![
        Month,
        Month,
        Month,
        MonthUnpaid,
        Retry,
        Pay,
        Pay,
        Upgrade,
        Cancel,
        Uncancel,
        Pause,
        Unpause,
        End,
    ]);
    prop_oneof![
        4 => at_stripe.prop_map(Act::Stripe),
        3 => (0..3_usize).prop_map(Act::Read),
        3 => (0..3_usize).prop_map(Act::Fetch),
        3 => (0..3_usize).prop_map(Act::Write),
        1 => (0..3_usize).prop_map(Act::Kill),
    ]
}

/// What a process holds between its steps: the version that it read, and what it fetched since.
type Process = Option<(i64, Option<Subscription>)>;

/// The database: the copy, its version, and the keys of the messages.
#[derive(Default)]
struct Database {
    copy: Option<Subscription>,
    version: i64,
    messages: Vec<String>,
}

impl Database {
    /// Writes what was fetched after this version was read; false when the copy changed meanwhile.
    fn write(&mut self, version: i64, mut fetched: Subscription) -> bool {
        if version != self.version {
            return false;
        }
        let changes = changes(self.copy.as_ref(), &mut fetched, &Reason::Event, NOW);
        if self.copy.as_ref() == Some(&fetched) {
            assert!(changes.is_empty(), "{changes:?}");
            return true;
        }
        self.version += 1;
        for (event, invoice) in changes {
            self.messages.push(match invoice {
                None => format!("{} {}", event.as_str(), self.version),
                Some(one) if one.is_paid() => format!("{} {}", event.as_str(), one.id),
                Some(one) => format!("{} {} {}", event.as_str(), one.id, one.attempts),
            });
        }
        self.copy = Some(fetched);
        true
    }

    fn count(&self, kind: &str) -> usize {
        self.messages
            .iter()
            .filter(|one| one.starts_with(kind))
            .count()
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_last_look_makes_the_copy_stripes_and_each_fact_is_told_once(
        steps in prop::collection::vec(any_act(), 0..60),
    ) {
        let mut stripe = Model::new();
        let mut database = Database::default();
        let mut processes: [Process; 3] = [None, None, None];
        for step in steps {
            match step {
                Act::Stripe(what) => stripe.step(what),
                Act::Read(nth) => processes[nth] = Some((database.version, None)),
                Act::Fetch(nth) => {
                    if let Some((_, fetched)) = &mut processes[nth] {
                        *fetched = Some(stripe.fetched());
                    }
                }
                Act::Write(nth) => {
                    if let Some((version, Some(fetched))) = processes[nth].take() {
                        database.write(version, fetched);
                    }
                }
                Act::Kill(nth) => processes[nth] = None,
            }
        }
        // Stripe delivers the latest event until it is answered.
        let version = database.version;
        prop_assert!(database.write(version, stripe.fetched()));
        let mut copy = database.copy.clone().unwrap();
        copy.announced_period = None;
        prop_assert_eq!(copy, stripe.fetched());
        prop_assert_eq!(database.count("subscription.started"), 1);
        let has_ended = usize::from(stripe.status == "canceled");
        prop_assert_eq!(database.count("subscription.ended"), has_ended);
        let distinct: BTreeSet<&String> = database.messages.iter().collect();
        prop_assert_eq!(distinct.len(), database.messages.len());
        // All invoices are within the copy's view here.
        if stripe.invoices.len() <= INVOICES {
            let paid = stripe.invoices.iter().filter(|one| one.0 == "paid").count();
            prop_assert_eq!(database.count("invoice.paid"), paid);
        }
        let told = database.messages.len();
        let version = database.version;
        prop_assert!(database.write(version, stripe.fetched()));
        prop_assert_eq!(database.messages.len(), told);
    }
}
