//! Currencies and the amounts Stripe accepts in them, in minor units.

use currencies::{Rules, rules};

use crate::{error::Error, params::Params};

/// Reads the required `currency`.
pub(crate) fn currency(params: &mut Params) -> Result<String, Error> {
    let code = params.required("currency")?;
    if rules(&code).is_some() {
        return Ok(code);
    }
    let message = format!("'{code}' is not a known currency code in lower case.");
    Err(Error::invalid(&message).param("currency"))
}

/// Reads groups of parameters by currency, such as `currency_options`.
pub(crate) fn by_currency(params: &mut Params, name: &str) -> Result<Vec<(String, Params)>, Error> {
    let options = params.keyed(name)?;
    match options.iter().find(|(code, _)| rules(code).is_none()) {
        None => Ok(options),
        Some((code, _)) => {
            let message = format!("'{code}' is not a known currency code in lower case.");
            Err(Error::invalid(&message).param(&params.name(name)))
        }
    }
}

/// Checks an amount to charge against the currency's limits and its smallest step. The account
/// settles in every currency with a minimum: the sandbox has no exchange rates.
pub(crate) fn chargeable(amount: i64, currency: &str) -> Result<i64, Error> {
    let rules = of(currency);
    let Rules { minimum, step, .. } = rules;
    let maximum = rules.maximum();
    let (code, message) = match amount {
        ..1 => (
            "parameter_invalid_integer",
            "amount has to be at least 1.".to_owned(),
        ),
        _ if amount < minimum => (
            "amount_too_small",
            format!("amount has to be at least {minimum} {currency}."),
        ),
        _ if amount > maximum => (
            "amount_too_large",
            format!("amount has to be at most {maximum} {currency}."),
        ),
        _ if amount % step != 0 => (
            "parameter_invalid_integer",
            format!("amount has to be a multiple of {step} in {currency}."),
        ),
        _ => return Ok(amount),
    };
    Err(Error::invalid(&message).code(code).param("amount"))
}

/// The smallest amount of a currency that can be charged.
pub(crate) fn minimum(currency: &str) -> i64 {
    of(currency).minimum
}

/// A fraction of an amount, a half rounded up, in the currency's smallest step.
pub(crate) fn share(amount: i64, numerator: i64, denominator: i64, currency: &str) -> i64 {
    let step = i128::from(of(currency).step);
    let denominator = i128::from(denominator.max(1)) * step;
    let steps = (i128::from(amount) * i128::from(numerator) * 2 + denominator) / (denominator * 2);
    i64::try_from(steps * step).unwrap_or(i64::MAX)
}

/// Formats an amount, for example `30.00 USD`.
pub(crate) fn written(amount: i64, currency: &str) -> String {
    let code = currency.to_uppercase();
    let decimals = of(currency).decimals;
    if decimals == 0 {
        return format!("{amount} {code}");
    }
    let unit = divisor(currency);
    let (whole, part) = (amount / unit, amount % unit);
    format!("{whole}.{part:0width$} {code}", width = decimals as usize)
}

/// The minor units of one unit of a currency.
pub(crate) fn divisor(currency: &str) -> i64 {
    10_i64.pow(of(currency).decimals)
}

/// The rules of a stored currency, which [`currency`] checked.
fn of(currency: &str) -> Rules {
    let common = Rules {
        decimals: 2,
        step: 1,
        digits: 8,
        minimum: 1,
    };
    rules(currency).unwrap_or(common)
}
