//! What customers do on the portal's page, and flows that lead straight to it.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, api, text},
    billing::{current, monthly, payer, subscribe},
    hosted::{browser, goes_to, path},
};

pub(crate) const SESSIONS: &str = "/v1/billing_portal/sessions";
const CONFIGURATIONS: &str = "/v1/billing_portal/configurations";
const CARD: Form<'_> = &[("expiry", "12/34"), ("cvc", "123")];

/// A shop with two plans, a customer with the small one, and a configuration that allows `more`.
pub(crate) struct Shop {
    pub(crate) stripe: Sandbox,
    pub(crate) api: Api,
    pub(crate) customer: String,
    pub(crate) subscription: Value,
    pub(crate) configuration: String,
}

pub(crate) async fn shop(more: Form<'_>) -> Shop {
    let stripe = Sandbox::start().await;
    monthly(&stripe, "price_small", 1000);
    monthly(&stripe, "price_large", 3000);
    let api = api(&stripe);
    let customer = payer(&api, &[], "pm_card_visa").await;
    let subscription = subscribe(&api, &customer, "price_small", &[]).await;
    let large = api.get("/v1/prices/price_large").await.ok();
    let form = [
        ("features[payment_method_update][enabled]", "true"),
        ("features[invoice_history][enabled]", "true"),
        ("features[subscription_cancel][enabled]", "true"),
        ("features[subscription_update][enabled]", "true"),
        (
            "features[subscription_update][default_allowed_updates][0]",
            "price",
        ),
        (
            "features[subscription_update][products][0][product]",
            text(&large, "product"),
        ),
        (
            "features[subscription_update][products][0][prices][0]",
            "price_large",
        ),
    ];
    let form = [&form[..], more].concat();
    let made = api.post(CONFIGURATIONS, &form).await.ok();
    let configuration = text(&made, "id").to_owned();
    Shop {
        stripe,
        api,
        customer,
        subscription,
        configuration,
    }
}

impl Shop {
    pub(crate) async fn try_session(&self, more: Form<'_>) -> crate::api::Reply {
        let form = [
            ("customer", self.customer.as_str()),
            ("configuration", &self.configuration),
            ("return_url", "http://127.0.0.1/account"),
        ];
        self.api.post(SESSIONS, &[&form[..], more].concat()).await
    }

    /// The path of a new session's page.
    pub(crate) async fn session(&self, more: Form<'_>) -> String {
        let session = self.try_session(more).await.ok();
        path(&session["url"], &self.stripe)
    }

    /// A flow for the subscription, which returns to the shop.
    pub(crate) async fn flow(&self, kind: &str, more: Form<'_>) -> String {
        let subscription = format!("flow_data[{kind}][subscription]");
        let form = [
            ("flow_data[type]", kind),
            ("flow_data[after_completion][type]", "redirect"),
            (
                "flow_data[after_completion][redirect][return_url]",
                "http://127.0.0.1/done",
            ),
            (subscription.as_str(), text(&self.subscription, "id")),
        ];
        let skips = usize::from(kind == "payment_method_update");
        let form = [&form[..4 - skips], more].concat();
        self.session(&form).await
    }

    pub(crate) async fn now(&self) -> Value {
        current(&self.api, &self.subscription).await
    }

    /// The path of one of the subscription's pages.
    pub(crate) fn page(&self, session: &str, what: &str) -> String {
        format!(
            "{session}/subscriptions/{}/{what}",
            text(&self.subscription, "id")
        )
    }

    /// The page to which the session's first page leads.
    pub(crate) async fn lead(&self, session: &str) -> String {
        let reply = browser(&self.stripe).get(session).await;
        goes_to(&reply).to_owned()
    }
}

