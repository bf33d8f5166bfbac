//! Authenticates callers by their tokens: those of the site's server, and those of an issuer.

use std::sync::Arc;

use hyper::HeaderMap;
use jsonwebtoken::{Algorithm, DecodingKey};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;

use super::{
    CallerId, Issuer, Roles,
    audit::Why,
    claims::{Claims, InvalidSubject},
    jwks::{Jwks, NoKeys},
    settings::Settings,
    token::{Signer, Token},
    token_error::TokenError,
};
use crate::{
    Clock, Error, Secrets,
    email::{Email, InvalidEmail},
    secrets::{Missing, Unreadable},
};

/// The audience of a token of the site's server that identifies a caller.
const CALLER: &str = "farebox";

/// Authenticates callers by their tokens; cheap to clone.
#[derive(Clone, Debug)]
pub struct Authenticator {
    pub(super) secrets: Secrets,
    pub(super) clock: Clock,
    settings: Arc<Settings>,
    issuer: Option<(Issuer, Jwks)>,
}

/// An authenticated caller with the roles of theirs that the file knows, at least one.
pub(super) struct Caller {
    pub(super) id: CallerId,
    pub(super) roles: Vec<String>,
    /// The claim `email` of their token.
    pub(super) email: Option<Result<Email, InvalidEmail>>,
    /// The claim `previousSub` of a token of the site's server.
    pub(super) previous: Option<Result<CallerId, InvalidSubject>>,
}

/// The reason why a caller is not authenticated.
#[derive(Debug)]
pub(crate) enum Unknown {
    /// The token is not valid.
    InvalidToken(TokenError),
    /// The issuer's keys are not available.
    NoKeys(NoKeys),
    /// There is no site key.
    NoSiteKey(Missing),
    /// Farebox's own keys, the site key among them, are not available.
    Unreadable(Unreadable),
}

impl From<TokenError> for Unknown {
    fn from(refused: TokenError) -> Self {
        Self::InvalidToken(refused)
    }
}

impl From<NoKeys> for Unknown {
    fn from(none: NoKeys) -> Self {
        Self::NoKeys(none)
    }
}

impl From<Unknown> for Error {
    fn from(unknown: Unknown) -> Self {
        match unknown {
            Unknown::InvalidToken(refused) => Self::Unauthenticated(Box::new(refused)),
            Unknown::NoKeys(none) => Self::Unavailable(Box::new(none)),
            Unknown::NoSiteKey(missing) => missing.into(),
            Unknown::Unreadable(unreadable) => unreadable.into(),
        }
    }
}

impl Unknown {
    pub(super) fn why(&self) -> Why {
        match self {
            Self::InvalidToken(refused) => Why::Unauthenticated(*refused),
            Self::NoKeys(_) | Self::NoSiteKey(_) | Self::Unreadable(_) => Why::NoKeys,
        }
    }
}

impl Authenticator {
    /// Creates an authenticator by `settings`; the site key is in `secrets`.
    #[must_use]
    pub fn new(settings: &Settings, secrets: Secrets, clock: Clock) -> Self {
        let issuer = settings.issuer.clone().map(|issuer| {
            let jwks = Jwks::new(issuer.jwks_url.clone(), clock.clone());
            (issuer, jwks)
        });
        Self {
            secrets,
            clock,
            settings: Arc::new(settings.clone()),
            issuer,
        }
    }

    /// Authenticates the sender of `headers`.
    pub(super) async fn authenticate(&self, headers: &HeaderMap) -> Result<Caller, Unknown> {
        let token = Token::in_headers(headers)?;
        let (claims, is_of_site) = match token.signer()? {
            Signer::Site => (self.of_site(token).await?, true),
            Signer::Issuer(algorithm, kid) => {
                (self.of_issuer(token, algorithm, &kid).await?, false)
            }
        };
        claims.check_times(self.clock.now())?;
        Ok(Caller {
            id: claims.subject()?,
            roles: self.roles_in(&claims),
            email: claims.email().map(|email| Email::parse(&email)),
            // An issuer's users may choose some claims. The site's server knows the guest's cookie.
            previous: claims.previous_subject().filter(|_| is_of_site),
        })
    }

    pub(super) fn roles(&self) -> &Roles {
        &self.settings.roles
    }

    /// Returns true when callers may come with tokens of an issuer, so that the site key is
    /// optional.
    pub(crate) fn has_issuer(&self) -> bool {
        self.issuer.is_some()
    }

    async fn of_site(&self, token: Token<'_>) -> Result<Claims, Unknown> {
        let claims: Claims = match self.verified_by_site(token).await {
            // Without a site key, no token can be the site's.
            Err(Unknown::NoSiteKey(_)) if self.has_issuer() => {
                return Err(TokenError::Algorithm.into());
            }
            verified => verified?,
        };
        claims.check_audience(CALLER)?;
        Ok(claims)
    }

    async fn of_issuer(
        &self,
        token: Token<'_>,
        algorithm: Algorithm,
        kid: &str,
    ) -> Result<Claims, Unknown> {
        let (issuer, jwks) = self.issuer.as_ref().ok_or(TokenError::Algorithm)?;
        let key = jwks.key(kid, algorithm).await?;
        let key = key.ok_or(TokenError::UnknownKey)?;
        let claims: Claims = token.verified(&key, algorithm)?;
        claims.check_issuer(&issuer.name)?;
        claims.check_audience(&issuer.audience)?;
        Ok(claims)
    }

    /// The claims of `token`, which the site's server signed. The claims themselves are not
    /// checked.
    pub(crate) async fn claims_of_site(&self, token: &str) -> Result<Claims, Unknown> {
        let token = Token::new(token)?;
        if token.signer()? != Signer::Site {
            return Err(TokenError::Algorithm.into());
        }
        self.verified_by_site(token).await
    }

    /// The contents of `token`, if the site's server signed it.
    pub(super) async fn verified_by_site<T: DeserializeOwned>(
        &self,
        token: Token<'_>,
    ) -> Result<T, Unknown> {
        let keys = self.secrets.current().await.map_err(Unknown::Unreadable)?;
        let key = keys.site_key().map_err(Unknown::NoSiteKey)?;
        let key = DecodingKey::from_secret(key.expose_secret().as_bytes());
        Ok(token.verified(&key, Algorithm::HS256)?)
    }

    /// The roles that the file knows, each once; the default role where a token names none of them.
    fn roles_in(&self, claims: &Claims) -> Vec<String> {
        let mut roles: Vec<String> = claims
            .texts(&self.settings.roles_claim)
            .into_iter()
            .filter(|role| self.settings.roles.has(role))
            .map(str::to_owned)
            .collect();
        roles.sort_unstable();
        roles.dedup();
        if roles.is_empty() {
            roles.push(self.settings.default_role.clone());
        }
        roles
    }
}
