//! Payments that the shop captures later.

use serde_json::{Value, json};
use stripe_sandbox::Sandbox;

use crate::{
    api::{Api, Form, api, event_types, text},
    checkout::{SESSIONS, mugs, session, shop},
};

const INTENTS: &str = "/v1/payment_intents";

/// An authorized intent of 20.00 USD, with any further parameters.
async fn authorized(api: &Api, more: Form<'_>) -> Value {
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("payment_method", "pm_card_visa"),
        ("capture_method", "manual"),
    ];
    api.post(INTENTS, &[&form, more].concat()).await.ok()
}

fn path(intent: &Value, operation: &str) -> String {
    format!("{INTENTS}/{}/{operation}", text(intent, "id"))
}

#[tokio::test]
async fn an_authorized_card_is_not_charged_and_says_until_when() {
    let stripe = Sandbox::start().await;

    let held = authorized(&api(&stripe), &[]).await;

    assert_eq!(held["status"], "requires_capture");
    assert_eq!(held["amount_capturable"], 2000);
    assert_eq!(held["amount_received"], 0);
    let [charge] = stripe.charges().try_into().expect("exactly one charge");
    assert_eq!(
        (&charge["captured"], &charge["amount_captured"]),
        (&json!(false), &json!(0))
    );
    let before = charge["payment_method_details"]["card"]["capture_before"].as_i64();
    let open = before.unwrap() - charge["created"].as_i64().unwrap();
    assert_eq!(open, 7 * 24 * 3600);
    let expected = [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.amount_capturable_updated",
    ];
    assert_eq!(event_types(&stripe), expected);
}

#[tokio::test]
async fn a_partial_capture_releases_the_rest_without_a_refund() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let held = authorized(&api, &[("metadata[order]", "o_1")]).await;

    let form = [
        ("amount_to_capture", "1500"),
        ("metadata[parcel]", "p_1"),
        ("statement_descriptor_suffix", "MUG"),
    ];
    let captured = api.post(&path(&held, "capture"), &form).await.ok();

    assert_eq!(captured["status"], "succeeded");
    assert_eq!(
        (&captured["amount_received"], &captured["amount_capturable"]),
        (&json!(1500), &json!(0))
    );
    assert_eq!(
        captured["metadata"],
        json!({ "order": "o_1", "parcel": "p_1" })
    );
    let [charge] = stripe.charges().try_into().expect("exactly one charge");
    assert_eq!(
        (&charge["amount"], &charge["amount_captured"]),
        (&json!(2000), &json!(1500))
    );
    assert_eq!(
        (&charge["amount_refunded"], &charge["refunded"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(charge["calculated_statement_descriptor"], "SANDBOX* MUG");
    let types = event_types(&stripe);
    assert_eq!(
        types[types.len() - 2..],
        ["charge.captured", "payment_intent.succeeded"]
    );
}

#[tokio::test]
async fn no_more_is_refunded_than_was_captured() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let held = authorized(&api, &[]).await;
    let refund = [("payment_intent", text(&held, "id"))];
    let early = api.post("/v1/refunds", &refund).await;
    assert_eq!(early.status, 400, "it is canceled instead: {}", early.text);
    let form = [("amount_to_capture", "1500")];
    api.post(&path(&held, "capture"), &form).await.ok();

    let refunded = api.post("/v1/refunds", &refund).await.ok();

    assert_eq!(refunded["amount"], 1500);
    assert_eq!(stripe.charges()[0]["refunded"], true);
    api.post("/v1/refunds", &refund)
        .await
        .refused(400, "charge_already_refunded");
}

#[tokio::test]
async fn a_capture_of_too_much_or_in_several_parts_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let held = authorized(&api, &[]).await;

    for (name, value) in [
        ("amount_to_capture", "2001"),
        ("amount_to_capture", "0"),
        ("final_capture", "false"),
        ("surprise", "1"),
    ] {
        let refused = api.post(&path(&held, "capture"), &[(name, value)]).await;
        assert_eq!(
            (refused.status, &refused.body["error"]["param"]),
            (400, &json!(name))
        );
    }
    api.post(&path(&held, "capture"), &[]).await.ok();
    api.post(&path(&held, "capture"), &[])
        .await
        .refused(400, "payment_intent_unexpected_state");
}

