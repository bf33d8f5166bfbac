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

/// A customer with a card that may be shown again: their ids.
async fn customer(stripe: &Sandbox, card: &str) -> (String, String) {
    let api = api(stripe);
    let customer = api
        .post("/v1/customers", &[("email", "ada@example.com")])
        .await
        .ok();
    let customer = text(&customer, "id").to_owned();
    let kept = stripe.keep(&customer, card).unwrap();
    let path = format!("/v1/payment_methods/{}", text(&kept, "id"));
    let always = [("allow_redisplay", "always")];
    let kept = api.post(&path, &always).await.ok();
    (customer, text(&kept, "id").to_owned())
}

#[tokio::test]
async fn a_page_saves_and_removes_a_card_only_where_the_shop_allows_it() {
    let stripe = shop().await;
    let (ada, card) = customer(&stripe, "pm_card_visa").await;
    let (_, strangers) = customer(&stripe, "pm_card_visa").await;
    let page = browser(&stripe);
    let of_ada = ("customer", ada.as_str());
    let plain = session(&stripe, &[of_ada]).await;
    let save = (
        "saved_payment_method_options[payment_method_save]",
        "enabled",
    );
    let remove = (
        "saved_payment_method_options[payment_method_remove]",
        "enabled",
    );
    let open = session(&stripe, &[of_ada, save, remove]).await;
    let form = |made, card: &'static str| {
        [
            secret(made),
            ("payment_method", card),
            ("save_payment_method", "true"),
        ]
    };

    let (name, value) = secret(&plain);
    let seen = page
        .get(&format!("{}?{name}={value}", path(&plain, "")))
        .await;
    assert_eq!(seen.ok()["saved_payment_methods"][0]["id"], *card);
    let refused = page
        .post(&path(&plain, "/confirm"), &form(&plain, "pm_card_visa"))
        .await;
    let param = &refused.body["error"]["param"];
    assert_eq!(
        (refused.status, param),
        (400, &json!("save_payment_method"))
    );
    for (made, id) in [(&plain, &card), (&open, &strangers)] {
        let removal = [secret(made), ("payment_method", id)];
        let refused = page
            .post(&path(made, "/remove_payment_method"), &removal)
            .await;
        let param = &refused.body["error"]["param"];
        assert_eq!((refused.status, param), (400, &json!("payment_method")));
    }

    let removal = [secret(&open), ("payment_method", &card)];
    let left = page
        .post(&path(&open, "/remove_payment_method"), &removal)
        .await
        .ok();
    assert_eq!(left["saved_payment_methods"], json!([]));
    let declined = page
        .post(
            &path(&open, "/confirm"),
            &form(&open, "pm_card_chargeDeclined"),
        )
        .await;
    declined.refused(402, "card_declined");
    let [intent] = stripe.payment_intents().try_into().expect("one intent");
    assert_eq!(intent["setup_future_usage"], "on_session");
    let changed = [
        secret(&open),
        ("payment_method", "pm_card_visa"),
        ("save_payment_method", "false"),
    ];
    page.post(&path(&open, "/confirm"), &changed).await.ok();
    let list = format!("/v1/customers/{ada}/payment_methods");
    assert_eq!(
        api(&stripe).get(&list).await.ok()["data"],
        json!([]),
        "the payer changed"
    );
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
