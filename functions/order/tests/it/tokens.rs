//! What is not a token of the site's or of the issuer's is refused, always in the same words.

mod forms;

use hyper::Method;
use serde_json::{Value, json};
use testing::{Answer, Issuer, NOW, Shop, SigningKey, TestServer, encoded, tokens};

use crate::{open, open_with, read, read_with};

/// The function where it takes tokens of the site and of an issuer with one RSA key, `key-1`.
struct Both {
    api: TestServer,
    key: SigningKey,
    issuer: Issuer,
}

impl Both {
    async fn open() -> Self {
        let key = SigningKey::rsa("key-1");
        let issuer = Issuer::start(&[&key]).await;
        let api = open_with(&issuer.variables()).await;
        api.shop.open_order("o_1").await;
        Self { api, key, issuer }
    }

    /// Ada's claims, with `changes`; `null` removes one.
    fn claims(changes: &Value) -> Value {
        let mut claims = Issuer::claims("ada", NOW);
        for (name, value) in changes.as_object().unwrap() {
            claims[name] = value.clone();
        }
        let fields = claims.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        claims
    }

    /// Ada's token, with `changes` to its claims.
    fn token(&self, changes: &Value) -> String {
        self.key.sign(&Self::claims(changes))
    }

    /// Ada's token, with `changes` to its header.
    fn headed(&self, changes: &Value) -> String {
        let mut header = self.key.header();
        for (name, value) in changes.as_object().unwrap() {
            header[name] = value.clone();
        }
        let fields = header.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        let claims = Self::claims(&json!({}));
        self.key.sign_text(&header.to_string(), &claims.to_string())
    }

