//! Payment methods: created, attached, charged; and tokens.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::api::{Api, Form, api, api_with_key, event_types, text};

const METHODS: &str = "/v1/payment_methods";
const EXPIRY: Form<'static> = &[("card[exp_month]", "12"), ("card[exp_year]", "2044")];

async fn method(api: &Api, number: &str) -> Value {
    let form = [&[("type", "card"), ("card[number]", number)], EXPIRY].concat();
    api.post(METHODS, &form).await.ok()
}

async fn customer(api: &Api) -> String {
    let customer = api.post("/v1/customers", &[]).await.ok();
    text(&customer, "id").to_owned()
}

fn attach(method: &str) -> String {
    format!("{METHODS}/{method}/attach")
}

#[tokio::test]
async fn a_card_is_made_by_its_number() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);

    let made = method(&api, "5555555555554444").await;

    assert_eq!(made["card"]["brand"], "mastercard");
    assert_eq!(made["card"]["last4"], "4444");
    assert_eq!(made["customer"], json!(null));
    let found = api.get(&format!("{METHODS}/{}", text(&made, "id"))).await;
    assert_eq!(found.ok(), made);
    let form = [
        &[("type", "card"), ("card[number]", "4242424242424241")],
        EXPIRY,
    ]
    .concat();
    let wrong = api.post(METHODS, &form).await;
    assert_eq!(wrong.refused(402, "incorrect_number")["param"], "number");
}

#[tokio::test]
async fn a_customer_keeps_a_card_and_pays_with_it() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (ada, bob) = (customer(&api).await, customer(&api).await);

    let kept = api
        .post(&attach("pm_card_visa"), &[("customer", &ada)])
        .await
        .ok();
    let id = text(&kept, "id");
    assert_eq!(kept["customer"], *ada);
    for path in [
        format!("/v1/customers/{ada}/payment_methods"),
        format!("{METHODS}?customer={ada}&type=card"),
    ] {
        assert_eq!(api.get(&path).await.ok()["data"], json!([kept]));
    }
    let other = api.post(&attach(id), &[("customer", &bob)]).await;
    assert_eq!(other.status, 400);

    let pay = |customer| {
        let what = [
            ("amount", "2000"),
            ("currency", "usd"),
            ("confirm", "true"),
            ("return_url", "http://127.0.0.1/return"),
        ];
        [&what[..], &[("payment_method", id), ("customer", customer)]].concat()
    };
    let paid = api.post("/v1/payment_intents", &pay(&ada)).await.ok();
    assert_eq!(
        (&paid["status"], &paid["payment_method"]),
        (&json!("succeeded"), &json!(id))
    );
    let stolen = api.post("/v1/payment_intents", &pay(&bob)).await;
    let param = &stolen.body["error"]["param"];
    assert_eq!((stolen.status, param), (400, &json!("payment_method")));
}

#[tokio::test]
async fn a_detached_card_is_nobodys() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;
    let kept = api
        .post(&attach("pm_card_visa"), &[("customer", &ada)])
        .await
        .ok();
    let path = format!("{METHODS}/{}/detach", text(&kept, "id"));

    let detached = api.post(&path, &[]).await.ok();

    assert_eq!(detached["customer"], json!(null));
    let left = api
        .get(&format!("/v1/customers/{ada}/payment_methods"))
        .await
        .ok();
    assert_eq!(left["data"], json!([]));
    assert_eq!(api.post(&path, &[]).await.status, 400);
    let types = event_types(&stripe);
    assert_eq!(
        types[1..],
        ["payment_method.attached", "payment_method.detached"]
    );
}

#[tokio::test]
async fn a_bank_refuses_a_card_before_it_is_kept_or_when_it_pays() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;

    let refused = api
        .post(&attach("pm_card_chargeDeclined"), &[("customer", &ada)])
        .await;
    assert_eq!(refused.refused(402, "card_declined")["type"], "card_error");

    let later = method(&api, "4000000000000341").await;
    let form = [("customer", ada.as_str())];
    let kept = api.post(&attach(text(&later, "id")), &form).await.ok();
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("customer", &ada),
        ("payment_method", text(&kept, "id")),
    ];
    let declined = api.post("/v1/payment_intents", &form).await;
    declined.refused(402, "card_declined");
}

#[tokio::test]
async fn a_payment_that_is_set_up_for_later_keeps_its_card() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("customer", &ada),
        ("payment_method", "pm_card_visa"),
        ("setup_future_usage", "off_session"),
    ];

    let intent = api.post("/v1/payment_intents", &form).await.ok();

    let kept = api
        .get(&format!("/v1/customers/{ada}/payment_methods"))
        .await
        .ok();
    assert_eq!(kept["data"][0]["id"], intent["payment_method"]);
}

#[tokio::test]
async fn a_browser_makes_payment_methods_and_tokens_and_sees_no_list() {
    let stripe = Sandbox::start().await;
    let (api, browser) = (api(&stripe), api_with_key(&stripe, "pk_test_a"));

    method(&browser, "4242424242424242").await;
    browser
        .get(METHODS)
        .await
        .refused(403, "secret_key_required");
    let form = [&[("card[number]", "4000000000000002")], EXPIRY].concat();
    let token = browser.post("/v1/tokens", &form).await.ok();
    assert_eq!(
        (&token["card"]["brand"], &token["card"]["last4"]),
        (&json!("Visa"), &json!("0002"))
    );

    for (token, last4) in [(text(&token, "id"), "0002"), ("tok_mastercard", "4444")] {
        let form = [("type", "card"), ("card[token]", token)];
        let made = api.post(METHODS, &form).await.ok();
        assert_eq!(made["card"]["last4"], last4);
    }
    let unknown = [("type", "card"), ("card[token]", "tok_none")];
    let error = api.post(METHODS, &unknown).await;
    assert_eq!(
        error.refused(400, "resource_missing")["param"],
        "card[token]"
    );
}
