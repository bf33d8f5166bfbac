//! The same service as a Lambda function: what a gateway hands over is decoded to the exact bytes.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use lambda_http::request::from_str;
use serde_json::{Value, json};
use shared::host;
use testing::{LambdaRuntime, Shop};
use tower::ServiceExt as _;
use webhook::service;

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
            let signature = shop.sign(bytes.as_bytes());
            let body = if is_base64 {
                STANDARD.encode(&bytes)
            } else {
                bytes
            };
            let request = from_str(&gateway(&body, &signature, is_base64).to_string()).unwrap();
            let app = shop.app();

            let response = host::with_middleware(service(app))
                .oneshot(request)
                .await
                .unwrap();

            assert_eq!(response.status(), 200, "{id}");
            assert_eq!(shop.status(&id).await, "paid");
        }
    }
}

/// What an Application Load Balancer hands over, with one value for each header, or with lists of
/// them
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html>).
fn load_balancer(body: &str, signature: &str, is_multi_value: bool) -> Value {
    let headers = [
        ("accept", "*/*; q=0.5, application/json"),
        ("content-type", "application/json; charset=utf-8"),
        ("host", "lambda-846800462-us-east-2.elb.amazonaws.com"),
        ("stripe-signature", signature),
        (
            "user-agent",
            "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        ),
        (
            "x-amzn-trace-id",
            "Root=1-5bdb40ca-556d8b0c50dc66f0511bf520",
        ),
        ("x-forwarded-for", "72.21.198.66"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ];
    let mut event = json!({
        "requestContext": { "elb": { "targetGroupArn":
            "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/group/6d0ecf831eec9f09"
        } },
        "httpMethod": "POST", "path": "/api/webhooks/stripe", "isBase64Encoded": false,
        "body": body,
    });
    match is_multi_value {
        true => {
            event["multiValueQueryStringParameters"] = json!({});
            let lists = headers.map(|(name, value)| (name, vec![value]));
            event["multiValueHeaders"] = lists.into_iter().collect();
        }
        false => {
            event["queryStringParameters"] = json!({});
            event["headers"] = headers.into_iter().collect();
        }
    }
    event
}

#[tokio::test]
async fn events_through_a_load_balancer_are_taken_and_answered_as_it_wants() {
    let shop = Shop::open().await;
    let function = LambdaRuntime::start(env!("CARGO_BIN_EXE_webhook"), shop.environment()).await;
    for is_multi_value in [false, true] {
        let id = format!("o_{is_multi_value}");
        let event = paid(&shop, &id).await.to_string();
        let signature = shop.sign(event.as_bytes());

        let forged = load_balancer(&event, "t=1,v1=00", is_multi_value);
        let forged = function.invoke(forged).await.unwrap();
        let answer = load_balancer(&event, &signature, is_multi_value);
        let answer = function.invoke(answer).await.unwrap();

        assert_eq!(forged["statusCode"], 400, "{forged}");
        assert_eq!(answer["statusCode"], 200, "{answer}");
        assert_eq!(answer["statusDescription"], "200 OK");
        assert_eq!(answer["isBase64Encoded"], false);
        assert_eq!(answer["body"], r#"{"received":true}"#);
        match is_multi_value {
            true => assert_eq!(
                answer["multiValueHeaders"]["cache-control"],
                json!(["no-store"])
            ),
            false => assert_eq!(answer["headers"]["cache-control"], "no-store"),
        }
        assert_eq!(shop.status(&id).await, "paid");
    }
}
