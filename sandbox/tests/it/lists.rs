//! Lists: order, pages, filters; and the catalogue.

use serde_json::{Value, json};
use stripe_sandbox::{NewPrice, Sandbox, demo_catalogue};

use crate::api::{api, intent, paid, text};

fn ids(list: &Value) -> Vec<&str> {
    list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| text(object, "id"))
        .collect()
}

#[tokio::test]
async fn pages_follow_each_other_newest_first() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let mut made = Vec::new();
    for _ in 0..5 {
        made.push(text(&intent(&api).await, "id").to_owned());
    }
    made.reverse();

    let first = api.get("/v1/payment_intents?limit=2").await.ok();
    assert_eq!(
        (first["object"].as_str(), &first["has_more"]),
        (Some("list"), &json!(true))
    );
    assert_eq!(ids(&first), made[..2]);
    let next = format!("/v1/payment_intents?limit=2&starting_after={}", made[1]);
    assert_eq!(ids(&api.get(&next).await.ok()), made[2..4]);
    let last = format!("/v1/payment_intents?limit=2&starting_after={}", made[3]);
    let last = api.get(&last).await.ok();
    assert_eq!(
        (ids(&last), &last["has_more"]),
        (vec![made[4].as_str()], &json!(false))
    );
    let back = format!("/v1/payment_intents?limit=2&ending_before={}", made[4]);
    let back = api.get(&back).await.ok();
    assert_eq!(
        (ids(&back), &back["has_more"]),
        (vec![&*made[2], &*made[3]], &json!(true))
    );
}

#[tokio::test]
async fn a_page_has_a_limit_and_a_known_start() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    for limit in ["0", "101", "x"] {
        let reply = api.get(&format!("/v1/charges?limit={limit}")).await;
        reply.refused(400, "parameter_invalid_integer");
    }
    api.get("/v1/charges?starting_after=ch_none")
        .await
        .refused(400, "resource_missing");
}

#[tokio::test]
async fn lists_are_filtered() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (first, second) = (paid(&api).await, paid(&api).await);
    stripe.refund(text(&second, "id"), None).unwrap();

    let charges = format!("/v1/charges?payment_intent={}", text(&first, "id"));
    assert_eq!(
        ids(&api.get(&charges).await.ok()),
        [text(&first, "latest_charge")]
    );
    let refunds = format!("/v1/refunds?payment_intent={}", text(&first, "id"));
    assert!(ids(&api.get(&refunds).await.ok()).is_empty());
    let events = "/v1/events?types[]=charge.refunded&types[]=refund.created&created[gte]=1";
    assert_eq!(ids(&api.get(events).await.ok()).len(), 2);
    assert!(ids(&api.get("/v1/events?created[lt]=1").await.ok()).is_empty());
}

#[tokio::test]
async fn events_of_a_time_and_of_some_types_are_walked_page_by_page() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let kinds = ["refund.created", "customer.created", "charge.refunded"];
    for n in 0..12 {
        stripe.add_event(
            json!({ "id": format!("evt_{n}"), "object": "event", "created": 100 + n,
            "livemode": false, "type": kinds[n % 3], "data": { "object": {} } }),
        );
    }
    let filter = "/v1/events?created[gte]=102&created[lt]=110&limit=2&types[0]=refund.created\
        &types[1]=charge.refunded";

    let first = api.get(filter).await.ok();
    let second = api
        .get(&format!("{filter}&starting_after=evt_8"))
        .await
        .ok();
    let third = api
        .get(&format!("{filter}&starting_after=evt_5"))
        .await
        .ok();

    assert_eq!(
        (ids(&first), &first["has_more"]),
        (vec!["evt_9", "evt_8"], &json!(true))
    );
    assert_eq!(
        (ids(&second), &second["has_more"]),
        (vec!["evt_6", "evt_5"], &json!(true))
    );
    assert_eq!(
        (ids(&third), &third["has_more"]),
        (vec!["evt_3", "evt_2"], &json!(false))
    );
}

#[tokio::test]
async fn events_are_filtered_by_twenty_types_at_most_and_after_one_that_is_there() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let types = |count: usize| {
        let types: Vec<String> = (0..count).map(|n| format!("types[]=a.b{n}")).collect();
        format!("/v1/events?{}", types.join("&"))
    };

    assert_eq!(api.get(&types(20)).await.status, 200);
    assert_eq!(api.get(&types(21)).await.status, 400);
    assert_eq!(api.get("/v1/events?type=a.b&types[]=a.b").await.status, 400);
    let reply = api.get("/v1/events?starting_after=evt_gone").await;
    reply.refused(400, "resource_missing");
}

#[tokio::test]
async fn prices_are_found_by_lookup_key() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for price in demo_catalogue() {
        stripe.add_price(price);
    }
    stripe.add_price(NewPrice {
        id: "price_old",
        active: false,
        ..NewPrice::default()
    });

    let path = "/v1/prices?lookup_keys[]=mug&lookup_keys[]=shirt&expand[]=data.product";
    let found = api.get(path).await.ok();
    assert_eq!(ids(&found), ["price_shirt", "price_mug"]);
    assert_eq!(found["data"][1]["unit_amount"], 1500);
    assert_eq!(found["data"][1]["product"]["name"], "Mug");
    assert_eq!(
        ids(&api.get("/v1/prices?active=false").await.ok()),
        ["price_old"]
    );
    let path = "/v1/prices?lookup_keys[]=pro_yearly&lookup_keys[]=pro_monthly";
    let plans = api.get(path).await.ok();
    assert_eq!(ids(&plans), ["price_pro_yearly", "price_pro_monthly"]);
    let recurring = |place: usize| {
        let price = &plans["data"][place];
        let recurring = &price["recurring"];
        (
            &price["product"],
            &recurring["interval"],
            &recurring["trial_period_days"],
        )
    };
    let (product, days) = (json!("prod_pro"), json!(14));
    assert_eq!(recurring(1), (&product, &json!("month"), &days));
    assert_eq!(recurring(0), (&product, &json!("year"), &days));
    assert!(stripe.events().is_empty());
}

#[tokio::test]
async fn products_and_prices_are_made_over_the_api() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let product = api
        .post("/v1/products", &[("name", "Tea"), ("description", "Green")])
        .await
        .ok();
    let form = [
        ("product", text(&product, "id")),
        ("unit_amount", "900"),
        ("currency", "gbp"),
        ("recurring[interval]", "month"),
        ("lookup_key", "tea"),
    ];

    let price = api.post("/v1/prices", &form).await.ok();
    assert_eq!(
        (&price["type"], &price["recurring"]["interval"]),
        (&json!("recurring"), &json!("month"))
    );
    assert_eq!(
        api.post("/v1/prices", &form).await.status,
        400,
        "a lookup key belongs to one price"
    );
    let path = format!("/v1/prices/{}", text(&price, "id"));
    assert_eq!(
        api.post(&path, &[("active", "false")]).await.ok()["active"],
        false
    );
    assert_eq!(api.get(&path).await.ok()["active"], false);
    assert_eq!(
        ids(&api.get("/v1/products?active=true").await.ok()),
        [text(&product, "id")]
    );
}
