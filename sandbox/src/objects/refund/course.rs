//! The statuses of a refund, by payment method.

use serde_json::{Value, json};

use crate::{
    behaviour::Behaviour,
    clock::now,
    error::Error,
    objects::payment_method::ACH,
    state::State,
    store::{number, text},
};

/// The time for the payer to set a destination, in seconds.
const TIME_TO_ANSWER: u64 = 45 * 24 * 60 * 60;

/// The statuses that a refund passes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Course {
    /// It succeeds.
    Succeeds,
    /// It is pending, and ends later.
    Pending,
    /// It succeeds, and fails later.
    FailsLater,
    /// The payer sets the destination; Stripe sends an email to this address.
    RequiresAction(String),
}

impl Course {
    /// The course of a refund by `charge`'s payment method; rejects an amount that it does not
    /// allow.
    pub(super) fn of(
        state: &State,
        charge: &Value,
        amount: i64,
        email: Option<String>,
    ) -> Result<Self, Error> {
        let kind = text(&charge["payment_method_details"], "type");
        if kind == ACH && amount != number(charge, "amount") {
            let message = format!("A payment by {kind} is refunded in full or not at all.");
            return Err(Error::invalid(&message).param("amount").executed());
        }
        let behaviour = state.behaviours.get(text(charge, "payment_method"));
        Ok(match behaviour {
            Some(Behaviour::PendingRefund | Behaviour::Debited(_)) => Self::Pending,
            Some(Behaviour::FailingRefund) => Self::FailsLater,
            Some(Behaviour::PaidElsewhere) => Self::RequiresAction(address(state, charge, email)?),
            _ => Self::Succeeds,
        })
    }

    /// Sets the first status of a refund.
    pub(super) fn apply(&self, refund: &mut Value) {
        match self {
            Self::Succeeds | Self::FailsLater => {}
            Self::Pending => {
                refund["status"] = "pending".into();
                refund["pending_reason"] = "processing".into();
            }
            Self::RequiresAction(email) => {
                refund["status"] = "requires_action".into();
                refund["instructions_email"] = email.clone().into();
                refund["next_action"] = json!({
                    "type": "display_details",
                    "display_details": {
                        "email_sent": { "email_sent_at": now(), "email_sent_to": email },
                        "expires_at": now() + TIME_TO_ANSWER,
                    },
                });
            }
        }
    }

    /// Returns true when a timer ends it.
    pub(super) fn has_timer(&self) -> bool {
        matches!(self, Self::Pending | Self::FailsLater)
    }
}

/// The payer's email, from the request or the customer.
fn address(state: &State, charge: &Value, email: Option<String>) -> Result<String, Error> {
    let customer = state.store.find(text(charge, "customer"));
    let known = customer.and_then(|customer| customer["email"].as_str());
    email
        .filter(|email| !email.is_empty())
        .or(known.map(str::to_owned))
        .ok_or_else(|| {
            let message = "The payer has to name a destination for the money, and the customer \
                           has no email: send an instructions_email.";
            Error::invalid(message)
                .param("instructions_email")
                .executed()
        })
}
