//! The shape of a subscription, and of its items.

use serde_json::{Value, json};

use super::{KIND, items::New as NewItem};
use crate::{clock::now, ids, store::text};

/// A subscription without items, which is `incomplete`.
pub(super) fn new(customer: &Value, currency: &Value) -> Value {
    let id = ids::long("sub_1");
    json!({
        "id": id,
        "object": KIND,
        "application": null,
        "application_fee_percent": null,
        "automatic_tax": { "disabled_reason": null, "enabled": false, "liability": null },
        "billing_cycle_anchor": now(),
        "billing_cycle_anchor_config": null,
        "billing_mode": {
            "flexible": { "proration_discounts": "included" }, "type": "flexible",
        },
        "billing_thresholds": null,
        "cancel_at": null,
        "cancel_at_period_end": false,
        "canceled_at": null,
        "cancellation_details": { "comment": null, "feedback": null, "reason": null },
        "collection_method": "charge_automatically",
        "created": now(),
        "currency": currency,
        "customer": customer["id"],
        "customer_account": null,
        "days_until_due": null,
        "default_payment_method": null,
        "default_source": null,
        "default_tax_rates": [],
        "description": null,
        "discounts": [],
        "ended_at": null,
        "invoice_settings": { "account_tax_ids": null, "issuer": { "type": "self" } },
        "items": {
            "object": "list",
            "data": [],
            "has_more": false,
            "total_count": 0,
            "url": format!("/v1/subscription_items?subscription={id}"),
        },
        "latest_invoice": null,
        "livemode": false,
        "metadata": {},
        "next_pending_invoice_item_invoice": null,
        "on_behalf_of": null,
        "pause_collection": null,
        "payment_settings": {
            "payment_method_options": null,
            "payment_method_types": null,
            "save_default_payment_method": "off",
        },
        "pending_invoice_item_interval": null,
        "pending_setup_intent": null,
        "pending_update": null,
        "schedule": null,
        "start_date": now(),
        "status": "incomplete",
        "test_clock": customer["test_clock"],
        "transfer_data": null,
        "trial_end": null,
        "trial_settings": { "end_behavior": { "missing_payment_method": "create_invoice" } },
        "trial_start": null,
    })
}

/// A new item of a subscription, for a period.
pub(super) fn item(subscription: &str, new: &NewItem, period: (u64, u64)) -> Value {
    json!({
        "id": ids::short("si_"),
        "object": "subscription_item",
        "billing_thresholds": null,
        "created": now(),
        "current_period_end": period.1,
        "current_period_start": period.0,
        "discounts": [],
        "metadata": new.metadata,
        "plan": plan(&new.price),
        "price": new.price,
        "quantity": new.quantity,
        "subscription": subscription,
        "tax_rates": [],
    })
}

/// The older form of a recurring price.
pub(crate) fn plan(price: &Value) -> Value {
    let recurring = &price["recurring"];
    json!({
        "id": price["id"],
        "object": "plan",
        "active": price["active"],
        "amount": price["unit_amount"],
        "amount_decimal": price["unit_amount_decimal"],
        "billing_scheme": price["billing_scheme"],
        "created": price["created"],
        "currency": price["currency"],
        "interval": recurring["interval"],
        "interval_count": recurring["interval_count"],
        "livemode": false,
        "metadata": price["metadata"],
        "meter": recurring["meter"],
        "nickname": price["nickname"],
        "product": price["product"],
        "tiers_mode": price["tiers_mode"],
        "transform_usage": price["transform_quantity"],
        "trial_period_days": recurring["trial_period_days"],
        "usage_type": recurring["usage_type"],
    })
}

/// The list of a subscription's items with other items in it.
pub(super) fn list(subscription: &Value, items: Vec<Value>) -> Value {
    let mut list = subscription["items"].clone();
    list["total_count"] = items.len().into();
    list["data"] = items.into();
    list
}

/// Returns true for an item whose usage a meter counts.
pub(super) fn is_metered(item: &Value) -> bool {
    text(&item["price"]["recurring"], "usage_type") == "metered"
}
