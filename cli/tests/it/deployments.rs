//! Two deployments on one Stripe account: each function creates its own objects, and each webhook
//! processes only its own events.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::{App, Clock, stripe::Stripe};
use testing::{Client, Log, Shop};

use crate::access::serve_all;

/// A deployment.
struct Deployment {
    shop: Shop,
    functions: BTreeMap<&'static str, Client>,
}

impl Deployment {
    async fn of(shop: Shop) -> Self {
        let functions = serve_all(&shop).await;
        Self { shop, functions }
    }

    /// Two deployments on one account.
    async fn both() -> [Self; 2] {
        let first = Shop::open().await;
        let second = first.open_beside().await;
        [Self::of(first).await, Self::of(second).await]
    }

    fn id(&self) -> &str {
        self.shop.store.deployment().unwrap().id()
    }

    async fn post(&self, function: &str, token: &str, key: &str, body: &Value) -> Value {
        let call = self.functions[function].request().bearer(token);
        call.key(key).post(body).await.expect(200).body
    }

    /// `user-1` starts to pay `ord-1` of 19.99, signed by this deployment's site.
    async fn start(&self, function: &str) -> Value {
        let order = json!({ "orderId": "ord-1", "amount": 1999, "currency": "eur" });
        let mut body = json!({ "order": self.shop.order_token("user-1", &order) });
        if function == "create-checkout" {
            body["successUrl"] = json!("https://shop.example/return");
            body["cancelUrl"] = json!("https://shop.example/cart");
        }
        let token = self.shop.token_of("user-1", &["guest"]);
        self.post(function, &token, "k1", &body).await
    }

    /// The finance user Fay refunds 5.00 of `ord-1`.
    async fn refund(&self) -> Value {
        let token = self.shop.token_of("fay", &["admin"]);
        let body = json!({ "orderId": "ord-1", "amount": 500 });
        self.post("refund", &token, "k1", &body).await
    }

    /// Delivers all events of the account to the webhook.
    async fn deliver_all(&self) {
        for event in self.shop.stripe.events() {
            let webhook = &self.functions["webhook"];
            let answer = self.shop.deliver(webhook, event.to_string()).await;
            let _ = answer.expect(200);
        }
    }

    /// The status of `ord-1`, and its refunded amount.
    async fn order(&self) -> (&'static str, i64) {
        let order = self.shop.order("ord-1").await;
        (order.status().as_str(), order.refunded_amount())
    }

    async fn quarantined(&self) -> usize {
        self.shop.store.quarantined().await.unwrap().len()
    }
}

/// The deployments in the metadata of `objects`, in the order of their creation.
fn named(objects: &[Value]) -> Vec<&str> {
    let named = objects.iter();
    let named = named.map(|one| one["metadata"]["farebox_deployment"].as_str());
    named
        .map(|named| named.expect("the metadata has a deployment"))
        .collect()
}

#[tokio::test]
async fn one_order_id_of_two_deployments_is_two_payments() {
    let [first, second] = Deployment::both().await;
    let started = [
        first.start("create-intent").await,
        second.start("create-intent").await,
    ];
    assert_ne!(started[0]["clientSecret"], started[1]["clientSecret"]);
    let intents = first.shop.stripe.payment_intents();
    assert_eq!(named(&intents), [first.id(), second.id()]);

    let paid = intents[0]["id"].as_str().unwrap();
    let confirmed = first.shop.stripe.confirm(paid, "pm_card_visa").await;
    confirmed.unwrap();
    let (log, guard) = Log::start();
    for one in [&first, &second] {
        one.deliver_all().await;
    }
    drop(guard);

    assert_eq!(first.order().await, ("paid", 0));
    assert_eq!(second.order().await, ("created", 0));
    assert_eq!(first.shop.notifications().await, ["order.paid"]);
    assert_eq!(second.shop.notifications().await, [""; 0]);
    assert_eq!(
        (first.quarantined().await, second.quarantined().await),
        (0, 0)
    );
    assert!(log.text().contains("metric.other_deployment"));
}

