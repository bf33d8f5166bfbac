//! The customer portal: a customer's cards and payments.

use serde_json::Value;

use crate::page::{escape, link, note, page};
use crate::{
    clock,
    engine::Engine,
    money,
    objects::payment_method,
    response::Response,
    state::State,
    store::{number, text},
};

/// Serves `/p/session/{secret}`.
pub(super) fn respond(engine: &Engine, secret: &str) -> Response {
    let state = engine.state();
    let session = state
        .portals
        .get(secret)
        .and_then(|id| state.store.find(id));
    let Some(session) = session else {
        let words = "The link is incomplete. Go back to the shop and open it again.";
        return note(404, "This page does not exist", words, None);
    };
    let customer = text(session, "customer");
    let back = match text(session, "return_url") {
        "" => String::new(),
        url => link(url, "Back to the shop"),
    };
    let (cards, payments) = (cards(&state, customer), payments(&state, customer));
    page(200, "Your payments", &format!("{cards}{payments}{back}"))
}

fn section(id: &str, title: &str, nothing: &str, rows: &str) -> String {
    let inside = match rows {
        "" => format!("<p class=\"soft\">{nothing}</p>"),
        rows => format!("<table aria-labelledby=\"{id}\"><tbody>{rows}</tbody></table>"),
    };
    format!("<section><h2 id=\"{id}\">{title}</h2>{inside}</section>")
}

/// Brand, last four digits and expiry of each card.
fn cards(state: &State, customer: &str) -> String {
    let kept = payment_method::of_customer(state, customer);
    let methods = kept.iter().filter_map(|id| state.store.find(id));
    let cards = methods.filter(|method| method["type"] == "card");
    let rows: String = cards.map(|method| card(&method["card"])).collect();
    section("cards", "Cards", "No saved cards.", &rows)
}

fn card(card: &Value) -> String {
    let (brand, last4) = (escape(text(card, "brand")), escape(text(card, "last4")));
    let (month, year) = (number(card, "exp_month"), number(card, "exp_year"));
    format!("<tr><td>{brand} ending in {last4}</td><td>{month:02}/{year}</td></tr>")
}

fn payments(state: &State, customer: &str) -> String {
    let charges = state.store.all("charge").rev();
    let charges = charges.filter(|charge| charge["customer"] == *customer);
    let rows: String = charges.map(|charge| payment(&charge)).collect();
    section("payments", "Payments", "No payments.", &rows)
}

fn payment(charge: &Value) -> String {
    let at = clock::iso(charge["created"].as_u64().unwrap_or_default());
    let (date, what) = (
        at.get(..10).unwrap_or_default(),
        text(charge, "description"),
    );
    let status = match text(charge, "status") {
        _ if charge["refunded"] == true => "refunded",
        _ if number(charge, "amount_refunded") > 0 => "partly refunded",
        "succeeded" => "paid",
        status => status,
    };
    let amount = money::written(number(charge, "amount"), text(charge, "currency"));
    let (what, status) = (escape(what), escape(status));
    format!("<tr><td>{date} <span class=\"soft\">{status}</span> {what}</td><td>{amount}</td></tr>")
}
