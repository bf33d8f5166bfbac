//! Customer sessions: the saved payment methods that a page shows and removes.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::api::{Api, Form, api, api_with_key, text};

const SESSIONS: &str = "/v1/customer_sessions";
const ENABLED: (&str, &str) = ("components[payment_element][enabled]", "true");

async fn customer(api: &Api) -> String {
    let customer = api.post("/v1/customers", &[]).await.ok();
    text(&customer, "id").to_owned()
}

/// The name of a feature's parameter.
fn feature(name: &str) -> String {
    format!("components[payment_element][features][{name}]")
}

/// A session with these features.
async fn session(api: &Api, customer: &str, features: Form<'_>) -> Value {
    let names: Vec<String> = features.iter().map(|(name, _)| feature(name)).collect();
    let values = features.iter().map(|(_, value)| *value);
    let mut form = vec![("customer", customer), ENABLED];
    form.extend(names.iter().map(String::as_str).zip(values));
    api.post(SESSIONS, &form).await.ok()
}

/// The path of what a page reads with a session.
fn elements(session: &Value) -> String {
    let secret = text(session, "client_secret");
    format!("/v1/elements/sessions?customer_session_client_secret={secret}")
}

/// Saves a card, with `allow_redisplay`; returns its id.
async fn keep(stripe: &Sandbox, api: &Api, customer: &str, redisplay: &str) -> String {
    let kept = stripe.keep(customer, "pm_card_visa").unwrap();
    let path = format!("/v1/payment_methods/{}", text(&kept, "id"));
    let changed = api.post(&path, &[("allow_redisplay", redisplay)]).await;
    text(&changed.ok(), "id").to_owned()
}

fn shown(elements: &Value) -> Vec<&str> {
    let methods = elements["customer"]["payment_methods"].as_array().unwrap();
    methods.iter().map(|method| text(method, "id")).collect()
}

#[tokio::test]
async fn a_new_session_lasts_half_an_hour_and_allows_nothing_by_default() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;

    let made = session(&api, &ada, &[]).await;

    assert_eq!(
        (&made["object"], &made["customer"]),
        (&json!("customer_session"), &json!(ada))
    );
    assert!(text(&made, "client_secret").starts_with("cuss_secret_"));
    let open = made["expires_at"].as_i64().unwrap() - made["created"].as_i64().unwrap();
    assert_eq!(open, 30 * 60);
    assert!(made.get("id").is_none(), "Stripe's has none");
    let components = &made["components"];
    assert_eq!(components["pricing_table"], json!({ "enabled": false }));
    assert_eq!(
        components["payment_element"]["features"],
        json!({
            "payment_method_allow_redisplay_filters": ["always"],
            "payment_method_redisplay": "disabled",
            "payment_method_redisplay_limit": 3,
            "payment_method_remove": "disabled",
            "payment_method_save": "disabled",
            "payment_method_save_usage": null,
        })
    );
}

#[tokio::test]
async fn a_page_sees_the_cards_that_may_be_shown_again_the_newest_first() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (ada, bob) = (customer(&api).await, customer(&api).await);
    let mut always = Vec::new();
    for _ in 0..3 {
        always.push(keep(&stripe, &api, &ada, "always").await);
    }
    let limited = keep(&stripe, &api, &ada, "limited").await;
    keep(&stripe, &api, &bob, "always").await;
    always.reverse();
    let page = api_with_key(&stripe, "pk_test_page");

    let redisplay = ("payment_method_redisplay", "enabled");
    let plain = session(&api, &ada, &[redisplay]).await;
    let first = session(
        &api,
        &ada,
        &[redisplay, ("payment_method_redisplay_limit", "1")],
    )
    .await;
    let filters = ("payment_method_allow_redisplay_filters][0", "limited");
    let other = session(&api, &ada, &[redisplay, filters]).await;
    let none = session(&api, &ada, &[]).await;

    let seen = page.get(&elements(&plain)).await.ok();
    assert_eq!(shown(&seen), always);
    let session = &seen["customer"]["customer_session"];
    assert_eq!(session["components"], plain["components"]);
    assert!(session.get("client_secret").is_none());
    assert_eq!(shown(&page.get(&elements(&first)).await.ok()), [&always[0]]);
    assert_eq!(shown(&page.get(&elements(&other)).await.ok()), [&limited]);
    assert!(shown(&page.get(&elements(&none)).await.ok()).is_empty());
}

