//! Currencies and the amounts Stripe accepts in them, in minor units.

use crate::{error::Error, params::Params};

/// Presentment currencies, by their ISO 4217 codes.
const CURRENCIES: &str = "aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd \
    bob brl bsd bwp byn bzd cad cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd \
    fkp gbp gel gip gmd gnf gtq gyd hkd hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf \
    krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad \
    ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg qar ron rsd rub rwf sar sbd scr sek sgd \
    shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah ugx usd uyu uzs vnd vuv wst xaf \
    xcd xcg xof xpf yer zar zmw";

/// The least that Stripe charges, where it publishes a figure.
const MINIMUMS: &[(&str, i64)] = &[
    ("aed", 200),
    ("aud", 50),
    ("bgn", 100),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("czk", 1500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("inr", 50),
    ("jpy", 50),
    ("mxn", 1000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("pln", 200),
    ("ron", 200),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1000),
    ("usd", 50),
];

const MAXIMUM: i64 = 99_999_999;

/// Reads the required `currency`.
pub(crate) fn currency(params: &mut Params) -> Result<String, Error> {
    let code = params.required("currency")?;
    if code.len() == 3 && CURRENCIES.split_whitespace().any(|known| known == code) {
        return Ok(code);
    }
    let message = format!("'{code}' is not a currency code in lower case that is known here.");
    Err(Error::invalid(&message).param("currency"))
}

/// Checks an amount to charge against the currency's limits and its smallest step.
pub(crate) fn chargeable(amount: i64, currency: &str) -> Result<i64, Error> {
    let minimum = MINIMUMS.iter().find(|(code, _)| *code == currency);
    let minimum = minimum.map_or(1, |(_, minimum)| *minimum);
    if amount < 1 {
        return Err(refusal(
            "parameter_invalid_integer",
            "amount has to be at least 1.",
        ));
    }
    if amount < minimum {
        let message = format!("amount has to be at least {minimum} {currency}.");
        return Err(refusal("amount_too_small", &message));
    }
    if amount > MAXIMUM {
        let message = format!("amount has to be at most {MAXIMUM} {currency}.");
        return Err(refusal("amount_too_large", &message));
    }
    if amount % step(currency) != 0 {
        let message = format!(
            "amount has to be a multiple of {} in {currency}.",
            step(currency)
        );
        return Err(refusal("parameter_invalid_integer", &message));
    }
    Ok(amount)
}

/// An amount as people write it, for example `30.00 USD`.
pub(crate) fn written(amount: i64, currency: &str) -> String {
    let code = currency.to_uppercase();
    let digits: u32 = match currency {
        "bif" | "clp" | "djf" | "gnf" | "jpy" | "kmf" | "krw" | "mga" | "pyg" | "rwf" | "vnd"
        | "vuv" | "xaf" | "xof" | "xpf" => return format!("{amount} {code}"),
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 3,
        _ => 2,
    };
    let unit = 10_i64.pow(digits);
    let (whole, part) = (amount / unit, amount % unit);
    format!("{whole}.{part:0width$} {code}", width = digits as usize)
}

/// Some currencies are written with more digits than they are paid in.
fn step(currency: &str) -> i64 {
    match currency {
        "isk" | "ugx" => 100,
        "bhd" | "jod" | "kwd" | "omr" | "tnd" => 10,
        _ => 1,
    }
}

fn refusal(code: &str, message: &str) -> Error {
    Error::invalid(message).code(code).param("amount")
}
