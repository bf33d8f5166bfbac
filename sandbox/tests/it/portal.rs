//! The customer portal.

use stripe_sandbox::Sandbox;

use crate::api::{api, api_with_key, text};

const SESSIONS: &str = "/v1/billing_portal/sessions";

#[tokio::test]
async fn the_portal_shows_a_customers_own_cards_and_payments() {
    let stripe = Sandbox::start().await;
    stripe.save_portal_settings();
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let customer = text(&customer, "id");
    let form = [("customer", customer)];
    api.post("/v1/payment_methods/pm_card_mastercard/attach", &form)
        .await
        .ok();
    for (keeper, description) in [(customer, "Two <mugs>"), ("", "Of somebody else")] {
        let mut form = vec![
            ("amount", "3000"),
            ("currency", "usd"),
            ("confirm", "true"),
            ("payment_method", "pm_card_visa"),
            ("return_url", "http://127.0.0.1/"),
            ("description", description),
        ];
        form.extend((!keeper.is_empty()).then_some(("customer", keeper)));
        api.post("/v1/payment_intents", &form).await.ok();
    }

    let form = [
        ("customer", customer),
        ("return_url", "http://127.0.0.1/account"),
    ];
    let session = api.post(SESSIONS, &form).await.ok();

    assert!(text(&session, "id").starts_with("bps_"));
    let url = text(&session, "url");
    assert!(!url.contains(text(&session, "id")), "the id opens nothing");
    let page = api.get(url.strip_prefix(stripe.url()).unwrap()).await;
    assert_eq!(page.status, 200);
    for part in [
        "mastercard ending in 4444",
        "30.00 USD",
        "Two &lt;mugs&gt;",
        "127.0.0.1/account",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
    assert!(!page.text.contains("somebody else"));
}

#[tokio::test]
async fn a_session_is_a_known_customers() {
    let stripe = Sandbox::start().await;
    stripe.save_portal_settings();
    let api = api(&stripe);
    api.post(SESSIONS, &[])
        .await
        .refused(400, "parameter_missing");
    let error = api.post(SESSIONS, &[("customer", "cus_none")]).await;
    assert_eq!(error.refused(400, "resource_missing")["param"], "customer");
    let page = api.get("/p/session/test_none").await;
    assert_eq!(page.status, 404);
}

#[tokio::test]
async fn a_configuration_is_the_default_one_or_refused() {
    let stripe = Sandbox::start().await;
    stripe.save_portal_settings();
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let customer = text(&customer, "id");
    let list = api
        .get("/v1/billing_portal/configurations?is_default=true")
        .await
        .ok();
    let default = text(&list["data"][0], "id");

    let session = api
        .post(
            SESSIONS,
            &[("customer", customer), ("configuration", default)],
        )
        .await
        .ok();

    assert_eq!(session["configuration"], default);
    let form = [("customer", customer), ("configuration", "bpc_none")];
    let error = api
        .post(SESSIONS, &form)
        .await
        .refused(400, "resource_missing");
    assert_eq!(error["param"], "configuration");
    let bad = [("customer", customer), ("return_url", "//elsewhere")];
    api.post(SESSIONS, &bad).await.refused(400, "url_invalid");
}

#[tokio::test]
async fn no_session_is_opened_until_the_settings_are_saved() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let form = [("customer", text(&customer, "id"))];
    let listed = "/v1/billing_portal/configurations?is_default=true";

    let refused = api.post(SESSIONS, &form).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    let error = &refused.body["error"];
    assert_eq!(error["type"], "invalid_request_error");
    assert!(
        error["param"].is_null() && error["code"].is_null(),
        "{error}"
    );
    assert_eq!(api.get(listed).await.ok()["data"], serde_json::json!([]));

    let control = api_with_key(&stripe, "");
    let path = "/_sandbox/billing_portal/save_settings";
    let saved = control.post(path, &[]).await.ok();
    let again = control.post(path, &[]).await.ok();
    assert_eq!(saved["id"], again["id"], "there is one default");
    let session = api.post(SESSIONS, &form).await.ok();
    assert_eq!(session["configuration"], saved["id"]);
}

#[tokio::test]
async fn a_domain_is_registered_once_and_its_wallets_are_listed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let path = "/v1/payment_method_domains";
    let made = api
        .post(path, &[("domain_name", "shop.example")])
        .await
        .ok();
    let again = api
        .post(path, &[("domain_name", "shop.example")])
        .await
        .ok();
    assert_eq!(made, again);
    assert_eq!(made["apple_pay"]["status"], "active");
    let unverified = [("domain_name", "unverified.shop.example")];
    let made = api.post(path, &unverified).await.ok();
    assert_eq!(made["apple_pay"]["status"], "inactive");

    let listed = api
        .get(&format!("{path}?domain_name=shop.example"))
        .await
        .ok();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1);
    let id = text(&listed["data"][0], "id");
    let off = api
        .post(&format!("{path}/{id}"), &[("enabled", "false")])
        .await;
    assert_eq!(off.ok()["enabled"], false);
    let odd = api
        .post(path, &[("domain_name", "https://shop.example")])
        .await;
    assert_eq!(
        (odd.status, text(&odd.body["error"], "param")),
        (400, "domain_name")
    );
}
