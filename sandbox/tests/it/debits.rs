//! Bank debits: accounts, results and timers.

use std::time::Duration;

use serde_json::json;
use stripe_sandbox::Sandbox;

use crate::api::{api, event_of, event_types, intent, text};

#[tokio::test]
async fn every_test_account_ends_as_its_name_says() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (name, code) in [
        ("success", None),
        ("accountClosed", Some("account_closed")),
        ("noAccount", Some("no_account")),
        ("insufficientFunds", Some("insufficient_funds")),
        ("debitNotAuthorized", Some("debit_not_authorized")),
        ("invalidCurrency", Some("invalid_currency")),
    ] {
        let made = intent(&api).await;
        let id = text(&made, "id");
        let method = format!("pm_usBankAccount_{name}");
        let processing = stripe.confirm(id, &method).await.unwrap();
        assert_eq!(processing["status"], "processing");

        let path = format!("/_sandbox/payment_intents/{id}/settle");
        let ended = api.post(&path, &[]).await.ok();

        assert_eq!(ended["last_payment_error"]["code"].as_str(), code, "{name}");
        let status = if code.is_some() {
            "requires_payment_method"
        } else {
            "succeeded"
        };
        assert_eq!(ended["status"], status, "{name}");
        assert_eq!(
            stripe.charges().pop().unwrap()["failure_code"].as_str(),
            code
        );
    }
}

#[tokio::test]
async fn with_a_time_set_a_debit_ends_by_itself() {
    let builder = Sandbox::builder().settle_after(Duration::from_millis(1));
    let stripe = builder.start().await.unwrap();
    let api = api(&stripe);
    let mut seen = stripe.observe();
    for (method, event) in [
        ("pm_usBankAccount_success", "payment_intent.succeeded"),
        (
            "pm_usBankAccount_noAccount",
            "payment_intent.payment_failed",
        ),
    ] {
        let made = intent(&api).await;
        stripe.confirm(text(&made, "id"), method).await.unwrap();

        event_of(&mut seen, event).await;
    }
    let made = intent(&api).await;
    let stays = stripe
        .confirm(text(&made, "id"), "pm_usBankAccount_processing")
        .await;
    assert_eq!(stays.unwrap()["status"], "processing");
}

#[tokio::test]
async fn a_voucher_waits_for_its_payer_until_it_expires() {
    for (kind, action, until) in [
        ("boleto", "boleto_display_details", "expires_at"),
        ("konbini", "konbini_display_details", "expires_at"),
        ("multibanco", "multibanco_display_details", "expires_at"),
        ("oxxo", "oxxo_display_details", "expires_after"),
        ("customer_balance", "display_bank_transfer_instructions", ""),
    ] {
        let stripe = Sandbox::start().await;
        let made = intent(&api(&stripe)).await;
        let id = text(&made, "id");
        let made_method = || stripe.payment_method(json!({ "type": kind })).unwrap();

        let waiting = stripe
            .confirm(id, text(&made_method(), "id"))
            .await
            .unwrap();
        assert_eq!(waiting["status"], "requires_action");
        assert_eq!(waiting["next_action"]["type"], action);
        let expires = waiting["next_action"][action][until].as_u64();
        assert_eq!(expires.is_some(), kind != "customer_balance", "{waiting}");
        assert!(stripe.charges().is_empty(), "no bank was asked");

        let failed = stripe.fail_settlement(id).unwrap();
        assert_eq!(failed["status"], "requires_payment_method");
        assert!(failed["last_payment_error"]["charge"].is_null());
        stripe
            .confirm(id, text(&made_method(), "id"))
            .await
            .unwrap();
        assert_eq!(stripe.settle(id).unwrap()["status"], "succeeded");
    }
}

#[tokio::test]
async fn an_iban_is_debited_and_a_wrong_one_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    let form = |iban| [("type", "sepa_debit"), ("sepa_debit[iban]", iban)];

    let method = api
        .post("/v1/payment_methods", &form("AT61 1904 3002 3457 3201"))
        .await
        .ok();

    assert_eq!(
        (
            &method["sepa_debit"]["country"],
            &method["sepa_debit"]["last4"]
        ),
        (&json!("AT"), &json!("3201"))
    );
    for iban in [
        "AT611904300234573202",
        "GB33BUKB20201555555555",
        "000123456789",
    ] {
        let error = api.post("/v1/payment_methods", &form(iban)).await;
        let error = error.refused(400, "invalid_bank_account_iban");
        assert_eq!(error["param"], "sepa_debit[iban]");
    }
    let made = intent(&api).await;
    let path = format!("/v1/payment_intents/{}/confirm", text(&made, "id"));
    let form = [
        ("payment_method", text(&method, "id")),
        ("return_url", "http://127.0.0.1/"),
    ];
    assert_eq!(api.post(&path, &form).await.ok()["status"], "processing");
    assert!(event_types(&stripe).contains(&"charge.pending".to_owned()));
}

#[tokio::test]
async fn an_account_that_is_no_test_account_is_refused() {
    let stripe = Sandbox::start().await;
    let api = api(&stripe);
    for (routing, account, code) in [
        ("110000000", "12345678", "account_number_invalid"),
        ("021000021", "000123456789", "routing_number_invalid"),
        (
            "110000000",
            "AT611904300234573201",
            "account_number_invalid",
        ),
    ] {
        let form = [
            ("type", "us_bank_account"),
            ("us_bank_account[routing_number]", routing),
            ("us_bank_account[account_number]", account),
        ];
        api.post("/v1/payment_methods", &form)
            .await
            .refused(400, code);
    }
}

#[tokio::test]
async fn an_intent_with_types_by_name_takes_no_other() {
    let stripe = Sandbox::start().await;
    let form = [
        ("amount", "2000"),
        ("currency", "usd"),
        ("payment_method_types[]", "card"),
        ("payment_method", "pm_usBankAccount_success"),
        ("confirm", "true"),
    ];

    let refused = api(&stripe).post("/v1/payment_intents", &form).await;

    assert_eq!(
        (refused.status, &refused.body["error"]["param"]),
        (400, &json!("payment_method"))
    );
}
