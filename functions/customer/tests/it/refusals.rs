//! Refusals: another's customer looks like one that does not exist, and the log names no person.

use sandbox::Fault;
use serde_json::{Value, json};
use shared::{access::CallerId, store::CustomerLink};
use testing::{Answer, Log};

use crate::{customer_of, read, start_with, with_ada};

/// The status, body and header names of a refusal, without the request's id.
fn seen(answer: Answer) -> (u16, Value, Vec<String>) {
    let mut body = answer.body;
    body["error"]["requestId"] = Value::Null;
    let mut names: Vec<String> = answer.headers.keys().map(ToString::to_string).collect();
    names.sort_unstable();
    (answer.status.as_u16(), body, names)
}

#[tokio::test]
async fn anothers_customer_and_one_that_does_not_exist_are_answered_alike() {
    let (api, id) = with_ada().await;
    let before = api.shop.stripe.requests().len();
    for (theirs, none) in [
        (format!("?id={id}"), "?id=cus_none"),
        ("?order=o_1".to_owned(), "?order=o_9"),
    ] {
        let theirs = seen(read(&api, "eve", "customer", &theirs).await);
        let none = seen(read(&api, "eve", "customer", none).await);
        assert_eq!(theirs, none);
        assert_eq!(
            (theirs.0, &theirs.1["error"]["code"]),
            (404, &json!("not_found"))
        );
    }
    assert_eq!(
        api.shop.stripe.requests().len(),
        before,
        "Stripe was not asked"
    );
}

#[tokio::test]
async fn a_customer_that_farebox_did_not_make_is_not_there_for_staff_either() {
    let (api, _) = with_ada().await;
    let stray = CustomerLink {
        reservation: "of nobody".to_owned(),
        reserved_at: 0,
        customer: None,
        profile: std::collections::BTreeMap::new(),
    };
    let eve = CallerId::parse("eve").unwrap();
    let stripe = api.shop.quick_stripe_client();
    let stray = stripe
        .create_customer(&eve, &stray.reservation)
        .await
        .unwrap()
        .id;
    let before = api.shop.stripe.requests().len();
    let answer = read(&api, "sue", "support", &format!("?id={stray}")).await;
    assert_eq!(answer.code(404), "not_found");
    assert_eq!(api.shop.stripe.requests().len(), before);
}

#[tokio::test]
async fn a_customer_that_was_replaced_is_not_there() {
    let (api, id) = with_ada().await;
    let ada = CallerId::parse("ada").unwrap();
    let store = &api.shop.store;
    let gone = store.customer_of(&ada).await.unwrap();
    store
        .reserve_customer(&ada, gone.as_ref(), 0)
        .await
        .unwrap();
    let new = customer_of(&api, "ada").await;
    let (log, guard) = Log::start();
    for (caller, role) in [("ada", "customer"), ("sue", "support")] {
        let old = read(&api, caller, role, &format!("?id={id}")).await;
        assert_eq!(old.code(404), "not_found");
        let _ = read(&api, caller, role, &format!("?id={new}"))
            .await
            .expect(200);
    }
    drop(guard);
    let text = log.text();
    let lines = text.lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let of_old = lines.filter(|line| line["audit"] == true && line["object"] == id);
    let decided: Vec<Value> = of_old
        .map(|one| json!([one["allowed"], one["why"]]))
        .collect();
    assert_eq!(decided, vec![json!([false, "not_there"]); 2]);
}

#[tokio::test]
async fn a_guest_and_a_stranger_read_nothing() {
    let (api, id) = with_ada().await;
    let before = api.shop.stripe.requests().len();
    for query in ["", &format!("?id={id}"), "?order=o_1"] {
        assert_eq!(
            read(&api, "ada", "guest", query).await.code(403),
            "forbidden"
        );
        let call = api.client.request().path(&format!("/{query}"));
        assert_eq!(call.get().await.code(401), "unauthenticated");
    }
    assert_eq!(api.shop.stripe.requests().len(), before);
}

