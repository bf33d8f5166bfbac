//! The export: a page of orders as CSV (RFC 4180), for spreadsheets.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` or a control character for a
//! formula, or may. Such a text gets a `'` in front. Numbers are never negative. Amounts are in
//! minor units, times in RFC 3339.

use axum::response::{IntoResponse as _, Response};
use hyper::{
    HeaderMap, Uri,
    header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, HeaderValue, LINK},
};
use serde_json::Value;
use shared::{order::OrderView, rfc3339};

const KIND: &str = "text/csv; charset=utf-8; header=present";
const FILE: &str = "attachment; filename=\"orders.csv\"";

/// The columns, by the names of the fields of an order and of its `amounts`.
const COLUMNS: [&str; 15] = [
    "orderId",
    "status",
    "currency",
    "amount",
    "subtotal",
    "discount",
    "tax",
    "shipping",
    "refundedAmount",
    "refundPendingAmount",
    "createdAt",
    "updatedAt",
    "paidAt",
    "description",
    "items",
];

/// Returns true when `Accept` prefers CSV to JSON.
#[must_use]
pub fn is_preferred(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT).iter();
    let values = values.filter_map(|value| value.to_str().ok());
    let ranges: Vec<(String, f32)> = values
        .flat_map(|value| value.split(','))
        .map(range)
        .collect();
    let weight = |kind: &str| {
        let range = ranges.iter().find(|(name, _)| name == kind);
        range.map_or(0.0, |(_, weight)| *weight)
    };
    weight("text/csv") > weight("application/json")
}

/// A media range and its weight.
fn range(text: &str) -> (String, f32) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default().to_ascii_lowercase();
    let weight = parts.find_map(|part| part.strip_prefix("q=")?.parse().ok());
    (name, weight.unwrap_or(1.0))
}

/// The export of `orders`. The header `Link` names the next page of the request for `uri`.
#[must_use]
pub fn response(orders: &[OrderView], next: Option<&str>, uri: &Uri) -> Response {
    let mut response = text(orders).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(KIND));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(FILE));
    // A query that reached this function is valid in a header.
    if let Some(link) = next.and_then(|next| HeaderValue::try_from(link(next, uri)).ok()) {
        headers.insert(LINK, link);
    }
    response
}

/// The query of the next page, relative to the URL of this one.
fn link(next: &str, uri: &Uri) -> String {
    let query = uri.query().unwrap_or_default().split('&');
    let others = query.filter(|pair| !pair.is_empty() && !pair.starts_with("cursor="));
    let cursor = format!("cursor={next}");
    let pairs: Vec<&str> = others.chain([&*cursor]).collect();
    format!("<?{}>; rel=\"next\"", pairs.join("&"))
}

/// The header row, and a row for each order.
fn text(orders: &[OrderView]) -> String {
    let mut text = COLUMNS.join(",") + "\r\n";
    for order in orders {
        let order = serde_json::to_value(order).expect("an order has text keys alone");
        let cells = COLUMNS.map(|column| match &order[column] {
            Value::Null => cell(column, &order["amounts"][column]),
            value => cell(column, value),
        });
        text.push_str(&cells.join(","));
        text.push_str("\r\n");
    }
    text
}

fn cell(column: &str, value: &Value) -> String {
    match value {
        Value::Number(seconds) if column.ends_with("At") => {
            rfc3339::format(seconds.as_i64().unwrap_or_default())
        }
        Value::Number(number) => number.to_string(),
        Value::String(text) => quoted(text),
        Value::Array(items) => {
            let items = items.iter().map(item);
            quoted(&items.collect::<Vec<_>>().join("; "))
        }
        _ => String::new(),
    }
}

/// Such as `2 mug`.
fn item(item: &Value) -> String {
    let sold = item["price"].as_str().or(item["name"].as_str());
    format!("{} {}", item["quantity"], sold.unwrap_or_default())
}

/// A text that no spreadsheet takes for a formula, in quotes.
fn quoted(text: &str) -> String {
    let is_formula = text.starts_with(|first: char| {
        first.is_control() || "=+-@\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}".contains(first)
    });
    let guard = if is_formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
