//! Invoices: their operations, their page, usage, and what is too small to charge.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, api, text},
    billing::{
        DAY, START, advance, change, clocked, current, default_card, latest_invoice, monthly,
        payer, subscribe,
    },
    hosted::{browser, goes_to, path},
};

/// 2026-02-15 12:00:00 UTC, a month after the start.
const FEBRUARY: u64 = START + 31 * DAY;

/// A draft of 20.00 USD for a customer without a card.
async fn draft(api: &Api, customer: &str) -> String {
    let form = [
        ("customer", customer),
        ("amount", "2000"),
        ("currency", "usd"),
    ];
    api.post("/v1/invoiceitems", &form).await.ok();
    let form = [
        ("customer", customer),
        ("pending_invoice_items_behavior", "include"),
    ];
    let invoice = api.post("/v1/invoices", &form).await.ok();
    assert_eq!(
        (&invoice["status"], &invoice["total"]),
        (&json!("draft"), &json!(2000))
    );
    text(&invoice, "id").to_owned()
}

#[tokio::test]
async fn an_invoice_moves_from_draft_to_its_end_and_nowhere_else() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = payer(&api, &[], "").await;
    for (end, status, time) in [
        ("void", "void", "voided_at"),
        (
            "mark_uncollectible",
            "uncollectible",
            "marked_uncollectible_at",
        ),
        ("pay", "paid", "paid_at"),
    ] {
        let id = draft(&api, &customer).await;
        let at = |operation: &str| format!("/v1/invoices/{id}/{operation}");
        if end != "pay" {
            api.post(&at(end), &[])
                .await
                .refused(400, "invoice_not_finalized");
        }
        let open = api.post(&at("finalize"), &[]).await.ok();
        assert_eq!(
            (&open["status"], &open["amount_due"]),
            (&json!("open"), &json!(2000))
        );
        assert!(text(&open, "hosted_invoice_url").contains("/i/invst_"));
        let outside: &[(&str, &str)] = match end {
            "pay" => &[("paid_out_of_band", "true")],
            _ => &[],
        };

        let ended = api.post(&at(end), outside).await.ok();

        assert_eq!(ended["status"], status);
        assert!(ended["status_transitions"][time].is_u64(), "{ended}");
        assert_eq!(api.post(&at("finalize"), &[]).await.status, 400);
        let lines = api.get(&at("lines")).await.ok();
        assert_eq!(lines["data"][0]["amount"], 2000);
    }
    assert!(stripe.charges().is_empty());
    let intents = stripe.payment_intents();
    let canceled = intents.iter().filter(|one| one["status"] == "canceled");
    assert_eq!(
        canceled.count(),
        2,
        "those of the void one and of the one paid outside"
    );
}

#[tokio::test]
async fn the_page_of_an_open_invoice_takes_a_card() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    default_card(&api, &customer, "pm_card_chargeCustomerFail").await;
    advance(&api, &clock, FEBRUARY + 3600).await;
    let invoice = latest_invoice(&api, &held).await;
    let page = path(&invoice["hosted_invoice_url"], &stripe);
    let browser = browser(&stripe);
    let shown = browser.get(&page).await;
    for part in [
        "15.00 USD",
        "1 × pro",
        "cc-number",
        text(&invoice, "number"),
    ] {
        assert!(shown.text.contains(part), "{part} is not in {}", shown.text);
    }
    let card = |number| [("number", number), ("expiry", "12/34"), ("cvc", "123")];

    let declined = browser.post(&page, &card("4000 0000 0000 0002")).await;
    assert!(
        declined.text.contains("role=\"alert\""),
        "{}",
        declined.text
    );
    assert_eq!(current(&api, &held).await["status"], "past_due");
    let challenged = browser.post(&page, &card("4000 0000 0000 3220")).await;
    assert!(goes_to(&challenged).contains("/3ds/"));
    let paid = browser.post(&page, &card("4242 4242 4242 4242")).await;

    assert_eq!(goes_to(&paid), page);
    assert!(browser.get(&page).await.text.contains("<p>Paid</p>"));
    assert_eq!(current(&api, &held).await["status"], "active");
    assert_eq!(browser.get("/i/invst_none").await.status, 404);
}

#[tokio::test]
async fn usage_is_a_line_of_the_renewal() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [
        ("display_name", "Calls"),
        ("event_name", "calls"),
        ("default_aggregation[formula]", "sum"),
    ];
    let meter = api.post("/v1/billing/meters", &form).await.ok();
    let form = [
        ("currency", "usd"),
        ("product_data[name]", "Calls"),
        ("unit_amount_decimal", "2.5"),
        ("recurring[interval]", "month"),
        ("recurring[usage_type]", "metered"),
        ("recurring[meter]", text(&meter, "id")),
    ];
    let price = api.post("/v1/prices", &form).await.ok();
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, text(&price, "id"), &[]).await;
    assert_eq!(held["items"]["data"][0]["quantity"], json!(null));
    assert_eq!(
        (
            &held["status"],
            latest_invoice(&api, &held).await["total"].clone()
        ),
        (&json!("active"), json!(0))
    );
    advance(&api, &clock, START + 20 * DAY).await;
    for (value, at) in [("100", START + DAY), ("201", START + 19 * DAY)] {
        let form = [
            ("event_name", "calls"),
            ("payload[stripe_customer_id]", customer.as_str()),
            ("payload[value]", value),
            ("timestamp", &at.to_string()),
        ];
        api.post("/v1/billing/meter_events", &form).await.ok();
    }

    advance(&api, &clock, FEBRUARY + 3600).await;

    let invoice = latest_invoice(&api, &held).await;
    let line = &invoice["lines"]["data"][0];
    assert_eq!(
        (&line["quantity"], &line["amount"]),
        (&json!(301), &json!(753))
    );
    assert_eq!(line["period"], json!({ "end": FEBRUARY, "start": START }));
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(753))
    );
}

