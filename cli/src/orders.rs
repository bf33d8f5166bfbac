//! How orders change: reads an order from the database after each event, and tells whether it
//! moved.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};
use shared::{order::OrderId, store::Store};
use tokio::sync::Mutex;

use crate::{
    activity::{Activity, Note, Source},
    exchange::Answered,
};

/// The orders of this try, with what was last seen of each.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    store: Store,
    seen: Arc<Mutex<HashMap<String, Seen>>>,
}

/// The status, what is refunded and what is about to be.
type Seen = (String, i64, i64);

/// An order's status moved, or a refund of it.
#[derive(Debug)]
pub(crate) struct Change {
    order: Value,
    from: Option<String>,
    to: String,
}

impl Orders {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            seen: Arc::default(),
        }
    }

    /// What changed since the last look; nothing when the order is not there.
    ///
    /// One look at a time, so that of several equal events one is told to have changed the order.
    pub(crate) async fn look(&self, id: &str) -> Option<Change> {
        let id = OrderId::parse(id).ok()?;
        let mut seen = self.seen.lock().await;
        let order = self.store.order(&id).await.ok()??;
        let status = serde_json::to_value(order.status()).ok()?;
        let to = status.as_str()?.to_owned();
        let (refunded, pending) = (order.refunded_amount(), order.refund_pending_amount());
        let now = (to.clone(), refunded, pending);
        let before = seen.insert(id.to_string(), now.clone());
        if before.as_ref() == Some(&now) {
            return None;
        }
        let from = before.map(|(status, ..)| status);
        let amount = order.revision().contents.amount();
        let order = json!({
            "orderId": id.to_string(), "status": to, "amount": amount.minor_units(),
            "currency": amount.currency().to_string(), "paymentIntent": order.intent(),
            "refundedAmount": refunded, "refundPendingAmount": pending, "paidAt": order.paid_at(),
        });
        Some(Change { order, from, to })
    }
}

impl Change {
    /// Notes it as a row.
    pub(crate) fn note(self, activity: &Activity) {
        let title = match &self.from {
            Some(from) if *from == self.to => format!("{from}, and a refund of it moved"),
            Some(from) => format!("{from} → {}", self.to),
            None => self.to.clone(),
        };
        let id = self.order["orderId"].as_str().map(str::to_owned);
        let note = Note::new(Source::Order, title)
            .detail("the database's state of the order")
            .order(id)
            .answer(Answered::reading(&self.order));
        activity.note(note);
    }
}
