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

/// The draft of a session's invoice.
pub(super) fn draft(session: &Value, items: &[Value]) -> Value {
    let id = ids::long("in_1");
    let (data, payer) = (
        &session["invoice_creation"]["invoice_data"],
        &session["customer_details"],
    );
    let details = &session["total_details"];
    let (total, tax) = (
        number(session, "amount_total"),
        number(details, "amount_tax"),
    );
    let lines: Vec<Value> = items.iter().map(|item| line(item, &id)).collect();
    let mut invoice = json!({
        "id": id,
        "object": KIND,
        "account_country": "US",
        "account_name": null,
        "account_tax_ids": null,
        "amount_due": total,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_remaining": total,
        "amount_shipping": details["amount_shipping"],
        "application": null,
        "attempt_count": 0,
        "attempted": false,
        "auto_advance": false,
        "automatic_tax": session["automatic_tax"],
        "automatically_finalizes_at": null,
        "billing_reason": "manual",
        "collection_method": "charge_automatically",
        "created": now(),
        "currency": session["currency"],
        "custom_fields": data["custom_fields"],
        "customer": session["customer"],
        "customer_account": null,
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": data["description"],
        "discounts": [],
        "due_date": null,
        "effective_at": null,
        "ending_balance": 0,
        "footer": data["footer"],
        "from_invoice": null,
        "hosted_invoice_url": null,
        "invoice_pdf": null,
        "issuer": { "type": "self" },
        "last_finalization_error": null,
        "latest_revision": null,
        "lines": {
            "object": "list",
            "data": lines,
            "has_more": false,
            "url": format!("/v1/invoices/{id}/lines"),
        },
        "livemode": false,
        "metadata": data["metadata"],
        "next_payment_attempt": null,
        "number": null,
    });
    extend(&mut invoice, later(session, payer, total, tax));
    invoice
}

/// The other half of the fields.
fn later(session: &Value, payer: &Value, total: i64, tax: i64) -> Value {
    let shipped_to = &session["collected_information"]["shipping_details"];
    let discount = number(&session["total_details"], "amount_discount");
    json!({
        "customer_address": payer["address"],
        "customer_email": payer["email"],
        "customer_name": payer["name"],
        "customer_phone": payer["phone"],
        "customer_shipping": shipped_to,
        "customer_tax_exempt": payer["tax_exempt"],
        "customer_tax_ids": payer["tax_ids"],
        "on_behalf_of": null,
        "parent": null,
        "period_end": now(),
        "period_start": now(),
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": null,
        "rendering": null,
        "shipping_cost": session["shipping_cost"],
        "shipping_details": shipped_to,
        "starting_balance": 0,
        "statement_descriptor": null,
        "status": "draft",
        "status_transitions": transitions(),
        "subtotal": session["amount_subtotal"],
        "test_clock": null,
        "total": total,
        "total_discount_amounts": match discount {
            0 => json!([]),
            amount => json!([{ "amount": amount, "discount": null }]),
        },
        "total_excluding_tax": total - tax,
        "webhooks_delivered_at": now(),
    })
}

fn extend(invoice: &mut Value, more: Value) {
    for (name, value) in more.as_object().into_iter().flatten() {
        invoice[name] = value.clone();
    }
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
