//! The database on a real file, on a real server and on a real table: each test of common behaviour
//! is written once, and run on all, on Postgres also behind PgBouncer.
//!
//! [`events`], [`orders`] and their [`lists`], orders of [`invoices`], the [`outbox`], [`large`]
//! bodies, [`refunds`], [`rate_limits`], Stripe [`customers`], [`deadlines`] and captures,
//! [`forgetting`] who paid, copies of [`subscriptions`] and the [`subscription_slots`] of callers,
//! several [`deployments`] on one account, and [`sharing`] a database have a module each.
//! [`table`], [`races`] and [`faults`] are DynamoDB's alone, [`file`] is SQLite's, [`server`] and
//! [`failover`] are Postgres's.
//!
//! A test with `concurrent` in its name needs a backend that isolates concurrent transactions.

mod customers;
mod deadlines;
mod deployments;
mod events;
mod failover;
mod faults;
mod file;
mod flights;
mod forgetting;
mod invoices;
mod large;
mod lists;
mod orders;
mod outbox;
mod place;
mod races;
mod rate_limits;
mod recorded;
mod refunds;
mod relay;
mod server;
mod sharing;
mod subscription_slots;
mod subscriptions;
mod table;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use self::place::Place;
use super::*;
use crate::{
    Config,
    amount::{Amount, Currency},
    event::{CheckoutSession, Event, Subject},
    ids::CallerId,
    order::{IntentKeys, Order, OrderDetails, OrderId, PaymentUpdate, Status},
};

const NOW: i64 = 1_790_000_000;

/// Makes a test of each for every place.
macro_rules! on_every_backend {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                async fn $name() {
                    super::$name(super::Place::Sqlite).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                #[ignore = "needs a Postgres server: scripts/postgres starts one"]
                async fn $name() {
                    super::$name(super::Place::Postgres).await;
                }
            )*
        }
        mod pgbouncer {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                #[ignore = "needs a Postgres server: scripts/postgres starts one"]
                async fn $name() {
                    super::$name(super::Place::PgBouncer).await;
                }
            )*
        }
        mod dynamodb {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
                #[ignore = "needs an AWS stand-in: scripts/test starts one"]
                async fn $name() {
                    super::$name(super::Place::DynamoDb).await;
                }
            )*
        }
    };
}
use on_every_backend;

/// Opens the database that `config` names.
async fn open(config: &Config) -> Result<Store, StoreError> {
    Store::open(&config.store, config.aws.as_ref(), &config.secrets).await
}

/// A test's own empty database.
struct Fixture {
    home: place::Home,
    config: Config,
    store: Store,
}

impl Fixture {
    async fn new(place: Place) -> Self {
        Self::forwarding(place, "customer.*").await
    }

    async fn forwarding(place: Place, types: &'static str) -> Self {
        Self::of(place.make().await, types).await
    }

    /// A database that exists.
    async fn at(home: place::Home) -> Self {
        Self::of(home, "customer.*").await
    }

    async fn of(home: place::Home, types: &'static str) -> Self {
        let config = home.config(&[("FAREBOX_NOTIFY_EVENTS", types)]);
        let store = open(&config).await.unwrap();
        Self {
            home,
            config,
            store,
        }
    }

    /// An order of 15.00 with the intent `pi_1`.
    async fn order(&self) -> Order {
        let PutOrderOutcome::Order(order) = self.open(put("o_1", "ada", 1500, None)).await else {
            panic!("refused")
        };
        self.store
            .update_payment(order.id(), intent("pi_1"), NOW)
            .await
            .unwrap()
            .unwrap()
    }

    async fn open(&self, put: PutOrder) -> PutOrderOutcome {
        self.store.put_order(put, NOW).await.unwrap()
    }

    async fn accept(&self, event: &Value) -> Accepted {
        self.accept_at(event, NOW).await
    }

    /// Accepts an event. Events about an order name this database's deployment.
    async fn accept_at(&self, event: &Value, now: i64) -> Accepted {
        self.accept_as_it_is(&of_deployment(&self.store, event), now)
            .await
    }

    async fn accept_as_it_is(&self, event: &Value, now: i64) -> Accepted {
        let mut event = Event::parse(event.to_string().as_bytes()).unwrap();
        event.session = session_of_paid(&event);
        event.names_payer = true;
        self.store.accept(event, now).await.unwrap().accepted
    }

    async fn due(&self) -> Vec<OutboxMessage> {
        self.store.lease_due(NOW, 60, 100).await.unwrap()
    }

    async fn status(&self) -> Status {
        let id = OrderId::parse("o_1").unwrap();
        self.store.order(&id).await.unwrap().unwrap().status()
    }
}

/// The event, which names the deployment of `store` where it is about an order.
fn of_deployment(store: &Store, event: &Value) -> Value {
    let mut event = event.clone();
    let metadata = event.pointer_mut("/data/object/metadata");
    if let Some(metadata) = metadata.filter(|all| all.get(IntentKeys::ORDER).is_some()) {
        metadata[Deployment::KEY] = json!(store.deployment().unwrap().id());
    }
    event
}

fn put(id: &str, owner: &str, minor_units: i64, key: Option<&str>) -> PutOrder {
    let owner = CallerId::parse(owner).unwrap();
    let amount = Amount::new(minor_units, Currency::parse("usd").unwrap()).unwrap();
    PutOrder {
        operation: key.map(|key| IdempotencyRecord::new(&owner, key, &[&minor_units.to_string()])),
        order: OrderId::parse(id).unwrap(),
        must_exist: false,
        owner,
        previous_owner: None,
        // An order with a higher amount is signed later.
        contents: OrderDetails::signed(amount, None, BTreeMap::new(), minor_units).unwrap(),
    }
}

/// The update that the order's intent is `id`.
fn intent(id: &str) -> PaymentUpdate {
    PaymentUpdate::Intent(id.to_owned(), CallerId::parse("ada").unwrap())
}

fn succeeded(order: &Order, event: &str) -> Value {
    let amount = order.revision().contents.amount().minor_units();
    json!({
        "id": event, "object": "event", "type": "payment_intent.succeeded", "created": NOW,
        "livemode": false, "data": { "object": {
            "id": "pi_1", "amount": amount, "amount_received": amount, "currency": "usd",
            "status": "succeeded", "metadata": {
                IntentKeys::ORDER: order.id().as_str(),
                IntentKeys::OWNER: order.owner().alias(),
                IntentKeys::CONTENTS: order.revision().digest,
            },
        } },
    })
}

/// The Checkout Session of the paid intent in `event`, as the processor fetches it.
fn session_of_paid(event: &Event) -> Option<Box<CheckoutSession>> {
    let Subject::Intent(intent) = &event.subject else {
        return None;
    };
    intent.metadata(IntentKeys::PAGE)?;
    let session = json!({ "id": "cs_1", "payment_intent": intent.id, "status": "complete",
        "payment_status": "paid", "currency": intent.currency,
        "amount_subtotal": intent.amount, "amount_total": intent.amount });
    Some(Box::new(serde_json::from_value(session).unwrap()))
}

fn other(event: &str, kind: &str) -> Value {
    json!({ "id": event, "object": "event", "type": kind, "created": NOW, "livemode": false,
        "data": { "object": { "id": "cus_1" } } })
}
