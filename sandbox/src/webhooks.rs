//! Webhooks: sends every event, signed, to every subscribed endpoint until it is accepted.

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

/// Sends events to endpoints, and misbehaves on demand.
///
/// Deliveries run in the background, concurrently and in no particular order, as Stripe's do.
#[derive(Debug, Clone)]
pub struct Webhooks(Arc<Dispatcher>);

/// The order in which held events are released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Order {
    /// As they happened.
    AsSent,
    /// The last one first.
    Reversed,
}

impl Webhooks {
    /// Senders without an endpoint, and the queue that [`delivery::run`] works off.
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

    /// For [`delivery::run`].
    pub(crate) fn dispatcher(&self) -> Arc<Dispatcher> {
        Arc::clone(&self.0)
    }

    /// Adds an endpoint; events from now on go there as well.
    pub(crate) fn add(&self, endpoint: Endpoint) {
        self.0.settings().endpoints.push(endpoint);
    }

    /// Changes the endpoint with this id; retries under way follow.
    pub(crate) fn change(&self, id: &str, change: impl FnOnce(&mut Endpoint)) {
        let mut settings = self.0.settings();
        if let Some(endpoint) = settings.endpoints.iter_mut().find(|to| to.id == id) {
            change(endpoint);
        }
    }

    /// Forgets the endpoint with this id, and what was still to be sent there.
    pub(crate) fn remove(&self, id: &str) {
        self.0.settings().endpoints.retain(|to| to.id != id);
    }

    /// Signs with these secrets from now on, at every endpoint, retries included.
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

    /// The newest attempts, in the order in which they ended.
    pub(crate) fn deliveries(&self) -> Vec<Delivery> {
        self.0.settings().deliveries.iter().cloned().collect()
    }

    /// The number of older attempts that were dropped.
    pub(crate) fn dropped_deliveries(&self) -> usize {
        self.0.settings().deliveries.dropped()
    }

    /// Sends a new event on its way.
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

    /// Resolves when no delivery is in flight or waiting for its next attempt.
    ///
    /// It does not wait for held events, nor for events that happened during a pause.
    pub(crate) async fn delivered_all(&self) {
        self.0.idle().await;
    }

    /// From now on events happen and are not delivered, as in an outage.
    ///
    /// They are not caught up on later; [`Webhooks::resend`] sends one of them.
    pub fn pause(&self) {
        self.0.settings().flow = Flow::Paused;
    }

    /// Ends a pause.
    pub fn resume(&self) {
        self.0.settings().flow = Flow::Open;
    }

    /// Collects events from now on, until [`Webhooks::release`].
    pub fn hold(&self) {
        self.0.settings().flow = Flow::Held;
    }

    /// Sends the held events one after the other, and ends the hold.
    ///
    /// A refused event is retried later; the next ones do not wait for it.
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

    /// Sends every event this many times from now on; `1` is the normal state.
    pub fn duplicate(&self, times: usize) {
        self.0.settings().extra_copies = times.saturating_sub(1);
    }

    /// Sends every event this much later from now on; zero is the normal state.
    pub fn delay(&self, delay: Duration) {
        self.0.settings().delay = delay;
    }

    /// Sends an event again, even during a pause.
    ///
    /// # Panics
    ///
    /// When there is no such event.
    pub fn resend(&self, event_id: &str) {
        assert!(self.try_resend(event_id), "there is no event {event_id}");
    }

    /// Sends an event once with a signature that is not valid.
    ///
    /// # Panics
    ///
    /// When there is no such event.
    pub fn forge(&self, event_id: &str) {
        assert!(self.try_forge(event_id), "there is no event {event_id}");
    }

    /// [`Webhooks::resend`]; true when there is such an event.
    pub(crate) fn try_resend(&self, event_id: &str) -> bool {
        self.again(event_id, false)
    }

    /// [`Webhooks::forge`]; true when there is such an event.
    pub(crate) fn try_forge(&self, event_id: &str) -> bool {
        self.again(event_id, true)
    }

    fn again(&self, event_id: &str, forged: bool) -> bool {
        let message = self.0.message(event_id);
        let queued = message.map(|message| self.0.enqueue(&[message], 1, forged));
        queued.is_some()
    }
}
