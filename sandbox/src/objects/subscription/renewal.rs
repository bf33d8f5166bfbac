//! What time does to a subscription: trials end, periods end, cancellations take effect.

use serde_json::{Value, json};

use super::{
    at, cancellation, creation::in_trial, fields, items_of, pause, pending, period::Interval,
    period_of, set, shape,
};
use crate::{
    billing::DAY,
    clock::now,
    objects::{
        invoice::{self, Draft},
        invoice_item,
    },
    state::State,
    store::{number, text},
};

/// The time before the end of a trial at which Stripe announces it.
const NOTICE: u64 = 3 * DAY;
/// The time in which the first invoice has to be paid.
const INCOMPLETE: u64 = 23 * 3600;
/// The rank of a subscription's timers: after those of its schedule.
const RANK: u8 = 1;

/// A change that is due, in the order in which those of one second run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum DueChange {
    Expire,
    Announce,
    DropPending,
    Collect,
    Cancel,
    EndTrial,
    Renew,
}

/// The times of a subscription's next changes.
fn steps(state: &State, held: &Value) -> Vec<(u64, DueChange)> {
    let status = text(held, "status");
    let id = text(held, "id");
    let mut steps = Vec::new();
    if super::ENDED.contains(&status) {
        return steps;
    }
    let pending = &held["pending_update"]["expires_at"];
    steps.extend(pending.as_u64().map(|at| (at, DueChange::DropPending)));
    let resumes = &held["pause_collection"]["resumes_at"];
    steps.extend(resumes.as_u64().map(|at| (at, DueChange::Collect)));
    steps.extend(at(held, "cancel_at").map(|at| (at, DueChange::Cancel)));
    match status {
        "incomplete" => {
            let created = at(held, "created").unwrap_or_default();
            steps.push((created + INCOMPLETE, DueChange::Expire));
        }
        "trialing" => {
            let end = at(held, "trial_end").unwrap_or_default();
            steps.push((end, DueChange::EndTrial));
            if state.billing.announced.get(id) != Some(&end) {
                steps.push((end.saturating_sub(NOTICE), DueChange::Announce));
            }
        }
        "active" | "past_due" | "unpaid" => steps.push((period_of(held).1, DueChange::Renew)),
        _ => {}
    }
    steps.sort_unstable();
    steps
}

/// Sets the timer of a subscription's next change.
pub(super) fn schedule(state: &mut State, id: &str) {
    let held = state.store.find(id).cloned().unwrap_or_default();
    wake(state, &held);
}

/// As [`schedule`], for the subscription as given.
pub(crate) fn wake(state: &mut State, held: &Value) {
    if let Some((at, _)) = steps(state, held).first() {
        state.wake(held, *at, RANK);
    }
}

/// Runs all that is due, one by one.
pub(crate) fn on_timer(state: &mut State, subscription: &Value) {
    let id = text(subscription, "id");
    loop {
        let held = state.store.find(id).cloned().unwrap_or_default();
        let steps = steps(state, &held);
        match steps.first().filter(|(at, _)| *at <= now()) {
            Some((_, step)) => run(state, &held, *step),
            None => break,
        }
    }
    schedule(state, id);
}

fn run(state: &mut State, held: &Value, step: DueChange) {
    let id = text(held, "id");
    match step {
        DueChange::Expire => {
            invoice::void(state, text(held, "latest_invoice"));
            set(
                state,
                id,
                &fields([("status", "incomplete_expired".into())]),
            );
        }
        DueChange::Announce => announce(state, held),
        DueChange::DropPending => pending::expire(state, held),
        DueChange::Collect => drop(set(state, id, &fields([("pause_collection", Value::Null)]))),
        DueChange::Cancel => {
            let reason = "cancellation_requested";
            cancellation::bill_rest(state, held);
            cancellation::end(state, id, Some(reason));
        }
        DueChange::EndTrial => end_trial(state, held),
        DueChange::Renew => drop(renew(state, held, period_of(held).1, json!({}))),
    }
}

/// Announces the end of a trial, three days before, or at once when less is left.
pub(super) fn announce(state: &mut State, held: &Value) {
    let end = at(held, "trial_end").unwrap_or_default();
    if !in_trial(held) || end > now() + NOTICE {
        return;
    }
    state
        .billing
        .announced
        .insert(text(held, "id").to_owned(), end);
    state.emit("customer.subscription.trial_will_end", held, None);
}

