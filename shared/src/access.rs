//! Who is calling and what they may do. Read in this order:
//!
//! - [`Authenticator`]: a caller is authenticated by a JWT, of the site's server or of an issuer
//!   that publishes its keys (`token`, `claims`, `jwks`).
//! - [`Roles`]: the roles file, which gives roles their permissions, how far each reaches, and how
//!   much money it may move (`grant`).
//! - [`Authorized`]: a handler asks for a permission by naming a type,
//!   [`Authorized<CreatePayment>`], so that a stranger is refused before the body is read, and a
//!   reader sees who may call without opening the handler. What it found, it asks about by
//!   [`Authorized::reach`].
//! - `audit`: one record of each decision.
//!
//! Whatever no role was given is denied. `docs/security.md` has the whole rule.

mod audit;
mod authenticator;
mod authorized;
mod claims;
mod grant;
mod jwks;
mod permission;
mod roles;
mod settings;
mod strict_json;
mod token;
mod token_error;

pub use authenticator::Authenticator;
pub(crate) use authenticator::Unknown;
pub use authorized::{Authorized, Reached};
pub(crate) use claims::{Claims, LEEWAY};
pub use permission::{
    CreatePayment, CreateRefund, OpenPortal, Permission, ReadCustomer, ReadOrder,
};
pub use roles::Roles;
pub use settings::{Issuer, Settings};
pub(crate) use strict_json::Value;

pub use crate::ids::CallerId;
