//! What follows a Checkout Session: an invoice, or a copy of an expired one.

use serde_json::{Value, json};

use crate::{
    api::{api, event_types, text},
    checkout::{session, shop},
    checkout_amounts::{amounts, spring},
    hosted::{browser, goes_to, path},
};

#[tokio::test]
async fn a_paid_session_has_a_paid_invoice_with_its_amounts_and_a_page() {
    let stripe = shop().await;
    let api = api(&stripe);
    let more = [
        ("invoice_creation[enabled]", "true"),
        ("invoice_creation[invoice_data][footer]", "Thank <you>"),
        ("invoice_creation[invoice_data][metadata][order]", "o_1"),
        ("automatic_tax[enabled]", "true"),
    ];
    let made = session(&api, &more).await;
    assert!(made["invoice"].is_null());
    let entries = json!({
        "payment_method": "pm_card_visa",
        "email": "ada@example.com",
        "address": { "country": "DE" },
    });

    let paid = stripe.pay_session_with(text(&made, "id"), entries).unwrap();

    let invoice = text(&paid, "invoice");
    let invoice = api.get(&format!("/v1/invoices/{invoice}")).await.ok();
    assert_eq!(
        (&invoice["status"], &invoice["amount_paid"]),
        (&json!("paid"), &json!(3570))
    );
    assert_eq!(
        (
            &invoice["subtotal"],
            &invoice["total_excluding_tax"],
            &invoice["total"]
        ),
        (&json!(3000), &json!(3000), &json!(3570))
    );
    assert_eq!(
        invoice["customer"], paid["customer"],
        "an invoice needs a customer"
    );
    assert_eq!(invoice["customer_email"], "ada@example.com");
    assert_eq!(invoice["metadata"]["order"], "o_1");
    assert_eq!(invoice["lines"]["data"][0]["description"], "Mug");
    assert!(text(&invoice, "number").ends_with("-0001"));
    let page = browser(&stripe)
        .get(&path(&invoice["hosted_invoice_url"], &stripe))
        .await;
    for part in [text(&invoice, "number"), "35.70 USD", "Thank &lt;you&gt;"] {
        assert!(page.text.contains(part), "{part} is not in {}", page.text);
    }
    assert_eq!(browser(&stripe).get("/i/cs_test_none").await.status, 404);
    let types = event_types(&stripe);
    let last = &types[types.len() - 5..];
    let expected = [
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "checkout.session.completed",
    ];
    assert_eq!(last, expected);
    let list = format!(
        "/v1/invoices?customer={}&status=paid",
        text(&paid, "customer")
    );
    assert_eq!(api.get(&list).await.ok()["data"], json!([invoice]));
}

#[tokio::test]
async fn a_session_that_is_paid_later_has_its_invoice_then() {
    let stripe = shop().await;
    let api = api(&stripe);
    let more = [
        ("invoice_creation[enabled]", "true"),
        ("payment_method_types[]", "us_bank_account"),
    ];
    let made = session(&api, &more).await;

    let waiting = stripe
        .pay_session(text(&made, "id"), "pm_usBankAccount")
        .unwrap();
    assert!(waiting["invoice"].is_null());
    stripe.settle(text(&waiting, "payment_intent")).unwrap();

    let paid = stripe.checkout_sessions().pop().unwrap();
    assert!(text(&paid, "invoice").starts_with("in_"));
    let last = stripe.events().pop().unwrap();
    assert_eq!(last["type"], "checkout.session.async_payment_succeeded");
    assert_eq!(last["data"]["object"]["invoice"], paid["invoice"]);
}

#[tokio::test]
async fn an_expired_session_is_recovered_as_a_copy_that_takes_codes() {
    let stripe = shop().await;
    let api = api(&stripe);
    spring(&stripe);
    let more = [
        ("after_expiration[recovery][enabled]", "true"),
        ("after_expiration[recovery][allow_promotion_codes]", "true"),
        ("metadata[order]", "o_1"),
    ];
    let made = session(&api, &more).await;
    let expected = json!({ "recovery": {
        "allow_promotion_codes": true, "enabled": true, "expires_at": null, "url": null,
    } });
    assert_eq!(made["after_expiration"], expected);

    let expired = stripe.expire_session(text(&made, "id")).unwrap();

    let recovery = &expired["after_expiration"]["recovery"];
    assert!(recovery["expires_at"].as_u64() > made["expires_at"].as_u64());
    assert_eq!(stripe.events().last().unwrap()["data"]["object"], expired);
    let url = path(&recovery["url"], &stripe);
    let opened = browser(&stripe).get(&url).await;
    let copy: Value = stripe.checkout_sessions().pop().unwrap();
    assert_eq!(goes_to(&opened), text(&copy, "url"));
    assert_eq!(
        (&copy["recovered_from"], &copy["status"]),
        (&made["id"], &json!("open"))
    );
    assert_eq!(copy["metadata"], made["metadata"]);
    let entries = json!({ "payment_method": "pm_card_visa", "promotion_code": "SPRING" });
    let paid = stripe.pay_session_with(text(&copy, "id"), entries).unwrap();
    assert_eq!(amounts(&paid), [3000, 750, 0, 0, 2250]);
}

#[tokio::test]
async fn only_an_expired_session_with_recovery_is_recovered() {
    let stripe = shop().await;
    let api = api(&stripe);
    let plain = session(&api, &[]).await;
    let expired = stripe.expire_session(text(&plain, "id")).unwrap();
    assert!(expired["after_expiration"].is_null());
    let open = session(&api, &[("after_expiration[recovery][enabled]", "true")]).await;

    for id in [text(&plain, "id"), text(&open, "id"), "cs_test_none"] {
        let reply = browser(&stripe).get(&format!("/c/recover/{id}")).await;
        assert_eq!(reply.status, 410, "{id}");
    }

    assert_eq!(stripe.checkout_sessions().len(), 2);
}
