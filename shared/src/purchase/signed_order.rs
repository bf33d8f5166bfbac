//! An order that the site's server signed: its contents, its payer and its amount.
//!
//! The audience tells such a token from one that identifies a caller, so that neither can replace
//! the other. No claim is read before the signature is verified. From then on the claims are the
//! site's own words, and an error names the faulty one and the reason.

use super::{Terms, order_claims::OrderClaims};
use crate::{
    Error,
    access::{Authenticator, Unknown},
    ids::CallerId,
    order::{OrderDetails, OrderId},
};

/// The error for a token whose signature is not the site's.
const WRONG: &str = "`order` is not a valid token signed by the site";

/// An order that the site's server signed for this caller.
#[derive(Clone, Debug)]
pub struct SignedOrder {
    /// The site's own id of the order.
    pub id: OrderId,
    /// The previous owner, where the site says that they are the same person.
    pub previous_owner: Option<CallerId>,
    /// The contents and their amount.
    pub contents: OrderDetails,
}

impl SignedOrder {
    /// Verifies `token`, an order that the site's server signed for `caller`, at `now` (Unix
    /// seconds). `terms` apply where the site signed none.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] names the claim that is wrong and the reason; [`Error::InvalidToken`]
    /// when the site did not sign it; [`Error::Invalid`] when the site has no key to sign orders
    /// with; [`Error::NotFound`] when it was signed for another caller.
    pub async fn verify(
        token: &str,
        caller: &CallerId,
        authenticator: &Authenticator,
        terms: Terms,
        now: i64,
    ) -> Result<Self, Error> {
        let claims = match authenticator.claims_of_site(token).await {
            Err(Unknown::InvalidToken(refused)) => {
                return Err(Error::InvalidToken(WRONG, Box::new(refused)));
            }
            Err(Unknown::NoSiteKey(_)) if authenticator.has_issuer() => {
                return Err(Error::invalid(
                    "`order`: this shop accepts no signed orders; send `items`",
                ));
            }
            read => read?,
        };
        let mut claims = OrderClaims::new(claims);
        claims.check_use(now)?;
        if claims.subject()? != *caller {
            return Err(Error::NotFound);
        }
        claims.into_order(terms)
    }
}
