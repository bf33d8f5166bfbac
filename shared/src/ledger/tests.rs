//! The ledger on a real file: what events do to it. [`orders`] are opened once, the [`outbox`] loses
//! nothing, and [`sharing`] is what many connections at once see.

mod orders;
mod outbox;
mod sharing;

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::{
    access::CallerId,
    amount::{Amount, Currency},
    order::{Contents, IntentKeys, Status},
};

const NOW: i64 = 1_790_000_000;

struct Fixture {
    _folder: TempDir,
    config: Config,
    ledger: Ledger,
}

impl Fixture {
    async fn new() -> Self {
        Self::subscribed_to("customer.*").await
    }

    async fn subscribed_to(types: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("farebox.sqlite");
        let config = Config::from_lookup(&[], |name| match name {
            "FAREBOX_LEDGER" => Some(format!("sqlite:{}", path.display())),
            "FAREBOX_FULFIL_EVENTS" => Some(types.to_owned()),
            _ => None,
        });
        let config = config.unwrap();
        let ledger = Ledger::open(&config).await.unwrap();
        Self {
            _folder: folder,
            config,
            ledger,
        }
    }

    /// An order of 15.00 with the intent `pi_1`.
    async fn order(&self) -> Order {
        let Opened::Order(order) = self.open(opening("o_1", "ada", 1500, None)).await else {
            panic!("refused")
        };
        self.ledger
            .attach_intent(order.id(), "pi_1", NOW)
            .await
            .unwrap()
            .unwrap()
    }

    async fn open(&self, opening: Opening) -> Opened {
        self.ledger.open_order(opening, NOW).await.unwrap()
    }

    async fn accept(&self, event: &Value) -> Accepted {
        let event = Event::parse(event.to_string().as_bytes()).unwrap();
        self.ledger.accept(event, NOW).await.unwrap()
    }

    async fn due(&self) -> Vec<Letter> {
        self.ledger.take_due(NOW, 60, 100).await.unwrap()
    }

    async fn status(&self) -> Status {
        let id = OrderId::parse("o_1").unwrap();
        self.ledger.order(&id).await.unwrap().unwrap().status()
    }
}

