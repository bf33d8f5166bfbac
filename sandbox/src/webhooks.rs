//! Webhooks: sends every event, signed, to every subscribed endpoint until it responds 2xx.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::sync::{broadcast, mpsc};

use crate::{
    endpoint::{Endpoint, Subscription},
    log::{Activity, Delivery},
    state::State,
    store::text,
};

pub(crate) mod delivery;
mod dispatcher;
mod queue;

pub(crate) use dispatcher::Retry;
use dispatcher::{Dispatcher, Flow};
use queue::{Batch, Message};

/// Sends events to endpoints, with faults on demand.
///
/// Deliveries run in the background, concurrently and in no particular order, as Stripe's do.
#[derive(Debug, Clone)]
pub struct Webhooks(Arc<Dispatcher>);

/// The order in which held events are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// In their order.
    AsSent,
    /// The last one first.
    Reversed,
}

impl Webhooks {
    /// Creates webhooks without an endpoint, and the queue for [`delivery::run`].
    pub(crate) fn new(
        state: Arc<Mutex<State>>,
        retry: Retry,
        watchers: broadcast::Sender<Activity>,
    ) -> (Self, mpsc::UnboundedReceiver<Batch>) {
        let (queue, jobs) = mpsc::unbounded_channel();
        (
            Self(Arc::new(Dispatcher::new(state, retry, queue, watchers))),
            jobs,
        )
    }

    /// The dispatcher, for [`delivery::run`].
    pub(crate) fn dispatcher(&self) -> Arc<Dispatcher> {
        Arc::clone(&self.0)
    }

    /// Adds an endpoint for new events.
    pub(crate) fn add(&self, endpoint: Endpoint) {
        self.0.settings().endpoints.push(endpoint);
    }

    /// Changes the endpoint with this id, for pending retries too.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Endpoint)) {
        let mut settings = self.0.settings();
        if let Some(endpoint) = settings.endpoints.iter_mut().find(|to| to.id == id) {
            change(endpoint);
        }
    }

    /// Removes the endpoint with this id and its pending deliveries.
    pub(crate) fn remove(&self, id: &str) {
        self.0.settings().endpoints.retain(|to| to.id != id);
    }

    /// Changes the signing secrets of every endpoint, for pending retries too.
    pub(crate) fn set_secrets(&self, secrets: &[String]) {
        for endpoint in &mut self.0.settings().endpoints {
            endpoint.secrets = secrets.to_vec();
        }
    }

    /// The subscription of each endpoint.
    pub(crate) fn subscriptions(&self) -> Vec<Subscription> {
        let settings = self.0.settings();
        let endpoints = settings.endpoints.iter();
        endpoints.map(|to| to.subscription.clone()).collect()
    }

    /// The newest delivery attempts, in the order of their ends.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.0.settings().deliveries.iter().cloned().collect()
    }

    /// The number of dropped older attempts.
    pub(crate) fn dropped_deliveries(&self) -> usize {
        self.0.settings().deliveries.dropped()
    }

    /// Sends a new event.
    pub(crate) fn send(&self, event: &Value) {
        let (id, type_) = (text(event, "id").to_owned(), text(event, "type").to_owned());
        self.0.publish(Activity::Event { id, type_ });
        let mut settings = self.0.settings();
        match settings.flow {
            Flow::Paused => {}
            Flow::Held => settings.held.push(Message::of(event)),
            Flow::Open if settings.endpoints.is_empty() => {}
            Flow::Open => {
                drop(settings);
                self.0.dispatch(&[Message::of(event)]);
            }
        }
    }

    /// Resolves when no delivery is in flight or waiting for a retry.
    ///
    /// It does not wait for held events, nor for events that happened during a pause.
    pub(crate) async fn delivered_all(&self) {
        self.0.idle().await;
    }

    /// Stops delivering new events, as in an outage.
    ///
    /// They are not delivered later; [`Webhooks::resend`] sends one of them.
    pub fn pause(&self) {
        self.0.settings().flow = Flow::Paused;
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.0.settings().flow = Flow::Open;
    }

    /// Holds new events until [`Webhooks::release`].
    pub fn hold(&self) {
        self.0.settings().flow = Flow::Held;
    }

    /// Sends the held events one after the other, and ends the hold.
    ///
    /// A rejected event is retried later, without delaying the next ones.
    pub fn release(&self, order: Order) {
        let mut held = {
            let mut settings = self.0.settings();
            settings.flow = Flow::Open;
            std::mem::take(&mut settings.held)
        };
        if order == Order::Reversed {
            held.reverse();
        }
        self.0.dispatch(&held);
    }

    /// Sends every new event this many times; `1` is the default.
    pub fn duplicate(&self, times: usize) {
        self.0.settings().extra_copies = times.saturating_sub(1);
    }

    /// Delays every new event; zero is the default.
    pub fn delay(&self, delay: Duration) {
        self.0.settings().delay = delay;
    }

    /// Sends an event again, even during a pause.
    ///
    /// # Panics
    ///
    /// When the event does not exist.
    pub fn resend(&self, event_id: &str) {
        assert!(self.try_resend(event_id), "there is no event {event_id}");
    }

    /// Sends an event once with an invalid signature.
    ///
    /// # Panics
    ///
    /// When the event does not exist.
    pub fn forge(&self, event_id: &str) {
        assert!(self.try_forge(event_id), "there is no event {event_id}");
    }

    /// [`Webhooks::resend`]; returns true when the event exists.
    pub(crate) fn try_resend(&self, event_id: &str) -> bool {
        self.again(event_id, false)
    }

    /// [`Webhooks::forge`]; returns true when the event exists.
    pub(crate) fn try_forge(&self, event_id: &str) -> bool {
        self.again(event_id, true)
    }

    fn again(&self, event_id: &str, forged: bool) -> bool {
        let message = self.0.message(event_id);
        let queued = message.map(|message| self.0.enqueue(&[message], 1, forged));
        queued.is_some()
    }
}
