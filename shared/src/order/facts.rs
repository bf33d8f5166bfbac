//! Stripe's reports on an order, merged so that neither order nor repetition matters.
//!
//! Every fact only grows: an attempt is a maximum, the payment the earliest report, and refunds,
//! disputes and warnings are maps whose entries move up a ranking.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Awaited, Totals,
    authorization::Authorization,
    disputes::{self, Disputed},
    first_invoice::FirstInvoice,
    payer::PayerFacts,
    refund_facts::{RefundFacts, RefundStatus},
    warnings::Warning,
};

/// The most failed charges kept for an order, the newest: the order has to stay small.
pub(super) const MAX_FAILED_CHARGES: usize = 100;

/// All reports on one order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Facts {
    /// In an order that an earlier version wrote: the latest attempt, on any payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    attempt: Option<Attempt>,
    /// The latest attempt by the object that reported it, until the order is paid.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    attempts: BTreeMap<String, Attempt>,
    paid: Option<Paid>,
    /// The subscription that the payment began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    first_invoice: Option<FirstInvoice>,
    /// Who paid.
    #[serde(default, skip_serializing_if = "PayerFacts::is_empty")]
    payer: PayerFacts,
    /// In an order that an earlier version wrote: true when its intent was canceled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    canceled: bool,
    /// The time of the latest report on each failed charge, by its id, in Unix seconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    failed_charges: BTreeMap<String, i64>,
    /// The highest refunded total of a charge that an earlier version saw, in minor units; 0 once
    /// the refunds themselves are known.
    charge_refunded: i64,
    refunds: RefundFacts,
    #[serde(deserialize_with = "disputes::stored")]
    disputes: BTreeMap<String, Disputed>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    warnings: BTreeMap<String, Warning>,
}

/// The latest attempt to pay. A cancellation is final. Else the later second wins, and the further
/// status within one second: while neither is final, the choice decides nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Attempt {
    at: i64,
    #[serde(rename = "stage")]
    status: AttemptStatus,
    /// The pending step, where it takes long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    awaited: Option<Awaited>,
    /// The authorized amount, of an authorized payment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    authorized: Option<Authorization>,
}

impl Ord for Attempt {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        let rank = |attempt: &Self| {
            let Self {
                at,
                status,
                awaited,
                authorized,
            } = *attempt;
            (status.is_final(), at, status, awaited, authorized)
        };
        rank(self).cmp(&rank(other))
    }
}

impl PartialOrd for Attempt {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The status of an attempt to pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum AttemptStatus {
    Created,
    RequiresAction,
    Processing,
    Failed,
    /// A Checkout Session's payment failed after the payer had left; an intent's own event reports
    /// it as `Failed`.
    PageFailed,
    /// The payment is authorized, and waits for its capture.
    Authorized,
    /// Its Checkout Session or intent is closed; the order can be paid with another.
    Released,
    /// Its Checkout Session expired.
    Expired,
    /// The site's own intent was canceled for the reason that Farebox gives when it closes one.
    Abandoned,
    /// The site's own intent was canceled for another reason.
    Canceled,
}

impl AttemptStatus {
    fn is_final(self) -> bool {
        matches!(self, Self::Expired | Self::Abandoned | Self::Canceled)
    }
}

/// The payment's time and contents. Of several reports the least counts: a report on the success
/// itself, then the earliest.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Paid {
    /// True when the time is that of another event, whose object was fetched after the success.
    pub(super) is_estimate: bool,
    pub(super) at: i64,
    /// The digest of the paid contents.
    pub(super) digest: String,
    /// The intent that took the money; `None` where there was nothing to pay, where it is that of
    /// an invoice, and in an order that an earlier version wrote: then it is the order's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) intent: Option<String>,
    /// The totals, where they are not the offered amount alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) totals: Option<Totals>,
    /// The authorized amount, where another was captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) authorized: Option<i64>,
}

impl Attempt {
    pub(super) fn new(at: i64, status: AttemptStatus) -> Self {
        Self {
            at,
            status,
            awaited: None,
            authorized: None,
        }
    }

