//! The place of a session's payment: a hosted page, a page in the shop's, or the shop's own form.

use serde_json::Value;

use super::details::checked_url;
use crate::{error::Error, ids, params::Params, store::text};

/// The default mode, a page to which the shop redirects.
pub(super) const HOSTED: &str = "hosted_page";
/// A page in a frame of the shop's.
pub(crate) const EMBEDDED: &str = "embedded_page";
/// Elements in a form of the shop's.
pub(crate) const ELEMENTS: &str = "elements";

/// The modes, with their names before Stripe's `2026-03-25.dahlia`.
const MODES: &[(&str, &str)] = &[
    (HOSTED, "hosted"),
    (EMBEDDED, "embedded"),
    (ELEMENTS, "custom"),
];

/// Parameters of a hosted page alone.
const HOSTED_ONLY: &[&str] = &["success_url", "cancel_url"];
/// Parameters of a page, hosted or embedded.
const OF_A_PAGE: &[&str] = &[
    "after_expiration",
    "branding_settings",
    "custom_fields",
    "custom_text",
    "optional_items",
    "origin_context",
    "redirect_on_completion",
    "submit_type",
];
/// Parameters of a session with a client secret.
const NOT_HOSTED: &[&str] = &["redirect_on_completion", "return_url"];

/// Reads `ui_mode` and the URLs that belong to it.
pub(super) fn read(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let mode = mode(params)?;
    session["ui_mode"] = mode.into();
    if mode == HOSTED {
        refuse(params, NOT_HOSTED, mode)?;
        return hosted(params, session);
    }
    refuse(params, HOSTED_ONLY, mode)?;
    if mode == ELEMENTS {
        refuse(params, OF_A_PAGE, mode)?;
    } else {
        let words = ["always", "if_required", "never"];
        let redirect = params.choice("redirect_on_completion", &words)?;
        session["redirect_on_completion"] = redirect.unwrap_or_else(|| "always".to_owned()).into();
    }
    match params.text("return_url")? {
        Some(url) => session["return_url"] = checked_url(url, "return_url")?.into(),
        None if session["redirect_on_completion"] == "never" => {}
        None => return Err(params.missing("return_url")),
    }
    let secret = format!("{}_secret_", text(session, "id"));
    session["client_secret"] = ids::secret(&secret).into();
    Ok(())
}

/// The URL to which the bank's page returns.
pub(super) fn back(session: &Value, sandbox: &str) -> String {
    match text(session, "ui_mode") {
        ELEMENTS => returned(session, "return_url"),
        _ => format!("{sandbox}/c/pay/{}/return", text(session, "id")),
    }
}

/// A URL of the session with its id in place of `{CHECKOUT_SESSION_ID}`.
pub(crate) fn returned(session: &Value, field: &str) -> String {
    text(session, field).replace("{CHECKOUT_SESSION_ID}", text(session, "id"))
}

fn mode(params: &mut Params) -> Result<&'static str, Error> {
    let Some(given) = params.text("ui_mode")? else {
        return Ok(HOSTED);
    };
    let mut modes = MODES.iter();
    let known = modes.find(|(mode, before)| given == *mode || given == *before);
    known.map(|(mode, _)| *mode).ok_or_else(|| {
        let message = format!("The sandbox does not support the ui_mode {given}.");
        Error::invalid(&message).param("ui_mode")
    })
}

fn refuse(params: &Params, names: &[&str], mode: &str) -> Result<(), Error> {
    match names.iter().find(|name| params.has(name)) {
        Some(name) => {
            let message = format!("A session with the ui_mode {mode} has no {name}.");
            Err(Error::invalid(&message).param(name))
        }
        None => Ok(()),
    }
}

fn hosted(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let success = params.required("success_url")?;
    session["success_url"] = checked_url(success, "success_url")?.into();
    if let Some(cancel) = params.text("cancel_url")? {
        session["cancel_url"] = checked_url(cancel, "cancel_url")?.into();
    }
    Ok(())
}
