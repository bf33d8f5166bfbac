//! The claims that say who buys an order, and what the payer sees of it. An error never shows them.

use super::{claim_fields::ClaimFields, order_claims::wrong};
use crate::{
    Error,
    email::Email,
    event::{Address, Recipient},
};

/// The longest name, in characters: Stripe's limit for a customer's.
const LONGEST_NAME: usize = 256;
/// The longest part of an address, and the longest phone number, in characters.
const LONGEST_PART: usize = 500;
/// The longest suffix of a statement descriptor, in characters.
const LONGEST_SUFFIX: usize = 22;

/// The claim `email`.
pub(super) fn email(email: String) -> Result<String, Error> {
    Email::parse(&email).map_err(|what| wrong("email", what))?;
    Ok(email)
}

/// The claim `name`.
pub(super) fn name(name: String) -> Result<String, Error> {
    match is_line(&name, LONGEST_NAME) {
        true => Ok(name),
        false => Err(wrong("name", "must be 1 to 256 characters on one line")),
    }
}

/// The claim `shipping`, which has Stripe's own field names.
pub(super) fn shipping(mut fields: ClaimFields) -> Result<Recipient, Error> {
    let name = part(&mut fields, "name", LONGEST_NAME)?;
    let name = fields.needed("name", name)?;
    let phone = part(&mut fields, "phone", LONGEST_PART)?;
    let address = fields.object("address")?;
    let address = address_in(fields.needed("address", address)?)?;
    fields.finish()?;
    Ok(Recipient {
        name: Some(name),
        phone,
        address: Some(address),
    })
}

fn address_in(mut fields: ClaimFields) -> Result<Address, Error> {
    let mut known = |name| part(&mut fields, name, LONGEST_PART);
    let address = Address {
        line1: known("line1")?,
        line2: known("line2")?,
        city: known("city")?,
        state: known("state")?,
        postal_code: known("postal_code")?,
        country: known("country")?,
    };
    let is_code = |country: &str| {
        country.len() == 2 && country.bytes().all(|letter| letter.is_ascii_uppercase())
    };
    if address
        .country
        .as_deref()
        .is_some_and(|country| !is_code(country))
    {
        return Err(fields.wrong("country", "must be two upper-case letters, such as DE"));
    }
    fields.needed("line1", address.line1.as_ref())?;
    fields.finish()?;
    Ok(address)
}

/// The text `name`; an empty one counts as absent.
fn part(fields: &mut ClaimFields, name: &str, longest: usize) -> Result<Option<String>, Error> {
    let text = fields.text(name)?.filter(|text| !text.is_empty());
    match text.as_deref().is_none_or(|text| is_line(text, longest)) {
        true => Ok(text),
        false => {
            let what = format!("must be 1 to {longest} characters on one line");
            Err(fields.wrong(name, what))
        }
    }
}

/// The claim `statementDescriptorSuffix`, by Stripe's rules
/// (<https://docs.stripe.com/get-started/account/statement-descriptors>).
pub(super) fn statement_descriptor_suffix(suffix: String) -> Result<String, Error> {
    let what = match suffix.as_str() {
        text if !is_line(text, LONGEST_SUFFIX) => "must be 1 to 22 characters",
        text if text.contains(['<', '>', '\\', '\'', '"', '*']) => {
            "must have none of < > \\ ' \" *"
        }
        text if !text.is_ascii() => "must have Latin characters without accents alone",
        text if !text.contains(|c: char| c.is_ascii_alphabetic()) => {
            "must have at least one letter"
        }
        _ => return Ok(suffix),
    };
    Err(wrong("statementDescriptorSuffix", what))
}

fn is_line(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.chars().count()) && !text.contains(char::is_control)
}
