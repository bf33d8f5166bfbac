//! The lines of a signed order, which add up to its amount.

use super::{claim_fields::ClaimFields, order_claims::wrong};
use crate::{
    Error,
    amount::{Amount, Currency},
    order::{LineItem, LineTax},
    strict_json::Value,
};

/// The most lines: as many as a Checkout Session takes.
const MAX_LINES: usize = 100;
/// The longest name of a line, in characters: as much as Stripe shows of a product's name.
const LONGEST_NAME: usize = 250;
/// The highest quantity of one line.
const MAX_QUANTITY: u32 = 10_000;

/// The lines in `claim`, and their sum in `currency`.
pub(super) fn read(claim: Value, currency: Currency) -> Result<(Vec<LineItem>, Amount), Error> {
    let Value::List(entries) = claim else {
        return Err(wrong("lines", "must be a list"));
    };
    if !(1..=MAX_LINES).contains(&entries.len()) {
        let what = format!("must have 1 to {MAX_LINES} entries");
        return Err(wrong("lines", what));
    }
    let mut sum = Amount::new(0, currency).map_err(|what| wrong("lines", what))?;
    let mut lines = Vec::with_capacity(entries.len());
    for (index, entry) in entries.into_iter().enumerate() {
        let (line, amount) = line(entry, format!("lines[{index}]"), currency)?;
        sum = sum.plus(amount).map_err(|what| wrong("lines", what))?;
        lines.push(line);
    }
    Ok((lines, sum))
}

/// One line and its amount, for the whole quantity.
fn line(entry: Value, path: String, currency: Currency) -> Result<(LineItem, Amount), Error> {
    let mut fields = ClaimFields::of(entry, path)?;
    let name = name(&mut fields)?;
    let unit = unit(&mut fields, currency)?;
    let quantity = quantity(&mut fields)?;
    let (code, behavior) = (fields.text("taxCode")?, fields.text("taxBehavior")?);
    let tax = LineTax::parse(code, behavior).map_err(|(name, what)| fields.wrong(name, what))?;
    let amount = unit
        .times(quantity)
        .map_err(|what| fields.wrong("amount", what))?;
    fields.finish()?;
    let line = LineItem {
        price: None,
        lookup_key: None,
        name: Some(name),
        quantity,
        unit_amount: unit.minor_units(),
        recurring: None,
        tax,
    };
    Ok((line, amount))
}

fn name(fields: &mut ClaimFields) -> Result<String, Error> {
    let name = fields.text("name")?;
    let name = fields.needed("name", name)?;
    let length = name.chars().count();
    match (1..=LONGEST_NAME).contains(&length) && !name.chars().any(char::is_control) {
        true => Ok(name),
        false => Err(fields.wrong("name", "must be 1 to 250 characters on one line")),
    }
}

fn unit(fields: &mut ClaimFields, currency: Currency) -> Result<Amount, Error> {
    const FORM: &str = "must be the price of one, a whole number of minor units";
    let amount = fields.whole("amount", FORM)?;
    let amount = fields.needed("amount", amount)?;
    Amount::new(amount, currency).map_err(|what| fields.wrong("amount", what))
}

fn quantity(fields: &mut ClaimFields) -> Result<u32, Error> {
    const FORM: &str = "must be from 1 to 10000";
    let quantity = fields.whole("quantity", FORM)?;
    let quantity = u32::try_from(fields.needed("quantity", quantity)?).ok();
    let quantity = quantity.filter(|number| (1..=MAX_QUANTITY).contains(number));
    quantity.ok_or_else(|| fields.wrong("quantity", FORM))
}
