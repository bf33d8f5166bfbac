//! Compares two copies of a subscription: the site is notified of each difference once.

use super::{Invoice, Subscription};
use crate::message_types::message_types;

/// The seconds before the end of a trial at which it is near, as at Stripe.
const TRIAL_ENDING: i64 = 3 * 24 * 60 * 60;

message_types! {
    /// A change of a subscription, or of one of its invoices.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
    pub enum SubscriptionEvent {
        /// The first invoice was paid, or a trial began.
        Started = "subscription.started",
        /// The trial ends within three days.
        TrialEnding = "subscription.trial_ending",
        /// A new period began, and its payment arrived.
        Renewed = "subscription.renewed",
        /// Other prices or quantities, or all attempts to collect an invoice failed.
        Changed = "subscription.changed",
        /// A payment is missing.
        PastDue = "subscription.past_due",
        /// The missing payment arrived.
        Recovered = "subscription.recovered",
        /// The end is scheduled, or at another time than before.
        CancelScheduled = "subscription.cancel_scheduled",
        /// The end is no longer scheduled, or a pause is over.
        Resumed = "subscription.resumed",
        /// Payments are not collected for a while.
        Paused = "subscription.paused",
        /// It is over.
        Ended = "subscription.ended",
        /// An invoice was paid.
        InvoicePaid = "invoice.paid",
        /// An attempt to collect an invoice failed.
        InvoicePaymentFailed = "invoice.payment_failed",
        /// The payer must act, such as by 3-D Secure, before an invoice is paid.
        InvoiceActionRequired = "invoice.action_required",
    }
}

/// The reason to look at a subscription. It is no state: it may come late, twice or never.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Reason {
    /// Something may have changed.
    #[default]
    Event,
    /// Stripe reported that the trial ends soon.
    TrialEnding,
    /// Stripe reported that this invoice, `in_…`, waits for the payer.
    ActionRequired(String),
    /// An operator brings the copies up to date. Invoices of a subscription that had no copy are
    /// history, and so is one that is over.
    Adoption,
}

/// A change, and the invoice that it is about.
pub type Change = (SubscriptionEvent, Option<Invoice>);

/// The changes from the copy `before` to the copy `after`, at `now` (Unix seconds).
///
/// Carries over to `after` what only the copy knows. What is final stays so, whatever a read that
/// is older tells: the end of a subscription, and the payment of an invoice.
pub fn changes(
    before: Option<&Subscription>,
    after: &mut Subscription,
    reason: &Reason,
    now: i64,
) -> Vec<Change> {
    if let Some(before) = before.filter(|before| before.has_ended() && !after.has_ended()) {
        *after = before.clone();
    }
    carry_over(before, after, reason);
    let is_history = before.is_none() && *reason == Reason::Adoption;
    if is_history && after.has_ended() {
        return Vec::new();
    }
    let mut all = lifecycle(before, after);
    let begins = [SubscriptionEvent::Started, SubscriptionEvent::Renewed];
    if all.iter().any(|event| begins.contains(event)) {
        after.announced_period = after.period.map(|period| period.start);
    }
    if is_trial_ending(after, reason, now) {
        after.trial_ending_notified = after.trial_end;
        all.push(SubscriptionEvent::TrialEnding);
    }
    all.sort();
    let mut changes: Vec<Change> = all.into_iter().map(|event| (event, None)).collect();
    if !is_history {
        // The oldest first, as they happened.
        for invoice in after.invoices.iter().rev() {
            let known = before.and_then(|before| find(before, &invoice.id));
            let events = of_invoice(known, invoice).into_iter();
            changes.extend(events.map(|event| (event, Some(invoice.clone()))));
        }
    }
    changes
}

fn find<'a>(of: &'a Subscription, invoice: &str) -> Option<&'a Invoice> {
    of.invoices.iter().find(|one| one.id == invoice)
}

fn carry_over(before: Option<&Subscription>, after: &mut Subscription, reason: &Reason) {
    after.announced_period = before.and_then(|before| before.announced_period);
    after.trial_ending_notified = before.and_then(|before| before.trial_ending_notified);
    for invoice in &mut after.invoices {
        let known = before.and_then(|before| find(before, &invoice.id));
        if let Some(paid) = known.filter(|known| known.is_paid() && invoice.is_open()) {
            *invoice = paid.clone();
        }
        invoice.action_required_at = known.and_then(|known| known.action_required_at);
        if invoice.is_open() && *reason == Reason::ActionRequired(invoice.id.clone()) {
            invoice.action_required_at = Some(invoice.attempts);
        }
    }
}

