//! Checks that the shop still sells the contents of an order.
//!
//! A Checkout Session lists an order's prices, and Stripe creates none with a price or a product
//! that was archived since the order was created. Such an order can be paid with the site's own
//! form, as it was priced. Its open payment must not be closed in favour of a Checkout Session that
//! cannot be created.

use std::collections::BTreeSet;

use super::CheckoutService;
use crate::{Error, order::Order, stripe::Price};

impl CheckoutService {
    /// Checks that `order` can have a Checkout Session, by the shop's present prices at Stripe.
    ///
    /// Cached prices may be older than the archiving.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a price of it, or the product, is archived, [`Error::Unavailable`]
    /// when Stripe did not answer.
    pub async fn check_on_sale(&self, order: &Order) -> Result<(), Error> {
        let lines = order.revision().contents.lines().iter();
        let names: BTreeSet<&str> = lines.filter_map(|line| line.price.as_deref()).collect();
        let prices = self.prices.find_anew(&self.stripe, &names).await?;
        match names
            .iter()
            .all(|name| prices.get(*name).is_some_and(Price::is_on_sale))
        {
            true => Ok(()),
            false => Err(Error::not_on_sale()),
        }
    }
}
