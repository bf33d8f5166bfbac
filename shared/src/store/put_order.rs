//! Creates and changes orders under an idempotency key: a pure decision, the same for every
//! backend.

use std::cmp::Ordering;

use crate::{
    digest,
    ids::CallerId,
    order::{Order, OrderDetails, OrderId, ReviseError},
};

/// The most bytes of an order's JSON after which it takes no new contents: an item of DynamoDB
/// holds 400 KB, and the rest is room for what Stripe reports of it.
const LARGEST_ORDER: usize = 300_000;

/// What a caller asked for, once or several times: their idempotency key, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdempotencyRecord {
    /// Made of the caller and their key; tells nothing about either.
    pub key: String,
    /// Made of the request; the same key with another is refused.
    pub digest: String,
}

impl IdempotencyRecord {
    /// The operation that `caller` names `key` and asks for with `request`.
    #[must_use]
    pub fn new(caller: &CallerId, key: &str, request: &[&str]) -> Self {
        Self {
            key: digest::hex(&["operation", caller.as_str(), key]),
            digest: digest::hex(request),
        }
    }
}

/// A request to open an order, or to change one.
#[derive(Clone, Debug)]
pub struct PutOrder {
    /// The operation that asks, where the caller named one.
    pub operation: Option<IdempotencyRecord>,
    /// Which order.
    pub order: OrderId,
    /// Whether the order must be there already.
    pub must_exist: bool,
    /// Who asks.
    pub owner: CallerId,
    /// The owner that the order may have instead, to become `owner`'s: the site says that they are
    /// the same person.
    pub previous_owner: Option<CallerId>,
    /// What is to be offered.
    pub contents: OrderDetails,
}

/// The answer to an [`PutOrder`].
#[derive(Clone, Debug, PartialEq)]
pub enum PutOrderOutcome {
    /// The order, as it is now.
    Order(Box<Order>),
    /// It stays as it was.
    Refused(PutOrderRejection),
}

/// Why an order was neither opened nor changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PutOrderRejection {
    /// The operation's key came before with another request.
    KeyReused,
    /// There is no such order, or it is another caller's.
    NotFound,
    /// The order does not change any more.
    Revise(ReviseError),
}

/// What `put` makes of the order that was `found`.
pub(super) fn decide(
    found: Option<Order>,
    put: PutOrder,
    now: i64,
) -> Result<Order, PutOrderRejection> {
    let Some(mut order) = found else {
        return match put.must_exist {
            true => Err(PutOrderRejection::NotFound),
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

/// Whether the site signed the order for another owner than before, and nothing since.
fn may_move(order: &Order, put: &PutOrder) -> bool {
    let current = &order.revision().contents;
    put.previous_owner.as_ref() == Some(order.owner())
        && put.contents.compare_signed(current) != Ordering::Less
}

/// In bytes, as it is stored.
fn size(order: &Order) -> usize {
    serde_json::to_string(order).map_or(usize::MAX, |body| body.len())
}
