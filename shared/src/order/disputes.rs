//! Disputes of an order's payment.
//!
//! A payment may be disputed several times, each time over a part of it. An inquiry becomes a
//! dispute under the same id, and a bank may reverse its decision. So no stage is final. Of two
//! reports on a dispute, the one with more movements of its money is the later. After that counts
//! the time of Stripe's report, then, within one second, the further stage.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{Order, OrderEvent, facts::Facts, payment::Applied};
use crate::event::{Dispute, Event};

/// The latest report on one dispute. The order of its fields decides which of two reports is the
/// later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Disputed {
    /// The number of times that its money was withdrawn and reinstated.
    movements: usize,
    as_of: i64,
    stage: DisputeStage,
    /// Stripe's status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    amount: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_by: Option<i64>,
}

/// The stage of a dispute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DisputeStage {
    /// The bank only inquires.
    Inquiry,
    /// The bank closed its inquiry without a dispute.
    InquiryClosed,
    /// Not decided.
    Open,
    /// It ended without a decision: it was prevented, or the payment was refunded.
    Ended,
    Lost,
    Won,
}

/// A dispute as it is stored: an earlier version kept the stage alone.
#[derive(Deserialize)]
#[serde(untagged)]
enum Stored {
    StageAlone(DisputeStage),
    Whole(Disputed),
}

/// Reads the disputes of a stored order.
pub(super) fn stored<'de, D: Deserializer<'de>>(
    source: D,
) -> Result<BTreeMap<String, Disputed>, D::Error> {
    let stored: BTreeMap<String, Stored> = Deserialize::deserialize(source)?;
    let read = |stored| match stored {
        Stored::StageAlone(stage) => Disputed::of_earlier_version(stage),
        Stored::Whole(dispute) => dispute,
    };
    Ok(stored
        .into_iter()
        .map(|(id, stored)| (id, read(stored)))
        .collect())
}

impl Disputed {
    /// A decision stands until its money moves again; any other stage yields to the next report.
    fn of_earlier_version(stage: DisputeStage) -> Self {
        let (movements, as_of) = match stage {
            DisputeStage::Lost => (1, i64::MAX),
            DisputeStage::Won => (2, i64::MAX),
            _ => (0, 0),
        };
        Self {
            movements,
            as_of,
            stage,
            status: None,
            amount: None,
            currency: None,
            reason: None,
            due_by: None,
        }
    }

    fn of(dispute: &Dispute, as_of: i64) -> Self {
        let stage = match dispute.status.as_str() {
            "won" => DisputeStage::Won,
            "lost" => DisputeStage::Lost,
            "warning_closed" => DisputeStage::InquiryClosed,
            "prevented" | "charge_refunded" => DisputeStage::Ended,
            status if status.starts_with("warning_") => DisputeStage::Inquiry,
            _ => DisputeStage::Open,
        };
        let due_by = dispute.evidence_details.as_ref();
        let due_by = due_by.and_then(|details| details.due_by);
        Self {
            movements: dispute.balance_transactions.as_ref().map_or(0, Vec::len),
            as_of,
            stage,
            status: Some(dispute.status.clone()),
            amount: dispute.amount,
            currency: dispute.currency.clone(),
            reason: dispute.reason.clone(),
            due_by: due_by.filter(|at| *at > 0),
        }
    }

    /// The later of two reports; fields that an earlier version did not keep come from the other.
    pub(super) fn merged(self, other: &Self) -> Self {
        let (earlier, later) = match self > *other {
            true => (other.clone(), self),
            false => (self, other.clone()),
        };
        match later.status {
            Some(_) => later,
            None => Self {
                movements: later.movements,
                as_of: later.as_of,
                stage: later.stage,
                ..earlier
            },
        }
    }

    /// The disputed part of the order's `amount`. It is all of it where the dispute has another
    /// currency, or an earlier version stored it without an amount.
    fn part_of(&self, amount: i64, currency: &str) -> i64 {
        match (self.amount, self.currency.as_deref()) {
            (Some(part), Some(of)) if of == currency => part.clamp(0, amount),
            _ => amount,
        }
    }
}

