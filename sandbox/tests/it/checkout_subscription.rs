//! Checkout sessions of mode `subscription`.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, Reply, api, event_types, text},
    billing::{DAY, advance, clocked, monthly},
    checkout::{SESSIONS, shop},
    hosted::{CARD, browser, goes_to, path},
};

/// A subscription of the monthly price, with any further parameters.
async fn try_session(api: &Api, more: Form<'_>) -> Reply {
    let form = [
        ("mode", "subscription"),
        (
            "success_url",
            "http://127.0.0.1/done?session={CHECKOUT_SESSION_ID}",
        ),
        ("line_items[0][price]", "price_pro"),
        ("line_items[0][quantity]", "1"),
    ];
    let given = |name: &str| more.iter().any(|(other, _)| *other == name);
    let mut form: Vec<_> = form.into_iter().filter(|(name, _)| !given(name)).collect();
    form.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    api.post(SESSIONS, &form).await
}

async fn session(api: &Api, more: Form<'_>) -> Value {
    try_session(api, more).await.ok()
}

/// A sandbox that sells a plan for 10.00 USD a month, and a mug.
async fn saas() -> Sandbox {
    let stripe = shop().await;
    monthly(&stripe, "price_pro", 1000);
    stripe
}

async fn pay(stripe: &Sandbox, session: &Value, number: &str) -> Reply {
    let form = [CARD, &[("number", number)]].concat();
    browser(stripe)
        .post(&path(&session["url"], stripe), &form)
        .await
}

async fn get(api: &Api, kind: &str, id: &Value) -> Value {
    api.get(&format!("/v1/{kind}/{}", id.as_str().unwrap()))
        .await
        .ok()
}

#[tokio::test]
async fn paying_starts_the_subscription_with_a_paid_invoice() {
    let stripe = saas().await;
    let api = api(&stripe);
    let more = [
        ("line_items[0][quantity]", "3"),
        ("subscription_data[metadata][team]", "t_1"),
        ("subscription_data[description]", "Pro for a team"),
    ];
    let made = session(&api, &more).await;
    assert_eq!(
        (&made["mode"], &made["amount_total"]),
        (&json!("subscription"), &json!(3000))
    );
    assert_eq!(made["payment_method_collection"], "always");
    assert!(made["subscription"].is_null() && made["customer_creation"].is_null());
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    for part in [
        "Due today",
        "30.00 USD",
        "at 10.00 USD per month",
        "Then 30.00 USD per month",
        "Subscribe",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }

    let paid = pay(&stripe, &made, "4242424242424242").await;

    let id = text(&made, "id");
    assert_eq!(
        goes_to(&paid),
        format!("http://127.0.0.1/done?session={id}")
    );
    let session = get(&api, "checkout/sessions", &made["id"]).await;
    assert_eq!(
        (&session["status"], &session["payment_status"]),
        (&json!("complete"), &json!("paid"))
    );
    assert!(session["payment_intent"].is_null(), "the invoice has it");
    let subscription = get(&api, "subscriptions", &session["subscription"]).await;
    assert_eq!(subscription["status"], "active");
    assert_eq!(subscription["customer"], session["customer"]);
    assert_eq!(subscription["metadata"], json!({ "team": "t_1" }));
    assert_eq!(subscription["description"], "Pro for a team");
    assert_eq!(subscription["items"]["data"][0]["quantity"], 3);
    assert_eq!(subscription["latest_invoice"], session["invoice"]);
    let method = get(
        &api,
        "payment_methods",
        &subscription["default_payment_method"],
    )
    .await;
    assert_eq!(method["customer"], session["customer"]);
    let invoice = get(&api, "invoices", &session["invoice"]).await;
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(3000))
    );
    assert_eq!(invoice["billing_reason"], "subscription_create");
    let listed = api
        .get(&format!(
            "{SESSIONS}?subscription={}",
            text(&subscription, "id")
        ))
        .await;
    assert_eq!(listed.ok()["data"], json!([session]));
}

#[tokio::test]
async fn the_events_come_in_stripes_order() {
    let stripe = saas().await;
    let made = session(&api(&stripe), &[]).await;
    pay(&stripe, &made, "4242424242424242").await;
    let expected = [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_method.attached",
        "payment_intent.succeeded",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
    ];
    assert_eq!(event_types(&stripe), expected);
    let events = stripe.events();
    let created = |kind: &str| events.iter().find(|event| event["type"] == kind).unwrap();
    let subscription = &created("customer.subscription.created")["data"]["object"];
    assert_eq!(subscription["status"], "active");
    let completed = &created("checkout.session.completed")["data"]["object"];
    assert_eq!(completed["subscription"], subscription["id"]);
    assert_eq!(completed["invoice"], subscription["latest_invoice"]);
}

