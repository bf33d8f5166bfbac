//! Coupons and promotion codes: kept, refused and redeemed.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Form, api, event_types, text},
    checkout::{SESSIONS, mugs, session, shop},
    checkout_amounts::{amounts, spring},
};

const COUPONS: &str = "/v1/coupons";
const CODES: &str = "/v1/promotion_codes";

#[tokio::test]
async fn a_coupon_is_kept_renamed_listed_and_deleted() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = [
        ("percent_off", "12.5"),
        ("duration", "repeating"),
        ("duration_in_months", "3"),
        ("name", "Spring"),
        ("metadata[a]", "1"),
    ];

    let made = api.post(COUPONS, &form).await.ok();

    assert_eq!(
        (&made["percent_off"], &made["valid"]),
        (&json!(12.5), &json!(true))
    );
    assert_eq!(
        (&made["duration_in_months"], &made["amount_off"]),
        (&json!(3), &Value::Null)
    );
    let path = format!("{COUPONS}/{}", text(&made, "id"));
    assert_eq!(text(&made, "id").len(), 8);
    let renamed = api.post(&path, &[("name", "Summer")]).await.ok();
    assert_eq!(
        (&renamed["name"], &renamed["metadata"]["a"]),
        (&json!("Summer"), &json!("1"))
    );
    assert_eq!(api.get(&path).await.ok(), renamed);
    assert_eq!(api.get(COUPONS).await.ok()["data"], json!([renamed]));
    let percent = api.post(&path, &[("percent_off", "20")]).await;
    percent.refused(400, "parameter_unknown");
    assert_eq!(api.delete(&path).await.ok()["deleted"], true);
    api.get(&path).await.refused(404, "resource_missing");
    assert_eq!(
        event_types(&stripe),
        ["coupon.created", "coupon.updated", "coupon.deleted"]
    );
    let again = [
        ("id", text(&made, "id")),
        ("amount_off", "100"),
        ("currency", "usd"),
    ];
    let again = api.post(COUPONS, &again).await.ok();
    assert_eq!(
        api.get(COUPONS).await.ok()["data"],
        json!([again]),
        "its id is free again"
    );
}

#[tokio::test]
async fn a_coupon_without_a_clear_discount_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let refusals: &[(Form<'_>, &str)] = &[
        (&[], "percent_off"),
        (&[("percent_off", "10"), ("amount_off", "5")], "percent_off"),
        (&[("percent_off", "0")], "percent_off"),
        (&[("percent_off", "100.01")], "percent_off"),
        (&[("percent_off", "1.234")], "percent_off"),
        (&[("percent_off", "ten")], "percent_off"),
        (&[("amount_off", "0"), ("currency", "usd")], "amount_off"),
        (&[("amount_off", "100")], "currency"),
        (
            &[("percent_off", "10"), ("duration", "repeating")],
            "duration_in_months",
        ),
        (
            &[("percent_off", "10"), ("duration_in_months", "2")],
            "duration_in_months",
        ),
        (&[("percent_off", "10"), ("duration", "always")], "duration"),
        (&[("percent_off", "10"), ("redeem_by", "1")], "redeem_by"),
        (
            &[("percent_off", "10"), ("max_redemptions", "0")],
            "max_redemptions",
        ),
        (
            &[
                ("percent_off", "10"),
                ("applies_to[products][]", "prod_none"),
            ],
            "applies_to[products]",
        ),
        (
            &[
                ("percent_off", "10"),
                ("currency_options[euro][amount_off]", "1"),
            ],
            "currency_options",
        ),
    ];
    for (form, param) in refusals {
        let reply = api.post(COUPONS, form).await;
        assert_eq!(
            (reply.status, &reply.body["error"]["param"]),
            (400, &json!(param)),
            "{}",
            reply.text
        );
    }
    assert!(event_types(&stripe).is_empty());
}

