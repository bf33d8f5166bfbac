//! Checkout sessions: a page or a form on which a payer pays for line items.
//!
//! - [`details`]: the parameters of a new session; [`options`], [`customer`] and [`custom_fields`]
//!   read some of them.
//! - [`lines`]: line items.
//! - [`discounts`], [`shipping`], [`totals`]: the amounts.
//! - [`subscription`]: what is different in the mode `subscription`.
//! - [`ui`]: the place of its payment.
//! - [`shape`]: its JSON.
//! - [`payer`]: the payer's entries.
//! - [`payment`]: payment, completion and expiry.
//! - [`recovery`]: a copy of an expired session.
//! - [`payment_page`]: the payer's view of a session.
//! - [`saved`]: the saved cards of its customer.

use serde_json::{Value, json};

use crate::{
    error::Error,
    list::{Page, is},
    metadata,
    route::{Call, Route},
    state::State,
    store::text,
};

mod custom_fields;
mod customer;
mod details;
mod discounts;
mod lines;
mod options;
mod payer;
mod payment;
mod payment_page;
mod recovery;
mod saved;
mod shape;
mod shipping;
mod subscription;
mod totals;
mod ui;

pub(crate) use details::checked_url;
pub(crate) use discounts::code;
pub(crate) use payment::{confirm, enter, follow, intent_of, on_timer, pay, run_out};
pub(crate) use recovery::recover;
pub(crate) use subscription::{needs_method, shown as recurring};
pub(crate) use ui::{ELEMENTS, EMBEDDED, returned};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "checkout.session";

/// The name of the id in a request's path.
const PARAM: &str = "session";

/// This kind's routes; Stripe's command line pays through the payment pages.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/checkout/sessions", create),
    Route::new("GET", "/v1/checkout/sessions", list),
    Route::new("GET", "/v1/checkout/sessions/{}", retrieve),
    Route::new("POST", "/v1/checkout/sessions/{}", update),
    Route::new("POST", "/v1/checkout/sessions/{}/expire", payment::expire),
    Route::new("GET", "/v1/checkout/sessions/{}/line_items", line_items),
    Route::new("GET", "/v1/payment_pages/{}", payment_page::retrieve).publishable(),
    Route::new("POST", "/v1/payment_pages/{}", payment_page::enter).publishable(),
    Route::new(
        "POST",
        "/v1/payment_pages/{}/remove_payment_method",
        payment_page::remove_method,
    )
    .publishable(),
    Route::new(
        "POST",
        "/v1/payment_pages/{}/confirm",
        payment_page::confirm,
    )
    .publishable(),
    Route::new(
        "POST",
        "/_sandbox/checkout/sessions/{}/expire",
        payment::run_out,
    ),
    Route::new(
        "POST",
        "/_sandbox/checkout/sessions/{}/pay",
        payment::confirm,
    ),
];

fn create(state: &mut State, call: Call) -> Result<Value, Error> {
    let details = details::read(state, call.params)?;
    for object in details.new {
        match text(&object, "object") {
            "product" => drop(state.create("product.created", object)),
            "price" => drop(state.create("price.created", object)),
            _ => state.store.insert(object),
        }
    }
    let mut session = details.session;
    if session["client_secret"].is_null() {
        session["url"] = format!("{}/c/pay/{}", state.url, text(&session, "id")).into();
    }
    let id = text(&session, "id").to_owned();
    state.drafts.insert(id.clone(), details.draft);
    let at = session["expires_at"].as_u64().unwrap_or_default();
    state.scheduler.schedule(at.saturating_mul(1000), &id);
    keep_lines(state, &id, details.items);
    state.store.insert(session.clone());
    Ok(session)
}

/// Stores the lines of a session.
fn keep_lines(state: &mut State, id: &str, items: Vec<Value>) {
    let first = lines::first_page(id, &items);
    state.store.include(id, "line_items", first);
    state.lines.insert(id.to_owned(), items);
}

/// The session with this id.
pub(crate) fn get(state: &State, id: &str) -> Result<Value, Error> {
    state.store.get(KIND, id, PARAM).cloned()
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    get(state, &id)
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let session = get(state, &call.id())?;
    let metadata = metadata::merged(&mut call.params, &session["metadata"])?;
    let id = call.id();
    call.params.finish()?;
    let metadata = metadata.unwrap_or_else(|| session["metadata"].clone());
    Ok(state.update(&id, &json!({ "metadata": metadata })))
}

fn line_items(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    get(state, &id)?;
    let items: Vec<&Value> = state.lines.get(&id).into_iter().flatten().collect();
    let url = format!("/v1/checkout/sessions/{id}/line_items");
    page.among(&items, lines::KIND, &url, |_| true)
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let intent = call.params.text("payment_intent")?;
    let customer = call.params.text("customer")?;
    let subscription = call.params.text("subscription")?;
    let status = call
        .params
        .choice("status", &["open", "complete", "expired"])?;
    let email = match call.params.nested("customer_details")? {
        Some(mut details) => {
            let email = details.text("email")?;
            details.finish()?;
            email
        }
        None => None,
    };
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/checkout/sessions", |session| {
        is(&session["payment_intent"], intent.as_ref())
            && is(&session["customer"], customer.as_ref())
            && is(&session["subscription"], subscription.as_ref())
            && is(&session["status"], status.as_ref())
            && is(&session["customer_details"]["email"], email.as_ref())
    })
}
