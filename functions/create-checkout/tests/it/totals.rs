//! What a session adds to its order: a code, tax and shipping; who paid, and where the goods go.

use serde_json::{Value, json};

use crate::{Checkout, mugs, order_id, send};

/// A checkout file with everything that changes an amount.
fn everything() -> Value {
    json!({
        "allow_promotion_codes": true,
        "automatic_tax": { "enabled": true },
        "customer_update": { "address": "auto", "shipping": "auto" },
        "shipping_address_collection": { "allowed_countries": ["DE"] },
        "shipping_options": [{ "shipping_rate_data": {
            "display_name": "Parcel",
            "type": "fixed_amount",
            "fixed_amount": { "amount": 500, "currency": "usd" },
            "tax_behavior": "exclusive",
        } }],
        "custom_fields": [{
            "key": "engraving",
            "label": { "type": "custom", "custom": "Engraving" },
            "type": "text",
            "optional": true,
        }],
        "choices": { "locale": ["de"] },
    })
}

/// A shop with this checkout file, and a quarter off by the code `SPRING`.
pub(crate) async fn start(file: &Value) -> Checkout {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkout.json");
    std::fs::write(&path, file.to_string()).unwrap();
    let named = [("FAREBOX_CHECKOUT", path.to_str().unwrap())];
    let shop = testing::Shop::open_with(&named).await;
    let coupon = json!({ "id": "quarter", "percent_off": "25" });
    shop.stripe.create_coupon(coupon).unwrap();
    let code = json!({ "promotion": { "type": "coupon", "coupon": "quarter" }, "code": "SPRING" });
    shop.stripe.create_promotion_code(code).unwrap();
    Checkout::over(shop).await
}

/// What Ada enters on the page.
fn entries() -> Value {
    json!({
        "payment_method": "pm_card_visa",
        "promotion_code": "SPRING",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "shipping": { "name": "Ada", "address": { "line1": "Torstr. 1", "postal_code": "10119",
            "city": "Berlin", "country": "DE" } },
        "custom_fields": { "engraving": "Analytical" },
    })
}

/// The body of the only `order.paid` there is.
pub(crate) async fn only_paid(api: &Checkout) -> Value {
    let outbox = api.shop.outbox().await;
    let [queued] = &outbox[..] else {
        panic!("not exactly one: {outbox:?}")
    };
    let body: Value = serde_json::from_str(&queued.message.body).unwrap();
    assert_eq!(body["type"], "order.paid");
    body["data"].clone()
}

#[tokio::test]
async fn an_order_with_code_tax_and_shipping_is_paid_alike_whichever_event_arrives_first() {
    for is_reversed in [false, true] {
        let api = start(&everything()).await;
        let answer = api.post("k1", &mugs(1)).await.expect(200);
        let session = api.only_open();
        api.shop
            .stripe
            .pay_session_with(&session, entries())
            .unwrap();
        let mut events = api.shop.stripe.events();
        if is_reversed {
            events.reverse();
        }
        for event in events {
            let answer = api.shop.deliver(&api.webhook, event.to_string()).await;
            let _ = answer.expect(200);
        }

        assert!(api.shop.store.quarantined().await.unwrap().is_empty());
        assert_eq!(api.status(&answer).await, "paid");
        let paid = only_paid(&api).await;
        // 11.25 for the mug, 5.00 for the parcel, and 19 % of both.
        let amounts = json!({ "subtotal": 1500, "discount": 375, "tax": 309, "shipping": 500,
            "total": 1934, "refunded": 0, "refundPending": 0, "disputed": 0 });
        assert_eq!(paid["amounts"], amounts);
        assert_eq!(paid["amount"], 1934);
        assert_eq!(paid["payer"]["email"], "ada@example.com");
        assert_eq!(paid["payer"]["name"], "Ada Lovelace");
        assert_eq!(paid["shipping"]["name"], "Ada");
        assert_eq!(paid["shipping"]["address"]["city"], "Berlin");
        assert!(
            paid["shipping"]["rate"]
                .as_str()
                .unwrap()
                .starts_with("shr_")
        );
        assert_eq!(paid["customFields"], json!({ "engraving": "Analytical" }));
        assert!(paid["receiptUrl"].is_string(), "{paid}");
        assert_eq!(paid["items"][0]["name"], "Mug");
        assert_eq!(paid["items"][0]["lookupKey"], "mug");
    }
}

