//! Payers return to the shop's own URLs only. The whole table of URLs is beside the check itself.

use crate::{Checkout, mugs};

#[tokio::test]
async fn a_url_of_elsewhere_is_refused_by_the_name_of_its_field() {
    let api = Checkout::start().await;
    for field in ["successUrl", "cancelUrl"] {
        for url in [
            "//evil.example",
            "\\\\evil.example",
            "javascript:alert(1)",
            "https://evil.example",
            "https://shop.example:444/",
            "https://ada@shop.example/",
            "https://shop.example/\u{7}",
            "http://shop.example/",
            "/paid",
        ] {
            let mut body = mugs(1);
            body[field] = url.into();
            let answer = api.post("k1", &body).await;
            let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
            assert!(
                message.contains(field) && !message.contains("evil"),
                "{message}"
            );
            assert_eq!(answer.code(400), "invalid_request");
        }
    }
    for field in ["successUrl", "cancelUrl"] {
        let mut body = mugs(1);
        body.as_object_mut().unwrap().remove(field);
        assert_eq!(api.post("k1", &body).await.code(400), "invalid_request");
    }
    let mut body = mugs(1);
    body["amount"] = 1.into();
    assert_eq!(api.post("k1", &body).await.code(400), "invalid_request");
    assert!(api.shop.stripe.requests().is_empty());
}

#[tokio::test]
async fn what_a_request_says_of_its_host_changes_nothing() {
    let api = Checkout::start().await;
    let mut body = mugs(1);
    body["successUrl"] = "https://evil.example/paid".into();
    let token = api.shop.token("ada");
    let call = api.client.request().bearer(&token).key("k1");
    let call = call.header("x-forwarded-host", "evil.example");
    let call = call.header("host", "evil.example");
    let call = call.header("origin", "https://evil.example");

    assert_eq!(call.post(&body).await.code(400), "invalid_request");
}
