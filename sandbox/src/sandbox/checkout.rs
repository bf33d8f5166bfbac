//! What a shop sets up for Checkout, and what a payer does on its page, for tests.

use serde_json::{Value, json};

use super::Sandbox;
use crate::objects::{checkout_session, coupon, promotion_code, shipping_rate};

impl Sandbox {
    /// Pays a checkout session on its page, with a test payment method by name; returns the changed
    /// session.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the card is declined or the session is not open.
    pub fn pay_session(&self, session: &str, payment_method: &str) -> Result<Value, Value> {
        let params = json!({ "payment_method": payment_method });
        self.control(checkout_session::confirm, session, params)
    }

    /// Pays a checkout session with the payer's entries, as in
    /// `POST /_sandbox/checkout/sessions/{id}/pay`; returns the changed session.
    ///
    /// # Errors
    ///
    /// Stripe's error body when an entry is not valid or missing, the card is declined, or the
    /// session is not open.
    pub fn pay_session_with(&self, session: &str, params: Value) -> Result<Value, Value> {
        self.control(checkout_session::confirm, session, params)
    }

    /// Expires an open checkout session, as when its time is over.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the session is not open.
    pub fn expire_session(&self, session: &str) -> Result<Value, Value> {
        self.control(checkout_session::run_out, session, json!({}))
    }

    /// Creates a coupon, as in the dashboard; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid.
    pub fn create_coupon(&self, params: Value) -> Result<Value, Value> {
        self.control(coupon::create, "", params)
    }

    /// Creates a promotion code of a coupon, as in the dashboard; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the coupon does not exist, or `params` are not valid.
    pub fn create_promotion_code(&self, params: Value) -> Result<Value, Value> {
        self.control(promotion_code::create, "", params)
    }

    /// Changes a promotion code, as in the dashboard: `{"active": false}` ends it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it does not exist, or `params` are not valid.
    pub fn change_promotion_code(&self, code: &str, params: Value) -> Result<Value, Value> {
        self.control(promotion_code::update, code, params)
    }

    /// Lets a promotion code expire, as when its time is over.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it does not exist.
    pub fn expire_promotion_code(&self, code: &str) -> Result<Value, Value> {
        self.control(promotion_code::run_out, code, json!({}))
    }

    /// Lets a coupon expire, as when its time is over.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it does not exist.
    pub fn expire_coupon(&self, coupon: &str) -> Result<Value, Value> {
        self.control(coupon::run_out, coupon, json!({}))
    }

    /// Creates a shipping rate, as in the dashboard; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid.
    pub fn create_shipping_rate(&self, params: Value) -> Result<Value, Value> {
        self.control(shipping_rate::create, "", params)
    }

    /// Changes a shipping rate, as in the dashboard: `{"active": false}` archives it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it does not exist, or `params` are not valid.
    pub fn change_shipping_rate(&self, rate: &str, params: Value) -> Result<Value, Value> {
        self.control(shipping_rate::update, rate, params)
    }
}
