//! Records requests and deliveries, for tests and the control plane.

use std::{
    collections::VecDeque,
    sync::{Mutex, MutexGuard, PoisonError},
};

use bytes::Bytes;
use hyper::HeaderMap;
use serde::Serialize;
use serde_json::Value;
use tokio::sync::broadcast;

use crate::response::Response;

/// One API request, as it arrived.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordedRequest {
    /// The HTTP method.
    pub method: String,
    /// The path, without the query.
    pub path: String,
    /// The `Idempotency-Key` header.
    pub idempotency_key: Option<String>,
    /// Query and body, decoded; every leaf is a string.
    pub params: Value,
    /// The response's status; `None` while executing, and without a complete response.
    pub status: Option<u16>,
    /// The number of its connection, counted from 1.
    pub connection: u64,
    /// The headers, keys included: for this process only, and not in the control plane's response.
    #[serde(skip)]
    pub headers: HeaderMap,
    /// The whole response; `None` as for `status`.
    #[serde(skip)]
    pub response: Option<RecordedResponse>,
}

/// The response to one API request.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedResponse {
    /// The headers.
    pub headers: HeaderMap,
    /// The body, client secrets included.
    pub body: Bytes,
}

/// One attempt to deliver an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Delivery {
    /// The event's id.
    pub event_id: String,
    /// The event's type.
    pub event_type: String,
    /// The endpoint's URL.
    pub url: String,
    /// The number of the attempt, counted from 1.
    pub attempt: u32,
    /// The endpoint's status; `None` without a response.
    pub status: Option<u16>,
}

/// An activity of the sandbox.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Activity {
    /// The sandbox responded to an API request, or cut its connection.
    Request(Box<RecordedRequest>),
    /// An event was created.
    Event {
        /// The event's id.
        id: String,
        /// The event's type, for example `charge.refunded`.
        #[serde(rename = "type")]
        type_: String,
    },
    /// An event was sent to an endpoint.
    Delivery(Delivery),
}

/// The newest records, and the number of dropped older ones.
#[derive(Debug)]
pub(crate) struct Recent<T> {
    kept: VecDeque<T>,
    dropped: usize,
    most: usize,
}

impl<T> Recent<T> {
    /// Keeps the newest `most` records.
    pub(crate) fn of(most: usize) -> Self {
        Self {
            kept: VecDeque::new(),
            dropped: 0,
            most,
        }
    }

    /// Adds a record; returns its place for [`Recent::at`].
    pub(crate) fn push(&mut self, one: T) -> usize {
        if self.kept.len() >= self.most {
            self.kept.pop_front();
            self.dropped += 1;
        }
        self.kept.push_back(one);
        self.dropped + self.kept.len() - 1
    }

    /// The record at a place, unless it was dropped.
    fn at(&mut self, place: usize) -> Option<&mut T> {
        self.kept.get_mut(place.checked_sub(self.dropped)?)
    }

    /// The number of dropped records.
    pub(crate) fn dropped(&self) -> usize {
        self.dropped
    }

    /// The kept records, the oldest first.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        self.kept.iter()
    }
}

/// The number of kept requests.
const MAX_REQUESTS: usize = 4_000;

/// The newest requests, and the watchers of the sandbox.
#[derive(Debug)]
pub(crate) struct Log {
    requests: Mutex<Recent<RecordedRequest>>,
    watchers: broadcast::Sender<Activity>,
}

impl Log {
    /// Creates an empty log with these watchers.
    pub(crate) fn new(watchers: broadcast::Sender<Activity>) -> Self {
        let requests = Mutex::new(Recent::of(MAX_REQUESTS));
        Self { requests, watchers }
    }

    /// Records a new request; returns its place for [`Log::finish`].
    pub(crate) fn arrive(&self, request: RecordedRequest) -> usize {
        self.lock().push(request)
    }

    /// Completes a request's record and publishes it.
    pub(crate) fn finish(&self, place: usize, response: Option<&Response>) {
        let mut requests = self.lock();
        if let Some(request) = requests.at(place) {
            request.status = response.map(|response| response.status.as_u16());
            request.response = response.map(|response| RecordedResponse {
                headers: response.headers.clone(),
                body: response.body.clone(),
            });
            if self.watchers.receiver_count() > 0 {
                let request = Box::new(request.clone());
                let _ = self.watchers.send(Activity::Request(request));
            }
        }
    }

    /// The newest requests, oldest first.
    pub(crate) fn requests(&self) -> Vec<RecordedRequest> {
        self.lock().iter().cloned().collect()
    }

    /// The number of older requests that were dropped.
    pub(crate) fn dropped(&self) -> usize {
        self.lock().dropped()
    }

    /// Subscribes to new activities.
    pub(crate) fn observe(&self) -> broadcast::Receiver<Activity> {
        self.watchers.subscribe()
    }

    fn lock(&self) -> MutexGuard<'_, Recent<RecordedRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
