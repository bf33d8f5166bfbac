//! Payments that are authorized, and captured later: in full or in part.
//!
//! Stripe's report of an authorization is an attempt, as any other, with its amount. The database
//! stores a capture before the call to Stripe, so that the caller's daily limit holds, and so that
//! two captures of different amounts do not race. An intent is captured once: after that, its
//! payment counts, with the amount that Stripe received.

use serde::{Deserialize, Serialize};

use super::{ActivePayment, Order, Status, Totals};
use crate::{amount::Amount, ids::CallerId};

/// The seconds after which an unanswered capture may be replaced by one of another amount: longer
/// than any request to Stripe takes.
const CAPTURE_ENDS_AFTER: i64 = 5 * 60;

/// How Stripe takes the money of a payment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaptureMethod {
    /// When the payer confirms.
    #[default]
    Automatic,
    /// When the shop captures it; until then it is only authorized.
    Manual,
}

impl CaptureMethod {
    /// Reads Stripe's word.
    ///
    /// # Errors
    ///
    /// A text that reads on from the field's name.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        match text {
            "automatic" => Ok(Self::Automatic),
            "manual" => Ok(Self::Manual),
            _ => Err("must be `automatic` or `manual`"),
        }
    }

    pub(super) fn is_automatic(&self) -> bool {
        *self == Self::Automatic
    }
}

/// An authorized amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Authorization {
    pub(super) totals: Totals,
    /// The last moment to capture it, in Unix seconds, as far as Stripe tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) until: Option<i64>,
    /// The index of the authorized revision.
    pub(super) revision: usize,
}

/// A capture that a caller requested.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaptureRequest {
    /// In minor units of the order's currency.
    pub amount: i64,
    /// The alias of the caller.
    pub by: String,
    /// In Unix seconds.
    pub at: i64,
}

impl CaptureRequest {
    /// The capture of `amount` minor units by `caller` at `now` (Unix seconds).
    #[must_use]
    pub fn new(amount: i64, caller: &CallerId, now: i64) -> Self {
        Self {
            amount,
            by: caller.alias(),
            at: now,
        }
    }

    /// True when `other` has to wait for the end of this one, at `now`.
    pub(crate) fn blocks(&self, other: &Self, now: i64) -> bool {
        self.amount != other.amount && now < self.at.saturating_add(CAPTURE_ENDS_AFTER)
    }
}

impl Order {
    /// The authorization that waits for its capture.
    pub(super) fn authorization(&self) -> Option<Authorization> {
        let attempt = self.attempt().filter(|_| self.facts.paid_at().is_none())?;
        attempt.authorized()
    }

    /// The last moment to capture an authorized payment, in Unix seconds; `None` where Stripe does
    /// not tell it, or nothing is authorized.
    #[must_use]
    pub fn capturable_until(&self) -> Option<i64> {
        let is_authorized = self.status() == Status::Authorized;
        self.authorization().filter(|_| is_authorized)?.until
    }

    /// The authorized intent of the site's own form; `None` where a Checkout Session has it.
    #[must_use]
    pub fn authorized_intent(&self) -> Option<&str> {
        match self.active_payment()? {
            ActivePayment::Intent(id) => Some(id),
            ActivePayment::Session(_) => None,
        }
    }

    /// The authorized amount of a payment of which another amount was captured.
    pub(super) fn authorized_amount(&self) -> Option<Amount> {
        let currency = self.revision().contents.amount().currency();
        let authorized = self.facts.authorized()?;
        Some(Amount::reported(authorized, currency))
    }

    /// The latest requested capture.
    #[must_use]
    pub fn capture(&self) -> Option<&CaptureRequest> {
        self.capture.as_ref()
    }

    /// Records that `request` is sent to Stripe, or that none is any more.
    pub(crate) fn set_capture(&mut self, request: Option<CaptureRequest>, now: i64) {
        self.capture = request;
        self.updated_at = now;
    }

    /// True when the payment's received amount is what a caller captured.
    pub(super) fn has_captured(&self, received: i64) -> bool {
        self.capture
            .as_ref()
            .is_some_and(|one| one.amount == received)
    }
}
