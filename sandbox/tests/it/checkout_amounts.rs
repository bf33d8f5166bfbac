//! Checkout sessions with a discount, tax and shipping: their amounts, and who pays them.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, api, event_types, text},
    checkout::{SESSIONS, mugs, session, shop},
};

/// A session's five amounts: subtotal, discount, shipping, tax and total.
pub(crate) fn amounts(session: &Value) -> [i64; 5] {
    let details = &session["total_details"];
    [
        &session["amount_subtotal"],
        &details["amount_discount"],
        &details["amount_shipping"],
        &details["amount_tax"],
        &session["amount_total"],
    ]
    .map(|amount| amount.as_i64().unwrap())
}

/// A quarter off, by the code `SPRING`; returns the promotion code.
pub(crate) fn spring(stripe: &Sandbox) -> Value {
    let coupon = json!({ "id": "quarter", "percent_off": "25" });
    stripe.create_coupon(coupon).unwrap();
    let code = json!({ "promotion": { "type": "coupon", "coupon": "quarter" }, "code": "SPRING" });
    stripe.create_promotion_code(code).unwrap()
}

/// A parcel of 5.00 USD or 4.00 EUR; returns the rate's id.
pub(crate) fn parcel(stripe: &Sandbox, tax_behavior: &str) -> String {
    let rate = json!({
        "display_name": "Parcel",
        "fixed_amount": {
            "amount": 500,
            "currency": "usd",
            "currency_options": { "eur": { "amount": 400, "tax_behavior": tax_behavior } },
        },
        "tax_behavior": tax_behavior,
    });
    let rate = stripe.create_shipping_rate(rate).unwrap();
    text(&rate, "id").to_owned()
}

pub(crate) fn berlin() -> Value {
    json!({ "line1": "Torstr. 1", "postal_code": "10119", "city": "Berlin", "country": "DE" })
}

/// Parameters of a session with everything that changes its amounts.
const EVERYTHING: Form<'_> = &[
    ("allow_promotion_codes", "true"),
    ("automatic_tax[enabled]", "true"),
    ("shipping_address_collection[allowed_countries][]", "DE"),
    ("shipping_address_collection[allowed_countries][]", "US"),
    ("phone_number_collection[enabled]", "true"),
];

/// A session with everything that changes its amounts, and one rate.
pub(crate) async fn everything(stripe: &Sandbox, api: &Api) -> Value {
    let rate = parcel(stripe, "exclusive");
    let shipping = [("shipping_options[0][shipping_rate]", rate.as_str())];
    session(api, &[EVERYTHING, &shipping].concat()).await
}

#[tokio::test]
async fn a_code_tax_and_shipping_become_one_payment_that_carries_all_of_it() {
    let stripe = shop().await;
    let api = api(&stripe);
    let code = spring(&stripe);
    let made = everything(&stripe, &api).await;
    assert_eq!(
        amounts(&made),
        [3000, 0, 500, 0, 3500],
        "the first rate is chosen"
    );
    assert_eq!(made["automatic_tax"]["status"], "requires_location_inputs");

    let entries = json!({
        "payment_method": "pm_card_visa",
        "promotion_code": "spring",
        "email": "ada@example.com",
        "name": "Ada Lovelace",
        "phone": "+49 30 1234",
        "shipping": { "name": "Ada", "address": berlin() },
    });
    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();

    // 22.50 for the mugs, 5.00 for the parcel, and 19 % of both.
    assert_eq!(amounts(&paid), [3000, 750, 500, 523, 3273]);
    let cost = &paid["shipping_cost"];
    assert_eq!(
        (
            &cost["amount_subtotal"],
            &cost["amount_tax"],
            &cost["amount_total"]
        ),
        (&json!(500), &json!(95), &json!(595))
    );
    assert_eq!(
        cost["shipping_rate"],
        made["shipping_options"][0]["shipping_rate"]
    );
    assert_eq!(
        paid["discounts"],
        json!([{ "coupon": null, "promotion_code": code["id"] }])
    );
    assert_eq!(paid["automatic_tax"]["status"], "complete");
    let details = &paid["customer_details"];
    assert_eq!(
        (&details["email"], &details["name"], &details["phone"]),
        (
            &json!("ada@example.com"),
            &json!("Ada Lovelace"),
            &json!("+49 30 1234")
        )
    );
    assert_eq!(
        details["address"]["city"], "Berlin",
        "without another, it is billed there"
    );
    let shipped_to = &paid["collected_information"]["shipping_details"];
    assert_eq!(
        (&shipped_to["name"], &shipped_to["address"]["country"]),
        (&json!("Ada"), &json!("DE"))
    );
    assert_eq!(stripe.events().last().unwrap()["data"]["object"], paid);

    let intent = stripe
        .payment_intent(text(&paid, "payment_intent"))
        .unwrap();
    assert_eq!(
        (&intent["amount"], &intent["amount_received"]),
        (&json!(3273), &json!(3273))
    );
    assert_eq!(intent["shipping"]["address"]["line1"], "Torstr. 1");
    assert_eq!(intent["shipping"]["phone"], "+49 30 1234");
    let charge = &stripe.charges()[0];
    assert_eq!(charge["billing_details"]["email"], "ada@example.com");
    assert_eq!(charge["billing_details"]["address"]["postal_code"], "10119");
    assert_eq!(charge["shipping"], intent["shipping"]);
    let path = format!("{SESSIONS}/{}/line_items", text(&paid, "id"));
    let line = &api.get(&path).await.ok()["data"][0];
    assert_eq!(
        (
            &line["amount_discount"],
            &line["amount_tax"],
            &line["amount_total"]
        ),
        (&json!(750), &json!(428), &json!(2678))
    );
}

