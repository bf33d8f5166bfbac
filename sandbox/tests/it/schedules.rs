//! Subscription schedules: a change at the end of the period.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, api, text},
    billing::{
        DAY, START, advance, change, clocked, current, latest_invoice, monthly, subscribe,
        types_after,
    },
};

/// 2026-02-15 12:00:00 UTC, a month after the start.
const FEBRUARY: u64 = START + 31 * DAY;
/// 2026-03-15 12:00:00 UTC.
const MARCH: u64 = FEBRUARY + 28 * DAY;

/// Plans a change to another price at the end of the period; returns the schedule.
async fn planned(api: &Api, held: &Value, price: &str) -> Value {
    let form = [("from_subscription", text(held, "id"))];
    let schedule = api.post("/v1/subscription_schedules", &form).await.ok();
    assert_eq!(
        schedule["phases"][0]["items"][0]["price"],
        held["items"]["data"][0]["price"]["id"]
    );
    let (start, end) = (START.to_string(), FEBRUARY.to_string());
    let form = [
        ("end_behavior", "release"),
        (
            "phases[0][items][0][price]",
            text(&held["items"]["data"][0]["price"], "id"),
        ),
        ("phases[0][start_date]", &start),
        ("phases[0][end_date]", &end),
        ("phases[1][items][0][price]", price),
        ("phases[1][items][0][quantity]", "2"),
        ("phases[1][metadata][plan]", "small"),
    ];
    let path = format!("/v1/subscription_schedules/{}", text(&schedule, "id"));
    api.post(&path, &form).await.ok()
}

#[tokio::test]
async fn a_downgrade_at_the_end_of_the_period_is_billed_by_the_renewal_and_released() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_team", 6200);
    monthly(&stripe, "price_pro", 3100);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_team", &[]).await;
    let schedule = planned(&api, &held, "price_pro").await;
    assert_eq!(schedule["phases"][1]["end_date"], MARCH);
    let before = current(&api, &held).await;
    assert_eq!(
        (&before["schedule"], &before["items"]),
        (&schedule["id"], &held["items"])
    );
    let seen = stripe.events().len();

    advance(&api, &clock, FEBRUARY + 3600).await;

    let after = current(&api, &held).await;
    let item = &after["items"]["data"][0];
    assert_eq!(
        (&item["price"]["id"], &item["quantity"]),
        (&json!("price_pro"), &json!(2))
    );
    assert_eq!(item["id"], held["items"]["data"][0]["id"]);
    assert_eq!(after["metadata"], json!({ "plan": "small" }));
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["billing_reason"], &invoice["amount_paid"]),
        (&json!("subscription_cycle"), &json!(6200))
    );
    assert_eq!(invoice["lines"]["data"].as_array().unwrap().len(), 1);
    let types = types_after(&stripe, seen);
    let expected = [
        "test_helpers.test_clock.advancing",
        "subscription_schedule.updated",
        "customer.subscription.updated",
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
    ];
    assert_eq!(types[..6], expected);
    advance(&api, &clock, MARCH).await;
    let path = format!("/v1/subscription_schedules/{}", text(&schedule, "id"));
    let released = api.get(&path).await.ok();
    assert_eq!(
        (&released["status"], &released["released_subscription"]),
        (&json!("released"), &held["id"])
    );
    let free = current(&api, &held).await;
    assert_eq!(
        (&free["schedule"], &free["status"]),
        (&json!(null), &json!("active"))
    );
}

#[tokio::test]
async fn a_yearly_phase_starts_its_cycle_at_the_end_of_the_month() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_team", 6200);
    let params = json!({
        "currency": "usd", "unit_amount": "31000", "product": "prod_team",
        "recurring": { "interval": "year" },
    });
    let yearly = stripe.create_price(params).unwrap();
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_team", &[]).await;
    planned(&api, &held, text(&yearly, "id")).await;

    advance(&api, &clock, FEBRUARY + 3600).await;

    let after = current(&api, &held).await;
    let item = &after["items"]["data"][0];
    assert_eq!(
        (&item["current_period_start"], &item["current_period_end"]),
        (&json!(FEBRUARY), &json!(FEBRUARY + 365 * DAY))
    );
    assert_eq!(latest_invoice(&api, &held).await["amount_paid"], 62000);
}

#[tokio::test]
async fn a_released_or_canceled_schedule_plans_nothing_any_more() {
    for (end, status, expected) in [
        ("release", "released", "active"),
        ("cancel", "canceled", "canceled"),
    ] {
        let stripe = Sandbox::start().await;
        let api = api(&stripe);
        monthly(&stripe, "price_team", 6200);
        monthly(&stripe, "price_pro", 3100);
        let (clock, customer) = clocked(&api, "pm_card_visa").await;
        let held = subscribe(&api, &customer, "price_team", &[]).await;
        let schedule = planned(&api, &held, "price_pro").await;
        let path = format!("/v1/subscriptions/{}", text(&held, "id"));
        let refused = api.post(&path, &[("cancel_at_period_end", "true")]).await;
        assert_eq!(refused.body["error"]["param"], "cancel_at_period_end");

        let path = format!("/v1/subscription_schedules/{}/{end}", text(&schedule, "id"));
        let ended = api.post(&path, &[]).await.ok();

        assert_eq!(ended["status"], status);
        advance(&api, &clock, FEBRUARY + 3600).await;
        let after = current(&api, &held).await;
        assert_eq!(
            (&after["status"], &after["items"]["data"][0]["price"]["id"]),
            (&json!(expected), &json!("price_team"))
        );
        assert_eq!(api.post(&path, &[]).await.status, 400);
    }
}

#[tokio::test]
async fn seats_that_change_meanwhile_are_the_current_phases() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_team", 6200);
    monthly(&stripe, "price_pro", 3100);
    let (_, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_team", &[]).await;
    let schedule = planned(&api, &held, "price_pro").await;

    let item = text(&held["items"]["data"][0], "id");
    change(
        &api,
        &held,
        &[("items[0][id]", item), ("items[0][quantity]", "4")],
    )
    .await;

    let path = format!("/v1/subscription_schedules/{}", text(&schedule, "id"));
    let followed = api.get(&path).await.ok();
    assert_eq!(followed["phases"][0]["items"][0]["quantity"], 4);
    assert_eq!(followed["phases"][1], schedule["phases"][1]);
    for (name, value) in [
        ("phases[0][items][0][price]", "price_none"),
        ("phases[0][start_date]", "5"),
        ("phases[0][coupon]", "half"),
        ("phases[0][iterations]", "0"),
        ("default_settings[description]", "x"),
    ] {
        let form = [("phases[0][items][0][price]", "price_team"), (name, value)];
        let reply = api.post(&path, &form).await;
        assert_eq!(reply.status, 400, "{name}: {}", reply.text);
    }
}
