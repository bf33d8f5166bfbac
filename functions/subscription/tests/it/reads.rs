//! Reads of the copies.

use serde_json::json;

use super::{Saas, message, text};

#[tokio::test]
async fn a_caller_reads_their_subscriptions_and_what_they_may_use_without_a_call_to_stripe() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;
    saas.subscribed("eve", &saas.basic).await;
    let asked = saas.asked();

    let answer = saas.read("ada", "").await.expect(200).body;

    assert_eq!(answer["active"], true);
    let [held] = &answer["subscriptions"].as_array().unwrap()[..] else {
        panic!("one is hers: {answer}")
    };
    assert_eq!(held["id"], json!(id));
    assert_eq!(held["status"], "active");
    let item = &held["items"][0];
    assert_eq!(item["price"], json!(saas.pro));
    assert_eq!(
        (&item["lookupKey"], &item["unitAmount"]),
        (&json!("pro"), &json!(1900))
    );
    assert_eq!(held["latestInvoice"]["status"], "paid");
    assert_eq!(held["hasScheduledChange"], false);
    let entitled = &answer["entitlements"];
    let mut expected = vec!["pro".to_owned(), text(&item["product"])];
    expected.sort();
    assert_eq!(entitled, &json!(expected));
    assert!(held["checkedAt"].as_i64().unwrap() >= held["createdAt"].as_i64().unwrap());
    assert_eq!(saas.asked(), asked, "the copies answer");
}

#[tokio::test]
async fn access_alone_is_what_the_full_answer_says_of_it() {
    let saas = Saas::open().await;
    saas.subscribed("ada", &saas.pro).await;
    let full = saas.read("ada", "view=full").await.expect(200).body;

    let access = saas.read("ada", "view=access").await.expect(200).body;

    let expected = json!({ "entitlements": full["entitlements"], "active": true,
        "checkedAt": full["checkedAt"] });
    assert_eq!(access, expected);
}

#[tokio::test]
async fn a_caller_without_a_subscription_may_use_nothing() {
    let saas = Saas::open().await;
    let nothing = json!({ "subscriptions": [], "entitlements": [], "active": false,
        "checkedAt": null });
    assert_eq!(saas.read("ada", "").await.expect(200).body, nothing);
}

#[tokio::test]
async fn staff_read_anybodys_subscriptions_and_customers_their_own() {
    let saas = Saas::open().await;
    let id = saas.subscribed("ada", &saas.pro).await;

    let own = saas.read("ada", "owner=ada").await.expect(200).body;
    let by_staff = saas.read_as("support", "sam", "owner=ada").await;
    let of_staff = saas.read_as("support", "sam", "").await.expect(200).body;

    assert_eq!(own["subscriptions"][0]["id"], json!(id));
    assert_eq!(by_staff.expect(200).body, own);
    assert_eq!(
        of_staff["subscriptions"],
        json!([]),
        "without an owner: their own"
    );
    for owner in ["ada", "nobody"] {
        let refused = saas.read("eve", &format!("owner={owner}")).await;
        assert_eq!(refused.code(403), "forbidden");
    }
    let guest = saas.read_as("guest", "ada", "").await;
    assert_eq!(guest.code(403), "forbidden");
}

#[tokio::test]
async fn a_malformed_query_names_the_field() {
    let saas = Saas::open().await;
    for (query, field) in [
        ("owner=", "`owner`"),
        ("view=", "`view`"),
        ("view=brief", "`view`"),
        ("refresh=yes", "`refresh`"),
        ("id=sub_1", "`id`"),
        ("view=full&view=access", "`view`"),
    ] {
        let message = message(saas.read("ada", query).await);
        assert!(message.contains(field), "{query}: {message}");
    }
}

#[tokio::test]
async fn those_that_are_over_are_listed_and_give_nothing() {
    let saas = Saas::open().await;
    let first = saas.subscribed("ada", &saas.basic).await;
    saas.shop().stripe.cancel_subscription(&first).unwrap();
    saas.look(&first).await;

    let answer = saas.read("ada", "").await.expect(200).body;

    assert_eq!(answer["active"], false);
    assert_eq!(answer["entitlements"], json!([]));
    assert_eq!(answer["subscriptions"][0]["status"], "canceled");
    assert!(answer["subscriptions"][0]["endedAt"].is_i64());
}
