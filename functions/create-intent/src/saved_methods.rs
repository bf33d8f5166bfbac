//! The customer sessions of one request, each opened once: a customer's saved payment methods, for
//! the site's form.
//!
//! A session is opened at the same time as the call for the payment. A session that Stripe does not
//! open is not asked for again, and the payment goes on without it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

use shared::stripe::{Redacted, Stripe};

/// The secrets of customer sessions, by customer; `None` where Stripe opened none.
#[derive(Debug, Default)]
pub(crate) struct SavedMethods(Mutex<BTreeMap<String, Option<Redacted>>>);

impl SavedMethods {
    /// Opens the session of `customer`, unless that was tried before.
    pub(crate) async fn open(&self, stripe: &Stripe, customer: &str) {
        if self.with(|tried| tried.contains_key(customer)) {
            return;
        }
        let secret = stripe.open_customer_session(customer).await;
        self.with(|tried| tried.insert(customer.to_owned(), secret));
    }

    /// The secret of the session of `customer`.
    pub(crate) fn secret_of(&self, customer: Option<&str>) -> Option<Redacted> {
        self.with(|tried| tried.get(customer?)?.clone())
    }

    fn with<T>(&self, act: impl FnOnce(&mut BTreeMap<String, Option<Redacted>>) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
