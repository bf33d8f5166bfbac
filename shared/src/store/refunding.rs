//! Giving money back: what a request, Stripe's answer and Stripe's refusal make of the order, and
//! of what the caller may give back that day. A pure decision, the same for every backend.

use super::{DayLimit, Message};
use crate::{
    amount::{Amount, Currency},
    event::Refund,
    order::{Mismatch, Order, OrderId, RefundRejection, RefundRequest},
};

/// Seconds.
const DAY: i64 = 24 * 60 * 60;

/// What one caller gives back in one currency on one day (UTC).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Budget {
    /// The caller's alias.
    pub(super) who: String,
    pub(super) currency: Currency,
    /// Days since 1970.
    pub(super) day: i64,
}

impl Budget {
    /// The one that `request`, in `currency`, is taken from.
    fn of(request: &RefundRequest, currency: Currency) -> Self {
        Self {
            who: request.by().to_owned(),
            currency,
            day: request.at().div_euclid(DAY),
        }
    }

    /// Its name: it tells nobody who the caller is.
    pub(super) fn id(&self) -> String {
        format!("{}#{}#{}", self.who, self.currency, self.day)
    }

    /// When nobody asks for it any more, in Unix seconds.
    pub(super) fn expires_at(&self) -> i64 {
        (self.day + 3).saturating_mul(DAY)
    }
}

/// Something that happens to a request to give money back.
#[derive(Clone, Debug)]
pub(super) struct Refunding {
    pub(super) order: OrderId,
    /// What is read and written with it, where it counts.
    pub(super) budget: Option<Budget>,
    change: Change,
}

#[derive(Clone, Debug)]
enum Change {
    Reserve(RefundRequest, DayLimit),
    Record(Refund),
    Decline(RefundRequest, RefundRejection),
    NextKey(RefundRequest),
}

impl Refunding {
    /// `request` for `amount` comes in.
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

    /// Stripe answered with `refund`.
    pub(super) fn record(order: OrderId, refund: Refund) -> Self {
        Self {
            order,
            budget: None,
            change: Change::Record(refund),
        }
    }

    /// The key of `request` is over, and made no refund.
    pub(super) fn next_key(order: OrderId, request: RefundRequest) -> Self {
        Self {
            order,
            budget: None,
            change: Change::NextKey(request),
        }
    }

    /// Stripe refused `request`, of `order`, for good.
    pub(super) fn decline(order: &Order, request: RefundRequest, why: RefundRejection) -> Self {
        let currency = order.revision().contents.amount().currency();
        Self {
            order: order.id().clone(),
            budget: Some(Budget::of(&request, currency)),
            change: Change::Decline(request, why),
        }
    }
}

/// What became of it.
#[derive(Clone, Debug, PartialEq)]
pub enum Refunded {
    /// The order, as it is now.
    Changed(Box<Order>),
    /// The order, which was so before.
    Unchanged(Box<Order>),
    /// It stays as it was.
    Refused(RefundRefusal),
}

/// Why nothing is given back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefundRefusal {
    /// There is no such order.
    NotFound,
    /// The request came before, and asked for something else.
    KeyReused,
    /// Nothing was paid.
    NotPaid,
    /// Less is left.
    ExceedsPaid,
    /// The caller gave back too much that day.
    OverDayLimit,
    /// The order has too many requests.
    RateLimited,
    /// What Stripe answered contradicts the order.
    Mismatch(Mismatch),
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum RefundDecision {
    /// Nothing is written.
    Answer(Refunded),
    /// All of this is written, or nothing.
    Write(Write),
}

/// What is written together.
#[derive(Debug, PartialEq)]
pub(super) struct Write {
    /// In place of its version.
    pub(super) order: Box<Order>,
    pub(super) messages: Vec<Message>,
    /// Of the budget, where it changed.
    pub(super) spent: Option<i64>,
}

/// Decides what `refunding` makes of the order, which is in `version` now, and of the budget, of
/// which `spent` minor units are used.
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
    let told = step.events.into_iter();
    let told = told.map(|one| Message::of_order(one, &step.order, version + 1, now));
    let messages = told.collect();
    Ok(write(step.order, messages, None))
}

/// What was refused does not count against the day.
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
