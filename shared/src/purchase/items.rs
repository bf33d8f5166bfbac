//! The contents of a purchase: items that Farebox prices, or an order that the site signed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    CheckoutService, SignedOrder, check_open, processing,
    recurring_items::{PricedLine, check_lines, check_mode, recurring},
};
use crate::{
    Error,
    access::{Authorized, CreatePayment},
    amount::{Amount, Currency, Inexact},
    ids::CallerId,
    order::{
        CaptureMethod, LineItem, LineTax, Order, OrderDetails, OrderId, ReviseError, SignedPayer,
    },
    rate_limit::RateLimiter,
    request::{self, IdempotencyKey},
    store::{IdempotencyRecord, PutOrder, PutOrderOutcome, PutOrderRejection},
    stripe::{Price, PriceCurrencies},
};

/// The most entries of one request; each may cost a call to Stripe.
const MAX_ITEMS: usize = 50;
/// The highest quantity of one price.
const MAX_OF_ONE: u32 = 10_000;

/// A price and its quantity.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Item {
    /// The id of a Stripe price, `price_…`, or its lookup key.
    #[schema(min_length = 1, max_length = 200)]
    price: String,
    /// The quantity. Entries with the same price are added up. A metered price has none; any other
    /// requires it.
    #[serde(default, deserialize_with = "request::present")]
    #[schema(minimum = 1, maximum = 10_000, nullable = false)]
    quantity: Option<u32>,
}

/// The requested quantity of one price.
#[derive(Debug, Default)]
struct Wanted {
    /// `None` where no entry names one.
    quantity: Option<u32>,
    /// The index of the last request entry that names it.
    index: usize,
}

/// The terms on which items are priced.
#[derive(Clone, Copy, Debug)]
pub(super) struct ItemTerms {
    /// The currency that the browser chose, if it did.
    pub(super) currency: Option<Currency>,
    /// True when recurring prices are taken.
    pub(super) may_subscribe: bool,
}

impl CheckoutService {
    /// The order of `items`, priced on `terms`: a new one, that of an earlier response with
    /// `order_id`, or the one that the same operation created before.
    pub(super) async fn order_of_items(
        &self,
        payer: &Authorized<CreatePayment>,
        limiter: &RateLimiter,
        key: Option<IdempotencyKey>,
        items: Vec<Item>,
        terms: ItemTerms,
        order_id: Option<String>,
    ) -> Result<Order, Error> {
        let (email, is_customer) = (payer.email()?.cloned(), payer.is_customer());
        let (payer, currency) = (payer.caller(), terms.currency);
        let key = key.ok_or_else(|| Error::invalid("the header `Idempotency-Key` is missing"))?;
        let wanted = wanted(items)?;
        let operation = operation(payer, &key, &wanted, currency);
        let changed = order_id.as_deref().map(OrderId::parse).transpose();
        let changed = changed.map_err(|what| Error::invalid(format!("`orderId` {what}")))?;
        let started = started_by(&operation);
        if let Some(replayed) = self.store.replay(&operation).await? {
            let order = order_in(replayed, &started, changed.as_ref())?;
            check_mode(&order.revision().contents, is_customer, terms.may_subscribe)?;
            return Ok(order);
        }
        match &changed {
            None => limiter.admit(payer, &started).await?,
            Some(id) => {
                self.check_own(payer, id).await?;
                // Otherwise made-up names, sent for an order of the caller's own, would cost
                // nothing.
                if !self.prices.holds(&names(&wanted), asked(currency)) {
                    limiter.admit(payer, &started).await?;
                }
            }
        }
        let priced = self.priced(&wanted, terms).await?;
        check_mode(&priced, is_customer, terms.may_subscribe)?;
        let capture_method = match priced.is_subscription() {
            // An invoice's payment is captured by Stripe.
            true => CaptureMethod::Automatic,
            false => self.terms.capture_method,
        };
        let put = PutOrder {
            must_exist: changed.is_some(),
            order: changed.clone().unwrap_or(started),
            operation: Some(operation),
            owner: payer.clone(),
            previous_owner: None,
            contents: priced
                .with_payer(SignedPayer {
                    has_receipt: self.sends_receipts && email.is_some(),
                    email: email.map(|email| email.as_str().to_owned()),
                    ..SignedPayer::default()
                })
                .captured(capture_method)
                .expiring_by_default(self.terms.expires_at(self.clock.now())),
        };
        self.opened(put, changed.as_ref()).await
    }

