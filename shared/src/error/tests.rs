//! The mapping is a table, and so is its test. Change a row only with an entry in the CHANGELOG.

use std::collections::BTreeSet;

use super::*;
use crate::{signature::Rejected, stripe};

fn cause() -> Cause {
    "what the operator reads: sk_test_secret".into()
}

fn secret() -> Redacted {
    miniserde::json::from_str("\"pi_1_secret_1\"").unwrap()
}

fn order() -> OrderId {
    OrderId::parse("ord_1").unwrap()
}

/// Every error, with its status and code.
fn rows() -> Vec<(Error, u16, &'static str)> {
    vec![
        (
            Error::invalid("`quantity` is wrong"),
            400,
            "invalid_request",
        ),
        (
            Error::InvalidToken("`order` is wrong", cause()),
            400,
            "invalid_request",
        ),
        (Error::AmountTooSmall, 400, "amount_too_small"),
        (
            Error::BadSignature(Rejected::Mismatch),
            400,
            "bad_signature",
        ),
        (Error::Unauthenticated(cause()), 401, "unauthenticated"),
        (
            Error::Declined {
                code: "insufficient_funds".to_owned(),
            },
            402,
            "insufficient_funds",
        ),
        (
            Error::AuthenticationRequired(secret()),
            402,
            "authentication_required",
        ),
        (Error::Forbidden, 403, "forbidden"),
        (Error::OverLimit, 403, "refund_limit"),
        (Error::NotFound, 404, "not_found"),
        (Error::MethodNotAllowed, 405, "method_not_allowed"),
        (Error::KeyReused, 409, "idempotency_key_reused"),
        (Error::InProgress, 409, "in_progress"),
        (Error::AlreadyPaid(order()), 409, "order_already_paid"),
        (Error::PaymentProcessing(order()), 409, "payment_processing"),
        (Error::OrderCanceled, 409, "order_canceled"),
        (Error::OrderExpired, 409, "order_expired"),
        (
            Error::AlreadySubscribed("sub_1".to_owned()),
            409,
            "already_subscribed",
        ),
        (Error::NotACustomer, 403, "forbidden"),
        (Error::NotAuthorized, 409, "order_not_authorized"),
        (Error::ExceedsAuthorized, 409, "capture_exceeds_authorized"),
        (Error::OverCaptureLimit, 403, "capture_limit"),
        (Error::NoSavedMethod, 409, "no_saved_payment_method"),
        (Error::OrderChanged, 409, "order_changed"),
        (Error::NotPaid, 409, "order_not_paid"),
        (Error::ExceedsPaid, 409, "refund_exceeds_paid"),
        (Error::Disputed, 409, "order_disputed"),
        (Error::RefundInFullOnly, 409, "refund_in_full_only"),
        (Error::RefundNeedsEmail, 409, "refund_needs_email"),
        (Error::RefundRefused, 409, "refund_refused"),
        (Error::InvoiceNotPaid, 409, "invoice_not_paid"),
        (Error::InvoiceNotRefundable, 409, "invoice_not_refundable"),
        (Error::TooLarge, 413, "body_too_large"),
        (
            Error::TooManyPayments { retry_after: 90 },
            429,
            "too_many_payments",
        ),
        (
            Error::TooManyRequests { retry_after: 90 },
            429,
            "too_many_requests",
        ),
        (Error::SubscriptionEnded, 409, "subscription_ended"),
        (Error::SubscriptionChanging, 409, "subscription_changing"),
        (Error::PortalNotConfigured, 503, "portal_not_configured"),
        (
            Error::Unhealthy("dead_letters".to_owned(), Map::new()),
            503,
            "unhealthy",
        ),
        (Error::Internal(cause()), 500, "internal"),
        (Error::Unavailable(cause()), 503, "unavailable"),
    ]
}

#[test]
fn every_error_has_its_status_and_code() {
    for (error, status, code) in rows() {
        assert_eq!(
            error.answer(),
            (StatusCode::from_u16(status).unwrap(), code)
        );
    }
}

#[test]
fn every_row_of_the_table_is_an_errors() {
    let of_errors: BTreeSet<Code> = rows().iter().map(|(error, ..)| error.code()).collect();
    assert_eq!(of_errors, BTreeSet::from(Code::ALL));
}

