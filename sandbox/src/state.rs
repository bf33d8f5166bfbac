//! The state of the sandbox; each change emits an event.

use std::{
    collections::{HashMap, HashSet},
    time::Duration,
};

use serde_json::{Map, Value};

use crate::{
    behaviour::Behaviour,
    billing::Billing,
    clock::now_ms,
    endpoint::Subscription,
    entitlements::Entitlements,
    event::{self, Origin},
    faults::Faults,
    idempotency::Keys,
    scheduler::Scheduler,
    store::{Store, text},
    usage::Usage,
};

/// Stripe documents that there is a limit and that it varies, but not its value.
const MAX_CONFIRMATIONS: u32 = 100;

/// The state behind the one lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The account's objects.
    pub(crate) store: Store,
    /// Idempotency keys in use, and saved responses.
    pub(crate) keys: Keys,
    /// Expired API keys: the sandbox rejects them.
    pub(crate) expired_keys: HashSet<String>,
    /// The faults that wait for a request.
    pub(crate) faults: Faults,
    /// The behaviour of each payment method, by id.
    pub(crate) behaviours: HashMap<String, Behaviour>,
    /// The card parameters behind each token, by the token's id.
    pub(crate) tokens: HashMap<String, Value>,
    /// The payment intent that each open checkout session starts, what it updates of its customer,
    /// and the parameters of its copy, by the session's id.
    pub(crate) drafts: HashMap<String, Value>,
    /// The line items of each checkout session, by the session's id.
    pub(crate) lines: HashMap<String, Vec<Value>>,
    /// The customer sessions, by client secret.
    pub(crate) customer_sessions: HashMap<String, Value>,
    /// The billing portal session behind each page's secret.
    pub(crate) portals: HashMap<String, String>,
    /// The checkout session of a payment intent, by the intent's id.
    pub(crate) sessions: HashMap<String, String>,
    /// Features of products and customers.
    pub(crate) entitlements: Entitlements,
    /// The events of meters.
    pub(crate) usage: Usage,
    /// The timers of objects.
    pub(crate) scheduler: Scheduler,
    /// The number of failed confirmations of each payment intent, by id.
    pub(crate) confirmations: HashMap<String, u32>,
    /// The limit of failed confirmations; the next one cancels the payment intent.
    pub(crate) max_confirmations: u32,
    /// The time after which a bank debit ends; `None` leaves it to the control plane.
    pub(crate) settle_after: Option<Duration>,
    /// The sandbox's base URL.
    pub(crate) url: String,
    /// State of subscriptions and their invoices.
    pub(crate) billing: Billing,
    /// The subscription of each webhook endpoint.
    pub(crate) subscriptions: Vec<Subscription>,
    origin: Origin,
    /// The ids of the current change's events.
    outgoing: Vec<String>,
}

impl State {
    /// An account without objects, for a sandbox at `url`.
    pub(crate) fn at(url: String, settle_after: Option<Duration>) -> Self {
        Self {
            url,
            settle_after,
            max_confirmations: MAX_CONFIRMATIONS,
            ..Self::default()
        }
    }

    /// Runs a change for a request; returns its result and the ids of its events.
    pub(crate) fn change<T>(
        &mut self,
        origin: Origin,
        work: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<String>) {
        self.origin = origin;
        let result = work(self);
        (result, std::mem::take(&mut self.outgoing))
    }

    /// Stores a new object and emits an event.
    pub(crate) fn create(&mut self, event: &str, object: Value) -> Value {
        self.store.insert(object.clone());
        self.emit(event, &object, None);
        object
    }

    /// Changes an object without an event; returns the changed object.
    pub(crate) fn update(&mut self, id: &str, patch: &Value) -> Value {
        self.store.patch(id, patch);
        self.store.find(id).cloned().unwrap_or_default()
    }

    /// Changes an object and emits an event; returns the changed object.
    pub(crate) fn change_object(&mut self, event: &str, id: &str, patch: &Value) -> Value {
        let previous = self.store.patch(id, patch);
        let object = self.store.find(id).cloned().unwrap_or_default();
        self.emit(event, &object, Some(previous));
        object
    }

    /// Sets an object's timer, when `settle_after` is set.
    pub(crate) fn schedule_settlement(&mut self, id: &str) {
        if let Some(time) = self.settle_after {
            let at = now_ms() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2);
            self.scheduler.schedule(at, id);
        }
    }

    /// Sets a timer of an object, in Unix seconds of its test clock or of this machine. Of several
    /// objects with timers for one second of a clock, the lowest rank runs first.
    pub(crate) fn wake(&mut self, object: &Value, at: u64, rank: u8) {
        let id = text(object, "id");
        match object["test_clock"].as_str() {
            None => self.scheduler.schedule(at.saturating_mul(1000), id),
            Some(clock) => {
                let timetable = self.billing.timetables.get_mut(clock);
                if let Some(timetable) = timetable {
                    timetable.schedule(at, rank, id);
                }
            }
        }
    }

    /// Stores an event with the current object, and queues it for the webhooks.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value, previous: Option<Value>) {
        // `json!` would serialize the value to copy it.
        let mut data = Map::from_iter([("object".to_owned(), object.clone())]);
        if let Some(previous) = previous.filter(|_| event::has_previous_attributes(kind)) {
            data.insert("previous_attributes".to_owned(), previous);
        }
        let wants = |to: &&Subscription| to.includes(kind);
        let endpoints = self.subscriptions.iter().filter(wants).count();
        let event = event::new(kind, data.into(), &self.origin, endpoints);
        self.outgoing.push(text(&event, "id").to_owned());
        self.store.insert(event);
    }
}
