//! Invoices of subscriptions: their refunds, what is refused, and the notifications.

mod faults;
mod refused;

use futures_util::future::join_all;
use refund::service;
use serde_json::{Value, json};
use shared::{
    access::CallerId,
    event::Event,
    order::{Order, OrderId},
    store::OrderRange,
};
use testing::{Answer, Shop, TestServer};

use crate::{amounts, post, post_as};

/// The function over a shop with the subscriber `ada`, whose invoice of 19.00 is paid.
struct Subscribed {
    api: TestServer,
    customer: String,
    subscription: String,
    invoice: String,
    intent: String,
}

impl Subscribed {
    async fn open() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let customer = shop.subscriber("ada", None, "pm_card_visa").await;
        let plan = shop.plan("pro", 1900, "month");
        let subscription = shop.subscribe_customer(&customer, &plan, &json!({}));
        let (invoice, intent) = newest(&shop);
        let api = TestServer::over(shop, service).await;
        Self {
            api,
            customer,
            subscription,
            invoice,
            intent,
        }
    }

    /// A refund of `amount` of the invoice.
    fn part(&self, amount: i64) -> Value {
        json!({ "invoice": self.invoice, "amount": amount })
    }

    async fn refund(&self, key: &str, amount: i64) -> Answer {
        post(&self.api, key, &self.part(amount)).await
    }

    /// The order that stands for the invoice.
    async fn order(&self) -> Order {
        let id = OrderId::of_invoice(&self.invoice);
        self.api.shop.order(id.as_str()).await
    }

    async fn is_adopted(&self) -> bool {
        let id = OrderId::of_invoice(&self.invoice);
        self.api.shop.store.order(&id).await.unwrap().is_some()
    }

    /// Processes all events so far, as the webhook does.
    async fn deliver(&self) {
        process_all(&self.api.shop).await;
    }

    /// The data of the notifications of a refund of an invoice.
    async fn notified(&self) -> Vec<Value> {
        told(&self.api.shop, "invoice.refunded").await
    }
}

/// The newest invoice of the shop, and the intent that paid it, if one did.
fn newest(shop: &Shop) -> (String, String) {
    let invoice = shop.stripe.invoices().last().unwrap()["id"].clone();
    let intents = shop.stripe.payment_intents();
    let intent = intents.last().map(|one| one["id"].clone());
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (
        text(&invoice),
        intent.as_ref().map(text).unwrap_or_default(),
    )
}

async fn process_all(shop: &Shop) {
    let processor = shop.app().processor;
    for event in shop.stripe.events() {
        let event = Event::parse(event.to_string().as_bytes()).unwrap();
        processor.process(event).await.unwrap();
    }
}

/// The data of the notifications of this type.
async fn told(shop: &Shop, kind: &str) -> Vec<Value> {
    let messages = shop.outbox().await.into_iter();
    let of_kind = messages.filter(|queued| queued.message.kind == kind);
    of_kind
        .map(|queued| serde_json::from_str::<Value>(&queued.message.body).unwrap()["data"].clone())
        .collect()
}

#[tokio::test]
async fn parts_of_an_invoice_are_refunded_and_never_more_than_was_paid() {
    let it = Subscribed::open().await;

    let first = it.refund("k1", 700).await.expect(200);

    let id = OrderId::of_invoice(&it.invoice).to_string();
    let refund = it.api.shop.stripe.refunds()[0]["id"].clone();
    let expected = json!({ "orderId": id, "refundId": refund, "amount": 700, "currency": "usd",
        "status": "succeeded" });
    assert_eq!(first.body, expected);
    assert_eq!(it.refund("k1", 700).await.expect(200).body, first.body);
    assert_eq!(
        it.refund("k1", 701).await.code(409),
        "idempotency_key_reused"
    );
    assert_eq!(it.refund("k2", 1201).await.code(409), "refund_exceeds_paid");
    let rest = json!({ "invoice": it.invoice });
    let last = post(&it.api, "k3", &rest).await.expect(200);
    assert_eq!(last.body["amount"], 1200);
    assert_eq!(
        post(&it.api, "k4", &rest).await.code(409),
        "refund_exceeds_paid"
    );
    assert_eq!(amounts(&it.api.shop), [700, 1200]);
    assert_eq!(it.order().await.status().as_str(), "refunded");
}

#[tokio::test]
async fn the_site_is_notified_once_of_each_refund_by_its_invoice_alone() {
    let it = Subscribed::open().await;
    let refund = it.refund("k1", 700).await.expect(200).body["refundId"].clone();
    let at_once = it.notified().await;
    let _ = it.refund("k1", 700).await.expect(200);
    for _ in 0..2 {
        it.deliver().await;
    }
    let _ = it.refund("k2", 300).await.expect(200);
    it.deliver().await;

    let notified = it.notified().await;
    assert_eq!((at_once.len(), notified.len()), (1, 2));
    let data = &at_once[0];
    assert_eq!(data["invoiceId"], it.invoice);
    assert_eq!(data["subscriptionId"], it.subscription);
    assert_eq!(data["customer"], "ada");
    let expected = json!({ "id": refund, "amount": 700, "currency": "usd",
        "status": "succeeded" });
    assert_eq!(data["refund"], expected);
    let kinds = it.api.shop.notifications().await;
    assert!(
        kinds.iter().all(|kind| !kind.starts_with("order.")),
        "{kinds:?}"
    );
}

