//! Looks at all subscriptions of the account, or of one customer: heals each copy, and adopts what
//! existed before Farebox. It may be repeated.

use std::fmt;

use futures_util::{FutureExt as _, StreamExt as _, stream};
use shared::{
    App, cause,
    store::Store,
    stripe::{Stripe, StripeError},
    subscription::Reason,
    subscriptions::{LookError, SubscriptionService},
};

/// The most looks at once: each takes several calls to Stripe.
const AT_ONCE: usize = 4;

/// Looks at subscriptions at an operator's command.
#[derive(Clone, Debug)]
pub struct Adopter {
    stripe: Stripe,
    store: Store,
    subscriptions: SubscriptionService,
}

/// The report of a walk; it counts subscriptions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Adopted {
    /// Fetched and compared.
    pub looked: usize,
    /// Whose copy, or whose owner's access, changed.
    pub changed: usize,
    /// Of no caller of this deployment.
    pub not_ours: usize,
    /// Not brought up to date.
    pub failed: usize,
}

/// What one look found.
enum Found {
    Changed,
    Unchanged,
    NotOurs,
}

/// The error of a walk that ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdoptError {
    /// Stripe did not return the list.
    #[error("Stripe did not list the subscriptions")]
    List(#[source] StripeError),
    /// Stripe's key is restricted.
    #[error("Stripe's key may not read subscriptions: allow it to read Subscriptions and Invoices")]
    NotPermitted(#[source] StripeError),
    /// Some subscriptions were not brought up to date.
    #[error("{0} subscriptions were not brought up to date: run it again")]
    Failed(usize),
}

impl From<StripeError> for AdoptError {
    fn from(failure: StripeError) -> Self {
        match failure.is_forbidden() {
            true => Self::NotPermitted(failure),
            false => Self::List(failure),
        }
    }
}

impl Adopter {
    /// Takes its parts from `app`.
    #[must_use]
    pub fn new(app: &App) -> Self {
        Self {
            stripe: app.stripe.clone(),
            store: app.store.clone(),
            subscriptions: app.subscriptions.clone(),
        }
    }

    /// Looks at all subscriptions of the account, or of `customer` (`cus_…`), those that are over
    /// as well. A look that fails does not keep it from the others.
    ///
    /// # Errors
    ///
    /// [`AdoptError`] when Stripe did not list them; those that were listed before are done.
    pub async fn adopt(&self, customer: Option<&str>) -> Result<Adopted, AdoptError> {
        let mut adopted = Adopted::default();
        let mut after: Option<String> = None;
        loop {
            let page = self.stripe.all_subscriptions(customer, after.as_deref());
            let page = page.await?;
            let last = page.subscriptions.last().map(|(id, _)| id.clone());
            let ids = page.subscriptions.into_iter().map(|(id, _)| id);
            let mut found = stream::iter(ids)
                .map(|id| async move { (self.look(&id).await, id) })
                .buffer_unordered(AT_ONCE);
            while let Some((found, id)) = found.next().await {
                adopted.count(&id, found)?;
            }
            match last.filter(|_| page.has_more) {
                Some(last) => after = Some(last),
                None => return Ok(adopted),
            }
        }
    }

    async fn look(&self, id: &str) -> Result<Found, LookError> {
        // Boxed, since the compiler nests the types of futures only so deep.
        let looked = self.subscriptions.look(id, &Reason::Adoption).boxed();
        let looked = looked.await?;
        if looked.has_changed {
            return Ok(Found::Changed);
        }
        let copy = self.store.subscription(id).await?;
        Ok(match copy.value {
            Some(_) => Found::Unchanged,
            None => Found::NotOurs,
        })
    }
}

impl Adopted {
    /// Fails when no further look can succeed.
    fn count(&mut self, id: &str, found: Result<Found, LookError>) -> Result<(), AdoptError> {
        self.looked += 1;
        match found {
            Ok(Found::Changed) => self.changed += 1,
            Ok(Found::Unchanged) => {}
            Ok(Found::NotOurs) => self.not_ours += 1,
            Err(LookError::Stripe(failure)) if failure.is_forbidden() => {
                return Err(AdoptError::NotPermitted(failure));
            }
            Err(failure) => {
                self.failed += 1;
                tracing::error!(
                    subscription.id = id,
                    cause = cause::causes(&failure),
                    "a subscription was not brought up to date: {failure}"
                );
            }
        }
        Ok(())
    }

    /// # Errors
    ///
    /// [`AdoptError::Failed`] when some were not brought up to date.
    pub fn if_complete(self) -> Result<Self, AdoptError> {
        match self.failed {
            0 => Ok(self),
            failed => Err(AdoptError::Failed(failed)),
        }
    }

    /// The counts of this and of `other`.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            looked: self.looked + other.looked,
            changed: self.changed + other.changed,
            not_ours: self.not_ours + other.not_ours,
            failed: self.failed + other.failed,
        }
    }
}

impl fmt::Display for Adopted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            looked,
            changed,
            not_ours,
            failed,
        } = self;
        write!(
            f,
            "{looked} subscriptions looked at: {changed} changed, {not_ours} of no caller, \
             {failed} failed"
        )
    }
}
