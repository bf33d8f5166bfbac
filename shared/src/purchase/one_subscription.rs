//! One subscription of a product for each caller.
//!
//! Stripe's list of the customer's subscriptions tells whether they hold one: it is consistent at
//! once, and a webhook may be late. So that two orders do not both begin one, an order takes the
//! slot of each of its products before it gets a Checkout Session. First it ends the order that has
//! the slot, as a cancellation does: an ended order takes no session, and its open session expires.
//! A process that ends in between leaves the slot to the order that had it, which is ended.
//!
//! A change of a subscription to another product takes the slot of that product alike. Nothing ends
//! a change that Stripe carries out, so that others are refused while it has the slot, and may be
//! sent again. A change whose process ended has it until its time is over: sent again, it takes
//! the slot again, or finds that the caller got the product otherwise.

use super::{CheckoutService, closing::Release, ending::OrderEnder};
use crate::{
    Error,
    event::{CancelReason, Ending},
    ids::CallerId,
    order::{Order, OrderId},
    store::{SlotHolder, StoreError, SubscriptionSlots},
};

/// The most concurrent changes of a caller's slots before they have to retry.
const MAX_ROUNDS: usize = 12;

/// The seconds for which a change has a slot: twice the longest deadline of a request's calls to
/// Stripe, since clocks differ.
const CHANGING: i64 = 120;

/// A change of a subscription to a product that it does not have.
#[derive(Clone, Copy, Debug)]
pub struct ProductChange<'a> {
    /// The subscription's owner.
    pub owner: &'a CallerId,
    /// The subscription, `sub_…`.
    pub subscription: &'a str,
    /// The product, `prod_…`.
    pub product: &'a str,
}

/// The slot that a change has.
#[derive(Debug)]
pub struct ChangeSlot {
    /// All of the caller's.
    slots: SubscriptionSlots,
    holder: SlotHolder,
}

/// What is to have the slots of products.
struct Claim<'a> {
    owner: &'a CallerId,
    products: &'a [&'a str],
    holder: SlotHolder,
    /// The subscription that changes, `sub_…`: it may have them.
    changing: Option<&'a str>,
}

impl CheckoutService {
    /// Checks that the owner of `order` may begin its subscription, and ends their other unpaid
    /// orders of the same products. Changes nothing for an order without a recurring price, and
    /// where the checkout file allows several subscriptions.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadySubscribed`] when they hold a subscription of one of its products;
    /// [`Error::PaymentProcessing`] and [`Error::PaymentAwaited`] when another order of theirs may
    /// yet begin one; [`Error::InProgress`] while a change may give them one, and after too many
    /// concurrent changes; [`Error::Unavailable`] when Stripe or the database did not answer.
    pub async fn claim_products(&self, order: &Order) -> Result<(), Error> {
        let products = order.revision().contents.subscribed_products();
        if products.is_empty() || self.sessions.has_multiple_subscriptions() {
            return Ok(());
        }
        let claim = Claim {
            owner: order.owner(),
            products: &products,
            holder: SlotHolder::Order(order.id().clone()),
            changing: None,
        };
        self.take_slots(&claim).await?;
        self.check_not_subscribed(&claim).await
    }

    /// Checks that the caller of `change` holds no other subscription of its product, and ends
    /// their unpaid orders of it. Until [`CheckoutService::release_slot`], for two minutes at most,
    /// no order and no other change gets the product. `operation` is the key of the change: sent
    /// again, it has the slot again. `None` where the checkout file allows several subscriptions.
    ///
    /// # Errors
    ///
    /// As [`CheckoutService::claim_products`].
    pub async fn claim_product(
        &self,
        change: ProductChange<'_>,
        operation: &str,
    ) -> Result<Option<ChangeSlot>, Error> {
        if self.sessions.has_multiple_subscriptions() {
            return Ok(None);
        }
        let claim = Claim {
            owner: change.owner,
            products: &[change.product],
            holder: SlotHolder::Change {
                operation: operation.to_owned(),
                until: self.clock.now().saturating_add(CHANGING),
            },
            changing: Some(change.subscription),
        };
        let slots = self.take_slots(&claim).await?;
        let checked = self.check_not_subscribed(&claim).await;
        let holder = claim.holder;
        let slot = ChangeSlot { slots, holder };
        if let Err(refused) = checked {
            self.release_slot(change, slot).await;
            return Err(refused);
        }
        Ok(Some(slot))
    }

