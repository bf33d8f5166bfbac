//! The personas of the demo shop: a click signs one in, without a password.

use serde::Deserialize;
use serde_json::{Value, json};

/// A person with a token of the site's server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Persona {
    /// A customer.
    #[default]
    Customer,
    /// Staff who look up orders.
    Support,
    /// Staff who refund.
    Finance,
}

impl Persona {
    const ALL: [Self; 3] = [Self::Customer, Self::Support, Self::Finance];

    /// The `sub` claim.
    pub(crate) fn subject(self) -> &'static str {
        match self {
            Self::Customer => "demo-ada",
            Self::Support => "demo-sam",
            Self::Finance => "demo-fay",
        }
    }

    /// The role in `roles.json`.
    pub(crate) fn role(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Support => "support",
            Self::Finance => "finance",
        }
    }

    /// The names of all personas, by role.
    pub(crate) fn names() -> Value {
        let named = |person: Self| (person.role().to_owned(), json!(person.subject()));
        Value::Object(Self::ALL.map(named).into_iter().collect())
    }
}
