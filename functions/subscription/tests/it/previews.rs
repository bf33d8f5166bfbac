//! Previews: what a change would cost, without the change.

use serde_json::{Value, json};

use super::Saas;

impl Saas {
    async fn preview(&self, mut body: Value) -> Value {
        body["preview"] = json!(true);
        let answer = self.api.as_role("ada", "customer").post(&body).await;
        answer.expect(200).body["preview"].clone()
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