/// The changes of the subscription itself.
fn lifecycle(before: Option<&Subscription>, after: &Subscription) -> Vec<SubscriptionEvent> {
    use SubscriptionEvent::{
        CancelScheduled, Changed, Ended, PastDue, Paused, Recovered, Renewed, Resumed, Started,
    };

    if !after.has_started() {
        return Vec::new();
    }
    let before = before.filter(|before| before.has_started());
    let was = |test: fn(&Subscription) -> bool| before.is_some_and(test);
    let mut events = Vec::new();
    let mut when = |condition: bool, event| events.extend(condition.then_some(event));
    when(before.is_none(), Started);
    if after.has_ended() {
        when(!was(Subscription::has_ended), Ended);
        return events;
    }
    let is_past_due = after.status == "past_due";
    when(is_past_due && !was(|one| one.status == "past_due"), PastDue);
    when(after.is_in_good_standing() && was(lacks_payment), Recovered);
    when(has_renewed(before, after), Renewed);
    when(has_changed(before, after), Changed);
    let end = after.scheduled_end();
    let previous_end = before.and_then(Subscription::scheduled_end);
    when(end.is_some() && end != previous_end, CancelScheduled);
    when(after.is_paused() && !was(Subscription::is_paused), Paused);
    let is_unscheduled = previous_end.is_some() && end.is_none();
    let is_unpaused = was(Subscription::is_paused) && !after.is_paused();
    when(is_unscheduled || is_unpaused, Resumed);
    events
}

fn lacks_payment(of: &Subscription) -> bool {
    matches!(of.status.as_str(), "past_due" | "unpaid")
}

/// True when the site was not notified of the present period, and its invoice does not wait for
/// money: Stripe collects it an hour after the period began.
fn has_renewed(before: Option<&Subscription>, after: &Subscription) -> bool {
    let known = before.and_then(|before| before.announced_period);
    let start = after.period.map(|period| period.start);
    let waits = |invoice: &Invoice| matches!(invoice.status.as_str(), "draft" | "open");
    known.is_some()
        && start > known
        && after.is_in_good_standing()
        && !after.latest_invoice().is_some_and(waits)
}

fn has_changed(before: Option<&Subscription>, after: &Subscription) -> bool {
    let Some(before) = before else { return false };
    let is_given_up = after.status == "unpaid" && before.status != "unpaid";
    is_given_up || contents(before) != contents(after)
}

/// The prices and quantities, in any order.
fn contents(of: &Subscription) -> Vec<(&str, Option<i64>)> {
    let mut all: Vec<(&str, Option<i64>)> = of
        .items
        .iter()
        .map(|item| (item.price.as_str(), item.quantity))
        .collect();
    all.sort_unstable();
    all
}

/// True when the trial ends soon, and the site does not know of this end.
fn is_trial_ending(after: &Subscription, reason: &Reason, now: i64) -> bool {
    let Some(end) = after.trial_end.filter(|_| after.status == "trialing") else {
        return false;
    };
    let is_near = (0..=TRIAL_ENDING).contains(&end.saturating_sub(now));
    after.trial_ending_notified != Some(end) && (*reason == Reason::TrialEnding || is_near)
}

/// The changes of an invoice that was `known` so before.
fn of_invoice(known: Option<&Invoice>, invoice: &Invoice) -> Vec<SubscriptionEvent> {
    use SubscriptionEvent::{InvoiceActionRequired, InvoicePaid, InvoicePaymentFailed};

    if invoice.is_paid() {
        let was_paid = known.is_some_and(Invoice::is_paid);
        return (!was_paid).then_some(InvoicePaid).into_iter().collect();
    }
    if invoice.status == "draft" {
        return Vec::new();
    }
    let attempts = known.map_or(0, |known| known.attempts);
    let action = known.and_then(|known| known.action_required_at);
    let has_failed = invoice.attempts > attempts;
    let waits = invoice.action_required_at.is_some() && invoice.action_required_at != action;
    [
        has_failed.then_some(InvoicePaymentFailed),
        waits.then_some(InvoiceActionRequired),
    ]
    .into_iter()
    .flatten()
    .collect()
}