#[tokio::test]
async fn a_decline_starts_nothing_and_may_be_retried() {
    let stripe = saas().await;
    let api = api(&stripe);
    let made = session(&api, &[]).await;

    let declined = pay(&stripe, &made, "4000000000000002").await;
    assert_eq!(declined.status, 402);
    assert!(declined.text.contains("role=\"alert\""));
    let none = api.get("/v1/subscriptions").await.ok();
    assert_eq!(none["data"], json!([]));
    let open = get(&api, "checkout/sessions", &made["id"]).await;
    assert_eq!(
        (&open["status"], &open["customer"]),
        (&json!("open"), &Value::Null)
    );
    goes_to(&pay(&stripe, &made, "4242424242424242").await);

    assert_eq!(
        stripe.payment_intents().len(),
        1,
        "one intent for both attempts"
    );
    let customers = api.get("/v1/customers").await.ok();
    assert_eq!(customers["data"].as_array().unwrap().len(), 1);
    let again = pay(&stripe, &made, "4242424242424242").await;
    goes_to(&again);
    let all = api.get("/v1/subscriptions").await.ok();
    assert_eq!(
        all["data"].as_array().unwrap().len(),
        1,
        "a second click starts no second one"
    );
}

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
    let anchor = (crate::billing::START + 16 * DAY).to_string();
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
}

#[tokio::test]
async fn what_a_subscription_cannot_have_is_refused_by_name() {
    let stripe = saas().await;
    let api = api(&stripe);
    let forever = stripe
        .create_coupon(json!({ "percent_off": 50, "duration": "forever" }))
        .unwrap();
    let yearly = [
        ("currency", "usd"),
        ("unit_amount", "9000"),
        ("recurring[interval]", "year"),
        ("product_data[name]", "Yearly"),
    ];
    let yearly = api.post("/v1/prices", &yearly).await.ok();
    let soon = (crate::billing::START + DAY).to_string();
    let mixed = [
        ("line_items[1][price]", text(&yearly, "id")),
        ("line_items[1][quantity]", "1"),
    ];
    let both = [
        ("subscription_data[trial_period_days]", "3"),
        ("subscription_data[trial_end]", "99999999999"),
    ];
    let cases: [(Form<'_>, &str, &str); 14] = [
        (&mixed, "line_items", "different billing intervals"),
        (
            &[("line_items[0][price]", "price_mug")],
            "line_items",
            "at least one recurring price",
        ),
        (
            &[("mode", "payment")],
            "line_items[0][price]",
            "passed a recurring price",
        ),
        (
            &[("mode", "payment"), ("subscription_data[description]", "x")],
            "subscription_data",
            "`payment` mode",
        ),
        (
            &[("payment_intent_data[description]", "x")],
            "payment_intent_data",
            "`subscription` mode",
        ),
        (
            &[("invoice_creation[enabled]", "true")],
            "invoice_creation",
            "created automatically",
        ),
        (
            &[("customer_creation", "always")],
            "customer_creation",
            "`payment` and `setup` mode",
        ),
        (
            &[("automatic_tax[enabled]", "true")],
            "automatic_tax",
            "does not support",
        ),
        (
            &[("payment_method_types[0]", "us_bank_account")],
            "payment_method_types",
            "us_bank_account",
        ),
        (&both, "subscription_data[trial_end]", "only pass one"),
        (
            &[("subscription_data[trial_end]", &soon)],
            "subscription_data[trial_end]",
            "48 hours",
        ),
        (
            &[("subscription_data[trial_period_days]", "0")],
            "subscription_data[trial_period_days]",
            "at least 1",
        ),
        (
            &[("subscription_data[transfer_data][destination]", "acct_1")],
            "subscription_data[transfer_data]",
            "Unknown parameter",
        ),
        (
            &[("discounts[0][coupon]", text(&forever, "id"))],
            "discounts",
            "first invoice",
        ),
    ];
    for (more, param, words) in cases {
        let reply = try_session(&api, more).await;
        assert_eq!(reply.status, 400, "{param}: {}", reply.text);
        let error = &reply.body["error"];
        assert_eq!(error["param"], param, "{}", reply.text);
        assert!(
            text(error, "message").contains(words),
            "{words}: {}",
            reply.text
        );
    }
}

#[tokio::test]
async fn an_expired_session_starts_nothing_and_cancels_its_attempt() {
    let stripe = saas().await;
    let api = api(&stripe);
    let made = session(&api, &[]).await;
    pay(&stripe, &made, "4000000000000002").await;

    stripe.expire_session(text(&made, "id")).unwrap();

    assert_eq!(stripe.payment_intents()[0]["status"], "canceled");
    let late = pay(&stripe, &made, "4242424242424242").await;
    assert_eq!(late.status, 410);
    assert_eq!(api.get("/v1/subscriptions").await.ok()["data"], json!([]));
}
