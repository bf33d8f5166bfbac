//! The fields of Stripe's objects that an order depends on. They are read from webhooks, and from
//! the API where a thin event only names its object. Texts and missing fields are tolerated where
//! an order does not need them: endpoints of older API versions send older shapes.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::payer::{CollectedInformation, CustomFieldAnswer, Payer, ShippingCost};

/// A payment intent (<https://docs.stripe.com/api/payment_intents/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount: i64,
    /// The received amount, in minor units.
    pub amount_received: Option<i64>,
    /// Three lower-case letters.
    pub currency: String,
    /// Stripe's status; an unknown one changes no order.
    pub status: String,
    /// `ch_…`; `None` before the first attempt.
    pub latest_charge: Option<String>,
    /// The metadata from its creation.
    pub metadata: Option<BTreeMap<String, String>>,
    /// The error of the latest attempt.
    pub last_payment_error: Option<PaymentError>,
    /// The reason for its cancellation, as given with it.
    pub cancellation_reason: Option<String>,
    /// The payer's next step.
    pub next_action: Option<NextAction>,
}

/// A payer's next step, as far as an order shows it. The rest, such as a voucher's number and the
/// URL of its page, is for the payer alone, and is not read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct NextAction {
    /// Such as `boleto_display_details`.
    #[serde(rename = "type")]
    pub kind: String,
    /// A voucher in Brazil.
    pub boleto_display_details: Option<Expiry>,
    /// A code for a shop in Japan.
    pub konbini_display_details: Option<Expiry>,
    /// A reference for a cash machine in Portugal.
    pub multibanco_display_details: Option<Expiry>,
    /// A voucher in Mexico.
    pub oxxo_display_details: Option<Expiry>,
}

/// The end of a voucher's validity, in Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Expiry {
    /// The end.
    pub expires_at: Option<i64>,
    /// The end, by OXXO's name for it.
    pub expires_after: Option<i64>,
}

/// A Checkout Session (<https://docs.stripe.com/api/checkout/sessions/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`
    pub id: String,
    /// The sum of the lines, in minor units of `currency`: before discounts, and without tax that
    /// their prices do not include.
    pub amount_subtotal: Option<i64>,
    /// In minor units of `currency`.
    pub amount_total: Option<i64>,
    /// The added parts.
    pub total_details: Option<TotalDetails>,
    /// Three lower-case letters.
    pub currency: Option<String>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`; this tells the payment, and `status` does not.
    pub payment_status: String,
    /// `pi_…`; `None` before the first attempt to pay.
    pub payment_intent: Option<String>,
    /// `payment` or `subscription`.
    pub mode: Option<String>,
    /// `sub_…`, of a complete session of mode `subscription`.
    pub subscription: Option<String>,
    /// `in_…`, where the session makes invoices. A subscription's has the payment intent.
    pub invoice: Option<String>,
    /// The payer.
    pub customer_details: Option<Payer>,
    /// The recipient of the goods.
    pub collected_information: Option<CollectedInformation>,
    /// The chosen shipping rate.
    pub shipping_cost: Option<ShippingCost>,
    /// The answers to the shop's questions.
    pub custom_fields: Option<Vec<CustomFieldAnswer>>,
    /// Farebox's reference from its creation; it cannot be edited.
    pub client_reference_id: Option<String>,
    /// The metadata from its creation.
    pub metadata: Option<BTreeMap<String, String>>,
}

/// The parts that a Checkout Session added to its lines, in minor units.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct TotalDetails {
    /// The discount.
    pub amount_discount: Option<i64>,
    /// The cost of shipping.
    pub amount_shipping: Option<i64>,
    /// The tax, also where the prices include it.
    pub amount_tax: Option<i64>,
}

impl CheckoutSession {
    /// The value of `key` in the metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }

    /// The sum of the lines, in minor units.
    pub(crate) fn subtotal(&self) -> i64 {
        let subtotal = self.amount_subtotal.or(self.amount_total);
        subtotal.unwrap_or_default()
    }

    /// Returns true when it begins a subscription.
    #[must_use]
    pub fn is_subscription(&self) -> bool {
        self.mode.as_deref() == Some("subscription")
    }

    /// Returns true when the session is paid, or complete with nothing to pay today.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        let is_complete = self.status.as_deref() == Some("complete");
        match self.payment_status.as_str() {
            _ if self.is_subscription() && !is_complete => false,
            "no_payment_required" if self.is_subscription() => true,
            "paid" => true,
            "no_payment_required" => is_complete && self.amount_total == Some(0),
            _ => false,
        }
    }
}

/// The error of an attempt to pay. An order only counts it.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct PaymentError {
    /// Stripe's code.
    pub code: Option<String>,
    /// `ch_…`; the failed charge, if the bank was involved.
    pub charge: Option<String>,
}

impl Intent {
    /// Stripe's status of an intent that is authorized, and waits for its capture.
    pub(crate) const AUTHORIZED: &str = "requires_capture";

    /// True when it is authorized, and waits for its capture.
    pub(crate) fn is_authorized(&self) -> bool {
        self.status == Self::AUTHORIZED
    }

    /// The charge that failed at the latest attempt, if the bank was involved.
    pub(crate) fn failed_charge(&self) -> Option<&str> {
        self.last_payment_error.as_ref()?.charge.as_deref()
    }

    /// The value of `key` in the metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }
}

impl Intent {
    /// The intent with the present name of its status, in an event of type `kind`. Endpoints of API
    /// versions before 2019-02-11 send other names; for an unknown status, the type tells its
    /// meaning.
    pub(super) fn in_an_event(self, kind: &str) -> Self {
        let status = match (self.status.as_str(), kind) {
            ("requires_source", _) => "requires_payment_method",
            ("requires_source_action", _) => "requires_action",
            (status, _) if STATUSES.contains(&status) => return self,
            (_, "payment_intent.payment_failed") => "requires_payment_method",
            (_, "payment_intent.requires_action") => "requires_action",
            (_, "payment_intent.processing") => "processing",
            (_, "payment_intent.canceled") => "canceled",
            // The received amount, too, tells that the money is there.
            (_, "payment_intent.succeeded") if self.amount_received.is_some() => "succeeded",
            _ => return self,
        };
        Self {
            status: status.to_owned(),
            ..self
        }
    }
}

/// The statuses of an intent
/// (<https://docs.stripe.com/api/payment_intents/object#payment_intent_object-status>).
const STATUSES: [&str; 7] = [
    "requires_payment_method",
    "requires_confirmation",
    "requires_action",
    "processing",
    "requires_capture",
    "canceled",
    "succeeded",
];

/// A charge (<https://docs.stripe.com/api/charges/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Charge {
    /// `ch_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount: i64,
    /// The total of all refunds of this charge so far, in minor units.
    pub amount_refunded: i64,
    /// False for a charge that was only authorized.
    pub captured: Option<bool>,
    /// Three lower-case letters.
    pub currency: String,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
    /// The intent's metadata at the time of the charge.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Charge {
    /// The value of `key` in the metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }
}

