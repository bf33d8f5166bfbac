//! Links callers to Stripe customers: creates each once, when first needed, and never finds one by
//! e-mail.
//!
//! | step | state when the process ends after it |
//! |---|---|
//! | the database reserves the link, unless it is taken | a reservation for the next call |
//! | Stripe creates the customer, under a key of it | a customer that the same key returns |
//! | the database stores the customer, unless it has one | the link |
//!
//! Stripe forgets keys after a day. So for a reservation that is an hour old, the customer is
//! searched for, by the reservation in its metadata: Stripe's search is up to date by then. If
//! there is none, the link is reserved anew, under another key.
//!
//! A customer that was deleted at Stripe is replaced in the same way. Of the caller's token only
//! the alias is copied: the customer enters name and e-mail at Stripe.

use crate::{
    Clock, Error,
    ids::CallerId,
    store::{CustomerLink, Store},
    stripe::{Stripe, StripeError},
};

/// The seconds after which Stripe's search knows a customer, and its key may have expired.
const SEARCHED_AFTER: i64 = 60 * 60;
/// The most concurrent changes of a link before the caller has to retry.
const MAX_ROUNDS: usize = 4;

/// Finds and creates callers' Stripe customers.
#[derive(Clone, Copy, Debug)]
pub struct Customers<'a> {
    /// The Stripe client.
    pub stripe: &'a Stripe,
    /// The database.
    pub store: &'a Store,
    /// The clock, which tells old reservations.
    pub clock: &'a Clock,
}

/// A caller's Stripe customer, as stored.
#[derive(Clone, Debug)]
pub struct Known {
    link: CustomerLink,
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
    /// The caller's customer, created where there is none.
    ///
    /// # Errors
    ///
    /// [`Error`] when the database or Stripe did not answer; the caller may retry.
    pub async fn of(&self, owner: &CallerId) -> Result<Known, Error> {
        let link = match self.store.customer_of(owner).await? {
            Some(link) => link,
            None => {
                let now = self.clock.now();
                self.store.reserve_customer(owner, None, now).await?
            }
        };
        self.resolved(owner, link).await
    }

    /// Runs `make` for a caller's `customer`; for a new one, where that is gone.
    ///
    /// # Errors
    ///
    /// As [`Customers::of`], and the errors of `make`.
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
                let customer = self.replaced(owner, customer).await?;
                Ok(make(customer.id).await?)
            }
            made => Ok(made?),
        }
    }

    /// Another customer of the caller, where Stripe no longer has the customer `gone`: see
    /// [`StripeError::is_about_a_missing_customer`]. It may exist already.
    async fn replaced(&self, owner: &CallerId, gone: &Known) -> Result<Known, Error> {
        tracing::warn!(
            customer.id = gone.id,
            "Stripe no longer has a customer: Farebox creates another for the caller"
        );
        let now = self.clock.now();
        let reserved = self.store.reserve_customer(owner, Some(&gone.link), now);
        self.resolved(owner, reserved.await?).await
    }

    /// The customer of a link: created and stored where there is none.
    async fn resolved(&self, owner: &CallerId, mut link: CustomerLink) -> Result<Known, Error> {
        for _ in 0..MAX_ROUNDS {
            if let Some(id) = link.customer.clone() {
                return Ok(Known { link, id });
            }
            let Some(customer) = self.made(owner, &link).await? else {
                let now = self.clock.now();
                let anew = self.store.reserve_customer(owner, Some(&link), now);
                link = anew.await?;
                continue;
            };
            let resolved = self.store.settle_customer(owner, &link, &customer);
            link = resolved.await?.ok_or(Error::InProgress)?;
        }
        Err(Error::InProgress)
    }

    /// The id of a reservation's customer; `None` where the reservation is old, and has none.
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
