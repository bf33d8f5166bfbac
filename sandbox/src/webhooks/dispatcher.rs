//! The shared state of the senders: endpoints, settings, the queue, past deliveries.

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::sync::{broadcast, mpsc, watch};

use super::queue::{Batch, Job, Message, Pending};
use crate::{
    endpoint::Endpoint,
    event,
    log::{Activity, Delivery, Recent},
    state::State,
};

/// The number of kept delivery attempts.
const MAX_DELIVERIES: usize = 10_000;

/// The retry policy of deliveries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Retry {
    /// The pause before the first retry; it doubles every time.
    pub(crate) base: Duration,
    /// The number of attempts, the first included.
    pub(crate) tries: u32,
}

/// The shared state of the senders.
#[derive(Debug)]
pub(crate) struct Dispatcher {
    /// The events; never locked while the settings are.
    state: Arc<Mutex<State>>,
    settings: Mutex<Settings>,
    retry: Retry,
    queue: mpsc::UnboundedSender<Batch>,
    pending: watch::Sender<usize>,
    watchers: broadcast::Sender<Activity>,
}

/// Settings of the control plane, and past deliveries.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) endpoints: Vec<Endpoint>,
    pub(super) flow: Flow,
    pub(super) extra_copies: usize,
    pub(super) delay: Duration,
    pub(super) held: Vec<Message>,
    pub(super) deliveries: Recent<Delivery>,
}

/// The handling of new events.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Flow {
    Open,
    Paused,
    Held,
}

impl Dispatcher {
    pub(super) fn new(
        state: Arc<Mutex<State>>,
        retry: Retry,
        queue: mpsc::UnboundedSender<Batch>,
        watchers: broadcast::Sender<Activity>,
    ) -> Self {
        let settings = Mutex::new(Settings {
            endpoints: Vec::new(),
            flow: Flow::Open,
            extra_copies: 0,
            delay: Duration::ZERO,
            held: Vec::new(),
            deliveries: Recent::of(MAX_DELIVERIES),
        });
        let pending = watch::Sender::new(0);
        Self {
            state,
            settings,
            retry,
            queue,
            pending,
            watchers,
        }
    }

    pub(super) fn settings(&self) -> MutexGuard<'_, Settings> {
        self.settings.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn message(&self, event_id: &str) -> Option<Message> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let event = state.store.get(event::KIND, event_id, "id").ok()?;
        Some(Message::of(event))
    }

    pub(super) fn dispatch(&self, messages: &[Message]) {
        let copies = self.settings().extra_copies + 1;
        self.enqueue(messages, copies, false);
    }

    /// Queues one batch for every endpoint and copy; a batch is sent in order, batches
    /// concurrently.
    pub(super) fn enqueue(&self, messages: &[Message], copies: usize, forged: bool) {
        let (endpoints, delay) = {
            let settings = self.settings();
            (settings.endpoints.clone(), settings.delay)
        };
        for endpoint in endpoints.iter().cycle().take(endpoints.len() * copies) {
            let wanted = messages
                .iter()
                .filter(|message| endpoint.subscription.includes(&message.kind));
            let jobs = wanted.map(|message| Job {
                message: message.clone(),
                endpoint: endpoint.id.clone(),
                forged,
                _pending: Pending::new(&self.pending),
            });
            // The receiver is gone only while the sandbox stops.
            let _ = self.queue.send(Batch {
                delay,
                jobs: jobs.collect(),
            });
        }
    }

    /// The current endpoint with this id, unless it was removed.
    pub(crate) fn endpoint(&self, id: &str) -> Option<Endpoint> {
        let settings = self.settings();
        settings.endpoints.iter().find(|to| to.id == id).cloned()
    }

    /// Records an attempt and publishes it.
    pub(crate) fn record(&self, delivery: Delivery) {
        self.settings().deliveries.push(delivery.clone());
        self.publish(Activity::Delivery(delivery));
    }

    /// Publishes an activity, with or without a watcher.
    pub(super) fn publish(&self, activity: Activity) {
        let _ = self.watchers.send(activity);
    }

    /// Resolves when nothing is pending.
    pub(super) async fn idle(&self) {
        let mut pending = self.pending.subscribe();
        // The sender lives as long as `self`.
        let _ = pending.wait_for(|count| *count == 0).await;
    }

    /// The retry policy.
    pub(crate) fn retry(&self) -> Retry {
        self.retry
    }
}