/// Removes the messages of refunds, as if no process had written them.
async fn forget_notifications(it: &Subscribed) {
    let file = it.api.shop.folder().join("farebox.sqlite");
    let database = rusqlite::Connection::open(file).unwrap();
    let removed = database.execute("DELETE FROM outbox WHERE type = 'invoice.refunded'", []);
    assert_eq!(removed, Ok(1));
    assert!(it.notified().await.is_empty());
}

#[tokio::test]
async fn an_event_notifies_the_site_where_the_request_or_its_first_delivery_did_not() {
    let it = Subscribed::open().await;
    let _ = it.refund("k1", 700).await.expect(200);

    forget_notifications(&it).await;
    it.deliver().await;
    assert_eq!(it.notified().await.len(), 1);

    forget_notifications(&it).await;
    it.deliver().await;
    assert_eq!(it.notified().await.len(), 1, "the event was claimed before");
}

#[tokio::test]
async fn the_order_of_an_invoice_is_in_no_list_and_has_the_record_of_its_refunds() {
    let it = Subscribed::open().await;
    let answer = it.refund("k1", 700).await.expect(200);

    let shown = it
        .api
        .shop
        .order(answer.body["orderId"].as_str().unwrap())
        .await;

    assert_eq!(shown.invoice(), Some(it.invoice.as_str()));
    assert_eq!(shown.subscription(), Some(it.subscription.as_str()));
    assert_eq!(shown.owner().as_str(), "ada");
    let fay = CallerId::parse("fay").unwrap();
    assert_eq!(shown.refund_requests()[0].by(), fay.alias());
    let (store, ada) = (&it.api.shop.store, CallerId::parse("ada").unwrap());
    let newest = OrderRange::newest(9);
    assert!(
        store
            .orders_of(&ada, &newest)
            .await
            .unwrap()
            .orders
            .is_empty()
    );
    assert!(store.all_orders(&newest).await.unwrap().orders.is_empty());
}

#[tokio::test]
async fn refunds_from_the_dashboard_count_whether_or_not_their_events_arrived() {
    for (is_delivered, is_first) in [(false, false), (true, false), (false, true), (true, true)] {
        let it = Subscribed::open().await;
        if is_first {
            let _ = it.refund("k0", 100).await.expect(200);
        }
        it.api.shop.stripe.refund(&it.intent, Some(1200)).unwrap();
        if is_delivered {
            it.deliver().await;
        }
        let left = if is_first { 600 } else { 700 };
        let too_much = it.refund("k1", left + 1).await;
        assert_eq!(too_much.code(409), "refund_exceeds_paid", "{is_delivered}");
        assert_eq!(it.order().await.left_to_refund(), left, "{is_delivered}");
        let _ = it.refund("k2", left).await.expect(200);

        it.deliver().await;
        let expected = if is_first { 3 } else { 2 };
        assert_eq!(it.notified().await.len(), expected, "{is_delivered}");
        assert_eq!(it.order().await.refunded_amount(), 1900);
    }
}

#[tokio::test]
async fn an_invoice_that_the_dashboard_refunded_in_full_is_refused() {
    let it = Subscribed::open().await;
    it.api.shop.stripe.refund(&it.intent, None).unwrap();
    let rest = json!({ "invoice": it.invoice });
    assert_eq!(
        post(&it.api, "k1", &rest).await.code(409),
        "refund_exceeds_paid"
    );
    assert_eq!(it.refund("k2", 1).await.code(409), "refund_exceeds_paid");
    assert_eq!(amounts(&it.api.shop), [1900]);
}

#[tokio::test]
async fn two_staff_at_once_refund_no_more_than_was_paid() {
    let it = Subscribed::open().await;
    let others = [it.api.another().await, it.api.another().await];
    let tokens = ["fay", "gus"].map(|name| it.api.shop.token_of(name, &["admin"]));
    let body = it.part(500);
    let keys: Vec<String> = (0..8).map(|n| format!("k{n}")).collect();
    let calls = keys.iter().enumerate().map(|(n, key)| {
        let call = others[n % 2].request().bearer(&tokens[n / 2 % 2]);
        call.key(key).post(&body)
    });

    let answers = join_all(calls).await;

    let mut statuses: Vec<u16> = answers.iter().map(|one| one.status.as_u16()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 200, 200, 409, 409, 409, 409, 409]);
    assert_eq!(amounts(&it.api.shop), [500, 500, 500]);
    assert_eq!(it.order().await.left_to_refund(), 400);
    assert_eq!(it.notified().await.len(), 3);
}

