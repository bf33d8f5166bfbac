//! Invoices that are not refunded.

use serde_json::{Value, json};
use testing::Log;

use super::*;

/// The next invoice of the shop, of a new subscription of `customer`.
fn another(it: &Subscribed, more: &Value) -> String {
    let shop = &it.api.shop;
    let plan = shop.plan(
        &format!("plan{}", shop.stripe.invoices().len()),
        900,
        "month",
    );
    let _ = shop.subscribe_customer(&it.customer, &plan, more);
    newest(shop).0
}

async fn refused(it: &Subscribed, invoice: &str, status: u16, code: &str) {
    let body = json!({ "invoice": invoice });
    assert_eq!(
        post(&it.api, invoice, &body).await.code(status),
        code,
        "{invoice}"
    );
    let id = OrderId::of_invoice(invoice);
    let stored = it.api.shop.store.order(&id).await.unwrap();
    assert_eq!(stored, None, "nothing is written about it");
}

#[tokio::test]
async fn an_invoice_that_is_not_paid_or_is_zero_is_refused() {
    let it = Subscribed::open().await;
    let by_mail = json!({ "collection_method": "send_invoice", "days_until_due": "30" });
    let draft = another(&it, &by_mail);
    let incomplete = json!({ "payment_behavior": "default_incomplete" });
    let open = another(&it, &incomplete);
    let void = another(&it, &incomplete);
    it.api.shop.stripe.void_invoice(&void).unwrap();
    let zero = another(&it, &json!({ "trial_period_days": 7 }));
    let statuses = [&draft, &open, &void, &zero].map(|id| {
        let invoices = it.api.shop.stripe.invoices();
        let found = invoices.iter().find(|one| one["id"] == **id);
        found.unwrap()["status"].clone()
    });
    assert_eq!(statuses, ["draft", "open", "void", "paid"].map(Value::from));

    for invoice in [draft, open, void, zero] {
        refused(&it, &invoice, 409, "invoice_not_paid").await;
    }
    assert!(it.api.shop.stripe.refunds().is_empty());
}

#[tokio::test]
async fn an_invoice_that_was_paid_outside_stripe_is_refused() {
    let it = Subscribed::open().await;
    let by_mail = json!({ "collection_method": "send_invoice", "days_until_due": "30" });
    let invoice = another(&it, &by_mail);
    let outside = json!({ "paid_out_of_band": "true" });
    it.api.shop.stripe.pay_invoice(&invoice, outside).unwrap();
    refused(&it, &invoice, 409, "invoice_not_refundable").await;
}

#[tokio::test]
async fn an_invoice_of_nobody_of_another_shop_or_unknown_does_not_exist() {
    let it = Subscribed::open().await;
    let shop = &it.api.shop;
    let stranger = shop.stripe.create_customer(json!({})).unwrap();
    let stranger = stranger["id"].as_str().unwrap().to_owned();
    shop.pay_by(&stranger, "pm_card_visa");
    let plan = shop.plan("basic", 900, "month");
    let _ = shop.subscribe_customer(&stranger, &plan, &json!({}));
    let (of_nobody, _) = newest(shop);
    let other = shop.open_beside().await;
    let customer = other.subscriber("ada", None, "pm_card_visa").await;
    let _ = other.subscribe_customer(&customer, &plan, &json!({}));
    let (of_another, _) = newest(shop);
    let of_another_deployment = another(
        &it,
        &json!({ "metadata": { "farebox_deployment": "another" } }),
    );

    for invoice in [
        of_nobody,
        of_another,
        of_another_deployment,
        "in_unknown".to_owned(),
    ] {
        refused(&it, &invoice, 404, "not_found").await;
    }
    assert!(shop.stripe.refunds().is_empty());
}

#[tokio::test]
async fn roles_without_the_permission_learn_nothing_of_an_invoice() {
    let it = Subscribed::open().await;
    let body = json!({ "invoice": it.invoice });
    for role in ["guest", "customer", "support"] {
        let call = it.api.as_role("ada", role).key("k1");
        assert_eq!(call.post(&body).await.code(403), "forbidden");
    }
    let called = it.api.shop.stripe.requests();
    let asked = called
        .iter()
        .filter(|one| one.path.starts_with("/v1/invoices/"));
    assert_eq!(asked.count(), 0);
    assert!(!it.is_adopted().await);
}

