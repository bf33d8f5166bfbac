//! The amount of one unit of a price, or the reason why Farebox cannot price it.

use super::{pricing::ItemTerms, recurring_items::recurring};
use crate::{
    Error,
    amount::{Amount, Currency},
    stripe::Price,
};

/// The amount of one unit, on `terms`, if it has a fixed price. That of a metered price, which the
/// item with `index` names, is zero today.
pub(super) fn unit(
    name: &str,
    price: &Price,
    index: usize,
    terms: ItemTerms,
) -> Result<Amount, Error> {
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
