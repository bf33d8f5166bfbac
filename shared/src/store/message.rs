//! Notifications for the site: the outbox keeps them until the site acknowledges them.

mod description;

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::{
    digest,
    event::{CancelReason, Event},
    ids::CallerId,
    order::{
        DisputeRecord, LineItem, Order, OrderAmounts, OrderEvent, OrderId, OrderPayer, Status,
        WarningRecord,
    },
    subscription::{
        change::Change,
        notification::{
            EntitlementsData, InvoiceView, ReversalData, ReversalEvent, SubscriptionData,
        },
    },
};

pub use description::notifications;

/// The type of a message about what a caller may use.
const ENTITLEMENTS_CHANGED: &str = "entitlements.changed";

/// A message in the outbox, written in one transaction with the change that it reports. Its `Debug`
/// does not show its body, which may name a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// `msg_…`: the same for every delivery, so that the site can recognize a duplicate.
    pub id: String,
    /// `order.paid` and like, or Stripe's own type behind `stripe.`.
    pub kind: String,
    /// The JSON to deliver.
    pub body: String,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// A message in delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutboxMessage {
    /// The content to deliver.
    pub message: Message,
    /// The time when it was written, in Unix seconds.
    pub created_at: i64,
    /// The number of earlier delivery attempts.
    pub attempts: u32,
    /// The latest error.
    pub error: Option<String>,
}

#[derive(Serialize)]
struct Body<'a, D> {
    #[serde(rename = "type")]
    kind: &'a str,
    timestamp: i64,
    data: D,
}

/// An order in a notification. Amounts are in minor units of `currency`, times in Unix seconds.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OrderData<'a> {
    /// The order's id.
    order_id: &'a str,
    /// The order's version; a higher one is later.
    version: i64,
    /// The caller.
    customer: &'a str,
    /// The order's status.
    status: Status,
    /// The order's total; the same as `amounts.total`.
    amount: i64,
    /// The parts of the total, and what was refunded and disputed of it.
    amounts: OrderAmounts,
    /// Three lower-case letters, such as `usd`.
    currency: &'a str,
    /// The total of the refunds that succeeded.
    refunded_amount: i64,
    /// The total of the refunds that are pending or require the payer's action.
    refund_pending_amount: i64,
    /// `pi_…`; `null` where nothing was to be paid.
    #[schema(required)]
    payment_intent: Option<&'a str>,
    /// The subscription that the order began, `sub_…`; absent for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subscription: Option<&'a str>,
    /// The time of the payment; `null` before it.
    #[schema(required)]
    paid_at: Option<i64>,
    /// The last moment to capture an authorized payment, where Stripe tells it; absent for all
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    capturable_until: Option<i64>,
    /// The reason with which a caller canceled the order; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancel_reason: Option<CancelReason>,
    /// Disputes and inquiries of the payer's bank; absent without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    disputes: Vec<DisputeRecord>,
    /// Early fraud warnings and reviews; absent without one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    warnings: Vec<WarningRecord>,
    /// The order's lines; absent for an amount that the site signed without lines.
    #[serde(skip_serializing_if = "<[LineItem]>::is_empty")]
    #[schema(required = false)]
    items: &'a [LineItem],
    #[serde(flatten)]
    payer: OrderPayer,
    /// The metadata that the site signed.
    metadata: &'a std::collections::BTreeMap<String, String>,
}

/// The part of a message that names its order.
#[derive(Default, Deserialize)]
struct Named {
    #[serde(default)]
    data: NamedOrder,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NamedOrder {
    order_id: Option<String>,
    subscription_id: Option<String>,
    /// The caller.
    customer: Option<String>,
}

/// The fields of an order in a notification that name its payer: those of [`OrderPayer`], but for
/// Stripe's id of the invoice.
const OF_THE_PAYER: [&str; 5] = [
    "payer",
    "shipping",
    "customFields",
    "receiptUrl",
    "invoiceUrl",
];

/// The invoices in a message about a subscription. Stripe's page of an invoice names its payer.
const INVOICES: [&str; 2] = ["/data/invoice", "/data/subscription/latestInvoice"];

/// The body of a message about an order or a subscription, without its payer; `None` where it names
/// none.
pub(super) fn without_payer(body: &str) -> Option<String> {
    let mut body: serde_json::Value = serde_json::from_str(body).ok()?;
    let data = body.get_mut("data")?.as_object_mut()?;
    let before = data.len();
    data.retain(|field, _| !OF_THE_PAYER.contains(&field.as_str()));
    let mut has_changed = data.len() != before;
    for invoice in INVOICES {
        let page = body
            .pointer_mut(invoice)
            .and_then(|one| one.get_mut("hostedUrl"));
        if let Some(page) = page.filter(|page| !page.is_null()) {
            *page = serde_json::Value::Null;
            has_changed = true;
        }
    }
    has_changed.then(|| body.to_string())
}

impl Message {
    /// The id of the message's order; a forwarded Stripe event has none.
    #[must_use]
    pub fn order(&self) -> Option<String> {
        let named: Named = serde_json::from_str(&self.body).unwrap_or_default();
        named.data.order_id
    }