#[tokio::test]
async fn a_flow_to_cancel_at_once_asks_why_and_returns_to_the_shop() {
    let shop = shop(&[
        ("features[subscription_cancel][mode]", "immediately"),
        (
            "features[subscription_cancel][cancellation_reason][enabled]",
            "true",
        ),
        (
            "features[subscription_cancel][cancellation_reason][options][0]",
            "too_expensive",
        ),
    ])
    .await;
    let session = shop.flow("subscription_cancel", &[]).await;
    let page = shop.lead(&session).await;
    assert_eq!(page, shop.page(&session, "cancel"));
    let shown = browser(&shop.stripe).get(&page).await;
    assert!(shown.text.contains("too expensive") && shown.text.contains("Back to the shop"));

    let done = browser(&shop.stripe)
        .post(&page, &[("feedback", "too_expensive")])
        .await;

    assert_eq!(goes_to(&done), "http://127.0.0.1/done");
    let now = shop.now().await;
    assert_eq!(now["status"], "canceled");
    assert_eq!(now["cancellation_details"]["feedback"], "too_expensive");
    let again = browser(&shop.stripe).post(&page, &[]).await;
    assert!(again.text.contains("role=\"alert\""), "{}", again.text);
}

#[tokio::test]
async fn a_flow_changes_the_plan_to_one_that_is_offered() {
    let shop = shop(&[(
        "features[subscription_update][proration_behavior]",
        "always_invoice",
    )])
    .await;
    let session = shop.flow("subscription_update", &[]).await;
    let page = shop.lead(&session).await;
    let shown = browser(&shop.stripe).get(&page).await;
    assert!(
        shown.text.contains("at 30.00 USD per month"),
        "{}",
        shown.text
    );
    let other = browser(&shop.stripe)
        .post(&page, &[("price", "price_none")])
        .await;
    assert!(
        other.text.contains("does not offer this plan"),
        "{}",
        other.text
    );

    let done = browser(&shop.stripe)
        .post(&page, &[("price", "price_large")])
        .await;

    assert_eq!(goes_to(&done), "http://127.0.0.1/done");
    let item = shop.now().await["items"]["data"][0].clone();
    assert_eq!(item["price"]["id"], "price_large");
    assert_eq!(
        shop.stripe.charges().len(),
        2,
        "the difference is collected at once"
    );
}

#[tokio::test]
async fn a_confirmation_shows_one_change_and_makes_it() {
    let shop = shop(&[]).await;
    let item = text(&shop.subscription["items"]["data"][0], "id").to_owned();
    let items = "flow_data[subscription_update_confirm][items][0]";
    let (id, price) = (format!("{items}[id]"), format!("{items}[price]"));
    let more = [
        (id.as_str(), item.as_str()),
        (price.as_str(), "price_large"),
    ];
    let session = shop.flow("subscription_update_confirm", &more).await;
    let page = shop.lead(&session).await;
    let shown = browser(&shop.stripe).get(&page).await;
    assert!(shown.text.contains("at 10.00 USD") && shown.text.contains("at 30.00 USD"));

    let done = browser(&shop.stripe).post(&page, &[]).await;

    assert_eq!(goes_to(&done), "http://127.0.0.1/done");
    assert_eq!(
        shop.now().await["items"]["data"][0]["price"]["id"],
        "price_large"
    );
}

#[tokio::test]
async fn a_flow_saves_a_card_and_makes_it_the_default() {
    let shop = shop(&[]).await;
    let session = shop.flow("payment_method_update", &[]).await;
    let page = shop.lead(&session).await;
    let browser = browser(&shop.stripe);
    let declined = browser
        .post(&page, &[CARD, &[("number", "4000000000000002")]].concat())
        .await;
    assert!(
        declined.text.contains("role=\"alert\""),
        "{}",
        declined.text
    );

    let challenged = browser
        .post(&page, &[CARD, &[("number", "4000000000003220")]].concat())
        .await;
    let bank = path(&json!(goes_to(&challenged)), &shop.stripe);
    let answered = browser.post(&bank, &[("outcome", "success")]).await;
    let back = path(&json!(goes_to(&answered)), &shop.stripe);
    let done = browser.get(&back).await;

    assert_eq!(goes_to(&done), "http://127.0.0.1/done");
    let customer = shop
        .api
        .get(&format!("/v1/customers/{}", shop.customer))
        .await
        .ok();
    let default = text(&customer["invoice_settings"], "default_payment_method");
    let method = shop
        .api
        .get(&format!("/v1/payment_methods/{default}"))
        .await
        .ok();
    assert_eq!(method["card"]["last4"], "3220");
    let home = browser.get(&format!("{session}/home")).await;
    assert!(
        home.text
            .contains("ending in 3220 <span class=\"soft\">default"),
        "{}",
        home.text
    );
}
