//! Sessions of recurring prices: what they sell, what is due, and what they refuse.

use sandbox::NewPrice;
use serde_json::{Value, json};
use shared::{event::Event, subscription::Grace};
use testing::{Answer, Client, Shop};

use crate::{Checkout, mugs, order_id, session_id, totals};

/// A shop that sells plans, with this checkout file.
pub(crate) async fn start_with(file: &Value) -> Checkout {
    let api = totals::start(file).await;
    add_plans(&api.shop);
    api
}

/// A shop that sells plans.
pub(crate) async fn start() -> Checkout {
    let api = Checkout::start().await;
    add_plans(&api.shop);
    api
}

/// Adds `pro`, by month and by year, and `team` and `usage` by month.
pub(crate) fn add_plans(shop: &Shop) {
    let monthly = |id, lookup_key, product_name, unit_amount| NewPrice {
        id,
        lookup_key: Some(lookup_key),
        product_name,
        unit_amount,
        recurring: true,
        ..NewPrice::default()
    };
    shop.stripe
        .add_price(monthly("price_pro", "pro", "Pro", 1900));
    shop.stripe
        .add_price(monthly("price_team", "team", "Team", 4900));
    let add = |price: Value| shop.stripe.create_price(price).unwrap();
    let yearly = json!({ "interval": "year" });
    add(
        json!({ "lookup_key": "pro_yearly", "product": "prod_pro", "currency": "usd",
        "unit_amount": "19000", "recurring": yearly }),
    );
    add(
        json!({ "lookup_key": "team_eur", "product": "prod_team", "currency": "eur",
        "unit_amount": "4500", "recurring": { "interval": "month" } }),
    );
    let meter = json!({ "display_name": "Requests", "event_name": "requests",
        "default_aggregation": { "formula": "sum" } });
    let meter = shop.stripe.create_meter(meter).unwrap()["id"].clone();
    add(
        json!({ "lookup_key": "usage", "product": "prod_team", "currency": "usd",
        "unit_amount": "2",
        "recurring": { "interval": "month", "usage_type": "metered", "meter": meter } }),
    );
}

/// A request for these items, on hosted Checkout.
pub(crate) fn items(items: &Value) -> Value {
    json!({
        "items": items,
        "successUrl": "https://shop.example/subscribed",
        "cancelUrl": "https://shop.example/pricing",
    })
}

/// A request for one `pro`, by month.
pub(crate) fn pro() -> Value {
    items(&json!([{ "price": "pro", "quantity": 1 }]))
}

/// Ada, a customer, sends `body` under the idempotency key `key`.
pub(crate) async fn post(api: &Checkout, key: &str, body: &Value) -> Answer {
    api.as_role("ada", "customer").key(key).post(body).await
}

/// The message of the refusal in `answer`, whose code is checked.
#[track_caller]
pub(crate) fn refused(answer: Answer, status: u16, code: &str) -> String {
    let message = answer.body["error"]["message"].as_str().map(str::to_owned);
    assert_eq!(answer.code(status), code, "{message:?}");
    message.unwrap()
}

/// The parameters with which the only session was created.
fn created(api: &Checkout) -> Value {
    let [session] = &api.shop.stripe.checkout_sessions()[..] else {
        panic!("not one session")
    };
    session.clone()
}

/// Subscribes Ada to `price` at Stripe, beside Farebox; returns the subscription's id.
pub(crate) async fn subscribe_beside(api: &Checkout, price: &str) -> String {
    let _ = post(api, "beside", &mugs(1)).await.expect(200);
    let customer = api.shop.store.customer_of(&ada()).await.unwrap().unwrap();
    let customer = customer.customer.unwrap();
    let params = json!({ "customer": customer, "items": [{ "price": price }],
        "trial_period_days": "7" });
    let made = api.shop.stripe.create_subscription(params).unwrap();
    made["id"].as_str().unwrap().to_owned()
}

