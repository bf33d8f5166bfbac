//! The parts of `openapi.json` that all functions share.
//!
//! A function describes its handler by [`utoipa::path`] and its own types, and lists its errors in
//! its [`Function`](crate::Function). `cargo dev generate` assembles the descriptions. A deployed
//! function never calls any of this, so that the linker leaves it out.

use std::collections::BTreeMap;

use hyper::StatusCode;
use serde_json::{Value, json};
use utoipa::openapi::{
    RefOr, Schema,
    content::ContentBuilder,
    header::{Header, HeaderBuilder},
    response::{Response, ResponseBuilder},
    schema::{ObjectBuilder, Type},
};

use crate::{
    error::{Code, ErrorSpec, Retry},
    function::Operation,
};

/// Responses by their status.
pub type Responses = BTreeMap<String, RefOr<Response>>;

/// The errors of every function.
const ANY: [Code; 2] = [Code::Internal, Code::Unavailable];
/// The errors of every function whose callers need a permission.
const KNOWN: [Code; 2] = [Code::Unauthenticated, Code::Forbidden];

/// The responses of `operation` that are errors.
#[must_use]
pub fn errors(operation: &Operation) -> Responses {
    let mut codes = operation.errors.concat();
    if operation.permission.is_some() {
        codes.extend(KNOWN);
    }
    codes.extend(ANY);
    let mut by_status: BTreeMap<String, Vec<Code>> = BTreeMap::new();
    for code in codes {
        let status = code.spec().status.as_u16().to_string();
        by_status.entry(status).or_default().push(code);
    }
    let responses = by_status.into_iter();
    responses
        .map(|(status, codes)| (status, RefOr::T(response(&codes))))
        .collect()
}

/// The response of one status, with any of `codes`.
fn response(codes: &[Code]) -> Response {
    let rows: Vec<&ErrorSpec> = codes.iter().map(|code| code.spec()).collect();
    let texts: Vec<String> = rows
        .iter()
        .map(|row| format!("`{}`: {}", row.code, row.when))
        .collect();
    let content = ContentBuilder::new()
        .schema(Some(body(codes)))
        .example(Some(example(rows[0].code)))
        .build();
    let mut response = ResponseBuilder::new()
        .description(texts.join("; "))
        .content("application/json", content);
    if rows.iter().any(|row| row.retry != Retry::Never) {
        let seconds = "The seconds after which the caller may send the same request again";
        response = response.header("Retry-After", header(Type::Integer, seconds));
    }
    if rows[0].status == StatusCode::UNAUTHORIZED {
        let scheme = "`Bearer`: the scheme of the token that the route requires";
        response = response.header("WWW-Authenticate", header(Type::String, scheme));
    }
    response.build()
}

/// `{"error": {"code", "message", "requestId"}}`, with these codes; with `orderId` where one names
/// an order, and `clientSecret` where one has a secret.
fn body(codes: &[Code]) -> Schema {
    let rows: Vec<&ErrorSpec> = codes.iter().map(|code| code.spec()).collect();
    let text = || ObjectBuilder::new().schema_type(Type::String);
    let code = match rows[0].status {
        // The bank's own codes: there are many, and new ones come.
        StatusCode::PAYMENT_REQUIRED => text(),
        _ => text().enum_values(Some(rows.iter().map(|row| row.code))),
    };
    let mut error = ObjectBuilder::new()
        .property("code", code)
        .property("message", text())
        .property("requestId", text())
        .required("code")
        .required("message")
        .required("requestId");
    if codes.iter().any(|code| code.names_order()) {
        let order = "The id of the paid or processing order: lead the payer to it";
        error = error.property("orderId", text().description(Some(order)));
    }
    if codes.iter().any(|code| code.names_subscription()) {
        let subscription = "With `already_subscribed`: the id of the caller's subscription";
        let subscription = text().description(Some(subscription));
        error = error.property("subscription", subscription);
    }
    if codes.iter().any(|code| code.has_secret()) {
        let secret = "With `authentication_required`: the payment intent's client secret, with \
                      which Stripe.js confirms the payment in the payer's browser";
        error = error.property("clientSecret", text().description(Some(secret)));
    }
    let body = ObjectBuilder::new().property("error", error);
    body.required("error").into()
}

fn example(code: &str) -> Value {
    let message = "a text for the caller";
    json!({ "error": { "code": code, "message": message, "requestId": "req_00c0ffee00c0ffee" } })
}

/// A header of a response.
#[must_use]
pub fn header(of: Type, text: &str) -> Header {
    let schema = ObjectBuilder::new().schema_type(of);
    let header = HeaderBuilder::new().schema(Some(schema));
    header.description(Some(text)).build()
}
