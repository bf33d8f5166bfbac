//! Events of each kind, with the telling field in different places.

use serde_json::json;

use super::*;

fn read(event: &str) -> Result<LambdaRequest, serde_json::Error> {
    serde_json::from_str(event).map(|invocation| match invocation {
        Invocation::Request(request) => request,
        Invocation::Event(event) => panic!("{event:?}"),
    })
}

/// The path in the event of `request`; true for payload version 2.0.
fn path(request: LambdaRequest) -> (bool, String) {
    let is_version_2 = matches!(request, LambdaRequest::ApiGatewayV2(_));
    let request = hyper::Request::from(request);
    (is_version_2, request.uri().path().to_owned())
}

const VERSION_2: &str = r#""rawPath": "/two", "rawQueryString": "", "isBase64Encoded": false,
        "headers": {},
    "requestContext": { "apiId": "a", "stage": "$default", "timeEpoch": 1,
        "http": { "method": "POST", "path": "/two", "protocol": "HTTP/1.1",
            "sourceIp": "203.0.113.7" } }"#;

#[test]
fn an_event_of_version_2_is_read_wherever_it_says_so() {
    for event in [
        format!(r#"{{ "version": "2.0", {VERSION_2} }}"#),
        format!(" \n{{\"version\" : \"2.0\",{VERSION_2}}}\n"),
        format!(r#"{{ {VERSION_2}, "version": "2.0" }}"#),
        format!(r#"{{ "type": null, "version": "2.0", {VERSION_2} }}"#),
    ] {
        assert_eq!(path(read(&event).unwrap()), (true, "/two".to_owned()));
    }
}

#[test]
fn an_event_of_version_1_is_read_whether_or_not_it_says_so() {
    let event = json!({
        "resource": "/", "path": "/one", "httpMethod": "POST", "isBase64Encoded": false,
            "headers": {},
        "multiValueHeaders": {}, "requestContext": { "stage": "prod", "httpMethod": "POST" },
    });
    let event = event.to_string();
    let with_version = event.replacen('{', r#"{"version": "1.0","#, 1);
    for event in [event, with_version] {
        assert_eq!(path(read(&event).unwrap()), (false, "/prod/one".to_owned()));
    }
}

#[test]
fn what_cannot_be_read_is_told_without_being_quoted() {
    let wrong = r#""headers": { "authorization": ["sk_test_1"] }, "body": { "a": "sk_test_1" }"#;
    for event in [
        format!(r#"{{ "version": "2.0", {wrong} }}"#),
        format!(r#"{{ {wrong} }}"#),
        "{}".to_owned(),
        r#""sk_test_1""#.to_owned(),
        "42".to_owned(),
    ] {
        let error = read(&event).unwrap_err().to_string();
        assert!(error.starts_with(UNREADABLE), "{error}");
    }
}

#[test]
fn an_event_of_a_load_balancer_keeps_its_query() {
    // A load balancer forwards names and values as they were sent, without decoding them.
    let base = json!({
        "requestContext": { "elb": {
            "targetGroupArn": "arn:aws:elasticloadbalancing:eu-west-1:1:targetgroup/a/b" } },
        "httpMethod": "GET", "path": "/api/order", "isBase64Encoded": false, "body": "",
    });
    let mut single = base.clone();
    single["queryStringParameters"] = json!({ "id": "web%2D1042" });
    single["headers"] = json!({ "host": "shop.example" });
    let mut multi = base;
    multi["multiValueQueryStringParameters"] = json!({ "id": ["web%2D1042"] });
    multi["multiValueHeaders"] = json!({ "host": ["shop.example"] });
    for event in [single, multi] {
        let request = hyper::Request::from(read(&event.to_string()).unwrap());
        let uri = request.uri();
        assert_eq!(
            (uri.path(), uri.query()),
            ("/api/order", Some("id=web-1042")),
            "{event}"
        );
    }
}
