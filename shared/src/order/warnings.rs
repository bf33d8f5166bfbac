//! Warnings before a dispute: early fraud warnings and reviews.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Order, OrderEvent, disputes::changes, payment::Applied};
use crate::event::{EarlyFraudWarning, Review};

/// The latest report of a warning; a settled one stays settled.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Warning {
    is_settled: bool,
    kind: WarningKind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

/// The kind of a warning: an early fraud warning of the payer's bank, or a review at Stripe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WarningKind {
    /// The payer's bank suspects fraud.
    EarlyFraudWarning,
    /// The shop's rules, or a person, put the payment under review.
    Review,
}

/// An early fraud warning or a review of an order's payment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct WarningRecord {
    /// `issfr_…` or `prv_…`
    pub id: String,
    /// The kind of the warning.
    pub kind: WarningKind,
    /// True while an early fraud warning is actionable, or a review is open.
    pub is_open: bool,
    /// Stripe's fraud type of the warning, or reason of the review; `null` if Stripe did not report
    /// one.
    #[schema(required)]
    pub reason: Option<String>,
}

impl Order {
    /// All early fraud warnings and reviews, by their ids.
    #[must_use]
    pub fn warning_records(&self) -> Vec<WarningRecord> {
        let all = self.facts.warnings().iter();
        all.map(|(id, known)| WarningRecord {
            id: id.clone(),
            kind: known.kind,
            is_open: !known.is_settled,
            reason: known.reason.clone(),
        })
        .collect()
    }

    pub(super) fn apply_early_fraud_warning(&mut self, warning: &EarlyFraudWarning) -> Applied {
        let reported = Warning {
            is_settled: !warning.actionable,
            kind: WarningKind::EarlyFraudWarning,
            reason: warning.fraud_type.clone(),
        };
        self.facts.warning(&warning.id, reported);
        Applied::Recorded(None)
    }

    pub(super) fn apply_review(&mut self, review: &Review) -> Applied {
        let reported = Warning {
            is_settled: !review.open,
            kind: WarningKind::Review,
            reason: review.reason.clone(),
        };
        self.facts.warning(&review.id, reported);
        Applied::Recorded(None)
    }

    /// The warning events between this order and `next`.
    pub(super) fn warnings_until(&self, next: &Self) -> Vec<OrderEvent> {
        let state = |known: &Warning| (known.kind, known.is_settled);
        let changed = changes(self.facts.warnings(), next.facts.warnings(), state);
        let event = |(before, after): (Option<_>, _)| match after {
            (WarningKind::EarlyFraudWarning, _) if before.is_some() => None,
            (WarningKind::EarlyFraudWarning, _) => Some(OrderEvent::EarlyFraudWarning),
            (WarningKind::Review, false) => Some(OrderEvent::ReviewOpened),
            (WarningKind::Review, true) => Some(OrderEvent::ReviewClosed),
        };
        changed.filter_map(event).collect()
    }
}
