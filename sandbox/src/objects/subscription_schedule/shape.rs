//! The shape of a schedule and its phases.

use serde_json::{Value, json};

use super::KIND;
use crate::{clock::now, ids};

/// A phase of these items.
pub(super) fn phase(currency: &Value, items: Vec<Value>, start: u64, end: u64) -> Value {
    json!({
        "add_invoice_items": [],
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": null,
        "billing_thresholds": null,
        "collection_method": null,
        "currency": currency,
        "default_payment_method": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "end_date": end,
        "invoice_settings": null,
        "items": items,
        "metadata": {},
        "on_behalf_of": null,
        "proration_behavior": "create_prorations",
        "start_date": start,
        "transfer_data": null,
        "trial_end": null,
    })
}

/// An item of a phase.
pub(super) fn item(price: &Value, quantity: &Value, metadata: &Value) -> Value {
    json!({
        "billing_thresholds": null,
        "discounts": [],
        "metadata": metadata,
        "plan": price["id"],
        "price": price["id"],
        "quantity": quantity,
        "tax_rates": [],
    })
}

/// The items of a subscription, as those of a phase.
pub(super) fn items_of(subscription: &Value) -> Vec<Value> {
    let items = subscription["items"]["data"]
        .as_array()
        .into_iter()
        .flatten();
    let items = items.map(|one| item(&one["price"], &one["quantity"], &one["metadata"]));
    items.collect()
}

/// The schedule of a subscription: one phase, the current period.
pub(super) fn of_subscription(held: &Value) -> Value {
    let first = &held["items"]["data"][0];
    let at = |field: &str| first[field].as_u64().unwrap_or_default();
    let (start, end) = (at("current_period_start"), at("current_period_end"));
    json!({
        "id": ids::long("sub_sched_1"),
        "object": KIND,
        "application": null,
        "billing_mode": held["billing_mode"],
        "canceled_at": null,
        "completed_at": null,
        "created": now(),
        "current_phase": { "end_date": end, "start_date": start },
        "customer": held["customer"],
        "customer_account": null,
        "default_settings": {
            "application_fee_percent": null,
            "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
            "billing_cycle_anchor": "automatic",
            "billing_thresholds": null,
            "collection_method": held["collection_method"],
            "default_payment_method": held["default_payment_method"],
            "description": held["description"],
            "invoice_settings": {
                "account_tax_ids": null, "days_until_due": null, "issuer": { "type": "self" },
            },
            "on_behalf_of": null,
            "transfer_data": null,
        },
        "end_behavior": "release",
        "livemode": false,
        "metadata": {},
        "phases": [phase(&held["currency"], items_of(held), start, end)],
        "released_at": null,
        "released_subscription": null,
        "status": "active",
        "subscription": held["id"],
        "test_clock": held["test_clock"],
    })
}
