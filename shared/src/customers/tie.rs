//! Ties a customer that exists at Stripe to a caller.
//!
//! | step | state when the process ends after it |
//! |---|---|
//! | the customer is checked at Stripe | as before |
//! | the database stores the link, unless it has another | the link; the next call does the rest |
//! | the customer gets the metadata of those that Farebox creates | all of it |

use super::Customers;
use crate::{
    deployment::Deployment,
    ids::CallerId,
    store::{CustomerLink, StoreError},
    stripe::{Customer, CustomerKeys, StripeError},
};

/// The result of a tie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tied {
    /// The caller had no customer, and has this one now.
    New,
    /// The caller had this customer.
    Already,
}

/// The reason why a customer was not tied to a caller.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TieError {
    /// The caller has another customer, `cus_…`.
    #[error("the caller has the customer {0}")]
    OtherCustomer(String),
    /// The customer is another caller's.
    #[error("the customer belongs to another caller")]
    OtherCaller,
    /// Another deployment created the customer.
    #[error("the customer belongs to another deployment of Farebox")]
    OtherDeployment,
    /// Stripe does not have the customer.
    #[error("Stripe has no such customer in this mode, or it was deleted")]
    Missing,
    /// Another process changed the link meanwhile.
    #[error("the caller's customer is being created: try again")]
    InProgress,
    /// Stripe did not answer.
    #[error("Stripe did not answer")]
    Stripe(#[from] StripeError),
    /// The database did not answer.
    #[error("the database did not answer")]
    Store(StoreError),
}

impl From<StoreError> for TieError {
    fn from(failure: StoreError) -> Self {
        match failure {
            StoreError::CustomerTaken => Self::OtherCaller,
            failure => Self::Store(failure),
        }
    }
}

impl Customers<'_> {
    /// Checks whether `customer` (`cus_…`) can be tied to `owner`, and changes nothing.
    ///
    /// # Errors
    ///
    /// [`TieError`] when it cannot.
    pub async fn check_tie(&self, owner: &CallerId, customer: &str) -> Result<Tied, TieError> {
        let (link, _) = self.tieable(owner, customer).await?;
        Ok(result(link.as_ref()))
    }

    /// Ties `customer` (`cus_…`) to `owner`; may be repeated.
    ///
    /// # Errors
    ///
    /// [`TieError`] when it was not tied, or did not get its metadata.
    pub async fn tie(&self, owner: &CallerId, customer: &str) -> Result<Tied, TieError> {
        let (link, at_stripe) = self.tieable(owner, customer).await?;
        let tied = result(link.as_ref());
        let link = match link {
            Some(link) => link,
            None => {
                let now = self.clock.now();
                self.store.reserve_customer(owner, None, now).await?
            }
        };
        let link = match tied {
            Tied::Already => link,
            Tied::New => self.settle(owner, &link, customer).await?,
        };
        if at_stripe.metadata(CustomerKeys::RESERVATION) != Some(link.reservation.as_str()) {
            let named = self
                .stripe
                .name_customer(customer, owner, &link.reservation);
            named.await?;
        }
        Ok(tied)
    }

    /// The link of `owner`, which has no other customer, and `customer` at Stripe, which is no
    /// other caller's.
    async fn tieable(
        &self,
        owner: &CallerId,
        customer: &str,
    ) -> Result<(Option<CustomerLink>, Customer), TieError> {
        let link = self.store.customer_of(owner).await?;
        let linked = link.as_ref().and_then(|link| link.customer.clone());
        if let Some(other) = linked.filter(|linked| linked != customer) {
            return Err(TieError::OtherCustomer(other));
        }
        let holder = self.store.holder_of(customer).await?;
        if holder.is_some_and(|holder| holder != *owner) {
            return Err(TieError::OtherCaller);
        }
        let at_stripe = self.stripe.retrieve_customer(customer).await?;
        let at_stripe = at_stripe.ok_or(TieError::Missing)?;
        let deployment = at_stripe.metadata(Deployment::KEY);
        let this = self.store.deployment()?.id();
        if deployment.is_some_and(|named| named != this) {
            return Err(TieError::OtherDeployment);
        }
        let named = at_stripe.metadata(CustomerKeys::OWNER);
        if named.is_some_and(|named| named != owner.alias()) {
            return Err(TieError::OtherCaller);
        }
        Ok((link, at_stripe))
    }

    async fn settle(
        &self,
        owner: &CallerId,
        reserved: &CustomerLink,
        customer: &str,
    ) -> Result<CustomerLink, TieError> {
        let settled = self
            .store
            .settle_customer(owner, reserved, customer)
            .await?;
        let link = settled.ok_or(TieError::InProgress)?;
        match &link.customer {
            Some(linked) if linked == customer => Ok(link),
            Some(other) => Err(TieError::OtherCustomer(other.clone())),
            None => Err(TieError::InProgress),
        }
    }
}

/// The result for a caller with this link, which names no other customer.
fn result(link: Option<&CustomerLink>) -> Tied {
    match link.and_then(|link| link.customer.as_ref()) {
        Some(_) => Tied::Already,
        None => Tied::New,
    }
}
