//! The stand-in for Stripe.js, as a page loads it.

use stripe_sandbox::Sandbox;

use crate::api::{api_with_key, intent, text};

#[tokio::test]
async fn a_page_loads_the_script_from_where_stripe_serves_it() {
    let stripe = Sandbox::start().await;
    let page = api_with_key(&stripe, "");

    for path in ["/endive/stripe.js", "/basil/stripe.js", "/v3/"] {
        let script = page.get(path).await;
        assert_eq!(script.status, 200, "{path}");
        assert_eq!(
            script.header("content-type"),
            Some("text/javascript; charset=utf-8")
        );
        assert!(script.text.contains("window.Stripe = "));
    }
    assert_eq!(page.post("/endive/stripe.js", &[]).await.status, 401);
    assert_eq!(stripe.requests().len(), 1, "loading it is no API request");
}

#[tokio::test]
async fn a_page_tells_the_address_and_the_receipt_with_its_confirmation() {
    let stripe = Sandbox::start().await;
    let made = intent(&crate::api::api(&stripe)).await;
    let form = [
        ("key", "pk_test_a"),
        ("client_secret", text(&made, "client_secret")),
        ("payment_method", "pm_card_visa"),
        ("receipt_email", "ada@example.com"),
        ("shipping[name]", "Ada"),
        ("shipping[address][line1]", "1 Main St"),
    ];

    let path = format!("/v1/payment_intents/{}/confirm", text(&made, "id"));
    let paid = api_with_key(&stripe, "").post(&path, &form).await.ok();

    assert_eq!(paid["receipt_email"], "ada@example.com");
    assert_eq!(paid["shipping"]["address"]["line1"], "1 Main St");
}
