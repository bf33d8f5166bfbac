//! The end of a grace, which no event reports.

use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use shared::access::CallerId;
use testing::Shop;

use crate::{app, notifications, shop, subscriptions::status};

const DAY: i64 = 24 * 60 * 60;

/// Ada, whose renewal was declined.
struct Late {
    shop: Shop,
    customer: String,
    subscription: String,
    /// The end of the grace, in Unix seconds.
    ends_at: i64,
}

impl Late {
    /// Where the shop has features, her plan has none.
    async fn open(has_features: bool) -> Self {
        let shop = shop().await.at_fixed_time();
        let start = shop.clock.now();
        let clock = shop.stripe.create_clock(start.cast_unsigned()).unwrap();
        let clock = clock["id"].as_str().unwrap().to_owned();
        let customer = shop.subscriber("ada", Some(&clock), "pm_card_visa").await;
        let plan = shop.plan("pro", 900, "month");
        if has_features {
            let other = shop
                .stripe
                .create_price(json!({ "currency": "usd", "unit_amount": 100,
                "product_data": { "name": "other" } }));
            let product = other.unwrap()["product"].as_str().unwrap().to_owned();
            shop.stripe.add_feature(&product, "export").unwrap();
        }
        let subscription = shop.subscribe_customer(&customer, &plan, &json!({}));
        shop.pay_by(&customer, "pm_card_chargeCustomerFail");
        let mut late = Self {
            shop,
            customer,
            subscription,
            ends_at: 0,
        };
        late.look().await;
        late.shop.clock.advance(32 * DAY);
        late.shop
            .stripe
            .advance_clock(&clock, (start + 32 * DAY).cast_unsigned())
            .unwrap();
        late.look().await;
        assert_eq!(late.status().await.as_deref(), Some("past_due"));
        late.ends_at = late.grace_ends_at().await.expect("a grace");
        late
    }

    /// Looks at all subscriptions.
    async fn look(&self) {
        let _ = app(&self.shop).adopter().adopt(None).await.unwrap();
    }

    async fn status(&self) -> Option<String> {
        status(&self.shop, &self.subscription).await
    }

    async fn grace_ends_at(&self) -> Option<i64> {
        let ada = CallerId::parse("ada").unwrap();
        let account = self.shop.store.billing_account(&ada).await.unwrap();
        Some(account.value.unwrap().grace?.ends_at)
    }

    /// How often the site was notified of what she may use.
    async fn told(&self) -> usize {
        notifications(&self.shop).await["entitlements.changed"]
    }

    /// Moves the shop's clock to `seconds` after the end of the grace; Stripe's stays.
    fn advance_to_end(&self, seconds: i64) {
        let now = self.shop.clock.now();
        self.shop.clock.advance(self.ends_at + seconds - now);
    }

    /// Pays what is missing.
    async fn pay(&self) {
        self.shop.pay_by(&self.customer, "pm_card_visa");
        let copy = self.shop.store.subscription(&self.subscription);
        let copy = copy.await.unwrap().value.unwrap();
        let invoice = &copy.invoices[0].id;
        self.shop.stripe.pay_invoice(invoice, json!({})).unwrap();
        self.look().await;
    }
}

#[tokio::test]
async fn a_run_notifies_once_that_a_grace_took_what_a_caller_may_use() {
    for has_features in [false, true] {
        let late = Late::open(has_features).await;
        assert_eq!(late.told().await, 1, "they may use it");

        // Stripe reports nothing more: time alone takes the access.
        late.advance_to_end(-1);
        let before = app(&late.shop).catch_up().await.unwrap();
        assert_eq!((before.lapsed, late.told().await), (0, 1));
        late.advance_to_end(0);
        let requests = late.shop.stripe.requests().len();
        let runs = [app(&late.shop), app(&late.shop)];
        let runs = runs.map(|app| async move { app.catch_up().await.unwrap() });
        let lapsed: usize = join_all(runs).await.iter().map(|run| run.lapsed).sum();

        assert_eq!(
            (lapsed, late.told().await),
            (1, 2),
            "both runs tell it once"
        );
        let mut messages = late.shop.outbox().await.into_iter().map(|one| one.message);
        let last = messages.rfind(|one| one.kind == "entitlements.changed");
        let body: Value = serde_json::from_str(&last.unwrap().body).unwrap();
        assert_eq!(body["data"]["entitlements"], json!([]));
        assert_eq!(body["data"]["active"], false);
        assert_eq!(late.grace_ends_at().await, None);
        let asked = late.shop.stripe.requests()[requests..].to_vec();
        let is_list = |path: &str| path == "/v1/events";
        assert!(asked.iter().all(|one| is_list(&one.path)), "{asked:?}");

        // A payment that arrives after all gives it again.
        late.pay().await;
        assert_eq!(late.status().await.as_deref(), Some("active"));
        assert_eq!(late.told().await, 3);
    }
}

#[tokio::test]
async fn a_grace_ends_while_stripe_answers_nothing() {
    let late = Late::open(false).await;
    late.advance_to_end(0);
    late.shop.stripe.inject(Fault::error().times(0));

    let failed = app(&late.shop).catch_up().await;

    assert!(failed.is_err(), "{failed:?}");
    assert_eq!(late.told().await, 2);
}