#[tokio::test]
async fn a_discount_is_spread_over_the_lines_without_loss() {
    let stripe = shop().await;
    let api = api(&stripe);
    let off = json!({ "id": "ten", "amount_off": 1000, "currency": "usd" });
    stripe.create_coupon(off).unwrap();
    let more = [
        ("discounts[0][coupon]", "ten"),
        ("line_items[1][price]", "price_shirt"),
        ("line_items[1][quantity]", "1"),
        ("line_items[2][price]", "price_sticker"),
        ("line_items[2][quantity]", "3"),
        ("expand[]", "line_items"),
    ];

    let made = session(&api, &more).await;

    assert_eq!(amounts(&made), [6400, 1000, 0, 0, 5400]);
    let lines = made["line_items"]["data"].as_array().unwrap();
    let off = lines
        .iter()
        .map(|line| line["amount_discount"].as_i64().unwrap());
    assert_eq!(off.collect::<Vec<_>>(), [469, 390, 141]);
    for line in lines {
        let of = |field: &str| line[field].as_i64().unwrap();
        assert_eq!(
            of("amount_total"),
            of("amount_subtotal") - of("amount_discount")
        );
    }
}

#[tokio::test]
async fn a_session_in_another_currency_uses_the_prices_and_the_rates_of_that_currency() {
    let stripe = shop().await;
    let api = api(&stripe);
    let options = json!({ "currency_options": {
        "eur": { "unit_amount": 1190, "tax_behavior": "inclusive" },
    } });
    stripe.change_price("price_mug", options).unwrap();
    let coupon = json!({
        "id": "two", "amount_off": 200, "currency": "usd",
        "currency_options": { "eur": { "amount_off": 190 } },
    });
    stripe.create_coupon(coupon).unwrap();
    let rate = parcel(&stripe, "inclusive");
    let more = [
        ("currency", "eur"),
        ("discounts[0][coupon]", "two"),
        ("automatic_tax[enabled]", "true"),
        ("shipping_options[0][shipping_rate]", rate.as_str()),
    ];
    let made = session(&api, &more).await;
    assert_eq!(
        (&made["currency"], amounts(&made)),
        (&json!("eur"), [2380, 190, 400, 0, 2590])
    );

    let entries = json!({ "payment_method": "pm_card_visa", "address": berlin() });
    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();

    assert_eq!(amounts(&paid), [2380, 190, 400, 350 + 64, 2590]);
    let price = api
        .get("/v1/prices/price_mug?expand[]=currency_options")
        .await
        .ok();
    assert_eq!(price["currency_options"]["eur"]["unit_amount"], 1190);
    assert_eq!(price["currency_options"]["usd"]["unit_amount"], 1500);
    let form = [mugs().as_slice(), &[("currency", "gbp")]].concat();
    let refused = api.post(SESSIONS, &form).await;
    assert_eq!(
        (refused.status, &refused.body["error"]["param"]),
        (400, &json!("currency"))
    );
}

