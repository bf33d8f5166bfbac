//! Sessions of mode `subscription`: recurring lines, beside one-time ones.
//!
//! - [`terms`]: `subscription_data`, and what each line costs today.
//! - [`payment`]: the payer's attempt, and the subscription that it starts.

use serde_json::Value;

use crate::{error::Error, params::Params, state::State, store::number};

mod payment;
mod terms;

pub(super) use payment::{complete, intent, pay};
pub(super) use terms::price_today;
pub(crate) use terms::shown;

/// The name of this mode.
pub(super) const MODE: &str = "subscription";

/// The most recurring lines, and the most lines beside them.
const MOST: usize = 20;

/// Returns true for a session of this mode.
pub(super) fn is(session: &Value) -> bool {
    session["mode"] == MODE
}

/// Returns true when the payer has to enter a payment method.
pub(crate) fn needs_method(session: &Value) -> bool {
    let always = is(session) && session["payment_method_collection"] == "always";
    always || number(session, "amount_total") > 0
}

/// Parameters of other modes, with Stripe's words.
const OF_OTHER_MODES: &[(&str, &str)] = &[
    (
        "customer_creation",
        "`customer_creation` can only be used in `payment` and `setup` mode.",
    ),
    (
        "invoice_creation",
        "You can only enable invoice creation when `mode` is set to `payment`. Invoices are \
         created automatically when `mode` is set to `subscription`.",
    ),
    (
        "payment_intent_data",
        "You can not pass `payment_intent_data` in `subscription` mode.",
    ),
    (
        "shipping_options",
        "You can only use `shipping_options` in `payment` mode.",
    ),
];

/// Rejects parameters of other modes, and those that the sandbox cannot apply to renewals.
pub(super) fn refuse(params: &Params) -> Result<(), Error> {
    let mut others = OF_OTHER_MODES.iter();
    if let Some((name, message)) = others.find(|(name, _)| params.has(name)) {
        return Err(Error::invalid(message).param(name));
    }
    if params.has("automatic_tax") {
        let message = "The sandbox does not support automatic_tax in `subscription` mode.";
        return Err(Error::invalid(message).param("automatic_tax"));
    }
    Ok(())
}

/// Reads the parameters of this mode into a session; returns the terms of its subscription.
pub(super) fn read(
    state: &State,
    params: &mut Params,
    session: &mut Value,
) -> Result<Value, Error> {
    session["mode"] = MODE.into();
    session["customer_creation"] = Value::Null;
    session["invoice_creation"] = Value::Null;
    let collection = params.choice("payment_method_collection", &["always", "if_required"])?;
    let collection = collection.unwrap_or_else(|| "always".to_owned());
    session["payment_method_collection"] = collection.into();
    let data = params.nested("subscription_data")?.unwrap_or_default();
    terms::read(state, data, session)
}

/// Rejects lines that are not on one subscription.
pub(super) fn check(prices: &[&Value]) -> Result<(), Error> {
    let refused = |message: &str| Err(Error::invalid(message).param("line_items"));
    let of = |price: &&&Value| !price["recurring"].is_null();
    let recurring: Vec<&Value> = prices.iter().filter(of).copied().collect();
    let Some(first) = recurring.first() else {
        return refused(
            "You must provide at least one recurring price in `subscription` mode when using \
             prices.",
        );
    };
    let every = |price: &Value| {
        let recurring = &price["recurring"];
        (
            recurring["interval"].clone(),
            recurring["interval_count"].clone(),
        )
    };
    if recurring.iter().any(|price| every(price) != every(first)) {
        return refused(
            "Checkout does not support multiple prices with different billing intervals.",
        );
    }
    if recurring.len() > MOST || prices.len() - recurring.len() > MOST {
        return refused("A subscription's session has at most 20 recurring lines and 20 others.");
    }
    Ok(())
}
