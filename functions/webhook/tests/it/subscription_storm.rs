//! Subscriptions through months of a test clock: each event three times, shuffled, a tenth lost,
//! and the processes killed again and again. On SQLite two hundred through a year; on the servers
//! fewer.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::{Value, json};
use shared::{
    access::CallerId,
    event::OF_SUBSCRIPTIONS,
    subscription::{Reason, Subscription},
    subscriptions::SubscriptionService,
};
use testing::{Process, Shop};

use crate::processes::{WEBHOOK, deliver, http};

/// The extent of a storm.
struct Size {
    subscriptions: usize,
    months: u64,
    /// The deliveries that meet a killed process at least.
    interrupted: usize,
}

const START: u64 = 1_790_000_000;
const MONTH: u64 = 31 * 24 * 60 * 60;

/// A shop at Stripe, whose events nobody delivers by themselves.
struct Storm {
    shop: Shop,
    clock: String,
    /// Each customer, and their subscription.
    all: Vec<(String, String)>,
    plans: Vec<String>,
    /// The number of events that were taken.
    taken: usize,
    /// The deliveries that met a killed process.
    interrupted: usize,
}

impl Storm {
    async fn begin(shop: Shop, subscriptions: usize) -> Self {
        let clock = shop.stripe.create_clock(START).unwrap();
        let clock = clock["id"].as_str().unwrap().to_owned();
        let plans = [
            shop.plan("basic", 900, "month"),
            shop.plan("pro", 1900, "month"),
            shop.plan("yearly", 9900, "year"),
        ];
        let mut all = Vec::new();
        for nth in 0..subscriptions {
            let caller = format!("caller_{nth}");
            let customer = shop.subscriber(&caller, Some(&clock), "pm_card_visa").await;
            let plan = if nth % 5 < 3 { &plans[0] } else { &plans[2] };
            let more = match nth % 4 {
                0 => json!({ "trial_period_days": 10 }),
                _ => json!({}),
            };
            let id = shop.subscribe_customer(&customer, plan, &more);
            all.push((customer, id));
        }
        Self {
            shop,
            clock,
            all,
            plans: plans.into(),
            taken: 0,
            interrupted: 0,
        }
    }

    /// What customers, their banks and staff do in a month.
    fn act(&self) {
        let all = self.shop.stripe.subscriptions().into_iter();
        let items: BTreeMap<String, Value> = all
            .map(|one| {
                let id = one["id"].as_str().unwrap().to_owned();
                (id, one["items"]["data"][0]["id"].clone())
            })
            .collect();
        for (customer, id) in &self.all {
            // One that is over refuses any change.
            let change = |params: Value| drop(self.shop.stripe.change_subscription(id, params));
            match fastrand::u8(..20) {
                0 => self.shop.pay_by(customer, "pm_card_chargeCustomerFail"),
                1 | 2 => self.shop.pay_by(customer, "pm_card_visa"),
                3 => change(json!({ "cancel_at_period_end": true })),
                4 => change(json!({ "cancel_at_period_end": false })),
                5 => change(json!({ "pause_collection": { "behavior": "void" } })),
                6 | 7 => change(json!({ "pause_collection": "" })),
                8 => {
                    let items = json!([{ "id": items[id], "price": self.plans[1] }]);
                    change(json!({ "items": items, "proration_behavior": "none" }));
                }
                9 => {
                    let items = json!([{ "id": items[id], "quantity": fastrand::u8(1..9) }]);
                    change(json!({ "items": items }));
                }
                10 if fastrand::bool() => drop(self.shop.stripe.cancel_subscription(id)),
                _ => {}
            }
        }
    }

    /// The new events to which an endpoint subscribes: nine of ten, three times each, in any order.
    fn events(&mut self) -> Vec<Value> {
        let new = self.shop.stripe.events_after(self.taken);
        self.taken += new.len();
        let wanted = new.iter().filter(|event| {
            OF_SUBSCRIPTIONS.contains(&event["type"].as_str().unwrap()) && fastrand::u8(..10) > 0
        });
        let mut events: Vec<Value> = wanted.flat_map(|one| vec![one.clone(); 3]).collect();
        fastrand::shuffle(&mut events);
        events
    }

