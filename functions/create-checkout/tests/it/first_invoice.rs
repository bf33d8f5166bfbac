//! The first invoice of a subscription is that of its order: its refunds and disputes find the
//! order, by either id and in any order of events.

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use shared::event::Event;
use testing::{Answer, Client};

use crate::{
    Checkout, order_id,
    subscriptions::{items, post, pro, start, start_with},
};

/// A paid subscription from Checkout, of which no event was delivered.
struct Begun {
    api: Checkout,
    order: String,
    invoice: String,
    intent: String,
}

impl Begun {
    async fn new() -> Self {
        let api = start().await;
        let answer = post(&api, "k1", &pro()).await.expect(200);
        api.pay(&api.only_open());
        let invoices = api.shop.stripe.invoices();
        let intents = api.shop.stripe.payment_intents();
        let ([invoice], [intent]) = (&invoices[..], &intents[..]) else {
            panic!("not one: {invoices:?} {intents:?}")
        };
        let id = |object: &Value| object["id"].as_str().unwrap().to_owned();
        Self {
            order: order_id(&answer),
            invoice: id(invoice),
            intent: id(intent),
            api,
        }
    }

    /// Fay, of the staff, sends `body` to `refund`.
    async fn refund(&self, key: &str, body: &Value) -> Answer {
        let refunds = Client::of(refund::service(self.api.shop.app())).await;
        let fay = self.api.shop.token_of("fay", &["admin"]);
        refunds.request().bearer(&fay).key(key).post(body).await
    }

    /// The number of notifications of this type.
    async fn told(&self, kind: &str) -> usize {
        let all = self.api.shop.notifications().await;
        all.iter().filter(|one| *one == kind).count()
    }

    /// Checks that the order and the invoice were each told of as they should.
    async fn assert_told_once(&self, kind: &str) {
        let all = self.api.shop.notifications().await;
        assert_eq!(self.told("order.paid").await, 1, "{all:?}");
        assert_eq!(self.told(kind).await, 1, "{all:?}");
        for of_invoice in ["invoice.refunded", "invoice.disputed"] {
            assert_eq!(self.told(of_invoice).await, 0, "{all:?}");
        }
    }

    /// Delivers these events to the webhook.
    async fn deliver(&self, events: &[Value]) {
        for event in events {
            let (shop, webhook) = (&self.api.shop, &self.api.webhook);
            let _ = shop.deliver(webhook, event.to_string()).await.expect(200);
        }
    }
}

#[tokio::test]
async fn either_id_leads_to_the_same_order_whether_or_not_its_events_arrived() {
    for is_delivered in [true, false] {
        let it = Begun::new().await;
        if is_delivered {
            assert_eq!(it.api.deliver_all().await, 0);
        }
        let by_invoice = json!({ "invoice": it.invoice, "amount": 700 });
        let by_order = json!({ "orderId": it.order, "amount": 700 });

        let first = it.refund("r1", &by_invoice).await.expect(200);
        assert_eq!(first.body["orderId"], it.order, "{is_delivered}");
        let again = it.refund("r1", &by_order).await.expect(200);
        assert_eq!(again.body, first.body, "it is the same operation");
        let more = json!({ "invoice": it.invoice, "amount": 1201 });
        assert_eq!(
            it.refund("r2", &more).await.code(409),
            "refund_exceeds_paid"
        );
        let rest = json!({ "orderId": it.order });
        let rest = it.refund("r3", &rest).await.expect(200);
        assert_eq!(rest.body["amount"], 1200);
        let over = json!({ "invoice": it.invoice });
        assert_eq!(
            it.refund("r4", &over).await.code(409),
            "refund_exceeds_paid"
        );

        assert_eq!(it.api.deliver_all().await, 0, "nothing is quarantined");
        assert_eq!(it.api.shop.status(&it.order).await, "refunded");
        assert_eq!(it.api.shop.stripe.refunds().len(), 2);
        assert_eq!(it.told("order.paid").await, 1);
        assert_eq!(it.told("order.refunded").await, 2);
        assert_eq!(it.told("invoice.refunded").await, 0);
    }
}