#[tokio::test]
async fn a_total_of_zero_after_a_discount_is_paid_without_a_charge() {
    let api = start(&json!({ "allow_promotion_codes": true })).await;
    let coupon = json!({ "id": "all", "percent_off": "100" });
    api.shop.stripe.create_coupon(coupon).unwrap();
    let gift = json!({ "promotion": { "type": "coupon", "coupon": "all" }, "code": "GIFT" });
    api.shop.stripe.create_promotion_code(gift).unwrap();
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let entries = json!({ "promotion_code": "GIFT", "email": "ada@example.com" });
    let session = api.only_open();
    api.shop.stripe.pay_session_with(&session, entries).unwrap();

    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "paid");
    let paid = only_paid(&api).await;
    assert_eq!(
        (&paid["amount"], &paid["paymentIntent"]),
        (&json!(0), &json!(null))
    );
    assert_eq!(paid["amounts"]["discount"], 1500);
    assert_eq!(api.received(), 0);
    assert_eq!(
        api.post("k1", &mugs(1)).await.code(409),
        "order_already_paid"
    );
}

#[tokio::test]
async fn a_code_that_the_session_did_not_allow_is_quarantined_with_its_money_on_record() {
    let api = start(&json!({})).await;
    let answer = api.post("k1", &mugs(1)).await.expect(200);
    let session = api.only_open();
    api.pay(&session);
    let mut events = api.shop.stripe.events();
    for event in &mut events {
        if event["type"] == "checkout.session.completed" {
            event["data"]["object"]["total_details"]["amount_discount"] = json!(100);
            event["data"]["object"]["amount_total"] = json!(1400);
            let answer = api.shop.deliver(&api.webhook, event.to_string()).await;
            let _ = answer.expect(200);
        }
    }

    assert_eq!(api.shop.store.quarantined().await.unwrap().len(), 1);
    assert_eq!(api.status(&answer).await, "created");
}

#[tokio::test]
async fn a_signed_orders_options_replace_the_files_and_a_browser_cannot_send_any() {
    let api = start(&everything()).await;
    let rate = json!({ "display_name": "Express",
        "fixed_amount": { "amount": 900, "currency": "usd" } });
    let rate = api.shop.stripe.create_shipping_rate(rate).unwrap();
    let claims = json!({ "amount": 2000, "taxBehavior": "inclusive", "taxCode": "txcd_99999999",
        "checkout": { "shipping_options": [{ "shipping_rate": rate["id"] }],
            "discounts": [{ "coupon": "quarter" }] } });
    let mut body = mugs(1);
    body.as_object_mut().unwrap().remove("items");
    body["order"] = api.shop.order_token("ada", &claims).into();
    body["choice"] = json!({ "locale": "de" });
    let answer = api.post("k1", &body).await.expect(200);

    let [session] = &api.shop.stripe.checkout_sessions()[..] else {
        panic!("not exactly one")
    };
    assert_eq!(session["shipping_options"][0]["shipping_rate"], rate["id"]);
    assert_eq!(session["locale"], "de");
    assert_eq!(session["allow_promotion_codes"], json!(null));
    let mut entries = entries();
    entries.as_object_mut().unwrap().remove("promotion_code");
    let id = session["id"].as_str().unwrap();
    api.shop.stripe.pay_session_with(id, entries).unwrap();
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&answer).await, "paid");
    let amounts = only_paid(&api).await["amounts"].clone();
    // A quarter off 20.00, whose price includes its tax.
    assert_eq!(
        (&amounts["discount"], &amounts["shipping"]),
        (&json!(500), &json!(900))
    );
    assert!(amounts["tax"].as_i64().unwrap() > 0, "{amounts}");

    for (field, value) in [
        (
            "checkout",
            json!({ "discounts": [{ "coupon": "quarter" }] }),
        ),
        ("choice", json!({ "discounts": [{ "coupon": "quarter" }] })),
        ("choice", json!({ "locale": "fr" })),
        ("choice", json!({ "shippingRate": rate["id"] })),
    ] {
        let mut body = mugs(1);
        body[field] = value;
        let refused = api.post("k2", &body).await;
        assert_eq!(refused.status, 400, "{body}");
    }
}

