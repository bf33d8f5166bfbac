//! The currencies that Stripe takes, and how an amount is written in each.
//!
//! The functions and the sandbox both read this table, as of November 2026:
//!
//! - the list: what Stripe's API names when it refuses an unknown currency, no stablecoins;
//! - decimals, minima and digits: <https://docs.stripe.com/currencies>.
//!
//! Stripe's minor units are not those of ISO 4217: ISK and UGX are sent with two decimals that must
//! be zero, and three-decimal currencies with a last digit that must be zero.

/// Lower-case codes, sorted, as in all tables here. Some are retired; Stripe still names them, and
/// orders may be stored in them.
const CODES: &[&str] = &[
    "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt",
    "bgn", "bhd", "bif", "bmd", "bnd", "bob", "brl", "bsd", "btn", "bwp", "byn", "bzd", "cad",
    "cdf", "chf", "clp", "cny", "cop", "crc", "cve", "czk", "djf", "dkk", "dop", "dzd", "eek",
    "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel", "ghs", "gip", "gmd", "gnf", "gtq", "gyd",
    "hkd", "hnl", "hrk", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod", "jpy", "kes",
    "kgs", "khr", "kmf", "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "ltl",
    "lvl", "mad", "mdl", "mga", "mkd", "mmk", "mnt", "mop", "mro", "mur", "mvr", "mwk", "mxn",
    "myr", "mzn", "nad", "ngn", "nio", "nok", "npr", "nzd", "omr", "pab", "pen", "pgk", "php",
    "pkr", "pln", "pyg", "qar", "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "sek", "sgd",
    "shp", "sle", "sll", "sos", "srd", "std", "svc", "szl", "thb", "tjs", "tnd", "top", "try",
    "ttd", "twd", "tzs", "uah", "ugx", "usd", "uyu", "uzs", "vef", "vnd", "vuv", "wst", "xaf",
    "xcd", "xcg", "xof", "xpf", "yer", "zar", "zmw",
];

/// Their minor unit is the whole unit.
const ZERO_DECIMAL: &[&str] = &[
    "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf",
    "xof", "xpf",
];

/// Thousandths, of which the last digit must be zero.
const THREE_DECIMAL: &[&str] = &["bhd", "jod", "kwd", "omr", "tnd"];

/// Hundredths that must both be zero. HUF and TWD are not among them: their charges have two
/// decimals, their payouts alone have none.
const WHOLE_UNITS_ONLY: &[&str] = &["isk", "ugx"];

/// The most digits of an amount, by any payment method.
const DIGITS: u32 = 8;

/// Currencies that take more digits, by any payment method.
const MORE_DIGITS: &[(&str, u32)] = &[("cop", 10), ("idr", 12), ("inr", 9)];

/// The most digits of an amount by card, in any currency.
const CARD_DIGITS: u32 = 12;

/// Currencies in which eight digits are less than about 5,000 US dollars. Orders above that are
/// common, and cards pay them, so the digits of cards are their limit.
const LOW_UNIT: &[&str] = &[
    "amd", "aoa", "ars", "cdf", "crc", "gyd", "huf", "khr", "kzt", "lak", "lbp", "lkr", "mmk",
    "mnt", "mwk", "ngn", "pkr", "sll", "sos", "std", "tzs", "ugx", "uzs", "vef", "vnd", "yer",
];

/// The least charge, in minor units, in an account that settles in the same currency. An account
/// that settles in another one has that one's minimum, converted: only Stripe can judge it.
const MINIMA: &[(&str, i64)] = &[
    ("aed", 200),
    ("ars", 50),
    ("aud", 50),
    ("brl", 50),
    ("cad", 50),
    ("chf", 50),
    ("cop", 50),
    ("czk", 1_500),
    ("dkk", 250),
    ("eur", 50),
    ("gbp", 30),
    ("hkd", 400),
    ("huf", 17_500),
    ("idr", 50),
    ("ils", 50),
    ("inr", 50),
    ("jpy", 50),
    ("krw", 50),
    ("mxn", 1_000),
    ("myr", 200),
    ("nok", 300),
    ("nzd", 50),
    ("php", 50),
    ("pln", 200),
    ("ron", 200),
    ("rub", 50),
    ("sek", 300),
    ("sgd", 50),
    ("thb", 1_000),
    ("usd", 50),
    ("zar", 50),
];