fn opening(id: &str, owner: &str, minor_units: i64, key: Option<&str>) -> Opening {
    let owner = CallerId::parse(owner).unwrap();
    let amount = Amount::new(minor_units, Currency::parse("usd").unwrap()).unwrap();
    Opening {
        operation: key.map(|key| Operation::new(&owner, key, &[&minor_units.to_string()])),
        order: OrderId::parse(id).unwrap(),
        must_exist: false,
        owner,
        contents: Contents::signed(amount, None, BTreeMap::new(), NOW).unwrap(),
    }
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

fn other(event: &str, kind: &str) -> Value {
    json!({ "id": event, "object": "event", "type": kind, "created": NOW, "livemode": false,
        "data": { "object": { "id": "cus_1" } } })
}

#[tokio::test]
async fn a_payment_moves_the_order_and_tells_the_site_once() {
    let it = Fixture::new().await;
    let order = it.order().await;

    assert_eq!(
        it.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Applied
    );
    assert_eq!(it.accept(&succeeded(&order, "evt_1")).await, Accepted::Seen);
    assert_eq!(
        it.accept(&succeeded(&order, "evt_2")).await,
        Accepted::Applied
    );

    assert_eq!(it.status().await, Status::Paid);
    let [letter] = &it.due().await[..] else {
        panic!("one message")
    };
    assert_eq!(letter.message.kind, "order.paid");
    let body: Value = serde_json::from_str(&letter.message.body).unwrap();
    assert_eq!(body["data"]["orderId"], "o_1");
    assert_eq!(body["data"]["customer"], "ada");
    assert_eq!(body["data"]["amount"], 1500);
    assert_eq!(body["data"]["version"], 3, "opened, noted the intent, paid");
}

#[tokio::test]
async fn what_contradicts_the_order_is_set_aside_and_changes_nothing() {
    let it = Fixture::new().await;
    let order = it.order().await;
    let mut cheap = succeeded(&order, "evt_1");
    cheap["data"]["object"]["amount"] = json!(1);

    assert_eq!(it.accept(&cheap).await, Accepted::Quarantined);
    assert_eq!(it.accept(&cheap).await, Accepted::Seen);

    assert_eq!(it.status().await, Status::Created);
    assert!(it.due().await.is_empty());
    let [set_aside] = &it.ledger.quarantined().await.unwrap()[..] else {
        panic!("one event")
    };
    assert_eq!(set_aside.event_id, "evt_1");
    assert!(set_aside.reason.contains("amount"), "{}", set_aside.reason);
}

#[tokio::test]
async fn an_event_that_does_not_parse_is_kept() {
    let it = Fixture::new().await;
    let odd = json!({ "id": "evt_1", "object": "event", "type": "payment_intent.succeeded",
        "livemode": false, "data": { "object": { "id": 7 } } });

    assert_eq!(it.accept(&odd).await, Accepted::Quarantined);
    assert_eq!(it.ledger.quarantined().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_payment_for_an_order_of_ours_that_is_not_here_is_set_aside() {
    let it = Fixture::new().await;
    let order = it.order().await;
    let elsewhere = Fixture::new().await;

    assert_eq!(
        elsewhere.accept(&succeeded(&order, "evt_1")).await,
        Accepted::Quarantined
    );
}

#[tokio::test]
async fn an_intent_that_is_not_ours_is_ignored() {
    let it = Fixture::new().await;
    let mut foreign = succeeded(&it.order().await, "evt_1");
    foreign["data"]["object"]["metadata"] = json!({});
    foreign["data"]["object"]["id"] = json!("pi_of_another_shop");

    assert_eq!(it.accept(&foreign).await, Accepted::Ignored);
    assert_eq!(
        it.accept(&other("evt_2", "product.created")).await,
        Accepted::Ignored
    );
}

#[tokio::test]
async fn a_payment_whose_metadata_was_emptied_is_not_lost() {
    let it = Fixture::new().await;
    let mut emptied = succeeded(&it.order().await, "evt_1");
    emptied["data"]["object"]["metadata"] = json!({});

    assert_eq!(it.accept(&emptied).await, Accepted::Quarantined);
    assert_eq!(it.ledger.quarantined().await.unwrap().len(), 1);
}

#[tokio::test]
async fn metadata_that_names_another_order_moves_neither() {
    let it = Fixture::new().await;
    let order = it.order().await;
    // The same owner and the same contents, so that nothing else differs.
    let Opened::Order(other) = it.open(opening("o_2", "ada", 1500, None)).await else {
        panic!()
    };
    let mut moved = succeeded(&order, "evt_1");
    moved["data"]["object"]["metadata"][IntentKeys::ORDER] = json!("o_2");

    assert_eq!(it.accept(&moved).await, Accepted::Quarantined);

    assert_eq!(it.status().await, Status::Created);
    let other = it.ledger.order(other.id()).await.unwrap().unwrap();
    assert_eq!(other.status(), Status::Created);
}

#[tokio::test]
async fn a_quarantined_event_that_is_released_counts_when_it_comes_again() {
    let elsewhere = Fixture::new().await;
    let order = elsewhere.order().await;
    let it = Fixture::subscribed_to("payment_intent.*").await;
    let paid = succeeded(&order, "evt_1");
    assert_eq!(it.accept(&paid).await, Accepted::Quarantined);
    assert_eq!(it.due().await.len(), 1, "a subscriber is told all the same");

    // The order is restored, and the event sent again.
    it.order().await;
    assert_eq!(it.accept(&paid).await, Accepted::Seen);
    assert!(!it.ledger.release("evt_2").await.unwrap());
    assert!(it.ledger.release("evt_1").await.unwrap());

    assert_eq!(it.accept(&paid).await, Accepted::Applied);
    assert_eq!(it.status().await, Status::Paid);
    assert_eq!(
        it.ledger.quarantined().await.unwrap().len(),
        1,
        "the record stays"
    );
}

#[tokio::test]
async fn a_ledger_holds_payments_of_one_mode_and_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let it = Fixture::new().await;
    let Some(LedgerLocation::Sqlite(path)) = it.config.ledger.clone() else {
        panic!("a file")
    };
    let with_key = |key: &'static str| {
        let ledger = format!("sqlite:{}", path.display());
        Config::from_lookup(&[], move |name| match name {
            "FAREBOX_LEDGER" => Some(ledger.clone()),
            "STRIPE_SECRET_KEY" => Some(key.to_owned()),
            _ => None,
        })
        .unwrap()
    };

    Ledger::open(&with_key("sk_test_a")).await.unwrap();
    let refused = Ledger::open(&with_key("sk_live_a")).await.unwrap_err();
    assert!(matches!(refused, Failure::OtherMode(_)), "{refused}");
    Ledger::open(&with_key("rk_test_b")).await.unwrap();
    Ledger::open(&it.config).await.unwrap();
    let mode = std::fs::metadata(&path).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_subscribed_event_is_passed_on_once_and_as_it_is() {
    let it = Fixture::new().await;
    let event = other("evt_1", "customer.created");

    assert_eq!(it.accept(&event).await, Accepted::Applied);
    assert_eq!(it.accept(&event).await, Accepted::Seen);

    let [letter] = &it.due().await[..] else {
        panic!("one message")
    };
    assert_eq!(letter.message.kind, "stripe.customer.created");
    let body: Value = serde_json::from_str(&letter.message.body).unwrap();
    assert_eq!(body["data"], event);
}

#[tokio::test]
async fn a_subscription_to_an_orders_events_adds_to_the_orders_own_messages() {
    let it = Fixture::subscribed_to("payment_intent.succeeded").await;
    let order = it.order().await;

    it.accept(&succeeded(&order, "evt_1")).await;

    let kinds: Vec<String> = it.due().await.into_iter().map(|l| l.message.kind).collect();
    assert_eq!(kinds, ["order.paid", "stripe.payment_intent.succeeded"]);
}

#[tokio::test]
async fn an_event_is_remembered_for_forty_days() {
    let it = Fixture::new().await;
    it.accept(&other("evt_1", "customer.created")).await;

    it.ledger.forget_expired(NOW + REMEMBERED).await.unwrap();
    assert_eq!(
        it.accept(&other("evt_1", "customer.created")).await,
        Accepted::Seen
    );
}
