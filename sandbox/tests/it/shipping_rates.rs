//! Shipping rates: kept, archived and refused.

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{Form, api, text};

pub(crate) const RATES: &str = "/v1/shipping_rates";
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
