//! Decides how a refund request, Stripe's answer and Stripe's rejection change the order and the
//! caller's daily budget: pure, and the same for every backend. A capture has a daily budget as
//! well, apart from that of refunds.

use super::{DayLimit, Message};
use crate::{
    amount::{Amount, Currency},
    event::Refund,
    order::{CaptureRequest, Mismatch, Order, OrderId, RefundRejection, RefundRequest, Status},
};

/// Seconds.
const DAY: i64 = 24 * 60 * 60;

/// One caller's refunds, or captures, in one currency on one day (UTC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// The caller's alias; of captures, behind a word.
    pub(super) caller: String,
    pub(super) currency: Currency,
    /// Days since 1970.
    pub(super) day: i64,
}

impl Budget {
    /// The budget for `request`, in `currency`.
    fn of(request: &RefundRequest, currency: Currency) -> Self {
        Self {
            caller: request.by().to_owned(),
            currency,
            day: request.at().div_euclid(DAY),
        }
    }

    /// The budget for the capture `request`, in `currency`.
    fn of_capture(request: &CaptureRequest, currency: Currency) -> Self {
        Self {
            caller: format!("capture#{}", request.by),
            currency,
            day: request.at.div_euclid(DAY),
        }
    }

    /// Its id; it does not reveal the caller.
    pub(super) fn id(&self) -> String {
        format!("{}#{}#{}", self.caller, self.currency, self.day)
    }

    /// The time when it is of no use any more, in Unix seconds.
    pub(super) fn expires_at(&self) -> i64 {
        (self.day + 3).saturating_mul(DAY)
    }
}

/// A step of a refund request, or of a capture.
#[derive(Clone, Debug)]
pub(super) struct Refunding {
    pub(super) order: OrderId,
    /// The budget to read and write with it, where it counts.
    pub(super) budget: Option<Budget>,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Reserve(RefundRequest, DayLimit),
    Record(Refund),
    Decline(RefundRequest, RefundRejection),
    NextKey(RefundRequest),
    ReserveCapture(CaptureRequest, DayLimit),
    DeclineCapture(CaptureRequest),
}

impl Refunding {
    /// The step that stores the capture `request`, in `currency`.
    pub(super) fn reserve_capture(
        order: OrderId,
        request: CaptureRequest,
        currency: Currency,
        limit: DayLimit,
    ) -> Self {
        Self {
            order,
            budget: Some(Budget::of_capture(&request, currency)),
            change: Change::ReserveCapture(request, limit),
        }
    }

    /// The step that records Stripe's final rejection of the capture `request`, of `order`.
    pub(super) fn decline_capture(order: &Order, request: CaptureRequest) -> Self {
        let currency = order.revision().contents.amount().currency();
        Self {
            order: order.id().clone(),
            budget: Some(Budget::of_capture(&request, currency)),
            change: Change::DeclineCapture(request),
        }
    }

    /// The step that reserves `amount` for `request`.
    pub(super) fn reserve(
        order: OrderId,
        request: RefundRequest,
        currency: Currency,
        limit: DayLimit,
    ) -> Self {
        Self {
            order,
            budget: Some(Budget::of(&request, currency)),
            change: Change::Reserve(request, limit),
        }
    }

    /// The step that records Stripe's `refund`.
    pub(super) fn record(order: OrderId, refund: Refund) -> Self {
        Self {
            order,
            budget: None,
            change: Change::Record(refund),
        }
    }

    /// The step to the next key of `request`: the present key has expired, and made no refund.
    pub(super) fn next_key(order: OrderId, request: RefundRequest) -> Self {
        Self {
            order,
            budget: None,
            change: Change::NextKey(request),
        }
    }

    /// The step that records Stripe's final rejection of `request`, of `order`.
    pub(super) fn decline(order: &Order, request: RefundRequest, why: RefundRejection) -> Self {
        let currency = order.revision().contents.amount().currency();
        Self {
            order: order.id().clone(),
            budget: Some(Budget::of(&request, currency)),
            change: Change::Decline(request, why),
        }
    }
}

/// The outcome of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Refunded {
    /// The order, as it is now.
    Changed(Box<Order>),
    /// The order, as it was before.
    Unchanged(Box<Order>),
    /// The order stays as it was.
    Refused(RefundRefusal),
}

/// The reason for a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundRefusal {
    /// There is no such order.
    NotFound,
    /// The request's key came before, for a different refund.
    KeyReused,
    /// Nothing was paid; for a capture, nothing is authorized.
    NotPaid,
    /// The amount exceeds the rest of the payment, or the authorized amount.
    ExceedsPaid,
    /// Another amount is being captured.
    InProgress,
    /// The caller's daily limit is exceeded.
    OverDayLimit,
    /// The order has too many requests.
    RateLimited,
    /// Stripe's answer contradicts the order.
    Mismatch(Mismatch),
}

/// The decision on a step.
#[derive(Debug, PartialEq)]
pub(super) enum RefundDecision {
    /// The backend writes nothing.
    Answer(Refunded),
    /// The backend writes all of this, or nothing.
    Write(Write),
}

/// The writes of one transaction.
#[derive(Debug, PartialEq)]
pub(super) struct Write {
    /// The order, in place of its version.
    pub(super) order: Box<Order>,
    pub(super) messages: Vec<Message>,
    /// The budget's new total, where it changed.
    pub(super) spent: Option<i64>,
}

