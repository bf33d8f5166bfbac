//! One session for each operation; changed contents close it and open another.

use std::collections::BTreeSet;

use serde_json::json;
use testing::Answer;

use crate::{Checkout, change, intent_id, mugs, order_id, send, session_id};

#[tokio::test]
async fn the_session_sells_the_order_at_the_shops_prices_and_says_whose_it_is() {
    let api = Checkout::start().await;
    let answer = api.post("k1", &mugs(2)).await.expect(200);

    let [session] = &api.shop.stripe.checkout_sessions()[..] else {
        panic!("not exactly one")
    };
    let id = order_id(&answer);
    assert_eq!(answer.body, json!({ "orderId": id, "url": session["url"] }));
    assert_eq!(session["amount_total"], 3000);
    assert_eq!(session["currency"], "usd");
    assert_eq!(session["metadata"]["farebox_order"], id.as_str());
    let success = format!("https://shop.example/paid?order={id}");
    let cancel = format!("https://shop.example/cart?a=b&order={id}");
    assert_eq!(session["success_url"], success);
    assert_eq!(session["cancel_url"], cancel);

    let id = session["id"].as_str().unwrap();
    api.shop.stripe.pay_session(id, "pm_card_visa").unwrap();
    let [intent] = &api.shop.stripe.payment_intents()[..] else {
        panic!("not exactly one")
    };
    assert_eq!(intent["metadata"], session["metadata"]);
}

#[tokio::test]
async fn a_signed_order_is_sold_as_one_line_with_its_description() {
    let api = Checkout::start().await;
    let claims = json!({ "description": "Two mugs", "metadata": { "cart": "c1" } });
    let token = api.shop.order_token("ada", &claims);
    let mut body = mugs(1);
    body.as_object_mut().unwrap().remove("items");
    body["order"] = token.into();

    let answer = api.post("k1", &body).await.expect(200);

    assert_eq!(order_id(&answer), "o_1");
    let [session] = &api.shop.stripe.checkout_sessions()[..] else {
        panic!("not exactly one")
    };
    assert_eq!(session["amount_total"], 1500);
    assert_eq!(session["metadata"]["cart"], "c1");
    let requests = api.shop.stripe.requests().into_iter();
    let mut made = requests.filter(|one| one.path == "/v1/checkout/sessions");
    let lines = made.next().unwrap().params["line_items"].clone();
    let [line] = &lines.as_array().unwrap()[..] else {
        panic!("not exactly one: {lines:#}")
    };
    assert_eq!(line["price_data"]["product_data"]["name"], "Two mugs");
}

#[tokio::test]
async fn a_guest_who_signs_in_pays_on_a_session_of_their_own() {
    let api = Checkout::start().await;
    let mut body = mugs(1);
    body.as_object_mut().unwrap().remove("items");
    body["order"] = api.shop.order_token("guest-1", &json!({})).into();
    let guest = api.shop.token_of("guest-1", &["guest"]);
    let request = api.client.request().bearer(&guest);
    let guests = request.post(&body).await.expect(200);
    let previous = json!({ "previousSub": "guest-1" });
    body["order"] = api.shop.order_token("ada", &previous).into();

    let adas = api.post("k1", &body).await.expect(200);

    assert_eq!(order_id(&adas), order_id(&guests));
    assert_eq!(api.sessions("expired"), [session_id(&guests)]);
    assert_eq!(api.only_open(), session_id(&adas));
    let paid = api
        .shop
        .stripe
        .pay_session(&session_id(&adas), "pm_card_visa");
    assert_eq!(paid.unwrap()["payment_status"], "paid");
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&adas).await, "paid");
    assert_eq!(api.post("k2", &body).await.code(409), "order_already_paid");
}

#[tokio::test]
async fn a_cart_of_a_guest_who_signs_in_is_paid_on_a_session_of_their_own() {
    let api = Checkout::start().await;
    let guest = api.shop.token_of("guest-1", &["guest"]);
    let request = api.client.request().bearer(&guest).key("k1");
    let guests = request.post(&mugs(1)).await.expect(200);
    let claims = json!({ "aud": "farebox", "sub": "ada", "exp": api.shop.clock.now() + 300,
        "previousSub": "guest-1" });
    let token = testing::tokens::sign(&claims, testing::Shop::SITE_KEY);

    let request = api.client.request().bearer(&token).key("k1");
    let adas = request.post(&change(&guests, 2)).await.expect(200);

    assert_eq!(order_id(&adas), order_id(&guests));
    assert_eq!(api.sessions("expired"), [session_id(&guests)]);
    assert_eq!(api.only_open(), session_id(&adas));
}

#[tokio::test]
async fn the_same_operation_gives_the_same_session_in_every_process() {
    let api = Checkout::start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let again = api.post("k1", &mugs(1)).await.expect(200);
    let other = api.another().await;
    let elsewhere = send(&api.shop, &other, "k1", &mugs(1)).await;

    assert_eq!(again.body, first.body);
    assert_eq!(elsewhere.expect(200).body, first.body);
    assert_eq!(api.shop.stripe.checkout_sessions().len(), 1);
    let reused = api.post("k1", &mugs(2)).await;
    assert_eq!(reused.code(409), "idempotency_key_reused");
}

#[tokio::test]
async fn changed_contents_close_the_session_and_open_another() {
    let api = Checkout::start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let old = api.only_open();

    let changed = api.post("k2", &change(&first, 3)).await.expect(200);

    assert_eq!(order_id(&changed), order_id(&first));
    assert_ne!(changed.body["url"], first.body["url"]);
    assert_eq!(api.sessions("expired"), std::slice::from_ref(&old));
    assert!(api.shop.stripe.pay_session(&old, "pm_card_visa").is_err());
    let new = api.only_open();
    api.pay(&new);
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&first).await, "paid");
    assert_eq!(api.received(), 4500);
}

