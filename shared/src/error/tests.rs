//! The mapping is a table, and so is its test. Change a row only with an entry in the CHANGELOG.

use super::*;
use crate::signature::Rejected;

fn cause() -> Cause {
    "what the operator reads: sk_test_secret".into()
}

/// Every error, with its row: status, code, and when it is answered.
fn rows() -> Vec<(Error, u16, &'static str, &'static str)> {
    vec![
        (
            Error::invalid("`quantity` is wrong"),
            400,
            "invalid_request",
            "the request is wrong; the message names the field and the reason",
        ),
        (
            Error::InvalidToken("`order` is wrong", cause()),
            400,
            "invalid_request",
            "the signed order is not one that the site signed, or has expired",
        ),
        (
            Error::AmountTooSmall,
            400,
            "amount_too_small",
            "Stripe does not charge so little in this currency",
        ),
        (
            Error::BadSignature(Rejected::Mismatch),
            400,
            "bad_signature",
            "a webhook's signature is missing, malformed, forged or stale",
        ),
        (
            Error::Unauthenticated(cause()),
            401,
            "unauthenticated",
            "there is no valid token that says who is calling",
        ),
        (
            Error::Declined {
                code: "insufficient_funds".to_owned(),
            },
            402,
            "insufficient_funds",
            "the bank refused; the code is Stripe's decline code, and `generic_decline` for a card that was reported lost or stolen",
        ),
        (
            Error::Forbidden,
            403,
            "forbidden",
            "the caller is known, and no role of theirs permits this",
        ),
        (
            Error::OverLimit,
            403,
            "refund_limit",
            "no role of the caller's refunds so much in one call or one day, or in this currency",
        ),
        (
            Error::NotFound,
            404,
            "not_found",
            "there is no such order or customer, or it is another caller's",
        ),
        (
            Error::MethodNotAllowed,
            405,
            "method_not_allowed",
            "the route answers other methods; see `Allow`",
        ),
        (
            Error::KeyReused,
            409,
            "idempotency_key_reused",
            "the `Idempotency-Key` came before with other contents",
        ),
        (
            Error::InProgress,
            409,
            "in_progress",
            "the same operation is being carried out; send it again after `Retry-After`",
        ),
        (
            Error::AlreadyPaid,
            409,
            "order_already_paid",
            "the order is paid; nothing about it changes",
        ),
        (
            Error::PaymentProcessing,
            409,
            "payment_processing",
            "a payment is under way; the order cannot change until it ends",
        ),
        (
            Error::OrderCanceled,
            409,
            "order_canceled",
            "the payment was canceled; a new order is needed",
        ),
        (
            Error::OrderChanged,
            409,
            "order_changed",
            "the site signed a newer version of the order",
        ),
        (
            Error::NotPaid,
            409,
            "order_not_paid",
            "no money was taken for the order, so that none can be given back",
        ),
        (
            Error::ExceedsPaid,
            409,
            "refund_exceeds_paid",
            "less of the payment is left than is to be given back",
        ),
        (
            Error::Disputed,
            409,
            "order_disputed",
            "the payer's bank has the money, until it decides the dispute",
        ),
        (
            Error::RefundRefused,
            409,
            "refund_refused",
            "Stripe does not give this payment back; the log has its code, by the request id",
        ),
        (
            Error::TooLarge,
            413,
            "body_too_large",
            "the body is over the route's cap",
        ),
        (
            Error::Internal(cause()),
            500,
            "internal",
            "something on our side is wrong; the log knows what, by the request id",
        ),
        (
            Error::Unavailable(cause()),
            503,
            "unavailable",
            "Stripe, the ledger or the issuer of tokens did not answer in time, or there are no keys to work with for now; send it again after `Retry-After`",
        ),
    ]
}

#[test]
fn every_error_has_its_row() {
    for (error, status, code, _) in rows() {
        assert_eq!(
            error.answer(),
            (StatusCode::from_u16(status).unwrap(), code)
        );
    }
}

#[test]
fn the_documentation_lists_every_row() {
    let documented: Vec<&str> = include_str!("../../../docs/errors.md")
        .lines()
        .filter(|line| {
            line.starts_with("| `") || line.starts_with("| 4") || line.starts_with("| 5")
        })
        .collect();
    let expected: Vec<String> = rows()
        .into_iter()
        .map(|(error, status, code, when)| match error {
            Error::Declined { .. } => format!("| {status} | the decline code | {when} |"),
            _ => format!("| {status} | `{code}` | {when} |"),
        })
        .collect();
    assert_eq!(documented, expected);
}

#[tokio::test]
async fn a_body_never_shows_the_cause() {
    for (error, status, code, _) in rows() {
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

#[test]
fn a_retry_is_invited_only_where_it_helps() {
    for (error, status, _, _) in rows() {
        let invites = error.response("").headers().contains_key(RETRY_AFTER);
        assert_eq!(
            invites,
            matches!(error, Error::InProgress | Error::Unavailable(_)),
            "{status}"
        );
    }
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
        let refusal = stripe::Refusal {
            status,
            code: Some(code.to_owned()),
            ..stripe::Refusal::default()
        };
        Error::from(stripe::Failure::Refused(refusal))
            .answer()
            .0
            .as_u16()
    };
    assert_eq!(refused(400, "amount_too_small"), 400);
    assert_eq!(refused(409, "idempotency_key_in_use"), 409);
    assert_eq!(refused(401, "api_key_expired"), 503);
    assert_eq!(refused(400, "parameter_unknown"), 500);
    let differs = Error::from(stripe::Failure::Differs("amount"));
    assert_eq!(differs.answer().0.as_u16(), 500);
    let declined = Error::from(stripe::Failure::Declined {
        code: "stolen_card".to_owned(),
        request_id: None,
    });
    assert_eq!(
        declined.answer(),
        (StatusCode::PAYMENT_REQUIRED, "generic_decline")
    );
}
