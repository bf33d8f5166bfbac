//! Actions of the payer, the bank and the dashboard, for tests.

use serde_json::{Value, json};

use super::Sandbox;
use crate::{
    caller::Caller,
    objects::{
        customer, dispute, early_fraud_warning, payment_intent, payment_method, portal, price,
        product, refund, review,
    },
    route::{self, Operation},
    store::text,
};

impl Sandbox {
    /// Confirms an intent as the payer's browser does; returns it as the browser sees it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the card is declined or the intent cannot be confirmed.
    pub async fn confirm(&self, intent: &str, payment_method: &str) -> Result<Value, Value> {
        let client_secret = self.client_secret(intent);
        let params = json!({ "client_secret": client_secret, "payment_method": payment_method });
        route::call(
            &self.engine,
            payment_intent::confirm,
            intent,
            Caller::Publishable,
            params,
        )
    }

    /// Completes an intent's 3-D Secure challenge for the payer.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent does not require authentication.
    pub fn authenticate(&self, intent: &str, succeeds: bool) -> Result<Value, Value> {
        let params =
            json!({ "client_secret": self.client_secret(intent), "outcome": outcome(succeeds) });
        self.control(payment_intent::authenticate, intent, params)
    }

    /// Saves the customer portal's settings, as in the dashboard: portal sessions need them.
    pub fn save_portal_settings(&self) {
        let saved = self.control(portal::save_settings, "", json!({}));
        debug_assert!(saved.is_ok(), "there is no parameter to refuse");
    }

    /// Changes a price, as in the dashboard: `{"active": false}` archives it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the price does not exist, or `params` are not valid.
    pub fn change_price(&self, price: &str, params: Value) -> Result<Value, Value> {
        self.control(price::update, price, params)
    }

    /// Creates a price, as in the dashboard; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid.
    pub fn create_price(&self, params: Value) -> Result<Value, Value> {
        self.control(price::create, "", params)
    }

    /// Changes a product, as in the dashboard: `{"active": false}` archives it and leaves its
    /// prices active.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the product does not exist, or `params` are not valid.
    pub fn change_product(&self, product: &str, params: Value) -> Result<Value, Value> {
        self.control(product::update, product, params)
    }

    /// Changes a customer, as the portal or the dashboard does: `{"email": …}`.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the customer does not exist, or `params` are not valid.
    pub fn change_customer(&self, customer: &str, params: Value) -> Result<Value, Value> {
        self.control(customer::update, customer, params)
    }

    /// Deletes a customer, as in the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the customer does not exist.
    pub fn delete_customer(&self, customer: &str) -> Result<Value, Value> {
        self.control(customer::delete, customer, json!({}))
    }

    /// Creates a payment method as the payer's browser does, from `{"type": …}` and its details.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not valid.
    pub fn payment_method(&self, params: Value) -> Result<Value, Value> {
        self.control(payment_method::create, "", params)
    }

    /// Attaches a payment method, a test one by name, to a customer; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the customer or the payment method does not exist.
    pub fn keep(&self, customer: &str, payment_method: &str) -> Result<Value, Value> {
        let params = json!({ "customer": customer });
        self.control(payment_method::attach, payment_method, params)
    }

    /// Detaches a payment method from its customer; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the payment method is not attached.
    pub fn forget(&self, payment_method: &str) -> Result<Value, Value> {
        self.control(payment_method::detach, payment_method, json!({}))
    }

    /// Completes a bank debit: the money arrives.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is not processing.
    pub fn settle(&self, intent: &str) -> Result<Value, Value> {
        let params = json!({ "outcome": outcome(true) });
        self.control(payment_intent::settle, intent, params)
    }

    /// Fails a bank debit.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is not processing.
    pub fn fail_settlement(&self, intent: &str) -> Result<Value, Value> {
        self.control(
            payment_intent::settle,
            intent,
            json!({ "outcome": outcome(false) }),
        )
    }

