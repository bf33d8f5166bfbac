//! The customer portal: its sessions and configurations.
//!
//! An account has no default configuration until its settings are saved in the dashboard, once in
//! each mode. Until then a session needs a configuration.
//!
//! - [`configuration`], [`mod@features`]: what customers may do.
//! - [`flow`]: a session for one change.
//! - [`actions`]: what customers do.

mod actions;
mod configuration;
mod features;
mod flow;

pub(crate) use actions::{
    cancel, change, features, keep, make_default, prices, resume, set_up, subscription,
    subscriptions, update_customer,
};
pub(crate) use configuration::save_settings;

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    objects::{checkout_session::checked_url, customer},
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "billing_portal.session";

/// The routes of sessions and configurations.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/billing_portal/sessions", create),
    Route::new(
        "POST",
        "/v1/billing_portal/configurations",
        configuration::create,
    ),
    Route::new(
        "GET",
        "/v1/billing_portal/configurations",
        configuration::list,
    ),
    Route::new(
        "GET",
        "/v1/billing_portal/configurations/{}",
        configuration::retrieve,
    ),
    Route::new(
        "POST",
        "/v1/billing_portal/configurations/{}",
        configuration::update,
    ),
    Route::new(
        "POST",
        "/_sandbox/billing_portal/save_settings",
        save_settings,
    ),
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let customer = params.required("customer")?;
    customer::expect(state, &customer)?;
    let return_url = match params.text("return_url")? {
        Some(url) => Some(checked_url(url, "return_url")?),
        None => None,
    };
    let configuration = match params.text("configuration")? {
        Some(id) => state
            .store
            .get(configuration::KIND, &id, "configuration")?
            .clone(),
        None => configuration::default(state)
            .ok_or_else(|| {
                let message = "No configuration was provided, and this mode has no default \
                    configuration: save the customer portal's settings in the dashboard.";
                Error::invalid(message)
            })?
            .into_owned(),
    };
    if configuration["active"] != true {
        let message = "This configuration is inactive.";
        return Err(Error::invalid(message).param("configuration"));
    }
    let locale = params.text("locale")?;
    let flow = match params.nested("flow_data")? {
        Some(given) => flow::read(state, given, &customer, &configuration)?,
        None => Value::Null,
    };
    call.params.finish()?;
    let secret = ids::secret("test_");
    let default = configuration["default_return_url"].clone();
    let session = json!({
        "id": ids::long("bps_1"),
        "object": KIND,
        "configuration": configuration["id"],
        "created": now(),
        "customer": customer,
        "customer_account": null,
        "flow": flow,
        "livemode": false,
        "locale": locale,
        "on_behalf_of": null,
        "return_url": return_url.map_or(default, Value::from),
        "url": format!("{}/p/session/{secret}", state.url),
    });
    state
        .portals
        .insert(secret, text(&session, "id").to_owned());
    Ok(state.create("billing_portal.session.created", session))
}
