//! The payment's Stripe customer: one for each caller whose role has the permission, created once.

use std::time::{Duration, Instant};

use create_intent::service;
use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use shared::{access::CallerId, store::CustomerLink, stripe::CustomerKeys};
use testing::{Answer, Client, Process, Shop, TestServer, tokens};

use crate::{intent_id, mugs, only_intent};

/// The real program.
const CREATE_INTENT: &str = env!("CARGO_BIN_EXE_create-intent");

/// Seconds after which a reservation's customer is searched for.
const HOUR: i64 = 60 * 60;

fn ada() -> CallerId {
    CallerId::parse("ada").unwrap()
}

/// Ada, who is a customer, buys mugs as the operation `key`.
async fn buy(api: &TestServer, key: &str) -> Answer {
    let token = api.shop.token_of("ada", &["customer"]);
    let call = api.client.request().bearer(&token);
    call.key(key).post(&mugs(1)).await
}

/// The customer of the intent in `answer`.
fn customer_of(api: &TestServer, answer: &Answer) -> Value {
    let intent = api.shop.stripe.payment_intent(&intent_id(answer));
    intent.unwrap()["customer"].clone()
}

/// Reserves Ada's customer, dated so long ago.
async fn reserve(api: &TestServer, seconds_ago: i64) -> CustomerLink {
    let at = api.shop.clock.now() - seconds_ago;
    let ada = ada();
    let reserved = api.shop.store.reserve_customer(&ada, None, at);
    reserved.await.unwrap()
}

/// The ids of Stripe's customers.
fn customers(shop: &Shop) -> Vec<Value> {
    let customers = shop.stripe.customers();
    customers.iter().map(|one| one["id"].clone()).collect()
}

fn calls(shop: &Shop, path: &str) -> usize {
    let requests = shop.stripe.requests();
    let asked = requests.iter().filter(|one| one.path.starts_with(path));
    asked.count()
}

#[tokio::test]
async fn a_customers_payments_are_their_stripe_customers_which_is_made_once() {
    let api = TestServer::start(service).await;
    let first = buy(&api, "k1").await.expect(200);
    let second = buy(&api, "k2").await.expect(200);

    let [customer] = &customers(&api.shop)[..] else {
        panic!("not one customer")
    };
    assert_eq!(customer_of(&api, &first), *customer);
    assert_eq!(customer_of(&api, &second), *customer);
    assert_ne!(intent_id(&first), intent_id(&second));
    assert_eq!(calls(&api.shop, "/v1/customers"), 1);
    let link = api.shop.store.customer_of(&ada()).await.unwrap().unwrap();
    assert_eq!(link.customer.as_deref(), customer.as_str());
}

#[tokio::test]
async fn a_guest_has_no_stripe_customer() {
    let api = TestServer::start(service).await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    assert_eq!(customer_of(&api, &answer), Value::Null);
    assert_eq!(customers(&api.shop), [Value::Null; 0]);
    assert_eq!(api.shop.store.customer_of(&ada()).await.unwrap(), None);
}

#[tokio::test]
async fn a_customer_is_identified_by_an_alias_and_gets_the_address_of_the_token_alone() {
    let api = TestServer::start(service).await;
    let claims = json!({ "aud": "farebox", "sub": "ada@shop.example", "roles": ["customer"],
        "exp": api.shop.clock.now() + 300, "email": "ada@home.example", "name": "Ada Lovelace" });
    let token = tokens::sign(&claims, Shop::SITE_KEY);
    let call = api.client.request().bearer(&token).key("k1");
    let _ = call.post(&mugs(1)).await.expect(200);

    let [customer] = &api.shop.stripe.customers()[..] else {
        panic!("not one customer")
    };
    let alias = CallerId::parse("ada@shop.example").unwrap().alias();
    assert_eq!(customer["metadata"][CustomerKeys::OWNER], alias);
    assert_eq!(customer["email"], "ada@home.example");
    for field in ["name", "description", "phone"] {
        assert_eq!(customer[field], Value::Null);
    }
    let text = customer.to_string();
    let is_copied = text.contains("ada@shop") || text.contains("Ada");
    assert!(!is_copied, "{text}");
}

#[tokio::test]
async fn an_intent_that_was_made_without_a_customer_stays_so() {
    let api = TestServer::start(service).await;
    let intent = api.shop.open_order("o_1").await;
    let order = api.shop.order_token("ada", &json!({}));
    let token = api.shop.token_of("ada", &["customer"]);
    let call = api.client.request().bearer(&token);
    let answer = call.post(&json!({ "order": order })).await.expect(200);

    assert_eq!(intent_id(&answer), intent);
    assert_eq!(customer_of(&api, &answer), Value::Null);
    assert_eq!(only_intent(&api)["id"], intent);
    assert_eq!(customers(&api.shop), [Value::Null; 0]);
}

#[tokio::test]
async fn a_lost_answer_makes_no_second_customer() {
    let api = TestServer::start(service).await;
    let lost = Fault::lost_answer().on("POST", "/v1/customers");
    api.shop.stripe.inject(lost);
    let answer = buy(&api, "k1").await.expect(200);
    assert_eq!([customer_of(&api, &answer)], customers(&api.shop)[..]);
}

