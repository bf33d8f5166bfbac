//! Refund requests: the author, amount, reason and outcome of each.
//!
//! The database stores a request before the call to Stripe, so that concurrent refunds never exceed
//! the payment. A request ends tied to Stripe's refund, whose facts count from then on, or
//! released, when Stripe rejected it for good. Both only grow, as facts do: a tied request stays
//! tied, whatever was recorded before or comes after.

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

/// The most requests of one order; they are the record of its refunds.
const MAX_REQUESTS: usize = 100;

/// Farebox's keys in a refund's metadata.
pub(crate) struct RefundKeys;

impl RefundKeys {
    /// The order's id.
    pub(crate) const ORDER: &'static str = "farebox_order";
    /// The request's id.
    pub(crate) const REQUEST: &'static str = "farebox_refund";
}

/// Stripe's reason for a refund. With `fraudulent`, Stripe blocks the card and the e-mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundReason {
    /// The customer paid twice.
    Duplicate,
    /// The payment was fraudulent.
    Fraudulent,
    /// The customer requested it.
    RequestedByCustomer,
}

impl RefundReason {
    /// Stripe's name of the reason.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Duplicate => "duplicate",
            Self::Fraudulent => "fraudulent",
            Self::RequestedByCustomer => "requested_by_customer",
        }
    }
}

/// The reason why Stripe rejected a refund for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundRejection {
    /// The amount exceeds the rest of the payment.
    ExceedsPaid,
    /// The payer's bank has the money, until the dispute is decided.
    Disputed,
    /// The payment method takes no partial refund.
    InFullOnly,
    /// The payer has to name a bank account, and Stripe has no e-mail address of theirs.
    NeedsEmail,
    /// Anything else.
    Other,
}

/// One refund request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    id: String,
    /// A hash of the parameters; the same operation with other parameters is refused.
    digest: String,
    /// The id of the deployment that reserved the amount; `None` from an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    deployment: Option<String>,
    amount: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    reason: Option<RefundReason>,
    /// The alias of the caller who asked.
    by: String,
    at: i64,
    /// `re_…`, once Stripe created it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refund: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    declined: Option<RefundRejection>,
    /// The present idempotency key; `None` for the first, which is as old as the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    key: Option<LaterKey>,
}

/// A key after the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct LaterKey {
    number: u32,
    /// The time when it began, in Unix seconds.
    at: i64,
}

/// The seconds for which Farebox sends one key; Stripe forgets keys after 24 hours at the earliest.
const KEY_IS_GOOD_FOR: i64 = 12 * 60 * 60;
/// The seconds after which no request with the key is in flight, with a margin for clock
/// differences.
const KEY_IS_OVER_AFTER: i64 = KEY_IS_GOOD_FOR + 15 * 60;

/// The usability of an idempotency key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefundKey {
    /// It may be sent to Stripe.
    Good,
    /// It is not sent any more, and an earlier request may still be in flight.
    Ending,
    /// No request is in flight: after a look at Stripe's refunds, the next key may begin.
    Over,
}

impl RefundRequest {
    /// The id of the request of `caller` with the idempotency key `key` for `order`; the same each
    /// time.
    #[must_use]
    pub fn id_of(order: &OrderId, caller: &CallerId, key: &str) -> String {
        let digest = digest::hex(&["refund", order.as_str(), caller.as_str(), key]);
        format!("rfd_{}", &digest[..24])
    }

    /// A hash that tells two requests under one id apart; `amount` is the caller's, if any.
    #[must_use]
    pub fn digest_of(amount: Option<i64>, reason: Option<RefundReason>) -> String {
        let amount = amount.map_or_else(|| "rest".to_owned(), |amount| amount.to_string());
        let reason = reason.map_or("none", RefundReason::as_str);
        digest::hex(&["refund", &amount, reason])
    }

    /// `digest` of the request with `id`, with its e-mail address. The address itself is not
    /// stored.
    #[must_use]
    pub fn digest_with(digest: &str, id: &str, email: &Email) -> String {
        digest::hex(&["refund with email", digest, id, email.as_str()])
    }

    /// Creates a request by `caller` at `now` (Unix seconds).
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

    /// Its id, which the refund's metadata names.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// A hash of the parameters.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// The same request, reserved by the deployment with `id`.
    #[must_use]
    pub(crate) fn of_deployment(mut self, id: &str) -> Self {
        self.deployment = Some(id.to_owned());
        self
    }

    /// The id of the deployment that reserved the amount; Stripe's idempotency key contains it.
    #[must_use]
    pub fn deployment(&self) -> Option<&str> {
        self.deployment.as_deref()
    }

    /// In minor units of the order's currency.
    #[must_use]
    pub fn amount(&self) -> i64 {
        self.amount
    }

    /// The reason.
    #[must_use]
    pub fn reason(&self) -> Option<RefundReason> {
        self.reason
    }

    /// The alias of the caller who asked.
    #[must_use]
    pub fn by(&self) -> &str {
        &self.by
    }

    /// The time of the request, in Unix seconds.
    #[must_use]
    pub fn at(&self) -> i64 {
        self.at
    }

    /// Stripe's refund, once it is known.
    #[must_use]
    pub fn refund(&self) -> Option<&str> {
        self.refund.as_deref()
    }

