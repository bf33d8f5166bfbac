//! Actions of the payer, the bank and the dashboard, for tests.

use serde_json::{Value, json};

use super::Sandbox;
use crate::{
    caller::Caller,
    objects::{
        checkout_session, customer, dispute, early_fraud_warning, payment_intent, payment_method,
        portal, price, product, refund, review,
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

    /// Answers an intent's 3-D Secure challenge as the payer does.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent waits for no challenge.
    pub fn authenticate(&self, intent: &str, succeeds: bool) -> Result<Value, Value> {
        let params =
            json!({ "client_secret": self.client_secret(intent), "outcome": outcome(succeeds) });
        self.control(payment_intent::authenticate, intent, params)
    }

    /// Pays a checkout session as the payer does on its page, with a test payment method by name;
    /// returns the session as it is then.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the card is declined or the session is not open.
    pub fn pay_session(&self, session: &str, payment_method: &str) -> Result<Value, Value> {
        let params = json!({ "payment_method": payment_method });
        self.control(checkout_session::confirm, session, params)
    }

    /// Lets an open checkout session's time run out.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the session is not open.
    pub fn expire_session(&self, session: &str) -> Result<Value, Value> {
        self.control(checkout_session::run_out, session, json!({}))
    }

    /// Saves the billing portal's settings, as in the dashboard: before that it opens no session.
    pub fn save_portal_settings(&self) {
        let saved = self.control(portal::save_settings, "", json!({}));
        debug_assert!(saved.is_ok(), "there is no parameter to refuse");
    }

    /// Changes a price, as in the dashboard: `{"active": false}` archives it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when there is no such price, or `params` are not a price's.
    pub fn change_price(&self, price: &str, params: Value) -> Result<Value, Value> {
        self.control(price::update, price, params)
    }

    /// Creates a price, as in the dashboard; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not a price's.
    pub fn create_price(&self, params: Value) -> Result<Value, Value> {
        self.control(price::create, "", params)
    }

    /// Changes a product, as in the dashboard: `{"active": false}` archives it and leaves its
    /// prices active.
    ///
    /// # Errors
    ///
    /// Stripe's error body when there is no such product, or `params` are not a product's.
    pub fn change_product(&self, product: &str, params: Value) -> Result<Value, Value> {
        self.control(product::update, product, params)
    }

    /// Changes a customer, as the portal or the dashboard does: `{"email": …}`.
    ///
    /// # Errors
    ///
    /// Stripe's error body when there is no such customer, or `params` are not a customer's.
    pub fn change_customer(&self, customer: &str, params: Value) -> Result<Value, Value> {
        self.control(customer::update, customer, params)
    }

    /// Deletes a customer, as from the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when there is no such customer.
    pub fn delete_customer(&self, customer: &str) -> Result<Value, Value> {
        self.control(customer::delete, customer, json!({}))
    }

    /// Makes a payment method as the payer's browser does, from `{"type": …}` and its details.
    ///
    /// # Errors
    ///
    /// Stripe's error body when `params` are not a payment method's.
    pub fn payment_method(&self, params: Value) -> Result<Value, Value> {
        self.control(payment_method::create, "", params)
    }

    /// Attaches a payment method, a test one by name, to a customer; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when there is no such customer or payment method.
    pub fn keep(&self, customer: &str, payment_method: &str) -> Result<Value, Value> {
        let params = json!({ "customer": customer });
        self.control(payment_method::attach, payment_method, params)
    }

    /// Lets a bank debit's money arrive.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is not processing.
    pub fn settle(&self, intent: &str) -> Result<Value, Value> {
        let params = json!({ "outcome": outcome(true) });
        self.control(payment_intent::settle, intent, params)
    }

    /// Lets a bank debit fail.
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

    /// Cancels an intent, as from the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent is paid or canceled.
    pub fn cancel(&self, intent: &str) -> Result<Value, Value> {
        self.control(payment_intent::cancel, intent, json!({}))
    }

    /// Refunds an intent, as from the dashboard; `None` refunds what is left.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the intent took no money or less than this is left.
    pub fn refund(&self, intent: &str, amount: Option<i64>) -> Result<Value, Value> {
        let params = json!({ "payment_intent": intent, "amount": amount });
        self.control(refund::create, "", params)
    }

    /// Lets a refund fail: its money returns to the account.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the refund failed before.
    pub fn fail_refund(&self, refund: &str) -> Result<Value, Value> {
        self.control(refund::fail, refund, json!({}))
    }

    /// Names the destination of a refund for the payer.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the refund does not require an action.
    pub fn answer_refund(&self, refund: &str) -> Result<Value, Value> {
        self.control(refund::answer, refund, json!({}))
    }

    /// Lets a pending refund reach the payer.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the refund is not pending.
    pub fn settle_refund(&self, refund: &str) -> Result<Value, Value> {
        self.control(refund::succeed, refund, json!({}))
    }

    /// Lets the bank decide a dispute.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the dispute is decided.
    pub fn close_dispute(&self, dispute: &str, won: bool) -> Result<Value, Value> {
        let params = json!({ "outcome": if won { "won" } else { "lost" } });
        self.control(dispute::close, dispute, params)
    }

    /// Lets the payer dispute a payment: `{"payment_intent": …, "amount": …, "case": …}`. Without
    /// an amount all that is not disputed yet; a case is `fraudulent`, `product_not_received` or
    /// `inquiry`.
    ///
    /// # Errors
    ///
    /// Stripe's error body when nothing was paid, or less is left to dispute.
    pub fn dispute(&self, params: Value) -> Result<Value, Value> {
        self.control(dispute::open_part, "", params)
    }

    /// Lets the bank make a dispute of its inquiry, be it one that it closed.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it is no inquiry.
    pub fn escalate_dispute(&self, dispute: &str) -> Result<Value, Value> {
        self.control(dispute::escalate, dispute, json!({}))
    }

    /// Lets the bank reverse what it decided of a dispute.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the dispute is not decided.
    pub fn reverse_dispute(&self, dispute: &str) -> Result<Value, Value> {
        self.control(dispute::reverse, dispute, json!({}))
    }

    /// Lets the bank warn of fraud before anybody disputes.
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

    /// Approves a review, as from the dashboard.
    ///
    /// # Errors
    ///
    /// Stripe's error body when the review is closed.
    pub fn approve_review(&self, review: &str) -> Result<Value, Value> {
        self.control(review::approve, review, json!({}))
    }

    fn control(&self, operation: Operation, id: &str, params: Value) -> Result<Value, Value> {
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
