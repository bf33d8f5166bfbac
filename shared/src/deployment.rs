//! Identifies the deployment that created an object at Stripe.
//!
//! Several deployments may share one account: two shops, or staging and a colleague's machine.
//! Their order ids may coincide, and every endpoint of the account receives events of all objects.
//! So each deployment has a random id, created once in its database. The id goes into the
//! idempotency keys and the metadata of all its objects.

/// One deployment, identified by its database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deployment {
    id: String,
    has_unnamed: bool,
}

impl Deployment {
    /// The key of the id in the metadata of objects at Stripe.
    pub const KEY: &'static str = "farebox_deployment";

    /// Creates the deployment with `id`; `has_unnamed` where an earlier version may have created
    /// objects for it that name no deployment.
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

    /// Returns true when objects that name no deployment may be its own: its database is older than
    /// its id.
    #[must_use]
    pub fn has_unnamed(&self) -> bool {
        self.has_unnamed
    }
}