#[tokio::test]
async fn a_wrong_option_of_a_signed_order_is_named_by_its_path() {
    let api = start(&json!({})).await;
    let cases = [
        (
            json!({ "checkout": { "shipping_options": [{ "shipping_rate": "x" }] } }),
            "`checkout.shipping_options[0].shipping_rate` must be an id",
        ),
        (
            json!({ "checkout": { "mode": "setup" } }),
            "`checkout.mode` is not an option",
        ),
        (
            json!({ "checkout": "codes" }),
            "`checkout` must be an object",
        ),
        (
            json!({ "taxBehavior": "free" }),
            "`taxBehavior` of the signed order must be",
        ),
        (
            json!({ "taxCode": "books" }),
            "`taxCode` of the signed order must be",
        ),
    ];
    for (claims, what) in cases {
        let mut body = mugs(1);
        body.as_object_mut().unwrap().remove("items");
        body["order"] = api.shop.order_token("ada", &claims).into();
        let refused = api.post("k1", &body).await.expect(400);
        let message = refused.body["error"]["message"].as_str().unwrap();
        assert!(message.contains(what), "{claims}: {message}");
    }
    assert!(api.shop.stripe.checkout_sessions().is_empty());
}

#[tokio::test]
async fn an_option_that_stripe_no_longer_takes_is_refused_and_leaves_what_is_open() {
    let api = start(&json!({})).await;
    let signed = |version: u32, checkout: Value| {
        let mut body = mugs(1);
        body.as_object_mut().unwrap().remove("items");
        let claims = json!({ "version": version, "checkout": checkout });
        body["order"] = api.shop.order_token("ada", &claims).into();
        body
    };
    let first = api.post("k1", &signed(1, json!({}))).await.expect(200);
    let gone = signed(2, json!({ "discounts": [{ "coupon": "gone" }] }));
    let refused = api.post("k2", &gone).await.expect(400);

    let message = refused.body["error"]["message"].as_str().unwrap();
    assert!(
        message.contains("`checkout.discounts[0].coupon`"),
        "{message}"
    );
    let open = api.only_open();
    api.pay(&open);
    assert_eq!(api.deliver_all().await, 0);
    assert_eq!(api.status(&first).await, "paid");
}

#[tokio::test]
async fn a_session_on_the_sites_page_answers_its_secret_and_needs_no_way_back() {
    let api = start(&json!({ "expires_after": 1800 })).await;
    for (mode, name) in [("embedded", "embedded_page"), ("elements", "elements")] {
        let mut body = mugs(1);
        body["uiMode"] = mode.into();
        let refused = api.post("k1", &body).await.expect(400);
        assert!(
            refused.body["error"]["message"]
                .as_str()
                .unwrap()
                .contains("`cancelUrl`")
        );
        body.as_object_mut().unwrap().remove("cancelUrl");
        let answer = api.post("k1", &body).await.expect(200);

        assert!(answer.body["url"].is_null());
        assert_eq!(
            answer.body["publishableKey"],
            testing::Shop::PUBLISHABLE_KEY
        );
        let again = send(&api.shop, &api.client, "k1", &body).await.expect(200);
        assert_eq!(again.body["clientSecret"], answer.body["clientSecret"]);
        let open = api.only_open();
        let sessions = api.shop.stripe.checkout_sessions();
        let session = sessions
            .iter()
            .find(|session| session["id"] == open.as_str())
            .unwrap();
        assert_eq!(session["ui_mode"], name);
        let url = format!("https://shop.example/paid?order={}", order_id(&answer));
        assert_eq!(session["return_url"], url.as_str());
    }
}
