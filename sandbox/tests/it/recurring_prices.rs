//! Recurring prices, tiers, meters and plans.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, text},
    billing::{latest_invoice, payer, subscribe},
};

#[tokio::test]
async fn tiers_are_shown_to_a_request_that_expands_them_and_decide_the_invoice() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [
        ("currency", "usd"),
        ("product_data[name]", "Seats"),
        ("recurring[interval]", "month"),
        ("billing_scheme", "tiered"),
        ("tiers_mode", "graduated"),
        ("tiers[0][up_to]", "5"),
        ("tiers[0][unit_amount]", "1000"),
        ("tiers[1][up_to]", "inf"),
        ("tiers[1][unit_amount_decimal]", "750.5"),
        ("tiers[1][flat_amount]", "200"),
    ];

    let price = api.post("/v1/prices", &form).await.ok();

    assert!(price.get("tiers").is_none());
    assert_eq!(
        (&price["billing_scheme"], &price["tiers_mode"]),
        (&json!("tiered"), &json!("graduated"))
    );
    assert_eq!(price["unit_amount"], json!(null));
    let path = format!("/v1/prices/{}?expand[]=tiers", text(&price, "id"));
    let tiers = api.get(&path).await.ok()["tiers"].clone();
    assert_eq!(
        tiers[1],
        json!({
            "flat_amount": 200, "flat_amount_decimal": "200", "unit_amount": null,
            "unit_amount_decimal": "750.5", "up_to": null,
        })
    );
    let customer = payer(&api, &[], "pm_card_visa").await;
    let more = [("items[0][quantity]", "7")];
    let held = subscribe(&api, &customer, text(&price, "id"), &more).await;
    assert_eq!(
        latest_invoice(&api, &held).await["amount_paid"],
        5 * 1000 + 2 * 750 + 1 + 200
    );
}

#[tokio::test]
async fn an_invalid_recurrence_is_refused_by_name() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (name, value, param) in [
        ("recurring[interval]", "decade", "recurring[interval]"),
        (
            "recurring[interval_count]",
            "0",
            "recurring[interval_count]",
        ),
        (
            "recurring[interval_count]",
            "37",
            "recurring[interval_count]",
        ),
        ("recurring[usage_type]", "metered", "recurring[meter]"),
        ("recurring[meter]", "mtr_none", "recurring[meter]"),
        ("recurring[often]", "yes", "recurring[often]"),
        ("tiers_mode", "volume", "tiers_mode"),
        ("billing_scheme", "tiered", "tiers_mode"),
    ] {
        let form = [
            ("currency", "usd"),
            ("unit_amount", "100"),
            ("product_data[name]", "Pro"),
            ("recurring[interval]", "month"),
            (name, value),
        ];
        let reply = api.post("/v1/prices", &form).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        assert_eq!(reply.body["error"]["param"], param, "{name}={value}");
    }
}

#[tokio::test]
async fn a_plan_is_a_recurring_price_and_a_token_a_default_card() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = payer(&api, &[("source", "tok_visa")], "").await;
    let form = [
        ("currency", "usd"),
        ("interval", "month"),
        ("amount", "2000"),
        ("product[name]", "myproduct"),
    ];
    let plan = api.post("/v1/plans", &form).await.ok();
    assert_eq!(
        (&plan["object"], &plan["amount"]),
        (&json!("plan"), &json!(2000))
    );

    let form = [
        ("customer", customer.as_str()),
        ("items[0][plan]", text(&plan, "id")),
    ];
    let held = api.post("/v1/subscriptions", &form).await.ok();

    assert_eq!(held["status"], "active");
    assert_eq!(held["items"]["data"][0]["plan"], plan);
}
