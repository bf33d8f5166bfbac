//! What time does to subscriptions: renewals, retries, trials; by test clocks.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, text},
    billing::{
        DAY, START, advance, clocked, current, default_card, latest_invoice, monthly, subscribe,
        types_after,
    },
};

/// 2026-02-15 12:00:00 UTC, a month after the start.
const FEBRUARY: u64 = START + 31 * DAY;
/// 2026-03-15 12:00:00 UTC.
const MARCH: u64 = FEBRUARY + 28 * DAY;

#[tokio::test]
async fn a_period_ends_with_a_draft_that_is_paid_an_hour_later() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    assert_eq!(held["created"], START);
    assert_eq!(held["items"]["data"][0]["current_period_end"], FEBRUARY);
    let seen = stripe.events().len();

    advance(&api, &clock, FEBRUARY + 60).await;

    let renewed = current(&api, &held).await;
    let item = &renewed["items"]["data"][0];
    assert_eq!(item["current_period_start"], FEBRUARY);
    assert_eq!(item["current_period_end"], MARCH);
    let draft = latest_invoice(&api, &held).await;
    assert_eq!(
        (&draft["status"], &draft["created"]),
        (&json!("draft"), &json!(FEBRUARY))
    );
    assert_eq!(draft["billing_reason"], "subscription_cycle");
    let line = &draft["lines"]["data"][0];
    assert_eq!(line["period"], json!({ "end": MARCH, "start": FEBRUARY }));
    assert_eq!(line["pricing"]["price_details"]["price"], "price_pro");

    let ready = advance(&api, &clock, FEBRUARY + 3600).await;

    assert_eq!(
        (&ready["status"], &ready["frozen_time"]),
        (&json!("ready"), &json!(FEBRUARY + 3600))
    );
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["attempt_count"]),
        (&json!("paid"), &json!(1))
    );
    assert_eq!(invoice["status_transitions"]["paid_at"], FEBRUARY + 3600);
    let expected = [
        "test_helpers.test_clock.advancing",
        "invoice.created",
        "customer.subscription.updated",
        "test_helpers.test_clock.ready",
        "test_helpers.test_clock.advancing",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
        "test_helpers.test_clock.ready",
    ];
    assert_eq!(types_after(&stripe, seen), expected);
}

#[tokio::test]
async fn a_year_has_twelve_renewals_in_order() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    subscribe(&api, &customer, "price_pro", &[]).await;

    advance(&api, &clock, START + 365 * DAY + 7200).await;

    let invoices = stripe.invoices();
    assert_eq!(invoices.len(), 13);
    assert!(invoices.iter().all(|invoice| invoice["status"] == "paid"));
    let paid: Vec<u64> = stripe
        .charges()
        .iter()
        .map(|c| c["created"].as_u64().unwrap())
        .collect();
    assert!(
        paid.is_sorted() && paid[12] == START + 365 * DAY + 3600,
        "{paid:?}"
    );
    assert_eq!(
        text(&invoices[12], "number").split('-').nth(1),
        Some("0013")
    );
}

#[tokio::test]
async fn a_declined_renewal_is_past_due_until_another_card_pays() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    default_card(&api, &customer, "pm_card_chargeCustomerFail").await;
    advance(&api, &clock, FEBRUARY + 60).await;
    let seen = stripe.events().len();

    advance(&api, &clock, FEBRUARY + 3600).await;

    assert_eq!(current(&api, &held).await["status"], "past_due");
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["attempt_count"]),
        (&json!("open"), &json!(1))
    );
    let next = FEBRUARY + 3600 + 3 * DAY;
    assert_eq!(invoice["next_payment_attempt"], next);
    let expected = [
        "test_helpers.test_clock.advancing",
        "invoice.finalized",
        "payment_intent.created",
        "charge.failed",
        "payment_intent.payment_failed",
        "invoice.updated",
        "invoice.payment_failed",
        "customer.subscription.updated",
        "test_helpers.test_clock.ready",
    ];
    assert_eq!(types_after(&stripe, seen), expected);

    default_card(&api, &customer, "pm_card_visa").await;
    advance(&api, &clock, next).await;
    assert_eq!(current(&api, &held).await["status"], "active");
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["attempt_count"]),
        (&json!("paid"), &json!(2))
    );
}

#[tokio::test]
async fn the_shop_recovers_a_past_due_subscription_by_paying_its_invoice() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    default_card(&api, &customer, "pm_card_chargeCustomerFail").await;
    advance(&api, &clock, FEBRUARY + 3600).await;
    let invoice = latest_invoice(&api, &held).await;
    let path = format!("/v1/invoices/{}/pay", text(&invoice, "id"));

    api.post(&path, &[]).await.refused(402, "card_declined");
    assert_eq!(latest_invoice(&api, &held).await["attempt_count"], 1);
    let card = default_card(&api, &customer, "pm_card_visa").await;
    let paid = api.post(&path, &[("payment_method", &card)]).await.ok();

    assert_eq!(paid["status"], "paid");
    assert_eq!(current(&api, &held).await["status"], "active");
    api.post(&path, &[])
        .await
        .refused(400, "invoice_already_paid");
}

