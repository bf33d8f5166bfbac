//! A published key and its one algorithm.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{
        AlgorithmParameters, CommonParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations,
        PublicKeyUse,
    },
};
use serde::Deserialize;

use crate::cause::Cause;

/// The fewest bits of an RSA key that is trusted (RFC 7518, section 3.3).
const FEWEST_RSA_BITS: usize = 2048;
/// The most bits, so that a check cannot be made to take long.
const MAX_RSA_BITS: usize = 8192;

/// A key that verifies tokens.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) id: String,
    pub(super) algorithm: Algorithm,
    pub(super) key: DecodingKey,
}

#[derive(Deserialize)]
struct Set {
    keys: Vec<serde_json::Value>,
}

/// The usable keys of a JWK set; others are ignored.
pub(super) fn of_set(text: &[u8]) -> Result<Arc<[Key]>, Cause> {
    let set: Set = serde_json::from_slice(text).map_err(|_| "the answer is not a JWK set")?;
    let keys: Arc<[Key]> = set
        .keys
        .into_iter()
        .filter_map(|key| serde_json::from_value(key).ok())
        .filter_map(|jwk: Jwk| Key::of(&jwk))
        .collect();
    if keys.is_empty() {
        tracing::warn!("the issuer's JWK set has no key that can verify tokens");
    }
    Ok(keys)
}

impl Key {
    /// `jwk` as a key; `None` when it has no name, is not for signatures, or has an unsupported
    /// type. Symmetric keys are not supported: a published one is no secret.
    fn of(jwk: &Jwk) -> Option<Self> {
        let (algorithm, named) = algorithm(&jwk.algorithm)?;
        let common = &jwk.common;
        let is_named_so = common.key_algorithm.is_none_or(|alg| alg == named);
        if !is_named_so || !is_for_signatures(common) {
            return None;
        }
        Some(Self {
            id: common.key_id.clone()?,
            algorithm,
            key: DecodingKey::from_jwk(jwk).ok()?,
        })
    }
}

/// The signing algorithm of a key with these parameters, and its name in a JWK.
fn algorithm(parameters: &AlgorithmParameters) -> Option<(Algorithm, KeyAlgorithm)> {
    match parameters {
        AlgorithmParameters::RSA(key) => {
            let bits = bits(&key.n)?;
            let is_trusted = (FEWEST_RSA_BITS..=MAX_RSA_BITS).contains(&bits);
            is_trusted.then_some((Algorithm::RS256, KeyAlgorithm::RS256))
        }
        AlgorithmParameters::EllipticCurve(key) => {
            let is_taken = key.curve == EllipticCurve::P256
                && bytes(&key.x)?.len() == 32
                && bytes(&key.y)?.len() == 32;
            is_taken.then_some((Algorithm::ES256, KeyAlgorithm::ES256))
        }
        AlgorithmParameters::OctetKeyPair(key) => {
            let is_taken = key.curve == EllipticCurve::Ed25519 && bytes(&key.x)?.len() == 32;
            is_taken.then_some((Algorithm::EdDSA, KeyAlgorithm::EdDSA))
        }
        _ => None,
    }
}

fn is_for_signatures(common: &CommonParameters) -> bool {
    let by_use = common
        .public_key_use
        .as_ref()
        .is_none_or(|usage| *usage == PublicKeyUse::Signature);
    let by_operations = common
        .key_operations
        .as_ref()
        .is_none_or(|operations| operations.contains(&KeyOperations::Verify));
    by_use && by_operations
}

fn bytes(base64: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(base64).ok()
}

/// The bits of a number, without leading zeros.
fn bits(base64: &str) -> Option<usize> {
    let bytes = bytes(base64)?;
    let number: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    let first = number.first()?;
    let unused = usize::try_from(first.leading_zeros()).ok()?;
    Some(number.len() * 8 - unused)
}

#[cfg(test)]
mod tests;
