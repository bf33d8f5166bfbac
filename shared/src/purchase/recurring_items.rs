//! Items with recurring prices: the lines of a subscription, which has one billing rhythm.

use crate::{
    Error,
    amount::Amount,
    order::{LineItem, OrderDetails, Recurring},
    stripe::Price,
};

/// The most recurring prices of a subscription's Checkout Session, and the most one-time prices
/// beside them: Stripe's limits.
const MAX_OF_A_KIND: usize = 20;

/// A priced line, and the index of the item that names its price.
#[derive(Debug)]
pub(super) struct PricedLine {
    pub(super) index: usize,
    pub(super) line: LineItem,
    pub(super) amount: Amount,
}

/// The billing rhythm of `price`; `None` of a one-time price.
pub(super) fn recurring(price: &Price) -> Option<Recurring> {
    let recurring = price.recurring.as_ref()?;
    Some(Recurring {
        interval: recurring.interval.clone(),
        interval_count: recurring.interval_count,
        product: price.product.id.clone(),
        is_metered: recurring.usage_type == "metered",
    })
}

/// Checks that one subscription can have all `lines`, where one of them is recurring.
pub(super) fn check_lines(lines: &[PricedLine]) -> Result<(), Error> {
    let mut by_index: Vec<&PricedLine> = lines.iter().collect();
    by_index.sort_by_key(|one| one.index);
    let rhythm = |one: &PricedLine| {
        let recurring = one.line.recurring.as_ref()?;
        Some((recurring.interval.clone(), recurring.interval_count))
    };
    let Some(first) = by_index.iter().find_map(|one| rhythm(one)) else {
        return Ok(());
    };
    let currency = by_index.first().map(|one| one.amount.currency());
    for one in &by_index {
        let wrong = |what: &str| {
            Err(Error::invalid(format!(
                "`items[{}].price` {what}",
                one.index
            )))
        };
        if Some(one.amount.currency()) != currency {
            return wrong("has another currency than the items before it");
        }
        if rhythm(one).is_some_and(|rhythm| rhythm != first) {
            return wrong("has another billing interval than the recurring items before it");
        }
    }
    let recurring = lines
        .iter()
        .filter(|one| one.line.recurring.is_some())
        .count();
    match recurring.max(lines.len() - recurring) > MAX_OF_A_KIND {
        true => Err(Error::invalid(format!(
            "`items` must have at most {MAX_OF_A_KIND} recurring prices, and as many others"
        ))),
        false => Ok(()),
    }
}

/// Checks that a caller may pay an order of `contents`.
///
/// # Errors
///
/// [`Error::NotACustomer`] when a subscription has no customer; [`Error::Invalid`] when the request
/// takes no subscription.
pub(super) fn check_mode(
    contents: &OrderDetails,
    is_customer: bool,
    may_subscribe: bool,
) -> Result<(), Error> {
    match contents.is_subscription() {
        true if !may_subscribe => Err(Error::invalid(
            "the order has a recurring price: send it to create-checkout",
        )),
        true if !is_customer => Err(Error::NotACustomer),
        _ => Ok(()),
    }
}
