//! The customer session, with which a customer's form shows saved cards.

use create_intent::service;
use sandbox::Fault;
use serde_json::{Value, json};
use testing::{Answer, Log, TestServer};

use crate::{intent_id, mugs, only_intent};

const SESSIONS: &str = "/v1/customer_sessions";

async fn buy(api: &TestServer, caller: &str, key: &str) -> Answer {
    let call = api.as_role(caller, "customer").key(key);
    call.post(&mugs(1)).await.expect(200)
}

/// The customer sessions that Stripe opened.
fn sessions(api: &TestServer) -> Vec<Value> {
    let requests = api.shop.stripe.requests().into_iter();
    let opened = requests.filter(|one| one.path == SESSIONS && one.status == Some(200));
    let bodies = opened.map(|one| one.response.unwrap().body);
    bodies
        .map(|body| serde_json::from_slice(&body).unwrap())
        .collect()
}

/// The number of requests for a customer session.
fn asked(api: &TestServer) -> usize {
    let requests = api.shop.stripe.requests();
    requests.iter().filter(|one| one.path == SESSIONS).count()
}

#[tokio::test]
async fn a_customer_gets_a_session_of_their_own_for_the_payment_element() {
    let api = TestServer::start(service).await;

    let answer = buy(&api, "ada", "k1").await;

    let [session] = &sessions(&api)[..] else {
        panic!("not one session")
    };
    let secret = &answer.body["customerSessionClientSecret"];
    assert!(secret.as_str().unwrap().starts_with("cuss_secret_"));
    assert_eq!(*secret, session["client_secret"]);
    assert_eq!(session["customer"], only_intent(&api)["customer"]);
    let element = &session["components"]["payment_element"];
    assert_eq!(element["enabled"], true);
    for (feature, expected) in [
        ("payment_method_redisplay", "enabled"),
        ("payment_method_remove", "enabled"),
        ("payment_method_save", "enabled"),
        ("payment_method_save_usage", "off_session"),
    ] {
        assert_eq!(element["features"][feature], expected, "{feature}");
    }
}

#[tokio::test]
async fn the_same_and_changed_contents_get_a_session_of_the_same_customer() {
    let api = TestServer::start(service).await;
    let first = buy(&api, "ada", "k1").await;
    let again = buy(&api, "ada", "k1").await;
    let more = json!({ "orderId": first.body["orderId"],
        "items": [{ "price": "mug", "quantity": 2 }] });
    let call = api.as_role("ada", "customer").key("k2");
    let changed = call.post(&more).await.expect(200);

    assert_ne!(intent_id(&first), intent_id(&changed));
    let sessions = sessions(&api);
    let answers = [&first, &again, &changed];
    assert_eq!(sessions.len(), 3, "one for each request");
    for (answer, session) in answers.into_iter().zip(&sessions) {
        let secret = &answer.body["customerSessionClientSecret"];
        assert_eq!(*secret, session["client_secret"]);
        assert_eq!(session["customer"], sessions[0]["customer"]);
    }
}

#[tokio::test]
async fn a_guest_gets_none() {
    let api = TestServer::start(service).await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let fields = answer.body.as_object().unwrap();
    assert!(!fields.contains_key("customerSessionClientSecret"));
    assert_eq!(asked(&api), 0);
}

#[tokio::test]
async fn a_caller_who_is_no_customer_any_more_gets_none_for_their_customers_payment() {
    let api = TestServer::start(service).await;
    let _ = buy(&api, "ada", "k1").await;

    let answer = api.post("k1", &mugs(1)).await.expect(200);

    assert!(only_intent(&api)["customer"].is_string());
    assert_eq!(answer.body["customerSessionClientSecret"], Value::Null);
    assert_eq!(asked(&api), 1, "the customer's own");
}

#[tokio::test]
async fn a_new_owner_gets_no_session_of_the_previous_one() {
    let api = TestServer::start(service).await;
    let signed = |caller: &str, changes: Value| {
        let token = api.shop.order_token(caller, &changes);
        json!({ "order": token })
    };
    let own = signed("ada", json!({ "version": 1 }));
    let call = api.as_role("ada", "customer");
    let _ = call.post(&own).await.expect(200);
    let moved = signed("eve", json!({ "version": 2, "previousSub": "ada" }));
    let call = api.as_role("eve", "customer");

    let answer = call.post(&moved).await.expect(200);

    let sessions = sessions(&api);
    let secret = &answer.body["customerSessionClientSecret"];
    let opened = sessions.iter().find(|one| one["client_secret"] == *secret);
    let intent = api.shop.stripe.payment_intent(&intent_id(&answer)).unwrap();
    assert_eq!(opened.unwrap()["customer"], intent["customer"]);
    assert_ne!(sessions[0]["customer"], intent["customer"]);
}

#[tokio::test]
async fn the_payment_goes_on_where_stripe_opens_no_session() {
    for fault in [
        Fault::restricted(),
        Fault::error(),
        Fault::hang(),
        Fault::truncated(),
    ] {
        let (log, _listening) = Log::start();
        let api = TestServer::start(service).await;
        api.shop
            .stripe
            .inject(fault.clone().on("POST", SESSIONS).times(0));

        let answer = buy(&api, "ada", "k1").await;

        assert_eq!(answer.body["customerSessionClientSecret"], Value::Null);
        assert_eq!(intent_id(&answer), only_intent(&api)["id"], "{fault:?}");
        let text = log.text();
        assert!(text.contains("opens no customer session"), "{text}");
    }
}

#[tokio::test]
async fn the_secret_is_not_logged() {
    let (log, _listening) = Log::start();
    let api = TestServer::start(service).await;
    let answer = buy(&api, "ada", "k1").await;
    let secret = answer.body["customerSessionClientSecret"].as_str();
    let text = log.text();
    assert!(text.contains("\"audit\":true"), "{text}");
    assert!(!text.contains("cuss_") && !text.contains(secret.unwrap()));
}

#[tokio::test]
async fn a_customer_that_was_deleted_at_stripe_is_replaced_in_the_session_too() {
    let api = TestServer::start(service).await;
    let _ = buy(&api, "ada", "k1").await;
    let gone = only_intent(&api)["customer"].clone();
    let stripe = &api.shop.stripe;
    stripe.delete_customer(gone.as_str().unwrap()).unwrap();

    let answer = buy(&api, "ada", "k2").await;

    let intent = stripe.payment_intent(&intent_id(&answer)).unwrap();
    let sessions = sessions(&api);
    let session = sessions.last().unwrap();
    assert_ne!(intent["customer"], gone);
    assert_eq!(session["customer"], intent["customer"]);
    let secret = &answer.body["customerSessionClientSecret"];
    assert_eq!(session["client_secret"], *secret);
}
