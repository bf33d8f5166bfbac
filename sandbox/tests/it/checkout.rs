//! Checkout sessions: made, refused, listed and changed.

use sandbox::{NewPrice, Sandbox, demo_catalogue};
use serde_json::{Value, json};

use crate::api::{Api, Form, api, event_types, text};

pub(crate) const SESSIONS: &str = "/v1/checkout/sessions";

/// Two mugs, with any further parameters.
pub(crate) async fn session(api: &Api, more: Form<'_>) -> Value {
    let form = [mugs().as_slice(), more].concat();
    api.post(SESSIONS, &form).await.ok()
}

fn mugs() -> [(&'static str, &'static str); 5] {
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
async fn what_cannot_be_sold_is_refused_and_makes_nothing() {
    let stripe = shop().await;
    let other = |id, active, recurring, currency| NewPrice {
        id,
        active,
        recurring,
        currency,
        ..NewPrice::default()
    };
    stripe.add_price(other("price_old", false, false, "usd"));
    stripe.add_price(other("price_monthly", true, true, "usd"));
    stripe.add_price(other("price_eur", true, false, "eur"));
    let api = api(&stripe);
    let refusals: &[(Form<'_>, &str, Option<&str>)] = &[
        (
            &[("line_items[0][price]", "price_none")],
            "line_items[0][price]",
            Some("resource_missing"),
        ),
        (
            &[("line_items[0][price]", "price_old")],
            "line_items[0][price]",
            None,
        ),
        (
            &[("line_items[0][price]", "price_monthly")],
            "line_items[0][price]",
            None,
        ),
        (
            &[("line_items[0][quantity]", "0")],
            "line_items[0][quantity]",
            Some("parameter_invalid_integer"),
        ),
        (
            &[
                ("line_items[1][price]", "price_eur"),
                ("line_items[1][quantity]", "1"),
            ],
            "line_items",
            None,
        ),
        (
            &[("line_items[1][price]", "price_mug")],
            "line_items[1][quantity]",
            Some("parameter_missing"),
        ),
        (&[("mode", "subscription")], "mode", None),
        (
            &[("success_url", "done")],
            "success_url",
            Some("url_invalid"),
        ),
        (
            &[("cancel_url", "javascript:alert(1)")],
            "cancel_url",
            Some("url_invalid"),
        ),
        (
            &[("customer", "cus_none")],
            "customer",
            Some("resource_missing"),
        ),
        (&[("expires_at", "1")], "expires_at", None),
        (&[("expires_at", "99999999999")], "expires_at", None),
        (
            &[("payment_method_types[]", "sepa_debit")],
            "payment_method_types",
            None,
        ),
        (
            &[("payment_method_types[]", "wire")],
            "payment_method_types",
            None,
        ),
        (&[("automatic_tax[enabled]", "true")], "automatic_tax", None),
        (
            &[("line_items[0][tax_rates][]", "txr_1")],
            "line_items[0][tax_rates]",
            None,
        ),
        (
            &[("payment_intent_data[customer]", "cus_1")],
            "payment_intent_data[customer]",
            Some("parameter_unknown"),
        ),
        (&[("amount", "1")], "amount", Some("parameter_unknown")),
    ];
    for (more, param, code) in refusals {
        let replaced = |(name, _): &&(&str, &str)| more.iter().all(|(other, _)| other != name);
        let kept: Vec<_> = mugs().iter().filter(replaced).copied().collect();
        let reply = api.post(SESSIONS, &[kept.as_slice(), more].concat()).await;

        let error = &reply.body["error"];
        assert_eq!(
            (reply.status, &error["type"]),
            (400, &json!("invalid_request_error"))
        );
        assert_eq!(error["param"], *param, "{}", reply.text);
        assert_eq!(error["code"].as_str(), *code, "{}", reply.text);
    }
    assert!(stripe.checkout_sessions().is_empty() && event_types(&stripe).is_empty());
}

#[tokio::test]
async fn an_archived_product_is_not_sold_whose_price_is_active() {
    let stripe = shop().await;
    let api = api(&stripe);
    let archive = [("active", "false")];
    let archived = api.post("/v1/products/prod_mug", &archive).await.ok();
    assert_eq!(archived["active"], false);
    let price = api.get("/v1/prices/price_mug?expand[]=product").await.ok();
    assert_eq!(price["active"], true);
    assert_eq!(price["product"]["active"], false);

    let reply = api.post(SESSIONS, &mugs()).await;

    let error = reply.refused(400, "product_inactive");
    assert_eq!(error["param"], "line_items[0][price]");
    assert!(stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn a_price_of_parts_or_of_packages_is_rounded_once_a_line() {
    let stripe = shop().await;
    let api = api(&stripe);
    let dozen = [
        ("currency", "usd"),
        ("unit_amount_decimal", "99.5"),
        ("product", "prod_mug"),
        ("transform_quantity[divide_by]", "12"),
        ("transform_quantity[round]", "up"),
    ];
    let dozen = api.post("/v1/prices", &dozen).await.ok();
    assert_eq!(
        (&dozen["unit_amount"], &dozen["unit_amount_decimal"]),
        (&json!(null), &json!("99.5"))
    );
    let form = [
        ("mode", "payment"),
        ("success_url", "http://127.0.0.1/done"),
        ("line_items[0][price]", dozen["id"].as_str().unwrap()),
        ("line_items[0][quantity]", "13"),
    ];

    let session = api.post(SESSIONS, &form).await.ok();

    assert_eq!(session["amount_total"], 199);
}

#[tokio::test]
async fn a_total_below_the_minimum_is_too_small() {
    let stripe = shop().await;
    let form = [
        ("mode", "payment"),
        ("success_url", "http://127.0.0.1/done"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "49"),
        ("line_items[0][price_data][product_data][name]", "Pin"),
        ("line_items[0][quantity]", "1"),
    ];

    let reply = api(&stripe).post(SESSIONS, &form).await;

    assert!(
        reply
            .refused(400, "amount_too_small")
            .get("param")
            .is_none()
    );
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
