//! `subscription_data`: the terms of the subscription, and what its lines cost today.

use serde_json::{Value, json};

use crate::{
    billing::DAY,
    clock::now,
    error::Error,
    metadata,
    objects::{
        price,
        subscription::{New, items::New as NewItem},
        test_clock,
    },
    params::Params,
    state::State,
    store::{number, text},
};

/// The least time to a given end of a trial, in seconds.
const SHORTEST_TRIAL: u64 = 2 * DAY;
/// The most days of a trial.
const LONGEST_TRIAL: i64 = 730;

/// Reads `subscription_data`.
pub(super) fn read(state: &State, mut data: Params, session: &Value) -> Result<Value, Error> {
    let _time = test_clock::of_customer(state, text(session, "customer"));
    let days = data.integer("trial_period_days")?;
    let end = data.integer("trial_end")?;
    let anchor = data.integer("billing_cycle_anchor")?;
    check_trial(&data, days, end)?;
    if let Some(anchor) = anchor {
        check_anchor(&data, anchor, days.or(end).is_some())?;
    }
    let prorations = ["create_prorations", "none"];
    let prorations = data.choice("proration_behavior", &prorations)?;
    let mut fields = json!({});
    if let Some(description) = data.text("description")? {
        fields["description"] = description.into();
    }
    if let Some(metadata) = metadata::merged(&mut data, &json!({}))? {
        fields["metadata"] = metadata;
    }
    if let Some(settings) = data.nested("trial_settings")? {
        fields["trial_settings"] = trial_settings(settings)?;
    }
    data.accept(&["billing_mode"]);
    data.finish()?;
    Ok(json!({
        "anchor": anchor,
        "fields": fields,
        "prorates": prorations.as_deref() != Some("none"),
        "trial_days": days,
        "trial_end": end,
    }))
}

fn check_trial(data: &Params, days: Option<i64>, end: Option<i64>) -> Result<(), Error> {
    let refused = |name: &str, message: &str| {
        let name = data.name(name);
        Err(Error::invalid(message).param(&name))
    };
    if days.is_some() && end.is_some() {
        let message = "You can only pass one of `trial_end` and `trial_period_days`.";
        return refused("trial_end", message);
    }
    if days.is_some_and(|days| !(1..=LONGEST_TRIAL).contains(&days)) {
        return refused(
            "trial_period_days",
            "A trial has at least 1 and at most 730 days.",
        );
    }
    let earliest = (now() + SHORTEST_TRIAL).cast_signed();
    if end.is_some_and(|end| end < earliest) {
        let message = "The `trial_end` timestamp must be at least 48 hours in the future.";
        return refused("trial_end", message);
    }
    Ok(())
}

fn check_anchor(data: &Params, anchor: i64, trial: bool) -> Result<(), Error> {
    let message = if trial {
        "You can not pass `billing_cycle_anchor` with a trial."
    } else if anchor <= now().cast_signed() {
        "The `billing_cycle_anchor` must be in the future."
    } else {
        return Ok(());
    };
    Err(Error::invalid(message).param(&data.name("billing_cycle_anchor")))
}

fn trial_settings(mut settings: Params) -> Result<Value, Error> {
    let end = settings.nested("end_behavior")?;
    let mut end = end.ok_or_else(|| settings.missing("end_behavior"))?;
    let words = ["cancel", "create_invoice", "pause"];
    let missing = end.choice("missing_payment_method", &words)?;
    let missing = missing.ok_or_else(|| end.missing("missing_payment_method"))?;
    end.finish()?;
    settings.finish()?;
    Ok(json!({ "end_behavior": { "missing_payment_method": missing } }))
}

/// The subscription of these lines that starts now.
pub(super) fn new(customer: &str, terms: &Value, items: &[Value]) -> New {
    let recurring = items.iter().filter(|item| is_recurring(item));
    let lines = recurring.map(|item| NewItem::of(item["price"].clone(), item["quantity"].as_i64()));
    let mut new = New::of(customer, lines.collect());
    let days = terms["trial_days"].as_u64().map(|days| now() + days * DAY);
    new.trial_end = terms["trial_end"].as_u64().or(days);
    new.anchor = terms["anchor"].as_u64();
    new.prorates = terms["prorates"] == true;
    new.fields = terms["fields"].clone();
    new
}

pub(super) fn is_recurring(item: &Value) -> bool {
    !item["price"]["recurring"].is_null()
}

/// Returns true for a line whose cost comes with its usage.
pub(super) fn is_metered(item: &Value) -> bool {
    item["price"]["recurring"]["usage_type"] == "metered"
}

/// Sets what each recurring line costs today: nothing in a trial, a part until an anchor, nothing
/// for usage. Rejects an anchor after the first period.
pub(crate) fn price_today(
    state: &State,
    session: &Value,
    terms: &Value,
    items: &mut [Value],
) -> Result<(), Error> {
    let customer = text(session, "customer");
    let _time = test_clock::of_customer(state, customer);
    let new = new(customer, terms, items);
    let subscription = new.shape(state);
    let end = subscription["items"]["data"][0]["current_period_end"].as_u64();
    if new.anchor.is_some() && new.anchor != end {
        let message = "The `billing_cycle_anchor` cannot be later than the next natural billing \
            date of the plan.";
        let param = "subscription_data[billing_cycle_anchor]";
        return Err(Error::invalid(message).param(param));
    }
    let draft = new.draft(state, &subscription);
    let mut costs = draft.lines.iter().map(|line| number(line, "amount"));
    for item in items.iter_mut().filter(|item| is_recurring(item)) {
        let cost = match is_metered(item) {
            true => 0,
            false => costs.next().unwrap_or_default(),
        };
        item["amount_subtotal"] = cost.into();
    }
    Ok(())
}

/// The recurring part of a session, for its payer; `null` in another mode.
pub(crate) fn shown(state: &State, session: &Value) -> Value {
    let id = text(session, "id");
    if !super::is(session) {
        return Value::Null;
    }
    let _time = test_clock::of_customer(state, text(session, "customer"));
    let items = state.lines.get(id).cloned().unwrap_or_default();
    let terms = state
        .drafts
        .get(id)
        .map_or(&Value::Null, |draft| &draft["subscription"]);
    let new = new(text(session, "customer"), terms, &items);
    let subscription = new.shape(state);
    let first = items.iter().find(|item| is_recurring(item));
    let recurring = first.map_or(&Value::Null, |item| &item["price"]["recurring"]);
    let billed = items
        .iter()
        .filter(|item| is_recurring(item) && !is_metered(item));
    let whole =
        billed.map(|item| price::cost(&state.store, &item["price"], number(item, "quantity")));
    json!({
        "billing_cycle_anchor": terms["anchor"],
        "due_next": {
            "amount": whole.sum::<i64>(),
            "at": subscription["items"]["data"][0]["current_period_end"],
        },
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "is_metered": items.iter().any(is_metered),
        "is_prorated": !terms["anchor"].is_null() && terms["prorates"] == true,
        "trial": new.trial_end.map(|end| json!({
            "days": end.saturating_sub(now()).div_ceil(DAY), "end": end,
        })),
    })
}
