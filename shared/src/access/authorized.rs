//! A caller with a permission, as a parameter of a handler.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use hyper::http::request::Parts;

use super::{
    Authenticator, CallerId, MovesMoney, OpenPortal, Permission, ReadCustomer,
    audit::{AuditRecord, Why},
    claims::InvalidSubject,
    grant::{Grant, Scope},
};
use crate::{
    Error,
    amount::Amount,
    email::{Email, InvalidEmail},
    order::{Order, OrderId},
    store::{DayLimit, Store},
};

/// An authenticated caller with a role that holds permission `P`.
///
/// The permission's reach is not checked yet: a handler that found an object calls
/// [`Authorized::reach`] before it reveals anything about it.
#[derive(Debug)]
pub struct Authorized<P> {
    caller: CallerId,
    /// True when a role of theirs has to do with customers.
    is_customer: bool,
    /// The claim `email` of their token.
    email: Option<Result<Email, InvalidEmail>>,
    /// The claim `previousSub` of their token.
    previous: Option<Result<CallerId, InvalidSubject>>,
    grants: Vec<Grant>,
    decision: AuditRecord,
    permission: PhantomData<P>,
}

/// The caller's permission `P` reaches an object.
#[derive(Debug)]
pub struct Reached<P> {
    caller: CallerId,
    /// The grants that reach the object: the limits of others do not count.
    grants: Vec<Grant>,
    decision: AuditRecord,
    permission: PhantomData<P>,
}

impl<P> Authorized<P> {
    /// The caller's id.
    #[must_use]
    pub fn caller(&self) -> &CallerId {
        &self.caller
    }

    /// The e-mail address in the caller's token.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the claim `email` is not an address.
    pub fn email(&self) -> Result<Option<&Email>, Error> {
        let email = self.email.as_ref().map(Result::as_ref).transpose();
        email.map_err(|what| Error::invalid(format!("`email` of the caller's token {what}")))
    }

    /// The caller whom this one was before they signed in: the guest of their browser.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the claim `previousSub` is no caller's id.
    pub fn previous(&self) -> Result<Option<&CallerId>, Error> {
        let previous = self.previous.as_ref().map(Result::as_ref).transpose();
        previous
            .map_err(|what| Error::invalid(format!("`previousSub` of the caller's token {what}")))
    }

    /// Returns true when the caller is to be a customer at Stripe: a role of theirs reads customers
    /// or opens the portal. Guests are none.
    #[must_use]
    pub fn is_customer(&self) -> bool {
        self.is_customer
    }

    /// Checks that the permission reaches `object`, which is `owner`'s; `None` when it does not
    /// exist.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`] when the permission does not reach the object, or the object does not
    /// exist: the caller cannot tell the two apart.
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

    /// The order with `id`, the field `orderId` of a request, and the permission that reaches it.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when that is no id; [`Error::Unavailable`] when the database did not
    /// answer; else as [`Authorized::reach`].
    pub async fn reach_order(self, id: &str, store: &Store) -> Result<(Reached<P>, Order), Error> {
        let id = OrderId::parse(id);
        let id = id.map_err(|what| Error::invalid(format!("`orderId` {what}")))?;
        let order = store.order(&id).await?;
        let reached = self.reach(order.as_ref().map(Order::owner), id.as_str())?;
        Ok((reached, order.ok_or(Error::NotFound)?))
    }

    /// Checks that the permission reaches the objects of `owner`. Without an owner they are the
    /// caller's own, or everybody's where a role of theirs reaches any.
    ///
    /// # Errors
    ///
    /// [`Error::Forbidden`] when `owner` is another caller, and the permission reaches the caller's
    /// own objects alone.
    pub fn reach_list(mut self, owner: Option<&CallerId>) -> Result<Reached<P>, Error> {
        if let Some(owner) = owner {
            self.decision.about(&owner.alias());
        }
        let is_own = owner == Some(&self.caller);
        let reaches_any = self.grants.iter().any(|grant| grant.scope == Scope::Any);
        let why = match owner {
            Some(_) if is_own => Why::Owner,
            _ if reaches_any => Why::Any,
            None => Why::Owner,
            Some(_) => Why::NotOwner,
        };
        self.decision.end(why);
        if why == Why::NotOwner {
            return Err(Error::Forbidden);
        }
        Ok(Reached {
            caller: self.caller,
            grants: self.grants,
            decision: self.decision,
            permission: PhantomData,
        })
    }

    /// Returns `answer` and records a denial: the caller exceeded a rate limit.
    #[must_use]
    pub fn over_limit(mut self, answer: Error) -> Error {
        self.decision.end(Why::Limit);
        answer
    }

    /// Returns `answer` and records a denial: no role of the caller permits this kind of object.
    #[must_use]
    pub fn not_permitted(mut self, answer: Error) -> Error {
        self.decision.end(Why::NotPermitted);
        answer
    }

    /// The caller, if the rate limiter admitted them.
    ///
    /// # Errors
    ///
    /// The rate limiter's error.
    pub fn admitted(self, admission: Result<(), Error>) -> Result<Self, Error> {
        match admission {
            Ok(()) => Ok(self),
            Err(many @ Error::TooManyRequests { .. }) => Err(self.over_limit(many)),
            Err(error) => Err(error),
        }
    }

    /// The error when the database found `object` to be another caller's, or missing.
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
    /// The caller's id.
    #[must_use]
    pub fn caller(&self) -> &CallerId {
        &self.caller
    }

    /// Returns true when the object is the caller's own.
    #[must_use]
    pub fn is_owner(&self) -> bool {
        self.decision.why() == Why::Owner
    }

    /// Returns true when a role reaches anybody's objects, and not only the caller's own.
    #[must_use]
    pub fn reaches_any(&self) -> bool {
        self.grants.iter().any(|grant| grant.scope == Scope::Any)
    }
}

impl<P: MovesMoney> Reached<P> {
    /// The caller's daily limit, when they move `amount` now.
    ///
    /// # Errors
    ///
    /// The permission's error when no role of theirs allows so much in one call, or that currency.
    pub fn day_limit(&mut self, amount: Amount) -> Result<DayLimit, Error> {
        let limits = self
            .grants
            .iter()
            .filter_map(|grant| grant.day_limit(amount));
        limits.max().ok_or_else(|| {
            self.decision.end(Why::Limit);
            P::over_limit()
        })
    }

    /// The error when the database found the daily limit exceeded.
    #[must_use]
    pub fn over_day_limit(mut self) -> Error {
        self.decision.end(Why::Limit);
        P::over_limit()
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
        let caller = authenticator.authenticate(&parts.headers).await;
        let caller = caller.inspect_err(|unknown| {
            drop(AuditRecord::new(P::NAME, unknown.why()));
        })?;
        let (id, roles) = (caller.id, caller.roles);
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
            email: caller.email,
            previous: caller.previous,
            grants,
            decision,
            permission: PhantomData,
        })
    }
}

#[cfg(test)]
mod tests;
