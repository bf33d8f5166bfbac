//! Checkout sessions in a page of the shop's: embedded, or with its own form.

use serde_json::json;

use crate::{
    api::{Api, Form, Reply, api, text},
    checkout::{SESSIONS, mugs, shop},
};

const RETURN: (&str, &str) = (
    "return_url",
    "http://127.0.0.1/done?s={CHECKOUT_SESSION_ID}",
);

/// Creates a session for two mugs with these parameters, and without the URLs of a hosted page.
async fn create(api: &Api, more: Form<'_>) -> Reply {
    let mugs = mugs();
    let lines = mugs.iter().filter(|(name, _)| !name.ends_with("_url"));
    let form: Vec<_> = lines.chain(more).copied().collect();
    api.post(SESSIONS, &form).await
}

#[tokio::test]
async fn a_session_in_the_shops_page_has_a_client_secret_and_no_url() {
    let stripe = shop().await;
    let api = api(&stripe);
    for (given, mode, redirect) in [
        ("embedded_page", "embedded_page", json!("always")),
        ("embedded", "embedded_page", json!("always")),
        ("elements", "elements", json!(null)),
        ("custom", "elements", json!(null)),
    ] {
        let made = create(&api, &[("ui_mode", given), RETURN]).await.ok();

        assert_eq!(made["ui_mode"], mode, "{given}");
        let (id, secret) = (text(&made, "id"), text(&made, "client_secret"));
        assert!(secret.starts_with(&format!("{id}_secret_")), "{secret}");
        assert_eq!(
            (&made["url"], &made["success_url"], &made["return_url"]),
            (&json!(null), &json!(null), &json!(RETURN.1))
        );
        assert_eq!(made["redirect_on_completion"], redirect);
    }
    let hosted = api.post(SESSIONS, &mugs()).await.ok();
    assert_eq!(
        (&hosted["ui_mode"], &hosted["client_secret"]),
        (&json!("hosted_page"), &json!(null))
    );
    assert!(hosted["url"].is_string());
}

#[tokio::test]
async fn a_session_in_the_shops_page_needs_a_return_url_unless_it_never_redirects() {
    let stripe = shop().await;
    let api = api(&stripe);
    for mode in ["embedded_page", "elements"] {
        let missing = create(&api, &[("ui_mode", mode)]).await;
        let error = missing.refused(400, "parameter_missing");
        assert_eq!(error["param"], "return_url", "{mode}");
    }

    let never = ("redirect_on_completion", "never");
    let made = create(&api, &[("ui_mode", "embedded_page"), never])
        .await
        .ok();

    assert_eq!(made["redirect_on_completion"], "never");
    let address = [("ui_mode", "elements"), ("return_url", "javascript:1")];
    create(&api, &address).await.refused(400, "url_invalid");
}

#[tokio::test]
async fn a_parameter_of_another_mode_is_refused() {
    let stripe = shop().await;
    let api = api(&stripe);
    let url = "http://127.0.0.1/done";
    for (mode, name, value) in [
        ("embedded_page", "success_url", url),
        ("embedded_page", "cancel_url", url),
        ("elements", "success_url", url),
        ("elements", "redirect_on_completion", "if_required"),
        ("elements", "submit_type", "pay"),
        ("elements", "custom_text[submit][message]", "Hello"),
        ("form", "ui_mode", "form"),
    ] {
        let refused = create(&api, &[("ui_mode", mode), RETURN, (name, value)]).await;
        let param = name.split('[').next();
        assert_eq!(
            (refused.status, refused.body["error"]["param"].as_str()),
            (400, param),
            "{mode} {name}"
        );
    }
    for more in [RETURN, ("redirect_on_completion", "never")] {
        let form = [mugs().as_slice(), &[more]].concat();
        let refused = api.post(SESSIONS, &form).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["param"]),
            (400, &json!(more.0))
        );
    }
    assert!(stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn a_session_in_the_shops_page_is_paid_and_expires_like_any_other() {
    let stripe = shop().await;
    let api = api(&stripe);
    let form = [("ui_mode", "elements"), RETURN];
    let (first, second) = (
        create(&api, &form).await.ok(),
        create(&api, &form).await.ok(),
    );

    let paid = stripe
        .pay_session(text(&first, "id"), "pm_card_visa")
        .unwrap();
    let expired = stripe.expire_session(text(&second, "id")).unwrap();

    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(expired["status"], "expired");
}
