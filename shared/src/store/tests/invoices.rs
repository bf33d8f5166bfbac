//! Orders that stand for an invoice of a subscription.

use super::{sharing::by_many, *};
use crate::{
    event::{InvoiceToRefund, Refund},
    order::RefundRequest,
    store::DayLimit,
};

on_every_backend!(
    an_order_of_an_invoice_is_paid_found_by_its_payment_and_in_no_list,
    concurrent_creations_of_an_invoices_order_make_one,
    an_invoice_whose_payment_an_order_has_leads_to_that_order,
    an_id_of_the_sites_own_is_not_taken_for_an_invoices_order,
    orders_and_invoices_share_the_callers_daily_limit,
    a_refund_of_an_invoices_order_is_recorded_and_sends_no_message_about_the_order,
);

const INVOICE: &str = "in_1";

fn id() -> OrderId {
    OrderId::of_invoice(INVOICE)
}

fn usd(minor_units: i64) -> Amount {
    Amount::new(minor_units, Currency::parse("usd").unwrap()).unwrap()
}

/// The event that an invoice of 19.00, paid by `intent`, needs an order.
fn invoice_event(intent: &str) -> Event {
    let invoice = InvoiceToRefund {
        id: INVOICE.to_owned(),
        order: id().to_string(),
        subscription: "sub_1".to_owned(),
        owner: CallerId::parse("ada").unwrap(),
        payment_intent: intent.to_owned(),
        amount: usd(1900),
        paid_at: NOW - 60,
    };
    Event::paid_invoice(invoice, NOW)
}

impl Fixture {
    async fn adopt(&self, intent: &str) -> AcceptOutcome {
        let event = invoice_event(intent);
        self.store.accept(event, NOW).await.unwrap()
    }

    async fn adopted(&self) -> Order {
        self.store.order(&id()).await.unwrap().unwrap()
    }

    async fn reserve_on(&self, order: &OrderId, key: &str, amount: i64) -> Refunded {
        let fay = CallerId::parse("fay").unwrap();
        let digest = RefundRequest::digest_of(Some(amount), None);
        let names = (format!("rfd_{key}"), digest);
        let request = RefundRequest::new(names, usd(amount), None, &fay, NOW);
        let limit = DayLimit::AtMost(1000);
        let reserved = self
            .store
            .reserve_refund(order, request, usd(1).currency(), limit);
        reserved.await.unwrap()
    }
}

async fn an_order_of_an_invoice_is_paid_found_by_its_payment_and_in_no_list(place: Place) {
    let it = Fixture::new(place).await;
    it.order().await;

    let outcome = it.adopt("pi_invoice").await;

    assert_eq!(outcome.accepted, Accepted::Applied);
    assert_eq!(outcome.messages, [""; 0]);
    let order = it.adopted().await;
    assert_eq!(order.status(), Status::Paid);
    assert_eq!(order.invoice(), Some(INVOICE));
    assert_eq!(order.subscription(), Some("sub_1"));
    assert_eq!(order.intent(), Some("pi_invoice"));
    assert_eq!(order.left_to_refund(), 1900);
    assert!(it.store.knows_intent("pi_invoice").await.unwrap());
    assert_eq!(it.orders_of("ada").await.len(), 1, "the placed one");
    let all = it.store.all_orders(&OrderRange::newest(9)).await.unwrap();
    assert_eq!(all.orders.len(), 1, "the placed one");

    let again = it.adopt("pi_invoice").await;
    assert_eq!(again.accepted, Accepted::Duplicate);
    assert_eq!(again.order, Some(id()));
    assert_eq!(it.adopted().await, order);
    assert!(it.due().await.is_empty());
}

async fn concurrent_creations_of_an_invoices_order_make_one(place: Place) {
    let it = Fixture::new(place).await;
    let outcomes = by_many(&it, 16, |_, store| async move {
        store
            .accept(invoice_event("pi_invoice"), NOW)
            .await
            .unwrap()
    })
    .await;

    let is = |wanted| outcomes.iter().filter(move |one| one.accepted == wanted);
    assert_eq!(is(Accepted::Applied).count(), 1);
    assert_eq!(is(Accepted::Duplicate).count(), 15);
    assert_eq!(it.adopted().await.left_to_refund(), 1900);
}

async fn an_invoice_whose_payment_an_order_has_leads_to_that_order(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.paid().await;

    let outcome = it.adopt("pi_1").await;

    assert_eq!(outcome.accepted, Accepted::Ignored);
    assert_eq!(outcome.order.as_ref(), Some(order.id()));
    assert_eq!(it.store.order(&id()).await.unwrap(), None);
    let known = it.store.order(order.id()).await.unwrap();
    assert_eq!(known, Some(order));
}

async fn an_id_of_the_sites_own_is_not_taken_for_an_invoices_order(place: Place) {
    let it = Fixture::new(place).await;
    it.open(put(id().as_str(), "ada", 1900, None)).await;

    let outcome = it.adopt("pi_invoice").await;

    assert_eq!(outcome.accepted, Accepted::OtherDeployment);
    assert_eq!(it.adopted().await.invoice(), None);
    assert_eq!(it.orders_of("ada").await.len(), 1, "it is listed");
    assert!(!it.store.knows_intent("pi_invoice").await.unwrap());
}

async fn orders_and_invoices_share_the_callers_daily_limit(place: Place) {
    let it = Fixture::new(place).await;
    let order = it.paid().await;
    it.adopt("pi_invoice").await;

    let first = it.reserve_on(order.id(), "1", 600).await;
    assert!(matches!(first, Refunded::Changed(_)), "{first:?}");
    let over = it.reserve_on(&id(), "2", 401).await;
    assert_eq!(over, Refunded::Refused(RefundRefusal::OverDayLimit));
    let rest = it.reserve_on(&id(), "3", 400).await;
    assert!(matches!(rest, Refunded::Changed(_)), "{rest:?}");
    let over = it.reserve_on(order.id(), "4", 1).await;
    assert_eq!(over, Refunded::Refused(RefundRefusal::OverDayLimit));
}

async fn a_refund_of_an_invoices_order_is_recorded_and_sends_no_message_about_the_order(
    place: Place,
) {
    let it = Fixture::new(place).await;
    it.adopt("pi_invoice").await;
    it.reserve_on(&id(), "1", 700).await;
    let refund = json!({ "id": "re_1", "amount": 700, "currency": "usd", "status": "succeeded",
        "payment_intent": "pi_invoice", "metadata": { "farebox_refund": "rfd_1" } });

    let event = json!({ "id": "evt_1", "object": "event", "type": "refund.created",
        "created": NOW, "livemode": false, "data": { "object": refund } });
    assert_eq!(it.accept(&event).await, Accepted::Applied);
    let refund: Refund = serde_json::from_value(refund).unwrap();
    let recorded = it.store.record_refund(&id(), refund, NOW).await.unwrap();

    assert!(matches!(recorded, Refunded::Unchanged(_)), "{recorded:?}");
    let order = it.adopted().await;
    assert_eq!(order.refunded_amount(), 700);
    assert_eq!(order.refund_requests()[0].refund(), Some("re_1"));
    assert!(it.due().await.is_empty());
}
