//! A session in a currency that the browser chose among those of the checkout file.

use serde_json::{Value, json};

use crate::{
    Checkout, change, intent_id, mugs,
    totals::{self, only_paid},
};

/// A shop that offers euros, for which a mug has an amount with its tax in it, and a sticker none.
async fn start() -> Checkout {
    let api = totals::start(&json!({
        "automatic_tax": { "enabled": true },
        "customer_update": { "address": "auto" },
        "choices": { "currency": ["eur"] },
    }))
    .await;
    let mug = json!({ "unit_amount": 1190, "tax_behavior": "inclusive" });
    change_euros(&api, &mug);
    api
}

/// Changes what a mug is in euros.
fn change_euros(api: &Checkout, option: &Value) {
    let options = json!({ "currency_options": { "eur": option } });
    api.shop.stripe.change_price("price_mug", options).unwrap();
}

/// The same request, in euros.
fn in_euros(mut body: Value) -> Value {
    body["choice"] = json!({ "currency": "eur" });
    body
}

/// What Ada enters on the page.
fn entries() -> Value {
    json!({
        "payment_method": "pm_card_visa",
        "email": "ada@example.com",
        "address": { "line1": "Torstr. 1", "postal_code": "10119", "city": "Berlin",
            "country": "DE" },
    })
}

#[tokio::test]
async fn the_session_charges_in_the_chosen_currency_and_the_order_is_paid_with_it() {
    let api = start().await;

    let answer = api.post("k1", &in_euros(mugs(2))).await.expect(200);

    let [session] = &api.shop.stripe.checkout_sessions()[..] else {
        panic!("not exactly one")
    };
    assert_eq!(
        (&session["currency"], &session["amount_subtotal"]),
        (&json!("eur"), &json!(2380))
    );
    let again = api.post("k1", &in_euros(mugs(2))).await.expect(200);
    assert_eq!(again.body["url"], answer.body["url"]);
    let id = session["id"].as_str().unwrap();
    api.shop.stripe.pay_session_with(id, entries()).unwrap();
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "paid");
    let paid = only_paid(&api).await;
    assert_eq!(
        (&paid["amount"], &paid["currency"]),
        (&json!(2380), &json!("eur"))
    );
    // 19 % of 20.00, in the price.
    assert_eq!(paid["amounts"]["tax"], 380);
}

#[tokio::test]
async fn a_currency_that_the_shop_or_a_price_does_not_have_is_refused_and_opens_nothing() {
    let api = start().await;
    let mut pounds = mugs(1);
    pounds["choice"] = json!({ "currency": "gbp" });
    let mut sticker = in_euros(mugs(1));
    sticker["items"][0]["price"] = json!("sticker");
    let mut signed = in_euros(mugs(1));
    signed.as_object_mut().unwrap().remove("items");
    signed["order"] = api.shop.order_token("ada", &json!({})).into();

    for (body, what) in [
        (
            pounds,
            "`choice.currency` is not one of this shop's choices",
        ),
        (sticker, "the price `sticker` has no amount in `eur`"),
        (signed, "`choice.currency` only with `items`"),
    ] {
        let refused = api.post("k1", &body).await.expect(400);
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(what), "{message}");
    }
    assert!(api.shop.stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn another_currency_replaces_the_open_session_of_the_order() {
    let api = start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let old = api.only_open();

    let changed = api
        .post("k2", &in_euros(change(&first, 1)))
        .await
        .expect(200);

    assert_eq!(changed.body["orderId"], first.body["orderId"]);
    assert_eq!(api.sessions("expired"), [old]);
    let open = api.only_open();
    api.shop.stripe.pay_session_with(&open, entries()).unwrap();
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(only_paid(&api).await["currency"], "eur");
}

#[tokio::test]
async fn a_shipping_rate_needs_an_amount_in_the_chosen_currency_and_else_what_is_open_stays() {
    let dollars = json!({ "shipping_rate_data": { "display_name": "Post", "type": "fixed_amount",
        "fixed_amount": { "amount": 500, "currency": "usd" } } });
    let file = json!({ "shipping_options": [dollars], "choices": { "currency": ["eur"] } });
    let api = totals::start(&file).await;
    change_euros(&api, &json!({ "unit_amount": 1190 }));
    let form = api.post_intent("k1", &in_euros(mugs(1))).await.expect(200);

    let refused = api.post("k1", &in_euros(mugs(1))).await.expect(400);

    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`checkout.shipping_options[0]"),
        "{message}"
    );
    let intent = api.shop.stripe.payment_intent(&intent_id(&form)).unwrap();
    assert_eq!(intent["status"], "requires_payment_method");
    let _ = api.post("k2", &mugs(1)).await.expect(200);
}

#[tokio::test]
async fn an_amount_that_changed_at_stripe_gets_no_session_and_keeps_the_intent() {
    let api = start().await;
    let form = api.post_intent("k1", &in_euros(mugs(1))).await.expect(200);
    change_euros(
        &api,
        &json!({ "unit_amount": 1290, "tax_behavior": "inclusive" }),
    );

    let refused = api.post("k1", &in_euros(mugs(1))).await.expect(400);

    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(message.contains("not on sale"), "{message}");
    assert!(api.shop.stripe.checkout_sessions().is_empty());
    let intent = intent_id(&form);
    let paid = api
        .shop
        .stripe
        .confirm(&intent, "pm_card_visa")
        .await
        .unwrap();
    assert_eq!(
        (&paid["amount"], &paid["currency"]),
        (&json!(1190), &json!("eur"))
    );
}

#[tokio::test]
async fn a_session_of_another_amount_than_the_orders_reaches_nobody() {
    let api = start().await;
    let _ = api.post("k1", &in_euros(mugs(1))).await.expect(200);
    api.shop.stripe.expire_session(&api.only_open()).unwrap();
    change_euros(
        &api,
        &json!({ "unit_amount": 1290, "tax_behavior": "inclusive" }),
    );

    for _ in 0..2 {
        let refused = api.post("k1", &in_euros(mugs(1))).await.expect(400);
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("not on sale"), "{message}");
    }
}