#[tokio::test]
async fn staff_who_use_either_id_at_once_refund_no_more_than_was_paid() {
    let it = Begun::new().await;
    let bodies = [
        json!({ "invoice": it.invoice, "amount": 900 }),
        json!({ "orderId": it.order, "amount": 900 }),
    ];
    let keys: Vec<String> = (0..6).map(|n| format!("r{n}")).collect();
    assert_eq!(
        it.refund("before", &bodies[1]).await.code(409),
        "order_not_paid"
    );
    let calls = keys.iter().enumerate();
    let calls = calls.map(|(n, key)| it.refund(key, &bodies[n % 2]));
    let _ = join_all(calls).await;
    assert_eq!(it.api.deliver_all().await, 0);
    let refunded: i64 = it
        .api
        .shop
        .stripe
        .refunds()
        .iter()
        .map(|one| one["amount"].as_i64().unwrap())
        .sum();
    assert!((900..=1800).contains(&refunded), "{refunded}");
    let order = it.api.shop.order(&it.order).await;
    assert_eq!(order.refunded_amount(), refunded);
    assert_eq!(it.told("order.paid").await, 1);
}

#[tokio::test]
async fn a_refund_before_the_event_of_its_session_finds_the_order() {
    for is_reversed in [true, false] {
        let it = Begun::new().await;
        let before = it.api.shop.stripe.events();
        it.api.shop.stripe.refund(&it.intent, None).unwrap();
        let mut later = it.api.shop.stripe.events_after(before.len());
        if is_reversed {
            later.reverse();
        }

        it.deliver(&later).await;
        assert_eq!(it.api.shop.status(&it.order).await, "refunded");
        it.assert_told_once("order.refunded").await;
        it.deliver(&before).await;
        it.deliver(&later).await;

        assert_eq!(it.api.shop.status(&it.order).await, "refunded");
        it.assert_told_once("order.refunded").await;
        assert!(it.api.shop.store.quarantined().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_dispute_before_the_event_of_its_session_finds_the_order() {
    let it = Begun::new().await;
    let before = it.api.shop.stripe.events();
    let params = json!({ "payment_intent": it.intent, "amount": 1900, "case": "fraudulent" });
    let _ = it.api.shop.stripe.dispute(params).unwrap();
    let later = it.api.shop.stripe.events_after(before.len());

    it.deliver(&later).await;
    it.deliver(&before).await;
    it.deliver(&later).await;

    assert_eq!(it.api.shop.status(&it.order).await, "disputed");
    it.assert_told_once("order.disputed").await;
    assert!(it.api.shop.store.quarantined().await.unwrap().is_empty());
}

#[tokio::test]
async fn all_events_at_once_tell_the_site_once() {
    for quarter in 0..4 {
        let it = Begun::new().await;
        it.api.shop.stripe.refund(&it.intent, None).unwrap();
        let mut events = it.api.shop.stripe.events();
        let begin = events.len() * quarter / 4;
        events.rotate_left(begin);
        let processors: Vec<_> = (0..3).map(|_| it.api.shop.app().processor).collect();
        let calls = events.iter().enumerate().map(|(n, event)| {
            let event = Event::parse(event.to_string().as_bytes()).unwrap();
            processors[n % 3].process(event)
        });
        for processed in join_all(calls).await {
            let _ = processed.unwrap();
        }
        assert_eq!(it.api.shop.status(&it.order).await, "refunded");
        it.assert_told_once("order.refunded").await;
    }
}

#[tokio::test]
async fn a_refund_waits_for_stripe_and_is_not_lost_without_the_permission() {
    let it = Begun::new().await;
    let before = it.api.shop.stripe.events();
    it.api.shop.stripe.refund(&it.intent, None).unwrap();
    let later = it.api.shop.stripe.events_after(before.len());
    let created = later
        .iter()
        .find(|one| one["type"] == "refund.created")
        .unwrap();
    let down = Fault::bad_gateway()
        .on("GET", "/v1/checkout/sessions")
        .times(0);
    it.api.shop.stripe.inject(down);
    let (shop, webhook) = (&it.api.shop, &it.api.webhook);
    let _ = shop.deliver(webhook, created.to_string()).await.expect(503);
    assert!(it.api.shop.notifications().await.is_empty());
    it.api.shop.stripe.clear_faults();

    it.deliver(&later).await;
    it.assert_told_once("order.refunded").await;

    // A key that may not list sessions reports the refund by the invoice.
    let it = Begun::new().await;
    let before = it.api.shop.stripe.events();
    it.api.shop.stripe.refund(&it.intent, None).unwrap();
    let later = it.api.shop.stripe.events_after(before.len());
    let denied = Fault::restricted().on("GET", "/v1/checkout/sessions");
    it.api.shop.stripe.inject(denied.times(0));
    it.deliver(&later).await;
    assert_eq!(it.told("invoice.refunded").await, 1);
    assert_eq!(it.told("order.refunded").await, 0);
}

#[tokio::test]
async fn an_invoice_after_the_first_is_refunded_beside_the_order() {
    let it = Begun::new().await;
    assert_eq!(it.api.deliver_all().await, 0);
    let held = it.api.shop.stripe.subscriptions()[0].clone();
    let customer = held["customer"].as_str().unwrap();
    let clock = it.api.shop.stripe.adopt_clock(customer).unwrap();
    let now = clock["frozen_time"].as_u64().unwrap();
    let clock = clock["id"].as_str().unwrap();
    it.api
        .shop
        .stripe
        .advance_clock(clock, now + 32 * 24 * 60 * 60)
        .unwrap();
    assert_eq!(it.api.deliver_all().await, 0);
    let invoices = it.api.shop.stripe.invoices();
    let second = invoices.iter().find(|one| one["id"] != it.invoice).unwrap();
    assert_eq!(second["status"], "paid");

    let body = json!({ "invoice": second["id"], "amount": 400 });
    let refunded = it.refund("r1", &body).await.expect(200);
    assert_ne!(refunded.body["orderId"], it.order);
    let first = json!({ "invoice": it.invoice, "amount": 1900 });
    let first = it.refund("r2", &first).await.expect(200);
    assert_eq!(first.body["orderId"], it.order);
    assert_eq!(it.api.deliver_all().await, 0);

    assert_eq!(it.api.shop.status(&it.order).await, "refunded");
    assert_eq!(it.told("order.refunded").await, 1);
    assert_eq!(it.told("invoice.refunded").await, 1);
}

#[tokio::test]
async fn a_first_invoice_of_zero_is_refused_and_one_of_a_single_purchase_does_not_exist() {
    let file = json!({ "subscription_data": { "trial_period_days": 7 },
        "invoice_creation": { "enabled": true } });
    let api = start_with(&file).await;
    let plan = items(&json!([{ "price": "pro", "quantity": 1 }]));
    let _ = post(&api, "k1", &plan).await.expect(200);
    api.pay(&api.only_open());
    let _ = post(&api, "k2", &crate::mugs(1)).await.expect(200);
    api.pay(&api.only_open());
    assert_eq!(api.deliver_all().await, 0);
    let refunds = Client::of(refund::service(api.shop.app())).await;
    let fay = api.shop.token_of("fay", &["admin"]);
    let expected = [(409, "invoice_not_paid"), (404, "not_found")];
    for (invoice, (status, code)) in api.shop.stripe.invoices().iter().zip(expected) {
        let body = json!({ "invoice": invoice["id"] });
        let call = refunds.request().bearer(&fay).key("r1");
        assert_eq!(call.post(&body).await.code(status), code);
    }
    assert!(api.shop.stripe.refunds().is_empty());
}
