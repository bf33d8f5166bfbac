//! A token is one whole signed JWT, in one header.

use serde_json::json;
use testing::{NOW, encoded};

use super::{Both, refused};

#[tokio::test]
async fn what_is_not_one_whole_signed_jwt_is_refused() {
    let it = Both::open().await;
    let good = it.token(&json!({}));
    let (message, signature) = good.rsplit_once('.').unwrap();
    let header = it.key.header().to_string();
    let signed = |payload: &str| it.key.sign_text(&header, payload);
    let whole = Both::claims(&json!({})).to_string();
    let inner = whole.trim_start_matches('{').trim_end_matches('}');
    let nested = format!("{}{}", "[".repeat(2_500), "]".repeat(2_500));
    let zip = it.headed(&json!({ "zip": "DEF" }));
    let encrypted = format!(
        "{}.a.b.c.d",
        encoded(r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"key-1"}"#)
    );
    it.refuses_all([
        ("empty", String::new()),
        ("a word", "ada".to_owned()),
        ("an e-mail", "ada@shop.example".to_owned()),
        ("dots", "..".to_owned()),
        ("without signature", format!("{message}.")),
        ("cut", message.to_owned()),
        (
            "a signature cut short",
            format!("{message}.{}", &signature[..40]),
        ),
        ("padded", format!("{good}=")),
        ("a part more", format!("{good}.{signature}")),
        ("two in one header", format!("{good}, {good}")),
        ("two in one header, apart", format!("{good} {good}")),
        ("encrypted", encrypted),
        ("compressed", zip),
        ("crit", it.headed(&json!({ "crit": ["exp"], "exp": NOW }))),
        (
            "crit b64",
            it.headed(&json!({ "crit": ["b64"], "b64": false })),
        ),
        (
            "a subject twice",
            signed(&format!(r#"{{{inner},"sub":"ada"}}"#)),
        ),
        (
            "roles twice",
            signed(&format!(r#"{{{inner},"roles":"guest","roles":"admin"}}"#)),
        ),
        (
            "nested names twice",
            signed(&format!(r#"{{{inner},"a":{{"r":1,"r":2}}}}"#)),
        ),
        (
            "an algorithm twice",
            it.key
                .sign_text(r#"{"alg":"RS256","alg":"RS256","kid":"key-1"}"#, &whole),
        ),
        (
            "nested deeply",
            signed(&format!(r#"{{{inner},"a":{nested}}}"#)),
        ),
        ("claims in a list", signed(&format!("[{whole}]"))),
        ("claims that are no JSON", signed("sub=ada")),
        (
            "oversize",
            it.token(&json!({ "pad": "x".repeat(8 * 1024) })),
        ),
        ("no subject", it.token(&json!({ "sub": null }))),
        ("a blank subject", it.token(&json!({ "sub": " " }))),
        ("a number as subject", it.token(&json!({ "sub": 5 }))),
        (
            "an endless subject",
            it.token(&json!({ "sub": "x".repeat(129) })),
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_token_comes_in_one_header_and_nowhere_else() {
    let it = Both::open().await;
    let good = it.token(&json!({}));
    let request = || it.api.client.request().path("/?id=o_1");

    let twice = request().bearer(&good).bearer(&good).get().await;
    refused("two headers", &twice);
    let both = request().bearer(&good).bearer(&it.api.shop.token("ada"));
    refused("one of each signer", &both.get().await);
    let cookie = request().header("cookie", &format!("token={good}; access_token={good}"));
    refused("a cookie", &cookie.get().await);
    let query = format!("/?id=o_1&access_token={good}");
    refused("a query", &it.api.client.request().path(&query).get().await);
    let basic = request().header("authorization", &format!("Basic {good}"));
    refused("another scheme", &basic.get().await);
    let bare = request().header("authorization", &good);
    refused("no scheme", &bare.get().await);
    let proxy = request().header("proxy-authorization", &format!("Bearer {good}"));
    refused("another header", &proxy.get().await);

    let with_cookie = request().bearer(&good).header("cookie", "token=another");
    let _ = with_cookie.get().await.expect(200);
}
