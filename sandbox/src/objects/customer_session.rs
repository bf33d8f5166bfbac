//! Customer sessions: the access of a page to a customer's saved payment methods.

use serde_json::{Value, json};

use super::payment_method::{self, REDISPLAY};
use crate::{
    clock::now,
    error::Error,
    ids,
    objects::customer,
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "customer_session";

/// The name of a client secret in a page's request.
pub(crate) const SECRET: &str = "customer_session_client_secret";

/// This kind's routes; a page reads a session as Stripe.js does.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/customer_sessions", create),
    Route::new("GET", "/v1/elements/sessions", elements).publishable(),
];

/// The lifetime of a session, in seconds.
const LIFETIME: u64 = 30 * 60;

/// The components that the sandbox does not support.
const NOT_MODELLED: &[&str] = &[
    "active_entitlements",
    "buy_button",
    "customer_portal",
    "customer_sheet",
    "mobile_payment_element",
    "pricing_table",
];
/// The unsupported components with features.
const WITH_FEATURES: &[&str] = &["customer_sheet", "mobile_payment_element"];

/// The features that are on or off.
const SWITCHES: &[&str] = &[
    "payment_method_redisplay",
    "payment_method_remove",
    "payment_method_save",
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    if call.params.has("customer_account") {
        let message = "The sandbox does not support a customer session's customer_account.";
        return Err(Error::invalid(message).param("customer_account"));
    }
    let customer = call.params.required("customer")?;
    customer::expect(state, &customer)?;
    let given = call.params.nested("components")?;
    let components = components(given.ok_or_else(|| call.params.missing("components"))?)?;
    call.params.finish()?;
    let created = now();
    let session = json!({
        "object": KIND,
        "client_secret": ids::secret("cuss_secret_"),
        "components": components,
        "created": created,
        "customer": customer,
        "customer_account": null,
        "expires_at": created + LIFETIME,
        "livemode": false,
    });
    let held = &mut state.customer_sessions;
    held.retain(|_, session| !is_over(session));
    held.insert(text(&session, "client_secret").to_owned(), session.clone());
    Ok(session)
}

fn is_over(session: &Value) -> bool {
    session["expires_at"].as_u64().unwrap_or_default() <= now()
}

fn components(mut given: Params) -> Result<Value, Error> {
    let mut components = json!({});
    for name in NOT_MODELLED {
        let enabled = match given.nested(name)? {
            Some(mut component) => enabled(&mut component)?,
            None => false,
        };
        if enabled {
            let message = format!("The sandbox does not support the component {name}.");
            return Err(Error::invalid(&message).param(&given.name(name)));
        }
        components[*name] = json!({ "enabled": false });
    }
    for name in WITH_FEATURES {
        components[*name]["features"] = Value::Null;
    }
    let element = given.nested("payment_element")?;
    let mut element = element.unwrap_or_default();
    if !element.has("enabled") || !enabled(&mut element)? {
        let message = "At least one component has to be enabled: the sandbox supports \
                       payment_element.";
        return Err(Error::invalid(message).param("components"));
    }
    let features = features(element.nested("features")?.unwrap_or_default())?;
    element.finish()?;
    given.finish()?;
    components["payment_element"] = json!({ "enabled": true, "features": features });
    Ok(components)
}

fn enabled(component: &mut Params) -> Result<bool, Error> {
    let enabled = component.flag("enabled")?;
    enabled.ok_or_else(|| component.missing("enabled"))
}

/// The features of the Payment Element; all are off by default.
fn features(mut given: Params) -> Result<Value, Error> {
    let mut features = json!({
        "payment_method_allow_redisplay_filters": ["always"],
        "payment_method_redisplay": "disabled",
        "payment_method_redisplay_limit": 3,
        "payment_method_remove": "disabled",
        "payment_method_save": "disabled",
        "payment_method_save_usage": null,
    });
    for name in SWITCHES {
        if let Some(word) = given.choice(name, &["disabled", "enabled"])? {
            features[*name] = word.into();
        }
    }
    let name = "payment_method_save_usage";
    if let Some(usage) = given.choice(name, &["off_session", "on_session"])? {
        features[name] = usage.into();
    }
    let name = "payment_method_redisplay_limit";
    if let Some(limit) = given.integer(name)? {
        if !(1..=10).contains(&limit) {
            let message = format!("{} has to be between 1 and 10.", given.name(name));
            return Err(Error::invalid(&message).param(&given.name(name)));
        }
        features[name] = limit.into();
    }
    let name = "payment_method_allow_redisplay_filters";
    if let Some(filters) = given.list(name)? {
        if filters
            .iter()
            .any(|word| !REDISPLAY.contains(&word.as_str()))
        {
            let words = REDISPLAY.join(", ");
            let message = format!("{} contains only {words}.", given.name(name));
            return Err(Error::invalid(&message).param(&given.name(name)));
        }
        features[name] = filters.into();
    }
    given.finish()?;
    Ok(features)
}

/// The session with this client secret, unless it expired.
fn opened<'a>(state: &'a State, secret: &str) -> Result<&'a Value, Error> {
    let session = state.customer_sessions.get(secret);
    let session = session.filter(|session| !is_over(session));
    session.ok_or_else(|| {
        let message = "The customer session does not exist, or it expired.";
        Error::invalid(message).param(SECRET)
    })
}

/// The saved payment methods that a page may show, the newest first.
fn elements(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let secret = call.params.required(SECRET)?;
    call.params.accept(&["_stripe_version"]);
    call.params.finish()?;
    let session = opened(state, &secret)?;
    customer::expect(state, text(session, "customer"))?;
    let features = &session["components"]["payment_element"]["features"];
    let shown = match text(features, "payment_method_redisplay") {
        "enabled" => redisplayed(state, text(session, "customer"), features),
        _ => Vec::new(),
    };
    let mut session = session.clone();
    if let Some(fields) = session.as_object_mut() {
        fields.remove("client_secret");
    }
    Ok(json!({
        "object": "elements_session",
        "customer": { "customer_session": session, "payment_methods": shown },
        "livemode": false,
    }))
}

fn redisplayed(state: &State, customer: &str, features: &Value) -> Vec<Value> {
    let filters = features["payment_method_allow_redisplay_filters"].as_array();
    let limit = features["payment_method_redisplay_limit"].as_u64();
    let held = payment_method::of_customer(state, customer)
        .into_iter()
        .rev();
    let held = held.filter_map(|id| state.store.find(&id).cloned());
    let is_shown =
        |method: &Value| filters.is_some_and(|words| words.contains(&method["allow_redisplay"]));
    let limit = limit.and_then(|limit| usize::try_from(limit).ok());
    held.filter(is_shown).take(limit.unwrap_or(3)).collect()
}

/// Rejects a page that may not remove this payment method.
pub(crate) fn check_removal(state: &State, secret: &str, method: &Value) -> Result<(), Error> {
    let session = opened(state, secret)?;
    let features = &session["components"]["payment_element"]["features"];
    if session["customer"] != method["customer"] {
        return Err(Error::missing("payment_method", text(method, "id"), "id"));
    }
    if features["payment_method_remove"] != "enabled" {
        let message = "The customer session does not have the feature payment_method_remove.";
        return Err(Error::invalid(message).param(SECRET));
    }
    Ok(())
}
