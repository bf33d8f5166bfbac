//! Tokens that the site's server signed: one that says who is calling, one that says what is bought.
//!
//! Both are JWTs, HS256 under the site's key, told apart by their audience, so that neither can
//! stand in for the other. The algorithm is ours to say, never the token's.

use std::collections::BTreeMap;

use hyper::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use secrecy::ExposeSecret as _;
use serde::{
    Deserialize,
    de::{DeserializeOwned, IgnoredAny},
};

use super::{CallerId, permission::Role};
use crate::{
    Clock, Error, Secrets,
    amount::{Amount, Currency},
    order::{Contents, OrderId},
};

/// The audience of a token that says who is calling.
const CALLER: &str = "farebox";
/// The audience of a token that says what is bought.
const ORDER: &str = "farebox:order";
/// Seconds by which the site's clock may differ from ours.
const LEEWAY: i64 = 30;
/// The longest token that is looked at.
const LONGEST: usize = 8 * 1024;

/// Why a token is refused. For the log; the caller is told the same for all.
#[derive(Debug, thiserror::Error)]
enum Refused {
    #[error("there is no bearer token, or more than one")]
    Absent,
    #[error("the token is longer than {LONGEST} bytes")]
    TooLong,
    #[error("the token is not one that the site signed for this audience")]
    Invalid(#[source] jsonwebtoken::errors::Error),
    #[error("the token has expired, or is not valid yet")]
    Expired,
    #[error("the token's subject is blank or over-long")]
    Subject,
}

/// Tells callers apart by the tokens that the site signed.
#[derive(Clone, Debug)]
pub struct Callers {
    secrets: Secrets,
    clock: Clock,
}

#[derive(Deserialize)]
struct Times {
    exp: i64,
    nbf: Option<i64>,
}

#[derive(Deserialize)]
struct CallerClaims {
    #[serde(flatten)]
    times: Times,
    sub: String,
}

/// The claims of an order's token; one that is neither here nor a standard one (RFC 7519) stops the
/// reading, so that a mistyped one is not lost.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct OrderClaims {
    exp: i64,
    nbf: Option<i64>,
    iat: i64,
    sub: String,
    #[serde(rename = "aud")]
    _audience: IgnoredAny,
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

/// An order that the site's server signed for this caller.
#[derive(Clone, Debug)]
pub struct SignedOrder {
    /// The site's own id of the order.
    pub id: OrderId,
    /// What is bought, and for how much.
    pub contents: Contents,
}

impl Callers {
    /// Callers whose tokens are signed under the site's key in `secrets`.
    #[must_use]
    pub fn new(secrets: Secrets, clock: Clock) -> Self {
        Self { secrets, clock }
    }

    /// Who sent `headers`.
    pub(super) async fn authenticate(
        &self,
        headers: &HeaderMap,
    ) -> Result<(CallerId, Role), Error> {
        let claims: CallerClaims = match bearer(headers) {
            Ok(token) => self.decode(token, CALLER).await?,
            Err(refused) => return Err(unauthenticated(refused)),
        };
        self.check_times(&claims.times).map_err(unauthenticated)?;
        let caller =
            CallerId::parse(&claims.sub).ok_or_else(|| unauthenticated(Refused::Subject))?;
        Ok((caller, Role::Customer))
    }

    /// The order that the site signed for `caller` as `token`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] when the token is not one, has expired, or its contents are wrong;
    /// [`Error::NotFound`] when it was signed for another caller.
    pub async fn signed_order(&self, token: &str, caller: &CallerId) -> Result<SignedOrder, Error> {
        const WRONG: &str = "`order` is not a valid token signed by the site";
        if token.len() > LONGEST {
            return Err(Error::invalid(WRONG));
        }
        let claims: OrderClaims = match self.decode(token, ORDER).await {
            Err(Error::Unauthenticated(cause)) => return Err(Error::InvalidToken(WRONG, cause)),
            decoded => decoded?,
        };
        let times = Times {
            exp: claims.exp,
            nbf: claims.nbf,
        };
        self.check_times(&times)
            .map_err(|refused| Error::InvalidToken(WRONG, Box::new(refused)))?;
        if claims.iat > self.clock.now().saturating_add(LEEWAY) {
            // It would count as newer than whatever the site signs until then.
            return Err(Error::invalid("`iat` of the signed order is in the future"));
        }
        if claims.sub != caller.as_str() {
            return Err(Error::NotFound);
        }
        claims.into_order()
    }

    async fn decode<T: DeserializeOwned>(&self, token: &str, audience: &str) -> Result<T, Error> {
        let keys = self.secrets.current().await?;
        let key = keys.site_key()?.expose_secret().as_bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_audience(&[audience]);
        validation.set_required_spec_claims(&["aud", "exp", "sub"]);
        // Checked by `check_times`, on the clock that this was handed.
        validation.validate_exp = false;
        decode(token, &DecodingKey::from_secret(key), &validation)
            .map(|token| token.claims)
            .map_err(|error| unauthenticated(Refused::Invalid(error)))
    }

    fn check_times(&self, times: &Times) -> Result<(), Refused> {
        let now = self.clock.now();
        let has_begun = times
            .nbf
            .is_none_or(|nbf| nbf <= now.saturating_add(LEEWAY));
        match has_begun && now < times.exp.saturating_add(LEEWAY) {
            true => Ok(()),
            false => Err(Refused::Expired),
        }
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

/// The one bearer token in `headers`.
fn bearer(headers: &HeaderMap) -> Result<&str, Refused> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(Refused::Absent);
    };
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(Refused::Absent)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Refused::Absent);
    }
    match token.len() <= LONGEST {
        true => Ok(token),
        false => Err(Refused::TooLong),
    }
}

fn unauthenticated(refused: Refused) -> Error {
    Error::Unauthenticated(Box::new(refused))
}
