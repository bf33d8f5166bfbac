//! What a caller may be allowed to do. A handler names one as a type, the roles file by its name.

/// A thing that a caller may be allowed to do: a resource and an action.
pub trait Permission: Send + Sync + 'static {
    /// `resource:action`.
    const NAME: &'static str;
}

/// To start or change a payment of one's own.
#[derive(Debug)]
pub struct CreatePayment;

impl Permission for CreatePayment {
    const NAME: &'static str = "payment:create";
}

/// To read an order.
#[derive(Debug)]
pub struct ReadOrder;

impl Permission for ReadOrder {
    const NAME: &'static str = "order:read";
}

/// To give money back.
#[derive(Debug)]
pub struct CreateRefund;

impl Permission for CreateRefund {
    const NAME: &'static str = "refund:create";
}

/// To read what Stripe holds about a customer.
#[derive(Debug)]
pub struct ReadCustomer;

impl Permission for ReadCustomer {
    const NAME: &'static str = "customer:read";
}

/// To open one's own billing portal.
#[derive(Debug)]
pub struct OpenPortal;

impl Permission for OpenPortal {
    const NAME: &'static str = "portal:open";
}

/// How a permission may be granted.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) name: &'static str,
    /// Whether it can reach what is another caller's.
    pub(super) reaches_any: bool,
    /// Whether it moves money, so that a grant may limit how much.
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
