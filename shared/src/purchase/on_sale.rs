//! Whether the shop still sells what an order is for.
//!
//! A page of Stripe's lists an order's prices, and Stripe makes none of a price that was archived since the
//! order was opened. Such an order can be paid with the site's own form, as it was priced: what is open of
//! it must not be closed in favour of a page that cannot be made.

use std::collections::BTreeSet;

use super::Till;
use crate::{Error, order::Order};

impl Till {
    /// Whether a page can be made of `order`, as far as the shop's prices tell. They are held for a short
    /// while, so Stripe may still refuse it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a price of it is archived, [`Error::Unavailable`] when Stripe did not answer.
    pub async fn check_on_sale(&self, order: &Order) -> Result<(), Error> {
        let lines = order.revision().contents.lines().iter();
        let names: BTreeSet<&str> = lines.map(|line| line.price.as_str()).collect();
        let prices = self.prices.find(&self.stripe, &names).await?;
        match prices.values().all(|price| price.active) {
            true => Ok(()),
            false => Err(Error::not_on_sale()),
        }
    }
}
