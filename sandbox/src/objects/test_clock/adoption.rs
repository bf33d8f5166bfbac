//! A clock for a customer that exists: at Stripe only a new customer gets one.

use serde_json::{Value, json};

use super::{KIND, begin};
use crate::{
    clock::real_now,
    error::Error,
    objects::{customer, invoice, subscription, subscription_schedule},
    route::Call,
    state::State,
    store::text,
};

/// Sets the timer of an object.
type Wake = fn(&mut State, &Value);

/// What follows its customer's clock, and has timers.
const TIMED: &[(&str, Wake)] = &[
    (subscription::KIND, subscription::wake),
    (subscription_schedule::KIND, subscription_schedule::wake),
    (invoice::KIND, invoice::wake),
];

/// Puts a customer, and what the customer has, onto a new clock that stands at the present. Returns
/// the clock; the one that the customer has already, if any.
pub(crate) fn adopt(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    customer::expect(state, &id)?;
    let held = state.store.find(&id).cloned().unwrap_or_default();
    if let Some(clock) = held["test_clock"].as_str() {
        return state.store.get(KIND, clock, "id").cloned();
    }
    let clock = begin(state, real_now(), None);
    let follows = json!({ "test_clock": clock["id"] });
    state.update(&id, &follows);
    for (kind, wake) in TIMED {
        let of_customer = state.store.all(kind).filter(|one| one["customer"] == *id);
        let ids: Vec<String> = of_customer.map(|one| text(&one, "id").to_owned()).collect();
        for one in ids {
            let moved = state.update(&one, &follows);
            // A timer in real time may still be due: by then nothing is left for it to do.
            wake(state, &moved);
        }
    }
    Ok(clock)
}
