//! Who paid an order, and where its goods go: for the site's notifications, and never logged.
//!
//! A Checkout Session, a charge and an invoice each report a part. Each reports the same whenever
//! it is asked, so the first report of each counts, in any order.

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Order;
use crate::event::{CheckoutSession, PaidCharge, PaidInvoice, Payer, Recipient};

/// What was reported.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct PayerFacts {
    #[serde(skip_serializing_if = "Option::is_none")]
    session: Option<Reported>,
    #[serde(skip_serializing_if = "Option::is_none")]
    charge: Option<Reported>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<Reported>,
    /// True when the order is to keep nothing of it.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    is_forgotten: bool,
}

/// One object's report. Its `Debug` shows nothing of it.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Reported {
    #[serde(skip_serializing_if = "Option::is_none")]
    payer: Option<Payer>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient: Option<Recipient>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_rate: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    custom_fields: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    invoice_url: Option<String>,
}

/// Who paid an order, and what they asked for. Addresses have Stripe's own field names. Its `Debug`
/// shows nothing of it.
#[derive(Clone, Default, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OrderPayer {
    /// The payer.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub payer: Option<Payer>,
    /// The recipient of the goods.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub shipping: Option<Shipping>,
    /// The answers to the shop's questions, by the fields' keys.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    #[schema(required = false)]
    pub custom_fields: BTreeMap<String, String>,
    /// The page of Stripe's receipt.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub receipt_url: Option<String>,
    /// `in_…`
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub invoice: Option<String>,
    /// The page of that invoice.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub invoice_url: Option<String>,
}

/// The recipient of an order's goods, and the chosen shipping rate.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct Shipping {
    /// The recipient.
    #[serde(flatten)]
    pub recipient: Recipient,
    /// `shr_…`; `None` where the payer chose none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub rate: Option<String>,
}

impl fmt::Debug for Reported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal data]")
    }
}

impl fmt::Debug for OrderPayer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[personal data]")
    }
}

impl Reported {
    fn of_session(session: &CheckoutSession) -> Self {
        let collected = session.collected_information.clone();
        let cost = session.shipping_cost.as_ref();
        let answers = session.custom_fields.iter().flatten();
        let answers =
            answers.filter_map(|answer| Some((answer.key.clone(), answer.value()?.to_owned())));
        Self {
            payer: session.customer_details.clone(),
            recipient: collected.and_then(|collected| collected.shipping_details),
            shipping_rate: cost.and_then(|cost| cost.shipping_rate.clone()),
            custom_fields: answers.collect(),
            invoice: session.invoice.clone(),
            ..Self::default()
        }
    }

    fn of_charge(charge: &PaidCharge) -> Self {
        let payer = charge.billing_details.clone().unwrap_or_default();
        let email = payer.email.clone().or(charge.receipt_email.clone());
        Self {
            payer: Some(Payer { email, ..payer }),
            recipient: charge.shipping.clone(),
            receipt_url: charge.receipt_url.clone(),
            ..Self::default()
        }
    }
}

impl PayerFacts {
    /// True when nothing was reported.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Nothing, now and after each further report.
    pub(super) fn forgotten() -> Self {
        Self {
            is_forgotten: true,
            ..Self::default()
        }
    }

    /// True when reports are not recorded.
    pub(super) fn is_forgotten(&self) -> bool {
        self.is_forgotten
    }

    /// Records what the session of the payment tells.
    pub(super) fn of_session(&mut self, session: &CheckoutSession) {
        self.session
            .get_or_insert_with(|| Reported::of_session(session));
    }

    /// Records what the charge of the payment tells.
    pub(super) fn of_charge(&mut self, charge: &PaidCharge) {
        self.charge
            .get_or_insert_with(|| Reported::of_charge(charge));
    }

    /// Records what the invoice of the payment tells.
    pub(super) fn of_invoice(&mut self, invoice: &PaidInvoice) {
        self.invoice.get_or_insert_with(|| Reported {
            invoice_url: invoice.hosted_invoice_url.clone(),
            ..Reported::default()
        });
    }
}

impl Order {
    /// Removes who pays or paid, at `now` (Unix seconds); no later report brings it back. Returns
    /// true when that changed anything.
    pub(crate) fn forget_payer(&mut self, now: i64) -> bool {
        let before = self.clone();
        *self.facts.payer_mut() = PayerFacts::forgotten();
        for revision in std::iter::once(&mut self.first).chain(&mut self.later) {
            revision.contents.forget_payer();
        }
        let has_changed = *self != before;
        if has_changed {
            self.updated_at = now;
        }
        has_changed
    }

    /// Who paid, as far as Stripe reported it; the session's report comes first.
    #[must_use]
    pub fn payer(&self) -> OrderPayer {
        let facts = self.facts.payer();
        let reports = || {
            let all = [&facts.session, &facts.charge, &facts.invoice];
            all.into_iter().flatten()
        };
        let first = |part: fn(&Reported) -> Option<String>| reports().find_map(part);
        let rate = first(|report| report.shipping_rate.clone());
        let recipient = reports().find_map(|report| report.recipient.clone());
        let answers = facts
            .session
            .as_ref()
            .map(|report| report.custom_fields.clone());
        OrderPayer {
            payer: reports().find_map(|report| report.payer.clone()),
            shipping: (rate.is_some() || recipient.is_some()).then(|| Shipping {
                recipient: recipient.unwrap_or_default(),
                rate,
            }),
            custom_fields: answers.unwrap_or_default(),
            receipt_url: first(|report| report.receipt_url.clone()),
            invoice: first(|report| report.invoice.clone()),
            invoice_url: first(|report| report.invoice_url.clone()),
        }
    }
}