    pub(super) fn waiting_for(self, awaited: Option<Awaited>) -> Self {
        Self { awaited, ..self }
    }

    pub(super) fn authorizing(self, authorized: Option<Authorization>) -> Self {
        Self { authorized, ..self }
    }

    pub(super) fn status(self) -> AttemptStatus {
        self.status
    }

    pub(super) fn authorized(self) -> Option<Authorization> {
        self.authorized
    }
}

impl Facts {
    /// Records an attempt that `object` reported; on a paid order it changes nothing.
    pub(super) fn attempted(&mut self, object: &str, reported: Attempt) {
        if self.paid.is_some() {
            return;
        }
        let known = self.attempts.entry(object.to_owned()).or_insert(reported);
        *known = (*known).max(reported);
    }

    /// `shown`, which is no older than what `object` reported, whatever this machine's clock says:
    /// Stripe returned it later.
    pub(super) fn after_known(&self, object: &str, shown: Attempt) -> Attempt {
        let known = self.attempts.get(object).map_or(shown.at, |known| known.at);
        Attempt {
            at: shown.at.max(known),
            ..shown
        }
    }

    /// True when the latest attempt that `object` reported differs from `shown` in its time alone.
    /// Before the first report an attempt is created.
    pub(super) fn shows_attempt(&self, object: &str, shown: Attempt) -> bool {
        match self.attempts.get(object) {
            Some(known) => {
                Attempt {
                    at: shown.at,
                    ..*known
                } == shown
            }
            None => shown.status == AttemptStatus::Created,
        }
    }

    /// Keeps only the attempts that one of `objects` reported.
    pub(super) fn keep_attempts_of(&mut self, objects: &[String]) {
        self.attempts.retain(|object, _| objects.contains(object));
    }

    /// Drops the attempts on a closed payment.
    pub(super) fn forget_attempts(&mut self) {
        (self.attempt, self.attempts) = (None, BTreeMap::new());
    }

    /// Records the payment.
    pub(super) fn paid(&mut self, reported: Paid) {
        self.paid = Some(match self.paid.take() {
            Some(known) => known.min(reported),
            None => reported,
        });
        self.forget_attempts();
    }

    /// Records the subscription that the payment began.
    pub(super) fn subscribed(&mut self, reported: FirstInvoice) {
        self.first_invoice = Some(match self.first_invoice.take() {
            Some(known) => known.merged(reported),
            None => reported,
        });
    }

    /// The subscription that the payment began.
    pub(super) fn first_invoice(&self) -> Option<&FirstInvoice> {
        self.first_invoice.as_ref()
    }

    /// Records that the charge with `id` failed. Of too many the newest are kept. The rest can
    /// never be among them again, since a time only grows.
    pub(super) fn charge_failed(&mut self, id: &str, at: i64) {
        let known = self.failed_charges.entry(id.to_owned()).or_insert(at);
        *known = (*known).max(at);
        if self.failed_charges.len() > MAX_FAILED_CHARGES {
            let all = self.failed_charges.iter();
            let oldest = all.min_by_key(|(id, at)| (**at, id.as_str()));
            let oldest = oldest.map(|(id, _)| id.clone());
            self.failed_charges
                .retain(|id, _| Some(id) != oldest.as_ref());
        }
    }

    /// True when the failure of the charge with `id` is recorded.
    pub(super) fn has_failed_charge(&self, id: &str) -> bool {
        self.failed_charges.contains_key(id)
    }

    /// True when the failure of a charge is recorded here, and not in `before`.
    pub(super) fn has_new_failure(&self, before: &Self) -> bool {
        let mut failed = self.failed_charges.keys();
        failed.any(|id| !before.has_failed_charge(id))
    }

    /// The times of the failed charges that are kept.
    pub(super) fn failed_charges(&self) -> impl Iterator<Item = i64> {
        self.failed_charges.values().copied()
    }