#[tokio::test]
async fn first_payments_through_two_processes_at_once_are_one_customers() {
    let shop = Shop::open().await;
    let processes = [
        Process::start(CREATE_INTENT, &shop),
        Process::start(CREATE_INTENT, &shop),
    ];
    let clients = processes.each_ref().map(|one| Client::at(one.address()));
    let slow = Fault::latency(Duration::from_millis(300));
    shop.stripe
        .inject(slow.on("POST", "/v1/customers").times(0));
    let token = shop.token_of("ada", &["customer"]);
    let cart = mugs(1);
    let calls = (0..8).map(|n| {
        let call = clients[n % 2].request().bearer(&token);
        call.key(&format!("k{n}")).post(&cart)
    });

    let answers = join_all(calls).await;

    assert!(answers.iter().all(|one| one.status == 200), "{answers:?}");
    let [customer] = &customers(&shop)[..] else {
        panic!("not one customer")
    };
    let intents = shop.stripe.payment_intents();
    assert_eq!(intents.len(), 8);
    assert!(intents.iter().all(|one| one["customer"] == *customer));
}

/// Kills a process while Stripe fails by `fault`, as soon as `is_done`; another gets the same
/// request.
async fn kill_during(fault: Fault, is_done: impl Fn(&Shop) -> bool) {
    let shop = Shop::open().await;
    shop.stripe
        .inject(fault.on("POST", "/v1/customers").times(0));
    let first = Process::start(CREATE_INTENT, &shop);
    let client = Client::at(first.address());
    let token = shop.token_of("ada", &["customer"]);
    let cart = mugs(1);
    let ends = Instant::now() + Duration::from_secs(20);
    let until_done = async {
        while !is_done(&shop) {
            assert!(Instant::now() < ends, "the moment to kill it");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        answer = client.request().bearer(&token).key("k1").post(&cart) => {
            panic!("it answered: {answer:?}")
        }
        () = until_done => first.kill(),
    }
    let left = shop.store.customer_of(&ada()).await.unwrap().unwrap();
    assert_eq!(left.customer, None);

    shop.stripe.clear_faults();
    let second = Process::start(CREATE_INTENT, &shop);
    let client = Client::at(second.address());
    let again = client.request().bearer(&token).key("k1");
    let _ = again.post(&cart).await.expect(200);

    let customers = customers(&shop);
    assert_eq!(customers.len(), 1);
    assert_eq!(shop.stripe.payment_intents()[0]["customer"], customers[0]);
    let linked = shop.store.customer_of(&ada()).await.unwrap().unwrap();
    assert_eq!(linked.reservation, left.reservation);
    assert_eq!(linked.customer.as_deref(), customers[0].as_str());
}

#[tokio::test]
async fn a_process_that_is_killed_before_stripe_made_the_customer_loses_nothing() {
    kill_during(Fault::hang(), |shop| calls(shop, "/v1/customers") > 0).await;
}

#[tokio::test]
async fn a_process_that_is_killed_after_stripe_made_the_customer_makes_no_second() {
    kill_during(Fault::lost_answer(), |shop| !customers(shop).is_empty()).await;
}

#[tokio::test]
async fn a_customer_that_no_link_names_is_found_after_stripe_forgot_the_key() {
    let api = TestServer::start(service).await;
    let reservation = reserve(&api, HOUR).await;
    let stripe = api.shop.quick_stripe_client();
    let made = stripe
        .create_customer(&ada(), &reservation.reservation)
        .await
        .unwrap();
    api.shop.stripe.forget_idempotency_keys();

    let answer = buy(&api, "k1").await.expect(200);

    assert_eq!(customer_of(&api, &answer), made.id.as_str());
    assert_eq!(customers(&api.shop).len(), 1);
    assert!(api.shop.store.holder_of(&made.id).await.unwrap().is_some());
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_for_a_customer_is_passed_under_the_next_key() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        let api = TestServer::start(service).await;
        api.shop.stripe.inject(fault.on("POST", "/v1/customers"));

        let answer = buy(&api, "k1").await.expect(200);

        let link = api.shop.store.customer_of(&ada()).await.unwrap().unwrap();
        let linked = link.customer.unwrap();
        assert_eq!(customer_of(&api, &answer), linked.as_str());
        let again = buy(&api, "k2").await.expect(200);
        assert_eq!(customer_of(&api, &again), linked.as_str());
    }
}

#[tokio::test]
async fn without_stripes_search_an_old_reservation_is_not_given_up() {
    let api = TestServer::start(service).await;
    let reservation = reserve(&api, HOUR).await;
    let stripe = api.shop.quick_stripe_client();
    let made = stripe
        .create_customer(&ada(), &reservation.reservation)
        .await
        .unwrap();
    let refused = Fault::restricted().on("GET", "/v1/customers/search");
    api.shop.stripe.inject(refused.times(0));
    assert_eq!(buy(&api, "k1").await.code(503), "unavailable");

    api.shop.stripe.clear_faults();
    let answer = buy(&api, "k1").await.expect(200);
    assert_eq!(customer_of(&api, &answer), made.id.as_str());
}

#[tokio::test]
async fn a_customer_that_was_deleted_at_stripe_is_replaced_once() {
    let api = TestServer::start(service).await;
    let first = buy(&api, "k1").await.expect(200);
    let gone = customer_of(&api, &first);
    api.shop
        .stripe
        .delete_customer(gone.as_str().unwrap())
        .unwrap();

    let keys = ["k2", "k3", "k4"];
    let answers = join_all(keys.map(|key| buy(&api, key))).await;

    let [customer] = &customers(&api.shop)[..] else {
        panic!("not one customer")
    };
    assert_ne!(*customer, gone);
    for answer in answers {
        assert_eq!(customer_of(&api, &answer.expect(200)), *customer);
    }
    let again = buy(&api, "k1").await.expect(200);
    assert_eq!(intent_id(&again), intent_id(&first));
    assert_eq!(api.shop.stripe.payment_intents().len(), 4);
}
