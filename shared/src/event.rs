//! Stripe's events, read after their signatures were verified.
//!
//! Only a small envelope is parsed, then the few fields of the object that an order depends on.
//! Unknown contents are kept: an unknown type is [`Subject::Other`], and a known type whose object
//! does not fit is [`Subject::Unreadable`], with its body.
//!
//! Two kinds arrive. A snapshot event (`object: "event"`) carries its object as it was. A thin
//! event (`object: "v2.core.event"`) names it, and the processor fetches it first
//! (<https://docs.stripe.com/event-destinations#thin-events>).

mod ending;
mod invoice;
mod kinds;
mod look;
mod objects;
mod payer;

use std::{borrow::Cow, fmt};

use serde::Deserialize;
use serde_json::value::RawValue;

pub use ending::{CancelReason, Ending};
pub use invoice::InvoiceToRefund;
pub use kinds::{ACTED_ON, LISTED, NEEDED, OF_SUBSCRIPTIONS};
pub use look::{InvoiceParent, Look};
pub use objects::{
    BalanceTransaction, Charge, CheckoutSession, Dispute, EarlyFraudWarning, EvidenceDetails,
    Expiry, FailedCharge, Intent, NextAction, PaymentError, Refund, Review, TotalDetails,
};

pub use payer::{
    Address, AnswerValue, CardDetails, CollectedInformation, CustomFieldAnswer, InvoicePayment,
    InvoicePayments, MethodDetails, PaidCharge, PaidInvoice, Payer, PaymentOfInvoice, Recipient,
    ShippingCost,
};

use crate::{deployment::Deployment, digest, rfc3339};

/// The first version of Stripe's API whose endpoints receive each refund in an event of its own
/// (<https://docs.stripe.com/changelog/acacia>).
const EACH_REFUND: &str = "2024-10-28";

/// One event, verified. Its `Debug` does not show its body, which may name a person.
#[derive(Clone)]
pub struct Event {
    /// `evt_…`; the same for every delivery of this event.
    ///
    /// A thin event has the id of its snapshot here, where it names one: whichever of the two
    /// arrives second is a duplicate.
    pub id: String,
    /// Stripe's type, such as `payment_intent.succeeded`; for a thin event without Stripe's prefix
    /// `v1.`.
    pub kind: String,
    /// The time when Stripe created it, in Unix seconds; 0 when missing. It does not suffice to
    /// order two events.
    pub created: i64,
    /// The time of its object's state, in Unix seconds: when Stripe created the event, or when the
    /// object was fetched.
    pub as_of: i64,
    /// The connected account of the event; `None` for the platform's own.
    pub account: Option<String>,
    /// True when real money moved; `None` when the body does not tell.
    pub livemode: Option<bool>,
    /// The version of Stripe's API in which a snapshot event is written.
    pub api_version: Option<String>,
    /// Its object.
    pub subject: Subject,
    /// The failed charges of its intent, where they were fetched: an intent names only the latest.
    pub failed_charges: Vec<FailedCharge>,
    /// The Checkout Session of its intent, where it was fetched: an intent does not name the parts
    /// of its amount.
    pub session: Option<Box<CheckoutSession>>,
    /// The charge of its payment, where it was fetched: it names the payer.
    pub charge: Option<Box<PaidCharge>>,
    /// The invoice of its payment, where it was fetched.
    pub invoice: Option<Box<PaidInvoice>>,
    /// True when the order may keep who paid.
    pub names_payer: bool,
    /// The body as it was received.
    pub body: String,
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .field("created", &self.created)
            .field("as_of", &self.as_of)
            .field("account", &self.account)
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// The object of an event, as far as an order depends on it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Subject {
    /// `payment_intent.*`
    Intent(Intent),
    /// `checkout.session.*`
    Session(Box<CheckoutSession>),
    /// `charge.refunded`
    Charge(Charge),
    /// `refund.*` and `charge.refund.updated`
    Refund(Refund),
    /// All refunds of a payment, fetched because its charge's total does not list them.
    Refunds {
        /// `pi_…`
        payment_intent: String,
        /// Each of them as it is now.
        all: Vec<Refund>,
    },
    /// `charge.dispute.*`
    Dispute(Dispute),
    /// `radar.early_fraud_warning.*`
    EarlyFraudWarning(EarlyFraudWarning),
    /// `review.*`
    Review(Review),
    /// There is nothing to pay for an order. Farebox itself decides so, and Stripe hears nothing.
    NothingToPay {
        /// The order's id.
        order: String,
        /// The digest of its contents.
        contents: String,
    },
    /// An order ended unpaid. Farebox itself decides so, after it closed the payment at Stripe.
    Ended {
        /// The order's id.
        order: String,
        /// Its end.
        ending: Ending,
    },
    /// A paid invoice of a subscription is to be refunded, and needs an order. Farebox itself
    /// decides so.
    PaidInvoice(Box<InvoiceToRefund>),
    /// Something about a subscription may have changed.
    Look(Look),
    /// A thin event's object, which must be fetched.
    Related(Related),
    /// A type that no order depends on.
    Other,
    /// A type that an order depends on, with an object that does not fit; the text names the fault.
    Unreadable(String),
}

