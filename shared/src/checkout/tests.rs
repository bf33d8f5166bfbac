//! What the options take, and what they refuse by its path.

use super::*;
use crate::{amount::Currency, strict_json::Value};

fn parse(json: &str) -> Result<CheckoutSettings, String> {
    CheckoutSettings::parse(json)
}

fn options(json: &str) -> CheckoutOptions {
    let value: Value = serde_json::from_str(json).unwrap();
    CheckoutOptions::of(value, "checkout").unwrap()
}

#[test]
fn the_file_that_ships_with_farebox_adds_nothing() {
    let shipped = parse(include_str!("../../../checkout.json")).unwrap();
    let options = shipped.options(&CheckoutOptions::default(), &CheckoutChoice::default());

    assert!(options.unwrap().is_empty());
}

#[test]
fn a_wrong_option_is_named_by_its_path() {
    let cases = [
        ("[]", "it is not a JSON object"),
        (r#"{"locale":"de","locale":"fr"}"#, "repeats a name"),
        (r#"{"mode":"payment"}"#, "`mode` is not an option"),
        (
            r#"{"after_expiration":{}}"#,
            "`after_expiration` is not an option",
        ),
        (
            r#"{"allow_promotion_codes":"yes"}"#,
            "`allow_promotion_codes` must be true or false",
        ),
        (
            r#"{"automatic_tax":true}"#,
            "`automatic_tax` must be an object",
        ),
        (
            r#"{"automatic_tax":{}}"#,
            "`automatic_tax.enabled` is missing",
        ),
        (r#"{"locale":"xx"}"#, "`locale` must be one of auto"),
        (
            r#"{"shipping_options":[{"shipping_rate":"rate_1"}]}"#,
            "`shipping_options[0].shipping_rate` must be an id of Stripe's, `shr_…`",
        ),
        (
            r#"{"shipping_options":[{"shipping_rate":"shr_1"},{}]}"#,
            "`shipping_options[1]` must have either `shipping_rate` or `shipping_rate_data`",
        ),
        (
            r#"{"shipping_options":[{"shipping_rate_data":{"display_name":"Post",
                "type":"fixed_amount","fixed_amount":{"amount":500,"currency":"USD"}}}]}"#,
            "`shipping_options[0].shipping_rate_data.fixed_amount.currency` is not a currency",
        ),
        (
            r#"{"shipping_options":[]}"#,
            "`shipping_options` must be a list of 1 to 5 entries",
        ),
        (
            r#"{"shipping_address_collection":{"allowed_countries":["DE","de"]}}"#,
            "`shipping_address_collection.allowed_countries[1]` must be a country",
        ),
        (
            r#"{"discounts":[{"coupon":"A","promotion_code":"promo_1"}]}"#,
            "`discounts[0]` must have either",
        ),
        (
            r#"{"discounts":[{"coupon":"A"}],"allow_promotion_codes":true}"#,
            "`discounts` cannot be beside `allow_promotion_codes`",
        ),
        (
            r#"{"automatic_tax":{"enabled":true}}"#,
            "`customer_update.address` must be `auto` beside `automatic_tax`",
        ),
        (
            r#"{"expires_after":1799}"#,
            "`expires_after` must be a whole number from 1800",
        ),
        (
            r#"{"expires_after":1800.5}"#,
            "`expires_after` must be a whole number from 1800",
        ),
        (
            r#"{"custom_text":{"submit":{"message":""}}}"#,
            "`custom_text.submit.message` must be",
        ),
        (
            r#"{"custom_fields":[{"key":"size","label":{"type":"custom","custom":"Size"},
                "type":"dropdown"}]}"#,
            "`custom_fields[0].dropdown` is missing",
        ),
        (
            r#"{"custom_fields":[{"key":"a","label":{"type":"custom","custom":"A"},"type":"text"},
                {"key":"a","label":{"type":"custom","custom":"B"},"type":"text"}]}"#,
            "`custom_fields[0].key` is another field's",
        ),
        (
            r#"{"subscription_data":{"trial_period_days":0}}"#,
            "`subscription_data.trial_period_days` must be a whole number from 1",
        ),
        (
            r#"{"subscription_data":{"trial_end":1800000000,"trial_period_days":7}}"#,
            "`subscription_data.trial_end` cannot be beside `trial_period_days`",
        ),
        (
            r#"{"subscription_data":{"trial_period_days":7,"billing_cycle_anchor":1800000000}}"#,
            "`subscription_data.billing_cycle_anchor` cannot be beside `trial_period_days`",
        ),
        (
            r#"{"subscription_data":{"metadata":{"farebox_order":"x"}}}"#,
            "`subscription_data.metadata` must not have keys that begin with farebox_",
        ),
        (
            r#"{"subscription_data":{"application_fee_percent":10}}"#,
            "`subscription_data.application_fee_percent` is not an option",
        ),
        (
            r#"{"payment_method_collection":"never"}"#,
            "`payment_method_collection` must be one of always",
        ),
        (
            r#"{"subscriptions":{"multiple":"yes"}}"#,
            "`subscriptions.multiple` must be true or false",
        ),
        (
            r#"{"choices":{"discounts":["A"]}}"#,
            "`choices.discounts` is not an option",
        ),
        (
            r#"{"choices":{"shipping_rate":["x"]}}"#,
            "`choices.shipping_rate[0]` must be an id",
        ),
        (
            r#"{"choices":{"currency":["eur","EUR"]}}"#,
            "`choices.currency[1]` is not a currency that Stripe knows",
        ),
        (
            r#"{"choices":{"currency":"eur"}}"#,
            "`choices.currency` must be a list",
        ),
    ];
    for (json, what) in cases {
        let refused = parse(json).unwrap_err();
        assert!(refused.contains(what), "{json}: {refused}");
    }
}

