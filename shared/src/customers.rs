//! Which Stripe customer a caller is: made once, when it is first needed, and never found by
//! e-mail.
//!
//! | step | what it leaves when the process ends after it |
//! |---|---|
//! | the database reserves the caller's place, unless it is taken | a reservation that whoever comes next finds |
//! | Stripe makes the customer, under a key of that reservation | a customer that the same key gives again |
//! | the database notes the customer, unless one is noted | the mapping |
//!
//! Stripe forgets keys after a day. So who finds a reservation that
//! is an hour old searches for its customer, by the reservation in its metadata: Stripe's search is
//! up to date by then. Where there is none, the place is reserved anew, under another key.
//!
//! A customer that was deleted at Stripe is replaced in the same way. Nothing of the caller's token
//! is copied but their alias: name and e-mail are what the customer writes at Stripe.

use crate::{
    Clock, Error,
    ids::CallerId,
    store::{CustomerLink, Store},
    stripe::{Stripe, StripeError},
};

/// Seconds after which Stripe's search knows a customer, and a key may be of no more use.
const SEARCHED_AFTER: i64 = 60 * 60;
/// How often a place may change under our hands before the caller is asked to try again.
const MOST_ROUNDS: usize = 4;

/// Finds and makes callers' Stripe customers.
#[derive(Clone, Copy, Debug)]
pub struct Customers<'a> {
    /// Where they are made.
    pub stripe: &'a Stripe,
    /// Where they are noted.
    pub store: &'a Store,
    /// Tells old reservations.
    pub clock: &'a Clock,
}

/// A caller's Stripe customer, as the database has it.
#[derive(Clone, Debug)]
pub struct Known {
    mapping: CustomerLink,
    id: String,
}

impl Known {
    /// `cus_…`
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }
}

impl Customers<'_> {
    /// The caller's customer, made where there is none.
    ///
    /// # Errors
    ///
    /// [`Error`] when the database or Stripe did not answer; the same may be asked again.
    pub async fn of(&self, owner: &CallerId) -> Result<Known, Error> {
        let mapping = match self.store.customer_of(owner).await? {
            Some(mapping) => mapping,
            None => {
                let now = self.clock.now();
                self.store.reserve_customer(owner, None, now).await?
            }
        };
        self.settled(owner, mapping).await
    }

    /// What `make` makes at Stripe for a caller's `customer`; for another one, where that is gone.
    ///
    /// # Errors
    ///
    /// As [`Customers::of`], and what `make` fails with.
    pub async fn made_for<T, F>(
        &self,
        owner: &CallerId,
        customer: &Known,
        make: impl Fn(String) -> F,
    ) -> Result<T, Error>
    where
        F: Future<Output = Result<T, StripeError>>,
    {
        match make(customer.id.clone()).await {
            Err(failure) if failure.is_about_a_missing_customer() => {
                let customer = self.instead_of(owner, customer).await?;
                Ok(make(customer.id).await?)
            }
            made => Ok(made?),
        }
    }

    /// Another customer of the caller's, where Stripe says that there is no such customer as `gone`
    /// any more: see [`StripeError::is_about_a_missing_customer`]. It may be there already.
    async fn instead_of(&self, owner: &CallerId, gone: &Known) -> Result<Known, Error> {
        tracing::warn!(
            customer.id = gone.id,
            "a customer is gone at Stripe, the caller gets another"
        );
        let now = self.clock.now();
        let reserved = self.store.reserve_customer(owner, Some(&gone.mapping), now);
        self.settled(owner, reserved.await?).await
    }

    /// The customer in a place: made, and noted, where there is none.
    async fn settled(&self, owner: &CallerId, mut mapping: CustomerLink) -> Result<Known, Error> {
        for _ in 0..MOST_ROUNDS {
            if let Some(id) = mapping.customer.clone() {
                return Ok(Known { mapping, id });
            }
            let Some(customer) = self.made(owner, &mapping).await? else {
                let now = self.clock.now();
                let anew = self.store.reserve_customer(owner, Some(&mapping), now);
                mapping = anew.await?;
                continue;
            };
            let settled = self.store.settle_customer(owner, &mapping, &customer);
            mapping = settled.await?.ok_or(Error::InProgress)?;
        }
        Err(Error::InProgress)
    }

    /// The id of the customer of a reservation; `None` where the reservation is old, and has none.
    async fn made(
        &self,
        owner: &CallerId,
        reserved: &CustomerLink,
    ) -> Result<Option<String>, StripeError> {
        let age = self.clock.now().saturating_sub(reserved.reserved_at);
        let customer = match age < SEARCHED_AFTER {
            true => Some(
                self.stripe
                    .create_customer(owner, &reserved.reservation)
                    .await?,
            ),
            false => self.stripe.find_customer(&reserved.reservation).await?,
        };
        Ok(customer.map(|customer| customer.id))
    }
}
