//! Queries that are refused, and the field that the answer names.

use axum::body::Bytes;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper::Method;
use shared::access::CallerId;
use testing::NOW;

use crate::{open, page, put, read, read_as};

#[tokio::test]
async fn a_parameter_that_is_malformed_or_unknown_is_named() {
    let api = open().await;
    for (query, named) in [
        ("status=", "`status`"),
        ("status=Paid", "`status`"),
        ("status=paid,refunded", "`status`"),
        ("from=today", "`from`"),
        ("from=2026-11-20", "`from`"),
        ("from=-1", "`from`"),
        ("from=253402300800", "`from`"),
        ("to=1.5", "`to`"),
        ("to=0", "`to`"),
        ("from=5&to=5", "`to`"),
        ("from=6&to=5", "`to`"),
        ("limit=0", "`limit`"),
        ("limit=101", "`limit`"),
        ("limit=ten", "`limit`"),
        ("limit=", "`limit`"),
        ("limit=-1", "`limit`"),
        ("owner=", "`owner`"),
        ("owner=%20ada", "`owner`"),
        ("owner=a%00b", "`owner`"),
        ("cursor=", "`cursor`"),
        ("cursor=!", "`cursor`"),
        ("cursor=bm9uZQ", "`cursor`"),
        ("limit=1&limit=2", "`limit`"),
        ("orderId=o_1", "`orderId`"),
        ("page=2", "the query"),
        ("status=%ff", "`status`"),
    ] {
        for roles in [&["customer"][..], &["support"]] {
            let answer = read_as(&api, roles, &format!("/?{query}"))
                .await
                .expect(400);
            let error = &answer.body["error"];
            assert_eq!(error["code"], "invalid_request", "{query}");
            let message = error["message"].as_str().unwrap();
            assert!(message.contains(named), "{query}: {message}");
        }
    }
}

#[tokio::test]
async fn a_cursor_counts_for_its_own_list_alone() {
    let api = open().await;
    for n in 0..4 {
        put(&api, "sam", &format!("o_{n}"), NOW + n).await;
        put(&api, "ada", &format!("a_{n}"), NOW + n).await;
    }
    let bounds = format!("from={NOW}&to={}", NOW + 9);
    let lists = [
        (&["customer"][..], String::new()),
        (&["customer"], "status=created".to_owned()),
        (&["customer"], bounds.clone()),
        (&["support"], String::new()),
        (&["support"], "owner=ada".to_owned()),
        (&["support"], format!("{bounds}&status=created")),
    ];
    let mut cursors = Vec::new();
    for (roles, query) in &lists {
        let (_, next) = page(read_as(&api, roles, &format!("/?limit=1&{query}")).await);
        cursors.push(next.unwrap());
    }
    for (of, (roles, query)) in lists.iter().enumerate() {
        for (from, cursor) in cursors.iter().enumerate() {
            let query = format!("/?{query}&cursor={cursor}");
            let answer = read_as(&api, roles, &query).await;
            if of == from {
                let _ = answer.expect(200);
                continue;
            }
            let message = answer.expect(400).body["error"]["message"].to_string();
            assert!(message.contains("`cursor`"), "{message}");
        }
    }
}

#[tokio::test]
async fn a_cursor_that_a_caller_made_up_shows_no_order_of_another() {
    let api = open().await;
    for (owner, id, at) in [("ada", "a_1", 1), ("bob", "b_2", 2), ("ada", "a_3", 3)] {
        put(&api, owner, id, NOW + at).await;
    }
    let alias = |caller: &str| CallerId::parse(caller).unwrap().alias();
    let made = |owner: &str, place: &str| {
        URL_SAFE_NO_PAD.encode(format!("{owner}.any.0.{}.{place}", i64::MAX))
    };
    let bob = alias("bob");
    // A place between others' orders, and the place of another's order, in the caller's own list.
    for (place, expected) in [
        (format!("{}.a_3", NOW + 3), &["b_2"][..]),
        (format!("{}.z", NOW + 9), &["b_2"]),
        (format!("{}.a_1", NOW + 1), &[]),
    ] {
        let query = format!("/?cursor={}", made(&bob, &place));
        assert_eq!(page(read(&api, "bob", &query).await).0, expected, "{place}");
    }
    for owner in [&alias("ada")[..], "all"] {
        for place in [format!("{}.a_3", NOW + 3), format!("{}.z", NOW + 9)] {
            let answer = read(&api, "bob", &format!("/?cursor={}", made(owner, &place))).await;
            assert_eq!(answer.code(400), "invalid_request");
        }
    }
    for place in ["+5.a_1", "05.a_1", "-5.a_1", "5.a/1", "5", "5.", ".a_1"] {
        let answer = read(&api, "bob", &format!("/?cursor={}", made(&bob, place))).await;
        assert_eq!(answer.code(400), "invalid_request", "{place}");
    }
}

#[tokio::test]
async fn a_cursor_names_no_caller() {
    let api = open().await;
    for n in 0..2 {
        put(&api, "ada@shop.example", &format!("o_{n}"), NOW + n).await;
    }
    let (_, next) = page(read(&api, "ada@shop.example", "/?limit=1").await);
    let text = URL_SAFE_NO_PAD.decode(next.unwrap()).unwrap();
    assert!(!String::from_utf8(text).unwrap().contains("ada"));
}

#[tokio::test]
async fn it_takes_no_method_but_get() {
    let api = open().await;
    let token = api.shop.token("ada");
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        let call = api.client.request().bearer(&token);
        let answer = call.send(method, Bytes::new()).await.expect(405);
        assert_eq!(answer.headers["allow"], "GET,HEAD");
    }
}
