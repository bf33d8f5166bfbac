//! The payment page of a session: what a browser reads, enters and pays with a client secret.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, api, api_with_key, text},
    checkout::{SESSIONS, mugs, shop},
};

const RETURN: &str = "http://127.0.0.1/done?session={CHECKOUT_SESSION_ID}";

/// A session for two mugs in the shop's own form, with any further parameters.
async fn session(stripe: &Sandbox, more: Form<'_>) -> Value {
    let mugs = mugs();
    let lines = mugs.iter().filter(|(name, _)| !name.ends_with("_url"));
    let mode = [("ui_mode", "elements"), ("return_url", RETURN)];
    let form: Vec<_> = lines.chain(&mode).chain(more).copied().collect();
    api(stripe).post(SESSIONS, &form).await.ok()
}

fn browser(stripe: &Sandbox) -> Api {
    api_with_key(stripe, "pk_test_page")
}

fn path(session: &Value, operation: &str) -> String {
    format!("/v1/payment_pages/{}{operation}", text(session, "id"))
}

fn secret(session: &Value) -> (&str, &str) {
    ("client_secret", text(session, "client_secret"))
}

#[tokio::test]
async fn a_page_sees_what_its_payer_may_see() {
    let stripe = shop().await;
    let made = session(&stripe, &[("metadata[order]", "o_1")]).await;
    let (name, value) = secret(&made);

    let page = browser(&stripe);
    let seen = page
        .get(&format!("{}?{name}={value}", path(&made, "")))
        .await;

    let seen = seen.ok();
    assert_eq!(seen["amount_total"], 3000);
    assert_eq!(seen["line_items"][0]["description"], "Mug");
    assert_eq!(seen["minor_units_divisor"], 100);
    assert_eq!(seen["can_confirm"], false, "the e-mail address is missing");
    for hidden in ["metadata", "client_secret", "customer"] {
        assert!(seen.get(hidden).is_none(), "{hidden}");
    }
}

#[tokio::test]
async fn a_page_needs_the_client_secret_of_its_own_session() {
    let stripe = shop().await;
    let (made, other) = (session(&stripe, &[]).await, session(&stripe, &[]).await);
    let page = browser(&stripe);
    let wrong = ("client_secret", text(&other, "client_secret"));

    page.get(&path(&made, ""))
        .await
        .refused(400, "parameter_missing");
    for operation in ["", "/confirm"] {
        let none = page.post(&path(&made, operation), &[]).await;
        none.refused(400, "parameter_missing");
        let refused = page.post(&path(&made, operation), &[wrong]).await;
        let param = &refused.body["error"]["param"];
        assert_eq!((refused.status, param), (400, &json!("client_secret")));
    }
}

#[tokio::test]
async fn a_page_enters_a_code_and_pays_what_it_showed() {
    let stripe = shop().await;
    let api = api(&stripe);
    let coupon = [("percent_off", "10"), ("duration", "once")];
    let coupon = api.post("/v1/coupons", &coupon).await.ok();
    let promotion = [
        ("promotion[type]", "coupon"),
        ("promotion[coupon]", text(&coupon, "id")),
        ("code", "TENTH"),
    ];
    api.post("/v1/promotion_codes", &promotion).await.ok();
    let made = session(&stripe, &[("allow_promotion_codes", "true")]).await;
    let page = browser(&stripe);
    let code = [secret(&made), ("promotion_code", "TENTH")];
    let seen = page.post(&path(&made, ""), &code).await.ok();
    assert_eq!(seen["amount_total"], 2700);
    assert_eq!(
        seen["discounts"],
        json!([{ "display_name": "TENTH", "percent_off": 10.0, "promotion_code": "TENTH" }])
    );

    let form = [
        secret(&made),
        ("email", "ada@example.com"),
        ("payment_method", "pm_card_visa"),
        ("expected_amount", "2700"),
    ];
    let paid = page.post(&path(&made, "/confirm"), &form).await.ok();

    assert_eq!(
        (&paid["status"], &paid["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert_eq!(paid["payment_intent"]["status"], "succeeded");
    assert!(paid["payment_intent"].get("metadata").is_none());
    assert_eq!(stripe.charges()[0]["amount"], 2700);
}

#[tokio::test]
async fn a_page_without_an_email_or_with_an_old_total_pays_nothing() {
    let stripe = shop().await;
    let made = session(&stripe, &[]).await;
    let page = browser(&stripe);
    let card = ("payment_method", "pm_card_visa");
    let email = ("email", "ada@example.com");
    let confirm = path(&made, "/confirm");

    let error = page.post(&confirm, &[secret(&made), card]).await;
    assert_eq!(error.refused(400, "parameter_missing")["param"], "email");
    let old = [secret(&made), card, email, ("expected_amount", "2999")];
    let error = page.post(&confirm, &old).await;
    error.refused(400, "checkout_amount_mismatch");

    assert!(stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn a_challenge_of_the_shops_own_form_leads_back_to_the_shop() {
    let stripe = shop().await;
    let page = browser(&stripe);
    for (more, expected) in [
        (None, RETURN),
        (
            Some(("return_url", "http://127.0.0.1/other")),
            "http://127.0.0.1/other",
        ),
    ] {
        let made = session(&stripe, &[]).await;
        let card = ("payment_method", "pm_card_threeDSecure2Required");
        let mut form = vec![secret(&made), card, ("email", "ada@example.com")];
        form.extend(more);

        let waiting = page.post(&path(&made, "/confirm"), &form).await.ok();

        let action = &waiting["payment_intent"]["next_action"]["redirect_to_url"];
        let expected = expected.replace("{CHECKOUT_SESSION_ID}", text(&made, "id"));
        assert_eq!(action["return_url"], expected);
        assert_eq!(waiting["status"], "open");
    }
}

#[tokio::test]
async fn a_page_shows_an_embedded_session_and_pays_it_only_in_its_frame() {
    let stripe = shop().await;
    let embedded = [("ui_mode", "embedded_page")];
    let made = session(&stripe, &embedded).await;
    let page = browser(&stripe);
    let (name, value) = secret(&made);
    let read = format!("{}?{name}={value}", path(&made, ""));
    assert_eq!(page.get(&read).await.ok()["ui_mode"], "embedded_page");

    let form = [
        secret(&made),
        ("email", "ada@example.com"),
        ("payment_method", "pm_card_visa"),
    ];
    let refused = page.post(&path(&made, "/confirm"), &form).await;

    assert_eq!(refused.status, 400);
    let frame = page.get(&format!("/c/pay/{}", text(&made, "id"))).await;
    assert!(frame.text.contains("/c/embed.js"));
    assert_eq!(page.get("/c/embed.js").await.status, 200);
}
