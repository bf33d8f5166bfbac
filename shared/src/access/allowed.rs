//! A caller with a permission, as a parameter of a handler.

use std::marker::PhantomData;

use axum::extract::{FromRef, FromRequestParts};
use hyper::http::request::Parts;

use super::{CallerId, Callers, Permission};
use crate::Error;

/// The caller is authenticated, and holds permission `P`.
#[derive(Debug)]
pub struct Allowed<P> {
    caller: CallerId,
    permission: PhantomData<P>,
}

impl<P> Allowed<P> {
    /// Who it is.
    #[must_use]
    pub fn caller(&self) -> &CallerId {
        &self.caller
    }
}

impl<S, P> FromRequestParts<S> for Allowed<P>
where
    S: Send + Sync,
    P: Permission,
    Callers: FromRef<S>,
{
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        let callers = Callers::from_ref(state);
        let (caller, role) = callers.authenticate(&parts.headers).await?;
        let is_permitted = role.permits(P::NAME);
        tracing::info!(
            caller = caller.alias(),
            permission = P::NAME,
            allowed = is_permitted,
            "access"
        );
        if !is_permitted {
            return Err(Error::Forbidden);
        }
        Ok(Self {
            caller,
            permission: PhantomData,
        })
    }
}
