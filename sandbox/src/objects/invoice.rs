//! Invoices: of paid checkout sessions, of subscriptions, and of invoice items.
//!
//! - [`session`]: the invoice that `invoice_creation` of a session makes.
//! - [`shape`], [`mod@line`], [`draft`]: the JSON of an invoice, of its lines, and how it begins.
//! - [`status`]: its states, with their events.
//! - [`collection`]: attempts to collect it.
//! - [`payments`]: its invoice payments.
//! - [`mod@prepaid`]: the first invoice of a subscription from Checkout.
//! - [`operations`]: what a shop does with it.

use serde_json::Value;

use crate::{
    error::Error,
    ids,
    list::{Page, is},
    objects::subscription,
    route::{Call, Route},
    state::State,
    store::{number, text},
};

mod collection;
mod draft;
mod line;
pub(crate) mod operations;
mod payments;
mod prepaid;
mod session;
mod shape;
mod status;

pub(crate) use collection::pay_on_page;
pub(crate) use collection::{
    advance as collect_now, follow, method_of, no_method, on_timer, subscription_of, wake,
};
pub(crate) use draft::{Draft, add_line, advance};
pub(crate) use line::{Line, product_name, trial, whole};
#[expect(unused_imports, reason = "for Checkout and the portal")]
pub(crate) use payments::intent_of;
pub(crate) use prepaid::prepaid;
pub(crate) use session::{creation, of_session};
pub(crate) use status::{finalize, mark_uncollectible, stop, void};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "invoice";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/invoices", operations::create),
    Route::new("POST", "/v1/invoices/create_preview", subscription::preview),
    Route::new("GET", "/v1/invoices", list),
    Route::new("GET", "/v1/invoices/{}", retrieve),
    Route::new("GET", "/v1/invoices/{}/lines", lines),
    Route::new("POST", "/v1/invoices/{}", operations::update),
    Route::new("POST", "/v1/invoices/{}/finalize", operations::finalize),
    Route::new("POST", "/v1/invoices/{}/pay", operations::pay),
    Route::new("POST", "/v1/invoices/{}/void", operations::void),
    Route::new(
        "POST",
        "/v1/invoices/{}/mark_uncollectible",
        operations::give_up,
    ),
    Route::new("GET", "/v1/invoice_payments", payments::list),
    Route::new("GET", "/v1/invoice_payments/{}", payments::retrieve),
];

/// The path of an invoice's page, before the id of its session.
pub(crate) const PAGES: &str = "/i/";

/// The next number of a customer's invoices: `B7K2M9QX-0001`.
fn next_number(state: &mut State, customer: &str) -> String {
    let held = state.store.find(customer).cloned().unwrap_or_default();
    let next = number(&held, "next_invoice_sequence").max(1);
    let patch = serde_json::json!({ "next_invoice_sequence": next + 1 });
    state.update(customer, &patch);
    let prefix = match text(&held, "invoice_prefix") {
        "" => ids::code(),
        prefix => prefix.to_owned(),
    };
    format!("{prefix}-{next:04}")
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

/// Lists the lines of an invoice, in their order.
fn lines(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    let invoice = state.store.get(KIND, &id, "id")?;
    let lines = invoice["lines"]["data"].as_array();
    let lines: Vec<&Value> = lines.into_iter().flatten().collect();
    page.among(
        &lines,
        "line_item",
        &format!("/v1/invoices/{id}/lines"),
        |_| true,
    )
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let customer = call.params.text("customer")?;
    let subscription = call.params.text("subscription")?;
    let statuses = ["draft", "open", "paid", "uncollectible", "void"];
    let status = call.params.choice("status", &statuses)?;
    let how = call.params.text("collection_method")?;
    call.params.finish()?;
    let held = subscription.as_ref().and_then(|id| state.store.find(id));
    let payer = held.and_then(|held| held["customer"].as_str());
    let payer = customer.as_deref().or(payer);
    page.of_customer(&state.store, payer, KIND, "/v1/invoices", |invoice| {
        is(&invoice["customer"], customer.as_ref())
            && is(&invoice["status"], status.as_ref())
            && is(&invoice["collection_method"], how.as_ref())
            && subscription
                .as_ref()
                .is_none_or(|id| subscription_of(invoice) == id)
    })
}