#[tokio::test]
async fn a_canceled_authorization_takes_and_refunds_nothing() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let held = authorized(&api, &[]).await;

    let form = [("cancellation_reason", "requested_by_customer")];
    let canceled = api.post(&path(&held, "cancel"), &form).await.ok();

    assert_eq!(canceled["status"], "canceled");
    assert_eq!(canceled["cancellation_reason"], "requested_by_customer");
    assert_eq!(canceled["amount_capturable"], 0);
    let [charge] = stripe.charges().try_into().expect("exactly one charge");
    assert_eq!(
        (&charge["captured"], &charge["amount_captured"]),
        (&json!(false), &json!(0))
    );
    assert_eq!(
        (&charge["amount_refunded"], &charge["refunded"]),
        (&json!(0), &json!(false))
    );
    assert_eq!(
        event_types(&stripe).last().unwrap(),
        "payment_intent.canceled"
    );
    api.post(&path(&held, "capture"), &[])
        .await
        .refused(400, "payment_intent_unexpected_state");
}

#[tokio::test]
async fn an_authorization_expires() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let held = authorized(&api, &[]).await;

    let expired = stripe.expire_authorization(text(&held, "id")).unwrap();

    assert_eq!(expired["status"], "canceled");
    assert_eq!(expired["cancellation_reason"], "expired");
    let types = event_types(&stripe);
    assert_eq!(
        types[types.len() - 2..],
        ["charge.expired", "payment_intent.canceled"]
    );
    let again = stripe.expire_authorization(text(&held, "id"));
    let error = again.unwrap_err();
    assert_eq!(error["error"]["code"], "payment_intent_unexpected_state");
}

#[tokio::test]
async fn a_capture_method_for_cards_alone_is_followed() {
    let stripe = Sandbox::start().await;
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("payment_method", "pm_card_visa"),
        ("payment_method_options[card][capture_method]", "manual"),
    ];

    let held = api(&stripe).post(INTENTS, &form).await.ok();

    assert_eq!(held["status"], "requires_capture");
}

#[tokio::test]
async fn a_bank_debit_cannot_be_captured_manually() {
    let stripe = Sandbox::start().await;
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("confirm", "true"),
        ("return_url", "http://127.0.0.1/return"),
        ("payment_method", "pm_usBankAccount"),
        ("capture_method", "manual"),
    ];

    let refused = api(&stripe).post(INTENTS, &form).await;

    let error = refused.refused(400, "payment_intent_incompatible_payment_method");
    assert_eq!(error["param"], "payment_method");
    assert!(stripe.payment_intents().is_empty());
}

#[tokio::test]
async fn an_authorized_session_is_unpaid_until_the_shop_captures() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[("payment_intent_data[capture_method]", "manual")]).await;
    assert_eq!(made["payment_method_types"], json!(["card"]));

    let done = stripe
        .pay_session(text(&made, "id"), "pm_card_visa")
        .unwrap();

    assert_eq!(
        (&done["status"], &done["payment_status"]),
        (&json!("complete"), &json!("unpaid"))
    );
    let intent = json!({ "id": done["payment_intent"] });
    api.post(&path(&intent, "capture"), &[]).await.ok();
    assert_eq!(stripe.checkout_sessions()[0]["payment_status"], "paid");
}

#[tokio::test]
async fn the_authorized_intent_of_a_session_is_canceled_and_the_session_stays_unpaid() {
    let stripe = shop().await;
    let api = api(&stripe);
    let made = session(&api, &[("payment_intent_data[capture_method]", "manual")]).await;
    let done = stripe.pay_session(text(&made, "id"), "pm_card_visa");
    let intent = json!({ "id": done.unwrap()["payment_intent"] });

    let canceled = api.post(&path(&intent, "cancel"), &[]).await.ok();

    assert_eq!(canceled["status"], "canceled");
    let [session] = stripe.checkout_sessions().try_into().expect("one session");
    assert_eq!(
        (&session["status"], &session["payment_status"]),
        (&json!("complete"), &json!("unpaid"))
    );
}

#[tokio::test]
async fn a_session_that_captures_manually_lists_no_bank_debit() {
    let stripe = shop().await;
    let more = [
        ("payment_intent_data[capture_method]", "manual"),
        ("payment_method_types[]", "us_bank_account"),
    ];
    let form = [mugs().as_slice(), &more].concat();

    let refused = api(&stripe).post(SESSIONS, &form).await;

    let param = &refused.body["error"]["param"];
    assert_eq!(
        (refused.status, param),
        (400, &json!("payment_method_types"))
    );
}
