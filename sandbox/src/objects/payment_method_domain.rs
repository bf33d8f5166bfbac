//! Payment method domains: the web domains on which wallets may appear in a form.
//!
//! On a domain with the prefix `unverified.` the wallets stay inactive, as if it had not served
//! their verification file.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "payment_method_domain";
/// The methods that need a domain.
const METHODS: [&str; 6] = [
    "amazon_pay",
    "apple_pay",
    "google_pay",
    "klarna",
    "link",
    "paypal",
];

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/payment_method_domains", create),
    Route::new("GET", "/v1/payment_method_domains", list),
    Route::new("GET", "/v1/payment_method_domains/{}", retrieve),
    Route::new("POST", "/v1/payment_method_domains/{}", update),
    Route::new("POST", "/v1/payment_method_domains/{}/validate", retrieve),
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let name = call.params.required("domain_name")?;
    let enabled = call.params.flag("enabled")?.unwrap_or(true);
    call.params.finish()?;
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c);
    if !name.contains('.') || !name.chars().all(is_name) {
        let message = "domain_name has to be a plain domain, such as shop.example.";
        return Err(Error::invalid(message).param("domain_name"));
    }
    let known = state
        .store
        .all(KIND)
        .find(|domain| text(domain, "domain_name") == name);
    if let Some(known) = known {
        return Ok(known.into_owned());
    }
    let status = match name.starts_with("unverified.") {
        true => "inactive",
        false => "active",
    };
    let mut domain = json!({
        "id": ids::long("pmd_1"),
        "object": KIND,
        "created": now(),
        "domain_name": name,
        "enabled": enabled,
        "livemode": false,
    });
    for method in METHODS {
        domain[method] = json!({ "status": status });
    }
    state.store.insert(domain.clone());
    Ok(domain)
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let enabled = call.params.flag("enabled")?;
    call.params.finish()?;
    state.store.get(KIND, &id, "payment_method_domain")?;
    Ok(match enabled {
        Some(enabled) => state.update(&id, &json!({ "enabled": enabled })),
        None => state.update(&id, &json!({})),
    })
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "payment_method_domain").cloned()
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let name = call.params.text("domain_name")?;
    let enabled = call
        .params
        .flag("enabled")?
        .map(|enabled| enabled.to_string());
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/payment_method_domains", |domain| {
        is(&domain["domain_name"], name.as_ref()) && is(&domain["enabled"], enabled.as_ref())
    })
}