    /// The order that the site signed as `token`, created or changed.
    pub(super) async fn signed_order(
        &self,
        payer: &Authorized<CreatePayment>,
        limiter: &RateLimiter,
        key: Option<IdempotencyKey>,
        token: &str,
    ) -> Result<Order, Error> {
        let is_customer = payer.is_customer();
        let payer = payer.caller();
        let now = self.clock.now();
        let signed = SignedOrder::verify(token, payer, &self.authenticator, self.terms, now);
        let signed = signed.await?;
        let is_off_session = signed.contents.off_session().is_some();
        if is_off_session && !is_customer {
            return Err(Error::NoSavedMethod);
        }
        if signed.contents.setup_future_usage().is_some() && !is_customer {
            return Err(Error::invalid(
                "`setupFutureUsage` of the signed order: the caller is no customer, so that \
                 nothing can be saved for them",
            ));
        }
        self.check_cap(signed.contents.amount(), "`amount` of the signed order")?;
        limiter.admit(payer, &signed.id).await?;
        if let Some(previous) = &signed.previous_owner {
            let (caller, previous) = (payer.alias(), previous.alias());
            tracing::info!(caller, previous, order.id = %signed.id,
                "the site named the previous owner of an order");
        }
        let digest = signed.contents.digest();
        let request = ["order", signed.id.as_str(), &digest];
        let put = PutOrder {
            operation: key.map(|key| IdempotencyRecord::new(payer, key.as_str(), &request)),
            must_exist: false,
            order: signed.id,
            owner: payer.clone(),
            previous_owner: signed.previous_owner,
            contents: signed
                .contents
                .with_receipt(self.sends_receipts)
                .expiring_by_default(self.terms.expires_at(now)),
        };
        match self.opened(put, None).await {
            Err(Error::AlreadyPaid(id)) if is_off_session => {
                self.charged_before(payer, id, &digest).await
            }
            opened => opened,
        }
    }

    /// The paid order with `id`, where a charge of the same contents paid it: a repeated request to
    /// charge it has the same answer.
    async fn charged_before(
        &self,
        payer: &CallerId,
        id: OrderId,
        digest: &str,
    ) -> Result<Order, Error> {
        let order = self.store.order(&id).await?;
        let is_so = |order: &Order| order.owner() == payer && order.revision().digest == digest;
        order.filter(is_so).ok_or(Error::AlreadyPaid(id))
    }

    /// Refuses to change an order that does not exist, is another caller's, or can no longer be
    /// paid, before any call to Stripe.
    async fn check_own(&self, payer: &CallerId, id: &OrderId) -> Result<(), Error> {
        let order = self.store.order(id).await?;
        let Some(order) = order.filter(|order| order.owner() == payer) else {
            tracing::info!(caller = payer.alias(), order.id = %id,
                "the caller does not own the order");
            return Err(Error::NotFound);
        };
        check_open(&order, self.clock.now())
    }

    async fn opened(&self, put: PutOrder, changed: Option<&OrderId>) -> Result<Order, Error> {
        let (caller, id) = (put.owner.alias(), put.order.clone());
        let opened = self.store.put_order(put, self.clock.now()).await?;
        if opened == PutOrderOutcome::Refused(PutOrderRejection::Revise(ReviseError::Processing)) {
            let order = self.store.order(&id).await?;
            return Err(match order {
                Some(order) => processing(&order),
                None => Error::PaymentProcessing(id),
            });
        }
        if opened == PutOrderOutcome::Refused(PutOrderRejection::NotFound) {
            tracing::info!(caller, order.id = %id, "the caller does not own the order");
        }
        order_in(opened, &id, changed)
    }

