//! Requests to give money back: who asked, for how much and why, and what became of it.
//!
//! A request is in the database before Stripe is called, so that refunds which are asked for at
//! once never exceed what was paid. It ends tied to the refund that Stripe made, whose facts count
//! from then on, or released, when Stripe refused for good. Both only grow, as facts do: a request
//! that is tied stays so, whatever was noted of it before or comes after.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Mismatch, Order, OrderId, RefundStatus, Transition};
use crate::{
    amount::Amount,
    digest,
    email::Email,
    event::{Event, Refund, Subject},
    ids::CallerId,
};

/// The most requests of one order that are kept; they are the record of its refunds.
const MOST_REQUESTS: usize = 100;

/// The keys under which we write to a refund's metadata.
pub(crate) struct RefundKeys;

impl RefundKeys {
    /// The order's id.
    pub(crate) const ORDER: &'static str = "farebox_order";
    /// The request's id.
    pub(crate) const REQUEST: &'static str = "farebox_refund";
}

/// Why money is given back: what Stripe takes as a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// It was paid twice.
    Duplicate,
    /// Somebody else paid; Stripe blocks the card and the e-mail address.
    Fraudulent,
    /// The customer asked.
    RequestedByCustomer,
}

impl RefundReason {
    /// Stripe's word.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Fraudulent => "fraudulent",
            Self::RequestedByCustomer => "requested_by_customer",
        }
    }
}

/// Why Stripe refused a refund for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundRejection {
    /// Less is left of the payment.
    ExceedsPaid,
    /// The payer's bank has the money, until the dispute is decided.
    Disputed,
    /// The payment method takes no refund of a part.
    InFullOnly,
    /// The payer has to be asked where the money is to go, and Stripe has no address of theirs.
    NeedsEmail,
    /// Anything else.
    Other,
}

/// One request to give money back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    id: String,
    /// Made of what was asked for; the same operation with another is refused.
    digest: String,
    /// The id of the deployment that set the amount aside; `None` from an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployment: Option<String>,
    amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<RefundReason>,
    /// The alias of who asked.
    by: String,
    at: i64,
    /// `re_…`, once Stripe made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    declined: Option<RefundRejection>,
    /// The key that Stripe is asked under; `None` for the first, which is as old as the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<LaterKey>,
}

/// A key after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LaterKey {
    number: u32,
    /// When it was taken, in Unix seconds.
    at: i64,
}

/// Seconds for which Stripe is asked under one key; it forgets keys after 24 hours at the earliest.
const KEY_IS_GOOD_FOR: i64 = 12 * 60 * 60;
/// Seconds after which no request under the key is on its way any more, whatever clocks differ.
const KEY_IS_OVER_AFTER: i64 = KEY_IS_GOOD_FOR + 15 * 60;

/// What a key is good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundKey {
    /// Stripe may be asked under it.
    Good,
    /// Stripe is not asked under it any more, and somebody may still be asking.
    Ending,
    /// Nobody asks under it any more: after a look, the next may be taken.
    Over,
}

impl RefundRequest {
    /// The id of the request that `caller` names `key` for the order `order`; the same each time.
    #[must_use]
    pub fn id_of(order: &OrderId, caller: &CallerId, key: &str) -> String {
        let digest = digest::hex(&["refund", order.as_str(), caller.as_str(), key]);
        format!("rfd_{}", &digest[..24])
    }

    /// What tells two requests under one id apart; `amount` is what the caller asked for, if
    /// anything.
    #[must_use]
    pub fn digest_of(amount: Option<i64>, reason: Option<RefundReason>) -> String {
        let amount = amount.map_or_else(|| "rest".to_owned(), |amount| amount.to_string());
        let reason = reason.map_or("none", RefundReason::as_str);
        digest::hex(&["refund", &amount, reason])
    }

    /// `digest`, of the request with `id`, where an e-mail address goes with it. The address itself
    /// is not kept.
    #[must_use]
    pub fn digest_with(digest: &str, id: &str, email: &Email) -> String {
        digest::hex(&["refund with email", digest, id, email.as_str()])
    }

    /// A request by `caller` at `now` (Unix seconds).
    #[must_use]
    pub fn new(
        (id, digest): (String, String),
        amount: Amount,
        reason: Option<RefundReason>,
        caller: &CallerId,
        now: i64,
    ) -> Self {
        Self {
            id,
            digest,
            deployment: None,
            amount: amount.minor_units(),
            reason,
            by: caller.alias(),
            at: now,
            refund: None,
            declined: None,
            key: None,
        }
    }

    /// Its id, which is written to the refund's metadata.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Made of what was asked for.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The same, set aside by the deployment with `id`.
    #[must_use]
    pub(crate) fn of_deployment(mut self, id: &str) -> Self {
        self.deployment = Some(id.to_owned());
        self
    }

    /// The id of the deployment that set the amount aside, whose key Stripe is asked under.
    #[must_use]
    pub fn deployment(&self) -> Option<&str> {
        self.deployment.as_deref()
    }

    /// In minor units of the order's currency.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.amount
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> Option<RefundReason> {
        self.reason
    }

    /// The alias of who asked.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// When it was asked for, in Unix seconds.
    #[must_use]
    pub fn at(&self) -> i64 {
        self.at
    }

    /// Stripe's refund, once it is known.
    #[must_use]
    pub fn refund(&self) -> Option<&str> {
        self.refund.as_deref()
    }

    /// Why Stripe refused, where it did and made no refund.
    #[must_use]
    pub fn declined(&self) -> Option<RefundRejection> {
        self.declined.filter(|_| self.refund.is_none())
    }

