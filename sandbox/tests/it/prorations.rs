//! Changes of subscriptions: prorations, previews and seats.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, api, text},
    billing::{
        DAY, START, advance, change, clocked, latest_invoice, monthly, subscribe, types_after,
    },
};

/// 2026-02-15 12:00:00 UTC, a month after the start.
const FEBRUARY: u64 = START + 31 * DAY;

/// Two monthly plans and a yearly one.
fn plans(stripe: &Sandbox) {
    monthly(stripe, "price_pro", 3100);
    monthly(stripe, "price_team", 6200);
    let params = json!({
        "currency": "usd", "unit_amount": "31000", "lookup_key": "yearly",
        "recurring": { "interval": "year" }, "product": "prod_pro",
    });
    stripe.create_price(params).unwrap();
}

fn item(held: &Value) -> &str {
    text(&held["items"]["data"][0], "id")
}

fn amounts(invoice: &Value) -> Vec<i64> {
    let lines = invoice["lines"]["data"].as_array().unwrap();
    lines
        .iter()
        .map(|line| line["amount"].as_i64().unwrap())
        .collect()
}

async fn preview(api: &Api, held: &Value, form: &[(&str, &str)]) -> Value {
    let mut all = vec![("subscription", text(held, "id"))];
    all.extend(form);
    api.post("/v1/invoices/create_preview", &all).await.ok()
}

#[tokio::test]
async fn an_upgrade_costs_what_its_preview_said() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    // 21 of 31 days are left.
    advance(&api, &clock, START + 10 * DAY).await;
    let id = item(&held).to_owned();
    let details = [
        ("subscription_details[items][0][id]", id.as_str()),
        ("subscription_details[items][0][price]", "price_team"),
        ("subscription_details[proration_behavior]", "always_invoice"),
    ];
    let (events, invoices) = (stripe.events().len(), stripe.invoices().len());

    let shown = preview(&api, &held, &details).await;

    assert_eq!(
        (&shown["amount_due"], amounts(&shown)),
        (&json!(2100), vec![-2100, 4200])
    );
    assert!(text(&shown, "id").starts_with("upcoming_in_"));
    assert_eq!(
        (stripe.events().len(), stripe.invoices().len()),
        (events, invoices)
    );
    let upgrade = [
        ("items[0][id]", id.as_str()),
        ("items[0][price]", "price_team"),
        ("proration_behavior", "always_invoice"),
    ];
    let changed = change(&api, &held, &upgrade).await;
    assert_eq!(changed["items"]["data"][0]["price"]["id"], "price_team");
    assert_eq!(item(&changed), id);
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(2100))
    );
    assert_eq!(invoice["billing_reason"], "subscription_update");
    assert_eq!(amounts(&invoice), [-2100, 4200]);
    let line = &invoice["lines"]["data"][0];
    assert_eq!(line["description"], "Unused time on pro after 25 Jan 2026");
    let details = &line["parent"]["subscription_item_details"];
    assert_eq!(
        (&details["proration"], &details["subscription_item"]),
        (&json!(true), &json!(id))
    );
    assert_eq!(
        line["period"],
        json!({ "end": FEBRUARY, "start": START + 10 * DAY })
    );
    let expected = [
        "invoiceitem.created",
        "invoiceitem.created",
        "invoice.created",
        "customer.subscription.updated",
        "invoice.finalized",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "invoice_payment.paid",
        "invoice.updated",
        "invoice.paid",
        "invoice.payment_succeeded",
    ];
    assert_eq!(types_after(&stripe, events), expected);
}

#[tokio::test]
async fn prorations_wait_for_the_renewal_to_the_second() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    advance(&api, &clock, START + 10 * DAY + 7).await;

    let seats = [("items[0][id]", item(&held)), ("items[0][quantity]", "3")];
    let changed = change(&api, &held, &seats).await;

    assert_eq!(changed["items"]["data"][0]["quantity"], 3);
    assert_eq!(stripe.invoices().len(), 1);
    let waiting = api.get("/v1/invoiceitems?pending=true").await.ok();
    // 3100 x 1814393 / 2678400 is 2099.99…, three times that is 6299.97….
    let waiting: Vec<&Value> = waiting["data"].as_array().unwrap().iter().rev().collect();
    assert_eq!(
        (&waiting[0]["amount"], &waiting[1]["amount"]),
        (&json!(-2100), &json!(6300))
    );
    let shown = preview(&api, &held, &[]).await;
    assert_eq!(amounts(&shown), [-2100, 6300, 9300]);
    advance(&api, &clock, FEBRUARY + 3600).await;
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (amounts(&invoice), &invoice["amount_paid"]),
        (amounts(&shown), &json!(13500))
    );
}

