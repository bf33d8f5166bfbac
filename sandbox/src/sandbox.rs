//! The API of a running sandbox, for tests.

use std::{borrow::Cow, sync::Arc};

use serde_json::Value;
use tokio::{sync::broadcast, task::JoinSet};

use crate::{
    catalogue::{self, NewPrice},
    endpoint::{Endpoint, Payload},
    engine::Engine,
    faults::Fault,
    log::{Activity, Delivery, RecordedRequest},
    webhooks::Webhooks,
};

mod actions;
mod billing;
mod checkout;
mod meters;

/// A sandbox of Stripe on a port of this machine; dropping it stops it.
///
/// Methods that change an object return the changed object, or `Err` with Stripe's error body
/// (`{"error": {…}}`) when the object's state does not allow it.
#[derive(Debug)]
pub struct Sandbox {
    url: String,
    engine: Arc<Engine>,
    _tasks: JoinSet<()>,
}

impl Sandbox {
    pub(crate) fn new(url: String, engine: Arc<Engine>, tasks: JoinSet<()>) -> Self {
        Self {
            url,
            engine,
            _tasks: tasks,
        }
    }

    /// The base URL: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Adds an endpoint for new events; commas separate several secrets.
    ///
    /// # Panics
    ///
    /// When the URL is not `http` on this machine.
    pub fn add_webhook(&self, url: &str, secret: &str) {
        self.add(url, secret, Payload::Snapshot);
    }

    /// Like [`Sandbox::add_webhook`], with thin events, which contain only the object's id.
    ///
    /// # Panics
    ///
    /// When the URL is not `http` on this machine.
    pub fn add_thin_webhook(&self, url: &str, secret: &str) {
        self.add(url, secret, Payload::Thin);
    }

    fn add(&self, url: &str, secret: &str, payload: Payload) {
        match Endpoint::parse(url, secret) {
            Ok(endpoint) => self.engine.webhooks.add(endpoint.with_payload(payload)),
            Err(refused) => panic!("webhook URL {refused}"),
        }
    }

    /// Changes the signing secrets of every endpoint; each secret adds a signature.
    pub fn set_webhook_secrets(&self, secrets: &[&str]) {
        let secrets: Vec<String> = secrets.iter().map(|secret| (*secret).to_owned()).collect();
        self.engine.webhooks.set_secrets(&secrets);
    }

    /// Seeds a price and its product, without an event; returns the price.
    pub fn add_price(&self, price: NewPrice<'_>) -> Value {
        catalogue::seed(&mut self.engine.state(), &price)
    }

    /// Seeds a promotion code and its coupon, without an event; returns the promotion code.
    pub fn add_promotion_code(&self, code: &str, percent_off: f64) -> Value {
        catalogue::seed_code(&mut self.engine.state(), code, percent_off)
    }

    /// Stores an event without delivering it, and replaces one with its id: for an event from
    /// before the sandbox started, or of a shape that only Stripe has.
    pub fn add_event(&self, event: Value) {
        self.engine.state().store.insert(event);
    }

    /// All payment intents, oldest first.
    #[must_use]
    pub fn payment_intents(&self) -> Vec<Value> {
        self.all("payment_intent")
    }

    /// All charges, oldest first.
    #[must_use]
    pub fn charges(&self) -> Vec<Value> {
        self.all("charge")
    }

    /// All refunds, oldest first.
    #[must_use]
    pub fn refunds(&self) -> Vec<Value> {
        self.all("refund")
    }

    /// All customers that were not deleted, oldest first.
    #[must_use]
    pub fn customers(&self) -> Vec<Value> {
        self.all("customer")
    }

    /// All checkout sessions, oldest first.
    #[must_use]
    pub fn checkout_sessions(&self) -> Vec<Value> {
        self.all("checkout.session")
    }

    /// All subscriptions, also those that ended, oldest first.
    #[must_use]
    pub fn subscriptions(&self) -> Vec<Value> {
        self.all("subscription")
    }

    /// All invoices, oldest first.
    #[must_use]
    pub fn invoices(&self) -> Vec<Value> {
        self.all("invoice")
    }

    /// All disputes, oldest first.
    #[must_use]
    pub fn disputes(&self) -> Vec<Value> {
        self.all("dispute")
    }

    /// All events, oldest first.
    #[must_use]
    pub fn events(&self) -> Vec<Value> {
        self.all("event")
    }

    /// The events after the first `known` ones, oldest first.
    #[must_use]
    pub fn events_after(&self, known: usize) -> Vec<Value> {
        let state = self.engine.state();
        let ids = state.store.ids("event").get(known..).unwrap_or_default();
        let events = ids.iter().filter_map(|id| state.store.peek(id));
        events.map(Cow::into_owned).collect()
    }

    fn all(&self, kind: &str) -> Vec<Value> {
        self.engine
            .state()
            .store
            .all(kind)
            .map(Cow::into_owned)
            .collect()
    }

    /// One payment intent.
    #[must_use]
    pub fn payment_intent(&self, id: &str) -> Option<Value> {
        let state = self.engine.state();
        state
            .store
            .get("payment_intent", id, "intent")
            .ok()
            .cloned()
    }

    /// Injects a fault into the next matching request.
    pub fn inject(&self, fault: Fault) {
        self.engine.state().faults.inject(fault);
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.engine.state().faults.clear();
    }

    /// Limits the failed confirmations of a payment intent, 100 by default; the next confirmation
    /// cancels it with the reason `automatic`.
    pub fn set_max_confirmations(&self, most: u32) {
        self.engine.state().max_confirmations = most;
    }

    /// Expires this API key, as after a rotation.
    pub fn expire_key(&self, key: &str) {
        self.engine.state().expired_keys.insert(key.to_owned());
    }

    /// Deletes all idempotency keys, as Stripe does after a day.
    pub fn forget_idempotency_keys(&self) {
        self.engine.state().keys.forget();
    }

    /// The API requests so far, oldest first, without those to the control plane.
    #[must_use]
    pub fn requests(&self) -> Vec<RecordedRequest> {
        self.engine.log.requests()
    }

    /// The number of accepted connections.
    #[must_use]
    pub fn connections(&self) -> u64 {
        self.engine.connections()
    }

    /// Every delivery attempt so far, in the order of their ends.
    #[must_use]
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.engine.webhooks.deliveries()
    }

    /// Resolves when no delivery is in flight or waiting for a retry.
    ///
    /// It does not wait for held events, nor for events that happened during a pause.
    pub async fn delivered_all(&self) {
        self.engine.webhooks.delivered_all().await;
    }

    /// The controls of the webhooks.
    #[must_use]
    pub fn webhooks(&self) -> &Webhooks {
        &self.engine.webhooks
    }

    /// Subscribes to new requests, events and deliveries.
    #[must_use]
    pub fn observe(&self) -> broadcast::Receiver<Activity> {
        self.engine.log.observe()
    }
}
