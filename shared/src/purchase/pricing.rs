//! Prices items by the shop's own prices, and checks the total.

use std::collections::BTreeMap;

use super::{
    CheckoutService,
    entries::{Wanted, check_quantity, names, sum},
    recurring_items::{PricedLine, check_lines, recurring},
    unit_amount::unit,
};
use crate::{
    Error,
    amount::{Amount, Currency, Inexact},
    order::{LineItem, LineTax, OrderDetails},
    stripe::{Price, PriceCurrencies},
};

/// The terms on which items are priced.
#[derive(Clone, Copy, Debug)]
pub(super) struct ItemTerms {
    /// The currency that the browser chose, if it did.
    pub(super) currency: Option<Currency>,
    /// True when recurring prices are taken.
    pub(super) may_subscribe: bool,
}

impl CheckoutService {
    /// The price of `wanted`, by the shop's own prices, on `terms`.
    pub(super) async fn priced(
        &self,
        wanted: &BTreeMap<String, Wanted>,
        terms: ItemTerms,
    ) -> Result<OrderDetails, Error> {
        let (names, asked) = (names(wanted), asked(terms.currency));
        let prices = self.prices.find(&self.stripe, &names, asked).await?;
        let mut lines: BTreeMap<String, (Wanted, Amount, &Price)> = BTreeMap::new();
        for (name, one) in wanted {
            let price = prices.get(name).ok_or_else(|| unknown(one.index))?;
            let unit = unit(name, price, one.index, terms)?;
            check_quantity(one, price)?;
            let line = lines.entry(price.id.clone());
            let (known, ..) = line.or_insert((Wanted::default(), unit, price));
            // A request may name a price by its id and by its lookup key.
            *known = Wanted {
                quantity: sum(known.quantity, one.quantity, one.index)?,
                index: known.index.max(one.index),
            };
        }
        let lines = lines.into_iter().map(|(id, (wanted, unit, price))| {
            let quantity = wanted.quantity.unwrap_or_default();
            let amount = match quantity {
                0 => unit,
                quantity => unit.times(quantity)?,
            };
            Ok(PricedLine {
                index: wanted.index,
                line: LineItem {
                    price: Some(id),
                    lookup_key: price.lookup_key.clone(),
                    name: price.product.name.clone(),
                    quantity,
                    unit_amount: unit.minor_units(),
                    recurring: recurring(price),
                    tax: LineTax::default(),
                },
                amount,
            })
        });
        let wrong = |what: Inexact| Error::invalid(format!("the total of `items` {what}"));
        let lines = lines.collect::<Result<Vec<_>, _>>().map_err(wrong)?;
        check_lines(&lines)?;
        let lines = lines.into_iter().map(|one| (one.line, one.amount));
        let contents = OrderDetails::priced(lines.collect()).map_err(wrong)?;
        self.check_cap(contents.amount(), "the total of `items`")?;
        Ok(contents)
    }

    /// Checks that the shop takes orders of `amount`, which an error calls `what`.
    pub(super) fn check_cap(&self, amount: Amount, what: &str) -> Result<(), Error> {
        match self.max_amount.allow(amount) {
            true => Ok(()),
            false => Err(Error::invalid(format!("{what} exceeds the shop's limit"))),
        }
    }
}

/// The amounts to ask Stripe for, where the browser chose `currency`.
pub(super) fn asked(currency: Option<Currency>) -> PriceCurrencies {
    match currency {
        Some(_) => PriceCurrencies::All,
        None => PriceCurrencies::Own,
    }
}

/// The error omits the name, which is not one of the shop's.
fn unknown(index: usize) -> Error {
    Error::invalid(format!(
        "`items[{index}].price` is not one of this shop's prices"
    ))
}