impl Subject {
    /// The intent of the payment that this object follows.
    pub(crate) fn paid_intent(&self) -> Option<&str> {
        let intent = match self {
            Self::Charge(charge) => &charge.payment_intent,
            Self::Refund(refund) => &refund.payment_intent,
            Self::Dispute(dispute) => &dispute.payment_intent,
            Self::EarlyFraudWarning(warning) => &warning.payment_intent,
            Self::Review(review) => &review.payment_intent,
            _ => return None,
        };
        intent.as_deref().filter(|id| is_id(id))
    }
}

/// The object of a thin event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// The kind of the object.
    pub family: Family,
    /// The object's id, of letters, digits and underscores alone: fit for a path.
    pub id: String,
}

/// The kinds of objects that an order depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// A payment intent.
    Intent,
    /// A Checkout Session.
    Session,
    /// A charge.
    Charge,
    /// A refund.
    Refund,
    /// A dispute.
    Dispute,
    /// An early fraud warning.
    EarlyFraudWarning,
    /// A review.
    Review,
}

impl Family {
    /// The object kind of events of type `kind`.
    fn of(kind: &str) -> Option<Self> {
        match kind {
            "charge.refunded" => Some(Self::Charge),
            "charge.refund.updated" => Some(Self::Refund),
            _ if kind.starts_with("payment_intent.") => Some(Self::Intent),
            _ if kind.starts_with("checkout.session.") => Some(Self::Session),
            _ if kind.starts_with("refund.") => Some(Self::Refund),
            _ if kind.starts_with("charge.dispute.") => Some(Self::Dispute),
            _ if kind.starts_with("radar.early_fraud_warning.") => Some(Self::EarlyFraudWarning),
            _ if kind.starts_with("review.") => Some(Self::Review),
            _ => None,
        }
    }

    /// Reads the object of an event of type `kind`.
    fn read(self, kind: &str, object: &str) -> Result<Subject, serde_json::Error> {
        Ok(match self {
            Self::Intent => {
                let intent: Intent = serde_json::from_str(object)?;
                Subject::Intent(intent.in_an_event(kind))
            }
            Self::Session => Subject::Session(Box::new(serde_json::from_str(object)?)),
            Self::Charge => Subject::Charge(serde_json::from_str(object)?),
            Self::Refund => Subject::Refund(serde_json::from_str(object)?),
            Self::Dispute => Subject::Dispute(serde_json::from_str(object)?),
            Self::EarlyFraudWarning => Subject::EarlyFraudWarning(serde_json::from_str(object)?),
            Self::Review => Subject::Review(serde_json::from_str(object)?),
        })
    }
}

/// The body is not text.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not UTF-8")]
pub struct NotText;

#[derive(Deserialize)]
struct Envelope<'a> {
    id: String,
    object: String,
    #[serde(rename = "type")]
    kind: String,
    livemode: bool,
    api_version: Option<String>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<Data<'a>>,
    #[serde(borrow)]
    account: Option<&'a RawValue>,
    #[serde(borrow)]
    context: Option<&'a RawValue>,
    related_object: Option<RelatedObject>,
    snapshot_event: Option<String>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow)]
    object: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct RelatedObject {
    id: String,
}

