//! Authenticates callers and authorizes their actions. Read in this order:
//!
//! - [`Authenticator`]: authenticates a caller by a JWT, of the site's server or of an issuer that
//!   publishes its keys (`token`, `claims`, `jwks`).
//! - [`Roles`]: the roles file. It gives each role its permissions, their reach, and the money that
//!   they may move (`grant`).
//! - [`Authorized`]: a handler demands a permission by naming a type,
//!   [`Authorized<CreatePayment>`]. So a stranger is refused before the body is read, and a reader
//!   sees the permission without opening the handler. After finding an object, the handler checks
//!   it by [`Authorized::reach`].
//! - `audit`: one record of each decision.
//!
//! Access without a granting role is denied. `docs/security.md` has the whole rule.

mod audit;
mod authenticator;
mod authorized;
mod claims;
mod grant;
mod jwks;
mod permission;
mod roles;
mod settings;
mod token;
mod token_error;

pub use authenticator::Authenticator;
pub(crate) use authenticator::Unknown;
pub use authorized::{Authorized, Reached};
pub(crate) use claims::{Claims, LEEWAY};
pub use permission::{
    CancelPayment, CapturePayment, CreatePayment, CreateRefund, ManageSubscription, MovesMoney,
    OpenPortal, Permission, ReadCustomer, ReadOrder, ReadSubscription, ReadSystem, ReportUsage,
};
pub use roles::Roles;
pub use settings::{Issuer, Settings};

pub use crate::ids::CallerId;