#[tokio::test]
async fn a_downgrade_credits_the_customer_and_the_next_invoice_uses_it() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_team", &[]).await;
    advance(&api, &clock, START + 10 * DAY).await;

    let form = [
        ("items[0][id]", item(&held)),
        ("items[0][price]", "price_pro"),
        ("proration_behavior", "always_invoice"),
    ];
    change(&api, &held, &form).await;

    let credit = latest_invoice(&api, &held).await;
    assert_eq!(
        (&credit["total"], &credit["amount_due"]),
        (&json!(-2100), &json!(0))
    );
    assert_eq!(
        (&credit["status"], &credit["ending_balance"]),
        (&json!("paid"), &json!(-2100))
    );
    assert_eq!(stripe.customers()[0]["balance"], -2100);
    advance(&api, &clock, FEBRUARY + 3600).await;
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["total"], &invoice["amount_paid"]),
        (&json!(3100), &json!(1000))
    );
    assert_eq!(
        (&invoice["starting_balance"], &invoice["ending_balance"]),
        (&json!(-2100), &json!(0))
    );
    assert_eq!(stripe.customers()[0]["balance"], 0);
}

#[tokio::test]
async fn another_interval_starts_a_cycle_and_none_costs_no_part() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    advance(&api, &clock, START + 10 * DAY).await;
    let none = [
        ("items[0][id]", item(&held)),
        ("items[0][price]", "price_team"),
        ("proration_behavior", "none"),
    ];
    change(&api, &held, &none).await;
    assert_eq!(stripe.invoices().len(), 1);
    assert!(
        stripe
            .events()
            .iter()
            .all(|one| one["type"] != "invoiceitem.created")
    );
    let yearly = api
        .get("/v1/prices?lookup_keys[]=yearly&recurring[interval]=year")
        .await
        .ok();
    let yearly = text(&yearly["data"][0], "id").to_owned();

    let form = [("items[0][id]", item(&held)), ("items[0][price]", &yearly)];
    let changed = change(&api, &held, &form).await;

    let at = START + 10 * DAY;
    assert_eq!(changed["billing_cycle_anchor"], at);
    let period = &changed["items"]["data"][0];
    assert_eq!(
        (
            &period["current_period_start"],
            &period["current_period_end"]
        ),
        (&json!(at), &json!(at + 365 * DAY))
    );
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(amounts(&invoice), [-4200, 31000]);
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(26800))
    );
}

#[tokio::test]
async fn a_preview_of_a_new_subscription_is_its_first_invoice() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (_, customer) = clocked(&api, "").await;
    let form = [
        ("customer", customer.as_str()),
        ("subscription_details[items][0][price]", "price_pro"),
        ("subscription_details[items][0][quantity]", "2"),
        ("subscription_details[items][1][price]", "price_team"),
    ];
    let shown = api.post("/v1/invoices/create_preview", &form).await.ok();
    assert_eq!(
        (&shown["amount_due"], amounts(&shown)),
        (&json!(12400), vec![6200, 6200])
    );
    assert!(stripe.subscriptions().is_empty() && stripe.invoices().is_empty());
    let form = [
        ("customer", customer.as_str()),
        ("subscription_details[seats]", "2"),
    ];
    let refused = api.post("/v1/invoices/create_preview", &form).await;
    let error = refused.refused(400, "parameter_missing");
    assert_eq!(error["param"], "subscription_details[items]");
}

#[tokio::test]
async fn a_canceled_subscription_credits_its_rest_when_asked() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    advance(&api, &clock, START + 10 * DAY).await;
    let path = format!(
        "/v1/subscriptions/{}?prorate=true&invoice_now=true",
        text(&held, "id")
    );

    let ended = api.delete(&path).await.ok();

    assert_eq!(ended["status"], "canceled");
    assert_eq!(stripe.customers()[0]["balance"], -2100);
    let invoice = api
        .get(&format!("/v1/invoices/{}", text(&ended, "latest_invoice")))
        .await
        .ok();
    assert_eq!(
        (&invoice["total"], &invoice["status"]),
        (&json!(-2100), &json!("paid"))
    );
    let form = [("subscription", text(&held, "id"))];
    let none = api.post("/v1/invoices/create_preview", &form).await;
    none.refused(400, "invoice_upcoming_none");
}