#[tokio::test]
async fn a_query_of_another_form_is_refused_by_its_field() {
    let (api, id) = with_ada().await;
    let long = format!("?id=cus_{}", "a".repeat(300));
    let cases = [
        ("?id=", "`id`"),
        ("?id=pi_1", "`id`"),
        ("?id=cus_", "`id`"),
        ("?id=cus_1%2F..%2F..%2Frefunds", "`id`"),
        ("?id=cus_a.b", "`id`"),
        ("?id=ada@example.com", "`id`"),
        (&long, "`id`"),
        ("?order=", "`order`"),
        ("?order=a%20b", "`order`"),
        (&format!("?id={id}&order=o_1"), "not both"),
        ("?email=ada@example.com", "email"),
        (&format!("?id={id}&id={id}"), "id"),
    ];
    for (query, name) in cases {
        let answer = read(&api, "ada", "support", query).await.expect(400);
        assert_eq!(answer.body["error"]["code"], "invalid_request");
        let message = answer.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(name), "{query}: {message}");
        assert!(!message.contains("ada@"), "{message}");
    }
}

#[tokio::test]
async fn the_log_knows_who_asked_about_what_and_nothing_about_a_person() {
    let (api, id) = with_ada().await;
    let (log, guard) = Log::start();
    let query = format!("?id={id}");
    let _ = read(&api, "sue", "support", &query).await.expect(200);
    let _ = read(&api, "ada", "customer", "").await.expect(200);
    let _ = read(&api, "eve", "customer", &query).await.expect(404);
    let _ = read(&api, "eve", "customer", "").await.expect(200);
    drop(guard);

    let text = log.text();
    for personal in ["Ada", "Lovelace", "4242"] {
        assert!(!log.says(personal), "{personal}: {text}");
    }
    for personal in ["example.com", "a***", "+44"] {
        assert!(!text.contains(personal), "{personal}: {text}");
    }
    let lines = text.lines();
    let lines = lines.map(|line| serde_json::from_str::<Value>(line).unwrap());
    let records = lines.filter(|line| line["audit"] == true);
    let fields = ["action", "object", "allowed", "why"];
    let records: Vec<Value> = records
        .map(|one| fields.iter().map(|name| one[name].clone()).collect())
        .collect();
    let expected = [
        json!(["customer:read", id, true, "any"]),
        json!(["customer:read", id, true, "owner"]),
        json!(["customer:read", id, false, "not_owner"]),
        json!(["customer:read", "none", true, "owner"]),
    ];
    assert_eq!(records, expected);
}

#[tokio::test]
async fn what_stripe_does_not_answer_is_tried_again_later() {
    let (api, id) = with_ada().await;
    for path in [
        format!("/v1/customers/{id}"),
        format!("/v1/customers/{id}/payment_methods"),
    ] {
        for fault in [Fault::error(), Fault::restricted()] {
            api.shop.stripe.inject(fault.on("GET", &path).times(0));
            let answer = read(&api, "ada", "customer", "").await;
            assert_eq!(answer.code(503), "unavailable");
            api.shop.stripe.clear_faults();
        }
    }
    let _ = read(&api, "ada", "customer", "").await.expect(200);
}

#[tokio::test]
async fn too_many_reads_within_the_window_are_refused_before_stripe_is_called() {
    let api = start_with(&[("FAREBOX_LIMIT_CALLER", "1,open:1")]).await;
    let id = customer_of(&api, "ada").await;
    // Staff and a look at what is not there count alike.
    for query in ["?id=cus_none", "?order=o_9", &format!("?id={id}")] {
        let _ = read(&api, "sue", "support", query).await;
        let _ = read(&api, "sue", "support", query).await;
    }
    let asked = api.shop.stripe.requests().len();

    let refused = read(&api, "sue", "support", &format!("?id={id}")).await;

    assert_eq!(refused.headers["retry-after"], "3600");
    assert_eq!(refused.code(429), "too_many_requests");
    assert_eq!(api.shop.stripe.requests().len(), asked);
    let _ = read(&api, "ada", "customer", "").await.expect(200);
    api.shop.clock.advance(3600);
    let _ = read(&api, "sue", "support", &format!("?id={id}"))
        .await
        .expect(200);
}
