//! The subscriptions that a customer holds at Stripe, as far as another of the same product depends
//! on it.
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
}

#[derive(miniserde::Deserialize)]
struct Items {
    data: Vec<Item>,
    has_more: Option<bool>,
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
struct Status {
    status: String,
}

impl Subscription {
    /// True when it is of one of `products`. Of one with more items than Stripe lists here, it may
    /// be.
    fn may_be_of(&self, products: &[&str]) -> bool {
        let mut items = self.items.data.iter();
        self.items.has_more == Some(true)
            || items.any(|item| products.contains(&item.price.product.as_str()))
    }
}

impl Stripe {
    /// The id of a subscription of `customer` to one of `products` that has not ended, if there is
    /// one. A deleted customer has none.
    ///
    /// # Errors
    ///
    /// [`StripeError`] when Stripe did not return them all.
    pub async fn live_subscription(
        &self,
        customer: &str,
        products: &[&str],
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
            let mut held = page.data.iter().filter(|one| !has_ended(&one.status));
            if let Some(live) = held.find(|one| one.may_be_of(products)) {
                return Ok(Some(live.id.clone()));
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
