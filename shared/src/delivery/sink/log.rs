//! Delivers to the log: for trying things out.

use serde::Deserialize;

use crate::store::Message;

/// The loggable part of an order's message: no customer, no metadata.
#[derive(Default, Deserialize)]
struct Loggable {
    data: LoggableData,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LoggableData {
    order_id: Option<String>,
    status: Option<String>,
    amount: Option<i64>,
    currency: Option<String>,
    refunded_amount: Option<i64>,
}

/// Logs a line about `message`.
pub(super) fn write(message: &Message) {
    let data = match message.kind.starts_with("order.") {
        true => {
            serde_json::from_str::<Loggable>(&message.body)
                .unwrap_or_default()
                .data
        }
        false => LoggableData::default(),
    };
    tracing::info!(
        message.id,
        message.type = message.kind,
        order.id = data.order_id,
        order.status = data.status,
        order.amount = data.amount,
        order.currency = data.currency,
        order.refunded_amount = data.refunded_amount,
        "notify"
    );
}
