//! The fields of Stripe's objects that an order depends on. They are read from webhooks, and from
//! the API where a thin event only names its object. Texts and missing fields are tolerated where
//! an order does not need them: endpoints of older API versions send older shapes.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A payment intent (<https://docs.stripe.com/api/payment_intents/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount: i64,
    /// In minor units; what was taken.
    pub amount_received: Option<i64>,
    /// Three lower-case letters.
    pub currency: String,
    /// Stripe's status; one that is not known changes no order.
    pub status: String,
    /// What we wrote when the intent was made.
    pub metadata: Option<BTreeMap<String, String>>,
    /// Why the latest attempt failed.
    pub last_payment_error: Option<PaymentError>,
    /// Why it was canceled, as whoever did so said.
    pub cancellation_reason: Option<String>,
    /// What the payer has to do next.
    pub next_action: Option<NextAction>,
}

/// What a payer has to do, as far as an order tells what it waits for. The rest, such as a
/// voucher's number and the URL of its page, is for the payer alone, and is not read.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct NextAction {
    /// Such as `boleto_display_details`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Of a voucher in Brazil.
    pub boleto_display_details: Option<Expiry>,
    /// Of a code for a shop in Japan.
    pub konbini_display_details: Option<Expiry>,
    /// Of a reference for a cash machine in Portugal.
    pub multibanco_display_details: Option<Expiry>,
    /// Of a voucher in Mexico.
    pub oxxo_display_details: Option<Expiry>,
}

/// Until when a voucher can be paid, in Unix seconds.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Expiry {
    /// Until then.
    pub expires_at: Option<i64>,
    /// Until then; OXXO's name for it.
    pub expires_after: Option<i64>,
}

/// A Checkout session (<https://docs.stripe.com/api/checkout/sessions/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct CheckoutSession {
    /// `cs_…`
    pub id: String,
    /// In minor units of `currency`.
    pub amount_total: Option<i64>,
    /// Three lower-case letters.
    pub currency: Option<String>,
    /// `open`, `complete` or `expired`.
    pub status: Option<String>,
    /// `paid`, `unpaid` or `no_payment_required`; whether there is money, this tells and not
    /// `status`.
    pub payment_status: String,
    /// `pi_…`; `None` before the first attempt to pay.
    pub payment_intent: Option<String>,
    /// What we wrote when the session was made; it cannot be edited.
    pub client_reference_id: Option<String>,
    /// What we wrote when the session was made.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl CheckoutSession {
    /// What the metadata holds under `key`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }

    /// Whether its money was taken.
    #[must_use]
    pub fn is_paid(&self) -> bool {
        self.payment_status == "paid"
    }
}

/// Why an attempt to pay failed; only that it failed matters to an order, and how often.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct PaymentError {
    /// Stripe's code.
    pub code: Option<String>,
    /// `ch_…`; the charge that failed, where the bank was asked for money.
    pub charge: Option<String>,
}

impl Intent {
    /// What the metadata holds under `key`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }
}

impl Intent {
    /// The same with the status that it has today, in an event of type `kind`. Endpoints of API
    /// versions before 2019-02-11 send other names; of a status that nobody knows, the type says
    /// what it means.
    pub(super) fn in_an_event(self, kind: &str) -> Self {
        let status = match (self.status.as_str(), kind) {
            ("requires_source", _) => "requires_payment_method",
            ("requires_source_action", _) => "requires_action",
            (status, _) if STATUSES.contains(&status) => return self,
            (_, "payment_intent.payment_failed") => "requires_payment_method",
            (_, "payment_intent.requires_action") => "requires_action",
            (_, "payment_intent.processing") => "processing",
            (_, "payment_intent.canceled") => "canceled",
            // What was taken tells as well whether the money is there.
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
    /// In minor units; all refunds of this charge so far.
    pub amount_refunded: i64,
    /// Three lower-case letters.
    pub currency: String,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
    /// What the intent's was when it was charged.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Charge {
    /// What the metadata holds under `key`.
    #[must_use]
    pub fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.as_ref()?.get(key).map(String::as_str)
    }
}

/// A charge that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedCharge {
    /// `ch_…`
    pub id: String,
    /// When it was made, in Unix seconds.
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
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
    /// What we wrote when the refund was made.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl Refund {
    /// Whether its money stays with the shop.
    #[must_use]
    pub fn is_failed(&self) -> bool {
        matches!(self.status.as_deref(), Some("failed" | "canceled"))
    }

    /// What the metadata holds under `key`.
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
    /// Why, as the bank says: `fraudulent`, `product_not_received` and the like.
    pub reason: Option<String>,
    /// Until when evidence can be submitted.
    pub evidence_details: Option<EvidenceDetails>,
    /// Each withdrawal and each reinstatement of the money so far.
    pub balance_transactions: Option<Vec<BalanceTransaction>>,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
}

/// What a dispute says of evidence.
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
    /// Whether a refund can still avert a dispute.
    pub actionable: bool,
    /// What the bank suspects, such as `made_with_stolen_card`.
    pub fraud_type: Option<String>,
    /// `pi_…`; `None` for a charge that no intent made.
    pub payment_intent: Option<String>,
}

/// A review (<https://docs.stripe.com/api/radar/reviews/object>).
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct Review {
    /// `prv_…`
    pub id: String,
    /// Whether nobody decided yet.
    pub open: bool,
    /// Why it is open, or was closed: `rule`, `manual`, `approved`, `refunded` and the like.
    pub reason: Option<String>,
    /// `pi_…`; `None` for a payment that no intent made.
    pub payment_intent: Option<String>,
}
