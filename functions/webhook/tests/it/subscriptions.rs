//! Events of subscriptions: each causes a look at Stripe, and nothing is read from its body.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::{
    access::CallerId,
    subscription::{BillingAccount, Grace, Subscription},
};
use testing::{Shop, TestServer};
use webhook::service;

use crate::deliver;

const DAY: u64 = 24 * 60 * 60;
const START: u64 = 1_790_000_000;

/// The function over a shop with the plans `basic` and `pro`, and a subscriber `ada` on a test
/// clock.
struct Life {
    api: TestServer,
    clock: String,
    customer: String,
    basic: String,
    pro: String,
    /// The number of events that were delivered.
    delivered: usize,
    now: u64,
}

impl Life {
    async fn open() -> Self {
        Self::over(Shop::open().await).await
    }

    async fn over(shop: Shop) -> Self {
        let shop = shop.at_fixed_time();
        let clock = shop.stripe.create_clock(START).unwrap();
        let clock = clock["id"].as_str().unwrap().to_owned();
        let customer = shop.subscriber("ada", Some(&clock), "pm_card_visa").await;
        let (basic, pro) = (
            shop.plan("basic", 900, "month"),
            shop.plan("pro", 1900, "month"),
        );
        let api = TestServer::over(shop, service).await;
        Self {
            api,
            clock,
            customer,
            basic,
            pro,
            delivered: 0,
            now: START,
        }
    }

    fn shop(&self) -> &Shop {
        &self.api.shop
    }

    fn subscribe(&self, more: &Value) -> String {
        self.shop()
            .subscribe_customer(&self.customer, &self.basic, more)
    }

    fn advance(&mut self, days: u64) {
        self.now += days * DAY;
        let seconds = i64::try_from(days * DAY).unwrap();
        self.shop().clock.advance(seconds);
        self.shop()
            .stripe
            .advance_clock(&self.clock, self.now)
            .unwrap();
    }

    fn change(&self, id: &str, params: Value) {
        self.shop().stripe.change_subscription(id, params).unwrap();
    }

    /// Delivers what happened since; returns the types of the new notifications, sorted.
    async fn told(&mut self) -> Vec<String> {
        let before = self.kinds().await;
        let events = self.shop().stripe.events_after(self.delivered);
        for event in &events {
            let _ = deliver(&self.api, event).await.expect(200);
        }
        self.delivered += events.len();
        let mut after = self.kinds().await;
        for kind in before {
            let known = after.iter().position(|one| *one == kind).unwrap();
            after.remove(known);
        }
        after
    }

    async fn kinds(&self) -> Vec<String> {
        let outbox = self.shop().outbox().await.into_iter();
        let mut kinds: Vec<String> = outbox.map(|queued| queued.message.kind).collect();
        kinds.sort();
        kinds
    }

    async fn copy(&self, id: &str) -> Subscription {
        let copy = self.shop().store.subscription(id).await.unwrap();
        copy.value.expect("there is a copy")
    }

    async fn account(&self) -> BillingAccount {
        let ada = CallerId::parse("ada").unwrap();
        let account = self.shop().store.billing_account(&ada).await.unwrap();
        account.value.unwrap_or_default()
    }

    async fn may(&self) -> Vec<String> {
        let account = self.account().await;
        let access = account.access(i64::try_from(self.now).unwrap(), Grace::default());
        let keys = access.entitlements.into_iter();
        keys.filter(|key| !key.starts_with("prod_"))
            .map(str::to_owned)
            .collect()
    }
}

#[tokio::test]
async fn the_site_is_notified_of_each_change_of_a_subscription() {
    live(Life::open().await).await;
}

mod postgres {
    use testing::{Shop, empty_database};

    use super::{Life, live};

    #[tokio::test]
    #[ignore = "needs a Postgres server: scripts/postgres starts one"]
    async fn the_site_is_notified_of_each_change_of_a_subscription() {
        let database = [("DATABASE_URL", &*empty_database().await)];
        live(Life::over(Shop::open_with(&database).await).await).await;
    }
}

