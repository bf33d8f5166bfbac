//! Refreshes a caller's subscriptions from Stripe, for a reader who waits for a change.
//!
//! Farebox looks at each subscription that is not over, and at those that the customer's list at
//! Stripe has besides. So a webhook that is late, missing or not configured does not keep a payer
//! waiting.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use tokio::time::timeout;

use super::{LookError, SubscriptionService};
use crate::{
    cause::causes,
    ids::CallerId,
    subscription::{Reason, has_ended},
};

/// The longest wait for Stripe: the reader is at a page, and asks again.
const DEADLINE: Duration = Duration::from_secs(4);

/// The subscriptions that were compared with Stripe's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// The time of each look, in Unix seconds, by the id of the subscription.
    pub looks: BTreeMap<String, i64>,
    /// The time at which Stripe was asked for all of the caller's, in Unix seconds; `None` where
    /// it was not, or not all of the looks succeeded.
    pub complete_at: Option<i64>,
}

impl SubscriptionService {
    /// Brings the copies of the subscriptions of `owner` up to date: at most once in two seconds
    /// for each caller.
    ///
    /// A request in between, and one that Stripe does not answer in time, leaves copies as they
    /// are stored.
    pub async fn refresh(&self, owner: &CallerId) -> Refreshed {
        let stripe = self.stripe.clone().with_deadline(DEADLINE);
        let brief = self.over(stripe.for_one_request());
        let mut refreshed = Refreshed::default();
        // It may wait for a look of another request, which has more time.
        let looking = timeout(DEADLINE, brief.refresh_all(owner, &mut refreshed));
        let cause = match looking.await {
            Ok(Ok(())) => return refreshed,
            Ok(Err(failure)) => causes(&failure),
            Err(elapsed) => elapsed.to_string(),
        };
        tracing::warn!(
            caller = owner.alias(),
            cause,
            "Farebox cannot refresh subscriptions from Stripe, and returns them as they are stored"
        );
        refreshed
    }

    async fn refresh_all(
        &self,
        owner: &CallerId,
        refreshed: &mut Refreshed,
    ) -> Result<(), LookError> {
        let began = self.clock.now();
        if !self.store.admit_billing_refresh(owner, began).await? {
            return Ok(());
        }
        for id in self.subscriptions_of(owner).await? {
            let now = self.clock.now();
            self.look(&id, &Reason::Event).await?;
            refreshed.looks.insert(id, now);
        }
        refreshed.complete_at = Some(began);
        Ok(())
    }

    /// The ids of the subscriptions of `owner` that may have changed: those that were not over at
    /// the latest look, and those that Stripe lists and that are not over.
    async fn subscriptions_of(&self, owner: &CallerId) -> Result<BTreeSet<String>, LookError> {
        let account = self.store.billing_account(owner).await?.value;
        let account = account.unwrap_or_default();
        let held = account.subscriptions.iter();
        let held = held.filter(|held| !held.has_ended());
        let mut ids: BTreeSet<String> = held.map(|held| held.id.clone()).collect();
        let link = self.store.customer_of(owner).await?;
        if let Some(customer) = link.and_then(|link| link.customer) {
            let page = self.stripe.all_subscriptions(Some(&customer), None).await?;
            let present = page.subscriptions.into_iter();
            ids.extend(
                present
                    .filter(|(_, status)| !has_ended(status))
                    .map(|(id, _)| id),
            );
        }
        Ok(ids)
    }
}
