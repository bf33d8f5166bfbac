//! The hosted pages, as a browser without scripts uses them.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, Reply, api, api_with_key, event_types, text},
    checkout::{session, shop},
};

pub(crate) const CARD: Form<'_> = &[
    ("method", "card"),
    ("email", "ada@example.com"),
    ("name", "Ada <b>L.</b>"),
    ("expiry", "12/34"),
    ("cvc", "123"),
];

/// A browser: no key.
pub(crate) fn browser(stripe: &Sandbox) -> Api {
    api_with_key(stripe, "")
}

pub(crate) fn path(url: &Value, stripe: &Sandbox) -> String {
    let url = url.as_str().expect("a URL");
    url.strip_prefix(stripe.url())
        .expect("on the sandbox")
        .to_owned()
}

async fn pay(stripe: &Sandbox, session: &Value, number: &str) -> Reply {
    let form = [CARD, &[("number", number)]].concat();
    browser(stripe)
        .post(&path(&session["url"], stripe), &form)
        .await
}

pub(crate) fn goes_to(reply: &Reply) -> &str {
    assert_eq!(reply.status, 303, "{}", reply.text);
    reply.header("location").unwrap()
}

#[tokio::test]
async fn the_page_shows_what_is_bought_and_loads_nothing_else() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;

    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;

    assert_eq!(page.status, 200);
    for part in [
        "Mug",
        "30.00 USD",
        "http://127.0.0.1/cart",
        "lang=\"en\"",
        "cc-number",
    ] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
    assert!(!page.text.contains("<script") && !page.text.contains("src="));
    assert!(
        page.header("content-security-policy")
            .unwrap()
            .starts_with("default-src 'none'")
    );
    assert_eq!(page.header("cache-control"), Some("no-store"));
}

#[tokio::test]
async fn a_paid_page_leads_back_to_the_shop_with_the_sessions_id() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;

    let paid = pay(&stripe, &made, "4242 4242 4242 4242").await;

    let id = text(&made, "id");
    assert_eq!(
        goes_to(&paid),
        format!("http://127.0.0.1/done?session={id}")
    );
    let now = stripe.checkout_sessions().pop().unwrap();
    assert_eq!(now["payment_status"], "paid");
    assert_eq!(now["customer_details"]["email"], "ada@example.com");
    // A second click pays nothing, and redirects to the same page.
    let again = pay(&stripe, &made, "4242 4242 4242 4242").await;
    assert_eq!(goes_to(&again), goes_to(&paid));
    assert_eq!(stripe.charges().len(), 1);
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    assert!(page.text.contains("This payment is complete"));
}

#[tokio::test]
async fn a_decline_is_shown_and_may_be_retried() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;

    let declined = pay(&stripe, &made, "4000000000009995").await;

    assert_eq!(declined.status, 402);
    assert!(
        declined.text.contains("role=\"alert\"") && declined.text.contains("insufficient funds")
    );
    assert!(
        declined.text.contains("Ada &lt;b&gt;L.&lt;/b&gt;"),
        "it is kept, and escaped"
    );
    assert!(
        !declined.text.contains("4000000000009995"),
        "the number is not"
    );
    goes_to(&pay(&stripe, &made, "4242424242424242").await);
}

#[tokio::test]
async fn invalid_fields_are_named_and_start_no_payment() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;
    let url = path(&made["url"], &stripe);
    for (changed, words) in [
        (("number", "4242424242424241"), "card number is not valid"),
        (("number", ""), "Enter the card number"),
        (("expiry", "1234"), "month/year"),
        (("expiry", "13/34"), "month is not valid"),
        (("email", "ada"), "e-mail"),
        (("name", " "), "Enter your name"),
        (("cvc", "1"), "security code"),
        (("method", "wire"), "type has to be one of"),
    ] {
        let all = [CARD, &[("number", "4242424242424242")]].concat();
        let kept = all.into_iter().filter(|(name, _)| *name != changed.0);
        let form: Vec<_> = kept.chain([changed]).collect();

        let page = browser(&stripe).post(&url, &form).await;

        assert!(
            matches!(page.status, 400 | 402),
            "{changed:?}: {}",
            page.status
        );
        assert!(page.text.contains(words), "{changed:?}: {}", page.text);
    }
    assert!(stripe.charges().is_empty());
}

