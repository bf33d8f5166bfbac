//! Products of prices.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata,
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "product";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/products", create),
    Route::new("GET", "/v1/products", list),
    Route::new("GET", "/v1/products/{}", retrieve),
    Route::new("POST", "/v1/products/{}", update),
];

/// A product in Stripe's form.
pub(crate) fn shape(id: &str, name: &str) -> Value {
    let now = now();
    json!({
        "id": id,
        "object": KIND,
        "active": true,
        "created": now,
        "default_price": null,
        "description": null,
        "images": [],
        "livemode": false,
        "marketing_features": [],
        "metadata": {},
        "name": name,
        "package_dimensions": null,
        "shippable": null,
        "statement_descriptor": null,
        "tax_code": null,
        "type": "service",
        "unit_label": null,
        "updated": now,
        "url": null,
    })
}

/// Reads a new product; `product_data` of a price has the same parameters.
pub(crate) fn read(state: &State, mut params: Params) -> Result<Value, Error> {
    let id = params.text("id")?.unwrap_or_else(|| ids::short("prod_"));
    if state.store.find(&id).is_some() {
        let message = format!("The product '{id}' already exists.");
        return Err(Error::invalid(&message)
            .code("resource_already_exists")
            .param("id"));
    }
    let mut product = shape(&id, &params.required("name")?);
    details(&mut params, &mut product)?;
    params.finish()?;
    Ok(product)
}

/// Creates a product.
pub(crate) fn make(state: &mut State, params: Params) -> Result<Value, Error> {
    let product = read(state, params)?;
    Ok(state.create("product.created", product))
}

fn details(params: &mut Params, product: &mut Value) -> Result<(), Error> {
    if let Some(active) = params.flag("active")? {
        product["active"] = active.into();
    }
    for field in [
        "description",
        "url",
        "statement_descriptor",
        "unit_label",
        "tax_code",
    ] {
        if let Some(value) = params.clearable(field)? {
            product[field] = value;
        }
    }
    if let Some(images) = params.list("images")? {
        product["images"] = images.into();
    }
    if let Some(metadata) = metadata::merged(params, &product["metadata"])? {
        product["metadata"] = metadata;
    }
    params.accept(&[
        "marketing_features",
        "package_dimensions",
        "shippable",
        "type",
    ]);
    Ok(())
}

fn create(state: &mut State, call: Call) -> Result<Value, Error> {
    make(state, call.params)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

pub(crate) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut product = state.store.get(KIND, &call.id(), "id")?.clone();
    details(&mut call.params, &mut product)?;
    for field in ["name", "default_price"] {
        if let Some(value) = call.params.text(field)? {
            product[field] = value.into();
        }
    }
    call.params.finish()?;
    product["updated"] = now().into();
    Ok(state.change_object("product.updated", text(&product, "id"), &product))
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let active = call.params.flag("active")?.map(|active| active.to_string());
    let ids = call.params.list("ids")?;
    let url = call.params.text("url")?;
    call.params.accept(&["shippable"]);
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/products", |product| {
        let named = |ids: &Vec<String>| ids.iter().any(|id| id == text(product, "id"));
        is(&product["active"], active.as_ref())
            && is(&product["url"], url.as_ref())
            && ids.as_ref().is_none_or(named)
    })
}