#[tokio::test]
async fn other_places_to_come_back_to_make_another_session() {
    let api = Checkout::start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let mut elsewhere = mugs(1);
    elsewhere["successUrl"] = "https://shop.example/elsewhere".into();

    let second = api.post("k1", &elsewhere).await.expect(200);

    assert_eq!(order_id(&second), order_id(&first));
    assert_ne!(second.body["url"], first.body["url"]);
    assert_eq!(api.sessions("expired").len(), 1);
}

#[tokio::test]
async fn contents_that_change_back_and_forth_leave_one_session_open() {
    let api = Checkout::start().await;
    let first = api.post("k0", &mugs(1)).await.expect(200);
    for (n, quantity) in [2, 1, 2, 1].into_iter().enumerate() {
        let key = format!("k{}", n + 1);
        let answer = api.post(&key, &change(&first, quantity)).await.expect(200);
        let open = api.only_open();
        assert!(answer.body["url"].as_str().unwrap().contains(&open));
    }
}

#[tokio::test]
async fn tabs_that_change_at_once_leave_one_session_open_which_sells_the_order() {
    let api = Checkout::start().await;
    let first = api.post("k0", &mugs(1)).await.expect(200);
    let bodies: Vec<_> = (2..6).map(|quantity| change(&first, quantity)).collect();
    let keys: Vec<_> = (0..4).map(|n| format!("tab{n}")).collect();

    let calls = keys
        .iter()
        .zip(&bodies)
        .map(|(key, body)| api.post(key, body));
    let mut answers = futures_util::future::join_all(calls).await;
    for answer in &answers {
        let status = answer.status.as_u16();
        assert!(matches!(status, 200 | 409), "{}", answer.body);
    }

    answers.retain(|answer| answer.status == 200);
    answers.push(api.post("last", &change(&first, 5)).await.expect(200));
    let open = api.sessions("open");
    let open: BTreeSet<String> = answers
        .iter()
        .map(session_id)
        .filter(|id| open.contains(id))
        .collect();
    let last = session_id(&answers[answers.len() - 1]);
    assert_eq!(open, BTreeSet::from([last.clone()]));
    let sessions = api.shop.stripe.checkout_sessions();
    let session = sessions.iter().find(|session| session["id"] == *last);
    assert_eq!(session.unwrap()["amount_total"], 7500);
}

#[tokio::test]
async fn nobody_opens_a_session_for_another_callers_order() {
    let api = Checkout::start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let bob = api.shop.token("bob");
    let call = api.client.request().bearer(&bob).key("k");
    assert_eq!(call.post(&change(&first, 9)).await.code(404), "not_found");
    let nobody = api.client.request().key("k").post(&mugs(1)).await;
    assert_eq!(nobody.code(401), "unauthenticated");
    assert_eq!(api.shop.stripe.checkout_sessions().len(), 1);
}

/// Archives what a mug costs, as the shop does in its dashboard.
async fn archive(api: &Checkout, order: &str) {
    let order = api.shop.order(order).await;
    let price = order.revision().contents.lines()[0].price.clone().unwrap();
    let archived = api
        .shop
        .stripe
        .change_price(&price, json!({ "active": false }));
    assert_eq!(archived.unwrap()["active"], false);
}

#[tokio::test]
async fn an_order_of_an_archived_price_gets_no_session_and_keeps_its_intent() {
    let api = Checkout::start().await;
    let form = api.post_intent("k1", &mugs(1)).await.expect(200);
    archive(&api, &order_id(&form)).await;

    let session = api.post("k1", &mugs(1)).await;

    assert_eq!(session.code(400), "invalid_request");
    assert!(api.shop.stripe.checkout_sessions().is_empty());
    let again = api.post_intent("k1", &mugs(1)).await.expect(200);
    assert_eq!(again.body, form.body, "the site's form still takes it");
    assert_form_is_payable(&api, &form).await;
}

/// Pays the intent in the answer `form`, as the site's own form does.
async fn assert_form_is_payable(api: &Checkout, form: &Answer) {
    let intent = intent_id(form);
    let paid = api.shop.stripe.confirm(&intent, "pm_card_visa").await;
    assert_eq!(paid.unwrap()["status"], "succeeded");
}

#[tokio::test]
async fn an_order_of_an_archived_product_gets_no_session_and_keeps_what_is_open() {
    let api = Checkout::start().await;
    let form = api.post_intent("k1", &mugs(1)).await.expect(200);
    let session = api.post("k2", &mugs(2)).await.expect(200);
    api.shop
        .stripe
        .change_product("prod_mug", json!({ "active": false }))
        .unwrap();

    // What was asked of Stripe a moment ago says that both are on sale.
    for (key, body) in [("k1", mugs(1)), ("k3", change(&session, 3))] {
        let answer = api.post(key, &body).await.expect(400);
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("not on sale"), "{message}");
    }

    assert_eq!(api.sessions("open").len(), 1, "the session stays open");
    assert_form_is_payable(&api, &form).await;
}

#[tokio::test]
async fn a_price_that_only_stripe_knows_to_be_archived_is_no_failure_of_ours() {
    let api = Checkout::start().await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    archive(&api, &order_id(&first)).await;
    let [open] = &api.sessions("open")[..] else {
        panic!("not exactly one")
    };
    api.shop.stripe.expire_session(open).unwrap();

    // The first answer closes the expired session; there is nothing open to keep then.
    for _ in 0..2 {
        let session = api.post("k1", &mugs(1)).await.expect(400);
        let message = session.body["error"]["message"].as_str().unwrap();
        assert!(message.contains("not on sale"), "{message}");
    }
}
