//! A token as received, and the key that verifies its signature.
//!
//! Farebox decides the algorithm: the header's `alg` only chooses between the site key and the
//! issuer's keys, and a key is valid only for the algorithm that it was published for.

use hyper::{HeaderMap, header::AUTHORIZATION};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::ErrorKind};
use serde::de::DeserializeOwned;

use super::token_error::TokenError;

/// The longest accepted token, in bytes.
const LONGEST: usize = 8 * 1024;
/// The longest key id, in bytes.
const LONGEST_KEY_ID: usize = 128;

/// A token of which only the form was checked.
#[derive(Clone, Copy)]
pub(super) struct Token<'a>(&'a str);

/// The issuer of the key that a token names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Signer {
    /// The site's server: HS256.
    Site,
    /// The issuer that publishes its keys, by this algorithm and this key.
    Issuer(Algorithm, String),
}

impl<'a> Token<'a> {
    /// The one bearer token in `headers`. Cookies and queries are ignored.
    pub(super) fn in_headers(headers: &'a HeaderMap) -> Result<Self, TokenError> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next().ok_or(TokenError::NoToken)?;
        if values.next().is_some() {
            return Err(TokenError::SeveralTokens);
        }
        let text = value.to_str().map_err(|_| TokenError::NoToken)?;
        match text.split_once(' ') {
            Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => Self::new(token),
            _ => Err(TokenError::NoToken),
        }
    }

    /// `text`, if it is not too long and has the characters of a signed JWT.
    pub(super) fn new(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > LONGEST {
            return Err(TokenError::TooLong);
        }
        if text.contains([',', ' ']) {
            return Err(TokenError::SeveralTokens);
        }
        // An encrypted token has five parts.
        match text.split('.').count() == 3 {
            true => Ok(Self(text)),
            false => Err(TokenError::Malformed),
        }
    }

    /// The issuer of the key that the token names; nothing is verified yet.
    pub(super) fn signer(self) -> Result<Signer, TokenError> {
        let header = decode_header(self.0).map_err(|error| match error.kind() {
            ErrorKind::Json(_) => TokenError::Algorithm,
            _ => TokenError::Malformed,
        })?;
        if header.crit.is_some() || header.enc.is_some() || header.zip.is_some() {
            return Err(TokenError::Extension);
        }
        match header.alg {
            Algorithm::HS256 => Ok(Signer::Site),
            Algorithm::RS256 | Algorithm::ES256 | Algorithm::EdDSA => match header.kid {
                Some(kid) if is_key_id(&kid) => Ok(Signer::Issuer(header.alg, kid)),
                _ => Err(TokenError::OddKey),
            },
            _ => Err(TokenError::Algorithm),
        }
    }

    /// The contents, if `key` signed them by `algorithm`. Claims are not checked.
    pub(super) fn verified<T: DeserializeOwned>(
        self,
        key: &DecodingKey,
        algorithm: Algorithm,
    ) -> Result<T, TokenError> {
        let mut signature_alone = Validation::new(algorithm);
        signature_alone.required_spec_claims.clear();
        signature_alone.validate_exp = false;
        signature_alone.validate_aud = false;
        decode(self.0, key, &signature_alone)
            .map(|token| token.claims)
            .map_err(|error| match error.kind() {
                ErrorKind::InvalidAlgorithm => TokenError::Algorithm,
                ErrorKind::Json(_) | ErrorKind::Utf8(_) => TokenError::Malformed,
                _ => TokenError::Signature,
            })
    }
}

/// Accepts base64, hexadecimal, a UUID or a word. The id is only ever compared; one that looks like
/// a path or a URL was written for a program that opens it.
fn is_key_id(text: &str) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.+/=".contains(&byte);
    (1..=LONGEST_KEY_ID).contains(&text.len())
        && text.bytes().all(is_allowed)
        && !text.starts_with(['/', '.'])
        && !text.contains("..")
        && !text.contains("//")
}
