//! Stripe's reports on an order's refunds: the status of each, by its id.
//!
//! A refund only moves up the ranking of [`RefundStatus`], so that neither order nor repetition
//! matters. Nothing is subtracted from a charge's own total: that is a current value, and falls
//! when a refund fails.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Stripe's status of a refund.
// The variants are in the order of a ranking: money that came back to the shop stays there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// The payer must act, such as name a bank account.
    RequiresAction,
    /// Stripe is processing the refund.
    Pending,
    /// The money is with the payer, or on its way there. Earlier versions stored every refund that
    /// had not failed as `given`, and notified the site of it as refunded.
    #[serde(alias = "given")]
    Succeeded,
    /// The refund was canceled before the payer acted.
    Canceled,
    /// The refund failed, perhaps after it succeeded.
    Failed,
}

impl RefundStatus {
    /// Reads Stripe's status. An unknown or missing one proves neither that the payer has the
    /// money, nor that it may be refunded again.
    #[must_use]
    pub fn parse(status: Option<&str>) -> Self {
        match status {
            Some("succeeded") => Self::Succeeded,
            Some("failed") => Self::Failed,
            Some("canceled") => Self::Canceled,
            Some("requires_action") => Self::RequiresAction,
            _ => Self::Pending,
        }
    }

    /// True when the money may still reach the payer, and has not.
    fn is_pending(self) -> bool {
        matches!(self, Self::RequiresAction | Self::Pending)
    }

    /// True when the money stays with the shop.
    fn is_failed(self) -> bool {
        matches!(self, Self::Canceled | Self::Failed)
    }
}

/// One refund, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Reported {
    #[serde(rename = "stage")]
    status: RefundStatus,
    amount: i64,
}

/// All reported refunds of one order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct RefundFacts(BTreeMap<String, Reported>);

impl RefundFacts {
    pub(super) fn report(&mut self, id: &str, amount: i64, status: RefundStatus) {
        let reported = Reported { status, amount };
        let known = self.0.entry(id.to_owned()).or_insert(reported);
        *known = (*known).max(reported);
    }

    /// Each refund's id, amount in minor units, and status.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, i64, RefundStatus)> {
        let refunds = self.0.iter();
        refunds.map(|(id, refund)| (id.as_str(), refund.amount, refund.status))
    }

    /// The total of all refunds, whatever their status.
    pub(super) fn total(&self) -> i64 {
        self.sum(|_| true)
    }

    /// The amount that reached the payer.
    pub(super) fn succeeded(&self) -> i64 {
        self.sum(|status| status == RefundStatus::Succeeded)
    }

    /// The amount that may still reach the payer.
    pub(super) fn pending(&self) -> i64 {
        self.sum(RefundStatus::is_pending)
    }

    /// The amount that succeeded since `before`, which has the same refunds or fewer.
    pub(super) fn succeeded_since(&self, before: &Self) -> i64 {
        let amounts = self
            .since(before, |status| status == RefundStatus::Succeeded)
            .map(|refund| refund.amount);
        amounts.fold(0, i64::saturating_add)
    }

    /// True when a refund appeared since `before` whose money has not reached the payer.
    pub(super) fn is_pending_since(&self, before: &Self) -> bool {
        self.since(before, RefundStatus::is_pending)
            .next()
            .is_some()
    }

    /// True when a refund failed or was canceled since `before`.
    pub(super) fn has_failed_since(&self, before: &Self) -> bool {
        self.since(before, RefundStatus::is_failed).next().is_some()
    }

    /// The refunds that match `is_of` and did not in `before`.
    fn since(
        &self,
        before: &Self,
        is_of: impl Fn(RefundStatus) -> bool,
    ) -> impl Iterator<Item = &Reported> {
        let was = |id: &str, is_of: &dyn Fn(RefundStatus) -> bool| {
            before.0.get(id).is_some_and(|known| is_of(known.status))
        };
        self.0
            .iter()
            .filter(move |(id, refund)| is_of(refund.status) && !was(id, &is_of))
            .map(|(_, refund)| refund)
    }

    fn sum(&self, counts: impl Fn(RefundStatus) -> bool) -> i64 {
        let refunds = self.0.values().filter(|refund| counts(refund.status));
        refunds
            .map(|refund| refund.amount)
            .fold(0, i64::saturating_add)
    }
}