#[test]
fn a_code_is_named_in_the_interface_as_it_is_answered() {
    let schema = serde_json::to_value(<Code as utoipa::PartialSchema>::schema()).unwrap();
    let answered = Code::ALL.map(|code| code.spec().code);
    assert_eq!(schema["enum"], serde_json::json!(answered.to_vec()));
}

#[tokio::test]
async fn a_body_never_shows_the_cause() {
    for (error, status, code) in rows() {
        let response = error.response("req_1");
        assert_eq!(response.status().as_u16(), status);
        let body = axum::body::to_bytes(response.into_body(), 4096)
            .await
            .unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"]["code"], code);
        assert_eq!(body["error"]["requestId"], "req_1");
        assert!(!body.to_string().contains("sk_test_secret"), "{body}");
    }
}

#[tokio::test]
async fn an_order_is_named_where_the_payer_is_led_to_it_and_nowhere_else() {
    for (error, ..) in rows() {
        let names_order = error.code().names_order();
        let body = error.response("req_1").into_body();
        let body = axum::body::to_bytes(body, 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = names_order.then_some("ord_1");
        assert_eq!(body["error"]["orderId"].as_str(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_subscription_is_named_where_the_caller_has_it_and_nowhere_else() {
    for (error, ..) in rows() {
        let names_subscription = error.code().names_subscription();
        let body = error.response("req_1").into_body();
        let body = axum::body::to_bytes(body, 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = names_subscription.then_some("sub_1");
        assert_eq!(body["error"]["subscription"].as_str(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_client_secret_is_in_the_body_that_the_payer_needs_it_in_and_never_printed() {
    for (error, ..) in rows() {
        let has_secret = error.code().has_secret();
        let body = error.response("req_1").into_body();
        let body = axum::body::to_bytes(body, 4096).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        let expected = has_secret.then_some("pi_1_secret_1");
        assert_eq!(body["error"]["clientSecret"].as_str(), expected, "{body}");
        assert!(!format!("{error} {error:?}").contains("_secret_1"));
    }
}

#[test]
fn a_retry_is_invited_only_where_it_helps() {
    for (error, status, _) in rows() {
        let invites = error.response("").headers().contains_key(RETRY_AFTER);
        assert_eq!(
            invites,
            matches!(
                error,
                Error::InProgress
                    | Error::TooManyPayments { .. }
                    | Error::TooManyRequests { .. }
                    | Error::Unavailable(_)
            ),
            "{status}"
        );
    }
}

#[test]
fn whoever_started_too_many_payments_is_told_when_there_is_room() {
    let response = Error::TooManyPayments { retry_after: 90 }.response("");
    assert_eq!(response.headers()[RETRY_AFTER], "90");
}

#[test]
fn a_thief_does_not_learn_that_a_card_is_reported() {
    for code in ["lost_card", "stolen_card", "fraudulent"] {
        assert_eq!(payer_code(code), "generic_decline");
    }
    assert_eq!(payer_code("insufficient_funds"), "insufficient_funds");
}

#[test]
fn what_stripe_says_becomes_the_row_that_fits() {
    let refused = |status, code: &str| {
        let refusal = stripe::ApiError {
            status,
            code: Some(code.to_owned()),
            ..stripe::ApiError::default()
        };
        Error::from(stripe::StripeError::Refused(refusal))
            .answer()
            .0
            .as_u16()
    };
    assert_eq!(refused(400, "amount_too_small"), 400);
    assert_eq!(refused(400, "product_inactive"), 400);
    assert_eq!(refused(409, "idempotency_key_in_use"), 409);
    assert_eq!(refused(401, "api_key_expired"), 503);
    assert_eq!(refused(400, "parameter_unknown"), 500);
    let differs = Error::from(stripe::StripeError::Differs("amount"));
    assert_eq!(differs.answer().0.as_u16(), 500);
    let declined = Error::from(stripe::StripeError::Declined {
        code: "stolen_card".to_owned(),
        request_id: None,
    });
    assert_eq!(
        declined.answer(),
        (StatusCode::PAYMENT_REQUIRED, "generic_decline")
    );
}
