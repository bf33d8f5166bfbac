//! Trials, pauses and cancellations by test clocks.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, text},
    billing::{
        DAY, START, advance, change, clocked, current, default_card, latest_invoice, monthly,
        subscribe, types_after,
    },
};

/// 2026-02-15 12:00:00 UTC, a month after the start.
const FEBRUARY: u64 = START + 31 * DAY;
/// 2026-03-15 12:00:00 UTC.
const MARCH: u64 = FEBRUARY + 28 * DAY;

#[tokio::test]
async fn a_trial_is_announced_and_then_paid() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[("trial_period_days", "14")]).await;
    let end = START + 14 * DAY;
    assert_eq!(
        (&held["status"], &held["trial_end"]),
        (&json!("trialing"), &json!(end))
    );
    assert_eq!(held["items"]["data"][0]["current_period_end"], end);
    let first = latest_invoice(&api, &held).await;
    assert_eq!(
        (&first["status"], &first["total"]),
        (&json!("paid"), &json!(0))
    );
    let seen = stripe.events().len();

    advance(&api, &clock, end - 3 * DAY - 1).await;
    assert_eq!(types_after(&stripe, seen).len(), 2);
    let seen = stripe.events().len();
    advance(&api, &clock, end - 1).await;
    assert_eq!(
        types_after(&stripe, seen)[1],
        "customer.subscription.trial_will_end"
    );
    assert_eq!(types_after(&stripe, seen).len(), 3);
    advance(&api, &clock, end + 3600).await;

    let held = current(&api, &held).await;
    assert_eq!(held["status"], "active");
    assert_eq!(held["items"]["data"][0]["current_period_start"], end);
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(1500))
    );
}

#[tokio::test]
async fn a_trial_without_a_payment_method_ends_as_its_settings_say() {
    let end = START + 7 * DAY;
    for (setting, status, event) in [
        ("pause", "paused", "customer.subscription.paused"),
        ("cancel", "canceled", "customer.subscription.deleted"),
        ("create_invoice", "past_due", "invoice.payment_failed"),
    ] {
        let stripe = Sandbox::start().await;
        let api = api(&stripe);
        monthly(&stripe, "price_pro", 1500);
        let (clock, customer) = clocked(&api, "").await;
        let more = [
            ("trial_period_days", "7"),
            (
                "trial_settings[end_behavior][missing_payment_method]",
                setting,
            ),
        ];
        let held = subscribe(&api, &customer, "price_pro", &more).await;

        advance(&api, &clock, end + 3600).await;

        assert_eq!(current(&api, &held).await["status"], status);
        assert!(
            stripe.events().iter().any(|one| one["type"] == event),
            "{event}"
        );
        if setting != "pause" {
            continue;
        }
        default_card(&api, &customer, "pm_card_visa").await;
        let path = format!("/v1/subscriptions/{}/resume", text(&held, "id"));
        let resumed = api.post(&path, &[]).await.ok();
        assert_eq!(resumed["status"], "active");
        assert_eq!(resumed["billing_cycle_anchor"], end + 3600);
        assert!(
            stripe
                .events()
                .iter()
                .any(|one| one["type"] == "customer.subscription.resumed")
        );
        api.post(&path, &[]).await;
    }
}

#[tokio::test]
async fn a_cancellation_at_the_end_ends_it_there_without_another_invoice() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    change(&api, &held, &[("cancel_at_period_end", "true")]).await;

    advance(&api, &clock, FEBRUARY - 1).await;
    assert_eq!(current(&api, &held).await["status"], "active");
    advance(&api, &clock, MARCH).await;

    let ended = current(&api, &held).await;
    assert_eq!(
        (&ended["status"], &ended["ended_at"]),
        (&json!("canceled"), &json!(FEBRUARY))
    );
    assert_eq!(ended["canceled_at"], START);
    assert_eq!(stripe.invoices().len(), 1);
}

#[tokio::test]
async fn an_incomplete_subscription_expires_after_23_hours() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "").await;
    let more = [("payment_behavior", "default_incomplete")];
    let held = subscribe(&api, &customer, "price_pro", &more).await;

    advance(&api, &clock, START + 23 * 3600).await;

    assert_eq!(current(&api, &held).await["status"], "incomplete_expired");
    assert_eq!(latest_invoice(&api, &held).await["status"], "void");
    let [intent] = stripe
        .payment_intents()
        .try_into()
        .expect("exactly one intent");
    assert_eq!(intent["status"], "canceled");
}

#[tokio::test]
async fn a_paused_collection_makes_no_payment_until_it_resumes() {
    for (behavior, status) in [
        ("void", "void"),
        ("mark_uncollectible", "uncollectible"),
        ("keep_as_draft", "draft"),
    ] {
        let stripe = Sandbox::start().await;
        let api = api(&stripe);
        monthly(&stripe, "price_pro", 1500);
        let (clock, customer) = clocked(&api, "pm_card_visa").await;
        let held = subscribe(&api, &customer, "price_pro", &[]).await;
        let until = (FEBRUARY + DAY).to_string();
        let pause = [
            ("pause_collection[behavior]", behavior),
            ("pause_collection[resumes_at]", &until),
        ];
        let paused = change(&api, &held, &pause).await;
        assert_eq!(paused["pause_collection"]["behavior"], behavior);
        assert_eq!(paused["status"], "active");

        advance(&api, &clock, FEBRUARY + DAY).await;

        assert_eq!(latest_invoice(&api, &held).await["status"], status);
        assert_eq!(stripe.charges().len(), 1);
        let resumed = current(&api, &held).await;
        assert_eq!(
            (&resumed["pause_collection"], &resumed["status"]),
            (&json!(null), &json!("active"))
        );
        advance(&api, &clock, MARCH + 3600).await;
        assert_eq!(stripe.charges().len(), 2);
    }
}