#[tokio::test]
async fn the_last_attempt_ends_a_subscription_as_the_control_says() {
    for (then, status) in [
        ("cancel", "canceled"),
        ("unpaid", "unpaid"),
        ("past_due", "past_due"),
    ] {
        let stripe = Sandbox::start().await;
        let api = api(&stripe);
        monthly(&stripe, "price_pro", 1500);
        let control = [("then", then), ("days[]", "1"), ("days[]", "2")];
        api.post("/_sandbox/retries", &control).await.ok();
        let (clock, customer) = clocked(&api, "pm_card_visa").await;
        let held = subscribe(&api, &customer, "price_pro", &[]).await;
        default_card(&api, &customer, "pm_card_chargeCustomerFail").await;

        advance(&api, &clock, FEBRUARY + 3600 + 3 * DAY - 1).await;
        assert_eq!(current(&api, &held).await["status"], "past_due");
        advance(&api, &clock, FEBRUARY + 3600 + 3 * DAY).await;

        assert_eq!(current(&api, &held).await["status"], status);
        let invoice = latest_invoice(&api, &held).await;
        assert_eq!(
            (&invoice["status"], &invoice["attempt_count"]),
            (&json!("open"), &json!(3))
        );
        assert_eq!(invoice["next_payment_attempt"], json!(null));
        advance(&api, &clock, MARCH + 7200).await;
        let drafts = stripe
            .invoices()
            .iter()
            .filter(|one| one["status"] == "draft")
            .count();
        assert_eq!(drafts, usize::from(then == "unpaid"), "{then}");
    }
}

#[tokio::test]
async fn a_renewal_that_needs_the_payer_says_so_and_is_paid_by_a_challenge() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    default_card(&api, &customer, "pm_card_authenticationRequired").await;
    advance(&api, &clock, FEBRUARY + 60).await;
    let seen = stripe.events().len();

    advance(&api, &clock, FEBRUARY + 3600).await;

    assert_eq!(current(&api, &held).await["status"], "past_due");
    let types = types_after(&stripe, seen);
    let expected = [
        "payment_intent.requires_action",
        "invoice.updated",
        "invoice.payment_action_required",
        "invoice.payment_failed",
        "customer.subscription.updated",
    ];
    assert_eq!(types[3..8], expected);
    let intent = stripe.payment_intents().last().cloned().unwrap();
    stripe.authenticate(text(&intent, "id"), true).unwrap();
    assert_eq!(current(&api, &held).await["status"], "active");
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(invoice["status"], "paid");
    assert_eq!(invoice["status_transitions"]["paid_at"], FEBRUARY + 3600);
}

#[tokio::test]
async fn a_deleted_customer_has_no_live_subscription_and_a_detached_card_is_no_default() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    let card = stripe.customers()[0]["invoice_settings"]["default_payment_method"].clone();
    stripe.forget(card.as_str().unwrap()).unwrap();
    let settings = &stripe.customers()[0]["invoice_settings"];
    assert_eq!(settings["default_payment_method"], json!(null));
    advance(&api, &clock, FEBRUARY + 3600).await;
    assert_eq!(current(&api, &held).await["status"], "past_due");

    stripe.delete_customer(&customer).unwrap();

    let ended = current(&api, &held).await;
    assert_eq!(
        (&ended["status"], &ended["ended_at"]),
        (&json!("canceled"), &json!(FEBRUARY + 3600))
    );
}

#[tokio::test]
async fn forty_subscriptions_renew_for_a_year_in_order_of_time() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    for _ in 0..40 {
        let params = json!({ "customer": customer, "items": [{ "price": "price_pro" }] });
        stripe.create_subscription(params).unwrap();
    }

    stripe
        .advance_clock(&clock, START + 365 * DAY + 3600)
        .unwrap();

    let charges = stripe.charges();
    assert_eq!(charges.len(), 40 * 13);
    let times: Vec<u64> = charges
        .iter()
        .map(|one| one["created"].as_u64().unwrap())
        .collect();
    assert!(times.is_sorted());
    let invoices = stripe.invoices();
    let of = |range: &[serde_json::Value]| -> Vec<String> {
        let parents = range
            .iter()
            .map(|one| &one["parent"]["subscription_details"]);
        parents
            .map(|parent| text(parent, "subscription").to_owned())
            .collect()
    };
    assert_eq!(
        of(&invoices[..40]),
        of(&invoices[480..]),
        "each month in order of creation"
    );
}
