//! What the tests of subscriptions share.

use serde_json::Value;
use stripe_sandbox::{NewPrice, Sandbox};

use crate::api::{Api, Form, text};

/// 2026-01-15 12:00:00 UTC.
pub(crate) const START: u64 = 1_768_478_400;
/// A day, in seconds.
pub(crate) const DAY: u64 = 86_400;

/// Seeds a monthly price of this amount in usd.
pub(crate) fn monthly(stripe: &Sandbox, id: &str, unit_amount: i64) {
    stripe.add_price(NewPrice {
        id,
        product_name: id.trim_start_matches("price_"),
        unit_amount,
        recurring: true,
        ..NewPrice::default()
    });
}

/// A clock that stands at [`START`], and a customer of it with this card by default.
pub(crate) async fn clocked(api: &Api, card: &str) -> (String, String) {
    let clock = api
        .post(
            "/v1/test_helpers/test_clocks",
            &[("frozen_time", &START.to_string())],
        )
        .await
        .ok();
    let clock = text(&clock, "id").to_owned();
    let customer = payer(api, &[("test_clock", &clock)], card).await;
    (clock, customer)
}

/// A customer with this card by default; without one if it is empty.
pub(crate) async fn payer(api: &Api, form: Form<'_>, card: &str) -> String {
    let customer = api.post("/v1/customers", form).await.ok();
    let customer = text(&customer, "id").to_owned();
    if !card.is_empty() {
        default_card(api, &customer, card).await;
    }
    customer
}

/// Attaches a card, and makes it the customer's default; returns its id.
pub(crate) async fn default_card(api: &Api, customer: &str, card: &str) -> String {
    let method = api
        .post(
            &format!("/v1/payment_methods/{card}/attach"),
            &[("customer", customer)],
        )
        .await
        .ok();
    let method = text(&method, "id").to_owned();
    api.post(
        &format!("/v1/customers/{customer}"),
        &[("invoice_settings[default_payment_method]", &method)],
    )
    .await
    .ok();
    method
}

/// Subscribes a customer to one price.
pub(crate) async fn subscribe(api: &Api, customer: &str, price: &str, more: Form<'_>) -> Value {
    let mut form = vec![("customer", customer), ("items[0][price]", price)];
    form.extend(more);
    api.post("/v1/subscriptions", &form).await.ok()
}

/// The subscription as it is now.
pub(crate) async fn current(api: &Api, subscription: &Value) -> Value {
    api.get(&format!("/v1/subscriptions/{}", text(subscription, "id")))
        .await
        .ok()
}

/// Changes a subscription.
pub(crate) async fn change(api: &Api, subscription: &Value, form: Form<'_>) -> Value {
    api.post(
        &format!("/v1/subscriptions/{}", text(subscription, "id")),
        form,
    )
    .await
    .ok()
}

/// Advances a clock.
pub(crate) async fn advance(api: &Api, clock: &str, to: u64) -> Value {
    api.post(
        &format!("/v1/test_helpers/test_clocks/{clock}/advance"),
        &[("frozen_time", &to.to_string())],
    )
    .await
    .ok()
}

/// The newest invoice of a subscription.
pub(crate) async fn latest_invoice(api: &Api, subscription: &Value) -> Value {
    let held = current(api, subscription).await;
    api.get(&format!("/v1/invoices/{}", text(&held, "latest_invoice")))
        .await
        .ok()
}

/// The types of the events after the first `seen`, without those of payment methods and customers.
pub(crate) fn types_after(stripe: &Sandbox, seen: usize) -> Vec<String> {
    let events = stripe.events();
    let types = events.iter().skip(seen).map(|event| text(event, "type"));
    let told =
        |kind: &&str| !kind.starts_with("payment_method") && !matches!(*kind, "customer.updated");
    types.filter(told).map(str::to_owned).collect()
}
