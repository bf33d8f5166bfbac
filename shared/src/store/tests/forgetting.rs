//! Forgetting who paid.

use super::*;
use crate::{
    event::{PaidCharge, Payer},
    order::{LineItem, LineTax, SignedPayer},
};

on_every_backend!(
    who_paid_leaves_an_order_for_good_and_the_payment_stays,
    who_paid_leaves_waiting_messages_and_dead_letters_of_the_named_orders_alone,
    a_large_message_is_kept_without_its_payer,
    an_unknown_order_has_nothing_to_forget,
    who_pays_leaves_the_messages_about_the_subscriptions_of_the_caller_alone,
);

fn ada() -> CallerId {
    CallerId::parse("ada").unwrap()
}

fn id(text: &str) -> OrderId {
    OrderId::parse(text).unwrap()
}

/// Who buys, as the site signed it.
fn signed() -> SignedPayer {
    SignedPayer {
        email: Some("ada@example.com".to_owned()),
        ..SignedPayer::default()
    }
}

/// A charge that names its payer.
fn charge(name: &str) -> Box<PaidCharge> {
    Box::new(PaidCharge {
        billing_details: Some(Payer {
            name: Some(name.to_owned()),
            ..Payer::default()
        }),
        receipt_url: Some("https://stripe.example/receipt".to_owned()),
        ..PaidCharge::default()
    })
}

impl Fixture {
    /// The order `id`, paid by an intent of that name, whose payer is `name`.
    async fn paid_by(&self, name: &str, id: &str, lines: Vec<LineItem>) -> Order {
        let mut opening = put(id, "ada", 1500, None);
        opening.contents = opening.contents.with_payer(signed()).with_lines(lines);
        let PutOrderOutcome::Order(order) = self.open(opening).await else {
            panic!("refused")
        };
        let opened = self.store.update_payment(order.id(), intent(id), NOW);
        opened.await.unwrap().unwrap();
        self.succeed(name, &order, "evt").await;
        self.stored(id).await
    }

    /// Reports that `order` was paid by `name`.
    async fn succeed(&self, name: &str, order: &Order, event: &str) {
        let mut body = succeeded(order, &format!("{event}_{}", order.id()));
        let object = &mut body["data"]["object"];
        object["id"] = json!(order.id().as_str());
        object["metadata"][Deployment::KEY] = json!(self.store.deployment().unwrap().id());
        let mut event = Event::parse(body.to_string().as_bytes()).unwrap();
        event.names_payer = true;
        event.charge = Some(charge(name));
        self.store.accept(event, NOW).await.unwrap();
    }

    async fn stored(&self, text: &str) -> Order {
        self.store.order(&id(text)).await.unwrap().unwrap()
    }
}

async fn who_paid_leaves_an_order_for_good_and_the_payment_stays(place: Place) {
    let it = Fixture::new(place).await;
    let paid = it.paid_by("Ada Lovelace", "o_1", Vec::new()).await;
    let known = ["ada@", "Lovelace", "receipt"];
    let before = serde_json::to_string(&paid).unwrap();
    assert!(known.iter().all(|text| before.contains(text)), "{before}");

    assert!(it.store.forget_payer(&id("o_1"), NOW + 9).await.unwrap());
    assert!(!it.store.forget_payer(&id("o_1"), NOW + 10).await.unwrap());
    it.succeed("Ada Lovelace", &paid, "late").await;

    let forgotten = it.stored("o_1").await;
    let after = serde_json::to_string(&forgotten).unwrap();
    assert!(known.iter().all(|text| !after.contains(text)), "{after}");
    assert_eq!(forgotten.status(), Status::Paid);
    assert_eq!(forgotten.amounts(), paid.amounts());
    assert_eq!(forgotten.revision().digest, paid.revision().digest);
    assert_eq!(forgotten.updated_at(), NOW + 9);
}