    /// The price of `wanted`, by the shop's own prices, on `terms`.
    async fn priced(
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

    fn check_cap(&self, amount: Amount, what: &str) -> Result<(), Error> {
        match self.max_amount.allow(amount) {
            true => Ok(()),
            false => Err(Error::invalid(format!("{what} exceeds the shop's limit"))),
        }
    }
}

/// The quantity of each price; repeated entries are added up.
fn wanted(items: Vec<Item>) -> Result<BTreeMap<String, Wanted>, Error> {
    if !(1..=MAX_ITEMS).contains(&items.len()) {
        return Err(Error::invalid(format!(
            "`items` must hold 1 to {MAX_ITEMS} entries"
        )));
    }
    let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
    for (index, Item { price, quantity }) in items.into_iter().enumerate() {
        let length = price.chars().count();
        if !(1..=200).contains(&length) || price.chars().any(char::is_control) {
            let what = format!("`items[{index}].price` must be a price's id or lookup key");
            return Err(Error::invalid(what));
        }
        let one = wanted.entry(price).or_default();
        *one = Wanted {
            quantity: sum(one.quantity, quantity, index)?,
            index,
        };
    }
    Ok(wanted)
}

/// The sum of `quantity`, of the entry with `index`, and the earlier entries of the same price.
fn sum(before: Option<u32>, quantity: Option<u32>, index: usize) -> Result<Option<u32>, Error> {
    let Some(quantity) = quantity else {
        return Ok(before);
    };
    let total = before.unwrap_or_default().saturating_add(quantity);
    if quantity == 0 || total > MAX_OF_ONE {
        let what = format!("`items[{index}].quantity` must be from 1 to {MAX_OF_ONE}");
        return Err(Error::invalid(what));
    }
    Ok(Some(total))
}

/// Checks that the entry has a quantity, unless `price` is metered.
fn check_quantity(wanted: &Wanted, price: &Price) -> Result<(), Error> {
    let is_metered = recurring(price).is_some_and(|recurring| recurring.is_metered);
    let what = match (is_metered, wanted.quantity) {
        (true, Some(_)) => "must be absent: the price is metered",
        (false, None) => "is missing",
        _ => return Ok(()),
    };
    let index = wanted.index;
    Err(Error::invalid(format!("`items[{index}].quantity` {what}")))
}

fn operation(
    payer: &CallerId,
    key: &IdempotencyKey,
    wanted: &BTreeMap<String, Wanted>,
    currency: Option<Currency>,
) -> IdempotencyRecord {
    let entries = wanted
        .iter()
        .map(|(price, Wanted { quantity, .. })| match quantity {
            Some(quantity) => format!("{quantity} {price}"),
            None => format!("metered {price}"),
        });
    let currency = currency.map(|currency| format!("in {currency}"));
    let entries: Vec<String> = std::iter::once("items".to_owned())
        .chain(currency)
        .chain(entries)
        .collect();
    let entries: Vec<&str> = entries.iter().map(String::as_str).collect();
    IdempotencyRecord::new(payer, key.as_str(), &entries)
}

/// The id of the order that `operation` creates, and under which its start counts. It is a hash of
/// the request as well. Another request under the same key is refused once an order exists, and
/// until then is another start.
fn started_by(operation: &IdempotencyRecord) -> OrderId {
    OrderId::of_operation(&format!("{} {}", operation.key, operation.digest))
}

/// The amounts to ask Stripe for, where the browser chose `currency`.
fn asked(currency: Option<Currency>) -> PriceCurrencies {
    match currency {
        Some(_) => PriceCurrencies::All,
        None => PriceCurrencies::Own,
    }
}

fn names(wanted: &BTreeMap<String, Wanted>) -> BTreeSet<&str> {
    wanted.keys().map(String::as_str).collect()
}

/// The error omits the name, which is not one of the shop's.
fn unknown(index: usize) -> Error {
    Error::invalid(format!(
        "`items[{index}].price` is not one of this shop's prices"
    ))
}

/// The amount of one unit, on `terms`, if it has a fixed price. That of a metered price, which the
/// item with `index` names, is zero today.
fn unit(name: &str, price: &Price, index: usize, terms: ItemTerms) -> Result<Amount, Error> {
    let wrong = |what: &str| Error::invalid(format!("`items`: the price `{name}` {what}"));
    if !price.is_on_sale() {
        return Err(wrong("is not on sale"));
    }
    let recurring = recurring(price);
    if recurring.is_some() != (price.kind == "recurring") {
        return Err(wrong("is of an unknown type"));
    }
    if recurring.is_some() && !terms.may_subscribe {
        return Err(Error::invalid(format!(
            "`items[{index}].price` is recurring: send it to create-checkout"
        )));
    }
    let is_metered = recurring.is_some_and(|recurring| recurring.is_metered);
    if price.transform_quantity.is_some() && !is_metered {
        return Err(wrong("has `transform_quantity`: Farebox cannot price it"));
    }
    let currency = match terms.currency {
        Some(chosen) => chosen,
        None => Currency::parse(&price.currency).map_err(|_| wrong("has no known currency"))?,
    };
    let price = price
        .in_currency(currency)
        .ok_or_else(|| wrong(&format!("has no amount in `{currency}`")))?;
    let minor_units = match is_metered {
        true => 0,
        false => price.unit_amount.ok_or_else(|| wrong(not_fixed(&price)))?,
    };
    Amount::new(minor_units, currency).map_err(|what| wrong(&what.to_string()))
}

/// The reason why `price` has no fixed unit amount.
fn not_fixed(price: &Price) -> &'static str {
    match price {
        price if price.custom_unit_amount.is_some() => "is chosen by the payer: it is not fixed",
        price if price.billing_scheme.as_deref() == Some("tiered") => {
            "depends on the quantity: it is not fixed"
        }
        price if price.unit_amount_decimal.is_some() => "has a part of a minor unit",
        _ => "is not fixed",
    }
}

