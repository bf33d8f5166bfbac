//! Which deployment made an object at Stripe.
//!
//! Several deployments may share one account: two shops, staging beside a colleague's machine. They
//! count orders alike, and every endpoint of the account hears of all objects. So each deployment
//! has a random id, made once in its database, which goes into the idempotency keys and the
//! metadata of all that it makes.

/// One deployment, as its database names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    id: String,
    has_unnamed: bool,
}

impl Deployment {
    /// The key of the id in the metadata of objects at Stripe.
    pub const KEY: &'static str = "farebox_deployment";

    /// The deployment with `id`; `has_unnamed` where an earlier version may have made objects for
    /// it that name no deployment.
    #[must_use]
    pub fn new(id: impl Into<String>, has_unnamed: bool) -> Self {
        Self {
            id: id.into(),
            has_unnamed,
        }
    }

    /// A new id, which no other deployment has.
    pub(crate) fn random(has_unnamed: bool) -> Self {
        Self::new(format!("dep_{:016x}", fastrand::u64(..)), has_unnamed)
    }

    /// `dep_…`
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether objects that name no deployment may be its own: its database was there before it had
    /// an id.
    #[must_use]
    pub fn has_unnamed(&self) -> bool {
        self.has_unnamed
    }
}
