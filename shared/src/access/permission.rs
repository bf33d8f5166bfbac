//! Permissions, and the roles that hold them. A permission that no role lists is denied to all.

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

/// To read an order of one's own.
#[derive(Debug)]
pub struct ReadOrder;

impl Permission for ReadOrder {
    const NAME: &'static str = "order:read";
}

/// What a caller is to the shop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    /// Whoever the site signed a token for, signed in or a guest: their own orders alone.
    Customer,
}

impl Role {
    /// Whether this role holds permission `name`.
    pub(super) fn permits(self, name: &str) -> bool {
        match self {
            Self::Customer => [CreatePayment::NAME, ReadOrder::NAME].contains(&name),
        }
    }
}
