//! Payments in the payer's absence.

use serde::{Deserialize, Serialize};

use crate::event::is_id;

/// A charge of a saved payment method, which the site signed, without the payer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OffSession {
    /// `pm_…`; `None` for the customer's default, or else the newest that is saved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payment_method: Option<String>,
}

impl OffSession {
    /// A charge of the payment method with this id, if there is one.
    ///
    /// # Errors
    ///
    /// A text that reads on from the field's name.
    pub fn parse(payment_method: Option<String>) -> Result<Self, &'static str> {
        let is_method = |id: &str| id.strip_prefix("pm_").is_some_and(is_id);
        match payment_method.as_deref().is_none_or(is_method) {
            true => Ok(Self { payment_method }),
            false => Err("must be the id of a payment method, `pm_…`"),
        }
    }
}