    /// Delivers all to two processes, of which one is killed at any moment, until each is
    /// acknowledged.
    async fn deliver(&mut self, mut waiting: Vec<Value>) {
        while !waiting.is_empty() {
            let process = || Process::start(WEBHOOK, &self.shop);
            let (doomed, safe) = (process(), process());
            let addresses = [doomed.address(), safe.address()];
            let (http, batch) = (http(), waiting.iter().take(300).enumerate());
            let deliveries = batch.map(|(nth, event)| deliver(&http, addresses[nth % 2], event));
            let killed = async {
                // A random moment is the point.
                let fuse = Duration::from_millis(fastrand::u64(5..300));
                tokio::time::sleep(fuse).await;
                doomed.kill();
            };
            let (statuses, ()) = tokio::join!(join_all(deliveries), killed);
            drop(safe);
            self.interrupted += statuses.iter().filter(|one| one.is_none()).count();
            let mut statuses = statuses.into_iter();
            waiting.retain(|_| statuses.next().flatten() != Some(200));
        }
    }

    /// Looks at every subscription, as `reconcile` does.
    async fn heal(&self, service: &SubscriptionService) {
        let looks = stream::iter(&self.all).for_each_concurrent(8, |(_, id)| async move {
            service.look(id, &Reason::Event).await.unwrap();
        });
        looks.await;
    }

    /// The notifications, in the order in which they were written: those of one time in any order
    /// on DynamoDB. Beside SQLite, none is delivered.
    async fn notifications(&self) -> Vec<Value> {
        let bodies = match self.shop.environment()["DATABASE_URL"].strip_prefix("sqlite:") {
            Some(file) => in_file(file),
            None => {
                let later = self.shop.clock.now() + 60;
                let due = self.shop.store.lease_due(later, 600, 10_000).await;
                let due = due.unwrap().into_iter();
                due.map(|queued| queued.message.body).collect()
            }
        };
        let bodies = bodies.iter();
        bodies
            .map(|body| serde_json::from_str(body).unwrap())
            .collect()
    }
}

/// The bodies of all messages in a SQLite file, the delivered ones as well.
fn in_file(file: &str) -> Vec<String> {
    let database = rusqlite::Connection::open(file).unwrap();
    let mut read = database
        .prepare("SELECT body FROM outbox ORDER BY seq")
        .unwrap();
    let bodies = read.query_map([], |row| row.get::<_, String>(0)).unwrap();
    bodies.map(Result::unwrap).collect()
}

/// The copy without what only the copy knows.
fn of_stripe(copy: &Subscription) -> Subscription {
    let mut copy = copy.clone();
    copy.announced_period = None;
    copy.trial_ending_notified = None;
    for invoice in &mut copy.invoices {
        invoice.action_required_at = None;
    }
    copy
}