#[test]
fn a_signed_order_replaces_an_option_and_keeps_the_others() {
    let file = parse(r#"{"allow_promotion_codes":true,"locale":"de"}"#).unwrap();
    let signed = options(r#"{"discounts":[{"coupon":"A"}]}"#);
    let merged = file.options(&signed, &CheckoutChoice::default()).unwrap();

    assert_eq!(
        merged,
        options(r#"{"discounts":[{"coupon":"A"}],"locale":"de"}"#)
    );
}

#[test]
fn a_browser_chooses_only_among_what_the_file_lists() {
    let file = r#"{"locale":"de","choices":{"locale":["fr"],"shipping_rate":["shr_1"]}}"#;
    let file = parse(file).unwrap();
    let choose = |locale: Option<&str>, rate: Option<&str>| {
        let choice = CheckoutChoice {
            currency: None,
            locale: locale.map(str::to_owned),
            shipping_rate: rate.map(str::to_owned),
        };
        file.options(&CheckoutOptions::default(), &choice)
    };

    let chosen = r#"{"locale":"fr","shipping_options":[{"shipping_rate":"shr_1"}]}"#;
    assert_eq!(choose(Some("fr"), Some("shr_1")), Ok(options(chosen)));
    let refused = choose(Some("de"), None).unwrap_err();
    assert_eq!(refused, "`choice.locale` is not one of this shop's choices");
    let refused = choose(None, Some("shr_2")).unwrap_err();
    assert_eq!(
        refused,
        "`choice.shippingRate` is not one of this shop's choices"
    );
}

#[test]
fn a_browser_chooses_only_a_currency_that_the_file_lists() {
    let eur = Currency::parse("eur").unwrap();
    let file = parse(r#"{"choices":{"currency":["eur","gbp"]}}"#).unwrap();

    assert_eq!(file.currency(None), Ok(None));
    assert_eq!(file.currency(Some("eur")), Ok(Some(eur)));
    let refused = Err("`choice.currency` is not one of this shop's choices".to_owned());
    for other in ["usd", "EUR", ""] {
        assert_eq!(file.currency(Some(other)), refused);
    }
    let shipped = CheckoutSettings::default();
    assert_eq!(shipped.currency(Some("eur")), refused);
}

#[test]
fn a_shipping_rate_without_an_amount_in_the_sessions_currency_is_named() {
    let options = options(
        r#"{"shipping_options":[{"shipping_rate":"shr_1"},
            {"shipping_rate_data":{"display_name":"Post","type":"fixed_amount",
                "fixed_amount":{"amount":500,"currency":"usd"}}}]}"#,
    );
    let check = |currency| options.check_currency(Currency::parse(currency).unwrap());

    assert_eq!(check("usd"), Ok(()));
    let refused = check("eur").unwrap_err();
    let place = "`checkout.shipping_options[1].shipping_rate_data`";
    assert_eq!(refused, format!("{place} has no amount in `eur`"));
}

#[test]
fn the_options_tell_the_parts_that_a_session_may_add() {
    let parts = |json| options(json).added_parts(SessionMode::Payment);
    let none = AddedParts::default();

    assert_eq!(parts(r#"{"locale":"de"}"#), none);
    for json in [
        r#"{"allow_promotion_codes":true}"#,
        r#"{"discounts":[{"coupon":"A"}]}"#,
    ] {
        assert_eq!(
            parts(json),
            AddedParts {
                discount: true,
                ..none
            }
        );
    }
    assert_eq!(parts(r#"{"allow_promotion_codes":false}"#), none);
    let taxed = r#"{"automatic_tax":{"enabled":true},"customer_update":{"address":"auto"}}"#;
    assert_eq!(parts(taxed), AddedParts { tax: true, ..none });
    let shipped = r#"{"shipping_options":[{"shipping_rate":"shr_1"}]}"#;
    assert_eq!(
        parts(shipped),
        AddedParts {
            shipping: true,
            ..none
        }
    );
}

#[test]
fn a_guests_session_sends_no_option_of_a_stripe_customer() {
    let options =
        options(r#"{"customer_update":{"name":"auto"},"locale":"de","expires_after":1800}"#);

    assert_eq!(
        options
            .sent(false, SessionMode::Payment)
            .into_keys()
            .collect::<Vec<_>>(),
        ["locale"]
    );
    let sent: Vec<_> = options
        .sent(true, SessionMode::Payment)
        .into_keys()
        .collect();
    assert_eq!(sent, ["customer_update", "locale"]);
}

#[test]
fn fields_of_each_type_with_keys_of_their_own_are_accepted() {
    let fields = r#"{"custom_fields":[
        {"key":"size","label":{"type":"custom","custom":"Size"},"type":"dropdown",
            "dropdown":{"options":[{"label":"Large","value":"large"}]}},
        {"key":"age","label":{"type":"custom","custom":"Age"},"type":"numeric"},
        {"key":"note","label":{"type":"custom","custom":"Note"},"type":"text","optional":true,
            "text":{"maximum_length":80}}]}"#;

    assert!(parse(fields).is_ok());
    let mixed = fields.replace(
        r#""type":"text","optional""#,
        r#""type":"numeric","optional""#,
    );
    let refused = parse(&mixed).unwrap_err();
    assert!(
        refused.contains("`custom_fields[2].text` must not be set"),
        "{refused}"
    );
}

#[test]
fn a_caller_holds_one_subscription_of_a_product_unless_the_file_allows_several() {
    for (file, expected) in [
        ("{}", false),
        (r#"{"subscriptions":{"multiple":false}}"#, false),
        (r#"{"subscriptions":{"multiple":true}}"#, true),
    ] {
        let parsed = parse(file).unwrap();
        assert_eq!(parsed.has_multiple_subscriptions(), expected, "{file}");
    }
}

#[test]
fn each_mode_is_sent_its_own_options() {
    let options = options(
        r#"{"locale":"de","payment_method_collection":"if_required",
            "invoice_creation":{"enabled":true},
            "shipping_options":[{"shipping_rate":"shr_1"}],
            "subscription_data":{"trial_period_days":7}}"#,
    );
    let sent = |mode| -> Vec<&str> { options.sent(true, mode).into_keys().collect() };

    let payment = ["invoice_creation", "locale", "shipping_options"];
    assert_eq!(sent(SessionMode::Payment), payment);
    let subscription = ["locale", "payment_method_collection"];
    assert_eq!(sent(SessionMode::Subscription), subscription);
    assert!(options.added_parts(SessionMode::Payment).shipping);
    assert!(!options.added_parts(SessionMode::Subscription).shipping);
}

#[test]
fn a_subscription_has_fareboxs_metadata_beside_the_shops() {
    let options = options(r#"{"subscription_data":{"description":"Pro","metadata":{"a":"b"}}}"#);
    let ours = std::collections::BTreeMap::from([("farebox_order".to_owned(), "o_1".to_owned())]);

    let data = serde_json::to_value(options.subscription_data(ours)).unwrap();
    let expected = serde_json::json!({ "description": "Pro",
        "metadata": { "a": "b", "farebox_order": "o_1" } });
    assert_eq!(data, expected);
}

#[test]
fn the_options_tell_how_much_of_the_first_period_is_due() {
    for (data, expected) in [
        (r#"{"description":"Pro"}"#, DueToday::All),
        (r#"{"trial_period_days":7}"#, DueToday::Nothing),
        (r#"{"trial_end":1800000000}"#, DueToday::Nothing),
        (r#"{"billing_cycle_anchor":1800000000}"#, DueToday::Part),
    ] {
        let json = format!(r#"{{"subscription_data":{data}}}"#);
        assert_eq!(options(&json).due_today(), expected, "{data}");
    }
    assert_eq!(options("{}").due_today(), DueToday::All);
}