#[tokio::test]
async fn a_page_removes_a_card_only_with_the_feature_and_only_its_customers() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let (ada, bob) = (customer(&api).await, customer(&api).await);
    let card = keep(&stripe, &api, &ada, "always").await;
    let path = format!("/v1/payment_methods/{card}/detach");
    let page = api_with_key(&stripe, "pk_test_page");
    let remove = [("payment_method_remove", "enabled")];
    let (may, strangers, may_not) = (
        session(&api, &ada, &remove).await,
        session(&api, &bob, &remove).await,
        session(&api, &ada, &[]).await,
    );
    let secret = |session: &Value| text(session, "client_secret").to_owned();
    let name = "customer_session_client_secret";

    page.post(&path, &[])
        .await
        .refused(400, "parameter_missing");
    let stranger = page.post(&path, &[(name, &secret(&strangers))]).await;
    stranger.refused(404, "resource_missing");
    let refused = page.post(&path, &[(name, &secret(&may_not))]).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["param"]),
        (400, &json!(name))
    );
    let unknown = page.post(&path, &[(name, "cuss_secret_none")]).await;
    assert_eq!(unknown.status, 400);
    let listed = format!("/v1/customers/{ada}/payment_methods");
    assert_eq!(api.get(&listed).await.ok()["data"][0]["id"], *card);

    let removed = page.post(&path, &[(name, &secret(&may))]).await.ok();

    assert_eq!(removed["customer"], json!(null));
    assert_eq!(api.get(&listed).await.ok()["data"], json!([]));
}

#[tokio::test]
async fn saved_cards_are_listed_by_allow_redisplay() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;
    let always = keep(&stripe, &api, &ada, "always").await;
    keep(&stripe, &api, &ada, "limited").await;

    for path in [
        format!("/v1/customers/{ada}/payment_methods?allow_redisplay=always"),
        format!("/v1/payment_methods?customer={ada}&allow_redisplay=always"),
    ] {
        let list = api.get(&path).await.ok();
        let ids: Vec<&str> = list["data"]
            .as_array()
            .unwrap()
            .iter()
            .map(|m| text(m, "id"))
            .collect();
        assert_eq!(ids, [&always], "{path}");
    }
}

#[tokio::test]
async fn a_session_that_stripe_or_the_sandbox_does_not_have_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let ada = customer(&api).await;
    let of_ada = ("customer", ada.as_str());
    let redisplay = feature("payment_method_redisplay");
    let filters = feature("payment_method_allow_redisplay_filters][0");
    let limit = feature("payment_method_redisplay_limit");
    let surprise = feature("surprise");
    let table = ("components[pricing_table][enabled]", "true");
    let off = ("components[payment_element][enabled]", "false");

    for (form, param) in [
        (vec![ENABLED], "customer".to_owned()),
        (
            vec![("customer", "cus_none"), ENABLED],
            "customer".to_owned(),
        ),
        (vec![of_ada], "components".to_owned()),
        (vec![of_ada, off], "components".to_owned()),
        (
            vec![of_ada, ENABLED, table],
            "components[pricing_table]".to_owned(),
        ),
        (
            vec![of_ada, ENABLED, (&redisplay, "yes")],
            redisplay.clone(),
        ),
        (
            vec![of_ada, ENABLED, (&filters, "never")],
            feature("payment_method_allow_redisplay_filters"),
        ),
        (vec![of_ada, ENABLED, (&limit, "11")], limit.clone()),
        (vec![of_ada, ENABLED, (&surprise, "1")], surprise.clone()),
        (
            vec![("customer_account", "acct_1"), ENABLED],
            "customer_account".to_owned(),
        ),
    ] {
        let refused = api.post(SESSIONS, &form).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["param"]),
            (400, &json!(param)),
            "{form:?}"
        );
    }
    api_with_key(&stripe, "pk_test_page")
        .post(SESSIONS, &[of_ada, ENABLED])
        .await
        .refused(403, "secret_key_required");
}
