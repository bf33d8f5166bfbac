//! An order in a currency that the browser chose among those of the checkout file.

use create_intent::service;
use serde_json::{Value, json};
use testing::{Shop, TestServer};

use crate::{intent_id, mugs, only_intent, open_intent, order_id};

/// A shop that offers euros and pounds, with more `settings`. A mug has an amount in both, a
/// sticker in neither.
async fn start(settings: &[(&str, &str)]) -> TestServer {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkout.json");
    let file = json!({ "choices": { "currency": ["eur", "gbp"] } });
    std::fs::write(&path, file.to_string()).unwrap();
    let named = [("FAREBOX_CHECKOUT", path.to_str().unwrap())];
    let shop = Shop::open_with(&[&named, settings].concat()).await;
    let options = json!({ "currency_options": {
        "eur": { "unit_amount": 1190 }, "gbp": { "unit_amount": 990 },
    } });
    shop.stripe.change_price("price_mug", options).unwrap();
    TestServer::over(shop, service).await
}

/// A request for some mugs, in this currency.
fn mugs_in(currency: &str, quantity: u32) -> Value {
    let mut body = mugs(quantity);
    body["choice"] = json!({ "currency": currency });
    body
}

#[tokio::test]
async fn an_order_is_priced_charged_and_paid_in_the_chosen_currency() {
    let api = start(&[]).await;

    let answer = api.post("k1", &mugs_in("eur", 2)).await.expect(200);

    assert_eq!(answer.body["amount"], 2380);
    assert_eq!(answer.body["currency"], "eur");
    let intent = only_intent(&api);
    assert_eq!(
        (&intent["amount"], &intent["currency"]),
        (&json!(2380), &json!("eur"))
    );
    let id = intent_id(&answer);
    api.shop.stripe.confirm(&id, "pm_card_visa").await.unwrap();
    api.shop.accept_events_of(&id).await;
    let order = api.shop.order(&order_id(&answer)).await;
    assert_eq!(order.status().as_str(), "paid");
    let amount = order.revision().contents.amount();
    assert_eq!(
        (amount.minor_units(), amount.currency().as_str()),
        (2380, "eur")
    );
}

#[tokio::test]
async fn what_cannot_be_chosen_is_refused_by_its_path() {
    let api = start(&[]).await;
    let with = |choice: Value| {
        let mut body = mugs(1);
        body["choice"] = choice;
        body
    };
    let order = api.shop.order_token("ada", &json!({}));
    let cases = [
        (
            with(json!({ "currency": "chf" })),
            "`choice.currency` is not one",
        ),
        (
            with(json!({ "currency": "usd" })),
            "`choice.currency` is not one",
        ),
        (
            with(json!({ "currency": "EUR" })),
            "`choice.currency` is not one",
        ),
        (with(json!({ "locale": "de" })), "`choice`: unknown field"),
        (
            json!({ "order": order, "choice": { "currency": "eur" } }),
            "`choice.currency` only with `items`",
        ),
    ];
    for (body, what) in cases {
        let refused = api.post("k1", &body).await.expect(400);
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(what), "{body}: {message}");
    }
    assert!(api.shop.stripe.payment_intents().is_empty());

    let none = TestServer::start(service).await;
    let refused = none.post("k1", &mugs_in("eur", 1)).await;
    assert_eq!(refused.code(400), "invalid_request");
}

#[tokio::test]
async fn a_price_without_an_amount_in_the_chosen_currency_is_named() {
    let api = start(&[]).await;
    let mut body = mugs_in("eur", 1);
    let sticker = json!({ "price": "sticker", "quantity": 1 });
    body["items"].as_array_mut().unwrap().push(sticker);

    let refused = api.post("k1", &body).await.expect(400);

    let message = refused.body["error"]["message"].as_str().unwrap();
    assert_eq!(
        message,
        "`items`: the price `sticker` has no amount in `eur`"
    );
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn another_currency_gives_the_same_order_another_intent() {
    let api = start(&[]).await;
    let first = api.post("k1", &mugs(1)).await.expect(200);
    let mut body = mugs_in("eur", 1);
    body["orderId"] = first.body["orderId"].clone();

    let changed = api.post("k2", &body).await.expect(200);

    assert_eq!(order_id(&changed), order_id(&first));
    assert_eq!(open_intent(&api)["id"], intent_id(&changed));
    assert_eq!(
        (&changed.body["amount"], &changed.body["currency"]),
        (&json!(1190), &json!("eur"))
    );
    let old = api.shop.stripe.payment_intent(&intent_id(&first)).unwrap();
    assert_eq!(old["status"], "canceled");

    let mut back = mugs(1);
    back["orderId"] = first.body["orderId"].clone();
    let back = api.post("k3", &back).await.expect(200);
    assert_eq!(
        back.body["currency"], "usd",
        "without a choice it is the price's own"
    );
}

#[tokio::test]
async fn the_currency_is_a_part_of_the_operation() {
    let api = start(&[]).await;
    let first = api.post("k1", &mugs_in("eur", 1)).await.expect(200);

    let again = api.post("k1", &mugs_in("eur", 1)).await.expect(200);
    assert_eq!(again.body, first.body);
    for other in [mugs_in("gbp", 1), mugs(1)] {
        let reused = api.post("k1", &other).await;
        assert_eq!(reused.code(409), "idempotency_key_reused");
    }
}

#[tokio::test]
async fn an_order_above_the_cap_of_the_chosen_currency_is_refused() {
    let api = start(&[("FAREBOX_MAX_AMOUNT", "3000,eur:1500")]).await;

    let _ = api.post("k1", &mugs(2)).await.expect(200);
    let _ = api.post("k2", &mugs_in("gbp", 3)).await.expect(200);
    let _ = api.post("k3", &mugs_in("eur", 1)).await.expect(200);
    let refused = api.post("k4", &mugs_in("eur", 2)).await;
    assert_eq!(refused.code(400), "invalid_request");
}

#[tokio::test]
async fn the_amounts_in_further_currencies_are_fetched_once_and_only_where_one_is_chosen() {
    let api = start(&[]).await;
    let expanded = || {
        let requests = api.shop.stripe.requests().into_iter();
        let prices = requests.filter(|request| request.path.starts_with("/v1/prices"));
        let expand = prices.map(|request| request.params["expand"].to_string());
        expand
            .map(|names| names.contains("currency_options"))
            .collect::<Vec<_>>()
    };

    let _ = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(expanded(), [false]);
    for (key, body) in [
        ("k2", mugs_in("eur", 1)),
        ("k3", mugs_in("gbp", 1)),
        ("k4", mugs_in("eur", 2)),
        ("k5", mugs(2)),
    ] {
        let _ = api.post(key, &body).await.expect(200);
    }
    assert_eq!(expanded(), [false, true]);

    let by_id = json!({ "items": [{ "price": "price_mug", "quantity": 1 }],
        "choice": { "currency": "eur" } });
    assert_eq!(
        api.post("k6", &by_id).await.expect(200).body["amount"],
        1190
    );
    assert_eq!(expanded(), [false, true, true]);
}
