//! The largest order that the shop accepts.

use std::collections::BTreeMap;

use crate::amount::{Amount, Currency};

/// The largest order that the shop accepts, in minor units; Stripe's limit of a currency by
/// default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Caps {
    general: Option<i64>,
    by_currency: BTreeMap<Currency, i64>,
}

impl Caps {
    /// Reads `500000`, or `500000,jpy:750000` with other limits for some currencies.
    ///
    /// # Errors
    ///
    /// A text that names the fault.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        const FORM: &str = "must be minor units, such as `500000` or `500000,jpy:750000`";
        let limit = |digits: &str| digits.parse().ok().filter(|n: &i64| *n > 0).ok_or(FORM);
        let mut caps = Self::default();
        for part in text.split(',').map(str::trim) {
            match part.split_once(':') {
                None => caps.general = Some(limit(part)?),
                Some((currency, digits)) => {
                    let currency = Currency::parse(currency).map_err(|_| FORM)?;
                    caps.by_currency.insert(currency, limit(digits)?);
                }
            }
        }
        Ok(caps)
    }

    /// The largest order in `currency`, in minor units.
    #[must_use]
    pub fn of(&self, currency: Currency) -> i64 {
        let set = self.by_currency.get(&currency).copied().or(self.general);
        set.unwrap_or_else(|| currency.maximum())
    }

    /// Returns true when the shop accepts an order of `amount`.
    #[must_use]
    pub fn allow(&self, amount: Amount) -> bool {
        amount.minor_units() <= self.of(amount.currency())
    }
}