/// The metadata of an object of which nothing else is read.
#[derive(Deserialize)]
struct Written {
    data: WrittenData,
}

#[derive(Deserialize)]
struct WrittenData {
    object: WrittenObject,
}

#[derive(Deserialize)]
struct WrittenObject {
    metadata: WrittenMetadata,
}

#[derive(Deserialize)]
struct WrittenMetadata {
    #[serde(rename = "farebox_deployment")]
    deployment: String,
}

impl Event {
    /// Reads a body whose signature was verified.
    ///
    /// A body that is no event becomes [`Subject::Unreadable`], under an id made of its bytes.
    ///
    /// # Errors
    ///
    /// [`NotText`] when the body is not UTF-8.
    pub fn parse(body: &[u8]) -> Result<Self, NotText> {
        let text = std::str::from_utf8(body).map_err(|_| NotText)?;
        Ok(match serde_json::from_str(text) {
            Ok(envelope) => Self::in_envelope(envelope, text),
            Err(error) => Self::unreadable(text, error.to_string()),
        })
    }

    fn in_envelope(envelope: Envelope<'_>, text: &str) -> Self {
        let is_thin = envelope.object == "v2.core.event";
        let subject = match envelope.object.as_str() {
            "event" => snapshot(&envelope),
            "v2.core.event" => thin(&envelope),
            _ => return Self::unreadable(text, "the object is not an event".to_owned()),
        };
        let kind = match envelope.kind.strip_prefix("v1.") {
            Some(kind) if is_thin => kind.to_owned(),
            _ => envelope.kind,
        };
        let created = seconds(envelope.created);
        Self {
            created,
            as_of: created,
            account: envelope.account.or(envelope.context).map(account),
            id: envelope.snapshot_event.unwrap_or(envelope.id),
            kind,
            livemode: Some(envelope.livemode),
            api_version: envelope.api_version,
            subject,
            failed_charges: Vec::new(),
            session: None,
            charge: None,
            invoice: None,
            names_payer: false,
            body: text.to_owned(),
        }
    }

    /// The event that there is nothing to pay, at `now` (Unix seconds), for the order with the id
    /// `order` and these contents. It has the same id each time.
    #[must_use]
    pub fn nothing_to_pay(order: &str, contents: &str, now: i64) -> Self {
        let subject = Subject::NothingToPay {
            order: order.to_owned(),
            contents: contents.to_owned(),
        };
        Self::built(
            format!("free_{order}"),
            "farebox.nothing_to_pay",
            subject,
            now,
        )
    }

    /// The event that the order with the id `order` ends so in its `state`, at `now`.
    pub(crate) fn ended(order: &str, state: &str, ending: Ending, now: i64) -> Self {
        let id = digest::hex(&[order, state, ending.as_str()]);
        let subject = Subject::Ended {
            order: order.to_owned(),
            ending,
        };
        Self::built(
            format!("ended_{}", &id[..32]),
            "farebox.ended",
            subject,
            now,
        )
    }

    /// The event at `now` that `invoice` needs an order. It has the same id each time.
    pub(crate) fn paid_invoice(invoice: InvoiceToRefund, now: i64) -> Self {
        let id = format!("invoice_{}", invoice.id);
        let subject = Subject::PaidInvoice(Box::new(invoice));
        Self::built(id, "farebox.paid_invoice", subject, now)
    }

    /// The event of type `kind` that Farebox builds itself, at `now` (Unix seconds).
    pub(crate) fn built(id: String, kind: &str, subject: Subject, now: i64) -> Self {
        Self {
            id,
            kind: kind.to_owned(),
            created: now,
            as_of: now,
            account: None,
            livemode: None,
            api_version: None,
            subject,
            failed_charges: Vec::new(),
            session: None,
            charge: None,
            invoice: None,
            names_payer: false,
            body: String::new(),
        }
    }