/// The body of the only `order.paid` there is.
async fn only_order_paid(api: &Checkout) -> Value {
    let outbox = api.shop.outbox().await.into_iter();
    let bodies = outbox.map(|queued| queued.message.body);
    let bodies = bodies.map(|body| serde_json::from_str::<Value>(&body).unwrap());
    let paid: Vec<Value> = bodies.filter(|body| body["type"] == "order.paid").collect();
    let [paid] = &paid[..] else {
        panic!("not exactly one: {paid:?}")
    };
    paid["data"].clone()
}

pub(crate) fn ada() -> shared::access::CallerId {
    shared::access::CallerId::parse("ada").unwrap()
}

#[tokio::test]
async fn items_that_make_no_subscription_are_refused_by_their_name() {
    let api = start().await;
    api.shop
        .stripe
        .change_price("price_shirt", json!({ "active": "false" }))
        .unwrap();
    let cases = [
        (
            json!([{ "price": "pro", "quantity": 1 }, { "price": "pro_yearly", "quantity": 1 }]),
            "`items[1].price` has another billing interval",
        ),
        (
            json!([{ "price": "pro", "quantity": 1 }, { "price": "team_eur", "quantity": 1 }]),
            "`items[1].price` has another currency",
        ),
        (
            json!([{ "price": "pro", "quantity": 0 }]),
            "`items[0].quantity` must be from 1",
        ),
        (
            json!([{ "price": "pro", "quantity": 1 }, { "price": "team" }]),
            "`items[1].quantity` is missing",
        ),
        (
            json!([{ "price": "pro", "quantity": 1 }, { "price": "usage", "quantity": 3 }]),
            "`items[1].quantity` must be absent",
        ),
        (
            json!([{ "price": "pro", "quantity": 1 }, { "price": "shirt", "quantity": 1 }]),
            "`items[1].price` is not one of this shop's prices",
        ),
        (
            json!([{ "price": "pro", "quantity": 1 }, { "price": "price_shirt", "quantity": 1 }]),
            "`items`: the price `price_shirt` is not on sale",
        ),
    ];
    for (n, (list, what)) in cases.into_iter().enumerate() {
        let answer = post(&api, &format!("k{n}"), &items(&list)).await;
        let message = refused(answer, 400, "invalid_request");
        assert!(message.contains(what), "{list}: {message}");
    }
    assert!(api.shop.stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn an_archived_plan_is_refused_and_its_product_too() {
    for is_product in [false, true] {
        let api = start().await;
        let archived = json!({ "active": "false" });
        match is_product {
            true => api.shop.stripe.change_product("prod_pro", archived),
            false => api.shop.stripe.change_price("price_pro", archived),
        }
        .unwrap();
        let body = items(&json!([{ "price": "price_pro", "quantity": 1 }]));
        let message = refused(post(&api, "k1", &body).await, 400, "invalid_request");
        assert!(message.contains("`price_pro` is not on sale"), "{message}");
    }
}

#[tokio::test]
async fn a_plan_is_refused_where_a_single_payment_is_meant() {
    let api = start().await;
    let message = refused(api.post_intent("k1", &pro()).await, 400, "invalid_request");
    assert!(
        message.contains("`items[0].price` is recurring"),
        "{message}"
    );
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn a_guest_gets_no_subscription() {
    let api = start().await;
    let guest = api.shop.token_of("guest-1", &["guest"]);
    let call = api.client.request().bearer(&guest).key("k1");
    let message = refused(call.post(&pro()).await, 403, "forbidden");
    assert!(
        message.contains("a subscription needs a customer"),
        "{message}"
    );
    assert!(api.shop.stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn a_signed_order_takes_no_option_of_a_subscription() {
    let api = start().await;
    for option in ["subscription_data", "payment_method_collection"] {
        let value = match option {
            "subscription_data" => json!({ "trial_period_days": 7 }),
            _ => json!("always"),
        };
        let claims = json!({ "checkout": { option: value } });
        let answer = crate::signed::post_signed(&api, &claims).await;
        let message = refused(answer, 400, "invalid_request");
        assert!(
            message.contains(&format!("`checkout.{option}`")),
            "{message}"
        );
    }
}

#[tokio::test]
async fn whoever_holds_a_subscription_of_the_product_is_led_to_it() {
    let api = start().await;
    let held = subscribe_beside(&api, "price_pro").await;
    let yearly = items(&json!([{ "price": "pro_yearly", "quantity": 1 }]));
    for (n, body) in [pro(), yearly].into_iter().enumerate() {
        let answer = post(&api, &format!("k{n}"), &body).await;
        assert_eq!(answer.body["error"]["subscription"], json!(held));
        refused(answer, 409, "already_subscribed");
    }
    assert_eq!(api.sessions("open").len(), 1, "the mug's");
}

#[tokio::test]
async fn no_subscription_is_sold_while_stripe_does_not_list_those_that_are_held() {
    let api = start().await;
    let _held = subscribe_beside(&api, "price_team").await;
    let fault = sandbox::Fault::error().on("GET", "/v1/subscriptions");
    api.shop.stripe.inject(fault.times(0));

    assert_eq!(post(&api, "k1", &pro()).await.code(503), "unavailable");
    assert_eq!(api.sessions("open").len(), 1, "the mug's");
}

#[tokio::test]
async fn a_plan_with_seats_a_fee_and_usage_is_paid_with_its_first_invoice() {
    for mode in ["hosted", "embedded", "elements"] {
        let api = start().await;
        let mut body = items(&json!([
            { "price": "team", "quantity": 3 },
            { "price": "usage" },
            { "price": "mug", "quantity": 1 },
        ]));
        body["uiMode"] = mode.into();
        if mode != "hosted" {
            body.as_object_mut().unwrap().remove("cancelUrl");
        }
        let answer = post(&api, "k1", &body).await.expect(200);
        let session = api.only_open();
        let made = created(&api);
        assert_eq!(made["mode"], "subscription", "{mode}");
        assert_eq!(made["amount_subtotal"], 3 * 4900 + 1500, "{mode}");

        let shown = api.shop.order(&order_id(&answer)).await;
        assert_eq!(shown.subscription(), None);
        api.pay(&session);
        for _ in 0..2 {
            assert_eq!(api.deliver_all().await, 0);
        }
        let order = api.shop.order(&order_id(&answer)).await;
        assert_eq!(order.status().as_str(), "paid");
        let [held] = &api.shop.stripe.subscriptions()[..] else {
            panic!("not one subscription")
        };
        assert_eq!(order.subscription(), held["id"].as_str());
        assert_eq!(held["metadata"]["farebox_order"], order_id(&answer));
        assert!(order.intent().is_some());
        let paid = only_order_paid(&api).await;
        assert_eq!(paid["subscription"], held["id"]);
        assert_eq!(paid["amount"], 3 * 4900 + 1500);
        assert_eq!(paid["items"].as_array().unwrap().len(), 3);
    }
}

#[tokio::test]
async fn a_trial_pays_the_order_without_money_and_a_fee_beside_it_is_due_today() {
    let file = json!({ "subscription_data": { "trial_period_days": 7,
        "metadata": { "campaign": "spring" } } });
    for (list, total) in [
        (json!([{ "price": "pro", "quantity": 2 }]), 0),
        (
            json!([{ "price": "pro", "quantity": 2 }, { "price": "mug", "quantity": 1 }]),
            1500,
        ),
    ] {
        let api = start_with(&file).await;
        let answer = post(&api, "k1", &items(&list)).await.expect(200);
        let again = post(&api, "k1", &items(&list)).await.expect(200);
        assert_eq!(again.body["url"], answer.body["url"]);
        let session = api.only_open();
        api.pay(&session);
        assert_eq!(api.deliver_all().await, 0, "{list}");

        let order = api.shop.order(&order_id(&answer)).await;
        assert_eq!(order.status().as_str(), "paid", "{list}");
        assert_eq!(order.total().minor_units(), total, "{list}");
        let [held] = &api.shop.stripe.subscriptions()[..] else {
            panic!("not one subscription")
        };
        assert_eq!(held["status"], "trialing");
        assert_eq!(held["metadata"]["campaign"], "spring");
        assert_eq!(order.subscription(), held["id"].as_str());
    }
}

#[tokio::test]
async fn the_return_page_sees_the_subscription_without_a_webhook() {
    let mut shop = Shop::open().await;
    shop.clock = shared::Clock::fixed(shared::Clock::default().now());
    let api = Checkout::over(shop).await;
    add_plans(&api.shop);
    let answer = post(&api, "k1", &pro()).await.expect(200);
    let session = session_id(&answer);
    api.pay(&session);

    let order = api.shop.order(&order_id(&answer)).await;
    let order = api.shop.app().processor.refresh(order).await;

    assert_eq!(order.status().as_str(), "paid");
    assert!(order.subscription().is_some());
    assert_eq!(api.deliver_all().await, 0);
    let notified = api.shop.notifications().await;
    let paid = notified.iter().filter(|kind| *kind == "order.paid");
    assert_eq!(paid.count(), 1, "{notified:?}");
}

#[tokio::test]
async fn the_first_invoice_is_refunded_by_its_order() {
    for is_readable in [true, false] {
        let api = start().await;
        let answer = post(&api, "k1", &pro()).await.expect(200);
        let session = api.only_open();
        api.pay(&session);
        if !is_readable {
            let denied = sandbox::Fault::restricted().on("GET", "/v1/invoices/");
            api.shop.stripe.inject(denied.times(0));
        }
        assert_eq!(api.deliver_all().await, 0);
        let order = api.shop.order(&order_id(&answer)).await;
        assert_eq!(order.status().as_str(), "paid");
        assert_eq!(order.lacks_intent(), !is_readable);

        let refunds = Client::of(refund::service(api.shop.app())).await;
        let fay = api.shop.token_of("fay", &["admin"]);
        let body = json!({ "orderId": order_id(&answer) });
        let refund = async |key| refunds.request().bearer(&fay).key(key).post(&body).await;
        if !is_readable {
            assert_eq!(refund("r0").await.code(409), "refund_refused");
            api.shop.stripe.clear_faults();
        }
        let refunded = refund("r1").await.expect(200);
        assert_eq!(refunded.body["amount"], 1900);
        assert_eq!(api.deliver_all().await, 0);
        assert_eq!(api.status(&answer).await, "refunded");
    }
}

#[tokio::test]
async fn a_subscriptions_order_that_is_canceled_or_expired_closes_its_session() {
    let api = start().await;
    let answer = post(&api, "k1", &pro()).await.expect(200);
    let session = api.only_open();
    let cancels = Client::of(cancel::service(api.shop.app())).await;
    let token = api.shop.token_of("ada", &["customer"]);
    let body = json!({ "orderId": order_id(&answer) });
    let canceled = cancels.request().bearer(&token).post(&body).await;
    assert_eq!(canceled.expect(200).body["status"], "canceled");
    assert_eq!(api.sessions("expired"), [session]);

    let answer = post(&api, "k2", &pro()).await.expect(200);
    let session = session_id(&answer);
    api.shop.stripe.expire_session(&session).unwrap();
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "expired");
    let again = post(&api, "k2", &pro()).await.expect(200);
    assert_eq!(order_id(&again), order_id(&answer));
    assert_ne!(session_id(&again), session);
}

#[tokio::test]
async fn a_first_period_until_a_billing_date_is_paid_in_part() {
    let anchor = shared::Clock::default().now() + 10 * 24 * 60 * 60;
    let data = json!({ "subscription_data": { "billing_cycle_anchor": anchor } });
    let api = start_with(&data).await;
    let answer = post(&api, "k1", &pro()).await.expect(200);
    let session = api.only_open();
    let due = created(&api)["amount_subtotal"].as_i64().unwrap();
    assert!((1..1900).contains(&due), "{due}");
    api.pay(&session);
    assert_eq!(api.deliver_all().await, 0);

    let order = api.shop.order(&order_id(&answer)).await;
    assert_eq!(order.status().as_str(), "paid");
    assert_eq!(order.total().minor_units(), due);
}

#[tokio::test]
async fn a_code_takes_its_part_off_the_first_invoice() {
    let api = start_with(&json!({ "allow_promotion_codes": true })).await;
    let answer = post(&api, "k1", &pro()).await.expect(200);
    let entries = json!({ "payment_method": "pm_card_visa", "promotion_code": "SPRING" });
    let session = session_id(&answer);
    api.shop.stripe.pay_session_with(&session, entries).unwrap();
    assert_eq!(api.deliver_all().await, 0);

    let totals = api.shop.order(&order_id(&answer)).await.totals();
    assert_eq!(
        (totals.subtotal, totals.discount, totals.total),
        (1900, 475, 1425)
    );
}

#[tokio::test]
async fn options_of_single_payments_are_not_sent_for_a_subscription() {
    let rate = json!({ "display_name": "Post", "type": "fixed_amount",
        "fixed_amount": { "amount": 500, "currency": "usd" } });
    let file = json!({ "invoice_creation": { "enabled": true },
        "shipping_options": [{ "shipping_rate_data": rate }],
        "choices": { "shipping_rate": ["shr_express"] },
        "payment_method_collection": "if_required" });
    let api = start_with(&file).await;
    let _ = post(&api, "k1", &pro()).await.expect(200);
    assert_eq!(created(&api)["payment_method_collection"], "if_required");

    let mut chosen = pro();
    chosen["choice"] = json!({ "shippingRate": "shr_express" });
    let message = refused(post(&api, "k2", &chosen).await, 400, "invalid_request");
    assert!(message.contains("`choice.shippingRate`"), "{message}");
}

#[tokio::test]
async fn a_subscriptions_order_takes_other_seats_and_no_single_purchase() {
    let api = start().await;
    let first = post(&api, "k1", &pro()).await.expect(200);
    let mut seats = items(&json!([{ "price": "pro", "quantity": 5 }]));
    seats["orderId"] = order_id(&first).into();
    let second = post(&api, "k2", &seats).await.expect(200);
    assert_eq!(order_id(&second), order_id(&first));
    assert_eq!(api.only_open(), session_id(&second));

    let answer = post(&api, "k3", &crate::change(&first, 1)).await;
    let message = refused(answer, 400, "invalid_request");
    assert!(message.contains("start a new order"), "{message}");
    api.pay(&session_id(&second));
    assert_eq!(api.deliver_all().await, 0);
    let order = api.shop.order(&order_id(&first)).await;
    assert_eq!(order.total().minor_units(), 5 * 1900);
}

#[tokio::test]
async fn a_payer_may_use_what_they_bought_once_the_order_is_paid() {
    for is_refreshed in [false, true] {
        let api = start().await;
        let answer = post(&api, "key", &pro()).await.expect(200);
        let session = session_id(&answer);
        api.shop
            .stripe
            .pay_session(&session, "pm_card_visa")
            .unwrap();
        let order = api.shop.order(&order_id(&answer)).await;
        let processor = api.shop.app().processor;
        // None of the subscription's own events arrived yet.
        if is_refreshed {
            let order = processor.refresh(order).await;
            assert!(order.paid_at().is_some());
        } else {
            let events = api.shop.stripe.events();
            let kind = "checkout.session.completed";
            let completed = events.iter().rfind(|event| event["type"] == kind).unwrap();
            let event = Event::parse(completed.to_string().as_bytes()).unwrap();
            processor.process(event).await.unwrap();
        }
        let account = api.shop.store.billing_account(&ada()).await.unwrap();
        let account = account.value.unwrap();
        let now = api.shop.clock.now();
        let access = account.access(now, Grace::default());
        assert!(access.entitlements.contains("pro"));
    }
}
