//! Begins purchases, for every function that starts a payment. Creates or changes an order, from
//! items that Farebox prices or from an order that the site signed, and keeps one active payment at
//! a time.

mod caps;
mod claim_fields;
pub(crate) mod closing;
mod ending;
mod entries;
mod free;
mod items;
mod on_sale;
mod one_subscription;
mod opened;
mod order_claims;
mod payer_claims;
mod pricing;
mod recurring_items;
mod session_options;
mod settings;
mod signed_lines;
mod signed_order;
mod unit_amount;

pub use caps::Caps;
pub use closing::Release;
pub use ending::OrderEnder;
pub use entries::Item;
pub use one_subscription::{ChangeSlot, ProductChange};
use pricing::ItemTerms;
pub use settings::{Settings, Terms};
pub use signed_order::SignedOrder;

use crate::{
    Clock, Error,
    access::{Authenticator, Authorized, CreatePayment, Reached},
    checkout::CheckoutSettings,
    customers::Customers,
    error::Code,
    order::{Order, Status},
    rate_limit::RateLimiter,
    request::IdempotencyKey,
    store::Store,
    stripe::{Prices, Stripe, StripeError},
};

/// The errors of a payment start.
pub const ERRORS: [Code; 12] = [
    Code::InvalidRequest,
    Code::AmountTooSmall,
    Code::NotFound,
    Code::IdempotencyKeyReused,
    Code::InProgress,
    Code::OrderAlreadyPaid,
    Code::PaymentProcessing,
    Code::OrderCanceled,
    Code::OrderExpired,
    Code::OrderChanged,
    Code::BodyTooLarge,
    Code::TooManyPayments,
];

/// The purchase in a request body: items, or an order that the site signed.
#[derive(Debug)]
pub struct Cart {
    /// The items to price.
    pub items: Option<Vec<Item>>,
    /// Beside `items`: the order of an earlier response, to be changed.
    pub order_id: Option<String>,
    /// A token that the site's server signed.
    pub order: Option<String>,
    /// Beside `items`: the currency that the browser chose; each price's own where it chose none.
    pub currency: Option<String>,
    /// True when `items` may have recurring prices.
    pub may_subscribe: bool,
}

/// Prices items and creates orders; cheap to clone.
#[derive(Clone, Debug)]
pub struct CheckoutService {
    /// Verifies callers.
    pub authenticator: Authenticator,
    /// The Stripe client.
    pub stripe: Stripe,
    /// The cached prices.
    pub prices: Prices,
    /// The largest order.
    pub max_amount: Caps,
    /// True when Stripe sends receipts to the addresses that the site signs.
    pub sends_receipts: bool,
    /// The terms of an order for which the site signed none.
    pub terms: Terms,
    /// The options of Checkout Sessions.
    pub sessions: CheckoutSettings,
    /// The database.
    pub store: Store,
    /// The clock.
    pub clock: Clock,
}

impl CheckoutService {
    /// The same, with one deadline for all calls to Stripe.
    #[must_use]
    pub fn for_one_request(&self) -> Self {
        Self {
            stripe: self.stripe.for_one_request(),
            ..self.clone()
        }
    }

    /// Creates or changes the order of `cart` for `payer`, and returns it with the payer who may
    /// pay it.
    ///
    /// `key` is the payer's idempotency key: the same operation returns the same order.
    ///
    /// # Errors
    ///
    /// - [`Error::Invalid`] when the cart is wrong.
    /// - [`Error::NotFound`] when the order is another caller's.
    /// - [`Error::TooManyPayments`] when `limiter` does not admit a new order, or too many charges
    ///   for it failed.
    /// - [`Error::Unavailable`], and a separate error for each reason why an order cannot change.
    pub async fn order(
        &self,
        payer: Authorized<CreatePayment>,
        limiter: &RateLimiter,
        key: Option<IdempotencyKey>,
        cart: Cart,
    ) -> Result<(Reached<CreatePayment>, Order), Error> {
        let named = cart.order_id.clone();
        let order = match self.order_of(&payer, limiter, key, cart).await {
            Ok(order) => self.check_attempts(order, limiter).await,
            refused => refused,
        };
        let order = match order {
            Err(many @ Error::TooManyPayments { .. }) => return Err(payer.over_limit(many)),
            Err(guest @ Error::NotACustomer) => return Err(payer.not_permitted(guest)),
            Err(Error::NotFound) => return Err(payer.out_of_reach(named.as_deref())),
            order => order?,
        };
        let payer = payer.reach(Some(order.owner()), order.id().as_str())?;
        Ok((payer, order))
    }

    async fn order_of(
        &self,
        payer: &Authorized<CreatePayment>,
        limiter: &RateLimiter,
        key: Option<IdempotencyKey>,
        cart: Cart,
    ) -> Result<Order, Error> {
        let currency = self.sessions.currency(cart.currency.as_deref());
        let currency = currency.map_err(Error::invalid)?;
        match (cart.items, cart.order, cart.order_id) {
            (Some(items), None, order_id) => {
                let terms = ItemTerms {
                    currency,
                    may_subscribe: cart.may_subscribe,
                };
                self.order_of_items(payer, limiter, key, items, terms, order_id)
                    .await
            }
            (None, Some(_), None) if currency.is_some() => Err(Error::invalid(
                "send `choice.currency` only with `items`: a signed `order` has its own currency",
            )),
            (None, Some(token), None) => self.signed_order(payer, limiter, key, &token).await,
            (None, Some(_), Some(_)) => Err(Error::invalid(
                "send `orderId` only with `items`: a signed `order` has its own id",
            )),
            _ => Err(Error::invalid(
                "send either `items` or `order`, and not both",
            )),
        }
    }

    /// Runs `make` at Stripe for `order`, with its owner's Stripe customer where one applies.
    ///
    /// An order's existing payment keeps its customer.
    ///
    /// # Errors
    ///
    /// [`Error`] when Stripe or the database did not answer, or Stripe refused.
    pub async fn for_customer<T, F>(
        &self,
        order: &Order,
        is_customer: bool,
        make: impl Fn(Option<String>) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, StripeError>>,
    {
        if !is_customer {
            return Ok(make(None).await?);
        }
        let customers = Customers {
            stripe: &self.stripe,
            store: &self.store,
            clock: &self.clock,
        };
        let customer = customers.of(order.owner()).await?;
        let payer = order.revision().contents.payer();
        customers.update(order.owner(), &customer, payer).await;
        let make = |customer| make(Some(customer));
        customers.made_for(order.owner(), &customer, make).await
    }
}

/// The error for a request that the processing payment of `order` does not allow.
#[must_use]
pub fn processing(order: &Order) -> Error {
    let id = order.id().clone();
    match order.awaited() {
        None => Error::PaymentProcessing(id),
        Some(awaited) => Error::PaymentAwaited(id, awaited),
    }
}

/// Checks that `order` can still be paid at `now` (Unix seconds). A Checkout Session that expired
/// does not end the order before its own time.
///
/// # Errors
///
/// [`Error::OrderCanceled`], [`Error::OrderExpired`] and [`Error::AlreadyPaid`];
/// [`Error::PaymentProcessing`] where its payment is authorized.
pub fn check_open(order: &Order, now: i64) -> Result<(), Error> {
    match order.status() {
        Status::Canceled => Err(Error::OrderCanceled),
        Status::Authorized => Err(processing(order)),
        Status::Processing => Ok(()),
        status if status.is_open() || status == Status::Expired => match order.has_expired(now) {
            true => Err(Error::OrderExpired),
            false => Ok(()),
        },
        _ => Err(Error::AlreadyPaid(order.id().clone())),
    }
}