async fn who_paid_leaves_waiting_messages_and_dead_letters_of_the_named_orders_alone(place: Place) {
    let it = Fixture::new(place).await;
    for order in ["o_1", "o_2", "o_3"] {
        it.paid_by("Ada Lovelace", order, Vec::new()).await;
    }
    it.accept(&other("evt_1", "customer.created")).await;
    let due = it.due().await;
    let of = |order: &str| {
        let mut about = due
            .iter()
            .filter(|one| one.message.order().as_deref() == Some(order));
        about.next().unwrap().message.clone()
    };
    let error = "500".to_owned();
    let outcome = DeliveryOutcome::DeadLettered { error };
    let message = of("o_2").id;
    let recorded = it.store.record_delivery(&message, outcome, NOW);
    recorded.await.unwrap();

    let orders = [id("o_1"), id("o_2")];
    let changed = it
        .store
        .forget_payer_in_messages(&ada(), &orders)
        .await
        .unwrap();
    let again = it
        .store
        .forget_payer_in_messages(&ada(), &orders)
        .await
        .unwrap();

    assert_eq!((changed, again), (2, 0));
    assert_eq!(it.store.redrive(None, NOW).await.unwrap(), 1);
    let due = it.store.lease_due(NOW + 60, 60, 100).await.unwrap();
    assert_eq!(due.len(), 4, "none is lost");
    for queued in due {
        let order = queued.message.order();
        let Some(order) = order.as_deref() else {
            continue;
        };
        let before: Value = serde_json::from_str(&of(order).body).unwrap();
        let mut after: Value = serde_json::from_str(&queued.message.body).unwrap();
        assert_eq!(queued.message.id, of(order).id);
        if order == "o_3" {
            assert_eq!(before, after, "another order's message stays as it was");
            continue;
        }
        for field in ["payer", "receiptUrl"] {
            assert!(after["data"][field].is_null(), "{after}");
            after["data"][field] = before["data"][field].clone();
        }
        assert_eq!(before, after, "nothing else changed");
    }
}

async fn a_large_message_is_kept_without_its_payer(place: Place) {
    let it = Fixture::new(place).await;
    let name = "Lovelace".repeat(2_500);
    // Of two, the first fits one item of DynamoDB without its payer.
    for (order, length) in [("o_1", 3_350), ("o_2", 3_600)] {
        let line = |n: u32| LineItem {
            price: None,
            lookup_key: None,
            name: Some("x".repeat(length)),
            quantity: n + 1,
            unit_amount: 1,
            recurring: None,
            tax: LineTax::default(),
        };
        it.paid_by(&name, order, (0..100).map(line).collect()).await;
    }

    let orders = [id("o_1"), id("o_2")];
    let changed = it
        .store
        .forget_payer_in_messages(&ada(), &orders)
        .await
        .unwrap();

    assert_eq!(changed, 2);
    for queued in it.due().await {
        let after: Value = serde_json::from_str(&queued.message.body).unwrap();
        assert!(after["data"]["payer"].is_null(), "it names its payer");
        assert_eq!(after["data"]["items"].as_array().unwrap().len(), 100);
    }
}

async fn an_unknown_order_has_nothing_to_forget(place: Place) {
    let it = Fixture::new(place).await;

    assert!(!it.store.forget_payer(&id("o_1"), NOW).await.unwrap());
    let messages = it
        .store
        .forget_payer_in_messages(&ada(), &[id("o_1")])
        .await;
    assert_eq!(messages.unwrap(), 0);
}

/// A message about a subscription of `caller`, which names who pays.
fn about_subscription(id: &str, caller: &str) -> Message {
    let invoice = json!({ "id": "in_1", "hostedUrl": "https://stripe.example/invoice" });
    let body = json!({ "type": "invoice.paid", "timestamp": NOW, "data": {
        "subscriptionId": "sub_1", "customer": caller, "invoice": invoice,
        "subscription": { "status": "active", "latestInvoice": invoice },
        "payer": { "email": "ada@example.com" } } });
    Message {
        id: id.to_owned(),
        kind: "invoice.paid".to_owned(),
        body: body.to_string(),
    }
}

async fn who_pays_leaves_the_messages_about_the_subscriptions_of_the_caller_alone(place: Place) {
    let it = Fixture::new(place).await;
    let quoted = "a\"d\\a";
    let messages = [
        about_subscription("msg_1", "ada"),
        about_subscription("msg_2", "bob"),
        about_subscription("msg_3", quoted),
    ];
    it.store.append_messages(&messages, NOW).await.unwrap();
    let forget = async |caller: &str| {
        let caller = CallerId::parse(caller).unwrap();
        let changed = it.store.forget_payer_in_messages(&caller, &[]).await;
        changed.unwrap()
    };

    assert_eq!((forget("ada").await, forget("ada").await), (1, 0));
    assert_eq!(forget(quoted).await, 1);

    for queued in it.due().await {
        let is_bobs = queued.message.id == "msg_2";
        let body: Value = serde_json::from_str(&queued.message.body).unwrap();
        let known = ["ada@", "stripe.example"];
        let names = known.map(|text| queued.message.body.contains(text));
        assert_eq!(names, [is_bobs; 2], "{body}");
        let data = &body["data"];
        assert_eq!(data["subscription"]["status"], "active");
        assert_eq!(data["invoice"]["id"], "in_1");
    }
}
