//! Orders that charge a saved payment method in the payer's absence.

use std::time::{Duration, Instant};

use create_intent::service;
use futures_util::future::join_all;
use sandbox::Fault;
use serde_json::{Value, json};
use shared::{access::CallerId, customers::Customers};
use testing::{Answer, Client, Log, Process, Shop, TestServer};

use crate::{only_intent, open_intent, post_signed};

/// The real program.
const CREATE_INTENT: &str = env!("CARGO_BIN_EXE_create-intent");
const INTENTS: &str = "/v1/payment_intents/";

/// The id of Ada's customer, who has these cards, and their ids.
async fn ada_with(shop: &Shop, cards: &[&str]) -> (String, Vec<String>) {
    let stripe = shop.quick_stripe_client();
    let customers = Customers {
        stripe: &stripe,
        store: &shop.store,
        clock: &shop.clock,
    };
    let owner = CallerId::parse("ada").unwrap();
    let customer = customers.of(&owner).await.unwrap().id().to_owned();
    let keep = |card: &&str| {
        let kept = shop.stripe.keep(&customer, card).unwrap();
        kept["id"].as_str().unwrap().to_owned()
    };
    let kept = cards.iter().map(keep).collect();
    (customer, kept)
}

/// The function, for Ada, who has these cards.
async fn start_with(cards: &[&str]) -> (TestServer, Vec<String>) {
    let shop = Shop::open().await.at_fixed_time();
    let (_, kept) = ada_with(&shop, cards).await;
    (TestServer::over(shop, service).await, kept)
}

/// The body that asks for a charge, with `changes` to the claims.
fn charge(shop: &Shop, changes: &Value) -> Value {
    let mut claims = json!({ "offSession": true });
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    json!({ "order": shop.order_token("ada", &claims) })
}

async fn send(api: &TestServer, body: &Value) -> Answer {
    api.as_role("ada", "customer").post(body).await
}

/// The number of attempts to charge.
fn confirmations(shop: &Shop) -> usize {
    let requests = shop.stripe.requests();
    let confirms = requests.iter().filter(|one| one.path.ends_with("/confirm"));
    confirms.count()
}

/// The payments that succeeded.
fn succeeded(shop: &Shop) -> usize {
    let charges = shop.stripe.charges();
    let paid = charges.iter().filter(|one| one["status"] == "succeeded");
    paid.count()
}

