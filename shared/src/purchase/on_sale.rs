//! Checks that the shop still sells the contents of an order.
//!
//! A Checkout Session lists an order's prices, and Stripe creates none with a price or a product
//! that was archived since the order was created. Nor may it charge another amount than the
//! order's, where the shop changed a price in one of its further currencies. Such an order can be
//! paid with the site's own form, as it was priced. Its open payment must not be closed in favour
//! of a Checkout Session that cannot be created.

use std::collections::BTreeSet;

use super::CheckoutService;
use crate::{
    Error,
    amount::Currency,
    order::{LineItem, Order},
    stripe::Price,
};

impl CheckoutService {
    /// Checks that `order` can have a Checkout Session, by the shop's present prices at Stripe.
    ///
    /// Cached prices may be older than the archiving.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when a price of it, or the product, is archived, or the price has another
    /// amount by now, [`Error::Unavailable`] when Stripe did not answer.
    pub async fn check_on_sale(&self, order: &Order) -> Result<(), Error> {
        let contents = &order.revision().contents;
        let lines = contents.lines().iter();
        let lines = lines.filter_map(|line| Some((line.price.as_deref()?, line)));
        let names: BTreeSet<&str> = lines.clone().map(|(name, _)| name).collect();
        let prices = self.prices.find_anew(&self.stripe, &names).await?;
        let currency = contents.amount().currency();
        let mut sold = lines.map(|(name, line)| {
            let price = prices.get(name);
            price.is_some_and(|price| is_sold(line, price, currency))
        });
        match sold.all(|is_sold| is_sold) {
            true => Ok(()),
            false => Err(Error::not_on_sale()),
        }
    }
}

/// True when the shop sells at `price` what `line` has, for the same amount.
fn is_sold(line: &LineItem, price: &Price, currency: Currency) -> bool {
    let now = price.in_currency(currency).filter(Price::is_on_sale);
    let is_metered = line.recurring.as_ref().is_some_and(|one| one.is_metered);
    now.is_some_and(|now| is_metered || now.unit_amount == Some(line.unit_amount))
}
