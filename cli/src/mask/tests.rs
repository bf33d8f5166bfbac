//! Every kind of secret, wherever it may stand.

use serde_json::json;

use super::*;

#[test]
fn a_secret_in_a_text_is_masked_and_the_text_around_it_stays() {
    for (given, shown) in [
        ("pi_1_secret_abcDEF", "pi_1_secret_••••"),
        (
            "/v1/x?client_secret=pi_1_secret_a&b=c",
            "/v1/x?client_secret=••••&b=c",
        ),
        ("key sk_test_51Abc, then", "key sk_test_••••, then"),
        ("rk_live_1 pk_test_2", "rk_live_•••• pk_test_••••"),
        ("whsec_ab+/=,whsec_cd", "whsec_••••,whsec_••••"),
        ("bearer abc.def", "bearer ••••"),
        ("is eyJhbGciOi.eyJzdWIi.c2ln here", "is •••• here"),
        ("t=1,v1=0badc0de", "t=1,v1=••••"),
        ("4242424242424242", "•••• 4242"),
        ("card 4000-0025 0000 3155.", "card •••• 3155."),
        ("x4242424242424242y", "x•••• 4242y"),
        ("to ada.l@example.com, now", "to ••••, now"),
        ("Grüße €5", "Grüße €5"),
        ("", ""),
    ] {
        assert_eq!(text(given), shown, "{given}");
    }
}

#[test]
fn what_is_no_secret_stays() {
    for given in [
        "pi_1",
        "POST /v1/payment_intents",
        "2026-11-22 10:00",
        "1790000000",
        "15.00",
        "whsec_",
        "secret",
        "o_3fa9",
        "ord_4242424242424241beef",
    ] {
        assert_eq!(text(given), given);
    }
}

#[test]
fn a_secret_in_json_is_masked_by_its_name_at_any_depth() {
    let given = json!({
        "clientSecret": "x", "a": [{ "client_secret": "y" }], "receipt_email": "ada@example.com",
        "card": { "number": "4242424242424242", "cvc": 123, "exp_year": 2034 },
        "n": 4242424242424242_u64, "nested": "{\"cvc\":\"123\"}", "amount": 1500,
        "cvc_check": "pass",
        "token": null, "order": "eyJhbGciOi.e.s",
    });
    let shown = json!({
        "clientSecret": "••••", "a": [{ "client_secret": "••••" }], "receipt_email": "••••",
        "card": { "number": "•••• 4242", "cvc": "••••", "exp_year": 2034 },
        "n": "•••• 4242", "nested": "{\"cvc\":\"••••\"}", "amount": 1500, "cvc_check": "pass",
        "token": null, "order": "••••",
    });
    assert_eq!(json(&given), shown);
}

#[test]
fn what_is_under_a_secret_name_is_secret() {
    let given = json!({ "secrets": { "a": "x" }, "tokens": ["y", { "z": 1 }] });
    let shown = json!({ "secrets": "••••", "tokens": ["••••", "••••"] });
    assert_eq!(json(&given), shown);
}

#[test]
fn a_path_is_decoded_before_it_is_searched() {
    assert_eq!(path("/v1/pi_1%5Fsecret%5Fx"), "/v1/pi_1_secret_••••");
    assert_eq!(path("/v1/pi_1%255Fsecret%255Fx"), "••••");
    assert_eq!(path("/v1/payment_intents"), "/v1/payment_intents");
}

#[test]
fn a_number_that_is_no_card_is_masked_whole() {
    assert_eq!(
        json(&json!({ "number": "4242" })),
        json!({ "number": "••••" })
    );
}

#[test]
fn a_form_is_decoded_before_it_is_searched() {
    let given = "card%5Bnumber%5D=4242+4242+4242+4242&card[cvc]=123&a=pi_1%5Fsecret%5Fx&id=o_1";
    let shown = "card[number]=•••• 4242\ncard[cvc]=••••\na=pi_1_secret_••••\nid=o_1";
    assert_eq!(form(given), shown);
}

#[test]
fn a_header_is_shown_only_when_it_is_known() {
    for (name, given, shown) in [
        ("Content-Type", "application/json", "application/json"),
        ("authorization", "Bearer abc", "Bearer ••••"),
        ("authorization", "sk_test_abc", "••••"),
        (
            "stripe-signature",
            "t=17,v1=ab,v0=cd,x",
            "t=17,v1=••••,v0=••••,••••",
        ),
        ("stripe-signature", "t=abcdef", "••••"),
        ("webhook-signature", "v1,ab+/= v1a,cd", "v1,•••• v1a,••••"),
        ("cookie", "session=1", "••••"),
        ("x-anything", "1", "••••"),
        (
            "referer",
            "http://a/?s=pi_1_secret_x",
            "http://a/?s=pi_1_secret_••••",
        ),
    ] {
        assert_eq!(header(name, given), shown, "{name}: {given}");
    }
}