/// A trial, its end, a change, a decline, a cancellation that is undone, and the end.
async fn live(mut life: Life) {
    let id = life.subscribe(&json!({ "trial_period_days": 10 }));
    assert_eq!(
        life.told().await,
        [
            "entitlements.changed",
            "invoice.paid",
            "subscription.started"
        ]
    );
    assert_eq!(life.may().await, ["basic"]);
    assert_eq!(life.copy(&id).await.status, "trialing");

    life.advance(8);
    assert_eq!(life.told().await, ["subscription.trial_ending"]);
    life.advance(3);
    assert_eq!(life.told().await, ["invoice.paid", "subscription.renewed"]);
    assert_eq!(life.copy(&id).await.status, "active");

    let item = life.copy(&id).await.items[0].id.clone();
    let pro = json!([{ "id": item, "price": life.pro }]);
    life.change(&id, json!({ "items": pro, "proration_behavior": "none" }));
    assert_eq!(
        life.told().await,
        ["entitlements.changed", "subscription.changed"]
    );
    assert_eq!(life.may().await, ["pro"]);

    life.shop()
        .pay_by(&life.customer, "pm_card_chargeCustomerFail");
    life.advance(30);
    assert!(life.told().await.is_empty(), "the invoice is a draft");
    life.advance(1);
    assert_eq!(
        life.told().await,
        ["invoice.payment_failed", "subscription.past_due"]
    );
    assert_eq!(life.may().await, ["pro"], "within the grace");

    life.change(&id, json!({ "cancel_at_period_end": true }));
    assert_eq!(life.told().await, ["subscription.cancel_scheduled"]);
    life.change(&id, json!({ "cancel_at_period_end": false }));
    assert_eq!(life.told().await, ["subscription.resumed"]);

    life.shop().stripe.cancel_subscription(&id).unwrap();
    assert_eq!(
        life.told().await,
        ["entitlements.changed", "subscription.ended"]
    );
    assert!(life.may().await.is_empty());
    assert!(life.told().await.is_empty());
}

#[tokio::test]
async fn no_state_is_read_from_an_events_body() {
    let mut life = Life::open().await;
    let id = life.subscribe(&json!({}));
    let _ = life.told().await;
    let copy = life.copy(&id).await;
    let events = life.shop().stripe.events();
    let created = events
        .iter()
        .find(|one| one["type"] == "customer.subscription.created");
    let mut lie = created.unwrap().clone();
    lie["id"] = json!("evt_lie");
    lie["type"] = json!("customer.subscription.deleted");
    lie["data"]["object"]["status"] = json!("canceled");
    lie["data"]["object"]["customer"] = json!("cus_other");

    let _ = deliver(&life.api, &lie).await.expect(200);

    assert_eq!(life.copy(&id).await, copy);
    assert!(life.told().await.is_empty());
}