#[tokio::test]
async fn a_saved_card_is_charged_at_once_and_the_site_is_notified_once() {
    let (api, kept) = start_with(&["pm_card_visa"]).await;
    let body = charge(&api.shop, &json!({ "amount": 1999 }));

    let answer = send(&api, &body).await.expect(200);

    assert_eq!(answer.body["status"], "paid");
    assert_eq!(answer.body["amount"], 1999);
    assert_eq!(answer.body["clientSecret"], Value::Null);
    assert_eq!(answer.body["customerSessionClientSecret"], Value::Null);
    let intent = only_intent(&api);
    assert_eq!(
        (&intent["status"], &intent["payment_method"]),
        (&json!("succeeded"), &json!(kept[0]))
    );
    assert_eq!(api.shop.status("o_1").await, "paid");
    api.shop.accept_events().await;
    assert_eq!(api.shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn the_same_token_has_the_same_answer_and_never_a_second_charge() {
    let (api, _) = start_with(&["pm_card_visa"]).await;
    let body = charge(&api.shop, &json!({}));
    let first = send(&api, &body).await.expect(200);
    for _ in 0..3 {
        let again = send(&api, &body).await.expect(200);
        assert_eq!(again.body, first.body);
    }
    api.shop.clock.advance(10);
    let signed_again = charge(&api.shop, &json!({}));
    let again = send(&api, &signed_again).await.expect(200);
    assert_eq!(again.body, first.body);
    assert_eq!((confirmations(&api.shop), succeeded(&api.shop)), (1, 1));

    let more = charge(&api.shop, &json!({ "amount": 9000 }));
    assert_eq!(send(&api, &more).await.code(409), "order_already_paid");
}

#[tokio::test]
async fn a_charge_that_staff_capture_later_is_authorized_once() {
    let (api, _) = start_with(&["pm_card_visa"]).await;
    let body = charge(&api.shop, &json!({ "captureMethod": "manual" }));
    for _ in 0..2 {
        let answer = send(&api, &body).await.expect(200);
        assert_eq!(answer.body["status"], "authorized");
    }
    assert_eq!(only_intent(&api)["amount_capturable"], 1500);
    assert_eq!(confirmations(&api.shop), 1);
    assert_eq!(api.shop.notifications().await, ["order.authorized"]);
}

#[tokio::test]
async fn requests_to_two_processes_at_once_are_one_charge() {
    let shop = Shop::open().await;
    ada_with(&shop, &["pm_card_visa"]).await;
    let processes = [
        Process::start(CREATE_INTENT, &shop),
        Process::start(CREATE_INTENT, &shop),
    ];
    let clients = processes.each_ref().map(|one| Client::at(one.address()));
    let slow = Fault::latency(Duration::from_millis(200));
    shop.stripe.inject(slow.on("POST", INTENTS).times(0));
    let token = shop.token_of("ada", &["customer"]);
    let body = charge(&shop, &json!({}));
    let calls = (0..6).map(|n| clients[n % 2].request().bearer(&token).post(&body));

    let answers = join_all(calls).await;

    assert_eq!(succeeded(&shop), 1);
    for answer in answers {
        match answer.status.as_u16() {
            200 => assert_eq!(answer.body["status"], "paid"),
            _ => assert_eq!(answer.code(409), "in_progress"),
        }
    }
    let again = clients[0].request().bearer(&token).post(&body).await;
    assert_eq!(again.expect(200).body["status"], "paid");
    assert_eq!(succeeded(&shop), 1);
    assert_eq!(shop.notifications().await, ["order.paid"]);
}

/// Kills a process while Stripe fails by `fault` to charge, once `is_done`; another gets the same
/// request.
async fn kill_during(fault: Fault, is_done: impl Fn(&Shop) -> bool) {
    let shop = Shop::open().await;
    ada_with(&shop, &["pm_card_visa"]).await;
    shop.stripe.inject(fault.on("POST", INTENTS).times(0));
    let first = Process::start(CREATE_INTENT, &shop);
    let client = Client::at(first.address());
    let token = shop.token_of("ada", &["customer"]);
    let body = charge(&shop, &json!({}));
    let ends = Instant::now() + Duration::from_secs(20);
    let until_done = async {
        while !is_done(&shop) {
            assert!(Instant::now() < ends, "the moment to kill it");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        answer = client.request().bearer(&token).post(&body) => panic!("it answered: {answer:?}"),
        () = until_done => first.kill(),
    }
    assert_ne!(shop.status("o_1").await, "paid");

    shop.stripe.clear_faults();
    let second = Process::start(CREATE_INTENT, &shop);
    let client = Client::at(second.address());
    let answer = client.request().bearer(&token).post(&body).await;

    assert_eq!(answer.expect(200).body["status"], "paid");
    assert_eq!(succeeded(&shop), 1);
    assert_eq!(shop.stripe.payment_intents().len(), 1);
    assert_eq!(shop.notifications().await, ["order.paid"]);
}

#[tokio::test]
async fn a_process_that_is_killed_before_the_charge_loses_nothing() {
    kill_during(Fault::hang(), |shop| confirmations(shop) > 0).await;
}

#[tokio::test]
async fn a_process_that_is_killed_after_the_charge_charges_no_second_time() {
    kill_during(Fault::lost_answer(), |shop| succeeded(shop) > 0).await;
}

#[tokio::test]
async fn a_failure_that_stripe_keeps_leads_to_no_second_charge() {
    for fault in [Fault::error().stored(), Fault::error_after()] {
        let (api, _) = start_with(&["pm_card_visa"]).await;
        api.shop.stripe.inject(fault.on("POST", INTENTS));
        let body = charge(&api.shop, &json!({}));
        let answer = send(&api, &body).await.expect(200);
        assert_eq!(answer.body["status"], "paid");
        assert_eq!(succeeded(&api.shop), 1);
    }
}

#[tokio::test]
async fn a_bank_that_wants_the_payer_is_402_with_the_secret_to_go_on() {
    let (log, _listening) = Log::start();
    let (api, kept) = start_with(&["pm_card_authenticationRequired"]).await;
    let body = charge(&api.shop, &json!({}));
    for _ in 0..2 {
        let refused = send(&api, &body).await;
        let error = refused.body["error"].clone();
        assert_eq!(refused.code(402), "authentication_required");
        assert_eq!(error["clientSecret"], only_intent(&api)["client_secret"]);
    }
    let text = log.text();
    assert!(
        text.contains("\"audit\":true") && !text.contains("_secret_"),
        "{text}"
    );

    let stripe = &api.shop.stripe;
    let id = only_intent(&api)["id"].as_str().unwrap().to_owned();
    let asked = stripe.confirm(&id, &kept[0]).await.unwrap();
    assert_eq!(asked["status"], "requires_action");
    let during = send(&api, &body).await;
    assert_eq!(during.code(402), "authentication_required");
    assert_eq!(only_intent(&api)["status"], "requires_action");
    stripe.authenticate(&id, true).unwrap();

    let answer = send(&api, &body).await.expect(200);

    assert_eq!(answer.body["status"], "paid");
    assert_eq!(succeeded(&api.shop), 1);
}

#[tokio::test]
async fn a_decline_is_402_until_the_site_signs_again() {
    let (api, _) = start_with(&["pm_card_chargeCustomerFail"]).await;
    let body = charge(&api.shop, &json!({}));
    for _ in 0..3 {
        assert_eq!(send(&api, &body).await.code(402), "generic_decline");
    }
    assert_eq!(
        api.shop.stripe.charges().len(),
        1,
        "one attempt for a token"
    );

    api.shop.clock.advance(10);
    let (_, kept) = ada_with(&api.shop, &["pm_card_visa"]).await;
    let named = json!({ "paymentMethod": kept[0] });
    let answer = send(&api, &charge(&api.shop, &named)).await.expect(200);
    assert_eq!(answer.body["status"], "paid");
    assert_eq!(open_intent(&api)["payment_method"], *kept[0]);
    assert_eq!(succeeded(&api.shop), 1);
}

#[tokio::test]
async fn a_named_method_counts_before_the_default_and_the_default_before_the_newest() {
    let cards = ["pm_card_visa", "pm_card_mastercard", "pm_card_amex"];
    for (named, expected) in [(Some(0), 0), (None, 1)] {
        let (api, kept) = start_with(&cards).await;
        let customer = api.shop.stripe.customers()[0]["id"].clone();
        let default = json!({ "invoice_settings": { "default_payment_method": kept[1] } });
        let customer = customer.as_str().unwrap();
        api.shop.stripe.change_customer(customer, default).unwrap();
        let claims = json!({ "paymentMethod": named.map(|n: usize| kept[n].clone()) });
        let _ = send(&api, &charge(&api.shop, &claims)).await.expect(200);
        assert_eq!(only_intent(&api)["payment_method"], *kept[expected]);
    }
    let (api, kept) = start_with(&cards).await;
    let _ = send(&api, &charge(&api.shop, &json!({}))).await.expect(200);
    assert_eq!(only_intent(&api)["payment_method"], *kept[2], "the newest");
}

#[tokio::test]
async fn without_a_saved_method_nothing_is_opened() {
    let (api, kept) = start_with(&["pm_card_visa"]).await;
    api.shop.stripe.forget(&kept[0]).unwrap();
    let removed = json!({ "version": 2, "paymentMethod": kept[0] });
    for claims in [json!({ "version": 1 }), removed] {
        let refused = send(&api, &charge(&api.shop, &claims)).await;
        assert_eq!(refused.code(409), "no_saved_payment_method");
    }
    let guest = post_signed(&api, &json!({ "offSession": true })).await;
    assert_eq!(guest.code(409), "no_saved_payment_method");
    let nobody = TestServer::start(service).await;
    let body = charge(&nobody.shop, &json!({}));
    assert_eq!(
        send(&nobody, &body).await.code(409),
        "no_saved_payment_method"
    );
    assert!(nobody.shop.stripe.customers().is_empty());
    for api in [&api, &nobody] {
        assert!(api.shop.stripe.payment_intents().is_empty());
    }
}

#[tokio::test]
async fn a_bank_debit_is_processing_until_the_money_comes() {
    let (api, _) = start_with(&["pm_usBankAccount"]).await;
    let body = charge(&api.shop, &json!({}));
    for _ in 0..2 {
        let answer = send(&api, &body).await.expect(200);
        assert_eq!(answer.body["status"], "processing");
    }
    let id = only_intent(&api)["id"].as_str().unwrap().to_owned();
    api.shop.stripe.settle(&id).unwrap();
    assert_eq!(send(&api, &body).await.expect(200).body["status"], "paid");
    assert_eq!(confirmations(&api.shop), 1);
}

#[tokio::test]
async fn an_order_that_the_payer_has_open_is_charged_by_an_intent_of_its_own() {
    let (api, _) = start_with(&["pm_card_visa"]).await;
    let open = json!({ "order": api.shop.order_token("ada", &json!({ "version": 1 })) });
    let form = send(&api, &open).await.expect(200);
    let answer = send(&api, &charge(&api.shop, &json!({ "version": 2 }))).await;

    assert_eq!(answer.expect(200).body["status"], "paid");
    assert_eq!(open_intent(&api)["status"], "succeeded");
    let earlier = crate::intent_id(&form);
    let earlier = api.shop.stripe.payment_intent(&earlier).unwrap();
    assert_eq!(earlier["status"], "canceled");
    assert_eq!(succeeded(&api.shop), 1);
}

#[tokio::test]
async fn an_order_of_zero_charges_nothing() {
    let (api, _) = start_with(&[]).await;
    let free = charge(&api.shop, &json!({ "amount": 0 }));
    for _ in 0..2 {
        assert_eq!(send(&api, &free).await.expect(200).body["status"], "paid");
    }
    assert!(api.shop.stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn claims_that_do_not_fit_are_refused_by_name() {
    let (api, _) = start_with(&["pm_card_visa"]).await;
    for (claims, what) in [
        (
            json!({ "offSession": "yes" }),
            "`offSession` of the signed order must be",
        ),
        (
            json!({ "paymentMethod": "card_1" }),
            "`paymentMethod` of the signed order must be",
        ),
        (
            json!({ "paymentMethod": "pm_1/../x" }),
            "`paymentMethod` of the signed order must be",
        ),
        (
            json!({ "offSession": false, "paymentMethod": "pm_1" }),
            "`paymentMethod` of the signed order is only for `offSession`",
        ),
        (
            json!({ "setupFutureUsage": "on_session" }),
            "`setupFutureUsage` of the signed order",
        ),
    ] {
        let refused = send(&api, &charge(&api.shop, &claims)).await;
        let message = refused.body["error"]["message"].to_string();
        assert_eq!(refused.code(400), "invalid_request");
        assert!(message.contains(what), "{message}");
    }
}
