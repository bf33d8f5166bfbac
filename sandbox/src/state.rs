//! What the sandbox remembers, and how a change becomes an event.

use std::{
    collections::{HashMap, HashSet},
    time::{Duration, SystemTime},
};

use serde_json::{Value, json};

use crate::{
    agenda::{Agenda, now_ms},
    cards::Behaviour,
    faults::Faults,
    idempotency::Keys,
    objects::{event, payment_method::Card},
    store::Store,
    webhooks::Subscription,
};

/// Stripe tells of a limit, and that it varies; not which it is.
const MOST_CONFIRMATIONS: u32 = 100;

/// Everything behind the one lock.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// The account's objects.
    pub(crate) store: Store,
    /// What the sandbox remembers of idempotency keys.
    pub(crate) keys: Keys,
    /// API keys that were rolled, and are not taken any more.
    pub(crate) expired_keys: HashSet<String>,
    /// The faults that wait for a request.
    pub(crate) faults: Faults,
    /// How each payment method, by id, behaves when it is charged.
    pub(crate) behaviours: HashMap<String, Behaviour>,
    /// The card behind each token, by the token's id.
    pub(crate) tokens: HashMap<String, Card>,
    /// The payment intent that each checkout session starts, by the session's id.
    pub(crate) drafts: HashMap<String, Value>,
    /// The line items of each checkout session, by the session's id.
    pub(crate) lines: HashMap<String, Vec<Value>>,
    /// The billing portal session behind each page's secret.
    pub(crate) portals: HashMap<String, String>,
    /// The checkout session of a payment intent, by the intent's id.
    pub(crate) sessions: HashMap<String, String>,
    /// What happens by itself later.
    pub(crate) agenda: Agenda,
    /// How often each payment intent, by id, was confirmed in vain so far.
    pub(crate) confirmations: HashMap<String, u32>,
    /// How often a payment intent can be confirmed in vain; after that it is canceled instead.
    pub(crate) most_confirmations: u32,
    /// After which time a bank debit ends by itself; `None` leaves it to the control plane.
    pub(crate) settle_after: Option<Duration>,
    /// Where the sandbox listens.
    pub(crate) url: String,
    /// Which events each webhook endpoint gets.
    pub(crate) subscriptions: Vec<Subscription>,
    origin: Origin,
    outgoing: Vec<Value>,
}

/// The request that causes a change; an event names it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Origin {
    /// The request's id; `None` for the control plane.
    pub(crate) request: Option<String>,
    /// The request's idempotency key.
    pub(crate) idempotency_key: Option<String>,
}

impl State {
    /// An account without any object, behind a sandbox that listens at `url`.
    pub(crate) fn at(url: String, settle_after: Option<Duration>) -> Self {
        Self {
            url,
            settle_after,
            most_confirmations: MOST_CONFIRMATIONS,
            ..Self::default()
        }
    }

    /// Runs one change for one request; answers its result and the events it made.
    pub(crate) fn change<T>(
        &mut self,
        origin: Origin,
        work: impl FnOnce(&mut Self) -> T,
    ) -> (T, Vec<Value>) {
        self.origin = origin;
        let result = work(self);
        (result, std::mem::take(&mut self.outgoing))
    }

    /// Keeps a new object and tells of it.
    pub(crate) fn create(&mut self, event: &str, object: Value) -> Value {
        self.store.insert(object.clone());
        self.emit(event, &object, None);
        object
    }

    /// Changes an object without telling; answers the object as it is now.
    pub(crate) fn update(&mut self, id: &str, patch: &Value) -> Value {
        self.store.patch(id, patch);
        self.store.find(id).cloned().unwrap_or_default()
    }

    /// Changes an object and tells of it.
    pub(crate) fn change_object(&mut self, event: &str, id: &str, patch: &Value) -> Value {
        let previous = self.store.patch(id, patch);
        let object = self.store.find(id).cloned().unwrap_or_default();
        self.emit(event, &object, Some(previous));
        object
    }

    /// Lets an object end by itself, where a time is set.
    pub(crate) fn plan_to_settle(&mut self, id: &str) {
        if let Some(time) = self.settle_after {
            let at = now_ms() + u64::try_from(time.as_millis()).unwrap_or(u64::MAX / 2);
            self.agenda.plan(at, id);
        }
    }

    /// Records an event about an object as it is now, and sends it on its way.
    pub(crate) fn emit(&mut self, kind: &str, object: &Value, previous: Option<Value>) {
        let mut data = json!({ "object": object });
        if let Some(previous) = previous.filter(|_| event::tells_previous(kind)) {
            data["previous_attributes"] = previous;
        }
        let wants = |to: &&Subscription| to.includes(kind);
        let endpoints = self.subscriptions.iter().filter(wants).count();
        let event = event::new(kind, data, &self.origin, endpoints);
        self.store.insert(event.clone());
        self.outgoing.push(event);
    }
}

/// The time now, in Unix seconds.
pub(crate) fn now() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |elapsed| elapsed.as_secs())
}
