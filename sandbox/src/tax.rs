//! Tax by a fixed table: no registrations, no thresholds, one rate for every taxable product.

use crate::money;

/// The tax code of what is never taxed.
pub(crate) const NONTAXABLE: &str = "txcd_00000000";

/// Rates in hundredths of a percent; a country that is not listed has no tax.
const COUNTRIES: &[(&str, i64)] = &[
    ("AT", 2000),
    ("BE", 2100),
    ("CH", 810),
    ("DE", 1900),
    ("ES", 2100),
    ("FR", 2000),
    ("GB", 2000),
    ("IE", 2300),
    ("IT", 2200),
    ("NL", 2100),
];

/// Rates of the United States' states; a state that is not listed has no tax.
const STATES: &[(&str, i64)] = &[("CA", 725), ("NY", 400), ("TX", 625)];

/// A whole, in the unit of a rate.
const WHOLE: i64 = 10_000;

/// The rate at a place, in hundredths of a percent.
pub(crate) fn rate(country: &str, state: &str) -> i64 {
    let (table, place) = match country {
        "US" => (STATES, state),
        country => (COUNTRIES, country),
    };
    let listed = table.iter().find(|(name, _)| *name == place);
    listed.map_or(0, |(_, rate)| *rate)
}

/// The tax on an amount: a part of it when the price includes tax, and added to it otherwise.
pub(crate) fn on(amount: i64, rate: i64, inclusive: bool, currency: &str) -> i64 {
    let whole = if inclusive { WHOLE + rate } else { WHOLE };
    money::share(amount, rate, whole, currency)
}

#[cfg(test)]
mod tests {
    use super::{on, rate};

    #[test]
    fn the_place_decides_the_rate() {
        assert_eq!((rate("DE", ""), rate("DE", "CA")), (1900, 1900));
        assert_eq!(
            (rate("US", "CA"), rate("US", "OR"), rate("US", "")),
            (725, 0, 0)
        );
        assert_eq!(rate("BR", ""), 0);
    }

    #[test]
    fn tax_is_added_or_inside_and_rounded_to_the_currencys_step() {
        let cases = [
            (1000, 1900, false, "eur", 190),
            (1190, 1900, true, "eur", 190),
            (1000, 1900, true, "eur", 160),
            (333, 725, false, "usd", 24),
            (1005, 2000, false, "eur", 201),
            (10_000, 810, false, "isk", 800),
            (1000, 0, true, "usd", 0),
        ];
        for (amount, rate, inclusive, currency, tax) in cases {
            assert_eq!(
                on(amount, rate, inclusive, currency),
                tax,
                "{amount} {rate}"
            );
        }
    }
}
