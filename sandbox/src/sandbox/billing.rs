//! Subscriptions and test clocks, for tests.

use serde_json::{Value, json};

use super::Sandbox;
use crate::{
    objects::{
        customer,
        entitlement::{feature, product_feature},
        invoice::operations as invoice,
        meter, subscription, test_clock,
    },
    store::text,
};

impl Sandbox {
    /// Creates a test clock that stands at this time, in Unix seconds; returns it.
    ///
    /// # Errors
    ///
    /// None so far: there is no parameter to refuse.
    pub fn create_clock(&self, frozen_time: u64) -> Result<Value, Value> {
        let params = json!({ "frozen_time": frozen_time });
        self.control(test_clock::create, "", params)
    }

    /// Advances a test clock; everything that becomes due has run when it returns.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the clock does not exist, or the time is not after its own.
    pub fn advance_clock(&self, clock: &str, frozen_time: u64) -> Result<Value, Value> {
        let params = json!({ "frozen_time": frozen_time });
        self.control(test_clock::advance, clock, params)
    }

    /// Puts a customer, and what the customer has, onto a clock that stands at the present; returns
    /// the clock, or the one that the customer has already.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the customer does not exist.
    pub fn adopt_clock(&self, customer: &str) -> Result<Value, Value> {
        self.control(test_clock::adopt, customer, json!({}))
    }

    /// Creates a customer from the parameters of `POST /v1/customers`; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid.
    pub fn create_customer(&self, params: Value) -> Result<Value, Value> {
        self.control(customer::create, "", params)
    }

    /// Creates a meter of usage, as in the dashboard; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid.
    pub fn create_meter(&self, params: Value) -> Result<Value, Value> {
        self.control(meter::create, "", params)
    }

    /// Creates a subscription from the parameters of `POST /v1/subscriptions`; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid, or the payment fails and has to succeed.
    pub fn create_subscription(&self, params: Value) -> Result<Value, Value> {
        self.control(subscription::create, "", params)
    }

    /// Changes a subscription, as in the dashboard: `{"cancel_at_period_end": "true"}`.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the subscription ended, or `params` are not valid.
    pub fn change_subscription(&self, id: &str, params: Value) -> Result<Value, Value> {
        self.control(subscription::update, id, params)
    }

    /// Cancels a subscription now, as in the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the subscription ended.
    pub fn cancel_subscription(&self, id: &str) -> Result<Value, Value> {
        self.control(subscription::cancel, id, json!({}))
    }

    /// Pays an open invoice, with the parameters of `POST /v1/invoices/{}/pay`.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the invoice cannot be paid, or the payment fails.
    pub fn pay_invoice(&self, id: &str, params: Value) -> Result<Value, Value> {
        self.control(invoice::pay, id, params)
    }

    /// Voids an open invoice, as in the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the invoice is paid, void or a draft.
    pub fn void_invoice(&self, id: &str) -> Result<Value, Value> {
        self.control(invoice::void, id, json!({}))
    }

    /// Creates a feature with this lookup key, and attaches it to a product.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the key is taken, or the product does not exist.
    pub fn add_feature(&self, product: &str, lookup_key: &str) -> Result<Value, Value> {
        let params = json!({ "lookup_key": lookup_key, "name": lookup_key });
        let made = self.control(feature::create, "", params)?;
        let params = json!({ "entitlement_feature": text(&made, "id") });
        self.control(product_feature::create, product, params)
    }

    /// Sets the days between the attempts to collect a declined renewal, 3, 5 and 7 by default.
    pub fn set_retries(&self, days: &[u64]) {
        self.engine.state().billing.retries = days.to_vec();
    }
}
