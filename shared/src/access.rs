//! Who is calling and what they may do. Read in this order:
//!
//! - [`Callers`]: a caller is authenticated by a JWT, of the site's server or of an issuer that
//!   publishes its keys (`token`, `claims`, `jwks`).
//! - [`Roles`]: the roles file, which gives roles their permissions, how far each reaches, and how
//!   much money it may move (`grant`).
//! - [`Allowed`]: a handler asks for a permission by naming a type, [`Allowed<CreatePayment>`], so that
//!   a stranger is refused before the body is read, and a reader sees who may call without opening
//!   the handler. What it found, it asks about by [`Allowed::reach`].
//! - `audit`: one record of each decision.
//!
//! Whatever no role was given is denied. `docs/security.md` has the whole rule.

mod allowed;
mod audit;
mod callers;
mod claims;
mod grant;
mod jwks;
mod order_claims;
mod permission;
mod refused;
mod roles;
mod settings;
mod signed_order;
mod strict_json;
mod token;

pub use allowed::{Allowed, Reached};
pub use callers::Callers;
pub use grant::DayLimit;
pub use permission::{
    CreatePayment, CreateRefund, OpenPortal, Permission, ReadCustomer, ReadOrder,
};
pub use roles::Roles;
pub use settings::{Issuer, Settings};
pub use signed_order::SignedOrder;

use serde::{Deserialize, Serialize};

use crate::digest;

/// A caller as the site knows them: the `sub` of their token, 1 to 128 characters.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallerId(String);

impl CallerId {
    /// Reads a subject; `None` when it is blank, over-long, or holds control characters.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=128).contains(&text.chars().count())
            && text.trim() == text
            && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The subject.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// A name for this caller that tells nothing about them: for Stripe's metadata and the log.
    #[must_use]
    pub fn alias(&self) -> String {
        digest::hex(&["caller", &self.0])[..24].to_owned()
    }
}
