//! Trials, anchors and one-time lines of sessions of mode `subscription`.

use serde_json::json;

use crate::{
    api::{api, api_with_key, text},
    billing::{DAY, START, advance, clocked},
    checkout_subscription::{get, pay, saas, session, try_session},
    hosted::{CARD, browser, goes_to, path},
};

#[tokio::test]
async fn a_challenge_of_a_payment_or_of_a_trial_leads_to_the_bank_and_back() {
    let stripe = saas().await;
    let api = api(&stripe);
    let trial = [("subscription_data[trial_period_days]", "7")];
    for more in [&[][..], &trial] {
        let made = session(&api, more).await;
        for (outcome, passes) in [("failure", false), ("success", true)] {
            let challenged = pay(&stripe, &made, "4000000000003220").await;
            let bank = json!(goes_to(&challenged));
            let form = [("outcome", outcome)];
            let answered = browser(&stripe).post(&path(&bank, &stripe), &form).await;
            let back = json!(goes_to(&answered));
            let returned = browser(&stripe).get(&path(&back, &stripe)).await;
            if passes {
                assert!(goes_to(&returned).starts_with("http://127.0.0.1/done"));
            } else {
                assert!(
                    returned.text.contains("could not be authenticated"),
                    "{}",
                    returned.text
                );
            }
            let session = get(&api, "checkout/sessions", &made["id"]).await;
            assert_eq!(session["subscription"].is_string(), passes);
        }
    }
}

