//! Ids that several modules share.

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

    /// A name for this caller that does not reveal them: for Stripe's metadata and the log.
    #[must_use]
    pub fn alias(&self) -> String {
        digest::hex(&["caller", &self.0])[..24].to_owned()
    }
}
