//! The fields of Stripe's objects that tell who paid, and where the goods go. They are personal
//! data: no `Debug` shows them, and nothing logs them.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A postal address, as Stripe has it.
#[derive(
    Clone, Default, PartialEq, Eq, Serialize, Deserialize, miniserde::Deserialize, ToSchema,
)]
pub struct Address {
    /// Street and number, or a post box.
    #[schema(required)]
    pub line1: Option<String>,
    /// Flat, suite or building.
    #[schema(required)]
    pub line2: Option<String>,
    /// City, district or village.
    #[schema(required)]
    pub city: Option<String>,
    /// State, county or province.
    #[schema(required)]
    pub state: Option<String>,
    /// ZIP or postal code.
    #[schema(required)]
    pub postal_code: Option<String>,
    /// Two upper-case letters.
    #[schema(required)]
    pub country: Option<String>,
}

/// The payer, as Checkout or the payment method names them.
#[derive(
    Clone, Default, PartialEq, Eq, Serialize, Deserialize, miniserde::Deserialize, ToSchema,
)]
pub struct Payer {
    /// The e-mail address.
    #[schema(required)]
    pub email: Option<String>,
    /// The name.
    #[schema(required)]
    pub name: Option<String>,
    /// The phone number.
    #[schema(required)]
    pub phone: Option<String>,
    /// The billing address.
    #[schema(required)]
    pub address: Option<Address>,
}

/// The recipient of the goods.
#[derive(
    Clone, Default, PartialEq, Eq, Serialize, Deserialize, miniserde::Deserialize, ToSchema,
)]
pub struct Recipient {
    /// The name.
    #[schema(required)]
    pub name: Option<String>,
    /// The phone number.
    #[schema(required)]
    pub phone: Option<String>,
    /// The address.
    #[schema(required)]
    pub address: Option<Address>,
}

/// What a Checkout Session collected.
#[derive(Clone, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct CollectedInformation {
    /// The recipient of the goods.
    pub shipping_details: Option<Recipient>,
}

/// The shipping rate that the payer chose.
#[derive(Clone, Debug, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct ShippingCost {
    /// `shr_…`
    pub shipping_rate: Option<String>,
}

/// The payer's answer to a question of the shop's.
#[derive(Clone, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct CustomFieldAnswer {
    /// The field's key.
    pub key: String,
    /// The value of a field of type `dropdown`.
    pub dropdown: Option<AnswerValue>,
    /// The value of a field of type `numeric`.
    pub numeric: Option<AnswerValue>,
    /// The value of a field of type `text`.
    pub text: Option<AnswerValue>,
}

/// The value of an answer; `None` where the payer gave none.
#[derive(Clone, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct AnswerValue {
    /// As text, whatever the field's type.
    pub value: Option<String>,
}

/// The fields of a charge that tell who paid, and until when it can be captured.
#[derive(Clone, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct PaidCharge {
    /// The payer, as the payment method names them.
    pub billing_details: Option<Payer>,
    /// The recipient of the goods.
    pub shipping: Option<Recipient>,
    /// The address to which Stripe sends the receipt.
    pub receipt_email: Option<String>,
    /// The page of Stripe's receipt.
    pub receipt_url: Option<String>,
    /// The payment method's own fields.
    pub payment_method_details: Option<MethodDetails>,
}

/// The fields of a charge's payment method.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct MethodDetails {
    /// Those of a card.
    pub card: Option<CardDetails>,
}

/// The fields of a charged card.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct CardDetails {
    /// The last moment to capture the charge, in Unix seconds.
    pub capture_before: Option<i64>,
}

impl PaidCharge {
    /// The last moment to capture it, in Unix seconds, where Stripe tells it.
    #[must_use]
    pub fn capture_before(&self) -> Option<i64> {
        self.payment_method_details
            .as_ref()?
            .card
            .as_ref()?
            .capture_before
    }
}

/// The fields of an invoice that a notification names, and the payments that paid it.
#[derive(Clone, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct PaidInvoice {
    /// Its page at Stripe.
    pub hosted_invoice_url: Option<String>,
    /// Its payments, where they were asked for.
    pub payments: Option<InvoicePayments>,
}

/// The payments of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct InvoicePayments {
    /// The payments.
    pub data: Vec<InvoicePayment>,
}

/// A payment of an invoice.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct InvoicePayment {
    /// `open`, `paid` or `canceled`.
    pub status: Option<String>,
    /// The money.
    pub payment: Option<PaymentOfInvoice>,
}

/// The object that moved the money.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, miniserde::Deserialize)]
pub struct PaymentOfInvoice {
    /// `pi_…`
    pub payment_intent: Option<String>,
}

impl PaidInvoice {
    /// The payment intent that paid it.
    #[must_use]
    pub fn payment_intent(&self) -> Option<&str> {
        let payments = self.payments.as_ref()?.data.iter();
        let mut paid = payments.filter(|one| one.status.as_deref() == Some("paid"));
        paid.find_map(|one| one.payment.as_ref()?.payment_intent.as_deref())
    }
}

impl CustomFieldAnswer {
    /// The answer, as text.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        let answers = [&self.dropdown, &self.numeric, &self.text];
        answers
            .into_iter()
            .find_map(|answer| answer.as_ref()?.value.as_deref())
    }
}

/// Shows nothing of a value.
macro_rules! hidden {
    ($($type:ty),+) => {$(
        impl fmt::Debug for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("[personal data]")
            }
        }
    )+};
}

hidden!(
    Address,
    AnswerValue,
    CollectedInformation,
    CustomFieldAnswer,
    PaidCharge,
    PaidInvoice,
    Payer,
    Recipient
);