/// The notifications of one type about each subscription, by its id.
fn by_subscription<'a>(all: &'a [Value], kind: &str) -> BTreeMap<&'a str, Vec<&'a Value>> {
    let mut found: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for one in all.iter().filter(|one| one["type"] == kind) {
        let id = one["data"]["subscriptionId"].as_str().unwrap();
        found.entry(id).or_default().push(&one["data"]);
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_lost_and_repeated_events_and_kills_each_copy_is_stripes() {
    let size = Size {
        subscriptions: 200,
        months: 12,
        interrupted: 20,
    };
    run(Shop::open().await, size).await;
}

/// The settings of a shop with a database that `variables` name, and no endpoint for notifications.
fn with<'a>(variables: &'a [(&'static str, String)]) -> Vec<(&'a str, &'a str)> {
    let variables = variables.iter().map(|(name, value)| (*name, &**value));
    variables.chain([("FAREBOX_NOTIFY_URL", "")]).collect()
}

mod postgres {
    use testing::{Shop, empty_database};

    use super::{Size, run, with};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs a Postgres server: scripts/postgres starts one"]
    async fn after_lost_and_repeated_events_and_kills_each_copy_is_stripes() {
        let database = [("DATABASE_URL", empty_database().await)];
        let size = Size {
            subscriptions: 40,
            months: 12,
            interrupted: 5,
        };
        run(Shop::open_with(&with(&database)).await, size).await;
    }
}

mod dynamodb {
    use testing::{Shop, empty_table};

    use super::{Size, run, with};

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    #[ignore = "needs a stand-in for DynamoDB: scripts/aws-stand-ins starts one"]
    async fn after_lost_and_repeated_events_and_kills_each_copy_is_stripes() {
        let table = empty_table().await;
        let size = Size {
            subscriptions: 15,
            months: 6,
            interrupted: 3,
        };
        run(Shop::open_with(&with(&table)).await, size).await;
    }
}

async fn run(shop: Shop, size: Size) {
    let mut storm = Storm::begin(shop, size.subscriptions).await;
    let service = storm
        .shop
        .app_over(storm.shop.stripe_client())
        .subscriptions;
    for month in 1..=size.months {
        storm.act();
        let time = START + month * MONTH;
        storm.shop.stripe.advance_clock(&storm.clock, time).unwrap();
        let events = storm.events();
        storm.deliver(events).await;
        storm.heal(&service).await;
    }
    assert!(
        storm.interrupted >= size.interrupted,
        "{} kills",
        storm.interrupted
    );

    let has_order = !storm.shop.environment()["DATABASE_URL"].starts_with("dynamodb:");
    let stripe = storm.shop.stripe_client();
    let told = storm.notifications().await;
    let started = by_subscription(&told, "subscription.started");
    let ended = by_subscription(&told, "subscription.ended");
    let mut invoices = 0;
    for (nth, (_, id)) in storm.all.iter().enumerate() {
        let owner = CallerId::parse(&format!("caller_{nth}")).unwrap();
        let stored = storm
            .shop
            .store
            .subscription(id)
            .await
            .unwrap()
            .value
            .unwrap();
        let fetched = stripe.subscription(id, false).await.unwrap().copy(owner);
        assert_eq!(of_stripe(&stored), fetched);
        assert_eq!(started[id.as_str()].len(), 1);
        let ends = ended.get(id.as_str()).map_or(0, Vec::len);
        assert_eq!(ends, usize::from(stored.has_ended()), "{id}");
        invoices += stored.invoices.iter().filter(|one| one.is_paid()).count();
        assert_follows_stripes_states(&told, id, has_order);
    }
    let paid = by_subscription(&told, "invoice.paid");
    let paid: Vec<&str> = paid
        .values()
        .flatten()
        .map(|data| data["invoice"]["id"].as_str().unwrap())
        .collect();
    let at_stripe = storm.shop.stripe.invoices();
    let at_stripe: BTreeSet<&str> = at_stripe
        .iter()
        .filter(|invoice| invoice["status"] == "paid")
        .map(|invoice| invoice["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        paid.len(),
        at_stripe.len(),
        "each paid invoice is told once"
    );
    assert_eq!(paid.into_iter().collect::<BTreeSet<_>>(), at_stripe);
    assert!(invoices > size.subscriptions, "{invoices}");
}

/// Each notification about a subscription has a later version than the one before, or the same; and
/// what can only follow something else follows it. DynamoDB keeps those of one time in no order:
/// there a site follows the versions.
fn assert_follows_stripes_states(told: &[Value], id: &str, has_order: bool) {
    let about = told
        .iter()
        .filter(|one| one["data"]["subscriptionId"] == *id);
    let mut about: Vec<&Value> = about.collect();
    if !has_order {
        let end = |one: &Value| one["type"] == "subscription.ended";
        about.sort_by_key(|one| (one["data"]["version"].as_i64(), end(one)));
    }
    let (mut version, mut is_past_due, mut is_over) = (0, false, false);
    for one in about {
        let (kind, data) = (one["type"].as_str().unwrap(), &one["data"]);
        let this = data["version"].as_i64().unwrap();
        assert!(
            this >= version,
            "{kind} of {id} is of version {this} after {version}"
        );
        version = this;
        match kind {
            "subscription.past_due" => {
                assert!(!is_past_due, "{id}");
                is_past_due = true;
            }
            "subscription.recovered" => {
                assert!(is_past_due, "{id}");
                is_past_due = false;
            }
            "subscription.ended" => is_over = true,
            _ => assert!(
                !is_over || kind.starts_with("invoice."),
                "{kind} after the end"
            ),
        }
    }
}
