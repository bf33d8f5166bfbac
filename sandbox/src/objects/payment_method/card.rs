//! Card data, as a browser sends it.

use serde_json::{Value, json};

use super::{Chosen, billing_details};
use crate::{cards, error::Error, ids, params::Params, state::now};

/// Reads `payment_method_data`.
pub(super) fn read(mut data: Params) -> Result<Chosen, Error> {
    let kind = data.choice("type", &["card"])?;
    kind.ok_or_else(|| data.missing("type"))?;
    let mut card = data.nested("card")?.ok_or_else(|| data.missing("card"))?;
    let number = card.required("number")?.replace([' ', '-'], "");
    let month = card
        .integer("exp_month")?
        .ok_or_else(|| card.missing("exp_month"))?;
    let year = card
        .integer("exp_year")?
        .ok_or_else(|| card.missing("exp_year"))?;
    let cvc = card.text("cvc")?;
    card.accept(&["networks", "preferred_network"]);
    let billing = data.any("billing_details");
    data.accept(&[
        "allow_redisplay",
        "metadata",
        "payment_user_agent",
        "radar_options",
        "referrer",
        "time_on_page",
        "guid",
        "muid",
        "sid",
        "client_attribution_metadata",
    ]);
    card.finish()?;
    data.finish()?;
    let year = if year < 100 { year + 2000 } else { year };
    check(&number, month, year, cvc.as_deref())?;
    let mut chosen = Chosen::of_number(&number, cards::behaviour(&number), month, year);
    chosen.object["billing_details"] = filled(billing);
    Ok(chosen)
}

/// The given billing details over the empty ones.
fn filled(given: Option<Value>) -> Value {
    let mut details = billing_details();
    let given = given
        .as_ref()
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (name, value) in given {
        match (details[name].as_object_mut(), value.as_object()) {
            (Some(inner), Some(value)) => inner.extend(value.clone()),
            _ => details[name] = value.clone(),
        }
    }
    details
}

fn check(number: &str, month: i64, year: i64, cvc: Option<&str>) -> Result<(), Error> {
    if !cards::is_card_number(number) {
        return Err(refusal(
            "incorrect_number",
            "This card number is not right.",
            "number",
        ));
    }
    check_expiry(month, year)?;
    let digits = |cvc: &str| cvc.bytes().all(|byte| byte.is_ascii_digit());
    if cvc.is_some_and(|cvc| !matches!(cvc.len(), 3 | 4) || !digits(cvc)) {
        let message = "A security code has three or four digits.";
        return Err(refusal("invalid_cvc", message, "cvc"));
    }
    Ok(())
}

fn check_expiry(month: i64, year: i64) -> Result<(), Error> {
    let (this_month, this_year) = today();
    let (code, message, param) = if !(1..=12).contains(&month) {
        (
            "invalid_expiry_month",
            "There is no such month.",
            "exp_month",
        )
    } else if !(this_year..this_year + 50).contains(&year) {
        (
            "invalid_expiry_year",
            "This card expired, or never will.",
            "exp_year",
        )
    } else if year == this_year && month < this_month {
        (
            "invalid_expiry_month",
            "This card expired this year.",
            "exp_month",
        )
    } else {
        return Ok(());
    };
    Err(refusal(code, message, param))
}

fn refusal(code: &str, message: &str, param: &str) -> Error {
    Error::card(code, message).param(param).executed()
}

/// The current month and year, in UTC.
fn today() -> (i64, i64) {
    let days = i64::try_from(now() / 86_400).unwrap_or_default();
    civil(days)
}

/// Month and year of a day counted from 1 January 1970, in the Gregorian calendar.
fn civil(days: i64) -> (i64, i64) {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let (mut year, mut left) = (1970, days);
    while left >= 365 + i64::from(is_leap(year)) {
        left -= 365 + i64::from(is_leap(year));
        year += 1;
    }
    let february = 28 + i64::from(is_leap(year));
    let lengths = [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut month = 1;
    for length in lengths {
        if left < length {
            break;
        }
        left -= length;
        month += 1;
    }
    (month, year)
}

/// The `card` of a payment method.
pub(super) fn shape(number: &str, month: i64, year: i64) -> Value {
    let brand = cards::brand(number);
    json!({
        "brand": brand,
        "checks": {
            "address_line1_check": null,
            "address_postal_code_check": null,
            "cvc_check": "unchecked",
        },
        "country": "US",
        "display_brand": brand,
        "exp_month": month,
        "exp_year": year,
        "fingerprint": ids::short(""),
        "funding": "credit",
        "generated_from": null,
        "last4": &number[number.len().saturating_sub(4)..],
        "networks": { "available": [brand], "preferred": null },
        "regulated_status": "unregulated",
        "three_d_secure_usage": { "supported": true },
        "wallet": null,
    })
}

#[cfg(test)]
mod tests {
    use super::civil;

    #[test]
    fn days_become_months_and_years() {
        assert_eq!(civil(0), (1, 1970));
        assert_eq!(civil(11_016), (2, 2000)); // 29 February
        assert_eq!(civil(11_017), (3, 2000));
        assert_eq!(civil(20_453), (12, 2025)); // 31 December
        assert_eq!(civil(20_454), (1, 2026));
    }
}
