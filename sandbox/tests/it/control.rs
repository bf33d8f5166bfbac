//! The control plane, and the page of the 3-D Secure challenge.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, api_with_key, intent, paid, text},
    raw::exchange,
    receiver::Receiver,
};

#[tokio::test]
async fn faults_are_ordered_over_http() {
    let stripe = Sandbox::start().await;
    let control = api_with_key(&stripe, "");
    let json = [("content-type", "application/json")];
    let body = r#"{"kind":"rate_limit","path_prefix":"/v1/events","retry_after":3,"times":0}"#;

    control
        .send("POST", "/_sandbox/faults", &json, body)
        .await
        .unwrap()
        .ok();
    let reply = api(&stripe).get("/v1/events").await;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (429, Some("3"))
    );

    control
        .send("DELETE", "/_sandbox/faults", &[], "")
        .await
        .unwrap()
        .ok();
    api(&stripe).get("/v1/events").await.ok();
    let odd = control.post("/_sandbox/faults", &[("kind", "odd")]).await;
    assert_eq!(
        (odd.status, &odd.body["error"]["param"]),
        (400, &json!("kind"))
    );
    let typo = control
        .post("/_sandbox/faults", &[("kind", "hang"), ("time", "1")])
        .await;
    typo.refused(400, "parameter_unknown");
}

#[tokio::test]
async fn objects_are_moved_over_http() {
    let stripe = Sandbox::start().await;
    let control = api_with_key(&stripe, "");
    let first = intent(&api(&stripe)).await;
    let (id, secret) = (text(&first, "id"), text(&first, "client_secret"));
    stripe
        .confirm(id, "pm_card_authenticationRequired")
        .await
        .unwrap();

    let path = format!("/_sandbox/payment_intents/{id}/authenticate");
    let wrong = control.post(&path, &[("client_secret", "wrong")]).await;
    wrong.refused(400, "payment_intent_invalid_parameter");
    let form = [("client_secret", secret), ("outcome", "success")];
    assert_eq!(control.post(&path, &form).await.ok()["status"], "succeeded");

    let refund = stripe.refund(id, None).unwrap();
    let path = format!("/_sandbox/refunds/{}/fail", text(&refund, "id"));
    assert_eq!(control.post(&path, &[]).await.ok()["status"], "failed");
    assert!(
        stripe
            .requests()
            .iter()
            .all(|request| request.path.starts_with("/v1/"))
    );
}

#[tokio::test]
async fn webhooks_are_steered_over_http() {
    let receiver = Receiver::answering(&[]).await;
    let stripe = Sandbox::start().await;
    let control = api_with_key(&stripe, "");
    let endpoint = [("url", receiver.url.as_str()), ("secret", "whsec_a")];
    control.post("/_sandbox/webhooks", &endpoint).await.ok();
    let remote = [("url", "http://example.com/"), ("secret", "whsec_a")];
    assert_eq!(
        control.post("/_sandbox/webhooks", &remote).await.status,
        400
    );

    control.post("/_sandbox/webhooks/hold", &[]).await.ok();
    paid(&api(&stripe)).await;
    let reversed = [("order", "reversed")];
    control
        .post("/_sandbox/webhooks/release", &reversed)
        .await
        .ok();
    stripe.delivered_all().await;
    assert_eq!(receiver.types()[2], "payment_intent.created");

    let id = text(&stripe.events()[0], "id").to_owned();
    control
        .post(&format!("/_sandbox/events/{id}/resend"), &[])
        .await
        .ok();
    stripe.delivered_all().await;
    let sent = control.get("/_sandbox/deliveries").await.ok();
    assert_eq!(sent["data"][3]["event_id"], *id);
    let none = control.post("/_sandbox/events/evt_none/resend", &[]).await;
    none.refused(404, "resource_missing");
}

#[tokio::test]
async fn the_challenge_page_leads_back_to_the_shop() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (outcome, redirect_status) in [("success", "succeeded"), ("failure", "failed")] {
        let intent = intent(&api).await;
        let (id, secret) = (text(&intent, "id"), text(&intent, "client_secret"));
        let form = [
            ("payment_method", "pm_card_authenticationRequired"),
            ("return_url", "http://127.0.0.1:1/return?order=7"),
        ];
        let waiting = api
            .post(&format!("/v1/payment_intents/{id}/confirm"), &form)
            .await
            .ok();
        let url = text(&waiting["next_action"]["redirect_to_url"], "url");
        let path = url
            .strip_prefix(stripe.url())
            .expect("the sandbox's own page");

        let page = api.get(path).await;
        assert!(page.text.contains("Complete authentication"));
        assert!(page.text.contains("Confirm with your bank that you pay "));
        let body = format!("client_secret={secret}&outcome={outcome}");
        let answer = exchange(&stripe, "POST", &format!("/_sandbox/3ds/{id}"), &body)
            .await
            .unwrap();

        let location = format!(
            "location: http://127.0.0.1:1/return?order=7&payment_intent={id}\
             &payment_intent_client_secret={secret}&redirect_status={redirect_status}\r\n"
        );
        assert!(
            answer.starts_with("HTTP/1.1 303") && answer.contains(&location),
            "{answer}"
        );
    }
}

#[tokio::test]
async fn the_challenge_page_needs_the_secret() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let intent = paid(&api).await;

    for path in [
        format!("/_sandbox/3ds/{}", text(&intent, "id")),
        "/_sandbox/3ds/x".to_owned(),
    ] {
        assert_eq!(api.get(&path).await.status, 404);
        assert_eq!(
            api.get(&format!("{path}?client_secret=x")).await.status,
            404
        );
    }
}
