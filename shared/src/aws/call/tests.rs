use std::sync::Mutex;

use aws_credential_types::Credentials;
use aws_sdk_dynamodb::operation::get_item::GetItemInput;
use axum::{Router, http::StatusCode as Code, routing::post};
use tokio::net::TcpListener;

use super::*;
use crate::{
    aws::{Aws, ErrorMetadata, domain, region},
    env::ApiBase,
};

const HOUR: i64 = 3_600;

/// A service whose clock is an hour ahead of this machine, and which refuses every request; keeps
/// the times of the requests.
async fn an_hour_ahead(times: Arc<Mutex<Vec<String>>>) -> String {
    let answer = move |headers: HeaderMap| {
        let time = headers["x-amz-date"].to_str().unwrap().to_owned();
        times.lock().unwrap().push(time);
        let date = DateTime::from_secs(Clock::default().now() + HOUR);
        let date = date.fmt(Format::HttpDate).unwrap();
        let body = "{\"__type\":\"InvalidSignatureException\"}";
        async move { (Code::BAD_REQUEST, [("date", date)], body) }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/", post(answer));
    tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
    url
}

#[tokio::test]
async fn after_a_refusal_that_tells_another_time_requests_are_signed_by_it() {
    let times = Arc::default();
    let url = an_hour_ahead(Arc::clone(&times)).await;
    let keys = Credentials::new("key", "secret", None, None, "a test");
    let aws = Aws::new("eu-west-1".to_owned(), ApiBase::parse(&url).ok(), keys);
    let service = aws.service("dynamodb");
    let input = GetItemInput::builder().table_name("orders").build();
    let request = Prepared::new(input.unwrap()).unwrap();

    for _ in 0..2 {
        let refused = service.send(&request).await.unwrap_err();
        assert_eq!(
            ErrorMetadata::of(&refused).code,
            "InvalidSignatureException"
        );
    }

    let times = times.lock().unwrap();
    let seconds = |time: &str| {
        let (day, hour) = time.split_once('T').unwrap();
        let day = format!("{}-{}-{}", &day[..4], &day[4..6], &day[6..]);
        let hour = format!("{}:{}:{}", &hour[..2], &hour[2..4], &hour[4..6]);
        rfc3339::parse(&format!("{day}T{hour}Z")).unwrap()
    };
    let later = seconds(&times[1]) - seconds(&times[0]);
    assert!((HOUR - 5..=HOUR + 30).contains(&later), "{later}");
}

#[test]
fn a_region_is_part_of_an_address() {
    assert_eq!(domain("eu-west-1"), "amazonaws.com");
    assert_eq!(domain("us-gov-west-1"), "amazonaws.com");
    assert_eq!(domain("cn-north-1"), "amazonaws.com.cn");
    assert_eq!(region("eu-west-1").as_deref(), Ok("eu-west-1"));
    for wrong in ["", "eu west 1", "evil.example/", "EU-WEST-1"] {
        assert!(region(wrong).is_err(), "{wrong}");
    }
}
