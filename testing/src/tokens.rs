//! What the site's server signs.

use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::Value;

/// `claims` as a JWT, HS256 under `key`.
///
/// # Panics
///
/// When the claims are not an object.
#[must_use]
pub fn sign(claims: &Value, key: &str) -> String {
    sign_with(claims, key, Algorithm::HS256)
}

/// `claims` as a JWT under `key`, by another algorithm of the HMAC family.
///
/// # Panics
///
/// When the claims are not an object.
#[must_use]
pub fn sign_with(claims: &Value, key: &str, algorithm: Algorithm) -> String {
    assert!(claims.is_object(), "claims are an object");
    let key = EncodingKey::from_secret(key.as_bytes());
    encode(&Header::new(algorithm), claims, &key).expect("HMAC takes any key")
}

/// `claims` as a JWT, HS256 under `key`, with a name for the key.
///
/// # Panics
///
/// When the claims are not an object.
#[must_use]
pub fn sign_by_name(claims: &Value, key: &[u8], kid: Option<&str>) -> String {
    assert!(claims.is_object(), "claims are an object");
    let mut header = Header::new(Algorithm::HS256);
    header.kid = kid.map(str::to_owned);
    encode(&header, claims, &EncodingKey::from_secret(key)).expect("HMAC takes any key")
}
