//! Configurations of the portal, and what they allow.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::api::{Api, api, event_types, text};

const PATH: &str = "/v1/billing_portal/configurations";

/// A monthly price of a new product, and the product.
async fn plan(api: &Api) -> (String, String) {
    let form = [
        ("currency", "usd"),
        ("unit_amount", "1000"),
        ("recurring[interval]", "month"),
        ("product_data[name]", "Pro"),
    ];
    let price = api.post("/v1/prices", &form).await.ok();
    (
        text(&price, "id").to_owned(),
        text(&price, "product").to_owned(),
    )
}

#[tokio::test]
async fn a_configuration_says_what_customers_may_do() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (price, product) = plan(&api).await;
    let update = "features[subscription_update]";
    let names = [
        "enabled",
        "products][0][product",
        "products][0][prices][0",
        "default_allowed_updates][0",
    ];
    let names = names.map(|name| format!("{update}[{name}]"));
    let values = ["true", &product, &price, "price"];
    let mut form: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(values).collect();

    let refused = api.post(PATH, &form).await;
    let message = "Cannot enable subscription updates while payment method update is disabled.";
    assert_eq!(
        (refused.status, &refused.body["error"]["message"]),
        (400, &json!(message))
    );
    form.push(("features[payment_method_update][enabled]", "true"));
    form.push(("features[subscription_cancel][enabled]", "true"));
    form.push(("features[subscription_cancel][mode]", "immediately"));
    let made = api.post(PATH, &form).await.ok();
    assert_eq!(
        (&made["active"], &made["is_default"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(
        made["features"]["subscription_cancel"]["mode"],
        "immediately"
    );
    let update = &made["features"]["subscription_update"];
    assert_eq!(update["default_allowed_updates"], json!(["price"]));
    assert_eq!(
        update["products"],
        Value::Null,
        "only an expanding request shows them"
    );

    let one = format!("{PATH}/{}", text(&made, "id"));
    let expanded = format!("{one}?expand[]=features.subscription_update.products");
    let products = &api.get(&expanded).await.ok()["features"]["subscription_update"]["products"];
    assert_eq!(
        (&products[0]["product"], &products[0]["prices"]),
        (&json!(product), &json!([price]))
    );
    let off = [("active", "false"), ("metadata[shop]", "a")];
    let off = api.post(&one, &off).await.ok();
    assert_eq!(
        (&off["active"], &off["metadata"]["shop"]),
        (&json!(false), &json!("a"))
    );
    assert_eq!(
        off["features"], made["features"],
        "an update keeps what it does not name"
    );
    let customer = api.post("/v1/customers", &[]).await.ok();
    let form = [
        ("customer", text(&customer, "id")),
        ("configuration", text(&made, "id")),
    ];
    let refused = api.post("/v1/billing_portal/sessions", &form).await;
    assert_eq!(
        refused.body["error"]["param"], "configuration",
        "{}",
        refused.text
    );
    let events = event_types(&stripe);
    for event in ["created", "updated"] {
        let event = format!("billing_portal.configuration.{event}");
        assert!(events.contains(&event), "{event} is not in {events:?}");
    }
}

#[tokio::test]
async fn a_configuration_names_what_is_wrong_with_it() {
    let stripe = Sandbox::start().await;
    stripe.save_portal_settings();
    let api = api(&stripe);
    let (price, product) = plan(&api).await;
    let (_, other) = plan(&api).await;
    let error = api.post(PATH, &[]).await.refused(400, "parameter_missing");
    assert_eq!(error["param"], "features");
    let pays = ("features[payment_method_update][enabled]", "true");
    let update = "features[subscription_update]";
    let name = |field: &str| format!("{update}[{field}]");
    let (on, changes) = (name("enabled"), name("default_allowed_updates][0"));
    let on = [pays, (on.as_str(), "true")];
    let changes = (changes.as_str(), "price");
    let (place, prices) = (name("products][0][product"), name("products][0][prices][0"));
    for (more, param) in [
        (vec![], name("default_allowed_updates")),
        (vec![changes], name("products")),
        (
            vec![changes, (&place, &other), (&prices, &price)],
            name("products][0][prices"),
        ),
        (
            vec![changes, (&place, "prod_none")],
            name("products][0][product"),
        ),
        (vec![(changes.0, "colour")], name("default_allowed_updates")),
        (
            vec![("features[subscription_cancel][enabled]", "maybe")],
            "features[subscription_cancel][enabled]".to_owned(),
        ),
        (
            vec![
                changes,
                (&place, &product),
                (&prices, &price),
                ("features[gifts][enabled]", "true"),
            ],
            "features[gifts]".to_owned(),
        ),
        (
            vec![
                changes,
                (&place, &product),
                (&prices, &price),
                ("login_page[enabled]", "true"),
            ],
            "login_page".to_owned(),
        ),
    ] {
        let form = [&on[..], &more].concat();
        let reply = api.post(PATH, &form).await;
        assert_eq!(reply.status, 400, "{}", reply.text);
        assert_eq!(reply.body["error"]["param"], *param, "{}", reply.text);
    }
    let default = api.get(&format!("{PATH}?is_default=true")).await.ok();
    let one = format!("{PATH}/{}", text(&default["data"][0], "id"));
    let refused = api.post(&one, &[("active", "false")]).await;
    assert_eq!(refused.body["error"]["param"], "active", "{}", refused.text);
}