    /// True when it is about one of `orders`, or about a subscription of `owner`.
    pub(super) fn concerns(&self, owner: &CallerId, orders: &[OrderId]) -> bool {
        let Named { data } = serde_json::from_str(&self.body).unwrap_or_default();
        let is_order = |id: &str| orders.iter().any(|order| order.as_str() == id);
        let is_owners = data.customer.as_deref() == Some(owner.as_str());
        data.order_id.as_deref().is_some_and(is_order)
            || (data.subscription_id.is_some() && is_owners)
    }

    /// Reports that `event` happened to `order`, which is then in its `version`.
    pub(super) fn of_order(event: OrderEvent, order: &Order, version: i64, now: i64) -> Self {
        let kind = event.as_str();
        // An order is paid once; any other event may repeat.
        let qualifier = match event {
            OrderEvent::Paid => String::new(),
            _ => version.to_string(),
        };
        let id = digest::hex(&["message", order.id().as_str(), kind, &qualifier]);
        let contents = &order.revision().contents;
        let currency = contents.amount().currency();
        let data = OrderData {
            order_id: order.id().as_str(),
            version,
            customer: order.owner().as_str(),
            status: order.status(),
            amount: order.total().minor_units(),
            amounts: order.amounts(),
            currency: currency.as_str(),
            refunded_amount: order.refunded_amount(),
            refund_pending_amount: order.refund_pending_amount(),
            payment_intent: order.intent(),
            subscription: order.subscription(),
            paid_at: order.paid_at(),
            capturable_until: order.capturable_until(),
            cancel_reason: order.cancel_reason(),
            disputes: order.dispute_records(),
            warnings: order.warning_records(),
            items: contents.lines(),
            payer: order.payer(),
            metadata: contents.metadata(),
        };
        Self::new(&id, kind, data, now)
    }

    /// Reports that `event` happened to a subscription, or to an invoice of it.
    ///
    /// An invoice is paid once, and each attempt to collect it fails once; anything else may repeat
    /// in a later version of the copy.
    pub(crate) fn of_subscription(
        (event, invoice): &Change,
        data: &SubscriptionData,
        now: i64,
    ) -> Self {
        let kind = event.as_str();
        let version = data.version.to_string();
        let (of, qualifier) = match invoice {
            None => (data.subscription_id.as_str(), version),
            Some(invoice) if invoice.is_paid() => (invoice.id.as_str(), String::new()),
            Some(invoice) => (invoice.id.as_str(), invoice.attempts.to_string()),
        };
        let id = digest::hex(&["subscription message", of, kind, &qualifier]);
        let invoice = invoice.as_ref().map(InvoiceView::from);
        let data = SubscriptionData {
            invoice,
            ..data.clone()
        };
        Self::new(&id, kind, data, now)
    }

    /// Reports a refund or dispute of an invoice, once for each of its statuses.
    pub(crate) fn of_reversal(data: &ReversalData, now: i64) -> Self {
        let (event, id, status) = match (&data.refund, &data.dispute) {
            (Some(refund), _) => (
                ReversalEvent::Refunded,
                &refund.id,
                refund.status.as_deref(),
            ),
            (None, Some(dispute)) => (ReversalEvent::Disputed, &dispute.id, Some(&*dispute.status)),
            (None, None) => (ReversalEvent::Refunded, &data.invoice_id, None),
        };
        let kind = event.as_str();
        let id = digest::hex(&["reversal message", kind, id, status.unwrap_or_default()]);
        Self::new(&id, kind, data, now)
    }

    /// Reports what a caller may use now.
    pub(crate) fn of_entitlements(data: &EntitlementsData, now: i64) -> Self {
        let version = data.version.to_string();
        let id = digest::hex(&["entitlements message", &data.customer, &version]);
        Self::new(&id, ENTITLEMENTS_CHANGED, data, now)
    }

    /// Forwards `event` unchanged.
    pub(super) fn of_event(event: &Event, now: i64) -> Self {
        let id = digest::hex(&["event", &event.id]);
        let raw: Option<&RawValue> = serde_json::from_str(&event.body).ok();
        Self::new(&id, &format!("stripe.{}", event.kind), raw, now)
    }

    pub(super) fn new(id: &str, kind: &str, data: impl Serialize, now: i64) -> Self {
        let body = Body {
            kind,
            timestamp: now,
            data,
        };
        Self {
            id: format!("msg_{}", &id[..24]),
            kind: kind.to_owned(),
            body: serde_json::to_string(&body).expect("a body has text keys alone"),
        }
    }
}
