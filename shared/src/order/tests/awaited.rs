//! The pending step of an order.

use super::*;

/// An event in which the intent requires `action` of its payer.
pub(super) fn asking(created: i64, action: &str) -> Event {
    let until = |kind: &str, at: Option<i64>, after: Option<i64>| {
        (action == kind).then_some(Expiry {
            expires_at: at,
            expires_after: after,
        })
    };
    let mut event = attempt(created, "requires_action");
    if let Subject::Intent(intent) = &mut event.subject {
        intent.next_action = Some(NextAction {
            kind: action.to_owned(),
            boleto_display_details: until("boleto_display_details", Some(NOW + 1), None),
            konbini_display_details: until("konbini_display_details", Some(NOW + 2), None),
            multibanco_display_details: until("multibanco_display_details", Some(NOW + 3), None),
            oxxo_display_details: until("oxxo_display_details", None, Some(NOW + 4)),
        });
    }
    event
}

fn shown(order: &Order) -> serde_json::Value {
    serde_json::to_value(order.awaited()).unwrap()
}

#[test]
fn an_order_says_what_it_waits_for_and_until_when() {
    let voucher = |until: i64| serde_json::json!({ "kind": "voucher", "until": until });
    let without = |kind: &str| serde_json::json!({ "kind": kind, "until": null });
    let cases = [
        ("boleto_display_details", voucher(NOW + 1)),
        ("konbini_display_details", voucher(NOW + 2)),
        ("multibanco_display_details", voucher(NOW + 3)),
        ("oxxo_display_details", voucher(NOW + 4)),
        (
            "display_bank_transfer_instructions",
            without("bank_transfer"),
        ),
        ("verify_with_microdeposits", without("microdeposits")),
        ("redirect_to_url", serde_json::Value::Null),
        ("use_stripe_sdk", serde_json::Value::Null),
        ("of_a_later_version", serde_json::Value::Null),
    ];
    for (action, expected) in cases {
        let (order, _) = after(&[asking(NOW, action)]);
        assert_eq!(shown(&order), expected, "{action}");
    }
}

#[test]
fn what_an_earlier_attempt_waited_for_is_waited_for_no_more() {
    let asked = || asking(NOW, "boleto_display_details");
    let histories = [
        vec![asked(), failed_attempt(NOW + 1)],
        vec![
            asked(),
            failed_attempt(NOW + 1),
            attempt(NOW + 2, "processing"),
        ],
        vec![asked(), attempt(NOW + 2, "succeeded")],
        vec![asked(), asking(NOW + 2, "use_stripe_sdk")],
    ];
    for history in histories {
        let mut reversed = history.clone();
        reversed.reverse();
        let (order, _) = after(&history);
        assert_eq!(order.awaited(), None, "{history:#?}");
        assert_eq!(order, after(&reversed).0);
    }
}
