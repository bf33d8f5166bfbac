//! The order on the payment page: its lines, and what makes the total of them.

use serde_json::Value;

use super::plan;
use crate::{
    money,
    objects::checkout_session,
    page::escape,
    state::State,
    store::{number, text},
};

/// The table of a session's lines and amounts.
pub(in crate::hosted) fn html(state: &State, session: &Value) -> String {
    let items = state.lines.get(text(session, "id")).into_iter().flatten();
    let rows: String = items.map(line).collect();
    let total = written(session, number(session, "amount_total"));
    let parts: String = parts(state, session)
        .iter()
        .map(|(label, amount)| {
            let label = escape(label);
            format!("<tr class=\"part\"><th scope=\"row\">{label}</th><td>{amount}</td></tr>")
        })
        .collect();
    let later = plan::html(state, session);
    let label = match later.is_empty() {
        true => "Total",
        false => "Due today",
    };
    format!(
        "<section><h2 id=\"order\">Your order</h2><table aria-labelledby=\"order\">\
         <thead><tr><th scope=\"col\">Item</th><th scope=\"col\">Amount</th></tr></thead>\
         <tbody>{rows}</tbody>\
         <tfoot>{parts}<tr><th scope=\"row\">{label}</th><td>{total}</td></tr></tfoot>\
         </table>{later}</section>"
    )
}

fn written(session: &Value, amount: i64) -> String {
    money::written(amount, text(session, "currency"))
}

fn line(item: &Value) -> String {
    let amount = written(item, number(item, "amount_subtotal"));
    let name = escape(text(item, "description"));
    let count = match item["quantity"].as_i64() {
        Some(count) => format!("× {count}"),
        None => String::new(),
    };
    let every = plan::price(&item["price"]);
    format!("<tr><td>{name} <span class=\"soft\">{count} {every}</span></td><td>{amount}</td></tr>")
}

/// The subtotal, and what is added to it and taken off; nothing for a plain order.
fn parts(state: &State, session: &Value) -> Vec<(String, String)> {
    let details = &session["total_details"];
    let subtotal = number(session, "amount_subtotal");
    let (discount, shipping, tax) = (
        number(details, "amount_discount"),
        number(details, "amount_shipping"),
        number(details, "amount_tax"),
    );
    let mut parts = vec![("Subtotal".to_owned(), written(session, subtotal))];
    if discount > 0 {
        let label = match checkout_session::code(state, session).as_str() {
            "" => "Discount".to_owned(),
            code => format!("Discount {code}"),
        };
        parts.push((label, format!("−{}", written(session, discount))));
    }
    if let Some(rate) = state
        .store
        .find(text(&session["shipping_cost"], "shipping_rate"))
    {
        let label = format!("Shipping: {}", text(rate, "display_name"));
        parts.push((label, written(session, shipping)));
    }
    if session["automatic_tax"]["enabled"] == true {
        let added = number(session, "amount_total") - (subtotal - discount + shipping);
        let label = match added {
            added if added == tax => "Tax",
            0 => "Tax, included",
            _ => "Tax, in part included",
        };
        let is_known = session["automatic_tax"]["status"] == "complete";
        let amount = if is_known {
            written(session, tax)
        } else {
            "needs your address".to_owned()
        };
        parts.push((label.to_owned(), amount));
    }
    match parts.len() {
        1 => Vec::new(),
        _ => parts,
    }
}