    pub(super) fn refund(&mut self, id: &str, amount: i64, status: RefundStatus) {
        self.refunds.report(id, amount, status);
    }

    /// Drops the totals of earlier versions, once every refund of the payment was reported.
    pub(super) fn knows_all_refunds(&mut self) {
        self.charge_refunded = 0;
    }

    pub(super) fn refunds(&self) -> &RefundFacts {
        &self.refunds
    }

    /// True when the known refunds add up to `total`, a present or past total of the charge.
    pub(super) fn refunds_add_up_to(&self, total: i64) -> bool {
        let known = self.refunds.succeeded() + self.refunds.pending();
        self.charge_refunded == 0 && known == total
    }

    pub(super) fn dispute(&mut self, id: &str, reported: Disputed) {
        let known = self.disputes.remove(id);
        let merged = known.map_or_else(|| reported.clone(), |known| known.merged(&reported));
        self.disputes.insert(id.to_owned(), merged);
    }

    /// The reported disputes, by id.
    pub(super) fn disputes(&self) -> &BTreeMap<String, Disputed> {
        &self.disputes
    }

    pub(super) fn warning(&mut self, id: &str, reported: Warning) {
        let known = self.warnings.entry(id.to_owned());
        let known = known.or_insert_with(|| reported.clone());
        *known = reported.max(known.clone());
    }

    /// The reported warnings, by id.
    pub(super) fn warnings(&self) -> &BTreeMap<String, Warning> {
        &self.warnings
    }

    /// The latest attempt that one of `objects` reported. A session is complete before or after its
    /// intent reports an authorization, and does not tell of it.
    pub(super) fn latest_attempt(&self, objects: &[String]) -> Option<Attempt> {
        let reported = objects
            .iter()
            .filter_map(|object| self.attempts.get(object));
        let reported = reported.copied().chain(self.attempt);
        let latest = reported.clone().max()?;
        let mut authorized = reported.filter(|one| one.status == AttemptStatus::Authorized);
        match latest.status {
            AttemptStatus::Processing => authorized.next().or(Some(latest)),
            _ => Some(latest),
        }
    }

    /// The pending step of the latest attempt of one of `objects`.
    pub(super) fn awaited(&self, objects: &[String]) -> Option<Awaited> {
        let mut reported = objects
            .iter()
            .filter_map(|object| self.attempts.get(object));
        reported.find_map(|attempt| attempt.awaited)
    }

    pub(super) fn paid_at(&self) -> Option<i64> {
        self.paid.as_ref().map(|paid| paid.at)
    }

    pub(super) fn paid_digest(&self) -> Option<&str> {
        self.paid.as_ref().map(|paid| paid.digest.as_str())
    }

    /// The intent that took the money.
    pub(super) fn paid_by(&self) -> Option<&str> {
        let of_invoice = || self.first_invoice.as_ref()?.intent.as_deref();
        self.paid.as_ref()?.intent.as_deref().or_else(of_invoice)
    }

    /// Who paid.
    pub(super) fn payer(&self) -> &PayerFacts {
        &self.payer
    }

    /// Who paid, to record it.
    pub(super) fn payer_mut(&mut self) -> &mut PayerFacts {
        &mut self.payer
    }

    /// The totals of the payment, where they are not the offered amount alone.
    pub(super) fn paid_totals(&self) -> Option<Totals> {
        self.paid.as_ref()?.totals
    }

    /// The authorized amount of the payment, where another was captured.
    pub(super) fn authorized(&self) -> Option<i64> {
        self.paid.as_ref()?.authorized
    }

    pub(super) fn is_canceled(&self) -> bool {
        self.canceled
    }

    /// The refunded amount, in minor units.
    pub(super) fn refunded_amount(&self) -> i64 {
        self.refunds.succeeded().saturating_add(self.unexplained())
    }

    /// The amount that an earlier version counted as refunded, and no known refund explains.
    pub(super) fn unexplained(&self) -> i64 {
        (self.charge_refunded - self.refunds.total()).max(0)
    }
}
