//! Orders that the site's server signed, on Checkout.

use serde_json::{Value, json};
use testing::Answer;

use crate::{Checkout, order_id, session_id, totals::only_paid};

/// Two lines of 36.00 in all.
fn lines() -> Value {
    json!([
        { "name": "Mug, blue", "amount": 1500, "quantity": 2, "taxCode": "txcd_99999999",
            "taxBehavior": "exclusive" },
        { "name": "Sticker", "amount": 300, "quantity": 2 },
    ])
}

/// Ada sends an order that the site signed, with `changes` to its claims.
pub(crate) async fn post_signed(api: &Checkout, changes: &Value) -> Answer {
    let body = json!({
        "order": api.shop.order_token("ada", changes),
        "successUrl": "https://shop.example/paid",
        "cancelUrl": "https://shop.example/cart",
    });
    api.as_caller("ada").post(&body).await
}

/// The parameters of the latest session.
pub(crate) fn opening(api: &Checkout) -> Value {
    let requests = api.shop.stripe.requests().into_iter();
    let made = requests
        .filter(|request| request.method == "POST" && request.path == "/v1/checkout/sessions");
    made.last().expect("a session").params
}

#[tokio::test]
async fn signed_lines_are_the_sessions_lines_and_stand_in_the_order_and_the_notification() {
    let api = Checkout::start().await;
    let claims = json!({ "lines": lines(), "amount": null, "description": "Crockery" });
    let answer = post_signed(&api, &claims).await.expect(200);

    let session = session_id(&answer);
    let sent = &opening(&api)["line_items"];
    let product = json!({ "name": "Mug, blue", "tax_code": "txcd_99999999" });
    let price = json!({ "currency": "usd", "product_data": product, "unit_amount": "1500",
        "tax_behavior": "exclusive" });
    assert_eq!(sent[0], json!({ "price_data": price, "quantity": "2" }));
    assert_eq!(sent[1]["price_data"]["product_data"]["name"], "Sticker");
    assert_eq!(sent[1]["price_data"]["unit_amount"], "300");
    api.pay(&session);
    assert_eq!(api.deliver_all().await, 0);
    let paid = only_paid(&api).await;
    assert_eq!(paid["amount"], 3600);
    let items = json!([
        { "name": "Mug, blue", "quantity": 2, "unitAmount": 1500,
            "tax": { "code": "txcd_99999999", "behavior": "exclusive" } },
        { "name": "Sticker", "quantity": 2, "unitAmount": 300 },
    ]);
    assert_eq!(paid["items"], items);
    let order = api.shop.order(&order_id(&answer)).await;
    let shown = serde_json::to_value(order.revision().contents.items()).unwrap();
    assert_eq!(
        shown[1],
        json!({ "name": "Sticker", "quantity": 2, "unitAmount": 300 })
    );
}

#[tokio::test]
async fn a_line_by_another_name_opens_another_session() {
    let api = Checkout::start().await;
    let mut claims = json!({ "lines": lines(), "amount": 3600, "version": 1 });
    let first = post_signed(&api, &claims).await.expect(200);
    let again = post_signed(&api, &claims).await.expect(200);
    claims["lines"][1]["name"] = json!("Badge");
    claims["version"] = json!(2);

    let renamed = post_signed(&api, &claims).await.expect(200);

    assert_eq!(session_id(&first), session_id(&again));
    assert_ne!(session_id(&first), session_id(&renamed));
    assert_eq!(api.only_open(), session_id(&renamed));
}