#[tokio::test]
async fn a_challenge_leads_to_the_bank_and_back() {
    let stripe = shop().await;
    for (outcome, paid) in [("success", true), ("failure", false)] {
        let made = session(&api(&stripe), &[]).await;
        let challenged = pay(&stripe, &made, "4000000000003220").await;
        let bank = json!(goes_to(&challenged));

        let form = [("outcome", outcome)];
        let answered = browser(&stripe).post(&path(&bank, &stripe), &form).await;
        let back = json!(goes_to(&answered));
        let returned = browser(&stripe).get(&path(&back, &stripe)).await;

        let now = stripe.checkout_sessions().pop().unwrap();
        if paid {
            assert!(goes_to(&returned).starts_with("http://127.0.0.1/done"));
            assert_eq!(now["payment_status"], "paid");
        } else {
            assert!(returned.text.contains("could not be authenticated"));
            assert_eq!(now["status"], "open");
        }
    }
}

#[tokio::test]
async fn a_bank_debit_is_promised_on_the_page() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;
    let form = [
        ("method", "us_bank_account"),
        ("email", "ada@example.com"),
        ("name", "Ada"),
        ("routing_number", "110000000"),
        ("account_number", "000123456789"),
    ];

    let sent = browser(&stripe)
        .post(&path(&made["url"], &stripe), &form)
        .await;

    goes_to(&sent);
    let now = stripe.checkout_sessions().pop().unwrap();
    assert_eq!(
        (&now["status"], &now["payment_status"]),
        (&json!("complete"), &json!("unpaid"))
    );
    let expected = [
        "payment_intent.created",
        "charge.pending",
        "payment_intent.processing",
        "checkout.session.completed",
    ];
    assert_eq!(event_types(&stripe), expected);
    let page = browser(&stripe).get(&path(&made["url"], &stripe)).await;
    assert!(
        page.text
            .contains("The shop has not received the money yet.")
    );
}

#[tokio::test]
async fn the_address_itself_says_to_a_browser_what_is_there() {
    let stripe = Sandbox::start().await;
    let accepts = [("accept", "text/html,application/xhtml+xml")];
    let page = browser(&stripe).send("GET", "/", &accepts, "").await;
    let page = page.unwrap();
    assert_eq!(page.status, 200);
    assert!(page.text.contains("A sandbox of Stripe"));
}

#[tokio::test]
async fn an_order_that_costs_nothing_is_completed_without_a_card() {
    let stripe = shop().await;
    let form = [
        ("mode", "payment"),
        ("success_url", "http://127.0.0.1/done"),
        ("line_items[0][price_data][currency]", "usd"),
        ("line_items[0][price_data][unit_amount]", "0"),
        ("line_items[0][price_data][product_data][name]", "Sample"),
        ("line_items[0][quantity]", "1"),
    ];
    let made = api(&stripe).post("/v1/checkout/sessions", &form).await.ok();
    assert_eq!(made["payment_status"], "no_payment_required");
    let url = path(&made["url"], &stripe);
    let unknown = browser(&stripe).post(&url, &[]).await;
    assert!(unknown.text.contains("Enter your e-mail address."));

    let email = [("email", "ada@example.com")];
    let done = browser(&stripe).post(&url, &email).await;

    assert_eq!(goes_to(&done), "http://127.0.0.1/done");
    let now = stripe.checkout_sessions().pop().unwrap();
    assert_eq!(
        (&now["status"], &now["payment_intent"]),
        (&json!("complete"), &json!(null))
    );
}

#[tokio::test]
async fn an_expired_or_unknown_session_says_so() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;
    stripe.expire_session(text(&made, "id")).unwrap();

    let expired = pay(&stripe, &made, "4242424242424242").await;
    let unknown = browser(&stripe).get("/c/pay/cs_test_none").await;

    assert_eq!((expired.status, unknown.status), (410, 404));
    assert!(
        expired.text.contains("has expired") && unknown.text.contains("payment does not exist")
    );
    assert!(stripe.charges().is_empty());
}

#[tokio::test]
async fn no_card_number_of_a_page_is_recorded() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;

    pay(&stripe, &made, "4242424242424242").await;

    let recorded = format!("{:?} {:?}", stripe.requests(), stripe.events());
    assert!(!recorded.contains("4242424242424242"));
}
