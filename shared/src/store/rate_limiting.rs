//! Decides whether a subject may start one more payment, from its recent starts and its unpaid
//! orders: pure, and the same for every backend.
//!
//! Each subject has one row: the time of each start, and, while the order may be unpaid, its id. A
//! payment does not update the row. Only when too many orders look unpaid, a request reads some of
//! them. Paid and authorized orders then free their places. The other
//! orders count as unpaid, and a later request may read them.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{
    digest,
    order::{OrderId, Status},
};

/// The seconds for which an unpaid order counts.
pub const OPEN_FOR: i64 = 24 * 60 * 60;

/// The most orders of one row that one request reads.
const MAX_ORDERS_READ: usize = 25;

/// The limits of a subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Orders started within the window.
    pub started: usize,
    /// Orders started within [`OPEN_FOR`] that are neither paid nor authorized.
    pub open: usize,
}

/// The kind of subject whose orders are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// A caller.
    Caller,
    /// An IP address.
    Address,
}

/// A subject whose orders are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitSubject {
    /// The row's key; it does not reveal the subject.
    pub key: String,
    /// The kind of subject.
    pub kind: SubjectKind,
    /// Its limits.
    pub limit: Limit,
}

/// A request to start one more order.
#[derive(Clone, Debug)]
pub struct RateLimitRequest {
    /// The order to start.
    pub order: OrderId,
    /// All subjects for whom it counts.
    pub subjects: Vec<RateLimitSubject>,
    /// The window for counting starts, in seconds.
    pub window: i64,
    /// True when the order may stay unpaid. A start without an order counts within the window
    /// alone.
    pub stays_unpaid: bool,
}

/// The outcome of a [`RateLimitRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateLimitOutcome {
    /// The order may start, and is counted, now or before.
    Yes,
    /// The order may not start, and is not counted.
    No(RateLimited),
}

/// The exceeded limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    /// The kind of subject that exceeded it.
    pub kind: SubjectKind,
    /// True for too many unpaid orders; else for too many starts.
    pub are_open: bool,
    /// Seconds until the next start is possible, if nothing is paid before.
    pub retry_after: i64,
}

/// The starts of one subject, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct StartHistory(Vec<Start>);

/// A start: its Unix time, and its order until that is known to be paid or authorized.
type Start = (i64, Option<OrderId>);

/// The payment state of the orders that were read; `None` for one that does not exist.
pub(super) type UnpaidOrders = HashMap<OrderId, Option<IsUnpaid>>;

/// True for an order that is neither paid nor authorized.
pub(super) type IsUnpaid = bool;

/// The decision on a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RateLimitDecision {
    /// The backend writes nothing.
    Answer(RateLimitOutcome),
    /// Too many orders may be unpaid: rejected, unless some of them turn out to be paid.
    Full(RateLimited),
    /// The backend writes these rows, in the order of the subjects.
    Write(Vec<StartHistory>),
}

/// Decides on `request`, whose order does not exist yet, by the rows of its subjects.
///
/// An order that was admitted within the window, and never created, is not counted again. Its start
/// moves to the latest time. Else a caller could save up starts, and make all of them at once.
pub(super) fn decide(
    request: &RateLimitRequest,
    rows: &[StartHistory],
    now: i64,
) -> RateLimitDecision {
    let (order, window) = (&request.order, request.window);
    let counted = || {
        let all = request.subjects.iter().zip(rows);
        all.filter(|(_, row)| row.start_of(order) <= Some(now - window))
    };
    if rows.iter().all(|row| row.start_of(order) >= Some(now)) {
        return RateLimitDecision::Answer(RateLimitOutcome::Yes);
    }
    let started = counted().filter_map(|(subject, row)| {
        let wait = wait(row.started(window, now), subject.limit.started, window, now)?;
        Some(subject.too_many(false, wait))
    });
    if let Some(longest) = started.max_by_key(|many| many.retry_after) {
        return RateLimitDecision::Answer(RateLimitOutcome::No(longest));
    }
    let open = counted().filter_map(|(subject, row)| {
        let wait = wait(row.open(now), subject.limit.open, OPEN_FOR, now)?;
        Some(subject.too_many(true, wait))
    });
    if let Some(longest) = open.max_by_key(|many| many.retry_after) {
        return RateLimitDecision::Full(longest);
    }
    let with_it = |row: &StartHistory| row.clone().with(request, now);
    RateLimitDecision::Write(rows.iter().map(with_it).collect())
}

