//! The permissions. A handler names one as a type, the roles file by its name.

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

/// The rule by which a permission may be granted.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// True when it can reach another caller's objects.
    pub(super) reaches_any: bool,
    /// True when it moves money, so that a grant may limit the amount.
    pub(super) has_limits: bool,
}

/// Every permission that a role may be given.
static RULES: [Rule; 5] = [
    rule(CreatePayment::NAME, false, false),
    rule(ReadOrder::NAME, true, false),
    rule(CreateRefund::NAME, true, true),
    rule(ReadCustomer::NAME, true, false),
    rule(OpenPortal::NAME, false, false),
];

const fn rule(name: &'static str, reaches_any: bool, has_limits: bool) -> Rule {
    Rule {
        name,
        reaches_any,
        has_limits,
    }
}

/// The rule for the permission called `name`.
pub(super) fn rule_of(name: &str) -> Option<&'static Rule> {
    RULES.iter().find(|rule| rule.name == name)
}
