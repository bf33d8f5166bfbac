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
//! A customer that was deleted at Stripe is replaced in the same way.
//!
//! A customer gets the name and the e-mail address that the site signed, when they differ from what
//! it last got. The link keeps digests of that, so that a payment costs no further call.

mod tie;

use std::{collections::BTreeMap, time::Duration};

pub use tie::{TieError, Tied};

use crate::{
    Clock, Error, digest,
    ids::CallerId,
    order::SignedPayer,
    store::{CustomerLink, Store},
    stripe::{Stripe, StripeError},
};

/// The seconds after which Stripe's search knows a customer, and its key may have expired.
const SEARCHED_AFTER: i64 = 60 * 60;
/// The longest wait for the update of a customer.
const UPDATE_DEADLINE: Duration = Duration::from_secs(3);
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

    /// Gives a caller's `customer` the name and the e-mail address of `payer`, where it did not get
    /// them before. A payment does not wait for it longer than a moment, nor fail with it.
    pub async fn update(&self, owner: &CallerId, customer: &Known, payer: &SignedPayer) {
        let mut link = customer.link.clone();
        let signed = [("email", &payer.email), ("name", &payer.name)];
        let mut changed = BTreeMap::new();
        for (field, value) in signed {
            let Some(value) = value else { continue };
            let mark = digest::hex(&["profile", &link.reservation, field, value]);
            let before = link.profile.insert(field.to_owned(), mark.clone());
            if before != Some(mark) {
                changed.insert(field, value.as_str());
            }
        }
        if changed.is_empty() {
            return;
        }
        let stripe = self.stripe.clone().with_deadline(UPDATE_DEADLINE);
        let updated = stripe.update_customer(&customer.id, &changed).await;
        if let Err(failure) = updated {
            tracing::warn!(
                customer.id = customer.id,
                cause = %failure,
                "Farebox cannot update a customer at Stripe, and tries again with the next payment"
            );
            return;
        }
        if let Err(failure) = self.store.record_profile(owner, &link).await {
            tracing::warn!(
                customer.id = customer.id,
                cause = %failure,
                "the database did not store that a customer was updated"
            );
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
