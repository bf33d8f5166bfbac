//! Invoices of paid checkout sessions.

use serde_json::{Value, json};

use super::{PAGES, next_number, shape};
use crate::{clock::now, error::Error, metadata, params::Params, state::State, store::text};

/// Reads the `invoice_creation` of a session.
pub(crate) fn creation(mut given: Params) -> Result<Value, Error> {
    let enabled = given.flag("enabled")?;
    let enabled = enabled.ok_or_else(|| given.missing("enabled"))?;
    let data = given.nested("invoice_data")?.unwrap_or_default();
    given.finish()?;
    let data = if enabled { data_of(data)? } else { Value::Null };
    Ok(json!({ "enabled": enabled, "invoice_data": data }))
}

fn data_of(mut given: Params) -> Result<Value, Error> {
    let refused = ["account_tax_ids", "issuer", "rendering_options"];
    if let Some(name) = refused.iter().find(|name| given.has(name)) {
        let message = format!("The sandbox does not support an invoice's {name}.");
        return Err(Error::invalid(&message).param(&given.name(name)));
    }
    let mut fields = Vec::new();
    for mut field in given.groups("custom_fields")?.unwrap_or_default() {
        let (name, value) = (field.required("name")?, field.required("value")?);
        field.finish()?;
        fields.push(json!({ "name": name, "value": value }));
    }
    let data = json!({
        "account_tax_ids": null,
        "custom_fields": (!fields.is_empty()).then_some(fields),
        "description": given.text("description")?,
        "footer": given.text("footer")?,
        "issuer": { "type": "self" },
        "metadata": metadata::merged(&mut given, &json!({}))?.unwrap_or_else(|| json!({})),
        "rendering_options": null,
    });
    given.finish()?;
    Ok(data)
}

/// Creates the paid invoice of a session; returns its id.
pub(crate) fn of_session(state: &mut State, session: &Value) -> String {
    let items = state.lines.get(text(session, "id")).cloned();
    let invoice = shape::of_session(session, &items.unwrap_or_default());
    let id = text(&invoice, "id").to_owned();
    state.create("invoice.created", invoice);
    let page = format!("{}{PAGES}{}", state.url, text(session, "id"));
    let mut times = shape::transitions();
    times["finalized_at"] = now().into();
    let open = json!({
        "effective_at": now(),
        "hosted_invoice_url": page,
        "number": next_number(state, text(session, "customer")),
        "status": "open",
        "status_transitions": times,
    });
    state.change_object("invoice.finalized", &id, &open);
    times["paid_at"] = now().into();
    let paid = json!({
        "amount_paid": session["amount_total"],
        "amount_remaining": 0,
        "attempted": true,
        "status": "paid",
        "status_transitions": times,
    });
    let invoice = state.change_object("invoice.paid", &id, &paid);
    state.emit("invoice.payment_succeeded", &invoice, None);
    id
}
