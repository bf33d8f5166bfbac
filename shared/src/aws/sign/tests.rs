use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};

use super::{Signable, Signer};

const HOST: &str = "dynamodb.eu-west-1.amazonaws.com";
/// 2015-08-30, 12:36:00 UTC.
const TIME: u64 = 1_440_938_160;

fn credentials(secret: &str, token: Option<&str>) -> Credentials {
    Credentials::new(
        "AKIDEXAMPLE",
        secret,
        token.map(str::to_owned),
        None,
        "a test",
    )
}

/// The signature by AWS's own crate.
fn by_aws(credentials: &Credentials, body: &str, time: u64) -> String {
    let identity = credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region("eu-west-1")
        .name("dynamodb")
        .time(SystemTime::UNIX_EPOCH + Duration::from_secs(time))
        .settings(SigningSettings::default())
        .build()
        .unwrap();
    let headers = [
        ("content-type", "application/x-amz-json-1.0"),
        ("host", HOST),
        ("x-amz-target", "DynamoDB_20120810.GetItem"),
    ];
    let url = format!("https://{HOST}/");
    let body = SignableBody::Bytes(body.as_bytes());
    let request = SignableRequest::new("POST", url, headers.into_iter(), body).unwrap();
    let (made, _) = sign(request, &params.into()).unwrap().into_parts();
    let mut headers = made.headers();
    let (_, value) = headers.find(|(name, _)| *name == "authorization").unwrap();
    value.to_owned()
}

fn by_us(signer: &Signer, credentials: &Credentials, body: &str, time: &str) -> String {
    let mut headers = vec![
        ("content-type", "application/x-amz-json-1.0"),
        ("host", HOST),
        ("x-amz-date", time),
    ];
    let token = credentials.session_token();
    headers.extend(token.map(|token| ("x-amz-security-token", token)));
    headers.push(("x-amz-target", "DynamoDB_20120810.GetItem"));
    let request = Signable {
        headers: &headers,
        body: body.as_bytes(),
        time,
    };
    signer.authorization(credentials, &request)
}

#[test]
fn a_request_is_signed_as_aws_signs_it() {
    let signer = Signer::new("eu-west-1".to_owned(), "dynamodb");
    for credentials in [
        credentials("secret", None),
        credentials("other", Some("of/a+session==")),
    ] {
        for body in ["", "{\"TableName\":\"näme\"}"] {
            assert_eq!(
                by_us(&signer, &credentials, body, "20150830T123600Z"),
                by_aws(&credentials, body, TIME)
            );
        }
    }
}

#[test]
fn a_kept_key_signs_for_its_day_and_its_credentials_alone() {
    let signer = Signer::new("eu-west-1".to_owned(), "dynamodb");
    let (one, other) = (credentials("one", None), credentials("other", None));
    for (credentials, time, seconds) in [
        (&one, "20150830T123600Z", TIME),
        (&one, "20150831T123600Z", TIME + 86_400),
        (&other, "20150831T123600Z", TIME + 86_400),
        (&one, "20150830T123600Z", TIME),
    ] {
        assert_eq!(
            by_us(&signer, credentials, "{}", time),
            by_aws(credentials, "{}", seconds)
        );
    }
}