#[tokio::test]
async fn what_is_too_small_to_charge_is_owed_with_the_next_invoice() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 100);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    advance(&api, &clock, START + 23 * DAY).await;
    let item = text(&held["items"]["data"][0], "id");
    let form = [
        ("items[0][id]", item),
        ("items[0][quantity]", "2"),
        ("proration_behavior", "always_invoice"),
    ];

    change(&api, &held, &form).await;

    // Eight of 31 days: a credit of 26 for one seat, and 52 for two.
    let small = latest_invoice(&api, &held).await;
    assert_eq!(
        (&small["total"], &small["amount_due"], &small["status"]),
        (&json!(26), &json!(0), &json!("paid"))
    );
    assert_eq!(stripe.customers()[0]["balance"], 26);
    advance(&api, &clock, FEBRUARY + 3600).await;
    assert_eq!(latest_invoice(&api, &held).await["amount_paid"], 226);
    assert_eq!(stripe.customers()[0]["balance"], 0);
}

#[tokio::test]
async fn a_debit_makes_a_subscription_active_and_its_failure_past_due() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (_, customer) = clocked(&api, "pm_usBankAccount_success").await;

    let held = subscribe(&api, &customer, "price_pro", &[]).await;

    assert_eq!(held["status"], "active");
    assert_eq!(latest_invoice(&api, &held).await["status"], "open");
    let [intent] = stripe
        .payment_intents()
        .try_into()
        .expect("exactly one intent");
    stripe.fail_settlement(text(&intent, "id")).unwrap();
    assert_eq!(current(&api, &held).await["status"], "past_due");
    assert_eq!(
        latest_invoice(&api, &held).await["next_payment_attempt"],
        START + 3 * DAY
    );
}

#[tokio::test]
async fn an_invoice_that_is_sent_is_past_due_when_it_is_not_paid_in_time() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "").await;
    let form = [
        ("customer", customer.as_str()),
        ("items[0][price]", "price_pro"),
        ("collection_method", "send_invoice"),
    ];
    let error = api
        .post("/v1/subscriptions", &form)
        .await
        .refused(400, "parameter_missing");
    assert_eq!(error["param"], "days_until_due");
    let more = [
        ("collection_method", "send_invoice"),
        ("days_until_due", "10"),
    ];
    let held = subscribe(&api, &customer, "price_pro", &more).await;
    assert_eq!(held["status"], "active");
    advance(&api, &clock, START + 3600).await;
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["due_date"]),
        (&json!("open"), &json!(START + 3600 + 10 * DAY))
    );

    advance(&api, &clock, START + 3600 + 10 * DAY).await;

    assert_eq!(current(&api, &held).await["status"], "past_due");
    let overdue = stripe
        .events()
        .iter()
        .filter(|one| one["type"] == "invoice.overdue")
        .count();
    assert_eq!(overdue, 1);
    let path = format!("/v1/invoices/{}/pay", text(&invoice, "id"));
    api.post(&path, &[("paid_out_of_band", "true")]).await.ok();
    assert_eq!(current(&api, &held).await["status"], "active");
}

#[tokio::test]
async fn a_refund_and_a_dispute_of_an_invoice_are_those_of_its_charge() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (_, customer) = clocked(&api, "pm_card_createDispute").await;

    let held = subscribe(&api, &customer, "price_pro", &[]).await;

    assert_eq!(held["status"], "active");
    let [dispute] = stripe.disputes().try_into().expect("exactly one dispute");
    let list = format!(
        "/v1/invoice_payments?payment[type]=payment_intent&payment[payment_intent]={}",
        text(&dispute, "payment_intent")
    );
    let payments = api.get(&list).await.ok();
    assert_eq!(payments["data"][0]["invoice"], held["latest_invoice"]);
    let path = format!("/v1/invoice_payments/{}", text(&payments["data"][0], "id"));
    assert_eq!(api.get(&path).await.ok(), payments["data"][0]);
}

#[tokio::test]
async fn a_refund_of_an_invoices_payment_leaves_the_invoice_paid() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let customer = payer(&api, &[], "pm_card_visa").await;
    monthly(&stripe, "price_pro", 1900);
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    let before = latest_invoice(&api, &held).await;
    let path = format!("/v1/invoices/{}?expand[]=payments", text(&before, "id"));
    let payments = api.get(&path).await.ok()["payments"].clone();
    let intent = text(&payments["data"][0]["payment"], "payment_intent").to_owned();

    let form = [("payment_intent", intent.as_str()), ("amount", "700")];
    let refund = api.post("/v1/refunds", &form).await.ok();

    assert_eq!(refund["payment_intent"], json!(intent));
    assert_eq!(refund["status"], "succeeded");
    let over = [("payment_intent", intent.as_str()), ("amount", "1201")];
    assert_eq!(api.post("/v1/refunds", &over).await.status, 400);
    let after = api.get(&path).await.ok();
    assert_eq!(after["payments"], payments);
    assert_eq!(
        (&after["status"], &after["amount_paid"]),
        (&json!("paid"), &json!(1900))
    );
    let held = current(&api, &held).await;
    assert_eq!(held["status"], "active");
}
