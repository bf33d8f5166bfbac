//! Who buys, as the site signs it: on Checkout, and in the notification of the payment.

use serde_json::{Value, json};
use testing::Answer;

use crate::{
    Checkout, session_id,
    signed::{opening, post_signed},
    totals::only_paid,
};

/// Claims that say who buys.
fn ada() -> Value {
    json!({
        "email": "ada@example.com",
        "shipping": { "name": "Ada", "phone": "+49 30 1", "address": { "line1": "Torstr. 1",
            "city": "Berlin", "country": "DE" } },
        "statementDescriptorSuffix": "MUGS 77",
    })
}

/// A guest opens a session for an order that the site signed.
async fn post_as_guest(api: &Checkout, changes: &Value) -> Answer {
    let body = json!({
        "order": api.shop.order_token("guest-1", changes),
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart",
    });
    let guest = api.shop.token_of("guest-1", &["guest"]);
    let call = api.client.request().bearer(&guest);
    call.post(&body).await.expect(200)
}

#[tokio::test]
async fn a_guests_session_has_the_signed_address_and_its_payment_the_parcels() {
    let api = Checkout::start().await;
    let answer = post_as_guest(&api, &ada()).await;

    let sent = opening(&api);
    assert_eq!(sent["customer_email"], "ada@example.com");
    let of_intent = &sent["payment_intent_data"];
    assert_eq!(of_intent["receipt_email"], "ada@example.com");
    assert_eq!(of_intent["statement_descriptor_suffix"], "MUGS 77");
    api.pay(&session_id(&answer));
    assert_eq!(api.deliver_all().await, 0);
    let paid = only_paid(&api).await;
    assert_eq!(paid["payer"]["email"], "ada@example.com");
    assert_eq!(paid["shipping"]["name"], "Ada");
    assert_eq!(paid["shipping"]["phone"], "+49 30 1");
    assert_eq!(paid["shipping"]["address"]["line1"], "Torstr. 1");
    let charge = &api.shop.stripe.charges()[0];
    assert_eq!(charge["receipt_email"], "ada@example.com");
}

#[tokio::test]
async fn a_customers_session_takes_the_address_from_the_customer() {
    let api = Checkout::start().await;
    let ada_signed = json!({
        "order": api.shop.order_token("ada", &ada()),
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart",
    });
    let customer = api.shop.token_of("ada", &["customer"]);
    let call = api.client.request().bearer(&customer);
    let _ = call.post(&ada_signed).await.expect(200);

    let sent = opening(&api);
    assert!(sent["customer_email"].is_null(), "{sent}");
    assert_eq!(
        sent["payment_intent_data"]["receipt_email"],
        "ada@example.com"
    );
    assert_eq!(api.shop.stripe.customers()[0]["email"], "ada@example.com");
    let session = &api.shop.stripe.checkout_sessions()[0];
    assert_eq!(session["customer_details"]["email"], "ada@example.com");
}

#[tokio::test]
async fn a_session_that_asks_for_the_parcels_address_is_not_told_another() {
    let api = Checkout::start().await;
    let mut claims = ada();
    let countries = json!({ "allowed_countries": ["DE"] });
    claims["checkout"] = json!({ "shipping_address_collection": countries });

    let _ = post_signed(&api, &claims).await.expect(200);

    let sent = opening(&api);
    assert!(sent["payment_intent_data"]["shipping"].is_null(), "{sent}");
    assert_eq!(
        sent["payment_intent_data"]["receipt_email"],
        "ada@example.com"
    );
}

#[tokio::test]
async fn the_notification_has_the_invoices_page_whichever_event_arrives_first() {
    for is_reversed in [false, true] {
        let api = Checkout::start().await;
        let invoices = json!({ "checkout": { "invoice_creation": { "enabled": true } } });
        let answer = post_signed(&api, &invoices).await.expect(200);
        api.pay(&session_id(&answer));
        let mut events = api.shop.stripe.events();
        if is_reversed {
            events.reverse();
        }
        for event in events {
            let answer = api.shop.deliver(&api.webhook, event.to_string()).await;
            let _ = answer.expect(200);
        }

        let paid = only_paid(&api).await;
        assert!(paid["invoice"].as_str().unwrap().starts_with("in_"));
        let page = paid["invoiceUrl"].as_str().unwrap();
        assert!(page.starts_with("http"), "{page}");
        let asked = api.shop.stripe.requests().into_iter();
        let asked = asked.filter(|request| request.path.starts_with("/v1/invoices/"));
        assert!((1..=2).contains(&asked.count()));
    }
}

#[tokio::test]
async fn an_invoice_that_cannot_be_read_does_not_keep_the_payment() {
    let api = Checkout::start().await;
    let invoices = json!({ "checkout": { "invoice_creation": { "enabled": true } } });
    let answer = post_signed(&api, &invoices).await.expect(200);
    api.pay(&session_id(&answer));
    let refused = sandbox::Fault::restricted()
        .on("GET", "/v1/invoices/")
        .times(0);
    api.shop.stripe.inject(refused);

    assert_eq!(api.deliver_all().await, 0);

    let paid = only_paid(&api).await;
    assert!(paid["invoice"].is_string());
    assert!(paid["invoiceUrl"].is_null(), "{paid}");
}
