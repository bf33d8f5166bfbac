//! Whose orders a caller lists.

use serde_json::{Value, json};
use shared::access::CallerId;
use testing::{Log, NOW};

use crate::{open, page, put, read, read_as};

const STAFF: [&[&str]; 4] = [
    &["support"],
    &["finance"],
    &["admin"],
    &["customer", "support"],
];

#[tokio::test]
async fn staff_list_everybodys_orders_and_one_owners() {
    let api = open().await;
    for (owner, id, at) in [("ada", "o_1", 1), ("bob", "o_b", 2), ("sam", "o_s", 3)] {
        put(&api, owner, id, NOW + at).await;
    }
    for roles in STAFF {
        let list = async |query: &str| page(read_as(&api, roles, query).await).0;
        assert_eq!(list("/").await, ["o_s", "o_b", "o_1"]);
        assert_eq!(list("/?owner=ada").await, ["o_1"]);
        assert_eq!(list("/?owner=sam").await, ["o_s"], "their own");
        assert_eq!(list("/?owner=nobody").await, [""; 0]);
    }
}

#[tokio::test]
async fn another_callers_orders_are_forbidden_without_that_reach_whether_there_are_any_or_not() {
    let api = open().await;
    put(&api, "ada", "o_1", NOW).await;
    put(&api, "bob", "o_b", NOW).await;
    for owner in ["ada", "nobody"] {
        let answer = read(&api, "bob", &format!("/?owner={owner}")).await;
        assert_eq!(answer.code(403), "forbidden", "{owner}");
    }
    assert_eq!(page(read(&api, "bob", "/?owner=bob").await).0, ["o_b"]);
    let as_customer = read_as(&api, &["customer"], "/?owner=ada").await;
    assert_eq!(as_customer.code(403), "forbidden");
}

#[tokio::test]
async fn a_stranger_lists_nothing() {
    let api = open().await;
    put(&api, "ada", "o_1", NOW).await;
    for query in ["/", "/?owner=ada", "/?limit=0"] {
        let answer = api.client.request().path(query).get().await;
        assert_eq!(answer.code(401), "unauthenticated", "{query}");
    }
}

#[tokio::test]
async fn each_decision_leaves_one_record_that_names_nobody() {
    let api = open().await;
    let alias = |caller: &str| CallerId::parse(caller).unwrap().alias();
    let (sam, eve) = (alias("sam"), alias("eve@shop.example"));
    for (roles, query, object, why) in [
        (&["support"][..], "/", "none", "any"),
        (&["support"], "/?owner=eve@shop.example", &*eve, "any"),
        (&["support"], "/?owner=sam", &sam, "owner"),
        (&["customer"], "/", "none", "owner"),
        (&["customer"], "/?owner=sam", &sam, "owner"),
        (&["customer"], "/?owner=eve@shop.example", &eve, "not_owner"),
        (&["customer"], "/?limit=0", "none", "role"),
    ] {
        let (log, guard) = Log::start();
        let _ = read_as(&api, roles, query).await;
        drop(guard);

        let text = log.text();
        assert!(!text.contains("eve@shop.example"), "{text}");
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        let records: Vec<Value> = lines.filter(|line: &Value| line["audit"] == true).collect();
        let [record] = &records[..] else {
            panic!("{query}: not exactly one record: {records:#?}")
        };
        let names = ["who", "action", "object", "allowed", "why"];
        let found: Value = names.iter().map(|name| record[name].clone()).collect();
        let expected = json!([sam, "order:read", object, why != "not_owner", why]);
        assert_eq!(found, expected, "{roles:?} {query}");
    }
}