#[tokio::test]
async fn a_promotion_code_is_kept_found_by_its_code_and_ended() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let made = spring(&stripe);
    let generated = [
        ("promotion[type]", "coupon"),
        ("promotion[coupon]", "quarter"),
    ];
    let generated = api.post(CODES, &generated).await.ok();
    assert_eq!(text(&generated, "code").len(), 8);

    for (filter, found) in [
        ("code=spring", json!([made])),
        ("code=winter", json!([])),
        ("coupon=quarter&limit=1", json!([generated])),
        ("active=false", json!([])),
    ] {
        let list = api.get(&format!("{CODES}?{filter}")).await.ok();
        assert_eq!(list["data"], found, "{filter}");
    }
    let taken = [("coupon", "quarter"), ("code", "Spring")];
    let error = api
        .post(CODES, &taken)
        .await
        .refused(400, "resource_already_exists");
    assert_eq!(error["param"], "code");
    let path = format!("{CODES}/{}", text(&made, "id"));
    let ended = api.post(&path, &[("active", "false")]).await.ok();
    assert_eq!(ended["active"], false);
    let second = api.post(CODES, &taken).await.ok();
    assert_eq!(second["code"], "Spring", "an ended code can be used again");
    let expanded = api
        .get(&format!("{path}?expand[]=promotion.coupon"))
        .await
        .ok();
    assert_eq!(expanded["promotion"]["coupon"]["percent_off"], 25.0);
    api.delete(&format!("{COUPONS}/quarter")).await.ok();
    let list = api.get(&format!("{CODES}?active=true")).await.ok();
    assert_eq!(list["data"], json!([]), "no code outlives its coupon");
}

#[tokio::test]
async fn a_promotion_code_that_could_not_be_redeemed_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    spring(&stripe);
    let refusals: &[(Form<'_>, &str)] = &[
        (&[("code", "A")], "coupon"),
        (&[("coupon", "none")], "coupon"),
        (&[("promotion[coupon]", "none")], "promotion[coupon]"),
        (&[("coupon", "quarter"), ("code", "TEN PERCENT")], "code"),
        (
            &[("coupon", "quarter"), ("customer", "cus_none")],
            "customer",
        ),
        (&[("coupon", "quarter"), ("expires_at", "1")], "expires_at"),
        (
            &[
                ("coupon", "quarter"),
                ("restrictions[first_time_transaction]", "true"),
            ],
            "restrictions[first_time_transaction]",
        ),
        (
            &[("coupon", "quarter"), ("restrictions[minimum_amount]", "1")],
            "restrictions[minimum_amount_currency]",
        ),
    ];
    for (form, param) in refusals {
        let reply = api.post(CODES, form).await;
        assert_eq!(reply.body["error"]["param"], *param, "{}", reply.text);
    }
    stripe.expire_coupon("quarter").unwrap();
    let ended = api.post(CODES, &[("coupon", "quarter")]).await;
    ended.refused(400, "coupon_expired");
}

/// The payer's refusal of a code at a session that takes codes.
async fn refusal(stripe: &Sandbox, code: &str) -> String {
    let made = session(&api(stripe), &[("allow_promotion_codes", "true")]).await;
    let entries = json!({ "payment_method": "pm_card_visa", "promotion_code": code });
    let refused = stripe.pay_session_with(text(&made, "id"), entries);
    let error = refused.unwrap_err()["error"].clone();
    assert_eq!(error["param"], "promotion_code", "{error}");
    assert_eq!(
        stripe.checkout_sessions().pop().unwrap(),
        made,
        "nothing changed"
    );
    text(&error, "message").to_owned()
}

