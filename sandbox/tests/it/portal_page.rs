//! The portal's page does what its configuration allows, and nothing else.

use serde_json::{Value, json};

use crate::{
    api::text,
    billing::payer,
    hosted::{browser, goes_to, path},
    portal_flows::{SESSIONS, shop},
};

#[tokio::test]
async fn the_page_cancels_and_keeps_a_subscription() {
    let shop = shop(&[]).await;
    let session = shop.session(&[]).await;
    let browser = browser(&shop.stripe);
    let home = browser.get(&session).await;
    for part in [
        "at 10.00 USD per month",
        "Renews on",
        "Cancel the subscription",
        "Change the plan",
        "Add a card",
        "Invoices",
    ] {
        assert!(home.text.contains(part), "{part} is not in {}", home.text);
    }
    let page = browser.get(&shop.page(&session, "cancel")).await;
    assert!(page.text.contains("is not renewed"), "{}", page.text);

    let done = browser.post(&shop.page(&session, "cancel"), &[]).await;
    assert_eq!(goes_to(&done), format!("{session}/home"));
    let now = shop.now().await;
    assert_eq!(
        (&now["status"], &now["cancel_at_period_end"]),
        (&json!("active"), &json!(true))
    );
    let home = browser.get(goes_to(&done)).await;
    assert!(home.text.contains("Ends on") && home.text.contains("Keep the subscription"));

    let kept = browser.post(&shop.page(&session, "resume"), &[]).await;
    assert_eq!(goes_to(&kept), format!("{session}/home"));
    let now = shop.now().await;
    assert_eq!(
        (&now["cancel_at_period_end"], &now["cancel_at"]),
        (&json!(false), &Value::Null)
    );
}

#[tokio::test]
async fn a_flow_that_the_configuration_does_not_allow_is_refused() {
    let shop = shop(&[]).await;
    shop.stripe.save_portal_settings();
    let subscription = text(&shop.subscription, "id");
    let default = [
        ("customer", shop.customer.as_str()),
        ("flow_data[type]", "subscription_update"),
    ];
    let refused = shop.api.post(SESSIONS, &default).await;
    let words = "the subscription update feature in the portal configuration is disabled";
    assert!(
        text(&refused.body["error"], "message").contains(words),
        "{}",
        refused.text
    );

    let items = "flow_data[subscription_update_confirm][items][0]";
    let (id, price) = (format!("{items}[id]"), format!("{items}[price]"));
    let item = text(&shop.subscription["items"]["data"][0], "id");
    let confirms = [
        ("flow_data[type]", "subscription_update_confirm"),
        (
            "flow_data[subscription_update_confirm][subscription]",
            subscription,
        ),
        (id.as_str(), item),
        (price.as_str(), "price_small"),
    ];
    let refused = shop.try_session(&confirms).await;
    assert!(
        refused.text.contains("does not include the price"),
        "{}",
        refused.text
    );
    let stranger = payer(&shop.api, &[], "").await;
    let cancels = [
        ("customer", stranger.as_str()),
        ("flow_data[type]", "subscription_cancel"),
        ("flow_data[subscription_cancel][subscription]", subscription),
    ];
    let refused = shop
        .api
        .post(SESSIONS, &cancels)
        .await
        .refused(400, "resource_missing");
    assert_eq!(
        refused["param"],
        "flow_data[subscription_cancel][subscription]"
    );
    let none = [("flow_data[type]", "subscription_cancel")];
    let refused = shop
        .try_session(&none)
        .await
        .refused(400, "parameter_missing");
    assert_eq!(refused["param"], "flow_data[subscription_cancel]");
    let returns = [
        ("flow_data[type]", "payment_method_update"),
        ("flow_data[after_completion][type]", "redirect"),
    ];
    let refused = shop
        .try_session(&returns)
        .await
        .refused(400, "parameter_missing");
    assert_eq!(refused["param"], "flow_data[after_completion][redirect]");
}

#[tokio::test]
async fn the_page_neither_shows_nor_does_what_is_not_allowed() {
    let shop = shop(&[]).await;
    shop.stripe.save_portal_settings();
    let session = shop
        .api
        .post(SESSIONS, &[("customer", &shop.customer)])
        .await
        .ok();
    let session = path(&session["url"], &shop.stripe);
    let browser = browser(&shop.stripe);
    let home = browser.get(&session).await;
    assert!(!home.text.contains("Change the plan"), "{}", home.text);
    let changed = browser
        .post(&shop.page(&session, "update"), &[("price", "price_large")])
        .await;
    assert!(
        changed.text.contains("does not offer this here"),
        "{}",
        changed.text
    );
    assert_eq!(shop.now().await, shop.subscription);

    let stranger = payer(&shop.api, &[], "").await;
    let other = shop
        .api
        .post(SESSIONS, &[("customer", &stranger)])
        .await
        .ok();
    let other = path(&other["url"], &shop.stripe);
    let cancel = browser.post(&shop.page(&other, "cancel"), &[]).await;
    assert_eq!(cancel.status, 404, "{}", cancel.text);
    assert_eq!(shop.now().await, shop.subscription);
}

#[tokio::test]
async fn a_customer_changes_the_details_that_the_shop_allows() {
    let shop = shop(&[
        ("features[customer_update][enabled]", "true"),
        ("features[customer_update][allowed_updates][0]", "email"),
    ])
    .await;
    let session = shop.session(&[]).await;
    let browser = browser(&shop.stripe);
    let home = browser.get(&session).await;
    assert!(home.text.contains("Your details") && !home.text.contains("Phone number"));
    let details = format!("{session}/details");

    let refused = browser.post(&details, &[("name", "Eve")]).await;
    assert!(
        refused.text.contains("does not let you change"),
        "{}",
        refused.text
    );
    let done = browser
        .post(&details, &[("email", "ada@example.com")])
        .await;

    assert_eq!(goes_to(&done), format!("{session}/home"));
    let customer = shop
        .api
        .get(&format!("/v1/customers/{}", shop.customer))
        .await
        .ok();
    assert_eq!(
        (&customer["email"], &customer["name"]),
        (&json!("ada@example.com"), &Value::Null)
    );
}
