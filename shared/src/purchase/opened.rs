//! Creates or changes the order of a purchase in the database, and says why it could not.

use super::{CheckoutService, processing};
use crate::{
    Error,
    order::{Order, OrderId, ReviseError},
    store::{PutOrder, PutOrderOutcome, PutOrderRejection},
};

impl CheckoutService {
    /// The order that `put` creates or changes; with `changed`, it must be that one.
    pub(super) async fn opened(
        &self,
        put: PutOrder,
        changed: Option<&OrderId>,
    ) -> Result<Order, Error> {
        let (caller, id) = (put.owner.alias(), put.order.clone());
        let opened = self.store.put_order(put, self.clock.now()).await?;
        if opened == PutOrderOutcome::Refused(PutOrderRejection::Revise(ReviseError::Processing)) {
            let order = self.store.order(&id).await?;
            return Err(match order {
                Some(order) => processing(&order),
                None => Error::PaymentProcessing(id),
            });
        }
        if opened == PutOrderOutcome::Refused(PutOrderRejection::NotFound) {
            tracing::info!(caller, order.id = %id, "the caller does not own the order");
        }
        order_in(opened, &id, changed)
    }
}

/// The order in `opened`, with the id `id`; with `changed`, it must be that one.
pub(super) fn order_in(
    opened: PutOrderOutcome,
    id: &OrderId,
    changed: Option<&OrderId>,
) -> Result<Order, Error> {
    match opened {
        PutOrderOutcome::Order(order) if changed.is_some_and(|id| id != order.id()) => {
            Err(Error::KeyReused)
        }
        PutOrderOutcome::Order(order) => Ok(*order),
        PutOrderOutcome::Refused(PutOrderRejection::KeyReused) => Err(Error::KeyReused),
        PutOrderOutcome::Refused(PutOrderRejection::Revise(fixed)) => Err(match fixed {
            ReviseError::Processing => Error::PaymentProcessing(id.clone()),
            ReviseError::Canceled => Error::OrderCanceled,
            ReviseError::Expired => Error::OrderExpired,
            ReviseError::Newer => Error::OrderChanged,
            ReviseError::SignedAtOnce => Error::SignedAtOnce,
            ReviseError::OtherMode => Error::invalid(
                "a subscription's order takes no items without a recurring price, and no other \
                 order takes one: start a new order",
            ),
            ReviseError::TooManyRevisions => {
                Error::invalid("the order was changed too often: start a new one")
            }
            _ => Error::AlreadyPaid(id.clone()),
        }),
        PutOrderOutcome::Refused(_) => Err(Error::NotFound),
    }
}
