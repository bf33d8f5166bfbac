//! The subscribers of a shop: callers with a Stripe customer, a card and plans.

use serde_json::{Value, json};
use shared::access::CallerId;

use crate::Shop;

impl Shop {
    /// Creates a Stripe customer with the test card `card`, and ties it to `caller`; on the test
    /// clock `clock`, if there is one. Returns the customer's id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn subscriber(&self, caller: &str, clock: Option<&str>, card: &str) -> String {
        let params = match clock {
            Some(clock) => json!({ "test_clock": clock }),
            None => json!({}),
        };
        let customer = self.stripe.create_customer(params).expect("a customer");
        let customer = customer["id"].as_str().expect("it has an id").to_owned();
        self.pay_by(&customer, card);
        let caller = CallerId::parse(caller).expect("a caller");
        let link = self.store.reserve_customer(&caller, None, self.clock.now());
        let link = link.await.expect("the database answers");
        let settled = self.store.settle_customer(&caller, &link, &customer).await;
        settled.expect("the database answers");
        customer
    }

    /// Makes the test card `card` the one by which `customer` pays invoices.
    ///
    /// # Panics
    ///
    /// When the sandbox refuses.
    pub fn pay_by(&self, customer: &str, card: &str) {
        let kept = self.stripe.keep(customer, card).expect("a test card");
        let settings = json!({ "invoice_settings": { "default_payment_method": kept["id"] } });
        let changed = self.stripe.change_customer(customer, settings);
        changed.expect("the customer exists");
    }

    /// Creates a price of a new product, `minor_units` USD in each `interval`, with this lookup
    /// key; returns its id.
    ///
    /// # Panics
    ///
    /// When the sandbox refuses.
    pub fn plan(&self, lookup_key: &str, minor_units: i64, interval: &str) -> String {
        let price = self.stripe.create_price(json!({
            "currency": "usd", "unit_amount": minor_units, "lookup_key": lookup_key,
            "recurring": { "interval": interval }, "product_data": { "name": lookup_key },
        }));
        let price = price.expect("a price");
        price["id"].as_str().expect("it has an id").to_owned()
    }

    /// Subscribes `customer` to `price`, as the dashboard would; returns the subscription's id.
    ///
    /// # Panics
    ///
    /// When the sandbox refuses.
    pub fn subscribe_customer(&self, customer: &str, price: &str, more: &Value) -> String {
        let mut params = json!({ "customer": customer, "items": [{ "price": price }] });
        for (name, value) in more.as_object().into_iter().flatten() {
            params[name] = value.clone();
        }
        let made = self.stripe.create_subscription(params);
        let made = made.expect("a subscription");
        made["id"].as_str().expect("it has an id").to_owned()
    }
}
