//! Changes of orders: reads an order from the database after each event and compares.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};
use shared::{order::OrderId, store::Store};
use tokio::sync::Mutex;

use crate::{
    activity::{Activity, Entry, Source},
    exchange::ShownResponse,
};

/// The orders of this run, as last read.
#[derive(Clone, Debug)]
pub(crate) struct Orders {
    store: Store,
    seen: Arc<Mutex<HashMap<String, Snapshot>>>,
}

/// The status, the refunded amount and the pending amount.
type Snapshot = (String, i64, i64);

/// A change of an order's status or refunds.
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

    /// Reads the order and returns its change since the last read; `None` when it does not exist.
    ///
    /// Reads run one at a time, so that one of several equal events reports the change.
    pub(crate) async fn read_change(&self, id: &str) -> Option<Change> {
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
        let amount = order.total();
        let order = json!({
            "orderId": id.to_string(), "status": to, "amount": amount.minor_units(),
            "currency": amount.currency().to_string(), "paymentIntent": order.intent(),
            "refundedAmount": refunded, "refundPendingAmount": pending, "paidAt": order.paid_at(),
        });
        Some(Change { order, from, to })
    }
}

impl Change {
    /// Adds the change to the feed.
    pub(crate) fn add_to(self, activity: &Activity) {
        let title = match &self.from {
            Some(from) if *from == self.to => format!("{from}, and its refunds changed"),
            Some(from) => format!("{from} → {}", self.to),
            None => self.to.clone(),
        };
        let id = self.order["orderId"].as_str().map(str::to_owned);
        let entry = Entry::new(Source::Order, title)
            .detail("the order in the database")
            .order(id)
            .response(ShownResponse::reading(&self.order));
        activity.add(entry);
    }
}
