//! Audits each decision: the caller, the action, the object, the outcome and its reason.
//!
//! An [`AuditRecord`] is written when it is dropped, so that a handler cannot leave one out. It
//! holds the caller's alias, never their id. The request's id is in the span around it.

use super::token_error::TokenError;

/// The reason why a request was allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Allowed: a role of the caller permits the action, which concerns no existing object.
    Role,
    /// Allowed: the object is the caller's.
    Owner,
    /// Allowed: a role of the caller reaches anybody's objects.
    Any,
    /// Denied: no role of the caller permits the action.
    NotPermitted,
    /// Denied: the object is another caller's.
    NotOwner,
    /// Denied: there is no such object.
    NotThere,
    /// Denied: the amount exceeds the limits of the caller's roles.
    Limit,
    /// Denied: the caller is not authenticated.
    Unauthenticated(TokenError),
    /// Denied: the keys that verify tokens are not available.
    NoKeys,
}

impl Why {
    fn is_allowed(self) -> bool {
        matches!(self, Self::Role | Self::Owner | Self::Any)
    }

    fn code(self) -> &'static str {
        match self {
            Self::Role => "role",
            Self::Owner => "owner",
            Self::Any => "any",
            Self::NotPermitted => "not_permitted",
            Self::NotOwner => "not_owner",
            Self::NotThere => "not_there",
            Self::Limit => "limit",
            Self::Unauthenticated(refused) => refused.code(),
            Self::NoKeys => "no_keys",
        }
    }
}

/// A decision, recorded when it is dropped.
#[derive(Debug)]
pub(super) struct AuditRecord {
    action: &'static str,
    why: Why,
    who: Option<String>,
    roles: String,
    object: Option<String>,
}

impl AuditRecord {
    /// A record of `action` by an unknown caller.
    pub(super) fn new(action: &'static str, why: Why) -> Self {
        Self {
            action,
            why,
            who: None,
            roles: String::new(),
            object: None,
        }
    }

    /// The record, of the caller with this alias and these roles.
    pub(super) fn by(mut self, alias: String, roles: &[String]) -> Self {
        self.who = Some(alias);
        self.roles = roles.join(",");
        self
    }

    /// Names the object.
    pub(super) fn about(&mut self, object: &str) {
        self.object = Some(object.to_owned());
    }

    /// The outcome so far.
    pub(super) fn why(&self) -> Why {
        self.why
    }

    /// Sets the outcome.
    pub(super) fn end(&mut self, why: Why) {
        self.why = why;
    }
}

impl Drop for AuditRecord {
    fn drop(&mut self) {
        tracing::info!(
            audit = true,
            who = self.who.as_deref().unwrap_or("unknown"),
            roles = self.roles,
            action = self.action,
            object = self.object.as_deref().unwrap_or("none"),
            allowed = self.why.is_allowed(),
            why = self.why.code(),
            "access"
        );
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_reason_is_documented() {
        let documented = include_str!("../../../docs/security.md");
        let sources = [include_str!("audit.rs"), include_str!("token_error.rs")].concat();
        let arm = " => \"";
        let codes: Vec<&str> = sources
            .lines()
            .filter_map(|line| line.trim().split_once(arm)?.1.strip_suffix("\","))
            .collect();
        assert!(codes.len() > 20, "{codes:?}");
        for code in codes {
            assert!(documented.contains(&format!("`{code}`")), "{code}");
        }
    }
}
