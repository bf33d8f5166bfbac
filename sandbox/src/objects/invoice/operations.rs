//! What a shop does with an invoice: creates, finalizes, pays, voids and gives up.

use serde_json::{Value, json};

use super::{
    KIND, collection,
    draft::{self, Draft},
    status,
};
use crate::{
    clock::now,
    error::Error,
    metadata, money,
    objects::{customer, invoice_item, payment_method, test_clock},
    route::Call,
    state::State,
    store::text,
};

/// Creates a draft of the customer's pending invoice items.
pub(super) fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let payer = params.required("customer")?;
    customer::expect(state, &payer)?;
    let currency = match params.has("currency") {
        true => Some(money::currency(params)?),
        false => None,
    };
    let advances = params.flag("auto_advance")?.unwrap_or(false);
    let how = params.choice(
        "collection_method",
        &["charge_automatically", "send_invoice"],
    )?;
    let pending = params.choice("pending_invoice_items_behavior", &["exclude", "include"])?;
    let own = metadata::merged(params, &json!({}))?;
    let description = params.clearable("description")?;
    params.accept(&["days_until_due", "footer", "payment_settings"]);
    call.params.finish()?;
    let _time = test_clock::of_customer(state, &payer);
    let items = match pending.as_deref() {
        Some("include") => invoice_item::pending(state, &payer, None),
        _ => Vec::new(),
    };
    let of_items = items.first().map(|item| text(item, "currency").to_owned());
    let currency = currency.or(of_items).unwrap_or_else(|| "usd".to_owned());
    let draft = Draft {
        customer: &payer,
        currency: &currency,
        subscription: None,
        reason: "manual",
        lines: items.iter().map(invoice_item::line).collect(),
        period: (now(), now()),
    };
    let invoice = draft.create(state);
    let mut patch = json!({ "metadata": own.unwrap_or_else(|| json!({})) });
    patch["description"] = description.unwrap_or_default();
    if let Some(how) = how {
        patch["collection_method"] = how.into();
    }
    let invoice = state.update(text(&invoice, "id"), &patch);
    Ok(match advances {
        true => draft::advance(state, &invoice),
        false => invoice,
    })
}

/// Finalizes a draft, without a wait.
pub(super) fn finalize(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let advances = call.params.flag("auto_advance")?;
    call.params.finish()?;
    let invoice = expect(state, &id, &["draft"], "finalized")?;
    let _time = collection::time(state, &invoice);
    Ok(match advances.unwrap_or(invoice["auto_advance"] == true) {
        true => collection::advance(state, &id),
        false => status::finalize(state, &id),
    })
}

/// Pays an open invoice: by a payment method, or outside of Stripe. A draft is finalized first.
pub(crate) fn pay(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let method = call.params.text("payment_method")?;
    let outside = call.params.flag("paid_out_of_band")?.unwrap_or(false);
    call.params
        .accept(&["forgive", "mandate", "off_session", "source"]);
    call.params.finish()?;
    let mut invoice = expect(state, &id, &["draft", "open", "uncollectible"], "paid")?;
    let _time = collection::time(state, &invoice);
    if invoice["status"] == "draft" {
        invoice = status::finalize(state, &id);
    }
    if invoice["status"] == "paid" {
        return Ok(invoice);
    }
    if outside {
        return Ok(status::paid_outside(state, &invoice));
    }
    let method = match method {
        Some(method) => method,
        None => collection::method_of(state, &invoice),
    };
    if method.is_empty() {
        return Err(collection::no_method());
    }
    payment_method::expect_of(state, &method, text(&invoice, "customer"), "payment_method")?;
    collection::attempt(state, &invoice, &method)?;
    let invoice = state.store.get(KIND, &id, "id")?.clone();
    match text(&invoice, "status") {
        "open" => Err(needs_payer(&invoice)),
        _ => Ok(invoice),
    }
}

/// Stripe's error for a payment that needs a challenge of the payer.
fn needs_payer(invoice: &Value) -> Error {
    let message = "This payment requires additional user action before it can be completed \
                   successfully. Payment can be completed using the invoice's confirmation_secret.";
    Error::card("invoice_payment_intent_requires_action", message)
        .with("invoice", invoice["id"].clone())
        .executed()
}

/// Voids an open invoice.
pub(crate) fn void(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let invoice = expect(state, &id, &["open", "uncollectible"], "voided")?;
    let _time = collection::time(state, &invoice);
    Ok(status::void(state, &id))
}

/// Marks an open invoice as uncollectible.
pub(super) fn give_up(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let invoice = expect(state, &id, &["open"], "marked as uncollectible")?;
    let _time = collection::time(state, &invoice);
    Ok(status::mark_uncollectible(state, &id))
}

/// Changes what an invoice says.
pub(super) fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut invoice = state.store.get(KIND, &call.id(), "id")?.clone();
    let params = &mut call.params;
    if let Some(metadata) = metadata::merged(params, &invoice["metadata"])? {
        invoice["metadata"] = metadata;
    }
    for field in ["description", "footer", "default_payment_method"] {
        if let Some(value) = params.clearable(field)? {
            invoice[field] = value;
        }
    }
    if let Some(advances) = params.flag("auto_advance")? {
        invoice["auto_advance"] = advances.into();
    }
    call.params.finish()?;
    Ok(state.change_object("invoice.updated", text(&invoice, "id"), &invoice))
}

fn expect(state: &State, id: &str, statuses: &[&str], what: &str) -> Result<Value, Error> {
    let invoice = state.store.get(KIND, id, "id")?;
    let status = text(invoice, "status");
    if statuses.contains(&status) {
        return Ok(invoice.clone());
    }
    let message = format!("An invoice that is {status} cannot be {what}.");
    let code = match status {
        "paid" => "invoice_already_paid",
        "draft" => "invoice_not_finalized",
        _ => "invoice_not_editable",
    };
    Err(Error::unexpected(code, &message))
}
