//! Receipts, statements and shipping addresses of payments.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{Form, api, api_with_key, paid, text};

const INTENTS: &str = "/v1/payment_intents";
const PAID: Form<'static> = &[
    ("amount", "2000"),
    ("currency", "usd"),
    ("confirm", "true"),
    ("return_url", "http://127.0.0.1/return"),
    ("payment_method", "pm_card_visa"),
];

#[tokio::test]
async fn a_charge_has_a_receipt_that_shows_its_present_state() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let more = [
        ("description", "Two mugs & a spoon"),
        ("receipt_email", "ada@example.com"),
        ("statement_descriptor_suffix", "MUGS"),
    ];
    let intent = api.post(INTENTS, &[PAID, &more].concat()).await.ok();
    let [charge] = stripe.charges().try_into().expect("exactly one charge");
    assert_eq!(charge["receipt_email"], "ada@example.com");
    let url = text(&charge, "receipt_url");
    let receipt = url
        .strip_prefix(stripe.url())
        .expect("a page of the sandbox");
    let page = api_with_key(&stripe, "");

    let shown = page.get(receipt).await;

    assert_eq!(shown.status, 200);
    for words in [
        "Two mugs &amp; a spoon",
        "ada@example.com",
        "20.00 USD",
        "visa ending in 4242",
        "SANDBOX* MUGS",
    ] {
        assert!(shown.text.contains(words), "no {words} in {}", shown.text);
    }
    assert!(!shown.text.contains("Refunded"));
    let refund = [("payment_intent", text(&intent, "id")), ("amount", "500")];
    api.post("/v1/refunds", &refund).await.ok();
    let later = page.get(receipt).await.text;
    assert!(later.contains("Refunded") && later.contains("5.00 USD"));
}

#[tokio::test]
async fn a_receipt_is_found_only_by_its_whole_link() {
    let stripe = Sandbox::start().await;
    paid(&api(&stripe)).await;
    let charge = stripe.charges().pop().unwrap();
    let url = text(&charge, "receipt_url");
    let receipt = url.strip_prefix(stripe.url()).unwrap();
    let page = api_with_key(&stripe, "");

    let cut = &receipt[..receipt.len() - 1];
    for path in [cut, "/receipts/payment/", "/receipts/payment/ch_none/x"] {
        assert_eq!(page.get(path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn a_declined_charge_has_no_receipt() {
    let stripe = Sandbox::start().await;
    let form = [&PAID[..4], &[("payment_method", "pm_card_chargeDeclined")]].concat();

    let declined = api(&stripe).post(INTENTS, &form).await;

    declined.refused(402, "card_declined");
    assert_eq!(stripe.charges()[0]["receipt_url"], json!(null));
}

#[tokio::test]
async fn the_receipts_address_of_a_charge_can_be_changed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    paid(&api).await;
    let charge = stripe.charges().pop().unwrap();
    let path = format!("/v1/charges/{}", text(&charge, "id"));

    let form = [("receipt_email", "grace@example.com")];
    let changed = api.post(&path, &form).await.ok();

    assert_eq!(changed["receipt_email"], "grace@example.com");
    let form = [("receipt_email", "grace")];
    let error = api.post(&path, &form).await.refused(400, "email_invalid");
    assert_eq!(error["param"], "receipt_email");
}

#[tokio::test]
async fn a_payment_is_shipped_to_a_name_at_an_address() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let place = [
        ("shipping[address][line1]", "1 Main St"),
        ("shipping[address][country]", "GB"),
    ];
    let whole = [&place[..], &[("shipping[name]", "Ada")]].concat();

    let intent = api.post(INTENTS, &[PAID, &whole].concat()).await.ok();

    let expected = json!({
        "address": {
            "city": null, "country": "GB", "line1": "1 Main St",
            "line2": null, "postal_code": null, "state": null,
        },
        "carrier": null,
        "name": "Ada",
        "phone": null,
        "tracking_number": null,
    });
    assert_eq!(intent["shipping"], expected);
    assert_eq!(stripe.charges()[0]["shipping"], expected);
    for (more, param) in [
        (&place[..], "shipping[name]"),
        (&[("shipping[name]", "Ada")], "shipping[address]"),
        (
            &[
                ("shipping[name]", "Ada"),
                ("shipping[address][town]", "London"),
            ],
            "shipping[address][town]",
        ),
        (&[("shipping", "London")], "shipping"),
    ] {
        let refused = api.post(INTENTS, &[PAID, more].concat()).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["param"]),
            (400, &json!(param)),
            "{more:?}"
        );
    }
}

#[tokio::test]
async fn a_statement_has_at_most_22_characters_and_no_markup() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for suffix in ["A SUFFIX OF 23 LETTERS.", "MUG*", "12345"] {
        let form = [PAID, &[("statement_descriptor_suffix", suffix)]].concat();
        let refused = api.post(INTENTS, &form).await;
        let param = &refused.body["error"]["param"];
        assert_eq!(
            (refused.status, param),
            (400, &json!("statement_descriptor_suffix"))
        );
    }
    let form = [PAID, &[("statement_descriptor", "MUGS OF ADA")]].concat();
    let refused = api.post(INTENTS, &form).await;
    let param = &refused.body["error"]["param"];
    assert_eq!(
        (refused.status, param),
        (400, &json!("statement_descriptor")),
        "a card has only a suffix"
    );
    assert!(stripe.payment_intents().is_empty());
    paid(&api).await;
    let charge = stripe.charges().pop().unwrap();
    assert_eq!(charge["calculated_statement_descriptor"], "SANDBOX");
}
