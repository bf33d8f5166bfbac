//! Money: an integer of minor units in a currency, exact in every step.
//!
//! [`currencies`] has the rules of each currency. An amount that does not fit is refused, never
//! rounded.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A currency that Stripe knows, lower-case: `usd`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Currency([u8; 3]);

/// The text is not a currency that Stripe knows, in lower case.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not a currency that Stripe knows, such as `usd`, in lower case")]
pub struct UnknownCurrency;

impl Currency {
    /// Reads a currency from its three lower-case letters.
    ///
    /// # Errors
    ///
    /// [`UnknownCurrency`] for upper case, white space, or letters that Stripe does not know.
    pub fn parse(text: &str) -> Result<Self, UnknownCurrency> {
        let letters: [u8; 3] = text.as_bytes().try_into().map_err(|_| UnknownCurrency)?;
        match currencies::rules(text) {
            Some(_) => Ok(Self(letters)),
            None => Err(UnknownCurrency),
        }
    }

    /// The three lower-case letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Amounts in this currency are multiples of this many minor units.
    #[must_use]
    pub fn step(self) -> i64 {
        currencies::rules(self.as_str()).map_or(1, |rules| rules.step)
    }

    /// The largest amount that Stripe accepts, in minor units.
    #[must_use]
    pub fn maximum(self) -> i64 {
        currencies::rules(self.as_str()).map_or(0, currencies::Rules::maximum)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.as_str().to_owned()
    }
}

impl From<Currency> for stripe_types::Currency {
    fn from(currency: Currency) -> Self {
        match Self::from_str(currency.as_str()) {
            Ok(known) => known,
            Err(never) => match never {},
        }
    }
}

/// A sum of money, in minor units: 1500 `usd` is 15.00 US dollars. It is zero for what is free.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Amount {
    #[serde(rename = "amount")]
    minor_units: i64,
    currency: Currency,
}

/// The reason why a number is not an [`Amount`], or two do not add up to one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Inexact {
    /// Zero or less, where it may not be.
    #[error("must be greater than zero")]
    NotPositive,
    /// Less than zero.
    #[error("must not be negative")]
    Negative,
    /// The currency has no coin for the last digits.
    #[error("must be a multiple of {step} in {currency}")]
    OffStep {
        /// The divisor of all its amounts.
        step: i64,
        /// The currency with this rule.
        currency: Currency,
    },
    /// The sum leaves the range of a 64-bit integer.
    #[error("is too large")]
    TooLarge,
    /// There is nothing to add up.
    #[error("has no lines")]
    Empty,
    /// Two currencies do not add up.
    #[error("mixes currencies")]
    MixedCurrencies,
}

impl Amount {
    /// An amount of `minor_units` in `currency`.
    ///
    /// # Errors
    ///
    /// [`Inexact::Negative`] and [`Inexact::OffStep`].
    pub fn new(minor_units: i64, currency: Currency) -> Result<Self, Inexact> {
        let step = currency.step();
        if minor_units < 0 {
            return Err(Inexact::Negative);
        }
        if minor_units % step != 0 {
            return Err(Inexact::OffStep { step, currency });
        }
        Ok(Self {
            minor_units,
            currency,
        })
    }

    /// An amount above zero.
    ///
    /// # Errors
    ///
    /// [`Inexact::NotPositive`] and [`Inexact::OffStep`].
    pub fn positive(minor_units: i64, currency: Currency) -> Result<Self, Inexact> {
        match minor_units {
            ..=0 => Err(Inexact::NotPositive),
            _ => Self::new(minor_units, currency),
        }
    }

    /// An amount as Stripe reports it: a total with tax in it need not be a multiple of the
    /// currency's step.
    pub(crate) fn reported(minor_units: i64, currency: Currency) -> Self {
        Self {
            minor_units,
            currency,
        }
    }

