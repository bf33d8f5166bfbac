//! Previews: what a change would cost, without the change.

use serde_json::{Value, json};
use testing::Answer;

use super::{Saas, text};

impl Saas {
    async fn preview(&self, body: Value) -> Value {
        let answer = self.preview_of(body).await;
        answer.expect(200).body["preview"].clone()
    }

    async fn preview_of(&self, mut body: Value) -> Answer {
        body["preview"] = json!(true);
        self.api.as_role("ada", "customer").post(&body).await
    }
}

#[tokio::test]
async fn a_preview_says_what_is_due_now_and_next_and_changes_nothing() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.basic).await;
    let before = saas.read("ada", "").await.expect(200).body;
    let events = saas.shop().stripe.events().len();
    let end = &before["subscriptions"][0]["currentPeriodEnd"];

    let up = saas
        .preview(json!({ "id": id, "change": { "price": "pro" } }))
        .await;
    let later = json!({ "id": id, "change": { "price": "pro", "when": "period_end" } });
    let later = saas.preview(later).await;
    let cancel = saas.preview(json!({ "id": id, "cancel": "now" })).await;

    assert_eq!(up["currency"], "usd");
    assert_eq!(up["dueNow"]["amount"], 1000);
    let lines = up["dueNow"]["lines"].as_array().unwrap();
    let amounts: Vec<i64> = lines
        .iter()
        .map(|line| line["amount"].as_i64().unwrap())
        .collect();
    assert_eq!(amounts.iter().sum::<i64>(), 1000);
    assert!(lines.iter().all(|line| line["proration"] == true));
    assert_eq!(
        (&up["next"]["amount"], &up["next"]["date"]),
        (&json!(1900), end)
    );
    assert_eq!(later["dueNow"]["amount"], 0);
    assert_eq!(
        (&later["next"]["amount"], &later["next"]["date"]),
        (&json!(1900), end)
    );
    assert_eq!(
        (&cancel["dueNow"]["amount"], &cancel["next"]),
        (&json!(0), &Value::Null)
    );
    assert_eq!(
        saas.shop().stripe.events().len(),
        events,
        "nothing happened"
    );
    assert_eq!(saas.read("ada", "").await.expect(200).body, before);
}

#[tokio::test]
async fn the_preview_of_a_cheaper_plan_shows_the_credit_that_stays_on_the_balance() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;

    let down = saas
        .preview(json!({ "id": id, "change": { "price": "basic" } }))
        .await;

    assert_eq!(
        (&down["dueNow"]["amount"], &down["dueNow"]["credit"]),
        (&json!(0), &json!(1000))
    );
}

#[tokio::test]
async fn the_preview_of_resuming_a_paused_subscription_says_what_it_takes_now_and_next() {
    const START: u64 = 1_790_000_000;
    let saas = Saas::open().await;
    let (shop, stripe) = (saas.shop(), &saas.shop().stripe);
    let clock = text(&stripe.create_clock(START).unwrap()["id"]);
    let customer = shop.subscriber("ada", Some(&clock), "pm_card_visa").await;
    let without = json!({ "invoice_settings": { "default_payment_method": "" } });
    stripe.change_customer(&customer, without).unwrap();
    let trial = json!({ "trial_period_days": 7,
        "trial_settings": { "end_behavior": { "missing_payment_method": "pause" } } });
    let id = shop.subscribe_customer(&customer, &saas.pro, &trial);
    let now = START + 10 * 86_400;
    stripe.advance_clock(&clock, now).unwrap();
    saas.look(&id).await;
    let read = saas.read("ada", "").await.expect(200).body;
    assert_eq!(read["subscriptions"][0]["status"], "paused");
    shop.pay_by(&customer, "pm_card_visa");
    let invoices = stripe.invoices().len();
    let resume = json!({ "id": id, "resume": true });

    let preview = saas.preview(resume.clone()).await;

    assert_eq!(stripe.invoices().len(), invoices, "nothing happened");
    assert_eq!(preview["dueNow"]["amount"], 1900);
    assert_eq!(preview["dueNow"]["lines"][0]["proration"], false);
    assert_eq!(preview["next"]["amount"], 1900);
    let resumed = saas.change("ada", "1", &resume).await.expect(200).body;
    let held = &resumed["subscription"];
    assert_eq!(held["status"], "active", "{resumed}");
    assert_eq!(held["latestInvoice"]["amountPaid"], 1900);
    assert_eq!(held["currentPeriodEnd"], preview["next"]["date"]);
    let again = saas.preview_of(resume).await;
    assert_eq!(again.code(400), "invalid_request", "it is not paused");
}

#[tokio::test]
async fn a_preview_needs_no_key_and_counts_for_the_limit() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    let body = json!({ "id": id, "cancel": "period_end", "preview": true });
    for _ in 0..120 {
        let answer = saas.api.as_role("ada", "customer").post(&body).await;
        let _ = answer.expect(200);
    }
    let answer = saas.api.as_role("ada", "customer").post(&body).await;
    assert_eq!(answer.code(429), "too_many_requests");
}