/// Decides how `refunding` changes the order, which is in `version` now, and the budget, of which
/// `spent` minor units are used.
pub(super) fn decide(
    found: Option<(&Order, i64)>,
    spent: i64,
    refunding: &Refunding,
    now: i64,
) -> RefundDecision {
    let Some((order, version)) = found else {
        return RefundDecision::Answer(Refunded::Refused(RefundRefusal::NotFound));
    };
    let decided = match &refunding.change {
        Change::Reserve(request, limit) => reserve(order, spent, request, refunding, *limit),
        Change::Record(refund) => record(order, version, refund, now),
        Change::Decline(request, why) => Ok(decline(order, spent, request, *why, now)),
        Change::NextKey(request) => Ok(next_key(order, request, now)),
        Change::ReserveCapture(request, limit) => {
            reserve_capture(order, spent, request, *limit, now)
        }
        Change::DeclineCapture(request) => Ok(decline_capture(order, spent, request, now)),
    };
    decided.unwrap_or_else(|refusal| RefundDecision::Answer(Refunded::Refused(refusal)))
}

fn reserve(
    order: &Order,
    spent: i64,
    request: &RefundRequest,
    refunding: &Refunding,
    limit: DayLimit,
) -> Result<RefundDecision, RefundRefusal> {
    if let Some(known) = order.refund_request(request.id()) {
        return match known.digest() == request.digest() {
            true => Ok(unchanged(order)),
            false => Err(RefundRefusal::KeyReused),
        };
    }
    let paid = order.paid_amount().ok_or(RefundRefusal::NotPaid)?;
    let is_same = |budget: &Budget| budget.currency == paid.currency();
    let amount = request.amount();
    if !refunding.budget.as_ref().is_some_and(is_same)
        || Amount::new(amount, paid.currency()).is_err()
        || amount > order.left_to_refund()
    {
        return Err(RefundRefusal::ExceedsPaid);
    }
    let spent = spent.saturating_add(amount);
    if DayLimit::AtMost(spent) > limit {
        return Err(RefundRefusal::OverDayLimit);
    }
    let mut order = order.clone();
    match order.reserve_refund(request.clone()) {
        true => Ok(write(order, Vec::new(), Some(spent))),
        false => Err(RefundRefusal::RateLimited),
    }
}

fn record(
    order: &Order,
    version: i64,
    refund: &Refund,
    now: i64,
) -> Result<RefundDecision, RefundRefusal> {
    let step = order.with_refund(refund, now);
    let step = step.map_err(RefundRefusal::Mismatch)?;
    if step.order == *order {
        return Ok(unchanged(order));
    }
    let messages = step.events.into_iter();
    let messages = messages.map(|one| Message::of_order(one, &step.order, version + 1, now));
    let messages = messages.collect();
    Ok(write(step.order, messages, None))
}

/// A rejected refund does not count against the day.
fn decline(
    order: &Order,
    spent: i64,
    request: &RefundRequest,
    why: RefundRejection,
    now: i64,
) -> RefundDecision {
    let mut order = order.clone();
    match order.decline_refund(request.id(), why, now) {
        true => {
            let spent = spent.saturating_sub(request.amount()).max(0);
            write(order, Vec::new(), Some(spent))
        }
        false => unchanged(&order),
    }
}

fn next_key(order: &Order, request: &RefundRequest, now: i64) -> RefundDecision {
    let mut order = order.clone();
    match order.take_next_key(request.id(), request.key_number(), now) {
        true => write(order, Vec::new(), None),
        false => unchanged(&order),
    }
}

/// The same capture counts once. One of another amount replaces it when it is over.
fn reserve_capture(
    order: &Order,
    spent: i64,
    request: &CaptureRequest,
    limit: DayLimit,
    now: i64,
) -> Result<RefundDecision, RefundRefusal> {
    let authorized = order.total().minor_units();
    if order.status() != Status::Authorized {
        return Err(RefundRefusal::NotPaid);
    }
    if !(1..=authorized).contains(&request.amount) {
        return Err(RefundRefusal::ExceedsPaid);
    }
    match order.capture() {
        Some(known) if known.amount == request.amount => return Ok(unchanged(order)),
        Some(known) if known.blocks(request, now) => return Err(RefundRefusal::InProgress),
        _ => {}
    }
    let spent = spent.saturating_add(request.amount);
    if DayLimit::AtMost(spent) > limit {
        return Err(RefundRefusal::OverDayLimit);
    }
    let mut order = order.clone();
    order.set_capture(Some(request.clone()), now);
    Ok(write(order, Vec::new(), Some(spent)))
}

/// A rejected capture does not count against the day.
fn decline_capture(
    order: &Order,
    spent: i64,
    request: &CaptureRequest,
    now: i64,
) -> RefundDecision {
    if order.capture() != Some(request) || order.paid_at().is_some() {
        return unchanged(order);
    }
    let mut order = order.clone();
    order.set_capture(None, now);
    let spent = spent.saturating_sub(request.amount).max(0);
    write(order, Vec::new(), Some(spent))
}

fn unchanged(order: &Order) -> RefundDecision {
    RefundDecision::Answer(Refunded::Unchanged(Box::new(order.clone())))
}

fn write(order: Order, messages: Vec<Message>, spent: Option<i64>) -> RefundDecision {
    RefundDecision::Write(Write {
        order: Box::new(order),
        messages,
        spent,
    })
}