#[tokio::test]
async fn who_reaches_their_own_invoices_alone_learns_nothing_of_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("roles.json");
    let roles = json!({ "owner": { "refund:create": { "scope": "own" } } });
    std::fs::write(&file, roles.to_string()).unwrap();
    let roles = [
        ("FAREBOX_ROLES", file.to_str().unwrap()),
        ("FAREBOX_DEFAULT_ROLE", "owner"),
    ];
    let shop = Shop::open_with(&roles).await;
    let it = Subscribed::over(shop).await;
    let by_mail = json!({ "collection_method": "send_invoice", "days_until_due": "30" });
    let draft = another(&it, &by_mail);
    for invoice in [&it.invoice, &draft] {
        let body = json!({ "invoice": invoice });
        let call = it.api.as_role("eve", "owner").key("k1");
        assert_eq!(call.post(&body).await.code(404), "not_found");
    }
    assert!(!it.is_adopted().await);
    let call = it.api.as_role("ada", "owner").key("k1");
    let _ = call.post(&it.part(100)).await.expect(200);
    let call = it.api.as_role("eve", "owner").key("k1");
    assert_eq!(call.post(&it.part(100)).await.code(404), "not_found");
}

#[tokio::test]
async fn the_request_names_an_order_or_an_invoice() {
    let it = Subscribed::open().await;
    let cases = [
        (
            json!({ "orderId": "o_1", "invoice": it.invoice }),
            "either `orderId` or `invoice`",
        ),
        (json!({ "amount": 5 }), "`orderId` or `invoice` is missing"),
        (json!({ "invoice": null }), "`invoice`"),
        (json!({ "invoice": "in_" }), "`invoice`"),
        (json!({ "invoice": "in_../x" }), "`invoice`"),
        (json!({ "invoice": "in_1?expand[]=x" }), "`invoice`"),
        (json!({ "invoice": it.intent }), "`invoice`"),
        (
            json!({ "invoice": it.invoice, "amount": 0 }),
            "`amount` must be greater than zero",
        ),
    ];
    for (body, what) in cases {
        let answer = post(&it.api, "k1", &body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains(what), "{body}: {message}");
    }
    let keyless = it.api.as_role("fay", "admin").post(&it.part(5)).await;
    assert_eq!(keyless.code(400), "invalid_request");
    assert!(it.api.shop.stripe.refunds().is_empty());
}

#[tokio::test]
async fn a_currency_that_the_role_does_not_name_is_denied() {
    let it = Subscribed::open().await;
    let shop = &it.api.shop;
    let price = json!({ "currency": "jpy", "unit_amount": 900,
        "recurring": { "interval": "month" }, "product_data": { "name": "yen" } });
    let price = shop.stripe.create_price(price).unwrap()["id"].clone();
    let customer = shop.subscriber("bob", None, "pm_card_visa").await;
    let _ = shop.subscribe_customer(&customer, price.as_str().unwrap(), &json!({}));
    let (invoice, _) = newest(shop);
    let body = json!({ "invoice": invoice, "amount": 1 });

    let denied = post_as(&it.api, "finance", "k1", &body).await;
    assert_eq!(denied.code(403), "refund_limit");
    let done = post_as(&it.api, "admin", "k2", &body).await.expect(200);
    assert_eq!(done.body["currency"], "jpy");
}

#[tokio::test]
async fn each_decision_about_an_invoice_is_recorded() {
    let it = Subscribed::open().await;
    let (log, guard) = Log::start();
    let _ = it.refund("k1", 700).await.expect(200);
    let unknown = json!({ "invoice": "in_unknown" });
    let _ = post(&it.api, "k2", &unknown).await.expect(404);
    drop(guard);

    let text = log.text();
    let lines = text
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap());
    let records = lines.filter(|line| line["audit"] == true);
    let of = |record: Value| {
        let names = ["action", "object", "allowed", "why"];
        json!(names.map(|name| record[name].clone()))
    };
    let records: Vec<Value> = records.map(of).collect();
    let expected = [
        json!(["refund:create", it.invoice, true, "any"]),
        json!(["refund:create", "in_unknown", false, "not_there"]),
    ];
    assert_eq!(records, expected);
}

#[tokio::test]
async fn a_key_that_reads_no_invoices_refunds_none_and_says_so() {
    let it = Subscribed::open().await;
    let denied = sandbox::Fault::restricted().on("GET", "/v1/invoices/");
    it.api.shop.stripe.inject(denied.times(0));
    let (log, guard) = Log::start();
    assert_eq!(it.refund("k1", 700).await.code(409), "refund_refused");
    drop(guard);
    assert!(log.says("let Stripe's key read Invoices"), "{}", log.text());
    it.api.shop.stripe.clear_faults();
    let _ = it.refund("k1", 700).await.expect(200);
}
