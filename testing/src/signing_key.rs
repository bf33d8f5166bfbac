//! Keys that sign tokens, and are published as JWKs.
//!
//! A token is put together from texts, so that a test can write one that no library would.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::{
    encoding::{AsDer as _, PublicKeyX509Der},
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
        RSA_PKCS1_SHA256,
    },
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};

/// A private key with a name.
#[derive(Clone, Debug)]
pub struct SigningKey {
    kid: String,
    pair: Arc<Pair>,
}

#[derive(Debug)]
enum Pair {
    Rsa(KeyPair),
    P256(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// `text` as a part of a token.
#[must_use]
pub fn encoded(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

impl SigningKey {
    /// RS256, 2048 bits. Made once for all of a program's tests, since that takes a while.
    ///
    /// # Panics
    ///
    /// When there is no randomness.
    #[must_use]
    pub fn rsa(kid: &str) -> Self {
        static PAIR: OnceLock<Arc<Pair>> = OnceLock::new();
        let make = || {
            let pair = KeyPair::generate(KeySize::Rsa2048).expect("there is randomness");
            Arc::new(Pair::Rsa(pair))
        };
        let pair = Arc::clone(PAIR.get_or_init(make));
        let kid = kid.to_owned();
        Self { kid, pair }
    }

    /// ES256, made anew.
    ///
    /// # Panics
    ///
    /// When there is no randomness.
    #[must_use]
    pub fn p256(kid: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
        Self::made(kid, Pair::P256(pair.expect("there is randomness")))
    }

    /// EdDSA, made anew.
    ///
    /// # Panics
    ///
    /// When there is no randomness.
    #[must_use]
    pub fn ed25519(kid: &str) -> Self {
        let pair = Ed25519KeyPair::generate();
        Self::made(kid, Pair::Ed25519(pair.expect("there is randomness")))
    }

    fn made(kid: &str, pair: Pair) -> Self {
        Self {
            kid: kid.to_owned(),
            pair: Arc::new(pair),
        }
    }

    /// The algorithm it signs by.
    #[must_use]
    pub fn algorithm(&self) -> &'static str {
        match *self.pair {
            Pair::Rsa(_) => "RS256",
            Pair::P256(_) => "ES256",
            Pair::Ed25519(_) => "EdDSA",
        }
    }

    /// The header that goes with it.
    #[must_use]
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm(), "kid": self.kid, "typ": "JWT" })
    }

    /// Its public half.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let mut jwk = match &*self.pair {
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                let modulus = public.modulus().big_endian_without_leading_zero();
                let exponent = public.exponent().big_endian_without_leading_zero();
                json!({ "kty": "RSA", "n": text(modulus), "e": text(exponent) })
            }
            Pair::P256(pair) => {
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y) })
            }
            Pair::Ed25519(pair) => {
                let x = pair.public_key().as_ref();
                json!({ "kty": "OKP", "crv": "Ed25519", "x": text(x) })
            }
        };
        jwk["kid"] = self.kid.as_str().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.algorithm().into();
        jwk
    }

    /// Its public half in the forms that a confused program might take for an HMAC key.
    ///
    /// # Panics
    ///
    /// When it is not an RSA key.
    #[must_use]
    pub fn public_forms(&self) -> Vec<(&'static str, Vec<u8>)> {
        let Pair::Rsa(pair) = &*self.pair else {
            panic!("the forms are those of RSA keys")
        };
        let public = pair.public_key();
        let der: PublicKeyX509Der<'_> = public.as_der().expect("it has this form");
        let der = der.as_ref().to_vec();
        let body = STANDARD.encode(&der);
        let lines: Vec<&str> = body
            .as_bytes()
            .chunks(64)
            .map(|line| std::str::from_utf8(line).expect("base64 is text"))
            .collect();
        let pem = |end: &str| {
            let lines = lines.join("\n");
            format!("-----BEGIN PUBLIC KEY-----\n{lines}\n-----END PUBLIC KEY-----{end}")
        };
        let modulus = public.modulus().big_endian_without_leading_zero();
        vec![
            ("PEM", pem("\n").into_bytes()),
            ("PEM without its last line end", pem("").into_bytes()),
            ("DER", der),
            ("modulus", modulus.to_vec()),
            (
                "modulus in base64",
                URL_SAFE_NO_PAD.encode(modulus).into_bytes(),
            ),
            ("JWK", self.jwk().to_string().into_bytes()),
        ]
    }

    /// `claims` under this key.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_text(&self.header().to_string(), &claims.to_string())
    }

    /// Whatever `header` and `payload` are, under this key.
    ///
    /// # Panics
    ///
    /// When there is no randomness.
    #[must_use]
    pub fn sign_text(&self, header: &str, payload: &str) -> String {
        let message = format!("{}.{}", encoded(header), encoded(payload));
        let signature = self.signature(message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn signature(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &*self.pair {
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .expect("there is randomness");
                signature
            }
            Pair::P256(pair) => {
                let signature = pair.sign(&random, message);
                signature.expect("there is randomness").as_ref().to_vec()
            }
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
        }
    }
}