    /// The number of the key that Stripe is asked under: each is taken when the one before is over,
    /// and made no refund.
    #[must_use]
    pub fn key_number(&self) -> u32 {
        self.key.map_or(0, |key| key.number)
    }

    /// What that key is good for at `now` (Unix seconds).
    #[must_use]
    pub fn key_at(&self, now: i64) -> RefundKey {
        match now.saturating_sub(self.key.map_or(self.at, |key| key.at)) {
            ..KEY_IS_GOOD_FOR => RefundKey::Good,
            KEY_IS_GOOD_FOR..KEY_IS_OVER_AFTER => RefundKey::Ending,
            _ => RefundKey::Over,
        }
    }

    /// Whether its amount is set aside: nobody knows yet whether Stripe gives it back.
    fn is_open(&self) -> bool {
        self.refund.is_none() && self.declined.is_none()
    }
}

impl Order {
    /// What was paid; `None` while nothing was.
    #[must_use]
    pub fn paid_amount(&self) -> Option<Amount> {
        let amount = self.revision().contents.amount();
        self.paid_at().map(|_| amount)
    }

    /// What may still be refunded, in minor units: what was paid, without what was refunded or is
    /// under way, and without what is set aside.
    #[must_use]
    pub fn left_to_refund(&self) -> i64 {
        let paid = self.paid_amount().map_or(0, Amount::minor_units);
        let open = self.refund_requests.iter().filter(|r| r.is_open());
        let open = open.map(|r| r.amount).fold(0, i64::saturating_add);
        paid.saturating_sub(self.refunded_amount())
            .saturating_sub(self.refund_pending_amount())
            .saturating_sub(open)
            .max(0)
    }

    /// All requests to give money back, the oldest first.
    #[must_use]
    pub fn refund_requests(&self) -> &[RefundRequest] {
        &self.refund_requests
    }

    /// The request with `id`.
    #[must_use]
    pub fn refund_request(&self, id: &str) -> Option<&RefundRequest> {
        self.refund_requests.iter().find(|r| r.id == id)
    }

    /// Sets the amount of `request` aside; whether the order has room for it.
    pub(crate) fn reserve_refund(&mut self, request: RefundRequest) -> bool {
        if self.refund_requests.len() >= MOST_REQUESTS {
            return false;
        }
        self.updated_at = request.at;
        self.refund_requests.push(request);
        true
    }

    /// Takes the next key for the request with `id`, unless that is over or somebody took it after
    /// the one with the number `last`; whether anything changed.
    pub(crate) fn take_next_key(&mut self, id: &str, last: u32, now: i64) -> bool {
        let mut requests = self.refund_requests.iter_mut();
        let request = requests.find(|r| r.id == id && r.is_open() && r.key_number() == last);
        let Some(request) = request else {
            return false;
        };
        let number = last.saturating_add(1);
        request.key = Some(LaterKey { number, at: now });
        self.updated_at = now;
        true
    }

    /// Notes that Stripe refused the request with `id` for good, unless it is known to have made
    /// the refund, or the refusal is noted; whether anything changed.
    pub(crate) fn decline_refund(&mut self, id: &str, why: RefundRejection, now: i64) -> bool {
        let mut requests = self.refund_requests.iter_mut();
        let Some(request) = requests.find(|r| r.id == id && r.is_open()) else {
            return false;
        };
        request.declined = Some(why);
        self.updated_at = now;
        true
    }

    /// This order after Stripe answered with `refund`, as after an event about it.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the refund contradicts what was paid; the order stays as it is.
    pub(crate) fn with_refund(&self, refund: &Refund, now: i64) -> Result<Transition, Mismatch> {
        let mut next = self.clone();
        next.apply_refund(refund)?;
        Ok(self.step_to(next, now))
    }

    /// Whether a charge's total in `event` says that there are refunds, or ends of such, that the
    /// order does not know: all refunds of the payment have to be asked for, and applied in place
    /// of it.
    ///
    /// Stripe reports each refund to an endpoint of a newer API version, in an event of its own. To
    /// an older one it may not, so that a total that is explained can still be explained by chance.
    pub(crate) fn lacks_refunds(&self, event: &Event) -> bool {
        let Subject::Charge(charge) = &event.subject else {
            return false;
        };
        !event.reports_each_refund() || !self.facts.refunds_add_up_to(charge.amount_refunded)
    }

    /// All refunds of the payment, as Stripe lists them.
    pub(super) fn apply_refunds(&mut self, all: &[Refund]) -> Result<(), Mismatch> {
        all.iter().try_for_each(|one| self.apply_refund(one))?;
        self.facts.knows_all_refunds();
        Ok(())
    }

    /// The refund counts from here on, and no more what was set aside for it.
    pub(super) fn apply_refund(&mut self, refund: &Refund) -> Result<(), Mismatch> {
        self.check_offered(refund.amount, &refund.currency, |offered, is| offered >= is)?;
        let status = RefundStatus::parse(refund.status.as_deref());
        self.facts.refund(&refund.id, refund.amount, status);
        self.tie(refund);
        Ok(())
    }

    /// Ties the request that `refund` says it was made for, if it is this order's and as large.
    fn tie(&mut self, refund: &Refund) {
        let id = refund.metadata(RefundKeys::REQUEST);
        let mut requests = self.refund_requests.iter_mut();
        let request = requests.find(|r| Some(r.id.as_str()) == id && r.amount == refund.amount);
        let Some(request) = request else { return };
        // Stripe makes one; were there two, all who read the same events note the same.
        let known = request.refund.take();
        let tied = known.map_or_else(|| refund.id.clone(), |known| known.min(refund.id.clone()));
        request.refund = Some(tied);
    }
}