    /// In minor units of [`Amount::currency`].
    #[must_use]
    pub fn minor_units(self) -> i64 {
        self.minor_units
    }

    /// Returns true when it is nothing.
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.minor_units == 0
    }

    /// The currency.
    #[must_use]
    pub fn currency(self) -> Currency {
        self.currency
    }

    /// `quantity` of these.
    ///
    /// # Errors
    ///
    /// [`Inexact::TooLarge`].
    pub fn times(self, quantity: u32) -> Result<Self, Inexact> {
        let product = self.minor_units.checked_mul(i64::from(quantity));
        Self::new(product.ok_or(Inexact::TooLarge)?, self.currency)
    }

    /// The sum of this and `other`.
    ///
    /// # Errors
    ///
    /// [`Inexact::MixedCurrencies`] and [`Inexact::TooLarge`].
    pub fn plus(self, other: Self) -> Result<Self, Inexact> {
        if self.currency != other.currency {
            return Err(Inexact::MixedCurrencies);
        }
        let sum = self.minor_units.checked_add(other.minor_units);
        Self::new(sum.ok_or(Inexact::TooLarge)?, self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn currency(text: &str) -> Currency {
        Currency::parse(text).unwrap()
    }

    #[test]
    fn a_currency_is_three_lower_case_letters_that_stripe_knows() {
        for good in [
            "usd", "eur", "jpy", "isk", "kwd", "huf", "xcg", "sle", "ghs",
        ] {
            assert_eq!(currency(good).as_str(), good);
        }
        for bad in ["USD", "us", "usdd", "", " usd", "zzz", "u$d"] {
            assert_eq!(Currency::parse(bad), Err(UnknownCurrency), "{bad}");
        }
    }

    #[test]
    fn the_currencies_step_is_stripes_not_iso_4217s() {
        let cases = [
            ("isk", 500, true),
            ("isk", 550, false),
            ("ugx", 100, true),
            ("ugx", 1, false),
            ("bhd", 1230, true),
            ("jod", 1235, false),
            ("kwd", 10, true),
            ("omr", 15, false),
            ("tnd", 20, true),
            ("huf", 175, true),
            ("twd", 1, true),
            ("usd", 1, true),
        ];
        for (text, minor_units, fits) in cases {
            let amount = Amount::new(minor_units, currency(text));
            assert_eq!(amount.is_ok(), fits, "{minor_units} {text}");
        }
    }

    #[test]
    fn a_zero_decimal_currency_counts_whole_units() {
        let zero_decimal = [
            "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv",
            "xaf", "xof", "xpf",
        ];
        for text in zero_decimal {
            assert_eq!(currency(text).step(), 1, "{text}");
            assert!(Amount::new(501, currency(text)).is_ok(), "{text}");
        }
    }

    #[test]
    fn every_currency_is_sent_to_stripe_as_it_is_written_here() {
        for text in ["usd", "xcg", "kwd"] {
            let sent = stripe_types::Currency::from(currency(text));
            assert_eq!(serde_json::to_value(sent).unwrap(), text);
        }
    }

    #[test]
    fn arithmetic_is_checked() {
        let usd = |minor| Amount::new(minor, currency("usd")).unwrap();
        let eur = Amount::new(5, currency("eur")).unwrap();

        assert_eq!(usd(1500).times(2), Ok(usd(3000)));
        assert_eq!(usd(1500).times(0), Ok(usd(0)));
        assert_eq!(usd(i64::MAX).times(2), Err(Inexact::TooLarge));
        assert_eq!(usd(i64::MAX).plus(usd(1)), Err(Inexact::TooLarge));
        assert_eq!(usd(5).plus(eur), Err(Inexact::MixedCurrencies));
        assert_eq!(Amount::new(-5, currency("usd")), Err(Inexact::Negative));
        let none = Amount::positive(0, currency("usd"));
        assert_eq!(none, Err(Inexact::NotPositive));
    }
}
