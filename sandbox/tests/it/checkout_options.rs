//! Parameters of a session about what it collects, offers and shows.

use serde_json::json;

use crate::{
    api::{Form, api, text},
    checkout::{SESSIONS, mugs, session, shop},
    checkout_amounts::{parcel, spring},
    shipping_rates::RATES,
};

#[tokio::test]
async fn options_are_shown_on_the_session_as_stripe_shows_them() {
    let stripe = shop().await;
    let api = api(&stripe);
    let more = [
        ("billing_address_collection", "required"),
        ("submit_type", "book"),
        ("locale", "de"),
        ("adaptive_pricing[enabled]", "true"),
        ("consent_collection[promotions]", "auto"),
        ("custom_text[submit][message]", "We pack it today."),
        ("payment_method_configuration", "pmc_1"),
        ("tax_id_collection[enabled]", "true"),
        (
            "saved_payment_method_options[payment_method_save]",
            "enabled",
        ),
        ("custom_fields[0][key]", "size"),
        ("custom_fields[0][label][custom]", "Size"),
        ("custom_fields[0][label][type]", "custom"),
        ("custom_fields[0][type]", "dropdown"),
        ("custom_fields[0][dropdown][options][0][label]", "Small"),
        ("custom_fields[0][dropdown][options][0][value]", "s"),
        (
            "shipping_options[0][shipping_rate_data][display_name]",
            "Envelope",
        ),
        (
            "shipping_options[0][shipping_rate_data][fixed_amount][amount]",
            "0",
        ),
        (
            "shipping_options[0][shipping_rate_data][fixed_amount][currency]",
            "usd",
        ),
    ];

    let made = session(&api, &more).await;

    for (field, value) in [
        ("billing_address_collection", json!("required")),
        ("submit_type", json!("book")),
        ("locale", json!("de")),
        ("adaptive_pricing", json!({ "enabled": true })),
        (
            "consent",
            json!({ "promotions": null, "terms_of_service": null }),
        ),
        (
            "tax_id_collection",
            json!({ "enabled": true, "required": "never" }),
        ),
        (
            "payment_method_configuration_details",
            json!({ "id": "pmc_1", "parent": null }),
        ),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert_eq!(
        made["custom_text"]["submit"]["message"],
        "We pack it today."
    );
    assert_eq!(
        made["custom_fields"][0]["dropdown"]["options"][0]["label"],
        "Small"
    );
    let rate = text(&made["shipping_options"][0], "shipping_rate");
    let rate = api.get(&format!("{RATES}/{rate}")).await.ok();
    assert_eq!(rate["display_name"], "Envelope");
    let filter = format!(
        "{SESSIONS}/{}?expand[]=shipping_cost.shipping_rate",
        text(&made, "id")
    );
    let expanded = api.get(&filter).await.ok();
    assert_eq!(expanded["shipping_cost"]["shipping_rate"], rate);
}

#[tokio::test]
async fn parameters_that_stripe_refuses_are_named() {
    let stripe = shop().await;
    let api = api(&stripe);
    let code = spring(&stripe);
    let archived = parcel(&stripe, "exclusive");
    stripe
        .change_shipping_rate(&archived, json!({ "active": false }))
        .unwrap();
    let euros = json!({
        "display_name": "Brief", "fixed_amount": { "amount": 1, "currency": "eur" },
    });
    let euros = stripe.create_shipping_rate(euros).unwrap();
    let customer = api.post("/v1/customers", &[]).await.ok();
    let rates: Vec<String> = (0..6)
        .map(|n| format!("shipping_options[{n}][shipping_rate]"))
        .collect();
    let six: Vec<(&str, &str)> = rates
        .iter()
        .map(|name| (name.as_str(), archived.as_str()))
        .collect();
    let rate = "shipping_options[0][shipping_rate]";
    let refusals: &[(Form<'_>, &str)] = &[
        (
            &[
                ("allow_promotion_codes", "false"),
                ("discounts[0][promotion_code]", text(&code, "id")),
            ],
            "allow_promotion_codes",
        ),
        (&[("discounts[0][coupon]", "none")], "discounts[0][coupon]"),
        (
            &[("discounts[0][promotion_code]", "SPRING")],
            "discounts[0][promotion_code]",
        ),
        (&[("discounts[0][code]", "SPRING")], "discounts[0][code]"),
        (
            &[
                ("discounts[0][coupon]", "quarter"),
                ("discounts[1][coupon]", "quarter"),
            ],
            "discounts",
        ),
        (&[(rate, "shr_none")], rate),
        (&[(rate, &archived)], rate),
        (&[(rate, text(&euros, "id"))], rate),
        (&six, "shipping_options"),
        (
            &[("shipping_address_collection[allowed_countries][]", "KP")],
            "shipping_address_collection[allowed_countries]",
        ),
        (
            &[("shipping_address_collection[countries][]", "DE")],
            "shipping_address_collection[allowed_countries]",
        ),
        (
            &[("automatic_tax[liability][type]", "self")],
            "automatic_tax[liability]",
        ),
        (&[("automatic_tax", "true")], "automatic_tax"),
        (
            &[("phone_number_collection[enable]", "true")],
            "phone_number_collection[enabled]",
        ),
        (&[("locale", "de-DE")], "locale"),
        (
            &[("billing_address_collection", "never")],
            "billing_address_collection",
        ),
        (
            &[("consent_collection[terms_of_service]", "yes")],
            "consent_collection[terms_of_service]",
        ),
        (&[("custom_fields[0][key]", "a b")], "custom_fields[0][key]"),
        (&[("custom_fields[0][key]", "a")], "custom_fields[0][type]"),
        (
            &[("custom_text[footer][message]", "a")],
            "custom_text[footer]",
        ),
        (&[("customer_update[name]", "auto")], "customer_update"),
        (
            &[
                ("customer", text(&customer, "id")),
                ("tax_id_collection[enabled]", "true"),
            ],
            "customer_update[name]",
        ),
        (
            &[
                ("payment_method_types[]", "card"),
                ("payment_method_configuration", "pmc_1"),
            ],
            "payment_method_types",
        ),
        (
            &[("line_items[0][price_data][tax_behavior]", "maybe")],
            "line_items[0][price]",
        ),
    ];
    for (more, param) in refusals {
        let reply = api
            .post(SESSIONS, &[mugs().as_slice(), more].concat())
            .await;
        assert_eq!(
            (reply.status, &reply.body["error"]["param"]),
            (400, &json!(param)),
            "{}",
            reply.text
        );
    }
    let taxed = [
        ("customer", text(&customer, "id")),
        ("automatic_tax[enabled]", "true"),
    ];
    let reply = api
        .post(SESSIONS, &[mugs().as_slice(), &taxed].concat())
        .await;
    reply.refused(400, "customer_tax_location_invalid");
    assert!(stripe.checkout_sessions().is_empty());
}
