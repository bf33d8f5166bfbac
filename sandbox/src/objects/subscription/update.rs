//! `POST /v1/subscriptions/{id}`.

use serde_json::{Value, json};

use super::{
    KIND,
    change::{self, PRORATIONS, Prorations, Wanted},
    creation::Behavior,
    details::{details, future},
    items, period_of, renewal, set,
};
use crate::{
    clock::now,
    error::Error,
    objects::{subscription_schedule, test_clock},
    params::Params,
    route::Call,
    state::State,
    store::text,
};

/// Changes a subscription: what it is, then what it costs.
pub(crate) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let held = state.store.get(KIND, &id, "id")?.clone();
    check_ended(&held, &call.params)?;
    let _time = test_clock::enter(state, &held);
    let params = &mut call.params;
    check_schedule(&held, params)?;
    let behavior = Behavior::read(params)?;
    let wanted = wanted(state, params, &held)?;
    let mut patch = details(state, params, text(&held, "customer"), &held)?;
    if let Some(pause) = pause_collection(params)? {
        patch["pause_collection"] = pause;
    }
    params.accept(&["off_session", "trial_from_plan"]);
    call.params.finish()?;
    if wanted.ends_trial(&held) && renewal::ends_without_method(state, &held) {
        patch["trial_end"] = now().into();
        set(state, &id, &patch);
        return Ok(state.store.find(&id).cloned().unwrap_or_default());
    }
    let prorations = wanted.prorations;
    let change = wanted.of(state, &held);
    let changes = change
        .patch
        .as_object()
        .is_some_and(|fields| !fields.is_empty());
    if behavior == Behavior::Pending && !held["pending_update"].is_null() {
        let message = "This subscription has a pending update.";
        return Err(Error::invalid(message).executed());
    }
    if changes {
        let mut change = change;
        merge(&mut change.patch, patch);
        change::make(state, &held, change, prorations, behavior)?;
    } else {
        set(state, &id, &patch);
    }
    let held = state.store.find(&id).cloned().unwrap_or_default();
    keep_items(state, &held);
    subscription_schedule::follow(state, &held);
    renewal::schedule(state, &id);
    Ok(held)
}

/// Remembers the subscription of each item.
fn keep_items(state: &mut State, held: &Value) {
    for item in super::items_of(held) {
        let (item, held) = (text(&item, "id").to_owned(), text(held, "id").to_owned());
        state.billing.items.insert(item, held);
    }
}

/// Rejects changes of what a subscription that ended was.
fn check_ended(held: &Value, params: &Params) -> Result<(), Error> {
    if !super::ENDED.contains(&text(held, "status")) {
        return Ok(());
    }
    let other = params.only(&["cancellation_details", "metadata"]);
    let message = "A canceled subscription can only update its cancellation_details and metadata.";
    other.map_err(|_| Error::invalid(message).executed())
}

/// Rejects a cancellation beside the schedule of a subscription.
fn check_schedule(held: &Value, params: &Params) -> Result<(), Error> {
    let cancels = ["cancel_at", "cancel_at_period_end"];
    let given = cancels.iter().find(|name| params.has(name));
    match (held["schedule"].as_str(), given) {
        (Some(schedule), Some(name)) => {
            let message = format!(
                "The subscription is managed by the subscription schedule `{schedule}`, and \
                 updating any cancelation behavior directly is not allowed. Please update the \
                 schedule instead."
            );
            Err(Error::invalid(&message).param(name))
        }
        _ => Ok(()),
    }
}

pub(super) fn merge(fields: &mut Value, more: Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        fields[name] = value.clone();
    }
}

/// Reads the parameters that decide amounts.
pub(crate) fn wanted(
    state: &mut State,
    params: &mut Params,
    held: &Value,
) -> Result<Wanted, Error> {
    let items = items::changed(state, params, held)?;
    let prorations = params.choice("proration_behavior", PRORATIONS)?;
    let anchor = params.choice("billing_cycle_anchor", &["now", "unchanged"])?;
    let trial_end = match params.says("trial_end", "now") {
        true => {
            params.accept(&["trial_end"]);
            Some(now())
        }
        false => future(params, "trial_end")?,
    };
    Ok(Wanted {
        items,
        prorations: Prorations::named(prorations.as_deref().unwrap_or_default()),
        proration_date: date(params, held)?,
        restarts: anchor.as_deref() == Some("now"),
        trial_end,
    })
}

/// Reads `proration_date`, a time in the current period.
fn date(params: &mut Params, held: &Value) -> Result<Option<u64>, Error> {
    let Some(time) = params.integer("proration_date")? else {
        return Ok(None);
    };
    let (start, end) = period_of(held);
    let time = u64::try_from(time)
        .ok()
        .filter(|time| (start..=end).contains(time));
    let message = "proration_date has to be in the current period of the subscription.";
    let error = || Error::invalid(message).param(&params.name("proration_date"));
    time.map(Some).ok_or_else(error)
}

/// Reads `pause_collection`; an empty one is `null`, and collects again.
fn pause_collection(params: &mut Params) -> Result<Option<Value>, Error> {
    if !params.is_group("pause_collection") {
        let cleared = params.clearable("pause_collection")?;
        return match cleared {
            Some(Value::String(_)) => Err(params.mistyped("pause_collection", "a group")),
            cleared => Ok(cleared),
        };
    }
    let mut pause = params.nested("pause_collection")?.unwrap_or_default();
    let words = ["keep_as_draft", "mark_uncollectible", "void"];
    let behavior = pause.choice("behavior", &words)?;
    let behavior = behavior.ok_or_else(|| pause.missing("behavior"))?;
    let resumes = future(&mut pause, "resumes_at")?;
    pause.finish()?;
    Ok(Some(json!({ "behavior": behavior, "resumes_at": resumes })))
}
