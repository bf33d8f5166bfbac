//! Whether the shop still sells what an order is for.
//!
//! A Checkout Session lists an order's prices, and Stripe makes none with a price that was archived
//! since the order was opened, or whose product was. Such an order can be paid with the site's own
//! form, as it was priced: what is open of it must not be closed in favour of a page that cannot be
//! made.

use std::collections::BTreeSet;

use super::CheckoutService;
use crate::{Error, order::Order, stripe::Price};

impl CheckoutService {
    /// Checks that `order` can have a Checkout Session, by the shop's prices as Stripe has them
    /// now: what is held of them may be older than the archiving.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a price of it, or the product, is archived, [`Error::Unavailable`]
    /// when Stripe did not answer.
    pub async fn check_on_sale(&self, order: &Order) -> Result<(), Error> {
        let lines = order.revision().contents.lines().iter();
        let names: BTreeSet<&str> = lines.map(|line| line.price.as_str()).collect();
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
