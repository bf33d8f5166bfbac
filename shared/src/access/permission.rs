//! The permissions. A handler names one as a type, the roles file by its name.

use super::grant::Scope;
use crate::Error;

/// A permission: a resource and an action.
pub trait Permission: Send + Sync + 'static {
    /// `resource:action`.
    const NAME: &'static str;
}

/// Starts or changes the caller's own payments.
#[derive(Debug)]
pub struct CreatePayment;

impl Permission for CreatePayment {
    const NAME: &'static str = "payment:create";
}

/// Reads an order.
#[derive(Debug)]
pub struct ReadOrder;

impl Permission for ReadOrder {
    const NAME: &'static str = "order:read";
}

/// Refunds a payment.
#[derive(Debug)]
pub struct CreateRefund;

impl Permission for CreateRefund {
    const NAME: &'static str = "refund:create";
}

/// Captures an authorized payment.
#[derive(Debug)]
pub struct CapturePayment;

impl Permission for CapturePayment {
    const NAME: &'static str = "payment:capture";
}

/// Cancels an unpaid order: the owner's own, or anybody's, also with an authorized payment.
#[derive(Debug)]
pub struct CancelPayment;

impl Permission for CancelPayment {
    const NAME: &'static str = "payment:cancel";
}

/// A permission that moves money, so that a grant may limit the amount.
pub trait MovesMoney: Permission {
    /// The error for an amount above the caller's limits.
    fn over_limit() -> Error;
}

impl MovesMoney for CreateRefund {
    fn over_limit() -> Error {
        Error::OverLimit
    }
}

impl MovesMoney for CapturePayment {
    fn over_limit() -> Error {
        Error::OverCaptureLimit
    }
}

/// Reads a customer's data at Stripe.
#[derive(Debug)]
pub struct ReadCustomer;

impl Permission for ReadCustomer {
    const NAME: &'static str = "customer:read";
}

/// Opens the caller's own billing portal.
#[derive(Debug)]
pub struct OpenPortal;

impl Permission for OpenPortal {
    const NAME: &'static str = "portal:open";
}

/// Reads subscriptions, and what a caller may use by them.
#[derive(Debug)]
pub struct ReadSubscription;

impl Permission for ReadSubscription {
    const NAME: &'static str = "subscription:read";
}

/// Reports the usage of any caller.
#[derive(Debug)]
pub struct ReportUsage;

impl Permission for ReportUsage {
    const NAME: &'static str = "usage:report";
}

/// Changes subscriptions: plan, quantity, end and pause.
#[derive(Debug)]
pub struct ManageSubscription;

impl Permission for ManageSubscription {
    const NAME: &'static str = "subscription:manage";
}

/// Reads the numbers of waiting, given up and quarantined work.
#[derive(Debug)]
pub struct ReadSystem;

impl Permission for ReadSystem {
    const NAME: &'static str = "system:read";
}

/// The rule by which a permission may be granted.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// The scopes that it can have.
    pub(super) scopes: &'static [Scope],
    /// True when it moves money, so that a grant may limit the amount.
    pub(super) has_limits: bool,
}

/// Every permission that a role may be given.
static RULES: [Rule; 11] = [
    rule(CreatePayment::NAME, &[Scope::Own], false),
    rule(CapturePayment::NAME, &[Scope::Any], true),
    rule(CancelPayment::NAME, &[Scope::Own, Scope::Any], false),
    rule(ReadOrder::NAME, &[Scope::Own, Scope::Any], false),
    rule(CreateRefund::NAME, &[Scope::Own, Scope::Any], true),
    rule(ReadCustomer::NAME, &[Scope::Own, Scope::Any], false),
    rule(OpenPortal::NAME, &[Scope::Own], false),
    rule(ReadSubscription::NAME, &[Scope::Own, Scope::Any], false),
    rule(ManageSubscription::NAME, &[Scope::Own, Scope::Any], false),
    // The site's server reports it, and no caller their own.
    rule(ReportUsage::NAME, &[Scope::Any], false),
    // It concerns the whole deployment.
    rule(ReadSystem::NAME, &[Scope::Any], false),
];

const fn rule(name: &'static str, scopes: &'static [Scope], has_limits: bool) -> Rule {
    Rule {
        name,
        scopes,
        has_limits,
    }
}

/// The rule for the permission called `name`.
pub(super) fn rule_of(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}
