//! Changes of the items of a subscription: what they cost now, and what they cost next.

use serde_json::{Value, json};

use super::{
    at,
    creation::{Behavior, bill, check_collection, in_trial},
    items::New as NewItem,
    items_of, pending,
    period::Interval,
    period_of, proration, renewal, set, shape,
};
use crate::{
    clock::now,
    error::Error,
    objects::{invoice::Draft, invoice_item},
    state::State,
    store::{number, text},
};

/// The values of `proration_behavior`.
pub(crate) const PRORATIONS: &[&str] = &["always_invoice", "create_prorations", "none"];

/// What the rest of a period costs or is worth: Stripe's `proration_behavior`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Prorations {
    /// It is on the next invoice.
    #[default]
    Create,
    /// It is invoiced at once.
    Invoice,
    /// Nothing.
    None,
}

impl Prorations {
    /// The one with Stripe's name.
    pub(crate) fn named(name: &str) -> Self {
        match name {
            "always_invoice" => Self::Invoice,
            "none" => Self::None,
            _ => Self::Create,
        }
    }
}

/// The wanted change of a subscription.
#[derive(Debug, Default)]
pub(crate) struct Wanted {
    /// All items after it, if they change.
    pub(crate) items: Option<Vec<Value>>,
    /// What the rest of the period costs.
    pub(crate) prorations: Prorations,
    /// The time from which it counts; now without one.
    pub(crate) proration_date: Option<u64>,
    /// True when a new billing cycle starts now.
    pub(crate) restarts: bool,
    /// The new end of the trial: a time, or now.
    pub(crate) trial_end: Option<u64>,
}

/// A change with its amounts; nothing is stored yet.
#[derive(Debug)]
pub(crate) struct Change {
    /// The fields of the subscription after it.
    pub(crate) patch: Value,
    /// Its prorations, and the whole period of a new cycle.
    pub(crate) lines: Vec<Value>,
    /// True when a new cycle starts: the lines are invoiced at once.
    pub(crate) restarts: bool,
}

impl Wanted {
    /// Returns true when the trial ends now.
    pub(super) fn ends_trial(&self, held: &Value) -> bool {
        in_trial(held) && self.trial_end.is_some_and(|end| end <= now())
    }

    /// Computes the change.
    pub(crate) fn of(self, state: &State, held: &Value) -> Change {
        let before = items_of(held);
        let after = self.items.clone().unwrap_or_else(|| before.clone());
        if let Some(end) = self.trial_end.filter(|end| *end > now()) {
            return trial(held, &after, end);
        }
        let from = self.proration_date.unwrap_or_else(now);
        let of = |items: &[Value]| items.first().map(|item| Interval::of(&item["price"]));
        let trial_ends = self.ends_trial(held);
        let other_interval = of(&before) != of(&after) && !in_trial(held);
        let restarts = self.restarts || trial_ends || other_interval;
        let mut lines = Vec::new();
        let ends = from >= period_of(held).1;
        if self.prorations != Prorations::None && !in_trial(held) && !ends {
            lines = match restarts {
                true => proration::credits(state, &before, period_of(held), from),
                false => proration::lines(state, &before, &after, period_of(held), from),
            };
        }
        match restarts {
            true => new_cycle(state, held, &after, lines),
            false => {
                let patch = self
                    .items
                    .map(|items| json!({ "items": shape::list(held, items) }));
                let patch = patch.unwrap_or_else(|| json!({}));
                Change {
                    patch,
                    lines,
                    restarts,
                }
            }
        }
    }
}

impl Change {
    /// Returns true when an invoice is made at once.
    pub(super) fn is_billed(&self, prorations: Prorations) -> bool {
        (self.restarts || prorations == Prorations::Invoice) && !self.lines.is_empty()
    }
}

/// Gives a subscription the items of a phase of its schedule. At the end of a period the renewal
/// bills them.
pub(crate) fn replace_items(
    state: &mut State,
    held: &Value,
    new: &[NewItem],
    prorations: Prorations,
    mut more: Value,
) -> Result<(), Error> {
    let (id, (start, end)) = (text(held, "id"), period_of(held));
    let mut before = items_of(held);
    let mut items = Vec::new();
    for new in new {
        let same = before
            .iter()
            .position(|old| old["price"]["id"] == new.price["id"]);
        let place = same.or((!before.is_empty()).then_some(0));
        let mut item = shape::item(id, new, (start, end));
        if let Some(old) = place.map(|place| before.remove(place)) {
            for field in ["id", "created"] {
                item[field] = old[field].clone();
            }
        }
        let known = text(&item, "id").to_owned();
        state.billing.items.insert(known, id.to_owned());
        items.push(item);
    }
    if now() < end {
        let wanted = Wanted {
            items: Some(items),
            prorations,
            ..Wanted::default()
        };
        let mut change = wanted.of(state, held);
        super::update::merge(&mut change.patch, more);
        return make(state, held, change, prorations, Behavior::Allow);
    }
    let old = held["items"]["data"]
        .get(0)
        .map(|item| Interval::of(&item["price"]));
    if old != items.first().map(|item| Interval::of(&item["price"])) {
        more["billing_cycle_anchor"] = end.into();
    }
    more["items"] = shape::list(held, items);
    set(state, id, &more);
    Ok(())
}

