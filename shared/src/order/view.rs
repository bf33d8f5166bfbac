//! An order as callers read it.

mod refunds;

use serde::Serialize;
use utoipa::ToSchema;

use self::refunds::RefundView;
use super::{Awaited, DisputeRecord, Order, OrderAmounts, OrderItem, Status, WarningRecord};
use crate::event::CancelReason;

/// An order. Amounts are in minor units of `currency`, times in Unix seconds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Order)]
pub struct OrderView {
    /// The order's id.
    order_id: String,
    /// The order's status.
    status: Status,
    /// The order's total; the same as `amounts.total`.
    amount: i64,
    /// The parts of the total, and what was refunded and disputed of it.
    amounts: OrderAmounts,
    /// Three lower-case letters, such as `usd`.
    currency: String,
    /// The total of the refunds that succeeded.
    refunded_amount: i64,
    /// The total of the refunds that are pending or require the payer's action. It cannot be
    /// refunded again.
    refund_pending_amount: i64,
    /// The time of the order's creation.
    created_at: i64,
    /// The time of the order's latest change.
    updated_at: i64,
    /// The subscription that the order began, or whose invoice it stands for, `sub_…`; absent for
    /// all others, and before the order is paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    subscription: Option<String>,
    /// The invoice that the order stands for, `in_…`: a refund created the order. Absent for all
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    invoice: Option<String>,
    /// The time of the payment; `null` before it.
    #[schema(required)]
    paid_at: Option<i64>,
    /// The last moment to capture an authorized payment, where Stripe tells it; absent for all
    /// others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    capturable_until: Option<i64>,
    /// The time after which an unpaid order expires; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    expires_at: Option<i64>,
    /// The reason with which a caller canceled the order; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    cancel_reason: Option<CancelReason>,
    /// The pending step of a payment that takes days, such as a voucher; absent for all others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    awaiting: Option<Awaited>,
    /// The order's lines; empty for an amount that the site signed without lines.
    items: Vec<OrderItem>,
    /// The description in an order that the site signed; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    description: Option<String>,
    /// All refunds and refund requests: first the requests, the oldest first. Absent, unless a role
    /// of the caller reads any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunds: Option<Vec<RefundView>>,
    /// Disputes and inquiries of the payer's bank, by their ids. Absent, unless a role of the
    /// caller reads any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    disputes: Option<Vec<DisputeRecord>>,
    /// Early fraud warnings and reviews, by their ids. Absent, unless a role of the caller reads
    /// any order.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    warnings: Option<Vec<WarningRecord>>,
}

impl OrderView {
    /// The view of `order`; staff also see its refunds, disputes and warnings.
    #[must_use]
    pub fn of(order: &Order, is_for_staff: bool) -> Self {
        let contents = &order.revision().contents;
        let amount = order.total();
        Self {
            order_id: order.id().to_string(),
            status: order.status(),
            amount: amount.minor_units(),
            amounts: order.amounts(),
            currency: amount.currency().to_string(),
            refunded_amount: order.refunded_amount(),
            refund_pending_amount: order.refund_pending_amount(),
            created_at: order.created_at(),
            updated_at: order.updated_at(),
            subscription: order.subscription().map(str::to_owned),
            invoice: order.invoice().map(str::to_owned),
            paid_at: order.paid_at(),
            capturable_until: order.capturable_until(),
            expires_at: order.expires_at().filter(|_| order.paid_at().is_none()),
            cancel_reason: order.cancel_reason(),
            awaiting: order.awaited(),
            items: contents.items(),
            description: contents.description().map(str::to_owned),
            refunds: is_for_staff.then(|| refunds::of(order)),
            disputes: is_for_staff.then(|| order.dispute_records()),
            warnings: is_for_staff.then(|| order.warning_records()),
        }
    }
}
