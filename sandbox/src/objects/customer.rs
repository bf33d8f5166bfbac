//! Customers and their payment methods.

mod search;

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata,
    objects::{payment_method, subscription, test_clock},
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "customer";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/customers", create),
    Route::new("GET", "/v1/customers", list),
    Route::new("GET", "/v1/customers/search", search::search),
    Route::new("GET", "/v1/customers/{}", retrieve),
    Route::new("POST", "/v1/customers/{}", update),
    Route::new("DELETE", "/v1/customers/{}", delete),
    Route::new("GET", "/v1/customers/{}/payment_methods", methods),
    Route::new("GET", "/v1/customers/{}/payment_methods/{}", method),
];

const CLEARABLE: &[&str] = &["description", "email", "name", "phone"];

const NOT_MODELLED: &[&str] = &[
    "balance",
    "business_name",
    "cash_balance",
    "individual_name",
    "invoice_prefix",
    "next_invoice_sequence",
    "tax",
    "tax_id_data",
];

fn shape() -> Value {
    json!({
        "id": ids::short("cus_"),
        "object": KIND,
        "address": null,
        "balance": 0,
        "created": now(),
        "currency": null,
        "customer_account": null,
        "default_source": null,
        "delinquent": false,
        "description": null,
        "discount": null,
        "email": null,
        "invoice_prefix": ids::short("").to_uppercase().get(..8),
        "invoice_settings": {
            "custom_fields": null,
            "default_payment_method": null,
            "footer": null,
            "rendering_options": null,
        },
        "livemode": false,
        "metadata": {},
        "name": null,
        "next_invoice_sequence": 1,
        "phone": null,
        "preferred_locales": [],
        "shipping": null,
        "tax_exempt": "none",
        "test_clock": null,
    })
}

/// Clears the default of a customer whose payment method was detached.
pub(crate) fn forget_method(state: &mut State, id: &str, method: &str) {
    let Ok(customer) = state.store.get(KIND, id, KIND) else {
        return;
    };
    let mut settings = customer["invoice_settings"].clone();
    if settings["default_payment_method"] == *method {
        settings["default_payment_method"] = Value::Null;
        let patch = json!({ "invoice_settings": settings });
        state.change_object("customer.updated", id, &patch);
    }
}

/// Rejects a reference to a customer that does not exist or was deleted.
pub(crate) fn expect(state: &State, id: &str) -> Result<(), Error> {
    state.store.get(KIND, id, KIND).map(drop)
}

pub(crate) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let clock = call.params.text("test_clock")?;
    if let Some(clock) = &clock {
        test_clock::expect(state, clock)?;
    }
    let _time = test_clock::enter(state, &json!({ "test_clock": clock }));
    let mut customer = shape();
    customer["test_clock"] = json!(clock);
    details(&mut call.params, &mut customer)?;
    let named = json!(call.params.peek("payment_method"));
    let source = call.params.text("source")?;
    let mut chosen = payment_method::Chosen::read(state, &mut call.params)?;
    if let Some(source) = &source {
        chosen = Some(payment_method::Chosen::of_source(state, source)?);
    }
    call.params.finish()?;
    let chosen = chosen.map(payment_method::Chosen::attachable).transpose()?;
    let method = chosen.map(|chosen| chosen.save(state));
    let default = customer["invoice_settings"]["default_payment_method"].clone();
    match &method {
        Some(method) if default == named && !default.is_null() => {
            customer["invoice_settings"]["default_payment_method"] = method.clone().into();
        }
        _ => expect_method(state, &default, text(&customer, "id"))?,
    }
    if source.is_some() {
        customer["default_source"] = json!(method);
    }
    let customer = state.create("customer.created", customer);
    if let Some(method) = method {
        payment_method::attach_to(state, &method, text(&customer, "id"));
    }
    Ok(customer)
}

/// Rejects a default payment method that is not the customer's.
fn expect_method(state: &State, method: &Value, customer: &str) -> Result<(), Error> {
    let param = "invoice_settings[default_payment_method]";
    match method.as_str() {
        Some(id) => payment_method::expect_of(state, id, customer, param),
        None => Ok(()),
    }
}

