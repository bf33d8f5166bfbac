//! Lines of the invoices of subscriptions.

use serde_json::{Value, json};

use crate::{
    ids, money,
    objects::price,
    state::State,
    store::{number, text},
};

/// A line of a subscription's invoice, before it is on one.
#[derive(Debug, Clone)]
pub(crate) struct Line<'a> {
    /// In minor units; negative for a credit.
    pub(crate) amount: i64,
    /// The item of the subscription, with its price and quantity.
    pub(crate) item: &'a Value,
    /// The text on the invoice.
    pub(crate) description: String,
    /// The start and the end of the time that it pays.
    pub(crate) period: (u64, u64),
    /// True for a part of a period.
    pub(crate) proration: bool,
}

impl Line<'_> {
    /// The line in Stripe's form, not on an invoice yet.
    pub(crate) fn shape(&self) -> Value {
        let price = &self.item["price"];
        json!({
            "id": ids::long("il_1"),
            "object": "line_item",
            "amount": self.amount,
            "currency": price["currency"],
            "description": self.description,
            "discount_amounts": [],
            "discountable": !self.proration,
            "discounts": [],
            "invoice": null,
            "livemode": false,
            "metadata": self.item["metadata"],
            "parent": {
                "invoice_item_details": null,
                "subscription_item_details": {
                    "invoice_item": null,
                    "proration": self.proration,
                    "proration_details": { "credited_items": null },
                    "subscription": self.item["subscription"],
                    "subscription_item": self.item["id"],
                },
                "type": "subscription_item_details",
            },
            "period": { "end": self.period.1, "start": self.period.0 },
            "pretax_credit_amounts": [],
            "pricing": {
                "price_details": { "price": price["id"], "product": price["product"] },
                "type": "price_details",
                "unit_amount_decimal": price["unit_amount_decimal"],
            },
            "quantity": self.item["quantity"],
            "subscription": self.item["subscription"],
            "subtotal": self.amount,
            "taxes": [],
        })
    }
}

/// The line of a whole period of an item.
pub(crate) fn whole<'a>(
    state: &State,
    item: &'a Value,
    quantity: i64,
    period: (u64, u64),
) -> Line<'a> {
    let amount = price::cost(&state.store, &item["price"], quantity);
    Line {
        amount,
        item,
        description: described(state, item, quantity),
        period,
        proration: false,
    }
}

/// The line of a trial, which costs nothing.
pub(crate) fn trial<'a>(state: &State, item: &'a Value, period: (u64, u64)) -> Line<'a> {
    Line {
        amount: 0,
        item,
        description: format!("Trial period for {}", product_name(state, item)),
        period,
        proration: false,
    }
}

/// `2 × Pro (at 15.00 USD / month)`.
fn described(state: &State, item: &Value, quantity: i64) -> String {
    let (price, name) = (&item["price"], product_name(state, item));
    let recurring = &price["recurring"];
    let every = match number(recurring, "interval_count") {
        1 => text(recurring, "interval").to_owned(),
        count => format!("every {count} {}s", text(recurring, "interval")),
    };
    match price["unit_amount"].as_i64() {
        Some(amount) => {
            let amount = money::written(amount, text(price, "currency"));
            format!("{quantity} × {name} (at {amount} / {every})")
        }
        None => format!("{quantity} × {name} (per {every})"),
    }
}

/// The name of an item's product.
pub(crate) fn product_name(state: &State, item: &Value) -> String {
    let product = state.store.find(text(&item["price"], "product"));
    product.map_or_else(String::new, |product| text(product, "name").to_owned())
}
