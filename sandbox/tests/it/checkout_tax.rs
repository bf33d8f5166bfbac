//! The tax of a Checkout Session: inside the prices or added, by the payer's place.

use serde_json::json;

use crate::{
    api::{Form, api, text},
    checkout::{session, shop},
    checkout_amounts::{amounts, parcel},
};

#[tokio::test]
async fn tax_inside_the_prices_is_counted_and_not_added() {
    let stripe = shop().await;
    let api = api(&stripe);
    stripe
        .change_price("price_mug", json!({ "tax_behavior": "inclusive" }))
        .unwrap();
    let rate = parcel(&stripe, "inclusive");
    let more = [
        ("automatic_tax[enabled]", "true"),
        ("shipping_options[0][shipping_rate]", rate.as_str()),
        ("line_items[1][price]", "price_shirt"),
        ("line_items[1][quantity]", "1"),
    ];
    let made = session(&api, &more).await;

    let entries = json!({ "payment_method": "pm_card_visa", "address": { "country": "FR" } });
    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();

    // 5.00 of the mugs' 30.00, 0.83 of the parcel's 5.00, and 5.00 added to the shirt's 25.00: its
    // behaviour is not specified.
    assert_eq!(amounts(&paid), [5500, 0, 500, 1083, 6500]);
    assert_eq!(stripe.payment_intents()[0]["amount"], 6500);
}

#[tokio::test]
async fn the_state_decides_in_the_united_states_and_some_goods_and_customers_are_not_taxed() {
    let stripe = shop().await;
    let api = api(&stripe);
    let untaxed = json!({ "tax_code": "txcd_00000000" });
    let exempt = [("tax_exempt", "exempt"), ("address[country]", "DE")];
    let exempt = api.post("/v1/customers", &exempt).await.ok();
    let taxed: Form<'_> = &[("automatic_tax[enabled]", "true")];
    for (place, tax) in [
        (json!({ "country": "US", "state": "CA" }), 218),
        (json!({ "country": "US", "state": "OR" }), 0),
        (json!({ "country": "BR" }), 0),
        (json!({ "country": "GB" }), 600),
    ] {
        let made = session(&api, taxed).await;
        let entries = json!({ "payment_method": "pm_card_visa", "address": place });
        let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();
        assert_eq!(amounts(&paid), [3000, 0, 0, tax, 3000 + tax], "{place}");
    }

    let customer = [taxed, &[("customer", text(&exempt, "id"))]].concat();
    assert_eq!(
        amounts(&session(&api, &customer).await),
        [3000, 0, 0, 0, 3000]
    );
    stripe.change_product("prod_mug", untaxed).unwrap();
    let made = session(&api, taxed).await;
    let entries = json!({ "payment_method": "pm_card_visa", "address": { "country": "DE" } });
    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();
    assert_eq!(amounts(&paid), [3000, 0, 0, 0, 3000]);
}

#[tokio::test]
async fn a_customers_saved_addresses_are_taxed_unless_the_session_collects_where_the_goods_go() {
    let stripe = shop().await;
    let api = api(&stripe);
    let saved = [
        ("address[country]", "GB"),
        ("shipping[name]", "Ada"),
        ("shipping[address][country]", "DE"),
    ];
    let customer = api.post("/v1/customers", &saved).await.ok();
    let known = [
        ("customer", text(&customer, "id")),
        ("automatic_tax[enabled]", "true"),
    ];
    let made = session(&api, &known).await;
    assert_eq!(
        amounts(&made),
        [3000, 0, 0, 570, 3570],
        "its shipping address"
    );

    let collects = [("shipping_address_collection[allowed_countries][]", "FR")];
    let made = session(&api, &[known.as_slice(), &collects].concat()).await;
    assert_eq!(amounts(&made), [3000, 0, 0, 0, 3000], "it is not known yet");
    let address = json!({ "line1": "1 Rue", "country": "FR" });
    let entries = json!({ "payment_method": "pm_card_visa", "shipping": { "address": address } });
    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();
    assert_eq!(amounts(&paid), [3000, 0, 0, 600, 3600]);
}
