//! One record for each decision: who wanted what, on what, and whether and why it was allowed.
//!
//! An [`AuditRecord`] is written when it is dropped, so that a handler cannot leave one out, and
//! holds the caller's alias, never who they are. The request's id is in the span around it.

use super::token_error::TokenError;

/// Why a request was allowed or denied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// Allowed: a role of the caller's permits the action, which is about nothing that exists yet.
    Role,
    /// Allowed: the object is the caller's.
    Owner,
    /// Allowed: a role of the caller's reaches what is anybody's.
    Any,
    /// Denied: no role of the caller's permits the action.
    NotPermitted,
    /// Denied: the object is another caller's.
    NotOwner,
    /// Denied: there is no such object.
    NotThere,
    /// Denied: more than the caller's roles let them move.
    Limit,
    /// Denied: nobody knows who is calling.
    Unauthenticated(TokenError),
    /// Denied: what tokens are checked with could not be had.
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
    /// About `action`, by somebody who is not known.
    pub(super) fn new(action: &'static str, why: Why) -> Self {
        Self {
            action,
            why,
            who: None,
            roles: String::new(),
            object: None,
        }
    }

    /// By the caller with this alias, who has these roles.
    pub(super) fn by(mut self, alias: String, roles: &[String]) -> Self {
        self.who = Some(alias);
        self.roles = roles.join(",");
        self
    }

    /// It is about `object`.
    pub(super) fn about(&mut self, object: &str) {
        self.object = Some(object.to_owned());
    }

    /// How it ends, as far as is known.
    pub(super) fn why(&self) -> Why {
        self.why
    }

    /// It ends like this.
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
