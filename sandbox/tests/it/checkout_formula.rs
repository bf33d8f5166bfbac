//! Stripe's formula of a session's amounts, in every combination of discount, tax and shipping.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, api, text},
    checkout::SESSIONS,
    checkout_amounts::{amounts, parcel},
};

/// Three lines whose amounts divide badly; the first one has this tax behaviour.
const LINES: [&str; 3] = ["", "exclusive", "inclusive"];
const AMOUNTS: [&str; 3] = ["1999", "333", "101"];

async fn open(api: &Api, first: &str, more: Form<'_>) -> Value {
    let names: Vec<[String; 5]> = (0..3)
        .map(|n| {
            let data = format!("line_items[{n}][price_data]");
            [
                format!("line_items[{n}][quantity]"),
                format!("{data}[currency]"),
                format!("{data}[unit_amount]"),
                format!("{data}[product_data][name]"),
                format!("{data}[tax_behavior]"),
            ]
        })
        .collect();
    let mut form = vec![
        ("mode", "payment"),
        ("success_url", "http://127.0.0.1/done"),
    ];
    for ((names, amount), behavior) in names.iter().zip(AMOUNTS).zip(LINES) {
        let behavior = if behavior.is_empty() { first } else { behavior };
        let values = ["3", "usd", amount, "Thing", behavior];
        form.extend(names.iter().map(String::as_str).zip(values));
    }
    form.push(("automatic_tax[enabled]", "true"));
    api.post(SESSIONS, &[form.as_slice(), more].concat())
        .await
        .ok()
}

/// The sum of a field over the lines whose tax is inside, or is not.
fn sum(lines: &Value, field: &str, inclusive: Option<bool>) -> i64 {
    let lines = lines.as_array().unwrap().iter();
    let wanted = lines.filter(|line| {
        let inside = line["price"]["tax_behavior"] == "inclusive";
        inclusive.is_none_or(|wanted| wanted == inside)
    });
    wanted.map(|line| line[field].as_i64().unwrap()).sum()
}

async fn check(stripe: &Sandbox, api: &Api, id: &str, place: &Value, shipping: &str) {
    let entries = json!({ "payment_method": "pm_card_visa", "address": place });
    let paid = stripe.pay_session_with(id, entries).unwrap();
    let expanded = format!("{SESSIONS}/{id}?expand[]=line_items");
    let lines = &api.get(&expanded).await.ok()["line_items"]["data"];

    let [subtotal, discount, shipped, tax, total] = amounts(&paid);
    let shipping_tax = paid["shipping_cost"]["amount_tax"].as_i64().unwrap_or(0);
    let added = match shipping {
        "inclusive" => sum(lines, "amount_tax", Some(false)),
        _ => sum(lines, "amount_tax", Some(false)) + shipping_tax,
    };
    assert_eq!(total, subtotal - discount + shipped + added, "{paid}");
    assert_eq!(subtotal, sum(lines, "amount_subtotal", None));
    assert_eq!(discount, sum(lines, "amount_discount", None));
    assert_eq!(tax, sum(lines, "amount_tax", None) + shipping_tax);
    let shipping_total = paid["shipping_cost"]["amount_total"].as_i64().unwrap_or(0);
    assert_eq!(total, sum(lines, "amount_total", None) + shipping_total);
    let intent = stripe
        .payment_intent(text(&paid, "payment_intent"))
        .unwrap();
    assert_eq!(intent["amount_received"], total);
}

#[tokio::test]
async fn the_total_is_the_subtotal_less_the_discount_with_shipping_and_added_tax() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    stripe
        .create_coupon(json!({ "id": "third", "percent_off": "33.33" }))
        .unwrap();
    stripe
        .create_coupon(json!({ "id": "some", "amount_off": 1001, "currency": "usd" }))
        .unwrap();
    let places = [
        json!({ "country": "DE" }),
        json!({ "country": "CH" }),
        json!({ "country": "US", "state": "CA" }),
        json!({ "country": "BR" }),
    ];
    for first in ["inclusive", "exclusive", "unspecified"] {
        for coupon in ["", "third", "some"] {
            for shipping in ["", "inclusive", "exclusive"] {
                let rate = match shipping {
                    "" => String::new(),
                    behavior => parcel(&stripe, behavior),
                };
                let mut more = Vec::new();
                if !coupon.is_empty() {
                    more.push(("discounts[0][coupon]", coupon));
                }
                if !shipping.is_empty() {
                    more.push(("shipping_options[0][shipping_rate]", rate.as_str()));
                }
                for place in &places {
                    let made = open(&api, first, &more).await;
                    check(&stripe, &api, text(&made, "id"), place, shipping).await;
                }
            }
        }
    }
}