    /// The reason for Stripe's rejection, where Stripe made no refund.
    #[must_use]
    pub fn declined(&self) -> Option<RefundRejection> {
        self.declined.filter(|_| self.refund.is_none())
    }

    /// The number of the present idempotency key. Each begins when the one before has expired, and
    /// made no refund.
    #[must_use]
    pub fn key_number(&self) -> u32 {
        self.key.map_or(0, |key| key.number)
    }

    /// The usability of that key at `now` (Unix seconds).
    #[must_use]
    pub fn key_at(&self, now: i64) -> RefundKey {
        match now.saturating_sub(self.key.map_or(self.at, |key| key.at)) {
            ..KEY_IS_GOOD_FOR => RefundKey::Good,
            KEY_IS_GOOD_FOR..KEY_IS_OVER_AFTER => RefundKey::Ending,
            _ => RefundKey::Over,
        }
    }

    /// True while its amount is reserved, and Stripe's answer is unknown.
    fn is_open(&self) -> bool {
        self.refund.is_none() && self.declined.is_none()
    }
}

impl Order {
    /// The paid amount; `None` for an unpaid order.
    #[must_use]
    pub fn paid_amount(&self) -> Option<Amount> {
        self.paid_at().map(|_| self.total())
    }

    /// The amount that may still be refunded, in minor units: the payment without refunds, made or
    /// pending, and without reservations.
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

    /// All refund requests, the oldest first.
    #[must_use]
    pub fn refund_requests(&self) -> &[RefundRequest] {
        &self.refund_requests
    }

    /// The request with `id`.
    #[must_use]
    pub fn refund_request(&self, id: &str) -> Option<&RefundRequest> {
        self.refund_requests.iter().find(|r| r.id == id)
    }

    /// Reserves the amount of `request`; returns true when the order has room for it.
    pub(crate) fn reserve_refund(&mut self, request: RefundRequest) -> bool {
        if self.refund_requests.len() >= MAX_REQUESTS {
            return false;
        }
        self.updated_at = request.at;
        self.refund_requests.push(request);
        true
    }

    /// Begins the next key for the request with `id`; returns true when anything changed.
    ///
    /// Changes nothing when the request is over, or another process began the key after `last`.
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

    /// Records that Stripe rejected the request with `id` for good; returns true when anything
    /// changed.
    ///
    /// Changes nothing when Stripe is known to have made the refund, or the rejection is recorded.
    pub(crate) fn decline_refund(&mut self, id: &str, why: RefundRejection, now: i64) -> bool {
        let mut requests = self.refund_requests.iter_mut();
        let Some(request) = requests.find(|r| r.id == id && r.is_open()) else {
            return false;
        };
        request.declined = Some(why);
        self.updated_at = now;
        true
    }

    /// This order after Stripe's answer `refund`, as after an event about it.
    ///
    /// # Errors
    ///
    /// [`Mismatch`] when the refund contradicts what was paid; the order stays as it is.
    pub(crate) fn with_refund(&self, refund: &Refund, now: i64) -> Result<Transition, Mismatch> {
        let mut next = self.clone();
        next.apply_refund(refund)?;
        Ok(self.transition_to(next, now))
    }

    /// Returns true when a charge's total in `event` shows refunds, or ends of refunds, that the
    /// order does not know.
    ///
    /// All refunds of the payment must then be fetched and applied instead of the total. Stripe
    /// reports each refund to an endpoint of a newer API version, in an event of its own. To an
    /// older one it may not, so that a total that is explained can still be explained by chance.
    pub(crate) fn lacks_refunds(&self, event: &Event) -> bool {
        let Subject::Charge(charge) = &event.subject else {
            return false;
        };
        let is_explained =
            event.reports_each_refund() && self.facts.refunds_add_up_to(charge.amount_refunded);
        charge.captured != Some(false) && !is_explained
    }

    /// Applies all refunds of the payment, from Stripe's list.
    pub(super) fn apply_refunds(&mut self, all: &[Refund]) -> Result<(), Mismatch> {
        let mut refunds = all.iter().filter(|one| !one.is_release());
        refunds.try_for_each(|one| self.apply_refund(one))?;
        self.facts.knows_all_refunds();
        Ok(())
    }

    /// Applies the refund, which counts from here on instead of its reservation.
    pub(super) fn apply_refund(&mut self, refund: &Refund) -> Result<(), Mismatch> {
        self.check_offered(refund.amount, &refund.currency, |offered, is| offered >= is)?;
        let status = RefundStatus::parse(refund.status.as_deref());
        self.facts.refund(&refund.id, refund.amount, status);
        self.tie(refund);
        Ok(())
    }

    /// Ties `refund` to the request that its metadata names, if that is this order's and as large.
    fn tie(&mut self, refund: &Refund) {
        let id = refund.metadata(RefundKeys::REQUEST);
        let mut requests = self.refund_requests.iter_mut();
        let request = requests.find(|r| Some(r.id.as_str()) == id && r.amount == refund.amount);
        let Some(request) = request else { return };
        // Stripe makes one; were there two, all who read the same events choose the same one.
        let known = request.refund.take();
        let tied = known.map_or_else(|| refund.id.clone(), |known| known.min(refund.id.clone()));
        request.refund = Some(tied);
    }
}
