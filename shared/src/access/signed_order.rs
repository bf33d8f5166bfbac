//! An order that the site's server signed: what is bought, by whom, and for how much.
//!
//! Such a token and one that says who is calling are told apart by their audience, so that neither can
//! stand in for the other.

use std::collections::BTreeMap;

use serde::{Deserialize, de::IgnoredAny};

use super::{
    CallerId, Callers,
    callers::Unknown,
    claims::{LEEWAY, Times},
    refused::Refused,
    token::{Signer, Token},
};
use crate::{
    Error,
    amount::{Amount, Currency},
    order::{Contents, OrderId},
};

/// The audience of a token that says what is bought.
const ORDER: &str = "farebox:order";
/// What a caller is told of a token that is not one.
const WRONG: &str = "`order` is not a valid token signed by the site";

/// The claims of an order's token; one that is neither here nor a standard one (RFC 7519) stops the
/// reading, so that a mistyped one is not lost.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderClaims {
    exp: i64,
    nbf: Option<i64>,
    iat: i64,
    sub: String,
    aud: Audience,
    #[serde(rename = "iss")]
    _issuer: Option<IgnoredAny>,
    #[serde(rename = "jti")]
    _id: Option<IgnoredAny>,
    order_id: String,
    amount: i64,
    currency: String,
    description: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// An order that the site's server signed for this caller.
#[derive(Clone, Debug)]
pub struct SignedOrder {
    /// The site's own id of the order.
    pub id: OrderId,
    /// What is bought, and for how much.
    pub contents: Contents,
}

impl Callers {
    /// The order that the site signed for `caller` as `token`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the token is not one, has expired, or its contents are wrong, or when the
    /// site has no key to sign orders with; [`Error::NotFound`] when it was signed for another caller.
    pub async fn signed_order(&self, token: &str, caller: &CallerId) -> Result<SignedOrder, Error> {
        let claims = match self.order_claims(token).await {
            Err(Unknown::Refused(refused)) => {
                return Err(Error::InvalidToken(WRONG, Box::new(refused)));
            }
            Err(Unknown::NoSiteKey(_)) if self.has_issuer() => {
                return Err(Error::invalid(
                    "`order`: this shop takes no signed orders; send `items`",
                ));
            }
            read => read?,
        };
        if claims.iat > self.clock.now().saturating_add(LEEWAY) {
            // It would count as newer than whatever the site signs until then.
            return Err(Error::invalid("`iat` of the signed order is in the future"));
        }
        if claims.sub != caller.as_str() {
            return Err(Error::NotFound);
        }
        claims.into_order()
    }

    async fn order_claims(&self, token: &str) -> Result<OrderClaims, Unknown> {
        let token = Token::new(token)?;
        if token.signer()? != Signer::Site {
            return Err(Refused::Algorithm.into());
        }
        let claims: OrderClaims = self.verified_by_site(token).await?;
        let is_order = match &claims.aud {
            Audience::One(audience) => audience == ORDER,
            Audience::Several(audiences) => audiences.iter().any(|audience| audience == ORDER),
        };
        if !is_order {
            return Err(Refused::Audience.into());
        }
        let (expires, begins) = (claims.exp, claims.nbf);
        Times { expires, begins }.check(self.clock.now())?;
        Ok(claims)
    }
}

impl OrderClaims {
    fn into_order(self) -> Result<SignedOrder, Error> {
        let wrong = |field: &str, what: &dyn std::fmt::Display| {
            Error::invalid(format!("`{field}` of the signed order {what}"))
        };
        let id = OrderId::parse(&self.order_id).map_err(|what| wrong("orderId", &what))?;
        let currency = Currency::parse(&self.currency).map_err(|what| wrong("currency", &what))?;
        let amount = Amount::new(self.amount, currency).map_err(|what| wrong("amount", &what))?;
        let contents = Contents::signed(amount, self.description, self.metadata, self.iat)
            .map_err(|what| wrong(what.field, &what))?;
        Ok(SignedOrder { id, contents })
    }
}