/// How an amount is written in one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// How many of the digits are behind the decimal point.
    pub decimals: u32,
    /// Amounts are multiples of this.
    pub step: i64,
    /// The most digits that an amount has.
    pub digits: u32,
    /// The least charge where the account settles in this currency; 1 where Stripe publishes none.
    pub minimum: i64,
}

impl Rules {
    /// The largest amount: all digits are nines, down to a multiple of the step.
    #[must_use]
    pub const fn maximum(self) -> i64 {
        let nines = 10_i64.pow(self.digits) - 1;
        nines - nines % self.step
    }
}

/// The rules of the currency with this lower-case code; `None` where Stripe does not take it.
#[must_use]
pub fn rules(code: &str) -> Option<Rules> {
    if !has(CODES, code) {
        return None;
    }
    let (decimals, step) = match code {
        _ if has(ZERO_DECIMAL, code) => (0, 1),
        _ if has(THREE_DECIMAL, code) => (3, 10),
        _ if has(WHOLE_UNITS_ONLY, code) => (2, 100),
        _ => (2, 1),
    };
    let digits = match of(MORE_DIGITS, code) {
        Some(digits) => digits,
        None if has(LOW_UNIT, code) => CARD_DIGITS,
        None => DIGITS,
    };
    let minimum = of(MINIMA, code).unwrap_or(1);
    Some(Rules {
        decimals,
        step,
        digits,
        minimum,
    })
}

/// Returns true when the sorted `table` has `code`.
fn has(table: &[&str], code: &str) -> bool {
    table.binary_search(&code).is_ok()
}

/// The value of `code` in the sorted `table`.
fn of<T: Copy>(table: &[(&str, T)], code: &str) -> Option<T> {
    let found = table.binary_search_by_key(&code, |(known, _)| *known);
    found.ok().map(|index| table[index].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_is_sorted_and_names_codes_of_the_list() {
        let more = MORE_DIGITS.iter().map(|(code, _)| *code).collect();
        let minima = MINIMA.iter().map(|(code, _)| *code).collect();
        let lists = [
            CODES,
            ZERO_DECIMAL,
            THREE_DECIMAL,
            WHOLE_UNITS_ONLY,
            LOW_UNIT,
        ];
        let lists = lists.map(<[_]>::to_vec).into_iter().chain([more, minima]);
        for codes in lists {
            assert!(codes.is_sorted_by(|one, next| one < next), "{codes:?}");
            assert!(codes.iter().all(|code| rules(code).is_some()), "{codes:?}");
        }
    }

    #[test]
    fn the_largest_amount_has_the_digits_that_stripe_takes() {
        let cases = [
            ("usd", 99_999_999),
            ("jpy", 99_999_999),
            ("kwd", 99_999_990),
            ("isk", 99_999_900),
            ("inr", 999_999_999),
            ("cop", 9_999_999_999),
            ("idr", 999_999_999_999),
            ("lbp", 999_999_999_999),
            ("ugx", 999_999_999_900),
        ];
        for (code, maximum) in cases {
            assert_eq!(rules(code).map(Rules::maximum), Some(maximum), "{code}");
        }
    }

    #[test]
    fn only_lower_case_codes_that_stripe_names_are_known() {
        for known in ["usd", "xcg", "sle", "ghs", "kwd"] {
            assert!(rules(known).is_some(), "{known}");
        }
        for unknown in ["USD", "us", "usdd", "", " usd", "zzz", "usdc"] {
            assert_eq!(rules(unknown), None, "{unknown}");
        }
    }
}
