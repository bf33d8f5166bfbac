//! The record of an order's refunds, as staff see it.

use serde::Serialize;
use utoipa::ToSchema;

use crate::order::{Order, RefundReason, RefundRecord, RefundRequest, RefundState};

/// A refund, or a request for one. For a refund that was made elsewhere, such as in Stripe's
/// dashboard, `reason`, `requestedBy` and `requestedAt` are `null`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefundRecord)]
pub(super) struct RefundView {
    /// In minor units of the order's currency.
    amount: i64,
    /// The reason in the request; `null` without one.
    #[schema(required)]
    reason: Option<RefundReason>,
    /// The status of the refund or of the request.
    status: RefundState,
    /// The alias of the caller who requested it, as in the log.
    #[schema(required)]
    requested_by: Option<String>,
    /// The time of the request, in Unix seconds.
    #[schema(required)]
    requested_at: Option<i64>,
    /// `re_…`; `null` until Stripe created the refund.
    #[schema(required)]
    refund_id: Option<String>,
}

/// All refunds of `order`, the oldest request first.
pub(super) fn of(order: &Order) -> Vec<RefundView> {
    let records = order.refund_records();
    records.into_iter().map(RefundView::of).collect()
}

impl RefundView {
    fn of(record: RefundRecord<'_>) -> Self {
        let request = record.request;
        Self {
            amount: record.amount,
            reason: request.and_then(RefundRequest::reason),
            status: record.state,
            requested_by: request.map(|request| request.by().to_owned()),
            requested_at: request.map(RefundRequest::at),
            refund_id: record.refund.map(str::to_owned),
        }
    }
}
