//! Whether one more payment may be started: what was started lately, and what of it is still
//! unpaid, by whoever is counted. A pure decision, the same for every backend.
//!
//! Each who is counted has one row: when each of their orders was started, and, while it may be
//! unpaid, which order it was. Nothing is noted when an order is paid. Only where too many look
//! unpaid are some of those orders looked at, and what was paid or canceled makes room: neither is
//! ever undone. What was not looked at counts as unpaid, and has its turn at a later request.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use crate::{
    digest,
    order::{OrderId, Status},
};

/// How long an unpaid order counts, in seconds.
pub const OPEN_FOR: i64 = 24 * 60 * 60;

/// The most orders of one row that one request looks at, whoever sends how many.
const MOST_LOOKED_AT: usize = 25;

/// The most that whoever is counted may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// Orders started within the window.
    pub started: usize,
    /// Orders started within [`OPEN_FOR`] that are neither paid nor canceled.
    pub open: usize,
}

/// The kind of subject whose orders are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubjectKind {
    /// One caller's.
    Caller,
    /// Those that come from one address.
    Address,
}

/// Someone whose orders are counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RateLimitSubject {
    /// Names the row, and tells nobody who it is.
    pub key: String,
    /// What kind of someone.
    pub whose: SubjectKind,
    /// The most that they may have.
    pub bound: Limit,
}

/// A request to start one more order.
#[derive(Clone, Debug)]
pub struct RateLimitRequest {
    /// The order that is to be started.
    pub order: OrderId,
    /// All who are counted for it.
    pub counted: Vec<RateLimitSubject>,
    /// Over how many seconds starts are counted.
    pub window: i64,
    /// Whether the order may stay unpaid. What is no order counts within the window alone.
    pub stays_unpaid: bool,
}

/// The answer to an [`RateLimitRequest`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RateLimitOutcome {
    /// It may be started, and is counted; or it was before.
    Yes,
    /// It may not, and is not counted.
    No(RateLimited),
}

/// Why an order may not be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimited {
    /// The kind of subject whose orders are too many.
    pub whose: SubjectKind,
    /// Whether too many are unpaid; else too many were started.
    pub are_open: bool,
    /// Seconds after which there is room, if nothing is paid before.
    pub retry_after: i64,
}

/// What one who is counted started, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct StartHistory(Vec<Start>);

/// When an order was started, in Unix seconds; and which, until it is known to be paid or canceled.
type Start = (i64, Option<OrderId>);

/// How the orders that were looked at stand; `None` for one that is not there.
pub(super) type UnpaidOrders = HashMap<OrderId, Option<IsUnpaid>>;

/// Whether an order is neither paid nor canceled.
pub(super) type IsUnpaid = bool;

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum RateLimitDecision {
    /// Nothing is written.
    Answer(RateLimitOutcome),
    /// Too many may be unpaid: refused so, if none of them turns out to be paid or canceled.
    Full(RateLimited),
    /// These rows are written, in the order of those who are counted.
    Write(Vec<StartHistory>),
}

/// Decides on `request` of an order that is not there, by the rows of those who are counted.
///
/// An order that was admitted within the window, and never opened, is not counted again. Its start
/// is the latest one: else starts could be kept in store, to be made all at once.
pub(super) fn decide(
    request: &RateLimitRequest,
    rows: &[StartHistory],
    now: i64,
) -> RateLimitDecision {
    let (order, window) = (&request.order, request.window);
    let anew = || {
        let all = request.counted.iter().zip(rows);
        all.filter(|(_, row)| row.start_of(order) <= Some(now - window))
    };
    if rows.iter().all(|row| row.start_of(order) >= Some(now)) {
        return RateLimitDecision::Answer(RateLimitOutcome::Yes);
    }
    let started = anew().filter_map(|(who, row)| {
        let wait = wait(row.started(window, now), who.bound.started, window, now)?;
        Some(who.too_many(false, wait))
    });
    if let Some(longest) = started.max_by_key(|many| many.retry_after) {
        return RateLimitDecision::Answer(RateLimitOutcome::No(longest));
    }
    let open = anew().filter_map(|(who, row)| {
        let wait = wait(row.open(now), who.bound.open, OPEN_FOR, now)?;
        Some(who.too_many(true, wait))
    });
    if let Some(longest) = open.max_by_key(|many| many.retry_after) {
        return RateLimitDecision::Full(longest);
    }
    let with_it = |row: &StartHistory| row.clone().with(request, now);
    RateLimitDecision::Write(rows.iter().map(with_it).collect())
}

/// Which orders are to be looked at where `request` is refused as too many are unpaid: of each row
/// that is full, so many as are looked at for one request. Where they begin depends on the order
/// and the time, so that all have their turn.
pub(super) fn to_look_at(
    request: &RateLimitRequest,
    rows: &[StartHistory],
    now: i64,
) -> HashSet<OrderId> {
    let counted = request.counted.iter().zip(rows);
    let full = counted.filter(|(who, row)| row.open(now).len() >= who.bound.open);
    let turn = digest::hex(&["turn", request.order.as_str(), &now.to_string()]);
    let turn = usize::from_str_radix(&turn[..8], 16).unwrap_or_default();
    full.flat_map(|(_, row)| {
        let orders: Vec<OrderId> = row.open_orders(now).collect();
        let first = turn.checked_rem(orders.len()).unwrap_or_default();
        let in_turn = orders.clone().into_iter().skip(first).chain(orders);
        in_turn.take(MOST_LOOKED_AT)
    })
    .collect()
}

impl RateLimitSubject {
    fn too_many(&self, are_open: bool, retry_after: i64) -> RateLimited {
        RateLimited {
            whose: self.whose,
            are_open,
            retry_after,
        }
    }
}

impl StartHistory {
    /// This row, without what does not count any more, and with what `request` starts, once.
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

    /// This row, without the orders that were found paid or canceled. One that is not there may be
    /// about to be opened, until the window is over.
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

    /// When nothing in it counts any more, in Unix seconds.
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

/// Whether an order in the state that the database calls `status` is neither paid nor canceled.
pub(super) fn is_unpaid(status: &str) -> IsUnpaid {
    let unpaid = [
        Status::Created,
        Status::RequiresAction,
        Status::Processing,
        Status::Failed,
    ];
    unpaid.iter().any(|one| one.as_str() == status)
}
