//! Creates and changes orders under an idempotency key: a pure decision, the same for every
//! backend.

use std::cmp::Ordering;

use crate::{
    digest,
    ids::CallerId,
    order::{Order, OrderDetails, OrderId, ReviseError},
};

/// The most bytes of an order's JSON. A larger one takes no further contents. A DynamoDB item holds
/// 400 KB; the rest is room for Stripe's reports on the order.
const LARGEST_ORDER: usize = 300_000;

/// A caller's operation, sent once or several times: their idempotency key and the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// A hash of the caller and their key; it reveals neither.
    pub key: String,
    /// A hash of the request; the same key with another request is refused.
    pub digest: String,
}

impl IdempotencyRecord {
    /// The operation of `caller` with the idempotency key `key` and the parameters `request`.
    #[must_use]
    pub fn new(caller: &CallerId, key: &str, request: &[&str]) -> Self {
        Self {
            key: digest::hex(&["operation", caller.as_str(), key]),
            digest: digest::hex(request),
        }
    }
}

/// A request to create an order, or to change one.
#[derive(Clone, Debug)]
pub struct PutOrder {
    /// The idempotency record, where the caller sent a key.
    pub operation: Option<IdempotencyRecord>,
    /// The order's id.
    pub order: OrderId,
    /// True when the order must exist already.
    pub must_exist: bool,
    /// The caller.
    pub owner: CallerId,
    /// The order's possible present owner, whose order becomes `owner`'s: the site says that they
    /// are the same person.
    pub previous_owner: Option<CallerId>,
    /// The contents to offer.
    pub contents: OrderDetails,
}

/// The outcome of a [`PutOrder`].
#[derive(Clone, Debug, PartialEq)]
pub enum PutOrderOutcome {
    /// The order, as it is now.
    Order(Box<Order>),
    /// The order stays as it was.
    Refused(PutOrderRejection),
}

/// The reason why an order was neither created nor changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutOrderRejection {
    /// The idempotency key came before with another request.
    KeyReused,
    /// There is no such order, or it is another caller's.
    NotFound,
    /// The order can no longer change.
    Revise(ReviseError),
}

/// Decides how `put` changes the order that was `found`.
pub(super) fn decide(
    found: Option<Order>,
    put: PutOrder,
    now: i64,
) -> Result<Order, PutOrderRejection> {
    let Some(mut order) = found else {
        return match put.must_exist {
            true => Err(PutOrderRejection::NotFound),
            false if put.contents.expires_at().is_some_and(|at| at <= now) => {
                Err(PutOrderRejection::Revise(ReviseError::Expired))
            }
            false => Ok(Order::new(put.order, put.owner, put.contents, now)),
        };
    };
    let is_moved = *order.owner() != put.owner;
    if is_moved && !may_move(&order, &put) {
        return Err(PutOrderRejection::NotFound);
    }
    let before = order.changes();
    order
        .revise(put.contents, now)
        .map_err(PutOrderRejection::Revise)?;
    if is_moved {
        order
            .move_to(put.owner, now)
            .map_err(PutOrderRejection::Revise)?;
    }
    if order.changes() != before && size(&order) > LARGEST_ORDER {
        return Err(PutOrderRejection::Revise(ReviseError::TooManyRevisions));
    }
    Ok(order)
}

/// True when the site signed the order for another owner than before, and nothing since.
fn may_move(order: &Order, put: &PutOrder) -> bool {
    let current = &order.revision().contents;
    put.previous_owner.as_ref() == Some(order.owner())
        && put.contents.compare_signed(current) != Ordering::Less
}

/// The stored size, in bytes.
fn size(order: &Order) -> usize {
    serde_json::to_string(order).map_or(usize::MAX, |body| body.len())
}
