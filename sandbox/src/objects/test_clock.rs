//! Test clocks: the time of a customer, and of everything that the customer has.
//!
//! An advance runs what is due one by one, each at its own time and in the order of time.

use serde_json::{Value, json};

use crate::{
    billing::DAY,
    clock::{Frozen, real_now},
    error::Error,
    ids,
    list::Page,
    params::Params,
    route::{Call, Route},
    scheduler::Timetable,
    state::State,
    store::text,
};

mod adoption;

pub(crate) use adoption::adopt;

/// Stripe's name for this kind of object.
const KIND: &str = "test_helpers.test_clock";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/test_helpers/test_clocks", create),
    Route::new("GET", "/v1/test_helpers/test_clocks", list),
    Route::new("GET", "/v1/test_helpers/test_clocks/{}", retrieve),
    Route::new("DELETE", "/v1/test_helpers/test_clocks/{}", delete),
    Route::new("POST", "/v1/test_helpers/test_clocks/{}/advance", advance),
    Route::new("POST", "/_sandbox/customers/{}/clock", adopt),
    Route::new("POST", "/_sandbox/test_clocks/{}/advance", advance),
];

/// The days until a clock deletes itself at Stripe.
const LIFETIME: u64 = 30 * DAY;

/// Freezes the time at the clock of an object, if it has one.
pub(crate) fn enter(state: &State, object: &Value) -> Frozen {
    Frozen::at(time(state, object))
}

/// Freezes the time at the clock of a customer, if it has one.
pub(crate) fn of_customer(state: &State, customer: &str) -> Frozen {
    let customer = state.store.find(customer).unwrap_or(&Value::Null);
    enter(state, customer)
}

fn time(state: &State, object: &Value) -> Option<u64> {
    let clock = state.store.find(object["test_clock"].as_str()?)?;
    clock["frozen_time"].as_u64()
}

/// Rejects a clock that does not exist.
pub(crate) fn expect(state: &State, id: &str) -> Result<(), Error> {
    state.store.get(KIND, id, "test_clock").map(drop)
}

pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let at = moment(&mut call.params)?;
    let name = call.params.text("name")?;
    call.params.finish()?;
    Ok(begin(state, at, name))
}

/// Creates a clock that stands at this time.
fn begin(state: &mut State, at: u64, name: Option<String>) -> Value {
    let id = ids::long("clock_1");
    state
        .billing
        .timetables
        .insert(id.clone(), Timetable::default());
    let clock = json!({
        "id": id,
        "object": KIND,
        "created": real_now(),
        "deletes_after": real_now() + LIFETIME,
        "frozen_time": at,
        "livemode": false,
        "name": name,
        "status": "ready",
        "status_details": {},
    });
    state.create("test_helpers.test_clock.created", clock)
}

fn moment(params: &mut Params) -> Result<u64, Error> {
    let at = params.integer("frozen_time")?;
    let at = at.ok_or_else(|| params.missing("frozen_time"))?;
    u64::try_from(at).map_err(|_| params.mistyped("frozen_time", "a time after 1970"))
}

/// Advances a clock; everything that becomes due runs before the answer.
pub(crate) fn advance(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let clock = state.store.get(KIND, &call.id(), "id")?.clone();
    let to = moment(&mut call.params)?;
    call.params.finish()?;
    let from = clock["frozen_time"].as_u64().unwrap_or_default();
    if to <= from {
        let message = "frozen_time has to be after the clock's current frozen_time.";
        return Err(Error::invalid(message).param("frozen_time"));
    }
    let id = text(&clock, "id");
    let status = json!({
        "status": "advancing",
        "status_details": { "advancing": { "target_frozen_time": to } },
    });
    state.change_object("test_helpers.test_clock.advancing", id, &status);
    run(state, id, to);
    let ready = json!({ "frozen_time": to, "status": "ready", "status_details": {} });
    let ready = state.change_object("test_helpers.test_clock.ready", id, &ready);
    Ok(ready)
}

fn run(state: &mut State, clock: &str, to: u64) {
    while let Some((at, id)) = due(state, clock, to) {
        state.update(clock, &json!({ "frozen_time": at }));
        let _time = Frozen::at(Some(at));
        let object = state.store.find(&id).cloned().unwrap_or_default();
        super::on_timer(state, &object);
    }
}

fn due(state: &mut State, clock: &str, to: u64) -> Option<(u64, String)> {
    state.billing.timetables.get_mut(clock)?.pop_due(to)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Deletes a clock with its customers and their subscriptions.
fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let clock = state.store.get(KIND, &id, "id")?.clone();
    state.billing.timetables.remove(&id);
    for kind in ["subscription", "customer"] {
        let of_clock = state
            .store
            .all(kind)
            .filter(|held| held["test_clock"] == *id);
        let ids: Vec<String> = of_clock.map(|held| text(&held, "id").to_owned()).collect();
        for id in ids {
            state.store.delete(&id);
        }
    }
    let deleted = state.store.delete(&id);
    state.emit("test_helpers.test_clock.deleted", &clock, None);
    Ok(deleted)
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/test_helpers/test_clocks", |_| true)
}