    /// True when Stripe sent it, and Farebox did not build it.
    pub(crate) fn is_from_stripe(&self) -> bool {
        let is_own = matches!(
            self.subject,
            Subject::NothingToPay { .. } | Subject::Ended { .. } | Subject::PaidInvoice(_)
        );
        !self.is_fetched() && !is_own
    }

    /// True when Farebox built it from an object that it fetched.
    pub(crate) fn is_fetched(&self) -> bool {
        self.kind.ends_with(".fetched")
    }

    /// True when an endpoint of the event's version receives each refund in an event of its own.
    /// Before [`EACH_REFUND`], only the charge reports a card's refund.
    pub(crate) fn reports_each_refund(&self) -> bool {
        let version = self.api_version.as_deref();
        version.is_some_and(|version| version >= EACH_REFUND)
    }

    /// The id of the deployment in the object's metadata.
    pub(crate) fn deployment(&self) -> Option<Cow<'_, str>> {
        let written = match &self.subject {
            Subject::Intent(intent) => intent.metadata(Deployment::KEY),
            Subject::Session(session) => session.metadata(Deployment::KEY),
            Subject::Charge(charge) => charge.metadata(Deployment::KEY),
            Subject::Refund(refund) => refund.metadata(Deployment::KEY),
            Subject::Dispute(_) | Subject::EarlyFraudWarning(_) | Subject::Review(_) => None,
            Subject::Refunds { .. } | Subject::Related(_) => None,
            Subject::NothingToPay { .. } | Subject::Ended { .. } => None,
            Subject::PaidInvoice(_) => None,
            Subject::Look(_) | Subject::Other | Subject::Unreadable(_) => {
                let written: Written = serde_json::from_str(&self.body).ok()?;
                return Some(Cow::Owned(written.data.object.metadata.deployment));
            }
        };
        written.map(Cow::Borrowed)
    }

    fn unreadable(text: &str, what: String) -> Self {
        let id = format!("unreadable_{}", &digest::hex(&[text])[..32]);
        Self {
            body: text.to_owned(),
            ..Self::built(id, "unreadable", Subject::Unreadable(what), 0)
        }
    }
}

fn snapshot(envelope: &Envelope<'_>) -> Subject {
    let object = envelope.data.as_ref().and_then(|data| data.object);
    let text = object.map_or("null", RawValue::get);
    if let Some(look) = Look::of_snapshot(&envelope.kind, text) {
        return look;
    }
    let Some(family) = Family::of(&envelope.kind) else {
        return Subject::Other;
    };
    let Some(object) = object else {
        return Subject::Unreadable("there is no data.object".to_owned());
    };
    family
        .read(&envelope.kind, object.get())
        .unwrap_or_else(|error| Subject::Unreadable(error.to_string()))
}

fn thin(envelope: &Envelope<'_>) -> Subject {
    let kind = envelope.kind.strip_prefix("v1.").unwrap_or_default();
    let related = envelope.related_object.as_ref();
    let event = envelope.snapshot_event.as_ref().unwrap_or(&envelope.id);
    if let Some(look) = Look::of_thin(kind, related.map(|related| related.id.as_str()), event) {
        return look;
    }
    let Some(family) = Family::of(kind) else {
        return Subject::Other;
    };
    match related {
        Some(related) if is_id(&related.id) => Subject::Related(Related {
            family,
            id: related.id.clone(),
        }),
        _ => Subject::Unreadable("there is no related object with an id".to_owned()),
    }
}

/// True when `text` is a Stripe id: safe in a path, since it has no slash, dot or escape.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=255).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

/// The named account; any other value counts as a foreign account.
fn account(named: &RawValue) -> String {
    serde_json::from_str(named.get()).unwrap_or_else(|_| named.get().to_owned())
}

/// Unix seconds from a number, or from the text of a thin event; 0 when it is neither.
fn seconds(created: Option<&RawValue>) -> i64 {
    let Some(raw) = created else { return 0 };
    if let Ok(number) = serde_json::from_str(raw.get()) {
        return number;
    }
    serde_json::from_str(raw.get())
        .ok()
        .and_then(rfc3339::parse)
        .unwrap_or(0)
}

#[cfg(test)]
mod tests;
