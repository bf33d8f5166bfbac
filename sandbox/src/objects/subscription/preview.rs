//! `POST /v1/invoices/create_preview`: the next invoice, or that of a change; nothing is stored.

use serde_json::{Value, json};

use super::{
    KIND, at, change::Change, creation::New, details::future, items, items_of, pause,
    period::Interval, period_of, renewal, shape, update,
};
use crate::{
    clock::now,
    error::Error,
    ids,
    objects::{customer, invoice::Draft, invoice_item, test_clock},
    params::Params,
    route::Call,
    state::State,
    store::text,
};

/// The invoice that a customer or a subscription gets next.
pub(crate) fn preview(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let payer = params.text("customer")?;
    let id = params.text("subscription")?;
    let mut details = params.nested("subscription_details")?.unwrap_or_default();
    let mode = params.choice("preview_mode", &["next", "recurring"])?;
    params.accept(&["currency"]);
    call.params.finish()?;
    let invoice = match (id, payer) {
        (Some(id), payer) => {
            let held = state.store.get(KIND, &id, "subscription")?.clone();
            if payer.is_some_and(|payer| held["customer"] != *payer) {
                let message = "The subscription is another customer's.";
                return Err(Error::invalid(message).param("customer"));
            }
            of_held(
                state,
                &held,
                &mut details,
                mode.as_deref() == Some("recurring"),
            )?
        }
        (None, Some(payer)) => of_new(state, &payer, &mut details)?,
        (None, None) => return Err(Params::default().missing("customer")),
    };
    details.finish()?;
    Ok(invoice)
}

/// The first invoice of a subscription that does not exist yet.
fn of_new(state: &mut State, payer: &str, details: &mut Params) -> Result<Value, Error> {
    customer::expect(state, payer)?;
    let _time = test_clock::of_customer(state, payer);
    let mut new = New::of(payer, items::read(state, details)?);
    new.anchor = future(details, "billing_cycle_anchor")?;
    let prorations = details.choice("proration_behavior", super::change::PRORATIONS)?;
    new.prorates = prorations.as_deref() != Some("none");
    match details.says("trial_end", "now") {
        true => details.accept(&["trial_end"]),
        false => new.trial_end = future(details, "trial_end")?,
    }
    let subscription = new.shape(state);
    let draft = new.draft(state, &subscription);
    let mut invoice = shown(state, &draft, None);
    invoice["parent"]["subscription_details"]["subscription"] = Value::Null;
    Ok(invoice)
}

fn of_held(
    state: &mut State,
    held: &Value,
    details: &mut Params,
    recurring: bool,
) -> Result<Value, Error> {
    let _time = test_clock::enter(state, held);
    if details.choice("resume_at", &["now"])?.is_some() {
        return of_resumed(state, held, details, recurring);
    }
    let wanted = update::wanted(state, details, held)?;
    let cancels = details.flag("cancel_now")?.unwrap_or(false);
    let at_end = details.flag("cancel_at_period_end")?;
    let at_end = at_end.unwrap_or(held["cancel_at_period_end"] == true);
    let prorations = wanted.prorations;
    let change = wanted.of(state, held);
    let ended = super::ENDED.contains(&text(held, "status"));
    if ended || ((cancels || at_end) && waiting(state, held).is_empty()) {
        return Err(none());
    }
    let mut after = held.clone();
    for (name, value) in change.patch.as_object().into_iter().flatten() {
        after[name] = value.clone();
    }
    let at_once = cancels || change.is_billed(prorations);
    let (lines, period, attempt) = match (recurring, at_once) {
        (true, _) => {
            let (lines, start) = next(state, &after, Vec::new());
            (lines, (start, start), start)
        }
        (false, true) => (lines_now(state, held, change), (now(), now()), now()),
        (false, false) => {
            let mut lines = waiting(state, held);
            lines.extend(change.lines);
            let (mut lines, start) = next(state, &after, lines);
            if at_end {
                lines = waiting(state, held);
            }
            (lines, period_of(&after), start + 3600)
        }
    };
    let draft = Draft {
        customer: text(held, "customer"),
        currency: text(held, "currency"),
        subscription: Some(&after),
        reason: "upcoming",
        lines,
        period,
    };
    Ok(shown(state, &draft, Some(attempt)))
}

/// The invoice of a paused subscription that resumes now, or of a whole period after that.
fn of_resumed(
    state: &mut State,
    held: &Value,
    details: &mut Params,
    recurring: bool,
) -> Result<Value, Error> {
    details.accept(&["cancel_at", "cancel_at_period_end"]);
    if held["status"] != "paused" {
        let message = "Only a paused subscription can be resumed.";
        return Err(Error::invalid(message).param("subscription_details[resume_at]"));
    }
    let (items, anchor) = pause::resumed(held, false);
    let lines = renewal::licensed(state, &items);
    let mut after = held.clone();
    after["billing_cycle_anchor"] = anchor.into();
    after["items"] = shape::list(held, items);
    let (lines, start) = match recurring {
        true => next(state, &after, Vec::new()),
        false => (lines, now()),
    };
    let draft = Draft {
        customer: text(held, "customer"),
        currency: text(held, "currency"),
        subscription: Some(&after),
        reason: "upcoming",
        lines,
        period: (start, start),
    };
    Ok(shown(state, &draft, Some(start)))
}

/// What waits for an invoice of this subscription.
fn waiting(state: &State, held: &Value) -> Vec<Value> {
    let items = invoice_item::pending(state, text(held, "customer"), Some(text(held, "id")));
    items.iter().map(invoice_item::line).collect()
}

fn lines_now(state: &State, held: &Value, change: Change) -> Vec<Value> {
    let mut lines = waiting(state, held);
    lines.extend(change.lines);
    lines
}

/// The lines of the next period after these, and when it starts.
fn next(state: &State, after: &Value, mut lines: Vec<Value>) -> (Vec<Value>, u64) {
    let items = items_of(after);
    let (start, end) = period_of(after);
    let anchor = at(after, "billing_cycle_anchor").unwrap_or(end);
    let interval = Interval::of(&items[0]["price"]);
    let items = renewal::with_period(&items, (end, interval.end_after(anchor, end)));
    lines.extend(renewal::usage(state, after, (start, end)));
    lines.extend(renewal::licensed(state, &items));
    (lines, end)
}

fn shown(state: &State, draft: &Draft<'_>, attempt: Option<u64>) -> Value {
    let mut invoice = draft.shape(state);
    let id = ids::long("upcoming_in_1");
    for line in invoice["lines"]["data"]
        .as_array_mut()
        .into_iter()
        .flatten()
    {
        line["invoice"] = id.clone().into();
    }
    invoice["lines"]["url"] = format!("/v1/invoices/{id}/lines").into();
    invoice["id"] = id.into();
    invoice["auto_advance"] = attempt.is_some().into();
    invoice["next_payment_attempt"] = json!(attempt);
    invoice
}

fn none() -> Error {
    let message = "No upcoming invoices for this subscription.";
    Error::invalid(message)
        .code("invoice_upcoming_none")
        .executed()
}
