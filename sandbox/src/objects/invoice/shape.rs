//! The shape of an invoice.

use serde_json::{Value, json};

use super::KIND;
use crate::{
    clock::now,
    ids,
    store::{number, text},
};

/// The times of a draft.
pub(super) fn transitions() -> Value {
    json!({
        "finalized_at": null, "marked_uncollectible_at": null, "paid_at": null, "voided_at": null,
    })
}

/// A draft without lines, amounts and a customer.
pub(super) fn empty(id: &str, currency: &Value) -> Value {
    let mut invoice = json!({
        "id": id,
        "object": KIND,
        "account_country": "US",
        "account_name": null,
        "account_tax_ids": null,
        "amount_due": 0,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": 0,
        "amount_shipping": 0,
        "application": null,
        "attempt_count": 0,
        "attempted": false,
        "auto_advance": false,
        "automatic_tax": {
            "disabled_reason": null, "enabled": false, "liability": null, "provider": null,
            "status": null,
        },
        "automatically_finalizes_at": null,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": now(),
        "currency": currency,
        "custom_fields": null,
        "customer": null,
        "customer_account": null,
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "due_date": null,
        "effective_at": null,
        "ending_balance": null,
        "footer": null,
        "from_invoice": null,
        "hosted_invoice_url": null,
        "invoice_pdf": null,
        "issuer": { "type": "self" },
        "last_finalization_error": null,
        "latest_revision": null,
    });
    extend(&mut invoice, &later(id));
    invoice
}

/// The other half of the fields.
fn later(id: &str) -> Value {
    json!({
        "customer_address": null,
        "customer_email": null,
        "customer_name": null,
        "customer_phone": null,
        "customer_shipping": null,
        "customer_tax_exempt": "none",
        "customer_tax_ids": [],
        "lines": {
            "object": "list",
            "data": [],
            "has_more": false,
            "url": format!("/v1/invoices/{id}/lines"),
        },
        "livemode": false,
        "metadata": {},
        "next_payment_attempt": null,
        "number": null,
        "on_behalf_of": null,
        "parent": null,
        "payment_settings": {
            "default_mandate": null, "payment_method_options": null, "payment_method_types": null,
        },
        "period_end": now(),
        "period_start": now(),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": null,
        "rendering": null,
        "shipping_cost": null,
        "shipping_details": null,
        "starting_balance": 0,
        "statement_descriptor": null,
        "status": "draft",
        "status_transitions": transitions(),
        "subtotal": 0,
        "subtotal_excluding_tax": 0,
        "test_clock": null,
        "total": 0,
        "total_discount_amounts": [],
        "total_excluding_tax": 0,
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": null,
    })
}

/// Writes fields over those of an invoice.
pub(super) fn extend(invoice: &mut Value, more: &Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        invoice[name] = value.clone();
    }
}

/// The draft of a session's invoice.
pub(super) fn of_session(session: &Value, items: &[Value]) -> Value {
    let id = ids::long("in_1");
    let mut invoice = empty(&id, &session["currency"]);
    let lines: Vec<Value> = items.iter().map(|item| line(item, &id)).collect();
    invoice["lines"]["data"] = lines.into();
    extend(&mut invoice, &amounts(session));
    extend(&mut invoice, &payer(session));
    let data = &session["invoice_creation"]["invoice_data"];
    for field in ["custom_fields", "description", "footer", "metadata"] {
        invoice[field] = data[field].clone();
    }
    invoice["automatic_tax"] = session["automatic_tax"].clone();
    invoice["webhooks_delivered_at"] = now().into();
    invoice
}

fn amounts(session: &Value) -> Value {
    let details = &session["total_details"];
    let (total, tax) = (
        number(session, "amount_total"),
        number(details, "amount_tax"),
    );
    json!({
        "amount_due": total,
        "amount_remaining": total,
        "amount_shipping": details["amount_shipping"],
        "ending_balance": 0,
        "shipping_cost": session["shipping_cost"],
        "subtotal": session["amount_subtotal"],
        "total": total,
        "total_discount_amounts": match number(details, "amount_discount") {
            0 => json!([]),
            amount => json!([{ "amount": amount, "discount": null }]),
        },
        "total_excluding_tax": total - tax,
    })
}

fn payer(session: &Value) -> Value {
    let payer = &session["customer_details"];
    let shipped_to = &session["collected_information"]["shipping_details"];
    json!({
        "customer": session["customer"],
        "customer_address": payer["address"],
        "customer_email": payer["email"],
        "customer_name": payer["name"],
        "customer_phone": payer["phone"],
        "customer_shipping": shipped_to,
        "customer_tax_exempt": payer["tax_exempt"],
        "customer_tax_ids": payer["tax_ids"],
        "shipping_details": shipped_to,
    })
}

fn line(item: &Value, invoice: &str) -> Value {
    let price = &item["price"];
    json!({
        "id": ids::long("il_1"),
        "object": "line_item",
        "amount": item["amount_subtotal"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [{ "amount": item["amount_discount"], "discount": null }],
        "discountable": true,
        "discounts": [],
        "invoice": invoice,
        "livemode": false,
        "metadata": {},
        "parent": null,
        "period": { "end": now(), "start": now() },
        "pretax_credit_amounts": [],
        "pricing": {
            "price_details": { "price": price["id"], "product": text(price, "product") },
            "type": "price_details",
            "unit_amount_decimal": price["unit_amount_decimal"],
        },
        "quantity": item["quantity"],
        "subtotal": item["amount_subtotal"],
        "taxes": [{ "amount": item["amount_tax"], "type": "tax_rate_details" }],
    })
}
