//! Card data, as a browser sends it.

use serde_json::{Value, json};

use super::{Chosen, account, billing_details, transfer};
use crate::{
    clock::this_month, error::Error, ids, metadata, params::Params, state::State, test_cards,
};

/// The values of `allow_redisplay`.
pub(crate) const REDISPLAY: &[&str] = &["always", "limited", "unspecified"];

/// Card data before the check.
#[derive(Debug, Clone)]
pub(crate) struct Card {
    number: String,
    month: i64,
    year: i64,
    cvc: Option<String>,
}

impl Card {
    /// Reads `card[…]`: a number and an expiry, or a token in their place.
    pub(super) fn read(state: &State, mut card: Params) -> Result<Self, Error> {
        if let Some(id) = card.text("token")? {
            let name = card.name("token");
            card.finish()?;
            return Self::of_token(state, &id, &name);
        }
        Self::typed(card)
    }

    /// Reads a number and an expiry.
    pub(crate) fn typed(mut card: Params) -> Result<Self, Error> {
        let number = card.required("number")?.replace([' ', '-'], "");
        let month = card
            .integer("exp_month")?
            .ok_or_else(|| card.missing("exp_month"))?;
        let year = card
            .integer("exp_year")?
            .ok_or_else(|| card.missing("exp_year"))?;
        let cvc = card.text("cvc")?;
        card.accept(&["currency", "name", "networks", "preferred_network"]);
        card.finish()?;
        let year = if year < 100 { year + 2000 } else { year };
        Ok(Self {
            number,
            month,
            year,
            cvc,
        })
    }

    /// A token's card; `tok_visa` is the card of `pm_card_visa`.
    fn of_token(state: &State, id: &str, param: &str) -> Result<Self, Error> {
        let name = id.replacen("tok_", "pm_card_", 1);
        let named = test_cards::named(&name).map(|card| Self {
            number: card.number.to_owned(),
            month: 12,
            year: 2034,
            cvc: None,
        });
        if let Some(card) = named {
            return Ok(card);
        }
        let params = state.tokens.get(id).cloned();
        let params = params.ok_or_else(|| Error::missing("token", id, param))?;
        Self::typed(Params::new(params))
    }

    /// Rejects invalid card data.
    pub(crate) fn check(&self) -> Result<(), Error> {
        check(&self.number, self.month, self.year, self.cvc.as_deref())
    }

    /// The parameters that [`Card::typed`] reads.
    pub(crate) fn params(&self) -> Value {
        json!({
            "number": self.number,
            "exp_month": self.month,
            "exp_year": self.year,
            "cvc": self.cvc,
        })
    }

    /// The `card` of a payment method.
    pub(crate) fn shape(&self) -> Value {
        shape(&self.number, self.month, self.year)
    }
}

/// Reads a payment method: `payment_method_data`, or the parameters of a new one.
pub(crate) fn read(state: &State, mut data: Params) -> Result<Chosen, Error> {
    let kinds = [&["card"], account::KINDS, transfer::KINDS].concat();
    let kind = data.choice("type", &kinds)?;
    let kind = kind.ok_or_else(|| data.missing("type"))?;
    let details = data.nested(&kind)?;
    let billing = data.any("billing_details");
    let metadata = metadata::merged(&mut data, &json!({}))?;
    let redisplay = data.choice("allow_redisplay", REDISPLAY)?;
    let missing = data.missing(&kind);
    data.accept(&[
        "payment_user_agent",
        "radar_options",
        "referrer",
        "time_on_page",
        "guid",
        "muid",
        "sid",
        "client_attribution_metadata",
        "_stripe_version",
    ]);
    data.finish()?;
    let mut chosen = match (kind.as_str(), details) {
        (kind, details) if transfer::KINDS.contains(&kind) => {
            let mut details = details.unwrap_or_default();
            details.accept(&["tax_id"]);
            details.finish()?;
            transfer::chosen(kind)
        }
        (_, None) => return Err(missing),
        ("card", Some(details)) => of_card(Card::read(state, details)?)?,
        (kind, Some(details)) => account::read(kind, details)?,
    };
    chosen.object["billing_details"] = filled(billing_details(), billing);
    if let Some(metadata) = metadata {
        chosen.object["metadata"] = metadata;
    }
    if let Some(redisplay) = redisplay {
        chosen.object["allow_redisplay"] = redisplay.into();
    }
    Ok(chosen)
}

fn of_card(card: Card) -> Result<Chosen, Error> {
    card.check()?;
    let behaviour = test_cards::behaviour(&card.number);
    Ok(Chosen::of_number(
        &card.number,
        behaviour,
        card.month,
        card.year,
    ))
}

/// Merges the given billing details into the stored ones.
pub(super) fn filled(mut details: Value, given: Option<Value>) -> Value {
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
    if !test_cards::is_card_number(number) {
        return Err(refusal(
            "incorrect_number",
            "This card number is not valid.",
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
    let (this_month, this_year) = this_month();
    let (code, message, param) = if !(1..=12).contains(&month) {
        (
            "invalid_expiry_month",
            "This month is not valid.",
            "exp_month",
        )
    } else if !(this_year..this_year + 50).contains(&year) {
        (
            "invalid_expiry_year",
            "This expiry year is not valid.",
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

/// The `card` of a payment method.
pub(super) fn shape(number: &str, month: i64, year: i64) -> Value {
    let brand = test_cards::brand(number);
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