#[tokio::test]
async fn a_code_that_takes_everything_off_completes_the_session_without_a_payment() {
    let stripe = shop().await;
    let api = api(&stripe);
    stripe
        .create_coupon(json!({ "id": "all", "percent_off": "100" }))
        .unwrap();
    stripe
        .create_promotion_code(json!({ "coupon": "all", "code": "GIFT" }))
        .unwrap();
    let made = session(&api, &[("allow_promotion_codes", "true")]).await;
    let id = text(&made, "id");
    stripe
        .pay_session(id, "pm_card_chargeDeclined")
        .unwrap_err();
    let declined = stripe.payment_intents().pop().unwrap();
    assert_eq!(declined["amount"], 3000);

    let entries = json!({ "promotion_code": "GIFT", "email": "ada@example.com" });
    let done = stripe.pay_session_with(id, entries).unwrap();

    assert_eq!(amounts(&done), [3000, 3000, 0, 0, 0]);
    assert_eq!(
        (
            &done["status"],
            &done["payment_status"],
            &done["payment_intent"]
        ),
        (
            &json!("complete"),
            &json!("no_payment_required"),
            &json!(null)
        )
    );
    assert_eq!(
        stripe.payment_intents()[0]["status"],
        "canceled",
        "it is not needed any more"
    );
    assert_eq!(stripe.charges().len(), 1, "only the declined one");
    let customer = stripe.customers().pop().unwrap();
    assert_eq!(
        (&done["customer"], &customer["email"]),
        (&customer["id"], &json!("ada@example.com"))
    );
    assert_eq!(
        event_types(&stripe).last().unwrap(),
        "checkout.session.completed"
    );
}

#[tokio::test]
async fn the_total_of_a_retry_is_what_the_payer_owes_now() {
    let stripe = shop().await;
    let api = api(&stripe);
    spring(&stripe);
    let made = session(&api, &[("allow_promotion_codes", "true")]).await;
    let id = text(&made, "id");
    let with = |code: &str, card: &str| {
        let entries = json!({ "promotion_code": code, "payment_method": card });
        stripe.pay_session_with(id, entries)
    };

    with("SPRING", "pm_card_chargeDeclined").unwrap_err();
    let now = stripe.checkout_sessions().pop().unwrap();
    assert_eq!(
        (amounts(&now), &now["status"]),
        ([3000, 750, 0, 0, 2250], &json!("open"))
    );
    let paid = with("", "pm_card_visa").unwrap();

    assert_eq!(amounts(&paid), [3000, 0, 0, 0, 3000]);
    let [intent] = stripe.payment_intents().try_into().unwrap();
    assert_eq!(intent["amount_received"], 3000);
    let coupon = api.get("/v1/coupons/quarter").await.ok();
    assert_eq!(coupon["times_redeemed"], 0, "it was removed");
}

#[tokio::test]
async fn a_total_that_the_page_did_not_show_is_not_charged() {
    let stripe = shop().await;
    let api = api(&stripe);
    spring(&stripe);
    let made = session(&api, &[("allow_promotion_codes", "true")]).await;
    let id = text(&made, "id");
    let entries = json!({
        "payment_method": "pm_card_visa", "promotion_code": "SPRING", "expected_amount": 3000,
    });

    let refused = stripe.pay_session_with(id, entries).unwrap_err();

    assert_eq!(refused["error"]["code"], "checkout_amount_mismatch");
    assert_eq!(stripe.checkout_sessions().pop().unwrap(), made);
    assert!(stripe.charges().is_empty());
}

#[tokio::test]
async fn a_discount_that_leaves_less_than_the_minimum_is_too_small() {
    let stripe = shop().await;
    let api = api(&stripe);
    let off = json!({ "id": "most", "amount_off": 2960, "currency": "usd" });
    stripe.create_coupon(off).unwrap();
    let form = [mugs().as_slice(), &[("discounts[0][coupon]", "most")]].concat();

    let reply = api.post(SESSIONS, &form).await;

    reply.refused(400, "amount_too_small");
    assert!(stripe.checkout_sessions().is_empty());
}
