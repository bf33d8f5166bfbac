//! Flows: the portal leads straight to one change.

use portal::service;
use serde_json::{Value, json};
use shared::subscription::Reason;
use testing::TestServer;

use super::{customer_of, sessions};

const BACK: &str = "https://shop.example/account";

/// Subscribes `caller` to a plan; returns the subscription's id.
async fn subscribed(api: &TestServer, caller: &str) -> String {
    let shop = &api.shop;
    let customer = shop.subscriber(caller, None, "pm_card_visa").await;
    let plan = shop.plan("pro", 1900, "month");
    let id = shop.subscribe_customer(&customer, &plan, &json!({}));
    let service = shop.app().subscriptions;
    let _ = service.look(&id, &Reason::Event).await.unwrap();
    id
}

async fn flow(api: &TestServer, caller: &str, more: &Value) -> testing::Answer {
    let mut body = json!({ "returnUrl": BACK });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    api.as_role(caller, "customer").post(&body).await
}

#[tokio::test]
async fn a_flow_leads_straight_to_its_change_and_back() {
    let api = TestServer::start(service).await;
    let id = subscribed(&api, "ada").await;
    let customer = customer_of(&api, "ada").await;
    let of = json!({ "subscription": id });

    let cancel = flow(
        &api,
        "ada",
        &json!({ "flow": "cancel", "subscription": id }),
    )
    .await;
    let _ = cancel.expect(200);
    let method = flow(&api, "ada", &json!({ "flow": "payment_method" })).await;
    let _ = method.expect(200);

    let after = json!({ "type": "redirect", "redirect": { "return_url": BACK } });
    let expected = [
        json!({ "type": "subscription_cancel", "after_completion": after,
            "subscription_cancel": of }),
        json!({ "type": "payment_method_update", "after_completion": after }),
    ];
    let expected = expected.map(|flow| {
        json!({ "customer": customer, "return_url": BACK,
        "flow_data": flow })
    });
    assert_eq!(sessions(&api), expected);
}

#[tokio::test]
async fn a_flow_that_the_portals_settings_do_not_allow_is_named() {
    let api = TestServer::start(service).await;
    let id = subscribed(&api, "ada").await;

    let change = flow(
        &api,
        "ada",
        &json!({ "flow": "change", "subscription": id }),
    )
    .await;

    let answer = change.expect(400).body;
    let message = answer["error"]["message"].as_str().unwrap();
    assert!(message.starts_with("`flow`"), "{message}");
}

#[tokio::test]
async fn a_flow_is_for_the_callers_own_subscription_which_is_not_over() {
    let api = TestServer::start(service).await;
    let id = subscribed(&api, "ada").await;
    for id in [id.as_str(), "sub_none", "../customers"] {
        let answer = flow(
            &api,
            "eve",
            &json!({ "flow": "cancel", "subscription": id }),
        )
        .await;
        assert_eq!(answer.code(404), "not_found");
    }
    for (more, field) in [
        (json!({ "flow": "cancel" }), "`subscription`"),
        (json!({ "subscription": id }), "`subscription`"),
        (
            json!({ "flow": "payment_method", "subscription": id }),
            "`subscription`",
        ),
        (json!({ "flow": "refund" }), "`flow`"),
        (json!({ "flow": null }), "`flow`"),
    ] {
        let answer = flow(&api, "ada", &more).await.expect(400).body;
        let message = answer["error"]["message"].as_str().unwrap();
        assert!(message.contains(field), "{more}: {message}");
    }
    api.shop.stripe.cancel_subscription(&id).unwrap();
    let service = api.shop.app().subscriptions;
    let _ = service.look(&id, &Reason::Event).await.unwrap();
    let over = flow(
        &api,
        "ada",
        &json!({ "flow": "cancel", "subscription": id }),
    )
    .await;
    assert_eq!(over.code(409), "subscription_ended");
    assert!(sessions(&api).is_empty());
}