    async fn refuses_all(&self, tokens: impl IntoIterator<Item = (&'static str, String)>) {
        let _ = read_with(&self.api, &self.token(&json!({})))
            .await
            .expect(200);
        for (what, token) in tokens {
            let answer = read_with(&self.api, &token).await;
            refused(what, &answer);
        }
    }
}

/// Checks the one answer to every caller who is not authenticated.
#[track_caller]
fn refused(what: &str, answer: &Answer) {
    assert_eq!(answer.status, 401, "{what}");
    assert_eq!(answer.headers["www-authenticate"], "Bearer", "{what}");
    let error = &answer.body["error"];
    assert_eq!(error["code"], "unauthenticated", "{what}");
    assert_eq!(error["message"], "sign in, or reload the page", "{what}");
}

#[tokio::test]
async fn a_public_key_is_no_secret_to_sign_with() {
    let it = Both::open().await;
    let claims = json!({ "iss": Issuer::NAME, "aud": [Issuer::AUDIENCE, "farebox"], "sub": "ada",
        "iat": NOW, "exp": NOW + 300 });
    for (what, form) in it.key.public_forms() {
        for kid in [Some("key-1"), None] {
            let token = tokens::sign_by_name(&claims, &form, kid);
            refused(what, &read_with(&it.api, &token).await);
        }
    }
}

#[tokio::test]
async fn the_headers_algorithm_alone_decides_nothing() {
    let it = Both::open().await;
    let signed = it.token(&json!({}));
    let (_, rest) = signed.split_once('.').unwrap();
    let under = |header: &str| format!("{}.{rest}", encoded(header));
    let none = format!(
        "{}.{}.",
        encoded(r#"{"alg":"none","kid":"key-1"}"#),
        rest.split('.').next().unwrap()
    );
    it.refuses_all([
        ("none", none),
        ("none, signed", under(r#"{"alg":"none","kid":"key-1"}"#)),
        ("None", under(r#"{"alg":"None","kid":"key-1"}"#)),
        (
            "another of the key's family",
            it.headed(&json!({ "alg": "PS256" })),
        ),
        ("another hash", it.headed(&json!({ "alg": "RS512" }))),
        ("another kind of key", it.headed(&json!({ "alg": "ES256" }))),
        ("EdDSA", it.headed(&json!({ "alg": "EdDSA" }))),
        ("HS256", it.headed(&json!({ "alg": "HS256" }))),
        ("HS512", it.headed(&json!({ "alg": "HS512" }))),
        ("lower case", it.headed(&json!({ "alg": "rs256" }))),
        ("a list", it.headed(&json!({ "alg": ["RS256"] }))),
        ("no algorithm", it.headed(&json!({ "alg": null }))),
    ])
    .await;
}

#[tokio::test]
async fn a_key_is_named_by_a_plain_word_that_the_issuer_published() {
    let it = Both::open().await;
    let foreign = SigningKey::p256("key-1");
    let _ = read_with(&it.api, &it.token(&json!({}))).await.expect(200);
    let fetched = it.issuer.fetches();
    // An unknown key would be looked for now.
    it.api.shop.clock.advance(31);
    it.refuses_all([
        ("missing", it.headed(&json!({ "kid": null }))),
        ("empty", it.headed(&json!({ "kid": "" }))),
        ("a number", it.headed(&json!({ "kid": 1 }))),
        (
            "a path",
            it.headed(&json!({ "kid": "../../../../dev/null" })),
        ),
        (
            "an absolute path",
            it.headed(&json!({ "kid": "/proc/sys/kernel/hostname" })),
        ),
        (
            "a path in another alphabet",
            it.headed(&json!({ "kid": "..\\key-1" })),
        ),
        (
            "a URL",
            it.headed(&json!({ "kid": "https://evil.example/jwks.json" })),
        ),
        (
            "a statement",
            it.headed(&json!({ "kid": "x' UNION SELECT 'key" })),
        ),
        ("a line end", it.headed(&json!({ "kid": "key-1\n" }))),
        ("a NUL", it.headed(&json!({ "kid": "key-1\u{0}" }))),
        ("over-long", it.headed(&json!({ "kid": "k".repeat(129) }))),
    ])
    .await;
    assert_eq!(it.issuer.fetches(), fetched, "odd names fetch nothing");
    let of_that_name = foreign.sign(&Both::claims(&json!({})));
    it.refuses_all([("another key of that name", of_that_name)])
        .await;
}

#[tokio::test]
async fn a_header_cannot_bring_its_own_key() {
    let it = Both::open().await;
    let own = SigningKey::p256("own");
    let claims = Both::claims(&json!({})).to_string();
    let mut with_key = own.header();
    with_key["jwk"] = own.jwk();
    let mut with_url = own.header();
    with_url["jku"] = "http://127.0.0.1:1/jwks.json".into();
    it.refuses_all([
        ("jwk", own.sign_text(&with_key.to_string(), &claims)),
        ("jku", own.sign_text(&with_url.to_string(), &claims)),
    ])
    .await;
}

#[tokio::test]
async fn issuer_and_audience_are_exact() {
    let it = Both::open().await;
    let without_slash = Issuer::NAME.trim_end_matches('/');
    let longer = format!("{}/", Issuer::AUDIENCE);
    it.refuses_all([
        ("no issuer", it.token(&json!({ "iss": null }))),
        (
            "an issuer that is almost right",
            it.token(&json!({ "iss": without_slash })),
        ),
        (
            "an issuer in a list",
            it.token(&json!({ "iss": [Issuer::NAME] })),
        ),
        ("no audience", it.token(&json!({ "aud": null }))),
        ("no audience in a list", it.token(&json!({ "aud": [] }))),
        ("a longer audience", it.token(&json!({ "aud": longer }))),
        (
            "another audience",
            it.token(&json!({ "aud": ["https://other.example"] })),
        ),
        (
            "an audience in an object",
            it.token(&json!({ "aud": { Issuer::AUDIENCE: 1 } })),
        ),
        (
            "the site's audience",
            it.token(&json!({ "aud": "farebox" })),
        ),
    ])
    .await;
    let among_others = json!({ "aud": ["https://other.example", Issuer::AUDIENCE] });
    let _ = read_with(&it.api, &it.token(&among_others))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_token_is_good_for_its_time() {
    let it = Both::open().await;
    it.refuses_all([
        ("expired", it.token(&json!({ "exp": NOW - 31 }))),
        ("without expiry", it.token(&json!({ "exp": null }))),
        (
            "expiry as a text",
            it.token(&json!({ "exp": (NOW + 300).to_string() })),
        ),
        (
            "expiry beyond all numbers",
            it.token(&json!({ "exp": 1e300 })),
        ),
        ("not valid yet", it.token(&json!({ "nbf": NOW + 31 }))),
        ("validity as a text", it.token(&json!({ "nbf": "now" }))),
    ])
    .await;
    for changes in [json!({ "exp": NOW - 29 }), json!({ "nbf": NOW + 29 })] {
        let _ = read_with(&it.api, &it.token(&changes)).await.expect(200);
    }
}

#[tokio::test]
async fn the_sites_key_signs_what_it_did_before() {
    let it = Both::open().await;
    let _ = read(&it.api, "ada", "/?id=o_1").await.expect(200);
    let claims = Both::claims(&json!({}));
    let issuers_audience = tokens::sign(&claims, Shop::SITE_KEY);
    let answer = read_with(&it.api, &issuers_audience).await;
    refused("the site's key, the issuer's audience", &answer);
}

#[tokio::test]
async fn an_issuers_token_is_refused_where_no_issuer_is_set() {
    let api = open().await;
    api.shop.open_order("o_1").await;
    for key in [SigningKey::p256("k"), SigningKey::ed25519("k")] {
        let token = key.sign(&Issuer::claims("ada", NOW));
        refused("no issuer is set", &read_with(&api, &token).await);
    }
}

#[tokio::test]
async fn with_an_issuer_the_sites_key_may_be_missing_and_signs_nothing_then() {
    let key = SigningKey::ed25519("key-1");
    let issuer = Issuer::start(&[&key]).await;
    let [url, name, audience] = issuer.variables();
    let api = open_with(&[url, name, audience, ("FAREBOX_SITE_KEY", "")]).await;
    api.shop.open_order("o_1").await;

    let _ = read_with(&api, &key.sign(&Issuer::claims("ada", NOW)))
        .await
        .expect(200);
    refused("the site's", &read(&api, "ada", "/?id=o_1").await);
    let empty = tokens::sign(
        &json!({ "aud": "farebox", "sub": "ada", "exp": NOW + 9 }),
        "",
    );
    refused("an empty key's", &read_with(&api, &empty).await);
    let call = api.client.request().path("/?id=o_1");
    let answer = call.send(Method::GET, hyper::body::Bytes::new()).await;
    refused("none", &answer);
}
