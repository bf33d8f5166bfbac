//! Changes of subscriptions that wait for a payment, are refused, or end a trial.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{api, text},
    billing::{
        DAY, START, advance, change, clocked, current, default_card, latest_invoice, monthly,
        subscribe,
    },
};

/// Two monthly plans.
fn plans(stripe: &Sandbox) {
    monthly(stripe, "price_pro", 3100);
    monthly(stripe, "price_team", 6200);
}

fn item(held: &Value) -> &str {
    text(&held["items"]["data"][0], "id")
}

#[tokio::test]
async fn an_update_that_waits_for_its_payment_is_applied_or_expires() {
    for pays in [true, false] {
        let stripe = Sandbox::start().await;
        let api = api(&stripe);
        plans(&stripe);
        let (clock, customer) = clocked(&api, "pm_card_visa").await;
        let held = subscribe(&api, &customer, "price_pro", &[]).await;
        default_card(&api, &customer, "pm_card_chargeCustomerFail").await;
        let form = [
            ("items[0][id]", item(&held)),
            ("items[0][price]", "price_team"),
            ("payment_behavior", "pending_if_incomplete"),
            ("proration_behavior", "always_invoice"),
        ];

        let pending = change(&api, &held, &form).await;

        assert_eq!(
            (&pending["status"], &pending["items"]),
            (&json!("active"), &held["items"])
        );
        let update = &pending["pending_update"];
        assert_eq!(update["expires_at"], START + 23 * 3600);
        assert_eq!(update["subscription_items"][0]["price"]["id"], "price_team");
        let invoice = text(&pending, "latest_invoice").to_owned();
        let event = if pays {
            let card = default_card(&api, &customer, "pm_card_visa").await;
            let path = format!("/v1/invoices/{invoice}/pay");
            api.post(&path, &[("payment_method", &card)]).await.ok();
            "customer.subscription.pending_update_applied"
        } else {
            advance(&api, &clock, START + 23 * 3600).await;
            "customer.subscription.pending_update_expired"
        };
        let after = current(&api, &held).await;
        assert_eq!(after["pending_update"], json!(null));
        let price = &after["items"]["data"][0]["price"]["id"];
        assert_eq!(price, if pays { "price_team" } else { "price_pro" });
        let status = if pays { "paid" } else { "void" };
        assert_eq!(latest_invoice(&api, &held).await["status"], status);
        assert!(
            stripe.events().iter().any(|one| one["type"] == event),
            "{event}"
        );
    }
}

#[tokio::test]
async fn a_change_that_cannot_be_paid_is_refused_or_past_due() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (_, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    default_card(&api, &customer, "pm_card_chargeCustomerFail").await;
    let path = format!("/v1/subscriptions/{}", text(&held, "id"));
    let form = |behavior| {
        [
            ("items[0][id]", item(&held)),
            ("items[0][price]", "price_team"),
            ("proration_behavior", "always_invoice"),
            ("payment_behavior", behavior),
        ]
    };

    api.post(&path, &form("error_if_incomplete"))
        .await
        .refused(402, "card_declined");
    assert_eq!(current(&api, &held).await, held);
    let changed = api.post(&path, &form("allow_incomplete")).await.ok();

    assert_eq!(changed["status"], "past_due");
    assert_eq!(changed["items"]["data"][0]["price"]["id"], "price_team");
}

#[tokio::test]
async fn a_trial_ends_now_with_an_invoice_and_a_longer_one_without() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (clock, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[("trial_period_days", "7")]).await;
    advance(&api, &clock, START + DAY).await;
    let later = (START + 20 * DAY).to_string();

    let longer = change(&api, &held, &[("trial_end", &later)]).await;
    assert_eq!(
        (&longer["status"], &longer["trial_end"]),
        (&json!("trialing"), &json!(START + 20 * DAY))
    );
    assert_eq!(stripe.invoices().len(), 1);
    let paid = change(&api, &held, &[("trial_end", "now")]).await;

    assert_eq!(
        (&paid["status"], &paid["trial_end"]),
        (&json!("active"), &json!(START + DAY))
    );
    assert_eq!(paid["billing_cycle_anchor"], START + DAY);
    let invoice = latest_invoice(&api, &held).await;
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(3100))
    );
}

#[tokio::test]
async fn a_canceled_subscription_changes_its_metadata_alone() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (_, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    stripe.cancel_subscription(text(&held, "id")).unwrap();

    let noted = change(&api, &held, &[("metadata[note]", "left")]).await;
    assert_eq!(noted["metadata"], json!({ "note": "left" }));
    let path = format!("/v1/subscriptions/{}", text(&held, "id"));
    let refused = api.post(&path, &[("cancel_at_period_end", "true")]).await;

    assert_eq!(refused.status, 400, "{}", refused.text);
    assert!(
        refused
            .text
            .contains("can only update its cancellation_details and metadata")
    );
}

#[tokio::test]
async fn a_changed_price_shows_in_the_subscriptions_that_have_it() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    plans(&stripe);
    let (_, customer) = clocked(&api, "pm_card_visa").await;
    let held = subscribe(&api, &customer, "price_pro", &[]).await;
    let other = subscribe(&api, &customer, "price_team", &[]).await;

    stripe
        .change_price(
            "price_pro",
            json!({ "lookup_key": "pro", "active": "false" }),
        )
        .unwrap();

    let price = current(&api, &held).await["items"]["data"][0]["price"].clone();
    assert_eq!(
        (&price["lookup_key"], &price["active"]),
        (&json!("pro"), &json!(false))
    );
    assert_eq!(current(&api, &other).await, other);
}
