//! Events that only say *look again*: something about a subscription may have changed. No state is
//! read from their bodies, but whose it is.

use serde::Deserialize;

use super::{Subject, is_id};

/// What to fetch again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// The subscription with this id, `sub_…`.
    Subscription(String),
    /// The subscription of an invoice.
    Invoice {
        /// `in_…`
        invoice: String,
        /// `sub_…`
        subscription: String,
    },
    /// The subscription of the invoice with this id, `in_…`, which does not tell yet whose it is.
    NamedInvoice(String),
    /// The entitlements of the customer with this id, `cus_…`.
    Customer(String),
    /// The entitlements of the customer in the snapshot of the event with this id, `evt_…`: their
    /// summary has no id, so that a thin event cannot name it.
    Snapshot(String),
}

/// A kind of object behind such events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Subscription,
    Invoice,
    Entitlements,
}

impl Kind {
    fn of(kind: &str) -> Option<Self> {
        match kind {
            // It has no id, and announces an invoice that does not exist yet.
            "invoice.upcoming" => None,
            "entitlements.active_entitlement_summary.updated" => Some(Self::Entitlements),
            _ if kind.starts_with("customer.subscription.") => Some(Self::Subscription),
            _ if kind.starts_with("invoice.") => Some(Self::Invoice),
            _ => None,
        }
    }
}

#[derive(Deserialize)]
struct Object {
    id: Option<String>,
    customer: Option<String>,
}

/// An invoice, as far as it names its subscription
/// (<https://docs.stripe.com/api/invoices/object#invoice_object-parent>). Versions before basil
/// name it beside the rest.
#[derive(Debug, Deserialize)]
pub struct InvoiceParent {
    parent: Option<Parent>,
    subscription: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Parent {
    subscription_details: Option<Details>,
}

#[derive(Debug, Deserialize)]
struct Details {
    subscription: Option<String>,
}

impl InvoiceParent {
    /// `sub_…`
    #[must_use]
    pub fn subscription(&self) -> Option<String> {
        let details = self.parent.as_ref();
        let details = details.and_then(|parent| parent.subscription_details.as_ref());
        let named = details.and_then(|details| details.subscription.as_ref());
        let named = named.or(self.subscription.as_ref());
        named.filter(|id| is_id(id)).cloned()
    }
}

impl Look {
    /// What the snapshot `object` of an event of type `kind` says to fetch: nothing for an invoice
    /// of no subscription. `None` for another type.
    pub(super) fn of_snapshot(kind: &str, object: &str) -> Option<Subject> {
        let read = Self::read(Kind::of(kind)?, object);
        Some(match read {
            Ok(Some(look)) => Subject::Look(look),
            Ok(None) => Subject::Other,
            Err(fault) => Subject::Unreadable(fault),
        })
    }

    /// The same of a thin event about the object with `id`, whose snapshot is the event `event`.
    pub(super) fn of_thin(kind: &str, id: Option<&str>, event: &str) -> Option<Subject> {
        let kind = Kind::of(kind)?;
        let id = match kind {
            Kind::Entitlements => Some(event),
            Kind::Subscription | Kind::Invoice => id,
        };
        let Some(id) = id.filter(|id| is_id(id)).map(str::to_owned) else {
            let fault = "there is no related object with an id";
            return Some(Subject::Unreadable(fault.to_owned()));
        };
        Some(Subject::Look(match kind {
            Kind::Subscription => Self::Subscription(id),
            Kind::Entitlements => Self::Snapshot(id),
            Kind::Invoice => Self::NamedInvoice(id),
        }))
    }

    fn read(kind: Kind, object: &str) -> Result<Option<Self>, String> {
        let fault = |error: serde_json::Error| error.to_string();
        let read: Object = serde_json::from_str(object).map_err(fault)?;
        let id = |id: Option<String>, what: &str| {
            let id = id.filter(|id| is_id(id));
            id.ok_or_else(|| format!("it names no {what}"))
        };
        Ok(match kind {
            Kind::Subscription => Some(Self::Subscription(id(read.id, "id")?)),
            Kind::Entitlements => Some(Self::Customer(id(read.customer, "customer")?)),
            Kind::Invoice => {
                let parent: InvoiceParent = serde_json::from_str(object).map_err(fault)?;
                let invoice = id(read.id, "id")?;
                let subscription = parent.subscription();
                subscription.map(|subscription| Self::Invoice {
                    invoice,
                    subscription,
                })
            }
        })
    }
}
