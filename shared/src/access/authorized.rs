//! A caller with a permission, as a parameter of a handler.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use hyper::http::request::Parts;

use super::{
    Authenticator, CallerId, CreateRefund, OpenPortal, Permission, ReadCustomer,
    audit::{AuditRecord, Why},
    authenticator::Caller,
    grant::{Grant, Scope},
};
use crate::{Error, amount::Amount, store::DayLimit};

/// The caller is authenticated, and a role of theirs holds permission `P`.
///
/// How far it reaches is not known yet: a handler that found an object asks [`Authorized::reach`]
/// before it says anything about it.
#[derive(Debug)]
pub struct Authorized<P> {
    caller: CallerId,
    /// Whether a role of theirs has to do with customers.
    is_customer: bool,
    grants: Vec<Grant>,
    decision: AuditRecord,
    permission: PhantomData<P>,
}

/// The caller's permission `P` reaches an object.
#[derive(Debug)]
pub struct Reached<P> {
    caller: CallerId,
    /// Those that reach the object: what others limit does not count.
    grants: Vec<Grant>,
    decision: AuditRecord,
    permission: PhantomData<P>,
}

impl<P> Authorized<P> {
    /// Who it is.
    #[must_use]
    pub fn caller(&self) -> &CallerId {
        &self.caller
    }

    /// Whether they are to be a customer at Stripe: a role of theirs reads customers or opens the
    /// portal. Guests are none.
    #[must_use]
    pub fn is_customer(&self) -> bool {
        self.is_customer
    }

    /// Whether the permission reaches `object`, which is `owner`'s; `None` when there is no such
    /// object.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when it does not, or there is no such object: the two cannot be told
    /// apart.
    pub fn reach(mut self, owner: Option<&CallerId>, object: &str) -> Result<Reached<P>, Error> {
        self.decision.about(object);
        let is_own = owner == Some(&self.caller);
        self.grants
            .retain(|grant| is_own || grant.scope == Scope::Any);
        let (why, reaches) = match owner {
            None => (Why::NotThere, false),
            Some(_) if is_own => (Why::Owner, true),
            Some(_) if self.grants.is_empty() => (Why::NotOwner, false),
            Some(_) => (Why::Any, true),
        };
        self.decision.end(why);
        match reaches {
            true => Ok(Reached {
                caller: self.caller,
                grants: self.grants,
                decision: self.decision,
                permission: PhantomData,
            }),
            false => Err(Error::NotFound),
        }
    }

    /// `answer`, where the caller did more of it lately than anybody may.
    #[must_use]
    pub fn over_limit(mut self, answer: Error) -> Error {
        self.decision.end(Why::Limit);
        answer
    }

    /// The caller, where the rate limit let them through.
    ///
    /// # Errors
    ///
    /// Why it did not.
    pub fn admitted(self, asked: Result<(), Error>) -> Result<Self, Error> {
        match asked {
            Ok(()) => Ok(self),
            Err(many @ Error::TooManyRequests { .. }) => Err(self.over_limit(many)),
            Err(error) => Err(error),
        }
    }

    /// The answer where the database itself found `object` to be another caller's, or not there.
    #[must_use]
    pub fn out_of_reach(mut self, object: Option<&str>) -> Error {
        if let Some(object) = object {
            self.decision.about(object);
        }
        self.decision.end(Why::NotOwner);
        Error::NotFound
    }
}

impl<P> Reached<P> {
    /// Who it is.
    #[must_use]
    pub fn caller(&self) -> &CallerId {
        &self.caller
    }

    /// Whether the object is their own.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.decision.why() == Why::Owner
    }

    /// Whether a role of theirs reaches anybody's objects, and not only because this one is their
    /// own.
    #[must_use]
    pub fn reaches_any(&self) -> bool {
        self.grants.iter().any(|grant| grant.scope == Scope::Any)
    }
}

impl Reached<CreateRefund> {
    /// The most that the caller may refund within one day, where `amount` is to be refunded now.
    ///
    /// # Errors
    ///
    /// [`Error::OverLimit`] when no role of theirs allows so much in one call, or that currency.
    pub fn day_limit(&mut self, amount: Amount) -> Result<DayLimit, Error> {
        let limits = self
            .grants
            .iter()
            .filter_map(|grant| grant.day_limit(amount));
        limits.max().ok_or_else(|| {
            self.decision.end(Why::Limit);
            Error::OverLimit
        })
    }

    /// The answer where the database found the day's limit used up.
    #[must_use]
    pub fn over_day_limit(mut self) -> Error {
        self.decision.end(Why::Limit);
        Error::OverLimit
    }
}

impl<S, P> FromRequestParts<S> for Authorized<P>
where
    S: Send + Sync,
    P: Permission,
    Authenticator: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let authenticator = Authenticator::from_ref(state);
        let Caller { id, roles } = match authenticator.authenticate(&parts.headers).await {
            Ok(caller) => caller,
            Err(unknown) => {
                drop(AuditRecord::new(P::NAME, unknown.why()));
                return Err(unknown.into());
            }
        };
        let grants = authenticator.roles().grants(&roles, P::NAME);
        let is_customer = [ReadCustomer::NAME, OpenPortal::NAME]
            .iter()
            .any(|name| !authenticator.roles().grants(&roles, name).is_empty());
        let why = match grants.is_empty() {
            true => Why::NotPermitted,
            false => Why::Role,
        };
        let decision = AuditRecord::new(P::NAME, why).by(id.alias(), &roles);
        if why == Why::NotPermitted {
            return Err(Error::Forbidden);
        }
        Ok(Self {
            caller: id,
            is_customer,
            grants,
            decision,
            permission: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests;
