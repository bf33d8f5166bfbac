//! What a subscription costs today and later, on the payment page.

use serde_json::Value;

use crate::{
    clock, money,
    objects::checkout_session,
    page::escape,
    state::State,
    store::{number, text},
};

/// The title of a session's page.
pub(super) fn title(state: &State, session: &Value, total: &str) -> String {
    let recurring = checkout_session::recurring(state, session);
    if recurring.is_null() {
        return format!("Pay {total}");
    }
    match recurring["trial"].is_null() {
        true => format!("Subscribe for {total}"),
        false => "Start your trial".to_owned(),
    }
}

/// The words on the button of a subscription's page.
pub(super) fn button(session: &Value) -> &'static str {
    match number(session, "amount_total") {
        0 => "Start the subscription",
        _ => "Subscribe",
    }
}

/// What a recurring price costs: `at 10.00 USD per month`.
pub(in crate::hosted) fn price(price: &Value) -> String {
    let recurring = &price["recurring"];
    if recurring.is_null() {
        return String::new();
    }
    let metered = match recurring["usage_type"] == "metered" {
        true => ", by usage",
        false => "",
    };
    let every = every(recurring);
    match price["unit_amount"].as_i64() {
        Some(amount) => {
            let amount = money::written(amount, text(price, "currency"));
            format!("at {amount} {every}{metered}")
        }
        None => format!("{every}{metered}"),
    }
}

/// `per month`, or `every 3 months`.
fn every(recurring: &Value) -> String {
    let interval = escape(text(recurring, "interval"));
    match number(recurring, "interval_count") {
        0 | 1 => format!("per {interval}"),
        count => format!("every {count} {interval}s"),
    }
}

/// What is due later; empty for a payment.
pub(super) fn html(state: &State, session: &Value) -> String {
    let recurring = checkout_session::recurring(state, session);
    if recurring.is_null() {
        return String::new();
    }
    let next = &recurring["due_next"];
    let amount = money::written(number(next, "amount"), text(session, "currency"));
    let metered = match recurring["is_metered"] == true {
        true => ", and your usage",
        false => "",
    };
    let from = date(&next["at"]);
    let later = format!("Then {amount} {}{metered}, from {from}.", every(&recurring));
    let trial = match recurring["trial"].is_null() {
        true => String::new(),
        false => {
            let days = number(&recurring["trial"], "days");
            let end = date(&recurring["trial"]["end"]);
            let days = if days == 1 {
                "1 day".to_owned()
            } else {
                format!("{days} days")
            };
            format!("<p>{days} free, until {end}.</p>")
        }
    };
    format!("{trial}<p>{later}</p>")
}

fn date(at: &Value) -> String {
    let at = clock::iso(at.as_u64().unwrap_or_default());
    at.get(..10).unwrap_or_default().to_owned()
}