/// What an order's disputes amount to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Disputes {
    pub(super) is_open: bool,
    pub(super) is_won: bool,
    /// The lost amount, in minor units of the order's currency.
    pub(super) lost: i64,
    /// The amount under open disputes, and lost in others, in minor units of the order's currency.
    pub(super) disputed: i64,
}

impl Disputes {
    /// The disputes of an order of `amount` minor units of `currency`.
    pub(super) fn of(facts: &Facts, amount: i64, currency: &str) -> Self {
        let at = |stage| {
            let all = facts.disputes().values();
            all.filter(move |known| known.stage == stage)
        };
        let sum = |stage| {
            let parts = at(stage).map(|known| known.part_of(amount, currency));
            parts.fold(0, i64::saturating_add).min(amount)
        };
        let lost = sum(DisputeStage::Lost);
        Self {
            is_open: at(DisputeStage::Open).next().is_some(),
            is_won: at(DisputeStage::Won).next().is_some(),
            lost,
            disputed: lost.saturating_add(sum(DisputeStage::Open)).min(amount),
        }
    }
}

/// A dispute of an order's payment, or an inquiry of the payer's bank. A field is `null` if Stripe
/// did not report it, or if an earlier version of Farebox stored the dispute.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisputeRecord {
    /// `dp_…`
    pub id: String,
    /// Stripe's status: `warning_needs_response`, `needs_response`, `under_review`, `won`, `lost`
    /// and others.
    #[schema(required)]
    pub status: Option<String>,
    /// The disputed amount, in minor units of `currency`.
    #[schema(required)]
    pub amount: Option<i64>,
    /// Three lower-case letters, such as `usd`.
    #[schema(required)]
    pub currency: Option<String>,
    /// Stripe's reason, such as `fraudulent` or `product_not_received`.
    #[schema(required)]
    pub reason: Option<String>,
    /// The deadline for evidence, in Unix seconds.
    #[schema(required)]
    pub evidence_due_by: Option<i64>,
}

impl Order {
    /// The amount under open disputes, and lost in others, in minor units of the order's currency.
    #[must_use]
    pub fn disputed_amount(&self) -> i64 {
        let total = self.total();
        Disputes::of(&self.facts, total.minor_units(), total.currency().as_str()).disputed
    }

    /// All disputes and inquiries, by their ids.
    #[must_use]
    pub fn dispute_records(&self) -> Vec<DisputeRecord> {
        let all = self.facts.disputes().iter();
        all.map(|(id, known)| DisputeRecord {
            id: id.clone(),
            status: known.status.clone(),
            amount: known.amount,
            currency: known.currency.clone(),
            reason: known.reason.clone(),
            evidence_due_by: known.due_by,
        })
        .collect()
    }

    pub(super) fn apply_dispute(&mut self, dispute: &Dispute, event: &Event) -> Applied {
        let reported = Disputed::of(dispute, event.as_of);
        self.facts.dispute(&dispute.id, reported);
        Applied::Recorded(None)
    }

    /// The dispute events between this order and `next`.
    pub(super) fn disputes_until(&self, next: &Self) -> Vec<OrderEvent> {
        let stage = |known: &Disputed| known.stage;
        let changed = changes(self.facts.disputes(), next.facts.disputes(), stage);
        let event = |(before, after): (Option<_>, DisputeStage)| match after {
            DisputeStage::Inquiry => Some(OrderEvent::InquiryOpened),
            DisputeStage::InquiryClosed => Some(OrderEvent::InquiryClosed),
            DisputeStage::Open => Some(OrderEvent::Disputed),
            DisputeStage::Lost => Some(OrderEvent::DisputeLost),
            DisputeStage::Won => Some(OrderEvent::DisputeWon),
            DisputeStage::Ended => before.map(|_| OrderEvent::DisputeEnded),
        };
        changed.filter_map(event).collect()
    }
}

/// The entries that are new or changed in `after`: their values before, if any, and now.
pub(super) fn changes<'a, T, V: PartialEq>(
    before: &'a BTreeMap<String, T>,
    after: &'a BTreeMap<String, T>,
    value: impl Fn(&T) -> V + 'a,
) -> impl Iterator<Item = (Option<V>, V)> + 'a {
    after.iter().filter_map(move |(id, known)| {
        let (was, is) = (before.get(id).map(&value), value(known));
        (was.as_ref() != Some(&is)).then_some((was, is))
    })
}
