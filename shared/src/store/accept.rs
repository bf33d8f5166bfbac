//! Decides what an event changes in the database: pure, and the same for every backend.

use super::Message;
use crate::{
    deployment::Deployment,
    event::{Event, InvoiceToRefund, Subject},
    order::{IntentKeys, Order, OrderId, Transition},
};

/// The result of processing an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Accepted {
    /// The database stored it; it updated an order or went to the outbox.
    Applied,
    /// It arrived before; nothing changed.
    Duplicate,
    /// No order depends on it, and it is not forwarded.
    Ignored,
    /// The caller must fetch the refunds of its payment first; the database stored nothing.
    LacksRefunds,
    /// It is about an object that another deployment created; the database stored nothing.
    OtherDeployment,
    /// It contradicts its order, or cannot be read: stored with its body for an operator.
    Quarantined,
}

/// A processed event and its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptOutcome {
    /// The result.
    pub accepted: Accepted,
    /// The order of the event: the one that has its intent, else the one that its metadata names.
    pub order: Option<OrderId>,
    /// The ids of the messages that it appended to the outbox.
    pub messages: Vec<String>,
}

impl Accepted {
    /// One word, for the log.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Duplicate => "duplicate",
            Self::Ignored => "ignored",
            Self::LacksRefunds => "lacks_refunds",
            Self::OtherDeployment => "other_deployment",
            Self::Quarantined => "quarantined",
        }
    }
}

/// An event before the decision.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) event: Event,
    /// The deployment of this database.
    pub(super) deployment: Deployment,
    /// True when it is forwarded to the site.
    pub(super) is_forwarded: bool,
}

/// The key by which the order of an event is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum OrderLookup {
    /// By its payment intent, or, where the database does not know the intent yet, by the order
    /// id in the metadata.
    Order {
        /// The order that the metadata names.
        named: OrderId,
        /// The payment intent; a session without an attempt has none.
        intent: Option<String>,
    },
    /// By the payment intent.
    Intent(String),
}

impl OrderLookup {
    /// `None` for an event that concerns no order.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let of = |named: Option<&str>, intent: Option<&String>| {
            let named = named.and_then(|id| OrderId::parse(id).ok());
            let intent = intent.cloned();
            match named {
                Some(named) => Some(Self::Order { named, intent }),
                // A person may have removed the metadata of Farebox's intent.
                None => intent.map(Self::Intent),
            }
        };
        let intent = match &event.subject {
            Subject::Intent(intent) => {
                return of(intent.metadata(IntentKeys::ORDER), Some(&intent.id));
            }
            Subject::Session(session) => {
                let reference = session.client_reference_id.as_deref();
                let named = reference.and_then(|text| text.strip_prefix(IntentKeys::REFERENCE));
                let named = named.or(session.metadata(IntentKeys::ORDER));
                return of(named, session.payment_intent.as_ref());
            }
            Subject::NothingToPay { order, .. } | Subject::Ended { order, .. } => {
                return of(Some(order), None);
            }
            Subject::PaidInvoice(invoice) => {
                return of(Some(&invoice.order), Some(&invoice.payment_intent));
            }
            Subject::Charge(charge) => &charge.payment_intent,
            Subject::Refund(refund) => &refund.payment_intent,
            Subject::Dispute(dispute) => &dispute.payment_intent,
            Subject::Refunds { payment_intent, .. } => {
                return Some(Self::Intent(payment_intent.clone()));
            }
            Subject::EarlyFraudWarning(warning) => &warning.payment_intent,
            Subject::Review(review) => &review.payment_intent,
            Subject::Related(_) | Subject::Look(_) | Subject::Other | Subject::Unreadable(_) => {
                return None;
            }
        };
        intent.clone().map(Self::Intent)
    }
}

/// The writes for a new event.
#[derive(Debug, PartialEq)]
pub(super) enum EventDecision {
    /// Nothing.
    Ignore,
    /// Nothing, until all refunds of the payment are known.
    LacksRefunds,
    /// Nothing: it belongs to another deployment.
    OtherDeployment,
    /// The event id, and these messages.
    Forward(Vec<Message>),
    /// The event id, the order, and these messages.
    Apply(Box<Order>, Vec<Message>),
    /// The event id, the event itself with this reason, and these messages.
    Quarantine(String, Vec<Message>),
}

impl EventDecision {
    /// The ids of its messages.
    pub(super) fn message_ids(&self) -> Vec<String> {
        let messages = match self {
            Self::Ignore | Self::LacksRefunds | Self::OtherDeployment => return Vec::new(),
            Self::Forward(messages) | Self::Apply(_, messages) | Self::Quarantine(_, messages) => {
                messages
            }
        };
        messages.iter().map(|message| message.id.clone()).collect()
    }
}

