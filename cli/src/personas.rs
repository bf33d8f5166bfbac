//! The people of the demo shop. A real shop knows who is signed in; here a click chooses.

use serde::Deserialize;
use serde_json::{Value, json};

/// Somebody for whom the site's server signs a token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Person {
    /// Whoever buys.
    #[default]
    Customer,
    /// Staff who look things up.
    Support,
    /// Staff who give money back.
    Finance,
}

impl Person {
    const ALL: [Self; 3] = [Self::Customer, Self::Support, Self::Finance];

    /// Their `sub`.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::Customer => "demo-ada",
            Self::Support => "demo-sam",
            Self::Finance => "demo-fay",
        }
    }

    /// Their role of `roles.json`.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Finance => "finance",
        }
    }

    /// Everybody's name, by role.
    pub(crate) fn names() -> Value {
        let named = |person: Self| (person.role().to_owned(), json!(person.subject()));
        Value::Object(Self::ALL.map(named).into_iter().collect())
    }
}
