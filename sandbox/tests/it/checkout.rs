//! Checkout sessions: create, reject, list and update.

use serde_json::{Value, json};
use stripe_sandbox::{Sandbox, demo_catalogue};

use crate::api::{Api, Form, api, event_types, text};

pub(crate) const SESSIONS: &str = "/v1/checkout/sessions";

/// Two mugs, with any further parameters.
pub(crate) async fn session(api: &Api, more: Form<'_>) -> Value {
    let form = [mugs().as_slice(), more].concat();
    api.post(SESSIONS, &form).await.ok()
}

pub(crate) fn mugs() -> [(&'static str, &'static str); 5] {
    [
        ("mode", "payment"),
        (
            "success_url",
            "http://127.0.0.1/done?session={CHECKOUT_SESSION_ID}",
        ),
        ("cancel_url", "http://127.0.0.1/cart"),
        ("line_items[0][price]", "price_mug"),
        ("line_items[0][quantity]", "2"),
    ]
}

/// A sandbox that sells a mug, a shirt and a sticker.
pub(crate) async fn shop() -> Sandbox {
    let stripe = Sandbox::start().await;
    for price in demo_catalogue() {
        stripe.add_price(price);
    }
    stripe
}

#[tokio::test]
async fn a_new_session_is_open_and_has_no_payment_yet() {
    let stripe = shop().await;
    let api = api(&stripe);

    let more = [
        ("client_reference_id", "cart-7"),
        ("customer_email", "ada@example.com"),
        ("metadata[order]", "o_1"),
    ];
    let made = session(&api, &more).await;

    let id = text(&made, "id");
    assert!(id.starts_with("cs_test_") && id.len() == 66, "{id}");
    assert_eq!(
        (&made["object"], &made["status"], &made["payment_status"]),
        (&json!("checkout.session"), &json!("open"), &json!("unpaid"))
    );
    assert_eq!(
        (&made["amount_total"], &made["currency"]),
        (&json!(3000), &json!("usd"))
    );
    assert_eq!(made["customer_details"]["email"], "ada@example.com");
    assert_eq!(made["url"], format!("{}/c/pay/{id}", stripe.url()));
    let open = made["expires_at"].as_i64().unwrap() - made["created"].as_i64().unwrap();
    assert_eq!(open, 24 * 3600);
    assert!(made["payment_intent"].is_null() && stripe.payment_intents().is_empty());
    assert!(
        made.get("line_items").is_none(),
        "they are there when expanded"
    );
    assert_eq!(event_types(&stripe), Vec::<String>::new());
    assert_eq!(api.get(&format!("{SESSIONS}/{id}")).await.ok(), made);
}

#[tokio::test]
async fn line_items_are_listed_in_their_order_and_expanded() {
    let stripe = shop().await;
    let api = api(&stripe);
    let more = [
        ("line_items[1][price_data][currency]", "usd"),
        ("line_items[1][price_data][unit_amount]", "250"),
        ("line_items[1][price_data][product_data][name]", "Gift wrap"),
        ("line_items[1][quantity]", "1"),
        ("expand[]", "line_items.data.price.product"),
    ];

    let made = session(&api, &more).await;

    assert_eq!(made["amount_total"], 3250);
    let items = &made["line_items"]["data"];
    assert_eq!(items[1]["price"]["product"]["name"], "Gift wrap");
    let path = format!("{SESSIONS}/{}/line_items", text(&made, "id"));
    let first = api.get(&format!("{path}?limit=1")).await.ok();
    assert_eq!(
        (&first["has_more"], &first["data"][0]["description"]),
        (&json!(true), &json!("Mug"))
    );
    assert_eq!(first["data"][0]["amount_total"], 3000);
    let after = text(&first["data"][0], "id");
    let second = api
        .get(&format!("{path}?starting_after={after}"))
        .await
        .ok();
    assert_eq!(second["data"][0]["description"], "Gift wrap");
    let price = text(&second["data"][0]["price"], "id");
    let price = api.get(&format!("/v1/prices/{price}")).await.ok();
    assert_eq!(price["active"], false, "nothing else can be bought at it");
}

#[tokio::test]
async fn one_idempotency_key_makes_one_session() {
    let stripe = shop().await;
    let api = api(&stripe);

    let first = api.post_once("key-1", SESSIONS, &mugs()).await.ok();
    let again = api.post_once("key-1", SESSIONS, &mugs()).await.ok();

    assert_eq!(first["id"], again["id"]);
    assert_eq!(stripe.checkout_sessions().len(), 1);
}

#[tokio::test]
async fn sessions_are_listed_by_intent_customer_and_status() {
    let stripe = shop().await;
    let api = api(&stripe);
    let customer = api
        .post("/v1/customers", &[("email", "ada@example.com")])
        .await
        .ok();
    let first = session(&api, &[("customer", text(&customer, "id"))]).await;
    let second = session(&api, &[]).await;
    let second = stripe
        .pay_session(text(&second, "id"), "pm_card_visa")
        .unwrap();

    for (filter, wanted) in [
        (format!("customer={}", text(&customer, "id")), &first),
        (
            format!("payment_intent={}", text(&second, "payment_intent")),
            &second,
        ),
        ("status=open".to_owned(), &first),
        ("status=complete".to_owned(), &second),
    ] {
        let list = api.get(&format!("{SESSIONS}?{filter}")).await.ok();
        assert_eq!(list["data"], json!([wanted]), "{filter}");
    }
    let expanded = format!("{SESSIONS}?status=open&expand[]=data.line_items");
    let list = api.get(&expanded).await.ok();
    assert_eq!(list["data"][0]["line_items"]["data"][0]["quantity"], 2);
    api.get(&format!("{SESSIONS}/cs_test_none"))
        .await
        .refused(404, "resource_missing");
}

#[tokio::test]
async fn metadata_of_a_session_can_be_changed() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[("metadata[a]", "1")]).await;
    let path = format!("{SESSIONS}/{}", text(&made, "id"));

    let changed = api.post(&path, &[("metadata[b]", "2")]).await.ok();

    assert_eq!(changed["metadata"], json!({ "a": "1", "b": "2" }));
}
