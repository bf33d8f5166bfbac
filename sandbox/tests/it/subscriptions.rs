//! Subscriptions: created, paid, listed, changed and canceled.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, text},
    billing::{change, current, latest_invoice, monthly, payer, subscribe, types_after},
};

#[tokio::test]
async fn a_subscription_is_active_once_its_first_invoice_is_paid() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "pm_card_visa").await;
    let seen = stripe.events().len();

    let more = [("items[0][quantity]", "2"), ("metadata[team]", "7")];
    let held = subscribe(&api, &customer, "price_pro", &more).await;

    assert_eq!(held["status"], "active");
    assert_eq!(held["metadata"], json!({ "team": "7" }));
    let item = &held["items"]["data"][0];
    assert_eq!(item["price"]["id"], "price_pro");
    assert_eq!(item["quantity"], 2);
    assert_eq!(item["current_period_start"], held["created"]);
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(invoice["status"], "paid");
    assert_eq!(invoice["billing_reason"], "subscription_create");
    assert_eq!(invoice["amount_paid"], 3000);
    assert_eq!(
        invoice["parent"]["subscription_details"]["subscription"],
        held["id"]
    );
    let [charge] = stripe.charges().try_into().expect("exactly one charge");
    assert_eq!(
        (&charge["amount"], &charge["customer"]),
        (&json!(3000), &json!(customer))
    );
    let expected = [
        "invoice.created",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.created",
    ];
    assert_eq!(types_after(&stripe, seen), expected);
    let created = stripe.events().last().cloned().unwrap();
    assert_eq!(created["data"]["object"], held);
}

#[tokio::test]
async fn the_payer_confirms_the_intent_of_an_incomplete_subscription() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "").await;

    let more = [
        ("payment_behavior", "default_incomplete"),
        (
            "payment_settings[save_default_payment_method]",
            "on_subscription",
        ),
        ("expand[]", "latest_invoice.confirmation_secret"),
        ("expand[]", "latest_invoice.payments"),
    ];
    let held = subscribe(&api, &customer, "price_pro", &more).await;

    assert_eq!(held["status"], "incomplete");
    let invoice = &held["latest_invoice"];
    assert_eq!(
        (&invoice["status"], &invoice["amount_due"]),
        (&json!("open"), &json!(1500))
    );
    let secret = text(&invoice["confirmation_secret"], "client_secret").to_owned();
    let intent = text(&invoice["payments"]["data"][0]["payment"], "payment_intent");
    assert!(secret.starts_with(intent), "{secret} is of {intent}");
    let seen = stripe.events().len();
    stripe.confirm(intent, "pm_card_visa").await.unwrap();

    let held = current(&api, &held).await;
    assert_eq!(held["status"], "active");
    let kept = stripe.payment_intent(intent).unwrap()["payment_method"].clone();
    assert_eq!(held["default_payment_method"], kept);
    let expected = [
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "customer.subscription.updated",
    ];
    assert_eq!(types_after(&stripe, seen), expected);
    let events = stripe.events();
    let previous = &events.last().unwrap()["data"]["previous_attributes"];
    assert_eq!(previous["status"], "incomplete");
    let path = format!(
        "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={intent}"
    );
    let payments = api.get(&path).await.ok();
    assert_eq!(payments["data"][0]["invoice"], invoice["id"]);
    assert_eq!(payments["data"][0]["status"], "paid");
}

#[tokio::test]
async fn a_declined_first_payment_leaves_it_incomplete_or_refuses_it() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "pm_card_chargeCustomerFail").await;

    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", "price_pro"),
        ("payment_behavior", "error_if_incomplete"),
    ];
    let refused = api.post("/v1/subscriptions", &form).await;
    refused.refused(402, "card_declined");
    assert!(stripe.charges().is_empty());

    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    assert_eq!(held["status"], "incomplete");
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["attempt_count"]),
        (&json!("open"), &json!(1))
    );
    assert_eq!(invoice["next_payment_attempt"], json!(null));
    let alone = payer(&api, &[], "").await;
    let form = [
        ("customer", alone.as_str()),
        ("items[0][price]", "price_pro"),
    ];
    let refused = api.post("/v1/subscriptions", &form).await;
    refused.refused(400, "resource_missing");
}

