//! Line items of a checkout session: accepted, priced and rejected.

use serde_json::json;
use stripe_sandbox::NewPrice;

use crate::{
    api::{Form, api, event_types},
    checkout::{SESSIONS, mugs, shop},
};

#[tokio::test]
async fn invalid_line_items_are_rejected_and_create_nothing() {
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
        (&[("mode", "setup")], "mode", None),
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
        (
            &[("automatic_tax[liability][type]", "self")],
            "automatic_tax[liability]",
            None,
        ),
        (
            &[("optional_items[0][price]", "price_mug")],
            "optional_items",
            None,
        ),
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
