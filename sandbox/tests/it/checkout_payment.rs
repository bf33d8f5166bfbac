//! Checkout sessions: paid, declined, decided later and expired.

use serde_json::json;

use crate::{
    api::{api, event_types, text},
    checkout::{SESSIONS, session, shop},
};

#[tokio::test]
async fn a_paid_session_is_complete_and_tells_of_it_once() {
    let stripe = shop().await;
    let api = api(&stripe);
    let more = [
        ("metadata[cart]", "c_1"),
        ("payment_intent_data[metadata][order]", "o_1"),
        ("payment_intent_data[description]", "Two mugs"),
        ("customer_creation", "always"),
    ];
    let made = session(&api, &more).await;

    let paid = stripe
        .pay_session(text(&made, "id"), "pm_card_visa")
        .unwrap();

    assert_eq!(
        (&paid["status"], &paid["payment_status"], &paid["url"]),
        (&json!("complete"), &json!("paid"), &json!(null))
    );
    let intent = stripe
        .payment_intent(text(&paid, "payment_intent"))
        .unwrap();
    assert_eq!(
        (&intent["amount"], &intent["status"]),
        (&json!(3000), &json!("succeeded"))
    );
    assert_eq!(intent["metadata"], json!({ "order": "o_1" }));
    assert_eq!(intent["description"], "Two mugs");
    assert!(text(&paid, "customer").starts_with("cus_"));
    let expected = [
        "customer.created",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ];
    assert_eq!(event_types(&stripe), expected);
    assert_eq!(stripe.events().last().unwrap()["data"]["object"], paid);
    assert!(
        stripe
            .pay_session(text(&made, "id"), "pm_card_visa")
            .is_err()
    );
}

#[tokio::test]
async fn a_declined_session_stays_open_for_another_card() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[]).await;
    let id = text(&made, "id");

    let declined = stripe
        .pay_session(id, "pm_card_chargeDeclined")
        .unwrap_err();

    assert_eq!(declined["error"]["decline_code"], "generic_decline");
    assert_eq!(stripe.checkout_sessions()[0]["status"], "open");
    stripe.pay_session(id, "pm_card_visa").unwrap();
    assert_eq!(
        stripe.payment_intents().len(),
        1,
        "one intent for both attempts"
    );
}

#[tokio::test]
async fn a_bank_debit_completes_unpaid_and_is_decided_later() {
    let stripe = shop().await;
    let api = api(&stripe);
    for (succeeds, event, status) in [
        (true, "checkout.session.async_payment_succeeded", "paid"),
        (false, "checkout.session.async_payment_failed", "unpaid"),
    ] {
        let made = session(&api, &[("payment_method_types[]", "us_bank_account")]).await;
        let id = text(&made, "id");

        let done = stripe.pay_session(id, "pm_usBankAccount").unwrap();

        assert_eq!(
            (&done["status"], &done["payment_status"]),
            (&json!("complete"), &json!("unpaid"))
        );
        assert_eq!(
            event_types(&stripe).last().unwrap(),
            "checkout.session.completed"
        );
        let intent = text(&done, "payment_intent");
        match succeeds {
            true => stripe.settle(intent).unwrap(),
            false => stripe.fail_settlement(intent).unwrap(),
        };
        let last = stripe.events().pop().unwrap();
        assert_eq!(last["type"], event);
        assert_eq!(last["data"]["object"]["id"], id);
        assert_eq!(last["data"]["object"]["payment_status"], status);
    }
}

#[tokio::test]
async fn a_session_takes_no_type_that_it_does_not_list() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[("payment_method_types[]", "card")]).await;

    let refused = stripe
        .pay_session(text(&made, "id"), "pm_usBankAccount")
        .unwrap_err();

    assert_eq!(refused["error"]["param"], "payment_method");
    assert!(stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn an_expired_session_cancels_its_intent_and_is_never_paid() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[]).await;
    let id = text(&made, "id");
    stripe
        .pay_session(id, "pm_card_chargeDeclined")
        .unwrap_err();

    let expired = api.post(&format!("{SESSIONS}/{id}/expire"), &[]).await.ok();

    assert_eq!(
        (&expired["status"], &expired["url"]),
        (&json!("expired"), &json!(null))
    );
    assert_eq!(stripe.payment_intents()[0]["status"], "canceled");
    let types = event_types(&stripe);
    assert_eq!(
        types[types.len() - 2..],
        ["checkout.session.expired", "payment_intent.canceled"]
    );
    assert!(stripe.pay_session(id, "pm_card_visa").is_err());
    let again = api.post(&format!("{SESSIONS}/{id}/expire"), &[]).await;
    assert_eq!(
        (again.status, &again.body["error"]["type"]),
        (400, &json!("invalid_request_error"))
    );
}

#[tokio::test]
async fn a_session_whose_time_ran_out_expires_without_a_request() {
    let stripe = shop().await;
    let made = session(&api(&stripe), &[]).await;

    let expired = stripe.expire_session(text(&made, "id")).unwrap();

    assert_eq!(expired["status"], "expired");
    let last = stripe.events().pop().unwrap();
    assert_eq!(last["type"], "checkout.session.expired");
    assert!(last["request"]["id"].is_null(), "nobody asked for it");
    let thin = format!("/v2/core/events/{}", text(&last, "id"));
    let thin = api(&stripe).get(&thin).await.ok();
    let url = format!("{SESSIONS}/{}", text(&made, "id"));
    assert_eq!(thin["related_object"]["url"], url);
    assert!(stripe.expire_session(text(&made, "id")).is_err());
}

#[tokio::test]
async fn only_the_session_moves_its_intent() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[]).await;
    stripe
        .pay_session(text(&made, "id"), "pm_card_chargeDeclined")
        .unwrap_err();
    let intent = stripe.payment_intents().pop().unwrap();
    let path = format!("/v1/payment_intents/{}", text(&intent, "id"));

    let canceled = api.post(&format!("{path}/cancel"), &[]).await;
    let form = [
        ("payment_method", "pm_card_visa"),
        ("return_url", "http://127.0.0.1/"),
    ];
    let confirmed = api.post(&format!("{path}/confirm"), &form).await;

    assert_eq!((canceled.status, confirmed.status), (400, 400));
    assert_eq!(stripe.charges().len(), 1, "only the declined one");
}

#[tokio::test]
async fn a_customers_session_makes_a_customers_payment() {
    let stripe = shop().await;
    let api = api(&stripe);
    let form = [("email", "ada@example.com"), ("name", "Ada")];
    let customer = api.post("/v1/customers", &form).await.ok();
    let more = [
        ("customer", text(&customer, "id")),
        ("payment_intent_data[setup_future_usage]", "off_session"),
    ];
    let made = session(&api, &more).await;

    let paid = stripe
        .pay_session(text(&made, "id"), "pm_card_visa")
        .unwrap();

    assert_eq!(paid["customer"], customer["id"]);
    assert_eq!(paid["customer_details"]["email"], "ada@example.com");
    assert_eq!(stripe.payment_intents()[0]["customer"], customer["id"]);
    let path = format!("/v1/customers/{}/payment_methods", text(&customer, "id"));
    let kept = api.get(&path).await.ok();
    assert_eq!(kept["data"][0]["card"]["last4"], "4242", "it is kept");
}
