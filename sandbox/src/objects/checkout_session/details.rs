//! The parameters of a new checkout session.

use serde_json::{Value, json};

use super::{
    custom_fields, customer, discounts, lines, options, recovery, shape, shipping, subscription,
    totals::{self, Known},
    ui,
};
use crate::{
    clock::now,
    error::Error,
    metadata,
    objects::{payment_intent, payment_method},
    params::Params,
    state::State,
};

/// The maximum and default lifetime of a session, in seconds.
pub(super) const LONGEST: u64 = 24 * 3600;
/// The minimum lifetime of a session, in seconds.
const SHORTEST: u64 = 30 * 60;

/// A session before it is stored.
pub(super) struct Details {
    pub(super) session: Value,
    pub(super) items: Vec<Value>,
    /// The products, prices and shipping rates that only the request describes.
    pub(super) new: Vec<Value>,
    /// What the session keeps to itself: its payment intent, what it updates of its customer, and
    /// the parameters of its copy.
    pub(super) draft: Value,
}

/// Parameters without effect here: appearance, wallets, further fields for the payer.
const KNOWN: &[&str] = &[
    "branding_settings",
    "integration_identifier",
    "name_collection",
    "origin_context",
    "payment_method_collection",
    "payment_method_options",
    "wallet_options",
];

/// Parameters that would change the amount or the flow; ignoring them would mislead.
const NOT_MODELLED: &[&str] = &[
    "customer_account",
    "excluded_payment_method_types",
    "managed_payments",
    "optional_items",
    "permissions",
    "setup_intent_data",
];

/// The parameters of `payment_intent_data`.
const OF_THE_INTENT: &[&str] = &[
    "application_fee_amount",
    "capture_method",
    "description",
    "metadata",
    "on_behalf_of",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_data",
    "transfer_group",
];

/// Reads and checks all parameters; stores nothing.
pub(super) fn read(state: &State, mut params: Params) -> Result<Details, Error> {
    let given = params.clone();
    let recurring = mode(&mut params)? == subscription::MODE;
    let mut new = Vec::new();
    let (mut items, currency) = lines::read(state, &mut params, recurring, &mut new)?;
    let mut session = shape::new(lines::subtotal(&items), &currency);
    ui::read(&mut params, &mut session)?;
    customer::read(state, &mut params, &mut session)?;
    session["expires_at"] = expiry(&mut params)?.into();
    options::read(&mut params, &mut session)?;
    recovery::read(&mut params, &mut session)?;
    custom_fields::read(&mut params, &mut session)?;
    let updates = customer::updates(state, &mut params, &session)?;
    discounts::read(state, &mut params, &mut session)?;
    shipping::read(state, &mut params, &mut session, &mut new)?;
    if let Some(metadata) = metadata::merged(&mut params, &session["metadata"])? {
        session["metadata"] = metadata;
    }
    let terms = match recurring {
        true => {
            let terms = subscription::read(state, &mut params, &mut session)?;
            subscription::price_today(state, &session, &terms, &mut items)?;
            terms
        }
        false => Value::Null,
    };
    let data = params.nested("payment_intent_data")?.unwrap_or_default();
    let cards_only = recurring || data.says("capture_method", "manual");
    session["payment_method_types"] = methods(&mut params, &currency, cards_only)?.into();
    data.only(OF_THE_INTENT)?;
    let intent = payment_intent::draft(state, data, &session)?;
    params.accept(KNOWN);
    params.finish()?;
    let known = Known { state, new: &new };
    totals::apply(known, &mut session, &mut items)?;
    let draft = json!({
        "customer_update": updates,
        "payment_intent": intent,
        "recovery": recovery::kept(&given, &session),
        "subscription": terms,
    });
    Ok(Details {
        session,
        items,
        new,
        draft,
    })
}

/// Reads the mode; rejects the parameters of another one.
fn mode(params: &mut Params) -> Result<String, Error> {
    let mode = params.choice("mode", &["payment", "setup", "subscription"])?;
    let mode = mode.ok_or_else(|| params.missing("mode"))?;
    match mode.as_str() {
        "setup" => {
            let message = "The sandbox does not support the mode setup.";
            return Err(Error::invalid(message).param("mode"));
        }
        subscription::MODE => subscription::refuse(params)?,
        _ if params.has("subscription_data") => {
            let message = "You can not pass `subscription_data` in `payment` mode.";
            return Err(Error::invalid(message).param("subscription_data"));
        }
        _ => {}
    }
    match NOT_MODELLED.iter().find(|name| params.has(name)) {
        Some(name) => {
            let message = format!("The sandbox does not support a session's {name}.");
            Err(Error::invalid(&message).param(name))
        }
        None => Ok(mode),
    }
}

/// Checks that a URL has its scheme, and is safe in a header and a page.
pub(crate) fn checked_url(url: String, param: &str) -> Result<String, Error> {
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme));
    let plain = |rest: &str| !rest.contains(|c: char| c.is_whitespace() || c.is_control());
    if rest.is_some_and(|rest| plain(rest) && !rest.is_empty() && !rest.starts_with('/')) {
        return Ok(url);
    }
    let message = format!("{param} has to be a URL that begins with http:// or https://.");
    Err(Error::invalid(&message).code("url_invalid").param(param))
}

fn expiry(params: &mut Params) -> Result<u64, Error> {
    let Some(at) = params.integer("expires_at")? else {
        return Ok(now() + LONGEST);
    };
    let at = u64::try_from(at).unwrap_or_default();
    let bound = if at < now() + SHORTEST {
        "at least 30 minutes"
    } else if at > now() + LONGEST {
        "at most 24 hours"
    } else {
        return Ok(at);
    };
    let message = format!("expires_at has to be {bound} from now.");
    Err(Error::invalid(&message).param("expires_at"))
}

/// The requested types; by default cards, and the currency's bank debit and voucher.
///
/// With manual capture, and for a subscription, only cards.
fn methods(params: &mut Params, currency: &str, cards_only: bool) -> Result<Vec<String>, Error> {
    let debit = payment_method::debit_of(currency).filter(|_| !cards_only);
    let voucher = payment_method::voucher_of(currency).filter(|_| !cards_only);
    let Some(types) = params.list("payment_method_types")? else {
        let all = std::iter::once("card").chain(debit).chain(voucher);
        return Ok(all.map(str::to_owned).collect());
    };
    let refused = types.iter().find_map(|kind| match kind.as_str() {
        "card" => None,
        kind if cards_only => Some(format!(
            "A {kind} neither pays the sandbox's subscriptions nor is captured manually."
        )),
        kind if Some(kind) == debit || payment_method::PAID_ELSEWHERE.contains(&kind) => None,
        kind if payment_method::DEBITS.contains(&kind) => {
            Some(format!("{kind} does not pay in {currency}."))
        }
        kind => Some(format!(
            "The sandbox does not support the payment method type {kind}."
        )),
    });
    match refused {
        None if types.is_empty() => Err(params.missing("payment_method_types")),
        None => Ok(types),
        Some(message) => Err(Error::invalid(&message).param("payment_method_types")),
    }
}
