//! Opening and changing orders: the operation that asks, and what it is answered. Pure.

use std::cmp::Ordering;

use crate::{
    digest,
    ids::CallerId,
    order::{Contents, Fixed, Order, OrderId},
};

/// The most bytes of an order's JSON after which it takes no new contents: an item of DynamoDB holds
/// 400 KB, and the rest is room for what Stripe reports of it.
const LARGEST_ORDER: usize = 300_000;

/// What a caller asked for, once or several times: their idempotency key, and what came with it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation {
    /// Made of the caller and their key; tells nothing about either.
    pub key: String,
    /// Made of the request; the same key with another is refused.
    pub digest: String,
}

impl Operation {
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
pub struct Opening {
    /// The operation that asks, where the caller named one.
    pub operation: Option<Operation>,
    /// Which order.
    pub order: OrderId,
    /// Whether the order must be there already.
    pub must_exist: bool,
    /// Who asks.
    pub owner: CallerId,
    /// Whose the order may be instead, to become the owner's: the site says that they are the same
    /// person.
    pub previous_owner: Option<CallerId>,
    /// What is to be offered.
    pub contents: Contents,
}

/// The answer to an [`Opening`].
#[derive(Clone, Debug, PartialEq)]
pub enum Opened {
    /// The order, as it is now.
    Order(Box<Order>),
    /// It stays as it was.
    Refused(Refusal),
}

/// Why an order was neither opened nor changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal {
    /// The operation's key came before with another request.
    KeyReused,
    /// There is no such order, or it is another caller's.
    NotFound,
    /// The order does not change any more.
    Fixed(Fixed),
}

/// What `opening` makes of the order that was `found`.
pub(super) fn decide(found: Option<Order>, opening: Opening, now: i64) -> Result<Order, Refusal> {
    let Some(mut order) = found else {
        return match opening.must_exist {
            true => Err(Refusal::NotFound),
            false => Ok(Order::new(
                opening.order,
                opening.owner,
                opening.contents,
                now,
            )),
        };
    };
    let is_moved = *order.owner() != opening.owner;
    if is_moved && !may_move(&order, &opening) {
        return Err(Refusal::NotFound);
    }
    let before = order.changes();
    order
        .revise(opening.contents, now)
        .map_err(Refusal::Fixed)?;
    if is_moved {
        order.move_to(opening.owner, now).map_err(Refusal::Fixed)?;
    }
    if order.changes() != before && size(&order) > LARGEST_ORDER {
        return Err(Refusal::Fixed(Fixed::TooManyRevisions));
    }
    Ok(order)
}

/// Whether the site signed the order for another owner than before, and nothing since.
fn may_move(order: &Order, opening: &Opening) -> bool {
    let current = &order.revision().contents;
    opening.previous_owner.as_ref() == Some(order.owner())
        && opening.contents.compare_signed(current) != Ordering::Less
}

/// In bytes, as it is stored.
fn size(order: &Order) -> usize {
    serde_json::to_string(order).map_or(usize::MAX, |body| body.len())
}
