//! Options that Stripe does not take for an order.

use serde_json::{Value, json};
use testing::Answer;

use crate::{Checkout, intent_id, send, signed::post_signed};

/// Options that name an object which cannot be used for dollars, or not any more; and the path of
/// each.
fn refused(api: &Checkout) -> Vec<(Value, &'static str)> {
    let stripe = &api.shop.stripe;
    let id = |made: Value| made["id"].as_str().unwrap().to_owned();
    let euros = json!({ "id": "euros", "amount_off": "500", "currency": "eur" });
    let euros = id(stripe.create_coupon(euros).unwrap());
    let code = json!({ "promotion": { "type": "coupon", "coupon": euros }, "code": "EUROS" });
    let code = id(stripe.create_promotion_code(code).unwrap());
    let over = json!({ "id": "over", "percent_off": "10" });
    let over = id(stripe.create_coupon(over).unwrap());
    stripe.expire_coupon(&over).unwrap();
    let rate = |currency: &str| {
        let amount = json!({ "amount": "900", "currency": currency });
        let rate = json!({ "display_name": "Parcel", "fixed_amount": amount });
        id(stripe.create_shipping_rate(rate).unwrap())
    };
    let archived = rate("usd");
    let change = json!({ "active": "false" });
    stripe.change_shipping_rate(&archived, change).unwrap();
    let discount = |kind: &str, id: &str| json!({ "discounts": [{ kind: id }] });
    let shipping = |id: &str| json!({ "shipping_options": [{ "shipping_rate": id }] });
    vec![
        (discount("coupon", &euros), "checkout.discounts[0].coupon"),
        (discount("coupon", &over), "checkout.discounts[0].coupon"),
        (
            discount("coupon", "unknown"),
            "checkout.discounts[0].coupon",
        ),
        (discount("promotion_code", &code), "checkout.discounts[0]"),
        (shipping(&rate("eur")), "checkout.shipping_options[0]"),
        (
            shipping(&archived),
            "checkout.shipping_options[0].shipping_rate",
        ),
    ]
}

/// Checks that `answer` names `path`.
#[track_caller]
fn assert_names(answer: Answer, path: &str) {
    let message = answer.body["error"]["message"].to_string();
    assert_eq!(answer.code(400), "invalid_request", "{path}: {message}");
    assert!(message.contains(path), "{path}: {message}");
}

#[tokio::test]
async fn an_option_that_stripe_refuses_is_named_and_leaves_the_open_payment_as_it_was() {
    let api = Checkout::start().await;
    for (n, (options, path)) in refused(&api).into_iter().enumerate() {
        let claims = json!({ "orderId": format!("o_{n}"), "checkout": options });
        let order = json!({ "order": api.shop.order_token("ada", &claims) });
        let open = send(&api.shop, &api.intents, &format!("k{n}"), &order).await;
        let intent = intent_id(&open.expect(200));

        assert_names(post_signed(&api, &claims).await, path);

        let intent = api.shop.stripe.payment_intent(&intent).unwrap();
        assert_eq!(intent["status"], "requires_payment_method", "{path}");
    }
}

#[tokio::test]
async fn an_option_that_stripe_refuses_for_a_new_session_is_named() {
    let api = Checkout::start().await;
    for (n, (options, path)) in refused(&api).into_iter().enumerate() {
        let claims = json!({ "orderId": format!("o_{n}"), "checkout": options });
        // Stripe may name the list alone.
        let option = path.split('[').next().unwrap();
        assert_names(post_signed(&api, &claims).await, option);
        assert!(api.shop.stripe.checkout_sessions().is_empty(), "{path}");
    }
}
