//! The rules between options: what Stripe takes only together, or not together.

use super::CheckoutOptions;
use crate::strict_json::Value;

/// Checks the rules; the error is a path below `place`, and the fault there.
pub(super) fn check(options: &CheckoutOptions, place: &str) -> Result<(), String> {
    let wrong = |name: &str, what: &str| Err(format!("`{place}{name}` {what}"));
    if options.is_on("allow_promotion_codes") && options.get("discounts").is_some() {
        return wrong("discounts", "cannot be beside `allow_promotion_codes`");
    }
    for (list, one, other) in [
        ("discounts", "coupon", "promotion_code"),
        ("shipping_options", "shipping_rate", "shipping_rate_data"),
    ] {
        for (n, entry) in options.list(list).iter().enumerate() {
            let has = |name| at(entry, &[name]).is_some();
            if has(one) == has(other) {
                let what = format!("must have either `{one}` or `{other}`");
                return wrong(&format!("{list}[{n}]"), &what);
            }
        }
    }
    check_custom_fields(options, place)?;
    check_subscription_data(options, place)?;
    for (option, update) in [("automatic_tax", "address"), ("tax_id_collection", "name")] {
        let is_updated = options.text(&["customer_update", update]) == Some("auto");
        if options.is_enabled(option) && !is_updated {
            let name = format!("customer_update.{update}");
            let what =
                format!("must be `auto` beside `{option}`, for payers with a Stripe customer");
            return wrong(&name, &what);
        }
    }
    let asks_where_to = options.get("shipping_address_collection").is_some();
    let is_updated = options.text(&["customer_update", "shipping"]) == Some("auto");
    if options.is_enabled("automatic_tax") && asks_where_to && !is_updated {
        return wrong(
            "customer_update.shipping",
            "must be `auto` beside `automatic_tax` and `shipping_address_collection`, for payers \
             with a Stripe customer",
        );
    }
    Ok(())
}

/// A first period has one end, and Farebox's own metadata is not replaced.
fn check_subscription_data(options: &CheckoutOptions, place: &str) -> Result<(), String> {
    const NAME: &str = "subscription_data";
    let wrong = |name: &str, what: &str| Err(format!("`{place}{NAME}.{name}` {what}"));
    let data = options.get(NAME);
    let has = |name| data.is_some_and(|data| at(data, &[name]).is_some());
    for (name, other) in [
        ("trial_end", "trial_period_days"),
        ("billing_cycle_anchor", "trial_period_days"),
        ("billing_cycle_anchor", "trial_end"),
    ] {
        if has(name) && has(other) {
            return wrong(name, &format!("cannot be beside `{other}`"));
        }
    }
    let metadata = data.and_then(|data| at(data, &["metadata"])?.object());
    let is_ours = |key: &String| key.starts_with("farebox_");
    match metadata.is_some_and(|all| all.keys().any(is_ours)) {
        true => wrong("metadata", "must not have keys that begin with farebox_"),
        false => Ok(()),
    }
}

/// A custom field has the settings of its own type alone, and a key of its own.
fn check_custom_fields(options: &CheckoutOptions, place: &str) -> Result<(), String> {
    let fields = options.list("custom_fields");
    for (n, field) in fields.iter().enumerate() {
        let wrong =
            |name: &str, what: &str| Err(format!("`{place}custom_fields[{n}]{name}` {what}"));
        let kind = at(field, &["type"])
            .and_then(Value::text)
            .unwrap_or_default();
        for other in ["dropdown", "numeric", "text"] {
            if other != kind && at(field, &[other]).is_some() {
                return wrong(&format!(".{other}"), "must not be set for another type");
            }
        }
        if kind == "dropdown" && at(field, &["dropdown"]).is_none() {
            return wrong(".dropdown", "is missing");
        }
        let same = |other: &&Value| at(other, &["key"]) == at(field, &["key"]);
        if fields.iter().filter(same).count() > 1 {
            return wrong(".key", "is another field's");
        }
    }
    Ok(())
}

/// The value at a path of names in `value`.
pub(super) fn at<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    names
        .iter()
        .try_fold(value, |value, name| value.object()?.get(*name))
}
