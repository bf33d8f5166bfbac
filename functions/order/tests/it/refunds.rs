//! The record of an order's refunds, which staff see.

use serde_json::{Value, json};
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    order::{OrderId, RefundReason, RefundRequest},
    store::DayLimit,
    stripe::EmailKey,
};
use testing::{NOW, TestServer};

use crate::{open, read_with};

/// Reserves a refund of `o_1` for Fay, which Stripe is not asked for yet; returns her alias.
async fn ask(api: &TestServer, name: &str, amount: i64) -> String {
    let fay = CallerId::parse("fay").unwrap();
    let order = OrderId::parse("o_1").unwrap();
    let reason = Some(RefundReason::RequestedByCustomer);
    let usd = Currency::parse("usd").unwrap();
    let names = (
        RefundRequest::id_of(&order, &fay, name),
        RefundRequest::digest_of(Some(amount), reason),
    );
    let amount = Amount::new(amount, usd).unwrap();
    let request = RefundRequest::new(names, amount, reason, &fay, NOW);
    let reserved = api
        .shop
        .store
        .reserve_refund(&order, request, usd, DayLimit::Unlimited);
    reserved.await.unwrap();
    fay.alias()
}

async fn refunds(api: &TestServer) -> Value {
    let token = api.shop.token_of("sam", &["support"]);
    let answer = read_with(api, &token).await.expect(200);
    answer.body["refunds"].clone()
}

#[tokio::test]
async fn staff_see_each_dispute_and_warning_and_the_customer_sees_the_status() {
    let api = open().await;
    let intent = api.shop.paid_order("o_1", 1500, "usd").await;
    let stripe = &api.shop.stripe;
    let warning = stripe.warn_of_fraud(&intent).unwrap();
    let params = json!({ "payment_intent": intent, "amount": 500 });
    let dispute = stripe.dispute(params).unwrap();
    api.shop.accept_events().await;

    let token = api.shop.token_of("sam", &["support"]);
    let answer = read_with(&api, &token).await.expect(200).body;

    let due = &dispute["evidence_details"]["due_by"];
    assert_eq!(
        answer["disputes"],
        json!([{ "id": dispute["id"], "status": "needs_response", "amount": 500, "currency": "usd",
            "reason": "fraudulent", "evidenceDueBy": due }])
    );
    assert_eq!(
        answer["warnings"],
        json!([{ "id": warning["id"], "kind": "early_fraud_warning", "isOpen": false,
            "reason": "unauthorized_use_of_card" }])
    );
    let own = read_with(&api, &api.shop.token("ada"))
        .await
        .expect(200)
        .body;
    assert_eq!(own["status"], "disputed");
    assert!(
        own.get("disputes").is_none() && own.get("warnings").is_none(),
        "{own}"
    );
}

#[tokio::test]
async fn staff_see_who_asked_for_a_refund_and_what_became_of_it() {
    let api = open().await;
    api.shop.paid_order("o_1", 1500, "usd").await;
    assert_eq!(refunds(&api).await, json!([]));

    let alias = ask(&api, "k1", 400).await;
    let asked = json!({ "amount": 400, "reason": "requested_by_customer", "status": "requested",
        "requestedBy": alias, "requestedAt": NOW, "refundId": null });
    assert_eq!(refunds(&api).await, json!([asked]));

    let order = api.shop.order("o_1").await;
    let request = &order.refund_requests()[0];
    let stripe = api.shop.stripe_client();
    let made = stripe
        .create_refund(&order, request, None, EmailKey::Own)
        .await
        .unwrap();
    api.shop.accept_events().await;
    let refunds = refunds(&api).await;
    let [given] = &refunds.as_array().unwrap()[..] else {
        panic!("one refund")
    };
    assert_eq!(given["status"], "succeeded");
    assert_eq!(given["refundId"], made.id);
    assert_eq!(given["requestedBy"], asked["requestedBy"]);
}

#[tokio::test]
async fn a_refund_that_was_made_at_stripe_is_in_the_record_without_a_name() {
    let api = open().await;
    let intent = api.shop.paid_order("o_1", 1500, "usd").await;
    api.shop.stripe.refund(&intent, Some(300)).unwrap();
    api.shop.accept_events().await;
    let refunds = refunds(&api).await;
    let [made] = &refunds.as_array().unwrap()[..] else {
        panic!("one refund")
    };
    assert_eq!(
        (&made["amount"], &made["status"]),
        (&json!(300), &json!("succeeded"))
    );
    assert!(made["refundId"].as_str().unwrap().starts_with("re_"));
    for name in ["reason", "requestedBy", "requestedAt"] {
        assert!(made[name].is_null(), "{name}");
    }
}

#[tokio::test]
async fn the_owner_does_not_see_the_refunds_unless_a_role_of_theirs_reaches_any_order() {
    let api = open().await;
    api.shop.paid_order("o_1", 1500, "usd").await;
    ask(&api, "k1", 400).await;
    for (roles, sees) in [(&["customer"][..], false), (&["customer", "support"], true)] {
        let token = api.shop.token_of("ada", roles);
        let answer = read_with(&api, &token).await.expect(200);
        assert_eq!(answer.body.get("refunds").is_some(), sees, "{roles:?}");
    }
}
