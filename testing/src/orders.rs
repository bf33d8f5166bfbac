//! The orders of a shop, and the events of their payments.

use std::collections::BTreeMap;

use hyper::{Method, body::Bytes};
use serde_json::Value;
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    event::Event,
    order::{CaptureMethod, Order, OrderDetails, OrderId, PaymentUpdate},
    store::{OutboxMessage, PutOrder, PutOrderOutcome},
};

use crate::{Answer, Client, Shop};

impl Shop {
    /// Opens an order of 15.00 for `ada` and creates its intent, as create-intent would; returns
    /// the intent's id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn open_order(&self, id: &str) -> String {
        self.open_order_of(id, 1500, "usd").await
    }

    /// Opens an order of `minor_units` of `currency` for `ada` and creates its intent; returns the
    /// intent's id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn open_order_of(&self, id: &str, minor_units: i64, currency: &str) -> String {
        self.open_order_for("ada", id, minor_units, currency).await
    }

    /// Opens an order of `owner` and creates its intent; returns the intent's id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn open_order_for(
        &self,
        owner: &str,
        id: &str,
        minor_units: i64,
        currency: &str,
    ) -> String {
        let contents = self.contents(minor_units, currency);
        self.open_order_with(owner, id, contents).await
    }

    /// The contents of an order of `minor_units` of `currency`, signed now.
    ///
    /// # Panics
    ///
    /// When that is no amount.
    #[must_use]
    pub fn contents(&self, minor_units: i64, currency: &str) -> OrderDetails {
        let currency = Currency::parse(currency).expect("a currency");
        let amount = Amount::new(minor_units, currency).expect("an amount");
        let signed = OrderDetails::signed(amount, None, BTreeMap::new(), self.clock.now());
        signed.expect("contents")
    }

    /// Opens an order of `owner` with `contents` and creates its intent; returns the intent's id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn open_order_with(&self, owner: &str, id: &str, contents: OrderDetails) -> String {
        let now = self.clock.now();
        let order = self.put_order(owner, id, contents, now).await;
        let intent = self.quick_stripe_client().create_intent(&order, None).await;
        let intent = intent.expect("the sandbox answers").id;
        let update = PaymentUpdate::Intent(intent.clone(), order.owner().clone());
        let updated = self.store.update_payment(order.id(), update, now).await;
        updated.expect("the database answers");
        intent
    }

    /// Opens an order of `owner` at `now`, without an intent.
    ///
    /// # Panics
    ///
    /// When the database refuses.
    pub async fn put_order(
        &self,
        owner: &str,
        id: &str,
        contents: OrderDetails,
        now: i64,
    ) -> Order {
        let opening = PutOrder {
            operation: None,
            order: OrderId::parse(id).expect("an order's id"),
            must_exist: false,
            owner: CallerId::parse(owner).expect("a caller"),
            previous_owner: None,
            contents,
        };
        let opened = self.store.put_order(opening, now).await;
        match opened.expect("the database answers") {
            PutOrderOutcome::Order(order) => *order,
            PutOrderOutcome::Refused(why) => panic!("the order {id} is refused: {why:?}"),
        }
    }

    /// Opens such an order, pays it with a test card, and accepts the payment's events; returns the
    /// intent's id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn paid_order(&self, id: &str, minor_units: i64, currency: &str) -> String {
        let intent = self.open_order_of(id, minor_units, currency).await;
        let confirmed = self.stripe.confirm(&intent, "pm_card_visa").await;
        confirmed.expect("the card is good");
        self.accept_events_of(&intent).await;
        intent
    }

    /// Opens an order of `ada`, and authorizes its payment with a test card; returns the intent's
    /// id.
    ///
    /// # Panics
    ///
    /// When the database or the sandbox refuses.
    pub async fn authorized_order(&self, id: &str, minor_units: i64, currency: &str) -> String {
        let contents = self.contents(minor_units, currency);
        let contents = contents.captured(CaptureMethod::Manual);
        let intent = self.open_order_with("ada", id, contents).await;
        let confirmed = self.stripe.confirm(&intent, "pm_card_visa").await;
        confirmed.expect("the card is good");
        self.accept_events_of(&intent).await;
        intent
    }

    /// Accepts all events so far into the database.
    ///
    /// # Panics
    ///
    /// When the database does not take an event.
    pub async fn accept_events(&self) {
        self.accept(|_| true).await;
    }

    /// Accepts all events so far that concern the payment of `intent`.
    ///
    /// # Panics
    ///
    /// When the database does not take an event.
    pub async fn accept_events_of(&self, intent: &str) {
        self.accept(|object| object["id"] == intent || object["payment_intent"] == intent)
            .await;
    }

    async fn accept(&self, concerns: impl Fn(&Value) -> bool) {
        for event in self.stripe.events() {
            if concerns(&event["data"]["object"]) {
                let event = Event::parse(event.to_string().as_bytes()).expect("an event");
                let accepted = self.store.accept(event, self.clock.now()).await;
                accepted.expect("the database answers");
            }
        }
    }

    /// Makes Stripe deliver its events to the function `webhook` from now on.
    pub fn subscribe(&self, webhook: &Client) {
        self.stripe
            .add_webhook(&webhook.url(), Self::WEBHOOK_SECRET);
    }

    /// Delivers `event` to the function `webhook` as Stripe does, signed now.
    ///
    /// # Panics
    ///
    /// When there is no answer, or one that breaks what holds for every answer.
    pub async fn deliver(&self, webhook: &Client, event: impl Into<Bytes>) -> Answer {
        let event = event.into();
        let call = webhook.request();
        let call = call.header("stripe-signature", &self.sign(&event));
        call.send(Method::POST, event).await
    }

    /// The value of `Stripe-Signature` for `event`, signed now.
    #[must_use]
    pub fn sign(&self, event: &[u8]) -> String {
        let now = self.clock.now().unsigned_abs();
        sandbox::sign(event, Self::WEBHOOK_SECRET, now)
    }

    /// The order with `id`, as the database has it.
    ///
    /// # Panics
    ///
    /// When it is not there.
    pub async fn order(&self, id: &str) -> Order {
        let id = OrderId::parse(id).expect("an order's id");
        let found = self.store.order(&id).await.expect("the database answers");
        found.expect("the order is there")
    }

    /// The status of the order with `id`.
    ///
    /// # Panics
    ///
    /// When it is not there.
    pub async fn status(&self, id: &str) -> &'static str {
        self.order(id).await.status().as_str()
    }

    /// What is in the outbox and was not delivered, the oldest first.
    ///
    /// # Panics
    ///
    /// When the database does not answer.
    pub async fn outbox(&self) -> Vec<OutboxMessage> {
        // A lease that is over at once, at a time when all are due.
        let messages = self.store.lease_due(i64::MAX / 2, 0, 10_000).await;
        messages.expect("the database answers")
    }

    /// The types of the notifications in the outbox, the oldest first.
    ///
    /// # Panics
    ///
    /// When the database does not answer.
    pub async fn notifications(&self) -> Vec<String> {
        let messages = self.outbox().await.into_iter();
        messages.map(|queued| queued.message.kind).collect()
    }
}