/// Decides how an event changes its order, which is in `version` now.
pub(super) fn decide(found: Option<(&Order, i64)>, incoming: &Incoming, now: i64) -> EventDecision {
    let Incoming {
        event,
        deployment,
        is_forwarded,
    } = incoming;
    if matches!(event.subject, Subject::Look(_) | Subject::Other) && !is_forwarded {
        return EventDecision::Ignore;
    }
    if let (Subject::PaidInvoice(invoice), None) = (&event.subject, found) {
        return adopt(invoice, now);
    }
    let creator = creator_of(found.map(|(order, _)| order), event, deployment);
    if creator == Creator::Another {
        return EventDecision::OtherDeployment;
    }
    let forwarded: Vec<Message> = is_forwarded
        .then(|| Message::of_event(event, now))
        .into_iter()
        .collect();
    let transition = match (&event.subject, found) {
        _ if creator == Creator::Unknown => {
            return EventDecision::Quarantine(UNNAMED.to_owned(), forwarded);
        }
        (Subject::Unreadable(what), _) => {
            return EventDecision::Quarantine(
                format!("the object does not parse: {what}"),
                forwarded,
            );
        }
        (_, Some((order, _))) => order.apply(event, now),
        (_, None) if is_payment_for_an_order(event) => {
            return EventDecision::Quarantine(UNKNOWN.to_owned(), forwarded);
        }
        (_, None) => Ok(None),
    };
    let lacks_refunds = found.is_some_and(|(order, _)| order.lacks_refunds(event));
    match transition {
        Ok(_) if lacks_refunds => EventDecision::LacksRefunds,
        Err(mismatch) => EventDecision::Quarantine(mismatch.to_string(), forwarded),
        Ok(None) if forwarded.is_empty() => EventDecision::Ignore,
        Ok(None) => EventDecision::Forward(forwarded),
        Ok(Some(Transition {
            order,
            events,
            edited,
        })) => {
            let is_news = found.is_none_or(|(before, _)| *before != order);
            if event.is_fetched() && !is_news {
                return EventDecision::Ignore;
            }
            if let Some(regard) = edited {
                tracing::warn!(
                    event.id,
                    event.type = event.kind,
                    metric.metadata_edited = 1,
                    "the metadata of a payment was edited at Stripe ({regard}): the stored \
                     values count"
                );
            }
            let version = found.map_or(0, |(_, version)| version) + 1;
            let notifications = events
                .into_iter()
                .map(|event| Message::of_order(event, &order, version, now));
            let messages = notifications.chain(forwarded).collect();
            EventDecision::Apply(Box::new(order), messages)
        }
    }
}

/// Creates the order of an invoice whose payment no order has.
fn adopt(invoice: &InvoiceToRefund, now: i64) -> EventDecision {
    match OrderId::parse(&invoice.order) {
        Ok(id) => EventDecision::Apply(Box::new(Order::of_invoice(id, invoice, now)), Vec::new()),
        Err(_) => EventDecision::Ignore,
    }
}

/// The deployment that created the object of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Creator {
    /// This one, as far as the metadata tells; or no deployment at all.
    This,
    Another,
    /// Money moved for an order of this database, and nothing proves that this deployment moved it.
    Unknown,
}

/// An object whose id the database knows belongs to this deployment, whatever its metadata says.
/// Else the metadata decides. A database that had a deployment id from its first day created
/// nothing without it. An object that names an order and no deployment then comes from an older
/// deployment, or a person edited its metadata.
fn creator_of(found: Option<&Order>, event: &Event, deployment: &Deployment) -> Creator {
    if found.is_some_and(|order| order.knows(&event.subject)) {
        return Creator::This;
    }
    let names_an_order = matches!(OrderLookup::of(event), Some(OrderLookup::Order { .. }));
    match event.deployment().as_deref() {
        Some(named) if named == deployment.id() => Creator::This,
        Some(_) => Creator::Another,
        None if !names_an_order || deployment.has_unnamed() => Creator::This,
        None if found.is_some() && is_payment_for_an_order(event) => Creator::Unknown,
        None => Creator::Another,
    }
}

const UNNAMED: &str = "a payment succeeded for this order, and its metadata names no deployment";
const UNKNOWN: &str = "a payment succeeded for an order that is not in this database";

/// True when `event` reports that a payment for an order succeeded, as its metadata says.
pub(crate) fn is_payment_for_an_order(event: &Event) -> bool {
    match &event.subject {
        Subject::Intent(intent) => {
            intent.status == "succeeded" && intent.metadata(IntentKeys::ORDER).is_some()
        }
        Subject::Session(session) => {
            session.is_paid() && session.metadata(IntentKeys::ORDER).is_some()
        }
        _ => false,
    }
}