/// The order in `opened`, with the id `id`; with `changed`, it must be that one.
fn order_in(
    opened: PutOrderOutcome,
    id: &OrderId,
    changed: Option<&OrderId>,
) -> Result<Order, Error> {
    match opened {
        PutOrderOutcome::Order(order) if changed.is_some_and(|id| id != order.id()) => {
            Err(Error::KeyReused)
        }
        PutOrderOutcome::Order(order) => Ok(*order),
        PutOrderOutcome::Refused(PutOrderRejection::KeyReused) => Err(Error::KeyReused),
        PutOrderOutcome::Refused(PutOrderRejection::Revise(fixed)) => Err(match fixed {
            ReviseError::Processing => Error::PaymentProcessing(id.clone()),
            ReviseError::Canceled => Error::OrderCanceled,
            ReviseError::Expired => Error::OrderExpired,
            ReviseError::Newer => Error::OrderChanged,
            ReviseError::SignedAtOnce => Error::SignedAtOnce,
            ReviseError::OtherMode => Error::invalid(
                "a subscription's order takes no items without a recurring price, and no other \
                 order takes one: start a new order",
            ),
            ReviseError::TooManyRevisions => {
                Error::invalid("the order was changed too often: start a new one")
            }
            _ => Error::AlreadyPaid(id.clone()),
        }),
        PutOrderOutcome::Refused(_) => Err(Error::NotFound),
    }
}

#[cfg(test)]
mod tests {
    use crate::stripe::{CurrencyOption, CustomUnitAmount, Product, TransformQuantity};

    use super::*;

