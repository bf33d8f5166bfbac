//! An order that the site's server signed: its contents, its payer and its amount.
//!
//! The audience tells such a token from one that identifies a caller, so that neither can replace
//! the other. No claim is read before the signature is verified. From then on the claims are the
//! site's own words, and an error names the faulty one and the reason.

use super::{CheckoutService, Terms, order_claims::OrderClaims};
use crate::{
    Error,
    access::{Authenticator, Authorized, CreatePayment, Unknown},
    ids::CallerId,
    order::{Order, OrderDetails, OrderId},
    rate_limit::RateLimiter,
    request::IdempotencyKey,
    store::{IdempotencyRecord, PutOrder},
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

impl CheckoutService {
    /// The order that the site signed as `token`, created or changed.
    pub(super) async fn signed_order(
        &self,
        payer: &Authorized<CreatePayment>,
        limiter: &RateLimiter,
        key: Option<IdempotencyKey>,
        token: &str,
    ) -> Result<Order, Error> {
        let is_customer = payer.is_customer();
        let payer = payer.caller();
        let now = self.clock.now();
        let signed = SignedOrder::verify(token, payer, &self.authenticator, self.terms, now);
        let signed = signed.await?;
        let is_off_session = signed.contents.off_session().is_some();
        if is_off_session && !is_customer {
            return Err(Error::NoSavedMethod);
        }
        if signed.contents.setup_future_usage().is_some() && !is_customer {
            return Err(Error::invalid(
                "`setupFutureUsage` of the signed order: the caller is no customer, so that \
                 nothing can be saved for them",
            ));
        }
        self.check_cap(signed.contents.amount(), "`amount` of the signed order")?;
        limiter.admit(payer, &signed.id).await?;
        if let Some(previous) = &signed.previous_owner {
            let (caller, previous) = (payer.alias(), previous.alias());
            tracing::info!(caller, previous, order.id = %signed.id,
                "the site named the previous owner of an order");
        }
        let digest = signed.contents.digest();
        let request = ["order", signed.id.as_str(), &digest];
        let put = PutOrder {
            operation: key.map(|key| IdempotencyRecord::new(payer, key.as_str(), &request)),
            must_exist: false,
            order: signed.id,
            owner: payer.clone(),
            previous_owner: signed.previous_owner,
            contents: signed
                .contents
                .with_receipt(self.sends_receipts)
                .expiring_by_default(self.terms.expires_at(now)),
        };
        match self.opened(put, None).await {
            Err(Error::AlreadyPaid(id)) if is_off_session => {
                self.charged_before(payer, id, &digest).await
            }
            opened => opened,
        }
    }

    /// The paid order with `id`, where a charge of the same contents paid it: a repeated request to
    /// charge it has the same answer.
    async fn charged_before(
        &self,
        payer: &CallerId,
        id: OrderId,
        digest: &str,
    ) -> Result<Order, Error> {
        let order = self.store.order(&id).await?;
        let is_so = |order: &Order| order.owner() == payer && order.revision().digest == digest;
        order.filter(is_so).ok_or(Error::AlreadyPaid(id))
    }
}