/// Creates a customer from the payer's details, and the shipping details if there are any.
pub(crate) fn of_payer(state: &mut State, details: &Value, shipping: &Value) -> Value {
    let mut customer = shape();
    for field in ["email", "name", "phone", "address"] {
        customer[field] = details[field].clone();
    }
    if !shipping.is_null() {
        for field in ["address", "name", "phone"] {
            customer["shipping"][field] = shipping[field].clone();
        }
    }
    state.create("customer.created", customer)
}

fn details(params: &mut Params, customer: &mut Value) -> Result<(), Error> {
    for field in CLEARABLE {
        if let Some(value) = params.clearable(field)? {
            customer[*field] = value;
        }
    }
    for field in ["address", "shipping"] {
        if params.is_group(field) {
            customer[field] = params.any(field).unwrap_or_default();
        } else if let Some(value) = params.clearable(field)? {
            customer[field] = expect_null(value, field)?;
        }
    }
    if let Some(locales) = params.list("preferred_locales")? {
        customer["preferred_locales"] = locales.into();
    }
    if let Some(exempt) = params.choice("tax_exempt", &["exempt", "none", "reverse"])? {
        customer["tax_exempt"] = exempt.into();
    }
    if let Some(settings) = params.nested("invoice_settings")? {
        invoice_settings(settings, &mut customer["invoice_settings"])?;
    }
    if let Some(metadata) = metadata::merged(params, &customer["metadata"])? {
        customer["metadata"] = metadata;
    }
    params.accept(NOT_MODELLED);
    Ok(())
}

/// Only an empty value clears a group.
fn expect_null(value: Value, field: &str) -> Result<Value, Error> {
    if value.is_null() {
        return Ok(value);
    }
    let message = format!("{field} has to be a group of parameters.");
    Err(Error::invalid(&message).param(field))
}

fn invoice_settings(mut given: Params, settings: &mut Value) -> Result<(), Error> {
    for field in ["default_payment_method", "footer"] {
        if let Some(value) = given.clearable(field)? {
            settings[field] = value;
        }
    }
    given.accept(&["custom_fields", "rendering_options"]);
    given.finish()
}

/// A deleted customer is found by its id, and shows only that.
fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let found = state
        .store
        .find(&id)
        .filter(|object| object["object"] == KIND);
    found
        .cloned()
        .ok_or_else(|| Error::missing(KIND, &id, "id"))
}

/// Changes a customer.
pub(crate) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut customer = state.store.get(KIND, &call.id(), "id")?.clone();
    let before = customer["invoice_settings"]["default_payment_method"].clone();
    details(&mut call.params, &mut customer)?;
    call.params.accept(&["default_source", "source"]);
    call.params.finish()?;
    let default = &customer["invoice_settings"]["default_payment_method"];
    if *default != before {
        expect_method(state, default, text(&customer, "id"))?;
    }
    Ok(state.change_object("customer.updated", text(&customer, "id"), &customer))
}

/// Deletes a customer, cancels its subscriptions and detaches its payment methods.
pub(crate) fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let customer = state.store.get(KIND, &id, "id")?.clone();
    subscription::end_all(state, &id);
    let methods = payment_method::of_customer(state, &id);
    for method in methods {
        state.change_object(
            "payment_method.detached",
            &method,
            &json!({ "customer": null }),
        );
    }
    let deleted = state.store.delete(&id);
    state.emit("customer.deleted", &customer, None);
    Ok(deleted)
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let email = call.params.text("email")?;
    let clock = call.params.text("test_clock")?;
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/customers", |customer| {
        is(&customer["email"], email.as_ref()) && is(&customer["test_clock"], clock.as_ref())
    })
}

fn methods(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let page = Page::read(&mut call.params)?;
    let listed = payment_method::Listed::read(&mut call.params)?;
    call.params.finish()?;
    state.store.get(KIND, &id, "id")?;
    let url = format!("/v1/customers/{id}/payment_methods");
    page.of(&state.store, payment_method::KIND, &url, |method| {
        method["customer"] == *id && listed.includes(method)
    })
}

fn method(state: &mut State, call: Call) -> Result<Value, Error> {
    let (id, wanted) = (call.id(), call.ids.get(1).cloned().unwrap_or_default());
    call.params.finish()?;
    state.store.get(KIND, &id, "id")?;
    let method = state.store.get(payment_method::KIND, &wanted, "id")?;
    match method["customer"] == *id {
        true => Ok(method.clone()),
        false => Err(Error::missing(payment_method::KIND, &wanted, "id")),
    }
}
