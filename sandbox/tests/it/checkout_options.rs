//! Parameters of a session about what it collects, offers and shows.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Form, api, text},
    checkout::{SESSIONS, mugs, session, shop},
    checkout_amounts::{berlin, parcel, spring},
};

const RATES: &str = "/v1/shipping_rates";
const RATE: Form<'_> = &[
    ("display_name", "Parcel"),
    ("fixed_amount[amount]", "500"),
    ("fixed_amount[currency]", "usd"),
];

#[tokio::test]
async fn a_shipping_rate_is_kept_archived_and_listed() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let more = [
        ("delivery_estimate[minimum][unit]", "business_day"),
        ("delivery_estimate[minimum][value]", "2"),
        ("tax_behavior", "exclusive"),
        ("metadata[a]", "1"),
    ];

    let made = api.post(RATES, &[RATE, &more].concat()).await.ok();

    assert!(text(&made, "id").starts_with("shr_"));
    assert_eq!(
        made["fixed_amount"],
        json!({ "amount": 500, "currency": "usd" })
    );
    assert_eq!(
        made["delivery_estimate"],
        json!({ "maximum": null, "minimum": { "unit": "business_day", "value": 2 } })
    );
    let path = format!("{RATES}/{}", text(&made, "id"));
    let options = [
        ("active", "false"),
        ("fixed_amount[currency_options][eur][amount]", "450"),
    ];
    let archived = api.post(&path, &options).await.ok();
    assert_eq!(
        archived["fixed_amount"]["currency_options"]["eur"]["amount"],
        450
    );
    assert_eq!(api.get(&path).await.ok(), archived);
    for (filter, found) in [
        ("active=false", json!([archived])),
        ("active=true", json!([])),
        ("currency=usd", json!([archived])),
        ("currency=eur", json!([])),
    ] {
        let list = api.get(&format!("{RATES}?{filter}")).await.ok();
        assert_eq!(list["data"], found, "{filter}");
    }
}

#[tokio::test]
async fn an_incomplete_shipping_rate_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let refusals = [
        ("display_name", "", "display_name"),
        ("fixed_amount[amount]", "-1", "fixed_amount[amount]"),
        ("fixed_amount[currency]", "euro", "currency"),
        ("type", "weight", "type"),
        ("tax_behavior", "none", "tax_behavior"),
        (
            "delivery_estimate[maximum][unit]",
            "year",
            "delivery_estimate[maximum][unit]",
        ),
        (
            "delivery_estimate[maximum][value]",
            "1",
            "delivery_estimate[maximum][unit]",
        ),
        ("price", "5", "price"),
    ];
    for (name, value, param) in refusals {
        let kept = RATE.iter().filter(|(other, _)| *other != name).copied();
        let form: Vec<_> = kept.chain([(name, value)]).collect();
        let reply = api.post(RATES, &form).await;
        assert_eq!(
            (reply.status, &reply.body["error"]["param"]),
            (400, &json!(param)),
            "{}",
            reply.text
        );
    }
    assert_eq!(api.get(RATES).await.ok()["data"], json!([]));
}

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
            "Letter",
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
    assert_eq!(rate["display_name"], "Letter");
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
