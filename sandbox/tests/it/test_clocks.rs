//! Test clocks, and the real time without one.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde_json::json;
use stripe_sandbox::{Activity, Sandbox};

use crate::{
    api::{api, api_with_key, text},
    billing::{
        DAY, START, advance, clocked, current, latest_invoice, monthly, payer, subscribe,
        types_after,
    },
};

#[tokio::test]
async fn a_clock_only_advances_and_is_deleted_with_what_follows_it() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    let path = format!("/v1/test_helpers/test_clocks/{clock}");
    assert_eq!(api.get(&path).await.ok()["frozen_time"], START);
    let back = api
        .post(
            &format!("{path}/advance"),
            &[("frozen_time", &START.to_string())],
        )
        .await;
    assert_eq!(back.body["error"]["param"], "frozen_time");
    let listed = api
        .get(&format!("/v1/customers?test_clock={clock}"))
        .await
        .ok();
    assert_eq!(listed["data"][0]["id"], customer.as_str());
    let form = [("test_clock", "clock_none")];
    assert_eq!(
        api.post("/v1/customers", &form).await.body["error"]["param"],
        "test_clock"
    );

    let deleted = api.delete(&path).await.ok();

    assert_eq!(deleted["deleted"], true);
    let path = format!("/v1/subscriptions/{}", text(&held, "id"));
    assert_eq!(api.get(&path).await.status, 404);
    assert!(stripe.customers().is_empty());
}

#[tokio::test]
async fn two_clocks_do_not_move_each_other_and_events_have_the_real_time() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let (first, customer) = clocked(&api, "pm_card_visa").await;
    let moved = subscribe(&api, &customer, "price_pro", &[]).await;
    let (_, customer) = clocked(&api, "pm_card_visa").await;
    let other = subscribe(&api, &customer, "price_pro", &[]).await;

    advance(&api, &first, START + 40 * DAY).await;

    let end = |held: &serde_json::Value| held["items"]["data"][0]["current_period_end"].clone();
    assert_eq!(end(&current(&api, &moved).await), START + 59 * DAY);
    assert_eq!(end(&current(&api, &other).await), START + 31 * DAY);
    let real = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let created = stripe.events().last().unwrap()["created"].as_u64().unwrap();
    assert!(real - created < 600, "{created} {real}");
}

#[tokio::test]
async fn without_a_clock_a_trial_ends_in_real_time() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "pm_card_visa").await;
    let real = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let mut activities = stripe.observe();
    let end = (real + 2).to_string();
    let held = subscribe(&api, &customer, "price_pro", &[("trial_end", &end)]).await;
    assert_eq!(held["status"], "trialing");

    let renewed = async {
        loop {
            let activity = activities.recv().await.unwrap();
            if matches!(activity, Activity::Event { type_, .. } if type_ == "invoice.created")
                && current(&api, &held).await["status"] == "active"
            {
                break;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), renewed)
        .await
        .expect("the trial ends");

    let held = current(&api, &held).await;
    assert_eq!(
        held["items"]["data"][0]["current_period_start"],
        json!(real + 2)
    );
    let drafts = stripe
        .invoices()
        .iter()
        .filter(|one| one["status"] == "draft")
        .count();
    assert_eq!(drafts, 1);
}

#[tokio::test]
async fn a_customer_that_exists_moves_onto_a_clock_with_all_it_has() {
    let stripe = Sandbox::start().await;
    let (api, control) = (api(&stripe), api_with_key(&stripe, ""));
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[("trial_period_days", "14")]).await;
    let other = payer(&api, &[], "pm_card_visa").await;
    let others = subscribe(&api, &other, "price_pro", &[]).await;
    let seen = stripe.events().len();

    let path = format!("/_sandbox/customers/{customer}/clock");
    let clock = control.post(&path, &[]).await.ok();
    let end = held["trial_end"].as_u64().unwrap();
    let advanced = |to: u64| {
        let path = format!("/_sandbox/test_clocks/{}/advance", text(&clock, "id"));
        let to = to.to_string();
        let control = &control;
        async move { control.post(&path, &[("frozen_time", &to)]).await.ok() }
    };
    // The second request finds the clock of the first.
    assert_eq!(control.post(&path, &[]).await.ok()["id"], clock["id"]);
    assert_eq!(current(&api, &held).await["test_clock"], clock["id"]);
    assert_eq!(current(&api, &others).await["test_clock"], json!(null));
    advanced(end).await;
    let draft = latest_invoice(&api, &held).await;
    assert_eq!(
        [&draft["status"], &draft["test_clock"]],
        ["draft", text(&clock, "id")]
    );
    advanced(end + 3600).await;

    assert_eq!(current(&api, &held).await["status"], "active");
    assert_eq!(latest_invoice(&api, &held).await["amount_paid"], 1500);
    let told = types_after(&stripe, seen);
    let announced = told
        .iter()
        .position(|kind| kind.ends_with("trial_will_end"));
    let paid = told.iter().position(|kind| kind == "invoice.paid");
    assert!(announced.is_some() && announced < paid, "{told:?}");
    assert_eq!(current(&api, &others).await, others);
}

#[tokio::test]
async fn an_open_invoice_is_collected_by_the_clock_its_customer_moved_onto() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    monthly(&stripe, "price_pro", 1500);
    let customer = payer(&api, &[], "pm_card_chargeCustomerFail").await;
    let real = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let form = [
        ("collection_method", "send_invoice"),
        ("days_until_due", "5"),
    ];
    let held = subscribe(&api, &customer, "price_pro", &form).await;
    let invoice = text(&held, "latest_invoice").to_owned();
    api.post(&format!("/v1/invoices/{invoice}/finalize"), &[])
        .await
        .ok();
    let seen = stripe.events().len();

    let clock = stripe.adopt_clock(&customer).unwrap();
    stripe
        .advance_clock(text(&clock, "id"), real + 6 * DAY)
        .unwrap();

    assert!(types_after(&stripe, seen).contains(&"invoice.overdue".to_owned()));
    let missing = stripe.adopt_clock("cus_none").unwrap_err();
    assert_eq!(missing["error"]["code"], "resource_missing");
}