#[tokio::test]
async fn a_trial_takes_a_card_and_no_money_and_bills_at_its_end() {
    let stripe = saas().await;
    let api = api(&stripe);
    let (clock, customer) = clocked(&api, "").await;
    let more = [
        ("customer", customer.as_str()),
        ("subscription_data[trial_period_days]", "14"),
    ];
    let made = session(&api, &more).await;
    assert_eq!(
        (&made["amount_total"], &made["amount_subtotal"]),
        (&json!(0), &json!(0))
    );
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    for part in [
        "Start your trial",
        "14 days free, until 2026-01-29.",
        "Then 10.00 USD per month",
        "Card number",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
    let declined = pay(&stripe, &made, "4000000000000002").await;
    assert_eq!(declined.status, 402, "{}", declined.text);
    goes_to(&pay(&stripe, &made, "4242424242424242").await);

    let session = get(&api, "checkout/sessions", &made["id"]).await;
    assert_eq!(session["payment_status"], "no_payment_required");
    assert!(
        session["setup_intent"].is_null(),
        "only a session of mode setup shows it"
    );
    let subscription = get(&api, "subscriptions", &session["subscription"]).await;
    assert_eq!(subscription["status"], "trialing");
    assert!(subscription["default_payment_method"].is_string());
    let invoice = get(&api, "invoices", &session["invoice"]).await;
    assert_eq!(
        (&invoice["status"], &invoice["total"]),
        (&json!("paid"), &json!(0))
    );
    assert!(stripe.charges().is_empty());

    let end = subscription["trial_end"].as_u64().unwrap();
    advance(&api, &clock, end + DAY).await;
    let after = get(&api, "subscriptions", &session["subscription"]).await;
    assert_eq!(after["status"], "active");
    assert_eq!(stripe.charges()[0]["amount"], 1000);
}

#[tokio::test]
async fn a_trial_without_a_card_is_started_when_the_shop_allows_it() {
    let stripe = saas().await;
    let api = api(&stripe);
    let more = [
        ("payment_method_collection", "if_required"),
        ("subscription_data[trial_period_days]", "1"),
        (
            "subscription_data[trial_settings][end_behavior][missing_payment_method]",
            "pause",
        ),
    ];
    let made = session(&api, &more).await;
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    assert!(!page.text.contains("Card number"), "{}", page.text);

    let email = [("email", "ada@example.com"), ("name", "Ada")];
    goes_to(
        &browser(&stripe)
            .post(&path(&made["url"], &stripe), &email)
            .await,
    );

    let session = get(&api, "checkout/sessions", &made["id"]).await;
    let subscription = get(&api, "subscriptions", &session["subscription"]).await;
    assert_eq!(subscription["status"], "trialing");
    assert!(subscription["default_payment_method"].is_null());
    let end = &subscription["trial_settings"]["end_behavior"];
    assert_eq!(end["missing_payment_method"], "pause");
    let customer = get(&api, "customers", &session["customer"]).await;
    assert_eq!(customer["email"], "ada@example.com");
}

#[tokio::test]
async fn one_time_lines_and_a_discount_are_on_the_first_invoice() {
    let stripe = saas().await;
    let api = api(&stripe);
    let coupon = stripe
        .create_coupon(json!({ "percent_off": 50, "duration": "once" }))
        .unwrap();
    let more = [
        ("line_items[1][price]", "price_mug"),
        ("line_items[1][quantity]", "2"),
        ("discounts[0][coupon]", text(&coupon, "id")),
    ];
    let made = session(&api, &more).await;
    assert_eq!(
        (&made["amount_subtotal"], &made["amount_total"]),
        (&json!(4000), &json!(2000))
    );
    goes_to(&pay(&stripe, &made, "4242424242424242").await);

    let session = get(&api, "checkout/sessions", &made["id"]).await;
    let invoice = get(&api, "invoices", &session["invoice"]).await;
    assert_eq!(
        (&invoice["subtotal"], &invoice["total"]),
        (&json!(4000), &json!(2000))
    );
    assert_eq!(invoice["total_discount_amounts"][0]["amount"], 2000);
    assert_eq!(invoice["lines"]["data"].as_array().unwrap().len(), 2);
    assert_eq!(stripe.charges()[0]["amount"], 2000);
    let subscription = get(&api, "subscriptions", &session["subscription"]).await;
    let items = subscription["items"]["data"].as_array().unwrap();
    assert_eq!(items.len(), 1, "the mug is bought once");
}

#[tokio::test]
async fn an_anchor_makes_the_first_period_a_part() {
    let stripe = saas().await;
    let api = api(&stripe);
    let (_, customer) = clocked(&api, "").await;
    // 2026-01-31 12:00:00 UTC: 16 of the 31 days from 2025-12-31.
    let anchor = (START + 16 * DAY).to_string();
    let more = [
        ("customer", customer.as_str()),
        ("subscription_data[billing_cycle_anchor]", anchor.as_str()),
    ];
    let made = session(&api, &more).await;
    assert_eq!(made["amount_total"], 516);
    goes_to(&pay(&stripe, &made, "4242424242424242").await);
    let session = get(&api, "checkout/sessions", &made["id"]).await;
    let invoice = get(&api, "invoices", &session["invoice"]).await;
    assert_eq!(invoice["amount_paid"], 516);
    let subscription = get(&api, "subscriptions", &session["subscription"]).await;
    let end = subscription["items"]["data"][0]["current_period_end"].as_u64();
    assert_eq!(end, anchor.parse().ok());

    let free = [
        &more[..],
        &[("subscription_data[proration_behavior]", "none")],
    ]
    .concat();
    let made = self::session(&api, &free).await;
    assert_eq!(made["amount_total"], 0, "until the anchor it is free");
    let late = (START + 40 * DAY).to_string();
    let late = [
        more[0],
        ("subscription_data[billing_cycle_anchor]", late.as_str()),
    ];
    let refused = try_session(&api, &late).await;
    let param = &refused.body["error"]["param"];
    assert_eq!(
        param, "subscription_data[billing_cycle_anchor]",
        "{}",
        refused.text
    );
}

#[tokio::test]
async fn the_shops_own_form_and_a_frame_start_subscriptions_as_well() {
    let stripe = saas().await;
    let api = api(&stripe);
    let own = [
        ("success_url", ""),
        ("ui_mode", "elements"),
        ("return_url", "http://127.0.0.1/done"),
        ("subscription_data[trial_period_days]", "7"),
    ];
    let made = session(&api, &own).await;
    let page = api_with_key(&stripe, "pk_test_page");
    let path = format!("/v1/payment_pages/{}", text(&made, "id"));
    let secret = ("client_secret", text(&made, "client_secret"));
    let seen = page
        .get(&format!("{path}?client_secret={}", secret.1))
        .await
        .ok();
    assert_eq!(seen["needs_payment_method"], true);
    let recurring = &seen["recurring"];
    assert_eq!(
        (&recurring["interval"], &recurring["due_next"]["amount"]),
        (&json!("month"), &json!(1000))
    );
    assert_eq!(recurring["trial"]["days"], 7);
    let form = [
        secret,
        ("email", "ada@example.com"),
        ("payment_method", "pm_card_visa"),
    ];
    let paid = page.post(&format!("{path}/confirm"), &form).await.ok();
    assert_eq!(
        (&paid["status"], &paid["payment_intent"]),
        (&json!("complete"), &json!(null))
    );
    let done = get(&api, "checkout/sessions", &made["id"]).await;
    let subscription = get(&api, "subscriptions", &done["subscription"]).await;
    assert_eq!(subscription["status"], "trialing");

    let framed = [
        ("success_url", ""),
        ("ui_mode", "embedded_page"),
        ("return_url", "http://127.0.0.1/done"),
    ];
    let made = session(&api, &framed).await;
    let path = format!("/c/pay/{}", text(&made, "id"));
    let shown = browser(&stripe).get(&path).await;
    assert!(
        shown.text.contains("Then 10.00 USD per month"),
        "{}",
        shown.text
    );
    let form = [CARD, &[("number", "4242424242424242")]].concat();
    let paid = browser(&stripe).post(&path, &form).await;
    assert_eq!(goes_to(&paid), path, "the shop's page goes on");
    let done = get(&api, "checkout/sessions", &made["id"]).await;
    assert!(done["subscription"].is_string());
}

#[tokio::test]
async fn usage_costs_nothing_today_and_has_no_quantity() {
    let stripe = saas().await;
    let api = api(&stripe);
    let meter = [
        ("display_name", "Requests"),
        ("event_name", "requests"),
        ("default_aggregation[formula]", "sum"),
    ];
    let meter = api.post("/v1/billing/meters", &meter).await.ok();
    let form = [
        ("currency", "usd"),
        ("unit_amount", "3"),
        ("recurring[interval]", "month"),
        ("recurring[usage_type]", "metered"),
        ("recurring[meter]", text(&meter, "id")),
        ("product_data[name]", "Requests"),
    ];
    let price = api.post("/v1/prices", &form).await.ok();
    let lines = [("line_items[0][price]", text(&price, "id"))];
    let counted = try_session(&api, &lines).await;
    let param = &counted.body["error"]["param"];
    assert_eq!(param, "line_items[0][quantity]", "{}", counted.text);

    let made = session(
        &api,
        &[&lines[..], &[("line_items[0][quantity]", "")]].concat(),
    )
    .await;
    assert_eq!(made["amount_total"], 0);
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    assert!(
        page.text.contains("at 0.03 USD per month, by usage"),
        "{}",
        page.text
    );
    goes_to(&pay(&stripe, &made, "4242424242424242").await);

    let done = get(&api, "checkout/sessions", &made["id"]).await;
    let subscription = get(&api, "subscriptions", &done["subscription"]).await;
    let item = &subscription["items"]["data"][0];
    assert_eq!(
        (&subscription["status"], &item["quantity"]),
        (&json!("active"), &json!(null))
    );
    assert!(subscription["default_payment_method"].is_string());
}

#[tokio::test]
async fn a_session_describes_its_own_plan() {
    let stripe = saas().await;
    let api = api(&stripe);
    let made = session(
        &api,
        &[
            ("line_items[0][price]", ""),
            ("line_items[0][price_data][currency]", "eur"),
            ("line_items[0][price_data][unit_amount]", "2500"),
            ("line_items[0][price_data][recurring][interval]", "month"),
            ("line_items[0][price_data][recurring][interval_count]", "3"),
            ("line_items[0][price_data][product_data][name]", "Quarterly"),
        ],
    )
    .await;
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    assert!(
        page.text.contains("Quarterly") && page.text.contains("every 3 months"),
        "{}",
        page.text
    );
    goes_to(&pay(&stripe, &made, "4242424242424242").await);
    let done = get(&api, "checkout/sessions", &made["id"]).await;
    let subscription = get(&api, "subscriptions", &done["subscription"]).await;
    assert_eq!(
        (&subscription["currency"], &subscription["status"]),
        (&json!("eur"), &json!("active"))
    );
    let recurring = &subscription["items"]["data"][0]["price"]["recurring"];
    assert_eq!(recurring["interval_count"], 3);
}
