//! The claims of a verified token.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, de::Error};

use super::{CallerId, token_error::TokenError};
use crate::strict_json::Value;

/// The seconds by which the signer's clock may differ from this one.
pub(crate) const LEEWAY: i64 = 30;

/// A claim that names a caller, and is no caller's id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be text of 1 to 128 characters")]
pub(super) struct InvalidSubject;

/// The claims of a token, none of them twice.
pub(crate) struct Claims(BTreeMap<String, Value>);

impl<'de> Deserialize<'de> for Claims {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::Object(claims) => Ok(Self(claims)),
            _ => Err(D::Error::custom("the claims are not an object")),
        }
    }
}

impl Claims {
    /// All of them, by name.
    pub(crate) fn into_values(self) -> BTreeMap<String, Value> {
        self.0
    }

    /// The caller of the token.
    pub(super) fn subject(&self) -> Result<CallerId, TokenError> {
        let text = self.0.get("sub").and_then(Value::text);
        text.and_then(CallerId::parse).ok_or(TokenError::Subject)
    }

    /// The caller whom the token's was before; an error where the claim `previousSub` names none.
    pub(super) fn previous_subject(&self) -> Option<Result<CallerId, InvalidSubject>> {
        let previous = self.0.get("previousSub");
        let previous = previous.filter(|claim| **claim != Value::Null)?;
        let caller = previous.text().and_then(CallerId::parse);
        Some(caller.ok_or(InvalidSubject))
    }

    /// The text of the claim `email`; none where the signer says that the address is not verified,
    /// or where the claim is empty.
    pub(super) fn email(&self) -> Option<String> {
        let is_unverified = self.0.get("email_verified") == Some(&Value::Flag(false));
        let email = self.0.get("email").filter(|_| !is_unverified)?;
        match email {
            Value::Null => None,
            Value::Text(text) => Some(text.clone()).filter(|text| !text.is_empty()),
            // It is no address.
            _ => Some("?".to_owned()),
        }
    }

    /// Checks that `audience` is the token's, alone or among others.
    pub(super) fn check_audience(&self, audience: &str) -> Result<(), TokenError> {
        let meant_for = self.0.get("aud").map(Value::texts).unwrap_or_default();
        match meant_for.contains(&audience) {
            true => Ok(()),
            false => Err(TokenError::Audience),
        }
    }

    /// Checks that `issuer` is the token's, exactly.
    pub(super) fn check_issuer(&self, issuer: &str) -> Result<(), TokenError> {
        match self.0.get("iss").and_then(Value::text) == Some(issuer) {
            true => Ok(()),
            false => Err(TokenError::Issuer),
        }
    }

    /// Checks that the token is valid at `now`.
    pub(super) fn check_times(&self, now: i64) -> Result<(), TokenError> {
        let expires = self.0.get("exp").and_then(Value::whole);
        let begins = self.0.get("nbf").map(Value::whole);
        Times::of(expires, begins)?.check(now)
    }

    /// The texts of `claim`: a claim of that name, else a path of names with dots between.
    pub(super) fn texts(&self, claim: &str) -> Vec<&str> {
        let by_name = self.0.get(claim);
        let by_path = || {
            let mut names = claim.split('.');
            let first = self.0.get(names.next()?)?;
            names.try_fold(first, |value, name| value.object()?.get(name))
        };
        by_name
            .or_else(by_path)
            .map(Value::texts)
            .unwrap_or_default()
    }
}

/// A token's period of validity, in Unix seconds.
pub(super) struct Times {
    pub(super) expires: i64,
    pub(super) begins: Option<i64>,
}

impl Times {
    /// `begins` is `Some(None)` where there is such a claim, and it is no time.
    fn of(expires: Option<i64>, begins: Option<Option<i64>>) -> Result<Self, TokenError> {
        Ok(Self {
            expires: expires.ok_or(TokenError::Expired)?,
            begins: match begins {
                Some(None) => return Err(TokenError::NotYetValid),
                begins => begins.flatten(),
            },
        })
    }

    pub(super) fn check(&self, now: i64) -> Result<(), TokenError> {
        let soon = now.saturating_add(LEEWAY);
        if self.begins.is_some_and(|begins| begins > soon) {
            return Err(TokenError::NotYetValid);
        }
        match now < self.expires.saturating_add(LEEWAY) {
            true => Ok(()),
            false => Err(TokenError::Expired),
        }
    }
}