    fn price() -> Price {
        Price {
            id: "price_1".to_owned(),
            active: true,
            currency: "usd".to_owned(),
            kind: "one_time".to_owned(),
            unit_amount: Some(1500),
            unit_amount_decimal: Some("1500".to_owned()),
            custom_unit_amount: None,
            billing_scheme: Some("per_unit".to_owned()),
            product: Product {
                id: "prod_1".to_owned(),
                active: Some(true),
                name: None,
            },
            lookup_key: None,
            transform_quantity: None,
            recurring: None,
            currency_options: None,
        }
    }

    fn currency(text: &str) -> Currency {
        Currency::parse(text).unwrap()
    }

    fn terms(chosen: Option<&str>) -> ItemTerms {
        ItemTerms {
            currency: chosen.map(currency),
            may_subscribe: true,
        }
    }

    #[test]
    fn a_price_has_another_amount_in_another_currency() {
        let option = |unit_amount, decimal: &str| CurrencyOption {
            unit_amount,
            unit_amount_decimal: Some(decimal.to_owned()),
            custom_unit_amount: None,
        };
        let options = [
            ("eur", option(Some(1190), "1190")),
            ("gbp", option(None, "1000.5")),
            ("isk", option(Some(50), "50")),
        ];
        let options = options.map(|(currency, option)| (currency.to_owned(), option));
        let price = Price {
            currency_options: Some(options.into()),
            ..price()
        };
        let of = |chosen: &str| {
            let unit = unit("mug", &price, 0, terms(Some(chosen)));
            unit.map_err(|refused| refused.to_string())
        };

        for (chosen, amount) in [("eur", 1190), ("usd", 1500)] {
            assert_eq!(
                of(chosen),
                Ok(Amount::new(amount, currency(chosen)).unwrap())
            );
        }
        for (chosen, why) in [
            ("chf", "`items`: the price `mug` has no amount in `chf`"),
            ("gbp", "has a part of a minor unit"),
            ("isk", "must be a multiple of 100 in isk"),
        ] {
            let message = of(chosen).unwrap_err();
            assert!(message.contains(why), "{message}");
        }
        let own = unit("mug", &price, 0, terms(None)).unwrap();
        assert_eq!(own, Amount::new(1500, currency("usd")).unwrap());
    }

    #[test]
    fn a_price_that_is_not_simply_multiplied_is_refused() {
        assert!(unit("mug", &price(), 0, terms(None)).is_ok());
        let archived = |active| Price {
            product: Product {
                active,
                name: None,
                ..price().product
            },
            ..price()
        };
        let packages = Price {
            transform_quantity: Some(TransformQuantity { divide_by: 10 }),
            ..price()
        };
        let unpriced = Price {
            unit_amount: None,
            unit_amount_decimal: None,
            ..price()
        };
        let tiered = Price {
            billing_scheme: Some("tiered".to_owned()),
            ..unpriced.clone()
        };
        let chosen = Price {
            custom_unit_amount: Some(CustomUnitAmount { maximum: None }),
            ..unpriced.clone()
        };
        let half_a_cent = Price {
            unit_amount_decimal: Some("0.5".to_owned()),
            ..unpriced.clone()
        };
        let half_a_krona = Price {
            unit_amount: Some(50),
            currency: "isk".to_owned(),
            ..price()
        };
        let unknown = Price {
            currency: "zzz".to_owned(),
            ..price()
        };
        let refused = [
            (archived(Some(false)), "is not on sale"),
            (archived(None), "is not on sale"),
            (packages, "has `transform_quantity`"),
            (unpriced, "is not fixed"),
            (tiered, "depends on the quantity"),
            (chosen, "is chosen by the payer"),
            (half_a_cent, "has a part of a minor unit"),
            (half_a_krona, "must be a multiple of 100 in isk"),
            (unknown, "has no known currency"),
        ];
        for (refused, why) in refused {
            let message = unit("mug", &refused, 0, terms(None))
                .unwrap_err()
                .to_string();
            assert!(message.contains(why), "{message}");
        }
    }
}