#[tokio::test]
async fn a_code_that_cannot_be_redeemed_is_named_with_the_reason() {
    let stripe = shop().await;
    spring(&stripe);
    let api = api(&stripe);
    let customer = api.post("/v1/customers", &[]).await.ok();
    let code = |code: &str, more: Value| {
        let mut params = json!({ "coupon": "quarter", "code": code });
        params
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        stripe.create_promotion_code(params).unwrap()
    };
    code("ADA", json!({ "customer": customer["id"] }));
    let least = json!({ "minimum_amount": 5000, "minimum_amount_currency": "usd" });
    code("MORE", json!({ "restrictions": least }));
    code("OFF", json!({ "active": false }));
    let gone = code("GONE", json!({}));
    stripe.expire_promotion_code(text(&gone, "id")).unwrap();

    for (code, reason) in [
        ("NONE", "'NONE' is not valid"),
        ("ADA", "'ADA' is for another customer"),
        ("MORE", "'MORE' is for orders of at least 50.00 USD"),
        ("OFF", "'OFF' is not active"),
        ("GONE", "'GONE' has expired"),
    ] {
        let words = refusal(&stripe, code).await;
        assert!(words.contains(reason), "{words}");
    }
    assert!(stripe.charges().is_empty());
    let more = [
        ("allow_promotion_codes", "true"),
        ("customer", text(&customer, "id")),
    ];
    let made = session(&api, &more).await;
    let entries = json!({ "payment_method": "pm_card_visa", "promotion_code": "ada" });
    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();
    assert_eq!(amounts(&paid), [3000, 750, 0, 0, 2250]);
}

#[tokio::test]
async fn a_code_is_redeemed_as_often_as_it_may_be_and_only_by_payments() {
    let stripe = shop().await;
    stripe
        .create_coupon(json!({ "id": "once", "percent_off": "10", "max_redemptions": 1 }))
        .unwrap();
    let code = json!({ "coupon": "once", "code": "FIRST" });
    let code = stripe.create_promotion_code(code).unwrap();
    let api = api(&stripe);
    let pay = |session: &Value, card: &str| {
        let entries = json!({ "payment_method": card, "promotion_code": "FIRST" });
        stripe.pay_session_with(text(session, "id"), entries)
    };
    let (first, second) = (
        session(&api, &[("allow_promotion_codes", "true")]).await,
        session(&api, &[("allow_promotion_codes", "true")]).await,
    );
    pay(&second, "pm_card_chargeDeclined").unwrap_err();

    pay(&first, "pm_card_visa").unwrap();

    let coupon = api.get("/v1/coupons/once").await.ok();
    assert_eq!(
        (&coupon["times_redeemed"], &coupon["valid"]),
        (&json!(1), &json!(false))
    );
    let path = format!("{CODES}/{}", text(&code, "id"));
    let code = api.get(&path).await.ok();
    assert_eq!(
        (&code["times_redeemed"], &code["active"]),
        (&json!(1), &json!(false))
    );
    // The other session applied it before, and is not paid with it.
    stripe
        .pay_session(text(&second, "id"), "pm_card_visa")
        .unwrap_err();
    let form = [mugs().as_slice(), &[("discounts[0][coupon]", "once")]].concat();
    let refused = api.post(SESSIONS, &form).await;
    assert_eq!(refused.body["error"]["param"], "discounts[0][coupon]");
    let paid = stripe
        .charges()
        .into_iter()
        .filter(|charge| charge["paid"] == true);
    assert_eq!(paid.count(), 1);
    let reply = api.post(&path, &[("active", "true")]).await;
    assert_eq!(
        (reply.status, &reply.body["error"]["param"]),
        (400, &json!("active"))
    );
}

#[tokio::test]
async fn a_coupon_for_some_products_takes_off_only_their_lines() {
    let stripe = shop().await;
    let api = api(&stripe);
    let mugs_only = json!({
        "id": "half", "percent_off": "50", "applies_to": { "products": ["prod_mug"] },
    });
    stripe.create_coupon(mugs_only).unwrap();
    let more = [
        ("line_items[1][price]", "price_shirt"),
        ("line_items[1][quantity]", "1"),
        ("discounts[0][coupon]", "half"),
        ("expand[]", "line_items"),
    ];

    let made = session(&api, &more).await;

    assert_eq!(amounts(&made), [5500, 1500, 0, 0, 4000]);
    assert_eq!(made["line_items"]["data"][1]["amount_discount"], 0);
    let form = [
        ("mode", "payment"),
        ("success_url", "http://127.0.0.1/done"),
        ("line_items[0][price]", "price_shirt"),
        ("line_items[0][quantity]", "1"),
        ("discounts[0][coupon]", "half"),
    ];
    let refused = api.post(SESSIONS, &form).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["param"]),
        (400, &json!("discounts"))
    );
}
