//! The published keys that are accepted, and their algorithms.

use serde_json::{Value, json};

use super::*;

/// The accepted algorithms of a set of this one key, with `changes`; `null` removes a field.
fn taken(key: &Value, changes: &Value) -> Vec<Algorithm> {
    let mut key = key.clone();
    for (name, value) in changes.as_object().unwrap() {
        key[name] = value.clone();
    }
    let fields = key.as_object_mut().unwrap();
    fields.retain(|_, value| !value.is_null());
    let set = json!({ "keys": [{ "kty": "something-new" }, key] });
    let keys = of_set(set.to_string().as_bytes()).unwrap();
    keys.iter().map(|key| key.algorithm).collect()
}

fn number(bytes: usize) -> String {
    URL_SAFE_NO_PAD.encode(vec![0xff; bytes])
}

fn rsa() -> Value {
    json!({ "kty": "RSA", "kid": "a", "use": "sig", "alg": "RS256", "n": number(256), "e": "AQAB" })
}

fn p256() -> Value {
    json!({ "kty": "EC", "crv": "P-256", "kid": "b", "x": number(32), "y": number(32) })
}

fn ed25519() -> Value {
    json!({ "kty": "OKP", "crv": "Ed25519", "kid": "c", "x": number(32) })
}

#[test]
fn each_kind_of_key_is_good_for_one_algorithm() {
    for (key, algorithm) in [
        (rsa(), Algorithm::RS256),
        (p256(), Algorithm::ES256),
        (ed25519(), Algorithm::EdDSA),
    ] {
        assert_eq!(taken(&key, &json!({})), [algorithm]);
        let bare = json!({ "alg": null, "use": null });
        assert_eq!(taken(&key, &bare), [algorithm]);
        assert_eq!(taken(&key, &json!({ "key_ops": ["verify"] })), [algorithm]);
    }
}

#[test]
fn a_key_for_something_else_is_passed_over() {
    for key in [rsa(), p256(), ed25519()] {
        for changes in [
            json!({ "use": "enc" }),
            json!({ "key_ops": ["encrypt"] }),
            json!({ "alg": "HS256" }),
            json!({ "alg": "PS256" }),
            json!({ "alg": "RS512" }),
            json!({ "alg": "RSA-OAEP" }),
            json!({ "kid": null }),
            json!({ "kty": "oct", "k": number(32) }),
        ] {
            assert_eq!(taken(&key, &changes), [], "{changes}");
        }
    }
    assert_eq!(taken(&p256(), &json!({ "crv": "P-384" })), []);
    assert_eq!(taken(&p256(), &json!({ "x": number(31) })), []);
    assert_eq!(taken(&ed25519(), &json!({ "x": number(57) })), []);
    assert_eq!(taken(&ed25519(), &json!({ "crv": "X25519" })), []);
}

#[test]
fn a_short_rsa_key_is_refused_however_it_is_padded() {
    assert_eq!(taken(&rsa(), &json!({ "n": number(128) })), []);
    assert_eq!(taken(&rsa(), &json!({ "n": number(255) })), []);
    let mut padded = vec![0; 128];
    padded.extend([0xff; 128]);
    let padded = URL_SAFE_NO_PAD.encode(padded);
    assert_eq!(taken(&rsa(), &json!({ "n": padded })), []);
    let mut one_bit_short = vec![0xff; 256];
    one_bit_short[0] = 0x7f;
    let one_bit_short = URL_SAFE_NO_PAD.encode(one_bit_short);
    assert_eq!(taken(&rsa(), &json!({ "n": one_bit_short })), []);
    assert_eq!(taken(&rsa(), &json!({ "n": number(1025) })), []);
    assert_eq!(
        taken(&rsa(), &json!({ "n": number(384) })),
        [Algorithm::RS256]
    );
}

#[test]
fn what_is_not_a_set_of_keys_is_an_error_and_not_an_empty_set() {
    for text in ["", "{}", "[]", "<html>", r#"{"keys":{}}"#] {
        assert!(of_set(text.as_bytes()).is_err(), "{text}");
    }
    assert!(of_set(br#"{"keys":[]}"#).unwrap().is_empty());
}