/// A failed charge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCharge {
    /// `ch_…`
    pub id: String,
    /// The time of its creation, in Unix seconds.
    pub created: i64,
}

/// A refund (<https://docs.stripe.com/api/refunds/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Refund {
    /// `re_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// `pending`, `requires_action`, `succeeded`, `failed` or `canceled`.
    pub status: Option<String>,
    /// The reason; `expired_uncaptured_charge` for the release of an authorization.
    pub reason: Option<String>,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
    /// The metadata from its creation.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Refund {
    /// Returns true when it only releases an authorization: no money was taken. Versions of
    /// Stripe's API before `2025-03-31.basil` report it so
    /// (<https://docs.stripe.com/changelog/basil>).
    #[must_use]
    pub fn is_release(&self) -> bool {
        self.reason.as_deref() == Some("expired_uncaptured_charge")
    }

    /// Returns true when its money stays with the shop.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }

    /// The value of `key` in the metadata.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }
}

/// A dispute (<https://docs.stripe.com/api/disputes/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Dispute {
    /// `dp_…`
    pub id: String,
    /// `needs_response`, `under_review`, `won`, `lost`, and the `warning_…` of inquiries.
    pub status: String,
    /// In minor units of `currency`; part of the payment, or all of it.
    pub amount: Option<i64>,
    /// Three lower-case letters.
    pub currency: Option<String>,
    /// The bank's reason: `fraudulent`, `product_not_received` and the like.
    pub reason: Option<String>,
    /// The deadline for evidence.
    pub evidence_details: Option<EvidenceDetails>,
    /// Each withdrawal and each reinstatement of the money so far.
    pub balance_transactions: Option<Vec<BalanceTransaction>>,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
}

/// The evidence of a dispute.
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct EvidenceDetails {
    /// In Unix seconds; 0 or `None` where no more can be submitted.
    pub due_by: Option<i64>,
}

/// A movement of disputed money; only that there was one matters to an order.
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct BalanceTransaction {
    /// `txn_…`
    pub id: Option<String>,
}

/// An early fraud warning (<https://docs.stripe.com/api/radar/early_fraud_warnings/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct EarlyFraudWarning {
    /// `issfr_…`
    pub id: String,
    /// True when a refund can still avert a dispute.
    pub actionable: bool,
    /// The bank's suspicion, such as `made_with_stolen_card`.
    pub fraud_type: Option<String>,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
}

/// A review (<https://docs.stripe.com/api/radar/reviews/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Review {
    /// `prv_…`
    pub id: String,
    /// True while the review is undecided.
    pub open: bool,
    /// The reason why it is open, or was closed: `rule`, `manual`, `approved`, `refunded` and the
    /// like.
    pub reason: Option<String>,
    /// `pi_…`; `None` for a payment that no intent made.
    pub payment_intent: Option<String>,
}
