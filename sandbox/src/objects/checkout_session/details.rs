//! The parameters of a new checkout session.

use serde_json::Value;

use super::{
    lines::{self, Line},
    shape, ui,
};
use crate::{
    clock::now,
    error::Error,
    metadata, money,
    objects::{customer, payment_intent, payment_method},
    params::Params,
    state::State,
};

/// The maximum and default lifetime of a session, in seconds.
pub(super) const LONGEST: u64 = 24 * 3600;
/// The minimum lifetime of a session, in seconds.
const SHORTEST: u64 = 30 * 60;

/// A session before it is stored, its lines, and its payment intent.
pub(super) struct Details {
    pub(super) session: Value,
    pub(super) lines: Vec<Line>,
    pub(super) intent: Value,
}

/// Parameters without effect here: appearance, wallets, further fields for the payer.
const KNOWN: &[&str] = &[
    "adaptive_pricing",
    "billing_address_collection",
    "branding_settings",
    "consent_collection",
    "custom_text",
    "customer_update",
    "integration_identifier",
    "name_collection",
    "origin_context",
    "payment_method_collection",
    "payment_method_configuration",
    "payment_method_options",
    "phone_number_collection",
    "saved_payment_method_options",
    "wallet_options",
];

/// Parameters that would change the amount or the flow; ignoring them would mislead.
const NOT_MODELLED: &[&str] = &[
    "after_expiration",
    "allow_promotion_codes",
    "automatic_tax",
    "custom_fields",
    "customer_account",
    "discounts",
    "excluded_payment_method_types",
    "invoice_creation",
    "managed_payments",
    "optional_items",
    "permissions",
    "setup_intent_data",
    "shipping_address_collection",
    "shipping_options",
    "subscription_data",
    "tax_id_collection",
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
    mode(&mut params)?;
    let lines = lines::read(state, &mut params)?;
    let (total, currency) = lines::total(&lines)?;
    let wanted = params.has("currency");
    if wanted && money::currency(&mut params)? != currency {
        let message = "The line items are in another currency than the session.";
        return Err(Error::invalid(message).param("currency"));
    }
    let mut session = shape::new(total, &currency);
    ui::read(&mut params, &mut session)?;
    payer(state, &mut params, &mut session)?;
    session["expires_at"] = expiry(&mut params)?.into();
    for field in ["client_reference_id", "locale", "submit_type"] {
        if let Some(value) = params.text(field)? {
            session[field] = value.into();
        }
    }
    if let Some(metadata) = metadata::merged(&mut params, &session["metadata"])? {
        session["metadata"] = metadata;
    }
    let data = params.nested("payment_intent_data")?.unwrap_or_default();
    let manual = data.says("capture_method", "manual");
    session["payment_method_types"] = methods(&mut params, &currency, manual)?.into();
    data.only(OF_THE_INTENT)?;
    let intent = payment_intent::draft(state, data, &session)?;
    params.accept(KNOWN);
    params.finish()?;
    Ok(Details {
        session,
        lines,
        intent,
    })
}

fn mode(params: &mut Params) -> Result<(), Error> {
    let mode = params.choice("mode", &["payment", "setup", "subscription"])?;
    let mode = mode.ok_or_else(|| params.missing("mode"))?;
    if mode != "payment" {
        let message = format!("The sandbox does not support the mode {mode}, only payment.");
        return Err(Error::invalid(&message).param("mode"));
    }
    match NOT_MODELLED.iter().find(|name| params.has(name)) {
        Some(name) => {
            let message = format!("The sandbox does not support a session's {name}.");
            Err(Error::invalid(&message).param(name))
        }
        None => Ok(()),
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

fn payer(state: &State, params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let (customer, email) = (params.text("customer")?, params.text("customer_email")?);
    let creation = params.choice("customer_creation", &["always", "if_required"])?;
    if customer.is_some() && (email.is_some() || creation.is_some()) {
        let message = "customer excludes customer_email and customer_creation.";
        return Err(Error::invalid(message));
    }
    if let Some(customer) = customer {
        customer::expect(state, &customer)?;
        let held = state.store.find(&customer).cloned().unwrap_or_default();
        session["customer_details"] =
            shape::customer_details(&held["email"], &held["name"], &held["address"]);
        session["customer"] = customer.into();
        session["customer_creation"] = Value::Null;
    }
    if let Some(email) = email {
        if !email.contains('@') {
            let message = "customer_email is not an e-mail address.";
            let error = Error::invalid(message).code("email_invalid");
            return Err(error.param("customer_email"));
        }
        let email = Value::from(email);
        session["customer_details"] = shape::customer_details(&email, &Value::Null, &Value::Null);
        session["customer_email"] = email;
    }
    if let Some(creation) = creation {
        session["customer_creation"] = creation.into();
    }
    Ok(())
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
/// With `manual` capture only cards.
fn methods(params: &mut Params, currency: &str, manual: bool) -> Result<Vec<String>, Error> {
    let debit = payment_method::debit_of(currency).filter(|_| !manual);
    let voucher = payment_method::voucher_of(currency).filter(|_| !manual);
    let Some(types) = params.list("payment_method_types")? else {
        let all = std::iter::once("card").chain(debit).chain(voucher);
        return Ok(all.map(str::to_owned).collect());
    };
    let refused = types.iter().find_map(|kind| match kind.as_str() {
        "card" => None,
        kind if manual => Some(format!("A {kind} cannot be captured manually.")),
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