/// A trial with another end; what was paid is not credited.
fn trial(held: &Value, after: &[Value], end: u64) -> Change {
    let start = at(held, "trial_start").filter(|_| in_trial(held));
    let items = renewal::with_period(after, (start.unwrap_or_else(now), end));
    let patch = json!({
        "billing_cycle_anchor": end,
        "items": shape::list(held, items),
        "status": "trialing",
        "trial_end": end,
        "trial_start": start.unwrap_or_else(now),
    });
    Change {
        patch,
        lines: Vec::new(),
        restarts: false,
    }
}

/// A new billing cycle from now on.
fn new_cycle(state: &State, held: &Value, after: &[Value], mut lines: Vec<Value>) -> Change {
    let start = now();
    let interval = Interval::of(&after[0]["price"]);
    let period = (start, interval.end_after(start, start));
    let items = renewal::with_period(after, period);
    lines.extend(renewal::licensed(state, &items));
    let mut patch = json!({
        "billing_cycle_anchor": start,
        "items": shape::list(held, items),
    });
    if in_trial(held) {
        patch["status"] = "active".into();
        patch["trial_end"] = start.into();
    }
    if held["cancel_at_period_end"] == true {
        patch["cancel_at"] = period.1.into();
    }
    Change {
        patch,
        lines,
        restarts: true,
    }
}

/// Credits for the rest of the current period.
pub(super) fn credits(state: &State, held: &Value, from: u64) -> Vec<Value> {
    match in_trial(held) {
        true => Vec::new(),
        false => proration::credits(state, &items_of(held), period_of(held), from),
    }
}

/// Keeps lines as invoice items, for the next invoice.
pub(super) fn keep(state: &mut State, held: &Value, lines: &[Value]) -> Vec<Value> {
    let prorated = lines
        .iter()
        .map(|line| invoice_item::of_line(state, held, line));
    prorated.collect()
}

/// Makes a change: at once, or when its invoice is paid.
pub(super) fn make(
    state: &mut State,
    held: &Value,
    change: Change,
    prorations: Prorations,
    behavior: Behavior,
) -> Result<(), Error> {
    let id = text(held, "id");
    let at_once = change.is_billed(prorations);
    if !at_once {
        set(state, id, &change.patch);
        keep(state, held, &change.lines);
        return Ok(());
    }
    let mut after = held.clone();
    for (name, value) in change.patch.as_object().into_iter().flatten() {
        after[name] = value.clone();
    }
    let total: i64 = change.lines.iter().map(|line| number(line, "amount")).sum();
    check_collection(state, held, total.max(0), behavior)?;
    let invoice = invoice_of(state, &after, &change.lines);
    let mut patch = json!({});
    if behavior == Behavior::Pending {
        pending::hold(state, &invoice, &change.patch);
    } else {
        patch = change.patch.clone();
    }
    patch["latest_invoice"] = invoice["id"].clone();
    set(state, id, &patch);
    bill(state, &invoice, behavior);
    match behavior {
        Behavior::Default => owes(state, id, &invoice),
        Behavior::Pending => pending::wait(state, id, &invoice, &change.patch),
        _ => {}
    }
    Ok(())
}

/// The draft of the invoice of a change: what waits, and the change's own lines.
fn invoice_of(state: &mut State, after: &Value, lines: &[Value]) -> Value {
    let id = text(after, "id");
    let (prorated, whole): (Vec<Value>, Vec<Value>) = lines.iter().cloned().partition(is_proration);
    keep(state, after, &prorated);
    let waiting = invoice_item::pending(state, text(after, "customer"), Some(id));
    let lines = waiting.iter().map(invoice_item::line).chain(whole);
    let lines = lines.collect();
    let draft = Draft {
        customer: text(after, "customer"),
        currency: text(after, "currency"),
        subscription: Some(after),
        reason: "subscription_update",
        lines,
        period: (now(), now()),
    };
    draft.create(state)
}

fn is_proration(line: &Value) -> bool {
    line["parent"]["subscription_item_details"]["proration"] == true
}

/// With `default_incomplete` the payer pays later: until then the subscription is past due.
fn owes(state: &mut State, id: &str, invoice: &Value) {
    let invoice = state.store.find(text(invoice, "id"));
    if invoice.is_some_and(|invoice| invoice["status"] == "open") {
        set(state, id, &json!({ "status": "past_due" }));
    }
}
