//! The record of an order's refunds, which staff see.

use serde_json::{Value, json};
use shared::{
    access::CallerId,
    amount::{Amount, Currency},
    order::{OrderId, RefundReason, RefundRequest},
    store::DayLimit,
    stripe::AskedUnder,
};
use testing::NOW;

use crate::Api;

impl Api {
    /// The order `o_1` is paid, and the database has heard of it; gives the intent's id.
    async fn paid(&self) -> String {
        let intent = self.order().await;
        let paid = self.shop.stripe.confirm(&intent, "pm_card_visa").await;
        paid.unwrap();
        self.accept_all().await;
        intent
    }

    /// Fay asks for so much of it, and Stripe is not asked yet; gives the alias of hers.
    async fn ask(&self, name: &str, amount: i64) -> String {
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
        let reserved = self
            .shop
            .store
            .reserve_refund(&order, request, usd, DayLimit::Unlimited);
        reserved.await.unwrap();
        fay.alias()
    }

    async fn refunds(&self) -> Value {
        let token = self.shop.token_of("sam", &["support"]);
        let answer = self.read_with(&token).await.expect(200);
        answer.body["refunds"].clone()
    }
}

#[tokio::test]
async fn staff_see_each_dispute_and_warning_and_the_customer_sees_the_status() {
    let page = Api::open().await;
    let intent = page.paid().await;
    let stripe = &page.shop.stripe;
    let warning = stripe.warn_of_fraud(&intent).unwrap();
    let params = json!({ "payment_intent": intent, "amount": 500 });
    let dispute = stripe.dispute(params).unwrap();
    page.accept_all().await;

    let token = page.shop.token_of("sam", &["support"]);
    let answer = page.read_with(&token).await.expect(200).body;

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
    let own = page
        .read_with(&page.shop.token("ada"))
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
    let page = Api::open().await;
    page.paid().await;
    assert_eq!(page.refunds().await, json!([]));

    let alias = page.ask("k1", 400).await;
    let asked = json!({ "amount": 400, "reason": "requested_by_customer", "status": "requested",
        "requestedBy": alias, "requestedAt": NOW, "refundId": null });
    assert_eq!(page.refunds().await, json!([asked]));

    let order = page.shop.order("o_1").await;
    let request = &order.refund_requests()[0];
    let stripe = page.shop.patient_stripe();
    let made = stripe
        .create_refund(&order, request, None, AskedUnder::ItsKey)
        .await
        .unwrap();
    page.accept_all().await;
    let refunds = page.refunds().await;
    let [given] = &refunds.as_array().unwrap()[..] else {
        panic!("one refund")
    };
    assert_eq!(given["status"], "succeeded");
    assert_eq!(given["refundId"], made.id);
    assert_eq!(given["requestedBy"], asked["requestedBy"]);
}

#[tokio::test]
async fn a_refund_that_was_made_at_stripe_is_in_the_record_without_a_name() {
    let page = Api::open().await;
    let intent = page.paid().await;
    page.shop.stripe.refund(&intent, Some(300)).unwrap();
    page.accept_all().await;
    let refunds = page.refunds().await;
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
async fn the_owner_is_not_told_who_refunded_unless_a_role_of_theirs_reaches_any_order() {
    let page = Api::open().await;
    page.paid().await;
    page.ask("k1", 400).await;
    for (roles, sees) in [(&["customer"][..], false), (&["customer", "support"], true)] {
        let token = page.shop.token_of("ada", roles);
        let answer = page.read_with(&token).await.expect(200);
        assert_eq!(answer.body.get("refunds").is_some(), sees, "{roles:?}");
    }
}