    /// Cancels an intent, as in the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is paid or canceled.
    pub fn cancel(&self, intent: &str) -> Result<Value, Value> {
        self.control(payment_intent::cancel, intent, json!({}))
    }

    /// Expires an authorized intent, as when the shop did not capture it in time.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is not authorized.
    pub fn expire_authorization(&self, intent: &str) -> Result<Value, Value> {
        self.control(payment_intent::run_out, intent, json!({}))
    }

    /// Refunds an intent, as in the dashboard; `None` refunds the rest.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is not paid, or the amount exceeds the rest.
    pub fn refund(&self, intent: &str, amount: Option<i64>) -> Result<Value, Value> {
        let params = json!({ "payment_intent": intent, "amount": amount });
        self.control(refund::create, "", params)
    }

    /// Fails a refund: its money returns to the account.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the refund failed before.
    pub fn fail_refund(&self, refund: &str) -> Result<Value, Value> {
        self.control(refund::fail, refund, json!({}))
    }

    /// Sets the destination of a refund, for the payer.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the refund does not require an action.
    pub fn answer_refund(&self, refund: &str) -> Result<Value, Value> {
        self.control(refund::answer, refund, json!({}))
    }

    /// Completes a pending refund.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the refund is not pending.
    pub fn settle_refund(&self, refund: &str) -> Result<Value, Value> {
        self.control(refund::succeed, refund, json!({}))
    }

    /// Decides a dispute, for the bank.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the dispute is closed.
    pub fn close_dispute(&self, dispute: &str, won: bool) -> Result<Value, Value> {
        let params = json!({ "outcome": if won { "won" } else { "lost" } });
        self.control(dispute::close, dispute, params)
    }

    /// Disputes a payment, for the payer: `{"payment_intent": …, "amount": …, "case": …}`.
    ///
    /// The default amount is all that is not disputed yet; a case is `fraudulent`,
    /// `product_not_received` or `inquiry`.
    ///
    /// # Errors
    ///
    /// Stripe's error body when nothing was paid, or the amount exceeds the undisputed rest.
    pub fn dispute(&self, params: Value) -> Result<Value, Value> {
        self.control(dispute::open_part, "", params)
    }

    /// Escalates an inquiry to a dispute, even a closed one, for the bank.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it is not an inquiry.
    pub fn escalate_dispute(&self, dispute: &str) -> Result<Value, Value> {
        self.control(dispute::escalate, dispute, json!({}))
    }

    /// Reverses the bank's decision of a dispute.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the dispute is not decided.
    pub fn reverse_dispute(&self, dispute: &str) -> Result<Value, Value> {
        self.control(dispute::reverse, dispute, json!({}))
    }

    /// Creates an early fraud warning, for the bank.
    ///
    /// # Errors
    ///
    /// Stripe's error body when nothing was paid.
    pub fn warn_of_fraud(&self, intent: &str) -> Result<Value, Value> {
        self.control(
            early_fraud_warning::issue,
            "",
            json!({ "payment_intent": intent }),
        )
    }

    /// Opens a review of a payment, as a rule of the shop does.
    ///
    /// # Errors
    ///
    /// Stripe's error body when nothing was paid.
    pub fn open_review(&self, intent: &str) -> Result<Value, Value> {
        self.control(review::open, "", json!({ "payment_intent": intent }))
    }

    /// Approves a review, as in the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the review is closed.
    pub fn approve_review(&self, review: &str) -> Result<Value, Value> {
        self.control(review::approve, review, json!({}))
    }

    pub(super) fn control(
        &self,
        operation: Operation,
        id: &str,
        params: Value,
    ) -> Result<Value, Value> {
        route::call(&self.engine, operation, id, Caller::Control, params)
    }

    fn client_secret(&self, intent: &str) -> String {
        let intent = self.payment_intent(intent).unwrap_or_default();
        text(&intent, "client_secret").to_owned()
    }
}

fn outcome(succeeds: bool) -> &'static str {
    if succeeds { "success" } else { "failure" }
}