    /// Frees the slot of a change that Stripe made, or will not make. Where that fails, the slot is
    /// free when its time is over.
    pub async fn release_slot(&self, change: ProductChange<'_>, slot: ChangeSlot) {
        if let Err(failure) = self.released(change, slot).await {
            tracing::warn!("the slot of a change stays taken for two minutes: {failure}");
        }
    }

    async fn released(
        &self,
        change: ProductChange<'_>,
        slot: ChangeSlot,
    ) -> Result<(), StoreError> {
        let ChangeSlot { mut slots, holder } = slot;
        for _ in 0..MAX_ROUNDS {
            let Some(free) = slots.released_by(change.product, &holder) else {
                break;
            };
            if self
                .store
                .put_subscription_slots(change.owner, &free)
                .await?
            {
                break;
            }
            slots = self.store.subscription_slots(change.owner).await?;
        }
        Ok(())
    }

    /// Checks that the caller of `change` holds no other subscription of its product, or that the
    /// checkout file allows several.
    ///
    /// # Errors
    ///
    /// [`Error::AlreadySubscribed`] when they hold one; [`Error::Unavailable`] when Stripe or the
    /// database did not answer.
    pub async fn check_change(&self, change: ProductChange<'_>) -> Result<(), Error> {
        if self.sessions.has_multiple_subscriptions() {
            return Ok(());
        }
        self.check_not_held(change.owner, &[change.product], Some(change.subscription))
            .await
    }

    /// Takes the slots of `claim`, once nothing else has them that may yet give the caller a
    /// product.
    async fn take_slots(&self, claim: &Claim<'_>) -> Result<SubscriptionSlots, Error> {
        for _ in 0..MAX_ROUNDS {
            let slots = self.store.subscription_slots(claim.owner).await?;
            for other in slots.others(claim.products, &claim.holder) {
                match other {
                    SlotHolder::Order(order) => self.end_other(claim, order).await?,
                    SlotHolder::Change { until, .. } => self.check_over(claim, *until).await?,
                }
            }
            let Some(taken) = slots.taken_by(claim.products, &claim.holder) else {
                return Ok(slots);
            };
            if self
                .store
                .put_subscription_slots(claim.owner, &taken)
                .await?
            {
                return Ok(taken);
            }
        }
        Err(Error::InProgress)
    }

    /// Ends the order with the id `other`, in favour of `claim`. One that is paid stays: Stripe's
    /// list tells whether its subscription still lives.
    async fn end_other(&self, claim: &Claim<'_>, other: &OrderId) -> Result<(), Error> {
        let found = self.store.order(other).await?;
        // The site may have moved it to another caller.
        let Some(other) = found.filter(|found| found.owner() == claim.owner) else {
            return Ok(());
        };
        let ender = OrderEnder {
            stripe: &self.stripe,
            store: &self.store,
            clock: &self.clock,
        };
        let ending = Ending::Canceled(Some(CancelReason::Duplicate));
        match ender.end(other, ending, Release::Keep).await {
            Ok(_) | Err(Error::AlreadyPaid(_) | Error::NotFound) => Ok(()),
            Err(processing @ (Error::PaymentProcessing(_) | Error::PaymentAwaited(..))) => {
                // The subscription may be there already, and its first payment under way.
                self.check_not_subscribed(claim).await?;
                Err(processing)
            }
            Err(error) => Err(error),
        }
    }

    /// Checks that the change that has a slot of `claim` until `until` is over.
    async fn check_over(&self, claim: &Claim<'_>, until: i64) -> Result<(), Error> {
        if until <= self.clock.now() {
            return Ok(());
        }
        // Stripe may have made it already.
        self.check_not_subscribed(claim).await?;
        Err(Error::InProgress)
    }

    async fn check_not_subscribed(&self, claim: &Claim<'_>) -> Result<(), Error> {
        self.check_not_held(claim.owner, claim.products, claim.changing)
            .await
    }

    /// Checks that `owner` holds no subscription of one of `products`, but `changing`.
    async fn check_not_held(
        &self,
        owner: &CallerId,
        products: &[&str],
        changing: Option<&str>,
    ) -> Result<(), Error> {
        let link = self.store.customer_of(owner).await?;
        let Some(customer) = link.and_then(|link| link.customer) else {
            return Ok(());
        };
        let held = self.stripe.live_subscription(&customer, products, changing);
        match held.await? {
            None => Ok(()),
            Some(subscription) => Err(Error::AlreadySubscribed(subscription)),
        }
    }
}
