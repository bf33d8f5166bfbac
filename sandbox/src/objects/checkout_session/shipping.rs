//! Where a session's goods go, and what that costs.

use serde_json::{Value, json};

use super::totals::Known;
use crate::{error::Error, objects::shipping_rate, params::Params, state::State, store::text};

/// The maximum number of options.
const MOST: usize = 5;

/// The countries to which Checkout ships.
const COUNTRIES: &str = "\
    AC AD AE AF AG AI AL AM AO AQ AR AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO \
    BQ BR BS BT BV BW BY BZ CA CD CF CG CH CI CK CL CM CN CO CR CV CW CY CZ DE DJ DK DM DO \
    DZ EC EE EG EH ER ES ET FI FJ FK FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT \
    GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IS IT JE JM JO JP KE KG KH KI KM KN KR KW \
    KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MK ML MM MN MO MQ MR MS MT MU \
    MV MW MX MY MZ NA NC NE NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SZ TA TC \
    TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA VC VE VG VN VU WF WS XK \
    YE YT ZA ZM ZW ZZ";

/// Returns true for two upper-case letters.
pub(super) fn is_country(code: &str) -> bool {
    code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// Reads `shipping_address_collection` and `shipping_options`; the payer gets the first option
/// unless another one is chosen.
pub(super) fn read(
    state: &State,
    params: &mut Params,
    session: &mut Value,
    new: &mut Vec<Value>,
) -> Result<(), Error> {
    if let Some(collection) = params.nested("shipping_address_collection")? {
        session["shipping_address_collection"] = countries(collection)?;
    }
    let options = params.groups("shipping_options")?.unwrap_or_default();
    if options.len() > MOST {
        let message = format!("A session has at most {MOST} shipping options.");
        return Err(Error::invalid(&message).param("shipping_options"));
    }
    let options: Result<Vec<Value>, Error> = options
        .into_iter()
        .map(|given| option(state, given, text(session, "currency"), new))
        .collect();
    let options = options?;
    if let Some(first) = options.first() {
        session["shipping_cost"] = json!({ "shipping_rate": first["shipping_rate"] });
    }
    session["shipping_options"] = options.into();
    Ok(())
}

fn countries(mut collection: Params) -> Result<Value, Error> {
    let name = collection.name("allowed_countries");
    let countries = collection.list("allowed_countries")?;
    let countries = countries.filter(|countries| !countries.is_empty());
    let countries = countries.ok_or_else(|| collection.missing("allowed_countries"))?;
    collection.finish()?;
    let unknown = |code: &&String| !COUNTRIES.split(' ').any(|known| known == code.as_str());
    if let Some(code) = countries.iter().find(unknown) {
        let message = format!("Checkout does not ship to the country '{code}'.");
        return Err(Error::invalid(&message).param(&name));
    }
    Ok(json!({ "allowed_countries": countries }))
}

fn option(
    state: &State,
    mut given: Params,
    currency: &str,
    new: &mut Vec<Value>,
) -> Result<Value, Error> {
    let (id, data) = (
        given.text("shipping_rate")?,
        given.nested("shipping_rate_data")?,
    );
    let name = given.name(if id.is_some() {
        "shipping_rate"
    } else {
        "shipping_rate_data"
    });
    given.finish()?;
    let refused = |message: &str| Error::invalid(message).param(&name);
    let rate = match (id, data) {
        (Some(id), None) => state.store.get(shipping_rate::KIND, &id, &name)?.clone(),
        (None, Some(data)) => {
            let rate = shipping_rate::read(data)?;
            new.push(rate.clone());
            rate
        }
        _ => {
            let message = "A shipping option has either shipping_rate or shipping_rate_data.";
            return Err(refused(message));
        }
    };
    if rate["active"] != true {
        return Err(refused(
            "This shipping rate is archived; a session accepts only active ones.",
        ));
    }
    let Some((amount, _)) = shipping_rate::in_currency(&rate, currency) else {
        let message = format!("This shipping rate has no amount in {currency}.");
        return Err(refused(&message));
    };
    Ok(json!({ "shipping_amount": amount, "shipping_rate": rate["id"] }))
}

/// Reads the payer's `shipping_rate`, one of the session's.
pub(super) fn choose(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let Some(id) = params.text("shipping_rate")? else {
        return Ok(());
    };
    let options = session["shipping_options"].as_array();
    let offered = |option: &Value| option["shipping_rate"] == *id;
    if !options.is_some_and(|options| options.iter().any(offered)) {
        let message = format!("The shipping rate '{id}' is not an option of this session.");
        return Err(Error::invalid(&message).param("shipping_rate"));
    }
    session["shipping_cost"] = json!({ "shipping_rate": id });
    Ok(())
}

/// The session's rate, its amount and its tax behaviour.
pub(super) fn chosen<'a>(known: Known<'a>, session: &Value) -> Option<(&'a Value, i64, &'a str)> {
    let rate = known.find(text(&session["shipping_cost"], "shipping_rate"))?;
    let (amount, behavior) = shipping_rate::in_currency(rate, text(session, "currency"))?;
    Some((rate, amount, behavior))
}