#[tokio::test]
async fn a_list_has_those_that_did_not_end_unless_it_asks() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    monthly(&stripe, "price_team", 4000);
    let customer = payer(&api, &[], "pm_card_visa").await;
    let first = subscribe(&api, &customer, "price_pro", &[]).await;
    let second = subscribe(&api, &customer, "price_team", &[]).await;
    let seen = stripe.events().len();

    let path = format!("/v1/subscriptions/{}", text(&first, "id"));
    let ended = api.delete(&path).await.ok();

    assert_eq!(ended["status"], "canceled");
    assert!(ended["ended_at"].is_u64() && ended["canceled_at"].is_u64());
    assert_eq!(
        ended["cancellation_details"]["reason"],
        "cancellation_requested"
    );
    assert_eq!(
        types_after(&stripe, seen),
        ["customer.subscription.deleted"]
    );
    for (query, expected) in [
        (String::new(), vec![&second]),
        (
            format!("?customer={customer}&status=all"),
            vec![&second, &first],
        ),
        ("?status=canceled".to_owned(), vec![&first]),
        ("?status=ended".to_owned(), vec![&first]),
        ("?price=price_pro&status=all".to_owned(), vec![&first]),
        ("?price=price_pro".to_owned(), vec![]),
    ] {
        let list = api.get(&format!("/v1/subscriptions{query}")).await.ok();
        let ids = |list: Vec<&serde_json::Value>| {
            let ids = list.into_iter().map(|held| text(held, "id").to_owned());
            ids.collect::<Vec<_>>()
        };
        let found = list["data"].as_array().unwrap().iter().collect();
        assert_eq!(ids(found), ids(expected), "{query}");
    }
    api.delete(&path).await.refused(404, "resource_missing");
}

#[tokio::test]
async fn a_cancellation_at_the_end_can_be_taken_back() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    let end = held["items"]["data"][0]["current_period_end"].clone();

    let canceling = change(&api, &held, &[("cancel_at_period_end", "true")]).await;
    assert_eq!(canceling["cancel_at_period_end"], true);
    assert_eq!(
        (&canceling["cancel_at"], &canceling["status"]),
        (&end, &json!("active"))
    );

    let back = change(&api, &held, &[("cancel_at_period_end", "false")]).await;
    assert_eq!(back["cancel_at_period_end"], false);
    assert_eq!(
        (&back["cancel_at"], &back["canceled_at"]),
        (&json!(null), &json!(null))
    );
    let events = stripe.events();
    let previous = &events.last().unwrap()["data"]["previous_attributes"];
    assert_eq!(previous["cancel_at_period_end"], true);
}

#[tokio::test]
async fn what_the_sandbox_does_not_support_is_refused_by_name() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    stripe.add_price(stripe_sandbox::NewPrice {
        id: "price_mug",
        ..Default::default()
    });
    let customer = payer(&api, &[], "pm_card_visa").await;
    for (name, value) in [
        ("discounts[0][coupon]", "half"),
        ("automatic_tax[enabled]", "true"),
        ("frequency", "monthly"),
        ("items[0][amount]", "1"),
        ("items[0][quantity]", "-1"),
        ("items[1][price]", "price_mug"),
        ("items[1][price]", "price_pro"),
        ("items[1][price]", "price_none"),
        ("default_payment_method", "pm_none"),
        ("trial_period_days", "800"),
    ] {
        let form = [
            ("customer", customer.as_str()),
            ("items[0][price]", "price_pro"),
            (name, value),
        ];
        let reply = api.post("/v1/subscriptions", &form).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
        let param = text(&reply.body["error"], "param").to_owned();
        let group = name.split('[').next().unwrap();
        assert!(param.starts_with(group), "{name}: {param}");
    }
    assert!(stripe.charges().is_empty());
}
