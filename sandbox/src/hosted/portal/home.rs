//! The portal's own page.

use serde_json::Value;

use super::{Visit, details};
use crate::{
    clock,
    hosted::checkout::{field::alert, plan},
    money,
    objects::{invoice, payment_method, portal},
    page::{self, escape, link},
    response::Response,
    state::State,
    store::{number, text},
};

/// The page, with the problem of the last change.
pub(super) fn page(visit: &Visit<'_>, problem: Option<&str>) -> Response {
    let features = visit.features();
    let state = visit.engine.state();
    let customer = text(&visit.session, "customer");
    let back = visit.shop().map(|url| link(&url, "Back to the shop"));
    let invoices = match features["invoice_history"]["enabled"] == true {
        true => invoices(&state, customer),
        false => String::new(),
    };
    let body = [
        alert(problem),
        subscriptions(visit, &state, &features),
        cards(visit, &state, &features),
        details::html(visit, &state, &features),
        invoices,
        payments(&state, customer),
        back.unwrap_or_default(),
    ];
    page::page(200, "Your account", &body.concat())
}

fn section(id: &str, title: &str, nothing: &str, rows: &str, more: &str) -> String {
    let inside = match rows {
        "" => format!("<p class=\"soft\">{nothing}</p>"),
        rows => format!("<table aria-labelledby=\"{id}\"><tbody>{rows}</tbody></table>"),
    };
    format!("<section><h2 id=\"{id}\">{title}</h2>{inside}{more}</section>")
}

fn subscriptions(visit: &Visit<'_>, state: &State, features: &Value) -> String {
    let all = portal::subscriptions(state, &visit.session);
    all.iter()
        .map(|held| one(visit, state, features, held))
        .collect()
}

fn one(visit: &Visit<'_>, state: &State, features: &Value, held: &Value) -> String {
    let items = held["items"]["data"].as_array().into_iter().flatten();
    let rows: String = items.map(|item| item_row(state, item)).collect();
    let id = escape(text(held, "id"));
    let more = format!(
        "<p>{}</p>{}",
        escape(&standing(held)),
        actions(visit, features, held)
    );
    section(
        &format!("plan-{id}"),
        "Subscription",
        "No items.",
        &rows,
        &more,
    )
}

/// The name, the quantity and the price of an item.
pub(super) fn item_row(state: &State, item: &Value) -> String {
    let name = invoice::product_name(state, item);
    let count = match item["quantity"].as_i64() {
        None | Some(1) => String::new(),
        Some(count) => format!(" <span class=\"soft\">× {count}</span>"),
    };
    let price = plan::price(&item["price"]);
    format!("<tr><td>{}{count}</td><td>{price}</td></tr>", escape(&name))
}

/// What happens next to a subscription.
fn standing(held: &Value) -> String {
    let end = day(&held["items"]["data"][0]["current_period_end"]);
    if held["status"] == "canceled" {
        return format!("Ended on {}.", day(&held["ended_at"]));
    }
    if !held["cancel_at"].is_null() {
        return format!("Ends on {}.", day(&held["cancel_at"]));
    }
    match text(held, "status") {
        "trialing" => format!("Free until {}.", day(&held["trial_end"])),
        "active" => format!("Renews on {end}."),
        "past_due" | "unpaid" => "A payment is overdue.".to_owned(),
        "paused" => "Paused.".to_owned(),
        _ => "Waits for its first payment.".to_owned(),
    }
}

fn actions(visit: &Visit<'_>, features: &Value, held: &Value) -> String {
    if !matches!(text(held, "status"), "active" | "trialing" | "past_due") {
        return String::new();
    }
    let path = format!("{}/subscriptions/{}", visit.base, text(held, "id"));
    let mut actions = Vec::new();
    if features["subscription_update"]["enabled"] == true {
        actions.push(link(&format!("{path}/update"), "Change the plan"));
    }
    if features["subscription_cancel"]["enabled"] == true {
        actions.push(match held["cancel_at"].is_null() {
            true => link(&format!("{path}/cancel"), "Cancel the subscription"),
            false => button(&format!("{path}/resume"), "Keep the subscription"),
        });
    }
    actions.concat()
}

/// A form that is nothing but a button.
fn button(path: &str, label: &str) -> String {
    let (path, label) = (escape(path), escape(label));
    format!(
        "<form method=\"post\" action=\"{path}\"><button class=\"second\">{label}</button></form>"
    )
}

/// Brand, last four digits and expiry of each card.
fn cards(visit: &Visit<'_>, state: &State, features: &Value) -> String {
    let customer = text(&visit.session, "customer");
    let changes = features["payment_method_update"]["enabled"] == true;
    let kept = payment_method::of_customer(state, customer);
    let methods = kept.iter().filter_map(|id| state.store.find(id));
    let cards = methods.filter(|method| method["type"] == "card");
    let default = state.store.find(customer);
    let default = default.map(|held| text(&held["invoice_settings"], "default_payment_method"));
    let default = default.unwrap_or_default();
    let rows: String = cards
        .map(|method| {
            let is_default = text(method, "id") == default;
            let choose = format!("{}/card/{}", visit.base, text(method, "id"));
            let last4 = text(&method["card"], "last4");
            let choose = match changes && !is_default {
                true => button(&choose, &format!("Use the card ending in {last4}")),
                false => String::new(),
            };
            card(&method["card"], is_default, &choose)
        })
        .collect();
    let add = match changes {
        true => link(&format!("{}/card", visit.base), "Add a card"),
        false => String::new(),
    };
    section("cards", "Cards", "No saved cards.", &rows, &add)
}

fn card(card: &Value, is_default: bool, choose: &str) -> String {
    let (brand, last4) = (escape(text(card, "brand")), escape(text(card, "last4")));
    let (month, year) = (number(card, "exp_month"), number(card, "exp_year"));
    let default = if is_default {
        " <span class=\"soft\">default</span>"
    } else {
        ""
    };
    format!(
        "<tr><td>{brand} ending in {last4}{default}{choose}</td><td>{month:02}/{year}</td></tr>"
    )
}

fn invoices(state: &State, customer: &str) -> String {
    let all = state.store.all(invoice::KIND).rev();
    let all = all.filter(|one| one["customer"] == *customer && one["status"] != "draft");
    let rows: String = all.map(|one| invoice_row(&one)).collect();
    section("invoices", "Invoices", "No invoices.", &rows, "")
}

fn invoice_row(one: &Value) -> String {
    let (date, amount) = (day(&one["created"]), number(one, "total"));
    let amount = money::written(amount, text(one, "currency"));
    let (number, status) = (escape(text(one, "number")), escape(text(one, "status")));
    let name = match text(one, "hosted_invoice_url") {
        "" => number.into_owned(),
        url => format!("<a href=\"{}\">{number}</a>", escape(url)),
    };
    format!("<tr><td>{date} {name} <span class=\"soft\">{status}</span></td><td>{amount}</td></tr>")
}

fn payments(state: &State, customer: &str) -> String {
    let charges = state.store.all("charge").rev();
    let charges = charges.filter(|charge| charge["customer"] == *customer);
    let rows: String = charges.map(|charge| payment(&charge)).collect();
    section("payments", "Payments", "No payments.", &rows, "")
}

fn payment(charge: &Value) -> String {
    let (date, what) = (day(&charge["created"]), text(charge, "description"));
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

/// The day of a time.
pub(super) fn day(at: &Value) -> String {
    let at = clock::iso(at.as_u64().unwrap_or_default());
    at.get(..10).unwrap_or_default().to_owned()
}