#[tokio::test]
async fn one_operation_sent_by_many_at_once_is_one_refund() {
    let it = Subscribed::open().await;
    let others = [it.api.another().await, it.api.another().await];
    let token = it.api.shop.token_of("fay", &["admin"]);
    let body = it.part(500);
    let calls = (0..8).map(|n| others[n % 2].request().bearer(&token).key("k1").post(&body));

    let answers = join_all(calls).await;

    let refund = it.api.shop.stripe.refunds()[0]["id"].clone();
    for answer in answers {
        assert_eq!(answer.expect(200).body["refundId"], refund);
    }
    assert_eq!(amounts(&it.api.shop), [500]);
    assert_eq!(it.notified().await.len(), 1);
}

#[tokio::test]
async fn limits_of_a_role_hold_over_orders_and_invoices_together() {
    let it = Subscribed::over(Shop::open().await.at_fixed_time()).await;
    it.api.shop.paid_order("o_1", 900_000, "usd").await;
    let order = |amount: i64| json!({ "orderId": "o_1", "amount": amount });
    for key in ["k1", "k2", "k3", "k4"] {
        let answer = post_as(&it.api, "finance", key, &order(49_900)).await;
        let _ = answer.expect(200);
    }

    let over = post_as(&it.api, "finance", "k5", &it.part(401)).await;
    assert_eq!(over.code(403), "refund_limit");
    let _ = post_as(&it.api, "finance", "k6", &it.part(400))
        .await
        .expect(200);
    let over = post_as(&it.api, "finance", "k7", &order(1)).await;
    assert_eq!(over.code(403), "refund_limit");
    let _ = post_as(&it.api, "admin", "k8", &it.part(1))
        .await
        .expect(200);

    it.api.shop.clock.advance(24 * 60 * 60);
    let _ = post_as(&it.api, "finance", "k5", &it.part(401))
        .await
        .expect(200);
}

#[tokio::test]
async fn a_refund_and_then_a_dispute_of_an_invoice_are_both_recorded_and_told() {
    let it = Subscribed::open().await;
    let _ = it.refund("k1", 700).await.expect(200);
    let params = json!({ "payment_intent": it.intent, "amount": 1200, "case": "fraudulent" });
    let dispute = it.api.shop.stripe.dispute(params).unwrap();
    it.deliver().await;

    let order = it.order().await;
    assert_eq!(order.status().as_str(), "disputed");
    assert_eq!(order.refunded_amount(), 700);
    assert_eq!(it.refund("k2", 100).await.code(409), "order_disputed");
    assert_eq!(it.order().await.left_to_refund(), 1200, "it is free again");
    let disputed = told(&it.api.shop, "invoice.disputed").await;
    assert_eq!(disputed.len(), 1);
    assert_eq!(disputed[0]["invoiceId"], it.invoice);

    let id = dispute["id"].as_str().unwrap();
    it.api.shop.stripe.close_dispute(id, true).unwrap();
    it.deliver().await;
    assert_eq!(told(&it.api.shop, "invoice.disputed").await.len(), 2);
    assert_eq!(it.notified().await.len(), 1);
    let _ = it.refund("k3", 1200).await.expect(200);
    assert_eq!(amounts(&it.api.shop), [700, 1200]);
}

#[tokio::test]
async fn a_refund_of_an_invoice_that_fails_later_can_be_made_again() {
    let it = Subscribed::open().await;
    let answer = it.refund("k1", 1900).await.expect(200);
    let refund = answer.body["refundId"].as_str().unwrap();
    it.api.shop.stripe.fail_refund(refund).unwrap();
    it.deliver().await;

    assert_eq!(it.order().await.left_to_refund(), 1900);
    let statuses: Vec<Value> = it
        .notified()
        .await
        .iter()
        .map(|one| one["refund"]["status"].clone())
        .collect();
    assert_eq!(statuses, [json!("succeeded"), json!("failed")]);
    let _ = it.refund("k2", 1900).await.expect(200);
}

#[tokio::test]
async fn the_same_key_for_an_order_and_an_invoice_names_two_refunds() {
    let it = Subscribed::open().await;
    it.api.shop.paid_order("o_1", 1500, "usd").await;
    let body = json!({ "orderId": "o_1", "amount": 500 });
    let _ = post(&it.api, "k1", &body).await.expect(200);
    let _ = it.refund("k1", 500).await.expect(200);
    assert_eq!(amounts(&it.api.shop), [500, 500]);
    // By the id of its order, it is the same operation.
    let mut by_order = it.part(500);
    by_order.as_object_mut().unwrap().remove("invoice");
    by_order["orderId"] = OrderId::of_invoice(&it.invoice).as_str().into();
    let _ = post(&it.api, "k1", &by_order).await.expect(200);
    assert_eq!(amounts(&it.api.shop), [500, 500]);
}
