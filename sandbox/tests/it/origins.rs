//! Origins: pages of this machine may call the payer's routes, and only pages from `--allow-origin`
//! the control plane.

use stripe_sandbox::Sandbox;

use crate::api::{Api, Form, Reply, api, api_with_key};

const SITE: &str = "http://localhost:3000";
const FOREIGN: [&str; 5] = [
    "https://evil.example",
    "http://127.0.0.1.evil.example",
    "http://localhost.evil.example:3000",
    "null",
    "",
];

async fn call(api: &Api, method: &str, path: &str, headers: Form<'_>) -> Reply {
    let form = ("content-type", "application/x-www-form-urlencoded");
    let headers = [&[form], headers].concat();
    api.send(method, path, &headers, "").await.unwrap()
}

#[tokio::test]
async fn a_page_of_another_machine_drives_nothing() {
    let stripe = Sandbox::start().await;
    let (account, control) = (api(&stripe), api_with_key(&stripe, ""));
    for origin in FOREIGN {
        for (api, method, path) in [
            (&control, "POST", "/_sandbox/webhooks/pause"),
            (&control, "GET", "/_sandbox/requests"),
            (&control, "OPTIONS", "/_sandbox/faults"),
            (
                &control,
                "POST",
                "/_sandbox/payment_intents/pi_1/authenticate",
            ),
            (&account, "POST", "/v1/customers"),
            (&account, "OPTIONS", "/v1/customers"),
            (&control, "GET", "/pay/cs_test_1"),
        ] {
            let reply = call(api, method, path, &[("origin", origin)]).await;
            reply.refused(403, "origin_not_allowed");
        }
    }
    assert!(stripe.requests().is_empty(), "nothing was executed");
}

#[tokio::test]
async fn a_name_that_was_made_to_lead_here_is_refused() {
    let stripe = Sandbox::start().await;
    let port = stripe.url().rsplit(':').next().unwrap().to_owned();
    for host in ["evil.example".to_owned(), format!("evil.example:{port}")] {
        let named = [("host", host.as_str())];
        let account = call(&api(&stripe), "POST", "/v1/customers", &named).await;
        account.refused(403, "host_not_allowed");
        let control = api_with_key(&stripe, "");
        let reply = call(&control, "POST", "/_sandbox/webhooks/pause", &named).await;
        reply.refused(403, "host_not_allowed");
    }
    for host in ["localhost", "10.88.0.1:12111", "host.docker.internal"] {
        let named = [("host", host)];
        call(&api(&stripe), "POST", "/v1/customers", &named)
            .await
            .ok();
    }
}

#[tokio::test]
async fn a_site_on_this_machine_pays_and_does_not_control() {
    let stripe = Sandbox::start().await;
    let (account, control) = (api(&stripe), api_with_key(&stripe, ""));
    let from_site = [("origin", SITE)];

    let made = call(&account, "POST", "/v1/customers", &from_site).await;
    assert_eq!(made.header("access-control-allow-origin"), Some(SITE));
    assert_eq!(made.header("vary"), Some("Origin"));
    made.ok();
    let asked = call(&account, "OPTIONS", "/v1/customers", &from_site).await;
    assert_eq!(asked.header("access-control-allow-origin"), Some(SITE));

    let challenge = "/_sandbox/payment_intents/pi_1/authenticate";
    let answered = call(&control, "POST", challenge, &from_site).await;
    assert_eq!(answered.status, 400, "it is taken, and lacks an outcome");
    let paused = call(&control, "POST", "/_sandbox/webhooks/pause", &from_site).await;
    paused.refused(403, "origin_not_allowed");
}

#[tokio::test]
async fn a_page_that_was_named_at_the_start_controls() {
    let builder = Sandbox::builder().allow_origin(SITE);
    let stripe = builder.start().await.unwrap();
    let control = api_with_key(&stripe, "");
    for origin in [SITE, stripe.url()] {
        let from = [("origin", origin)];
        let paused = call(&control, "POST", "/_sandbox/webhooks/pause", &from).await;
        assert_eq!(paused.header("access-control-allow-origin"), Some(origin));
        paused.ok();
    }
}
