//! Who is calling and what they may do.
//!
//! A caller is authenticated by a token that the site's server signed: a JWT, HS256 under
//! `FAREBOX_SITE_KEY`. A handler asks for a permission by naming a type, [`Allowed<CreatePayment>`], so
//! that a stranger is refused before the body is read, and a reader sees who may call without
//! opening the handler. Whatever no role was given is denied.

mod allowed;
mod permission;
mod token;

pub use allowed::Allowed;
pub use permission::{CreatePayment, Permission, ReadOrder};
pub use token::{Callers, SignedOrder};

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
