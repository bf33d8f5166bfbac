//! Invoice items: amounts that wait for the customer's next invoice, such as prorations.

use serde_json::{Value, json};

use crate::{
    clock::now,
    error::Error,
    ids,
    list::{Page, is},
    metadata, money,
    objects::{customer, invoice, test_clock},
    route::{Call, Route},
    state::State,
    store::text,
};

/// Stripe's name for this kind of object.
const KIND: &str = "invoiceitem";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/invoiceitems", create),
    Route::new("GET", "/v1/invoiceitems", list),
    Route::new("GET", "/v1/invoiceitems/{}", retrieve),
    Route::new("DELETE", "/v1/invoiceitems/{}", delete),
];

/// Stores the item of a subscription's line, for its next invoice. The line's id names the item's.
pub(crate) fn of_line(state: &mut State, subscription: &Value, line: &Value) -> Value {
    let details = &line["parent"]["subscription_item_details"];
    let mut item = shape(text(subscription, "customer"), text(line, "currency"));
    for field in [
        "amount",
        "description",
        "discountable",
        "metadata",
        "period",
        "quantity",
    ] {
        item[field] = line[field].clone();
    }
    item["net_amount"] = line["amount"].clone();
    item["parent"] = json!({
        "subscription_details": {
            "subscription": subscription["id"],
            "subscription_item": details["subscription_item"],
        },
        "type": "subscription_details",
    });
    item["pricing"] = line["pricing"].clone();
    item["proration"] = details["proration"].clone();
    item["test_clock"] = subscription["test_clock"].clone();
    keep(state, item)
}

fn shape(customer: &str, currency: &str) -> Value {
    json!({
        "id": ids::long("ii_1"),
        "object": KIND,
        "amount": 0,
        "currency": currency,
        "customer": customer,
        "customer_account": null,
        "date": now(),
        "description": null,
        "discountable": true,
        "discounts": [],
        "invoice": null,
        "livemode": false,
        "metadata": {},
        "net_amount": 0,
        "parent": null,
        "period": { "end": now(), "start": now() },
        "pricing": null,
        "proration": false,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": null,
    })
}

/// The items that wait for an invoice of this subscription, oldest first; without a subscription,
/// those of the customer alone.
pub(crate) fn pending(state: &State, customer: &str, subscription: Option<&str>) -> Vec<Value> {
    let waits = |item: &&Value| {
        let of = item["parent"]["subscription_details"]["subscription"].as_str();
        item["customer"] == *customer && of == subscription
    };
    let items = state.billing.waiting.iter();
    let items = items.filter_map(|id| state.store.find(id)).filter(waits);
    items.cloned().collect()
}

/// Stores an item, which waits unless it is on an invoice.
fn keep(state: &mut State, item: Value) -> Value {
    if item["invoice"].is_null() {
        state.billing.waiting.push(text(&item, "id").to_owned());
    }
    state.create("invoiceitem.created", item)
}

/// Puts an item on an invoice.
pub(crate) fn put_on(state: &mut State, item: &str, invoice: &str) {
    state.billing.waiting.retain(|waits| waits != item);
    state.update(item, &json!({ "invoice": invoice }));
}

/// The line of an invoice for an item.
pub(crate) fn line(item: &Value) -> Value {
    let of = &item["parent"]["subscription_details"];
    let details = json!({
        "invoice_item": item["id"],
        "proration": item["proration"],
        "proration_details": { "credited_items": null },
        "subscription": of["subscription"],
    });
    let parent = match of["subscription"].is_string() {
        false => json!({
            "invoice_item_details": details,
            "subscription_item_details": null,
            "type": "invoice_item_details",
        }),
        true => {
            let mut details = details;
            details["subscription_item"] = of["subscription_item"].clone();
            json!({
                "invoice_item_details": null,
                "subscription_item_details": details,
                "type": "subscription_item_details",
            })
        }
    };
    json!({
        "id": ids::long("il_1"),
        "object": "line_item",
        "amount": item["amount"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": item["discountable"],
        "discounts": [],
        "invoice": null,
        "livemode": false,
        "metadata": item["metadata"],
        "parent": parent,
        "period": item["period"],
        "pretax_credit_amounts": [],
        "pricing": item["pricing"],
        "quantity": item["quantity"],
        "subscription": of["subscription"],
        "subtotal": item["amount"],
        "taxes": [],
    })
}

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let payer = params.required("customer")?;
    customer::expect(state, &payer)?;
    let _time = test_clock::of_customer(state, &payer);
    let currency = money::currency(params)?;
    let mut item = shape(&payer, &currency);
    let amount = params.integer("amount")?;
    let amount = amount.ok_or_else(|| params.missing("amount"))?;
    item["amount"] = amount.into();
    item["net_amount"] = amount.into();
    item["description"] = params.clearable("description")?.unwrap_or_default();
    if let Some(metadata) = metadata::merged(params, &json!({}))? {
        item["metadata"] = metadata;
    }
    if let Some(subscription) = params.text("subscription")? {
        state
            .store
            .get("subscription", &subscription, "subscription")?;
        item["parent"] = json!({
            "subscription_details": { "subscription": subscription },
            "type": "subscription_details",
        });
    }
    if let Some(id) = params.text("invoice")? {
        let held = state.store.get(invoice::KIND, &id, "invoice")?;
        if held["status"] != "draft" {
            let message = "Only a draft can have more invoice items.";
            return Err(Error::invalid(message)
                .code("invoice_not_editable")
                .param("invoice"));
        }
        item["invoice"] = id.into();
    }
    params.accept(&["discountable", "period", "tax_behavior", "tax_code"]);
    call.params.finish()?;
    let item = keep(state, item);
    if item["invoice"].is_string() {
        invoice::add_line(state, text(&item, "invoice"), line(&item));
    }
    Ok(item)
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}

fn delete(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let item = state.store.get(KIND, &id, "id")?.clone();
    if item["invoice"].is_string() {
        let message = "An invoice item that is on an invoice cannot be deleted.";
        return Err(Error::invalid(message).executed());
    }
    Ok(drop(state, &item))
}

/// Deletes an item that waits.
pub(crate) fn drop(state: &mut State, item: &Value) -> Value {
    let id = text(item, "id");
    state.billing.waiting.retain(|waits| waits != id);
    let deleted = state.store.delete(id);
    state.emit("invoiceitem.deleted", item, None);
    deleted
}

fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let customer = call.params.text("customer")?;
    let invoice = call.params.text("invoice")?;
    let pending = call.params.flag("pending")?.unwrap_or(false);
    call.params.finish()?;
    page.of(&state.store, KIND, "/v1/invoiceitems", |item| {
        is(&item["customer"], customer.as_ref())
            && is(&item["invoice"], invoice.as_ref())
            && (!pending || item["invoice"].is_null())
    })
}