#[tokio::test]
async fn a_notification_names_the_caller_the_copy_its_version_and_what_they_may_use() {
    let mut life = Life::open().await;
    let changed = json!({ "email": "ada@example.com", "name": "Ada" });
    life.shop()
        .stripe
        .change_customer(&life.customer, changed)
        .unwrap();
    let id = life.subscribe(&json!({}));
    let _ = life.told().await;

    let outbox = life.shop().outbox().await;
    let bodies = outbox.iter().map(|queued| &queued.message.body);
    let bodies: BTreeMap<String, Value> = bodies
        .map(|body| {
            let body: Value = serde_json::from_str(body).unwrap();
            (
                body["type"].as_str().unwrap().to_owned(),
                body["data"].clone(),
            )
        })
        .collect();
    let started = &bodies["subscription.started"];
    assert_eq!(started["subscriptionId"], id);
    assert_eq!(started["customer"], "ada");
    assert_eq!(started["version"], 1);
    assert_eq!(started["active"], true);
    assert_eq!(started["payer"]["email"], "ada@example.com");
    let copy = &started["subscription"];
    assert_eq!(copy["status"], "active");
    assert_eq!(copy["items"][0]["lookupKey"], "basic");
    assert_eq!(copy["items"][0]["productName"], "basic");
    assert_eq!(copy["items"][0]["unitAmount"], 900);
    assert_eq!(copy["items"][0]["interval"], "month");
    assert_eq!(copy["latestInvoice"]["status"], "paid");
    let paid = &bodies["invoice.paid"]["invoice"];
    assert_eq!(
        (&paid["amountPaid"], &paid["currency"]),
        (&json!(900), &json!("usd"))
    );
    let entitled = &bodies["entitlements.changed"];
    assert_eq!(entitled["customer"], "ada");
    let keys: Vec<&str> = entitled["entitlements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|k| k.as_str().unwrap())
        .collect();
    assert!(keys.contains(&"basic"), "{keys:?}");
}

#[tokio::test]
async fn subscriptions_of_nobody_and_of_other_deployments_are_left_alone() {
    let mut life = Life::open().await;
    let stranger = life.shop().stripe.create_customer(json!({})).unwrap();
    let stranger = stranger["id"].as_str().unwrap().to_owned();
    life.shop().pay_by(&stranger, "pm_card_visa");
    let foreign = life
        .shop()
        .subscribe_customer(&stranger, &life.basic, &json!({}));
    let other = life.subscribe(&json!({ "metadata": { "farebox_deployment": "another" } }));

    assert!(life.told().await.is_empty());

    for id in [foreign, other] {
        let copy = life.shop().store.subscription(&id).await.unwrap();
        assert_eq!(copy.value, None);
    }
    let access = life.account().await;
    assert!(!access.access(0, Grace::default()).is_active);
}

#[tokio::test]
async fn an_event_is_delivered_again_while_stripe_or_the_database_is_down() {
    let mut life = Life::open().await;
    let id = life.subscribe(&json!({}));
    let events = life.shop().stripe.events();
    let created = events
        .iter()
        .find(|one| one["type"] == "customer.subscription.created");
    let created = created.unwrap().clone();
    let down = sandbox::Fault::bad_gateway().on("GET", "/v1/subscriptions");
    life.shop().stripe.inject(down.times(1000));
    let _ = deliver(&life.api, &created).await.expect(503);
    assert_eq!(
        life.shop().store.subscription(&id).await.unwrap().version,
        0
    );
    assert!(life.kinds().await.is_empty());

    life.shop().stripe.clear_faults();
    assert_eq!(
        life.told().await,
        [
            "entitlements.changed",
            "invoice.paid",
            "subscription.started"
        ]
    );
}

#[tokio::test]
async fn features_of_stripe_take_the_place_of_lookup_keys() {
    let mut life = Life::open().await;
    let id = life.subscribe(&json!({}));
    let _ = life.told().await;
    assert_eq!(life.may().await, ["basic"]);
    let product = life.copy(&id).await.items[0].product.clone();

    life.shop().stripe.add_feature(&product, "export").unwrap();

    // Existing subscribers have it from their next period on.
    life.advance(32);
    assert_eq!(
        life.told().await,
        [
            "entitlements.changed",
            "invoice.paid",
            "subscription.renewed"
        ]
    );
    assert_eq!(life.may().await, ["export"]);
}

#[tokio::test]
async fn a_thin_event_names_what_to_look_at() {
    let mut life = Life::open().await;
    let id = life.subscribe(&json!({}));
    let thin = |kind: &str, related: Value| {
        json!({ "id": format!("evt_{kind}"), "object": "v2.core.event", "livemode": false,
            "type": format!("v1.{kind}"), "created": "2026-11-29T00:00:00.000Z",
            "related_object": related })
    };
    let invoice = life.shop().stripe.invoices()[0]["id"].clone();
    let of_invoice = thin("invoice.paid", json!({ "id": invoice, "type": "invoice" }));

    let _ = deliver(&life.api, &of_invoice).await.expect(200);

    assert_eq!(life.copy(&id).await.status, "active");
    let product = life.copy(&id).await.items[0].product.clone();
    life.shop().stripe.add_feature(&product, "export").unwrap();
    life.advance(32);
    let events = life.shop().stripe.events();
    let kind = "entitlements.active_entitlement_summary.updated";
    let snapshot = events.iter().rfind(|event| event["type"] == kind).unwrap();
    let mut summary = thin(kind, Value::Null);
    summary["snapshot_event"] = snapshot["id"].clone();
    let _ = deliver(&life.api, &summary).await.expect(200);
    assert_eq!(life.may().await, ["export"]);
}
