//! The customer portal: its sessions and configurations.
//!
//! An account has no default configuration until its settings are saved in the dashboard, once in
//! each mode. Until then a session needs a configuration.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    objects::{checkout_session::checked_url, customer},
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "billing_portal.session";
/// Stripe's name for the other kind of object.
const CONFIGURATION: &str = "billing_portal.configuration";

/// The routes of sessions and configurations.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/billing_portal/sessions", create),
    Route::new("GET", "/v1/billing_portal/configurations", list),
    Route::new("GET", "/v1/billing_portal/configurations/{}", retrieve),
    Route::new(
        "POST",
        "/_sandbox/billing_portal/save_settings",
        save_settings,
    ),
];

/// Saves the portal's settings, as in the dashboard: creates the default configuration, once.
pub(crate) fn save_settings(state: &mut State, call: Call) -> Result<Value, Error> {
    call.params.finish()?;
    if let Some(saved) = default(state) {
        return Ok(saved.into_owned());
    }
    let made = configuration();
    state.store.insert(made.clone());
    Ok(made)
}

fn default(state: &State) -> Option<Cow<'_, Value>> {
    let mut all = state.store.all(CONFIGURATION);
    all.find(|configuration| configuration["is_default"] == true)
}

/// The default configuration, as from the dashboard.
fn configuration() -> Value {
    json!({
        "id": ids::long("bpc_1"),
        "object": CONFIGURATION,
        "active": true,
        "application": null,
        "business_profile": {
            "headline": null,
            "privacy_policy_url": null,
            "terms_of_service_url": null,
        },
        "created": now(),
        "default_return_url": null,
        "features": {
            "customer_update": { "allowed_updates": [], "enabled": false },
            "invoice_history": { "enabled": true },
            "payment_method_update": { "enabled": false, "payment_method_configuration": null },
            "subscription_cancel": {
                "cancellation_reason": { "enabled": false, "options": [] },
                "enabled": false,
                "mode": "at_period_end",
                "proration_behavior": "none",
            },
            "subscription_update": {
                "billing_cycle_anchor": null,
                "default_allowed_updates": [],
                "enabled": false,
                "proration_behavior": "none",
                "schedule_at_period_end": { "conditions": [] },
                "trial_update_behavior": "end_trial",
            },
        },
        "is_default": true,
        "livemode": false,
        "login_page": { "enabled": false, "url": null },
        "metadata": {},
        "name": null,
        "updated": now(),
    })
}

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let customer = params.required("customer")?;
    customer::expect(state, &customer)?;
    let return_url = match params.text("return_url")? {
        Some(url) => Some(checked_url(url, "return_url")?),
        None => None,
    };
    let configuration = match params.text("configuration")? {
        Some(id) => Cow::Borrowed(state.store.get(CONFIGURATION, &id, "configuration")?),
        None => default(state).ok_or_else(|| {
            let message = "No configuration was provided, and this mode has no default \
                           configuration: save the customer portal's settings in the dashboard.";
            Error::invalid(message)
        })?,
    };
    let configuration = configuration["id"].clone();
    let locale = params.text("locale")?;
    if params.has("flow_data") {
        let message = "The sandbox does not support a session's flow_data.";
        return Err(Error::invalid(message).param("flow_data"));
    }
    call.params.finish()?;
    let secret = ids::secret("test_");
    let session = json!({
        "id": ids::long("bps_1"),
        "object": KIND,
        "configuration": configuration,
        "created": now(),
        "customer": customer,
        "customer_account": null,
        "flow": null,
        "livemode": false,
        "locale": locale,
        "on_behalf_of": null,
        "return_url": return_url,
        "url": format!("{}/p/session/{secret}", state.url),
    });
    state
        .portals
        .insert(secret, text(&session, "id").to_owned());
    Ok(state.create("billing_portal.session.created", session))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(CONFIGURATION, &id, "id").cloned()
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let active = call.params.flag("active")?.map(|active| active.to_string());
    let default = call.params.flag("is_default")?.map(|flag| flag.to_string());
    call.params.finish()?;
    let url = "/v1/billing_portal/configurations";
    page.of(&state.store, CONFIGURATION, url, |configuration| {
        is(&configuration["active"], active.as_ref())
            && is(&configuration["is_default"], default.as_ref())
    })
}