/// The orders to read when `request` has too many unpaid ones: of each full row, at most the limit
/// for one request. The first one depends on the order and the time, so that all have their turn.
pub(super) fn orders_to_read(
    request: &RateLimitRequest,
    rows: &[StartHistory],
    now: i64,
) -> HashSet<OrderId> {
    let subjects = request.subjects.iter().zip(rows);
    let full = subjects.filter(|(subject, row)| row.open(now).len() >= subject.limit.open);
    let turn = digest::hex(&["turn", request.order.as_str(), &now.to_string()]);
    let turn = usize::from_str_radix(&turn[..8], 16).unwrap_or_default();
    full.flat_map(|(_, row)| {
        let orders: Vec<OrderId> = row.open_orders(now).collect();
        let first = turn.checked_rem(orders.len()).unwrap_or_default();
        let in_turn = orders.clone().into_iter().skip(first).chain(orders);
        in_turn.take(MAX_ORDERS_READ)
    })
    .collect()
}

impl RateLimitSubject {
    fn too_many(&self, are_open: bool, retry_after: i64) -> RateLimited {
        RateLimited {
            kind: self.kind,
            are_open,
            retry_after,
        }
    }
}

impl StartHistory {
    /// This row, without expired starts, and with the start of `request`, once.
    fn with(mut self, request: &RateLimitRequest, now: i64) -> Self {
        let (order, window) = (&request.order, request.window);
        self.0.retain(|(at, order)| match order {
            Some(_) => *at > now - OPEN_FOR.max(window),
            None => *at > now - window,
        });
        let start = self.start_of(order).map_or(now, |at| at.max(now));
        self.0.retain(|(_, one)| one.as_ref() != Some(order));
        let order = request.stays_unpaid.then(|| order.clone());
        self.0.push((start, order));
        self
    }

    /// This row, without the orders that are paid or authorized. An order that does not exist may
    /// be about to be created, until the window is over.
    pub(super) fn settled(mut self, unpaid: &UnpaidOrders, window: i64, now: i64) -> Self {
        for (at, order) in &mut self.0 {
            order.take_if(|order| match unpaid.get(order) {
                Some(Some(is_unpaid)) => !is_unpaid,
                Some(None) => *at <= now - window,
                None => false,
            });
        }
        self
    }

    fn start_of(&self, order: &OrderId) -> Option<i64> {
        let mut all = self.0.iter();
        let found = all.find(|(_, one)| one.as_ref() == Some(order));
        found.map(|(at, _)| *at)
    }

    /// The orders that count as unpaid.
    fn open_orders(&self, now: i64) -> impl Iterator<Item = OrderId> {
        let recent = self.0.iter().filter(move |(at, _)| *at > now - OPEN_FOR);
        recent.filter_map(|(_, order)| order.clone())
    }

    fn started(&self, window: i64, now: i64) -> Vec<i64> {
        let all = self.0.iter().map(|(at, _)| *at);
        all.filter(|at| *at > now - window).collect()
    }

    fn open(&self, now: i64) -> Vec<i64> {
        let open = self.0.iter().filter(|(_, order)| order.is_some());
        let open = open.map(|(at, _)| *at);
        open.filter(|at| *at > now - OPEN_FOR).collect()
    }

    /// The time when nothing in the row counts any more, in Unix seconds.
    pub(super) fn expires_at(&self, window: i64) -> i64 {
        let latest = self.0.iter().map(|(at, _)| *at).max().unwrap_or_default();
        latest.saturating_add(OPEN_FOR.max(window))
    }
}

/// Seconds until fewer than `most` of the `times` are younger than `age`; `None` when fewer are.
pub(crate) fn wait(mut times: Vec<i64>, most: usize, age: i64, now: i64) -> Option<i64> {
    times.sort_unstable();
    let last_in_the_way = times.len().checked_sub(most)?;
    let at = times.get(last_in_the_way)?;
    Some((at + age - now).max(1))
}

/// True when an order with the stored `status` is neither paid nor authorized. One that its owner
/// canceled counts on: a card tester would cancel each.
pub(super) fn is_unpaid(status: &str) -> IsUnpaid {
    let unpaid = [
        Status::Created,
        Status::RequiresAction,
        Status::Processing,
        Status::Failed,
        Status::Canceled,
        Status::Expired,
    ];
    unpaid.iter().any(|one| one.as_str() == status)
}
