//! Checkout sessions of mode `subscription`.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, Reply, api, event_types, text},
    billing::{DAY, START, monthly},
    checkout::{SESSIONS, shop},
    hosted::{CARD, browser, goes_to, path},
};

/// A subscription of the monthly price, with any further parameters.
pub(crate) async fn try_session(api: &Api, more: Form<'_>) -> Reply {
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

pub(crate) async fn session(api: &Api, more: Form<'_>) -> Value {
    try_session(api, more).await.ok()
}

/// A sandbox that sells a plan for 10.00 USD a month, and a mug.
pub(crate) async fn saas() -> Sandbox {
    let stripe = shop().await;
    monthly(&stripe, "price_pro", 1000);
    stripe
}

pub(crate) async fn pay(stripe: &Sandbox, session: &Value, number: &str) -> Reply {
    let form = [CARD, &[("number", number)]].concat();
    browser(stripe)
        .post(&path(&session["url"], stripe), &form)
        .await
}

pub(crate) async fn get(api: &Api, kind: &str, id: &Value) -> Value {
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
    let soon = (START + DAY).to_string();
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