/// Ends a trial at its time: with an invoice, unless its settings say otherwise.
fn end_trial(state: &mut State, held: &Value) {
    if !ends_without_method(state, held) {
        let end = at(held, "trial_end").unwrap_or_else(now);
        renew(state, held, end, fields([("status", "active".into())]));
    }
}

/// Pauses or cancels a subscription whose trial ends without a payment method, if
/// `trial_settings` say so; returns true then.
pub(super) fn ends_without_method(state: &mut State, held: &Value) -> bool {
    let end = &held["trial_settings"]["end_behavior"];
    let cancels = match text(end, "missing_payment_method") {
        "cancel" => true,
        "pause" => false,
        _ => return false,
    };
    if !pause::lacks_method(state, held) {
        return false;
    }
    match cancels {
        true => drop(cancellation::end(state, text(held, "id"), None)),
        false => pause::pause(state, held),
    }
    true
}

/// Begins the period after `start`, with a draft of its invoice and these other changes.
fn renew(state: &mut State, held: &Value, start: u64, mut patch: Value) -> Value {
    let items = items_of(held);
    let anchor = at(held, "billing_cycle_anchor").unwrap_or(start);
    let interval = Interval::of(&items[0]["price"]);
    let period = (start, interval.end_after(anchor, start));
    let before = period_of(held);
    let after = with_period(&items, period);
    let lines = lines(state, held, &after, before);
    let draft = Draft {
        customer: text(held, "customer"),
        currency: text(held, "currency"),
        subscription: Some(held),
        reason: "subscription_cycle",
        lines,
        period: before,
    };
    let draft = draft.create(state);
    patch["items"] = shape::list(held, after);
    patch["latest_invoice"] = draft["id"].clone();
    if held["cancel_at_period_end"] == true {
        patch["cancel_at"] = period.1.into();
    }
    set(state, text(held, "id"), &patch);
    hand_on(state, held, &draft)
}

/// Lets the draft of a period advance, unless its subscription is unpaid or paused.
fn hand_on(state: &mut State, held: &Value, draft: &Value) -> Value {
    let id = text(draft, "id");
    if held["status"] == "unpaid" {
        return draft.clone();
    }
    match text(&held["pause_collection"], "behavior") {
        "" => invoice::advance(state, draft),
        "keep_as_draft" => draft.clone(),
        behavior => {
            invoice::finalize(state, id);
            match behavior {
                "void" => invoice::void(state, id),
                _ => invoice::mark_uncollectible(state, id),
            }
        }
    }
}

/// The lines of a renewal: what waits, the usage of the last period, and the next period.
fn lines(state: &State, held: &Value, after: &[Value], before: (u64, u64)) -> Vec<Value> {
    let id = text(held, "id");
    let waiting = invoice_item::pending(state, text(held, "customer"), Some(id));
    let mut lines: Vec<Value> = waiting.iter().map(invoice_item::line).collect();
    lines.extend(usage(state, held, before));
    lines.extend(licensed(state, after));
    lines
}

/// The lines of whole periods of licensed items.
pub(super) fn licensed(state: &State, items: &[Value]) -> Vec<Value> {
    let items = items.iter().filter(|item| !shape::is_metered(item));
    let line = |item| {
        let quantity = number(item, "quantity");
        invoice::whole(state, item, quantity, period_of_item(item)).shape()
    };
    items.map(line).collect()
}

/// The lines of the usage of a period.
pub(super) fn usage(state: &State, held: &Value, period: (u64, u64)) -> Vec<Value> {
    let items = items_of(held);
    let metered = items.iter().filter(|item| shape::is_metered(item));
    let line = |item| {
        let units = super::usage::of(state, held, item, period);
        let mut line = invoice::whole(state, item, units, period).shape();
        line["quantity"] = units.into();
        line
    };
    metered.map(line).collect()
}

fn period_of_item(item: &Value) -> (u64, u64) {
    let at = |field: &str| item[field].as_u64().unwrap_or_default();
    (at("current_period_start"), at("current_period_end"))
}

/// The items with another period.
pub(super) fn with_period(items: &[Value], period: (u64, u64)) -> Vec<Value> {
    let mut items = items.to_vec();
    for item in &mut items {
        item["current_period_start"] = period.0.into();
        item["current_period_end"] = period.1.into();
    }
    items
}