#[tokio::test]
async fn an_order_without_an_intent_yet_is_not_paid_by_another_deployments() {
    let [first, second] = Deployment::both().await;
    first.start("create-intent").await;
    let intents = first.shop.stripe.payment_intents();
    let paid = intents[0]["id"].as_str().unwrap();
    let confirmed = first.shop.stripe.confirm(paid, "pm_card_visa").await;
    confirmed.unwrap();
    // The second deployment's process ends after it created the order, and before it created the
    // intent.
    let fault = sandbox::Fault::error()
        .on("POST", "/v1/payment_intents")
        .times(0);
    second.shop.stripe.inject(fault.should_retry(false));
    let order = json!({ "orderId": "ord-1", "amount": 1999, "currency": "eur" });
    let body = json!({ "order": second.shop.order_token("user-1", &order) });
    let token = second.shop.token_of("user-1", &["guest"]);
    let call = second.functions["create-intent"].request().bearer(&token);
    assert_eq!(call.key("k1").post(&body).await.code(503), "unavailable");

    second.deliver_all().await;

    assert_eq!(second.order().await, ("created", 0));
    assert_eq!(second.quarantined().await, 0);
}

#[tokio::test]
async fn one_order_id_of_two_deployments_is_two_pages_and_two_refunds() {
    let [first, second] = Deployment::both().await;
    for one in [&first, &second] {
        one.start("create-checkout").await;
    }
    let pages = first.shop.stripe.checkout_sessions();
    assert_eq!(named(&pages), [first.id(), second.id()]);
    for page in &pages {
        let id = page["id"].as_str().unwrap();
        first.shop.stripe.pay_session(id, "pm_card_visa").unwrap();
    }
    let intents = first.shop.stripe.payment_intents();
    assert_eq!(named(&intents), [first.id(), second.id()]);
    for one in [&first, &second] {
        one.deliver_all().await;
        assert_eq!(one.order().await, ("paid", 0));
    }

    let refunds = [first.refund().await, second.refund().await];

    assert_ne!(refunds[0]["refundId"], refunds[1]["refundId"]);
    assert_eq!(
        named(&first.shop.stripe.refunds()),
        [first.id(), second.id()]
    );
    for one in [&first, &second] {
        one.deliver_all().await;
        assert_eq!(one.order().await, ("partially_refunded", 500));
        assert_eq!(
            one.shop.notifications().await,
            ["order.paid", "order.refunded"]
        );
        assert_eq!(one.quarantined().await, 0);
    }
}

#[tokio::test]
async fn one_caller_of_two_deployments_is_two_customers() {
    let [first, second] = Deployment::both().await;
    for one in [&first, &second] {
        let token = one.shop.token_of("user-1", &["customer"]);
        let body = json!({ "returnUrl": "https://shop.example/account" });
        one.post("portal", &token, "k1", &body).await;
    }

    let customers = first.shop.stripe.customers();
    assert_eq!(named(&customers), [first.id(), second.id()]);
    for (one, customer) in [&first, &second].into_iter().zip(&customers) {
        let token = one.shop.token_of("user-1", &["customer"]);
        let read = one.functions["customer"].request().bearer(&token);
        assert_eq!(read.get().await.expect(200).body["id"], customer["id"]);
    }
}

#[tokio::test]
async fn reconcile_with_a_new_database_over_a_used_account_takes_nothing() {
    let used = Deployment::of(Shop::open().await).await;
    used.start("create-intent").await;
    let intents = used.shop.stripe.payment_intents();
    let paid = intents[0]["id"].as_str().unwrap();
    used.shop
        .stripe
        .confirm(paid, "pm_card_visa")
        .await
        .unwrap();
    used.deliver_all().await;
    used.refund().await;
    // A refund from the dashboard has no deployment in its metadata.
    used.shop.stripe.refund(paid, Some(100)).unwrap();
    let page = used.shop.open_beside().await;
    let page = Deployment::of(page).await;
    page.start("create-checkout").await;
    let sessions = page.shop.stripe.checkout_sessions();
    let session = sessions[0]["id"].as_str().unwrap();
    page.shop
        .stripe
        .pay_session(session, "pm_card_visa")
        .unwrap();

    let new = used.shop.open_beside().await;
    let clock = Clock::fixed(Clock::default().now() + 120);
    let stripe = Stripe::new(&new.config.stripe, new.config.secrets.clone());
    let app = App::new(&new.config, stripe, new.store.clone(), clock);
    let reconcile = reconcile::Reconciler::new(&new.config, app);
    let report = reconcile.catch_up().await.unwrap();

    assert!(report.complete && report.other_deployment > 5, "{report:?}");
    assert_eq!(report.found(), 0, "{report:?}");
    assert!(new.store.quarantined().await.unwrap().is_empty());
}
