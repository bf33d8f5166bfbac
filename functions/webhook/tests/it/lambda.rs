//! The same service as a Lambda function: what a gateway hands over is decoded to the exact bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambda_http::request::from_str;
use serde_json::{Value, json};
use shared::host;
use testing::Shop;
use tower::ServiceExt as _;
use webhook::{App, service};

use crate::paid;

/// An HTTP API's event, payload version 2.0.
fn http_api(body: &str, signature: &str, is_base64: bool) -> Value {
    json!({
        "version": "2.0", "routeKey": "$default", "rawPath": "/prod/api/webhooks/stripe",
        "rawQueryString": "", "isBase64Encoded": is_base64, "body": body,
        "headers": { "content-type": "application/json", "stripe-signature": signature },
        "requestContext": { "apiId": "a", "stage": "prod", "requestId": "r", "timeEpoch": 1,
            "http": { "method": "POST", "path": "/prod/api/webhooks/stripe", "protocol": "HTTP/1.1",
                "sourceIp": "127.0.0.1", "userAgent": "Stripe/1.0" } },
    })
}

/// A REST API's event, payload version 1.0, behind a stage.
fn rest_api(body: &str, signature: &str, is_base64: bool) -> Value {
    json!({
        "resource": "/{proxy+}", "path": "/api/webhooks/stripe", "httpMethod": "POST",
        "headers": { "Stripe-Signature": signature }, "isBase64Encoded": is_base64, "body": body,
        "multiValueHeaders": { "Stripe-Signature": [signature] }, "queryStringParameters": null,
        "multiValueQueryStringParameters": null, "pathParameters": null, "stageVariables": null,
        "requestContext": { "stage": "prod", "requestId": "r", "httpMethod": "POST",
            "path": "/prod/api/webhooks/stripe", "resourcePath": "/{proxy+}", "identity": {} },
    })
}

#[tokio::test]
async fn events_through_either_gateway_keep_their_bytes() {
    type Gateway = fn(&str, &str, bool) -> Value;
    let shop = Shop::open().await;
    for (n, gateway) in [http_api as Gateway, rest_api].into_iter().enumerate() {
        for is_base64 in [false, true] {
            let id = format!("o_{n}_{is_base64}");
            let mut paid = paid(&shop, &id).await;
            paid["a_name_beyond_ascii"] = json!("Zoë ✓");
            let bytes = paid.to_string();
            let now = u64::try_from(shop.clock.now()).unwrap();
            let signature = sandbox::sign(bytes.as_bytes(), Shop::WEBHOOK_SECRET, now);
            let body = if is_base64 {
                STANDARD.encode(&bytes)
            } else {
                bytes
            };
            let request = from_str(&gateway(&body, &signature, is_base64).to_string()).unwrap();
            let app = App::new(
                &shop.config,
                shop.impatient_stripe(),
                shop.ledger.clone(),
                shop.clock.clone(),
            );

            let response = host::finished(service(app)).oneshot(request).await.unwrap();

            assert_eq!(response.status(), 200, "{id}");
            assert_eq!(shop.order(&id).await.status().as_str(), "paid");
        }
    }
}
