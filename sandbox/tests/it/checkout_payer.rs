//! The payer's entries of a Checkout Session: required, refused and kept.

use serde_json::{Value, json};

use crate::{
    api::{Form, api, text},
    checkout::{session, shop},
    checkout_amounts::berlin,
};

#[tokio::test]
async fn what_a_session_requires_of_the_payer_is_missing_until_it_is_entered() {
    let stripe = shop().await;
    let api = api(&stripe);
    let required: [(Form<'_>, &str, Value); 6] = [
        (
            &[("phone_number_collection[enabled]", "true")],
            "phone",
            json!("1234"),
        ),
        (&[("automatic_tax[enabled]", "true")], "address", berlin()),
        (
            &[("billing_address_collection", "required")],
            "address",
            berlin(),
        ),
        (
            &[("shipping_address_collection[allowed_countries][]", "DE")],
            "shipping[address]",
            json!({ "address": berlin() }),
        ),
        (
            &[("consent_collection[terms_of_service]", "required")],
            "consent[terms_of_service]",
            json!({ "terms_of_service": "accepted" }),
        ),
        (
            &[
                ("custom_fields[0][key]", "size"),
                ("custom_fields[0][label][custom]", "Size"),
                ("custom_fields[0][label][type]", "custom"),
                ("custom_fields[0][type]", "numeric"),
            ],
            "custom_fields[size]",
            json!({ "size": "42" }),
        ),
    ];
    for (more, param, entry) in required {
        let made = session(&api, more).await;
        let id = text(&made, "id");

        let refused = stripe.pay_session(id, "pm_card_visa").unwrap_err();
        assert_eq!(
            (&refused["error"]["code"], &refused["error"]["param"]),
            (&json!("parameter_missing"), &json!(param))
        );
        let field = param.split('[').next().unwrap();
        let mut entries = json!({ "payment_method": "pm_card_visa" });
        entries[field] = entry;
        let paid = stripe.pay_session_with(id, entries).unwrap();
        assert_eq!(paid["payment_status"], "paid", "{param}");
    }
}

#[tokio::test]
async fn an_entry_that_the_session_does_not_take_is_refused() {
    let stripe = shop().await;
    let api = api(&stripe);
    let more = [("shipping_address_collection[allowed_countries][]", "US")];
    let made = session(&api, &more).await;
    for (entry, param) in [
        (json!({ "email": "ada" }), "email"),
        (json!({ "promotion_code": "SPRING" }), "promotion_code"),
        (json!({ "shipping_rate": "shr_1" }), "shipping_rate"),
        (
            json!({ "tax_id": { "type": "eu_vat", "value": "DE1" } }),
            "tax_id",
        ),
        (json!({ "consent": { "promotions": "opt_in" } }), "consent"),
        (
            json!({ "custom_fields": { "size": "42" } }),
            "custom_fields[size]",
        ),
        (
            json!({ "address": { "country": "Germany" } }),
            "address[country]",
        ),
        (
            json!({ "address": { "country": "DE", "street": "a" } }),
            "address[street]",
        ),
        (
            json!({ "shipping": { "address": berlin() } }),
            "shipping[address][country]",
        ),
        (json!({ "card": "4242" }), "card"),
    ] {
        let refused = stripe
            .pay_session_with(text(&made, "id"), entry)
            .unwrap_err();
        assert_eq!(refused["error"]["param"], param, "{refused}");
    }
    assert_eq!(stripe.checkout_sessions(), [made]);
}

#[tokio::test]
async fn a_customer_is_updated_with_what_the_payer_entered_where_the_shop_asks_for_it() {
    let stripe = shop().await;
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[("name", "A.")]).await.ok();
    let id = text(&customer, "id");
    for (part, kept) in [("never", "A."), ("auto", "Ada")] {
        let more = [
            ("customer", id),
            ("automatic_tax[enabled]", "true"),
            ("customer_update[address]", "auto"),
            ("customer_update[name]", part),
        ];
        let made = session(&api, &more).await;
        let entries = json!({
            "payment_method": "pm_card_visa", "name": "Ada", "address": berlin(),
        });
        stripe.pay_session_with(text(&made, "id"), entries).unwrap();

        let now = api.get(&format!("/v1/customers/{id}")).await.ok();
        assert_eq!(
            (&now["name"], &now["address"]["city"]),
            (&json!(kept), &json!("Berlin"))
        );
    }
}
