//! The receipt of a charge, which shows its present state.

use serde_json::Value;

use crate::page::{escape, note, page};
use crate::{
    clock,
    engine::Engine,
    money,
    objects::charge,
    response::Response,
    store::{number, text},
};

/// Serves `/receipts/payment/{charge}/{token}`.
pub(super) fn respond(engine: &Engine, path: &str) -> Response {
    let state = engine.state();
    let id = path.strip_prefix(charge::RECEIPTS).unwrap_or_default();
    let id = id.split('/').next().unwrap_or_default();
    let charge = state.store.find(id);
    let url = format!("{}{path}", state.url);
    match charge.filter(|charge| text(charge, "receipt_url") == url) {
        Some(charge) => page(200, "Receipt", &body(charge)),
        None => {
            let words = "The link is incomplete. Open the link in the shop's message.";
            note(404, "This receipt does not exist", words, None)
        }
    }
}

fn body(charge: &Value) -> String {
    let written = |amount| money::written(amount, text(charge, "currency"));
    let paid = match (&charge["captured"], text(charge, "status")) {
        (Value::Bool(true), "succeeded") => {
            ("Amount paid", written(number(charge, "amount_captured")))
        }
        (Value::Bool(false), "succeeded") => {
            ("Amount authorized", written(number(charge, "amount")))
        }
        (_, status) => ("Status", status.to_owned()),
    };
    let refunded = match number(charge, "amount_refunded") {
        0 => String::new(),
        refunded => written(refunded),
    };
    let created = clock::iso(charge["created"].as_u64().unwrap_or_default());
    let date = created.get(..10).unwrap_or_default().to_owned();
    let rows = [
        paid,
        ("Date", date),
        ("Payment method", method(&charge["payment_method_details"])),
        ("Refunded", refunded),
        (
            "On the statement",
            text(charge, "calculated_statement_descriptor").to_owned(),
        ),
    ];
    let rows: String = rows.iter().map(row).collect();
    let lines = ["description", "receipt_email"].map(|field| match text(charge, field) {
        "" => String::new(),
        line => format!("<p>{}</p>", escape(line)),
    });
    let lines = lines.concat();
    format!("<section>{lines}<table aria-label=\"Receipt\"><tbody>{rows}</tbody></table></section>")
}

/// A row of the table; none without a value.
fn row((name, value): &(&str, String)) -> String {
    match value.as_str() {
        "" => String::new(),
        value => format!(
            "<tr><th scope=\"row\">{name}</th><td>{}</td></tr>",
            escape(value)
        ),
    }
}

fn method(details: &Value) -> String {
    let kind = text(details, "type");
    let last4 = text(&details[kind], "last4");
    match (text(&details[kind], "brand"), last4) {
        (_, "") => kind.replace('_', " "),
        ("", last4) => format!("{} ending in {last4}", kind.replace('_', " ")),
        (brand, last4) => format!("{brand} ending in {last4}"),
    }
}
