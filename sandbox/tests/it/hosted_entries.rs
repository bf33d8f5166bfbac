//! The hosted page with a code, addresses, a shipping rate and the shop's own questions.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Form, Reply, api, text},
    checkout::{session, shop},
    checkout_amounts::{amounts, everything, parcel, spring},
    hosted::{CARD, browser, goes_to, path},
};

const NUMBER: Form<'_> = &[("number", "4242424242424242")];

/// The fields of the form that updates the total.
const DELIVERY: Form<'_> = &[
    ("step", "update"),
    ("promotion_code", "SPRING"),
    ("shipping[name]", "Ada & Co"),
    ("shipping[address][line1]", "Torstr. 1"),
    ("shipping[address][line2]", ""),
    ("shipping[address][postal_code]", "10119"),
    ("shipping[address][city]", "Berlin"),
    ("shipping[address][state]", ""),
    ("shipping[address][country]", "DE"),
];

/// Submits a form of a session's page, with some fields replaced.
async fn submit(stripe: &Sandbox, made: &Value, form: Form<'_>, more: Form<'_>) -> Reply {
    let replaced = |(name, _): &&(&str, &str)| more.iter().all(|(other, _)| other != name);
    let kept: Vec<_> = form.iter().filter(replaced).copied().collect();
    let url = path(&made["url"], stripe);
    browser(stripe)
        .post(&url, &[kept.as_slice(), more].concat())
        .await
}

async fn page(stripe: &Sandbox, made: &Value) -> String {
    browser(stripe).get(&path(&made["url"], stripe)).await.text
}

fn current(stripe: &Sandbox) -> Value {
    stripe.checkout_sessions().pop().unwrap()
}

#[tokio::test]
async fn the_page_shows_what_the_payers_entries_make_of_the_total_before_it_is_paid() {
    let stripe = shop().await;
    spring(&stripe);
    let made = everything(&stripe, &api(&stripe)).await;
    let before = page(&stripe, &made).await;
    for part in [
        "Promotion code",
        "Shipping address",
        "Parcel, 5.00 USD",
        "needs your address",
    ] {
        assert!(before.contains(part), "{part} is not in {before}");
    }

    let updated = submit(&stripe, &made, DELIVERY, &[]).await;

    assert_eq!(goes_to(&updated), format!("/c/pay/{}", text(&made, "id")));
    assert_eq!(amounts(&current(&stripe)), [3000, 750, 500, 523, 3273]);
    let shown = page(&stripe, &made).await;
    for part in [
        "Discount SPRING",
        "−7.50 USD",
        "Shipping: Parcel",
        "5.23 USD",
        "Pay 32.73 USD",
        "value=\"Ada &amp; Co\"",
        "<option value=\"DE\" selected>",
    ] {
        assert!(shown.contains(part), "{part} is not in {shown}");
    }
    let form = [
        CARD,
        NUMBER,
        &[("phone", "1234"), ("expected_amount", "3273")],
    ]
    .concat();
    let paid = submit(&stripe, &made, &form, &[]).await;
    assert!(goes_to(&paid).starts_with("http://127.0.0.1/done"));
    assert_eq!(current(&stripe)["payment_status"], "paid");
    assert_eq!(stripe.payment_intents()[0]["amount_received"], 3273);
    assert_eq!(stripe.charges()[0]["billing_details"]["phone"], "1234");
}

#[tokio::test]
async fn an_entry_that_is_not_valid_is_named_and_changes_nothing() {
    let stripe = shop().await;
    spring(&stripe);
    let made = everything(&stripe, &api(&stripe)).await;
    for (changed, words) in [
        (
            ("promotion_code", "WINTER"),
            "promotion code &#39;WINTER&#39; is not valid",
        ),
        (
            ("shipping_rate", "shr_none"),
            "not an option of this session",
        ),
        (
            ("shipping[address][country]", "FR"),
            "does not ship to this country",
        ),
        (("shipping[address][country]", ""), "Enter the country"),
        (("shipping[address][line1]", " "), "Enter the street"),
    ] {
        let reply = submit(&stripe, &made, DELIVERY, &[changed]).await;

        assert_eq!(reply.status, 400, "{changed:?}");
        let (alerts, _) = reply.text.split_once("aria-label=\"Payment\"").unwrap();
        assert!(alerts.contains(words), "{changed:?}: {}", reply.text);
        assert!(
            reply.text.contains("Ada &amp; Co"),
            "the other fields are kept"
        );
        assert_eq!(current(&stripe), made);
    }
}

