//! The record of an order's refunds: each request with its outcome, and each refund that Stripe
//! reported without a request, such as one from Stripe's dashboard.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Order, RefundRequest, RefundStatus};

/// One refund of an order, or a request for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefundRecord<'a> {
    /// The request with its author, time and reason; `None` for a refund made elsewhere.
    pub request: Option<&'a RefundRequest>,
    /// `re_…`, once Stripe made it.
    pub refund: Option<&'a str>,
    /// In minor units of the order's currency.
    pub amount: i64,
    /// Its state.
    pub state: RefundState,
}

/// Stripe's status of a refund. Before Stripe created the refund, its request is `requested`; after
/// Stripe rejected it, `refused`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Farebox reserved the amount; Stripe's answer is not known yet.
    Requested,
    /// The payer must act, such as name a bank account.
    RequiresAction,
    /// Stripe is processing the refund.
    Pending,
    /// The money is with the payer, or on its way.
    Succeeded,
    /// The refund failed: the money is with the shop again.
    Failed,
    /// The refund was canceled before the payer acted: the money is with the shop.
    Canceled,
    /// Stripe rejected the request: no refund was made.
    Refused,
}

impl Order {
    /// All refunds and requests: first the requests, the oldest first, then the other refunds.
    #[must_use]
    pub fn refund_records(&self) -> Vec<RefundRecord<'_>> {
        let asked = self
            .refund_requests
            .iter()
            .map(|request| self.recorded(request));
        let is_asked = |id: &str| self.refund_requests.iter().any(|r| r.refund() == Some(id));
        let others = self.facts.refunds().iter().filter(|(id, ..)| !is_asked(id));
        let others = others.map(|(id, amount, status)| RefundRecord {
            request: None,
            refund: Some(id),
            amount,
            state: status.into(),
        });
        asked.chain(others).collect()
    }

    fn recorded<'a>(&'a self, request: &'a RefundRequest) -> RefundRecord<'a> {
        let refund = request.refund();
        let mut reported = self.facts.refunds().iter();
        let found = refund.and_then(|id| reported.find(|(known, ..)| *known == id));
        let state = match (found, request.declined()) {
            (Some((.., status)), _) => status.into(),
            (None, Some(_)) => RefundState::Refused,
            (None, None) => RefundState::Requested,
        };
        RefundRecord {
            request: Some(request),
            refund,
            amount: request.amount(),
            state,
        }
    }
}

impl From<RefundStatus> for RefundState {
    fn from(status: RefundStatus) -> Self {
        match status {
            RefundStatus::RequiresAction => Self::RequiresAction,
            RefundStatus::Pending => Self::Pending,
            RefundStatus::Succeeded => Self::Succeeded,
            RefundStatus::Canceled => Self::Canceled,
            RefundStatus::Failed => Self::Failed,
        }
    }
}
