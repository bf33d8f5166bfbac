//! The subscriptions that a customer holds at Stripe, as far as another of the same product depends
//! on it. A product that a change brings later counts: one that waits for its payment, or one that
//! a schedule makes.
//!
//! The requests are written by hand, as in `portal`.

use stripe_client_core::{RequestBuilder, StripeMethod};

use super::{Stripe, StripeError};
use crate::{event::is_id, subscription::has_ended};

/// The most pages of a list that are read. A customer who holds more subscriptions gets no further
/// one.
const MAX_PAGES: usize = 20;

#[derive(miniserde::Deserialize)]
struct Page {
    data: Vec<Subscription>,
    has_more: bool,
}

#[derive(miniserde::Deserialize)]
struct Subscription {
    id: String,
    status: String,
    items: Items,
    pending_update: Option<PendingUpdate>,
    schedule: Option<String>,
}

#[derive(miniserde::Deserialize)]
struct Items {
    data: Vec<Item>,
    has_more: Option<bool>,
}

#[derive(miniserde::Deserialize)]
struct PendingUpdate {
    subscription_items: Option<Vec<Item>>,
}

#[derive(miniserde::Deserialize)]
struct Item {
    price: Price,
}

#[derive(miniserde::Deserialize)]
struct Price {
    product: String,
}

#[derive(miniserde::Deserialize)]
struct Schedule {
    current_phase: Option<CurrentPhase>,
    phases: Vec<Phase>,
}

#[derive(miniserde::Deserialize)]
struct CurrentPhase {
    start_date: i64,
}

#[derive(miniserde::Deserialize)]
struct Phase {
    start_date: i64,
    items: Vec<Item>,
}

#[derive(miniserde::Deserialize)]
struct Status {
    status: String,
}

impl Item {
    fn is_of(&self, products: &[&str]) -> bool {
        products.contains(&self.price.product.as_str())
    }
}

impl Subscription {
    /// True when it is of one of `products`, or a change to one waits for its payment. Of one with
    /// more items than Stripe lists here, it may be.
    fn may_be_of(&self, products: &[&str]) -> bool {
        let pending = self.pending_update.as_ref();
        let pending = pending.and_then(|update| update.subscription_items.as_ref());
        let mut items = self.items.data.iter().chain(pending.into_iter().flatten());
        self.items.has_more == Some(true) || items.any(|item| item.is_of(products))
    }
}

impl Schedule {
    /// True when a phase that did not end is of one of `products`.
    fn is_of(&self, products: &[&str]) -> bool {
        let current = self.current_phase.as_ref().map(|phase| phase.start_date);
        let mut phases = self.phases.iter();
        phases.any(|phase| {
            Some(phase.start_date) >= current && phase.items.iter().any(|item| item.is_of(products))
        })
    }
}

impl Stripe {
    /// The id of a subscription of `customer` to one of `products` that has not ended, if there is
    /// one other than `except`. A deleted customer has none.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return them all.
    pub async fn live_subscription(
        &self,
        customer: &str,
        products: &[&str],
        except: Option<&str>,
    ) -> Result<Option<String>, StripeError> {
        let mut after = String::new();
        for _ in 0..MAX_PAGES {
            // Without a status, Stripe lists all but the canceled ones.
            let request = RequestBuilder {
                query: Some(format!("customer={customer}&limit=100{after}")),
                ..RequestBuilder::new(StripeMethod::Get, "/subscriptions")
            };
            let page: Page = match request.customize().send(self).await {
                Err(failure) if failure.is_about_a_missing_customer() => return Ok(None),
                page => page?,
            };
            let held = page.data.iter().filter(|one| !has_ended(&one.status));
            for one in held.filter(|one| except != Some(one.id.as_str())) {
                if one.may_be_of(products) || self.is_scheduled_for(one, products).await? {
                    return Ok(Some(one.id.clone()));
                }
            }
            match page
                .data
                .last()
                .filter(|last| page.has_more && is_id(&last.id))
            {
                Some(last) => after = format!("&starting_after={}", last.id),
                None => return Ok(None),
            }
        }
        Err(StripeError::Differs("number of subscriptions"))
    }

    /// True when the schedule of `subscription` changes it to one of `products`. Without the
    /// permission to read schedules, Farebox makes none, and those of others are unknown.
    async fn is_scheduled_for(
        &self,
        subscription: &Subscription,
        products: &[&str],
    ) -> Result<bool, StripeError> {
        let Some(id) = subscription.schedule.as_deref().filter(|id| is_id(id)) else {
            return Ok(false);
        };
        let request = RequestBuilder {
            query: Some("expand[]=phases.items.price".to_owned()),
            ..RequestBuilder::new(StripeMethod::Get, format!("/subscription_schedules/{id}"))
        };
        match request.customize::<Schedule>().send(self).await {
            Err(failure) if failure.is_forbidden() => {
                tracing::warn!(
                    cause = %failure,
                    "Farebox cannot tell whether a schedule brings a product: let Stripe's key \
                     read Subscription schedules"
                );
                Ok(false)
            }
            schedule => Ok(schedule?.is_of(products)),
        }
    }

    /// True when the subscription with `id` has ended: Stripe takes no money for it any more.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return it.
    pub async fn has_subscription_ended(&self, id: &str) -> Result<bool, StripeError> {
        let request = RequestBuilder::new(StripeMethod::Get, format!("/subscriptions/{id}"));
        let found: Status = request.customize().send(self).await?;
        Ok(has_ended(&found.status))
    }
}