#[tokio::test]
async fn what_the_shop_requires_has_to_be_entered_before_a_payment() {
    let stripe = shop().await;
    let more = [
        ("shipping_address_collection[allowed_countries][]", "DE"),
        ("phone_number_collection[enabled]", "true"),
        ("billing_address_collection", "required"),
        ("consent_collection[terms_of_service]", "required"),
        ("custom_fields[0][key]", "engraving"),
        ("custom_fields[0][label][custom]", "Engraving"),
        ("custom_fields[0][label][type]", "custom"),
        ("custom_fields[0][type]", "text"),
        ("custom_text[submit][message]", "Made in <Berlin>"),
    ];
    let made = session(&api(&stripe), &more).await;
    let shown = page(&stripe, &made).await;
    assert!(shown.contains("Made in &lt;Berlin&gt;") && shown.contains("Engraving"));
    let form = [CARD, NUMBER].concat();
    let steps: [(&str, Form<'_>); 5] = [
        ("Enter the shipping address", &[]),
        ("Enter your phone number", DELIVERY),
        ("Accept the terms of service", &[("phone", "1234")]),
        (
            "Fill in: Engraving",
            &[("consent[terms_of_service]", "accepted")],
        ),
        ("", &[("custom_fields[engraving]", "A.L.")]),
    ];
    for (words, entered) in steps {
        // A code is not for this session.
        let entered: Vec<_> = entered
            .iter()
            .filter(|one| one.0 != "promotion_code")
            .collect();
        let entered: Vec<_> = entered.into_iter().copied().collect();
        submit(&stripe, &made, &entered, &[("step", "update")]).await;

        let reply = submit(&stripe, &made, &form, &[]).await;

        match words {
            "" => assert!(goes_to(&reply).starts_with("http://127.0.0.1/done")),
            words => assert!(reply.text.contains(words), "{words}: {}", reply.text),
        }
    }
    let paid = current(&stripe);
    assert_eq!(paid["custom_fields"][0]["text"]["value"], "A.L.");
    assert_eq!(paid["consent"]["terms_of_service"], "accepted");
    assert_eq!(stripe.charges().len(), 1);
}

#[tokio::test]
async fn a_total_that_changed_since_the_page_was_shown_is_shown_again() {
    let stripe = shop().await;
    let rate = parcel(&stripe, "exclusive");
    let more = [
        ("automatic_tax[enabled]", "true"),
        ("shipping_options[0][shipping_rate]", rate.as_str()),
    ];
    let made = session(&api(&stripe), &more).await;
    let form = [
        CARD,
        NUMBER,
        &[("address[country]", "fr"), ("expected_amount", "3500")],
    ]
    .concat();

    let first = submit(&stripe, &made, &form, &[]).await;
    assert!(
        first.text.contains("The total is now 42.00 USD."),
        "{}",
        first.text
    );
    assert!(stripe.charges().is_empty());
    let second = submit(&stripe, &made, &form, &[("expected_amount", "4200")]).await;

    goes_to(&second);
    assert_eq!(
        current(&stripe)["customer_details"]["address"]["country"],
        "FR"
    );
    assert_eq!(stripe.charges()[0]["amount"], 4200);
}

#[tokio::test]
async fn a_business_enters_its_tax_id_and_chooses_a_slower_parcel() {
    let stripe = shop().await;
    let (fast, slow) = (parcel(&stripe, "exclusive"), parcel(&stripe, "exclusive"));
    let more = [
        ("tax_id_collection[enabled]", "true"),
        ("shipping_options[0][shipping_rate]", fast.as_str()),
        ("shipping_options[1][shipping_rate]", slow.as_str()),
    ];
    let made = session(&api(&stripe), &more).await;
    let form = [CARD, NUMBER].concat();
    let entered = [
        ("shipping_rate", slow.as_str()),
        ("tax_id[type]", "eu_vat"),
        ("tax_id[value]", "DE123456789"),
    ];

    goes_to(&submit(&stripe, &made, &form, &entered).await);

    let paid = current(&stripe);
    assert_eq!(paid["shipping_cost"]["shipping_rate"], slow);
    let ids = json!([{ "type": "eu_vat", "value": "DE123456789" }]);
    assert_eq!(paid["customer_details"]["tax_ids"], ids);
}
