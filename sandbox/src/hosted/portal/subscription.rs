//! The pages that cancel, keep or change a subscription.

use serde_json::{Value, json};

use super::{Visit, home};
use crate::{
    hosted::checkout::{field, plan},
    objects::{invoice, portal},
    page::note,
    response::Response,
    state::State,
    store::{number, text},
};

/// Serves `subscriptions/{id}/{what}`.
pub(super) fn respond(visit: &Visit<'_>, id: &str, what: &str) -> Response {
    let held = portal::subscription(&visit.engine.state(), &visit.session, id);
    let Ok(held) = held else {
        let words = "It belongs to somebody else, or never existed.";
        return note(404, "This subscription does not exist", words, None);
    };
    let form = visit.request.params.clone().unwrap_or_default();
    match (visit.request.method.as_str(), what) {
        ("POST", "cancel") => cancel(visit, &held, &form),
        ("POST", "resume") => resume(visit, id),
        ("POST", "update") => change(visit, &held, &chosen(&held, &form), "subscription_update"),
        ("POST", "confirm") => {
            let item = planned(visit);
            change(visit, &held, &item, "subscription_update_confirm")
        }
        (_, "cancel") => cancel_page(visit, &held, None),
        (_, "update") => update_page(visit, &held, None),
        (_, "confirm") => confirm_page(visit, &held, None),
        _ => note(
            404,
            "This page does not exist",
            "Go back to the shop.",
            None,
        ),
    }
}

/// The items of a subscription, as a table.
fn items(state: &State, held: &Value) -> String {
    let items = held["items"]["data"].as_array().into_iter().flatten();
    let rows: String = items.map(|item| home::item_row(state, item)).collect();
    format!("<table><tbody>{rows}</tbody></table>")
}

fn cancel_page(visit: &Visit<'_>, held: &Value, problem: Option<&str>) -> Response {
    let feature = visit.features()["subscription_cancel"].clone();
    let end = home::day(&held["items"]["data"][0]["current_period_end"]);
    let words = match text(&feature, "mode") {
        "immediately" => "It ends at once.".to_owned(),
        _ => format!("It ends on {end}, and is not renewed."),
    };
    let reason = &feature["cancellation_reason"];
    let options = reason["options"].as_array().into_iter().flatten();
    let options = options
        .filter_map(Value::as_str)
        .map(|option| (option, option.replace('_', " ")));
    let options: Vec<(&str, String)> = options.collect();
    let choices = options
        .iter()
        .map(|(value, label)| (*value, label.as_str()));
    let choices: Vec<(&str, &str)> = std::iter::once(("", "Choose")).chain(choices).collect();
    let reason = match reason["enabled"] == true {
        true => field::select("feedback", "Why do you cancel? (optional)", "", &choices),
        false => String::new(),
    };
    let items = items(&visit.engine.state(), held);
    let form = format!(
        "<form method=\"post\" aria-label=\"Cancel\">{}{items}<p>{words}</p>{reason}\
         <button>Cancel the subscription</button></form>",
        field::alert(problem)
    );
    visit.page("Cancel your subscription", &form)
}

fn cancel(visit: &Visit<'_>, held: &Value, form: &Value) -> Response {
    let id = text(held, "id");
    let feedback = text(form, "feedback");
    let feedback = (!feedback.is_empty()).then_some(feedback);
    visit.make(
        |state| portal::cancel(state, &visit.session, id, feedback),
        |_| visit.done("subscription_cancel"),
        |problem| cancel_page(visit, held, Some(problem)),
    )
}

fn resume(visit: &Visit<'_>, id: &str) -> Response {
    visit.make(
        |state| portal::resume(state, &visit.session, id),
        |_| visit.done("subscription_resume"),
        |problem| home::page(visit, Some(problem)),
    )
}

fn update_page(visit: &Visit<'_>, held: &Value, problem: Option<&str>) -> Response {
    let features = visit.features();
    let state = visit.engine.state();
    let item = &held["items"]["data"][0];
    let prices = portal::prices(&state, &visit.session);
    let plans: String = prices
        .iter()
        .map(|price| {
            let is_held = price["id"] == item["price"]["id"];
            let name = invoice::product_name(&state, &json!({ "price": price }));
            let label = format!("{name} {}", plan::price(price));
            field::tick("radio", "price", text(price, "id"), &label, is_held)
        })
        .collect();
    let allowed = features["subscription_update"]["default_allowed_updates"].as_array();
    let seats = allowed.is_some_and(|allowed| allowed.contains(&json!("quantity")));
    let seats = match seats && item["quantity"].is_i64() {
        true => {
            let count = number(item, "quantity").to_string();
            field::input("quantity", "Quantity", &count, "type=\"number\" min=\"1\"")
        }
        false => String::new(),
    };
    let form = format!(
        "<form method=\"post\" aria-label=\"Change\">{}{}{}{seats}<button>Change the plan</button>\
         </form>",
        field::alert(problem),
        items(&state, held),
        field::fieldset("Plans", &plans),
    );
    visit.page("Change your plan", &form)
}

/// The item that the form describes.
fn chosen(held: &Value, form: &Value) -> Value {
    let price = form["price"].as_str().filter(|price| !price.is_empty());
    let quantity = form["quantity"]
        .as_str()
        .and_then(|count| count.parse::<i64>().ok());
    json!({ "id": held["items"]["data"][0]["id"], "price": price, "quantity": quantity })
}

fn change(visit: &Visit<'_>, held: &Value, item: &Value, kind: &str) -> Response {
    let id = text(held, "id");
    visit.make(
        |state| portal::change(state, &visit.session, id, item),
        |_| visit.done(kind),
        |problem| match kind {
            "subscription_update" => update_page(visit, held, Some(problem)),
            _ => confirm_page(visit, held, Some(problem)),
        },
    )
}

/// The item of the session's flow.
fn planned(visit: &Visit<'_>) -> Value {
    visit.session["flow"]["subscription_update_confirm"]["items"][0].clone()
}

fn confirm_page(visit: &Visit<'_>, held: &Value, problem: Option<&str>) -> Response {
    let item = planned(visit);
    let state = visit.engine.state();
    let before = held["items"]["data"].as_array().into_iter().flatten();
    let before = before.into_iter().find(|one| one["id"] == item["id"]);
    let Some(mut after) = before.cloned() else {
        return note(
            404,
            "This change does not exist",
            "Go back to the shop.",
            None,
        );
    };
    if let Some(price) = item["price"].as_str().and_then(|id| state.store.find(id)) {
        after["price"] = price.clone();
    }
    if item["quantity"].is_i64() {
        after["quantity"] = item["quantity"].clone();
    }
    let form = format!(
        "<form method=\"post\" aria-label=\"Confirm\">{}<h2>From</h2>{}<h2>To</h2>\
         <table><tbody>{}</tbody></table><button>Confirm the change</button></form>",
        field::alert(problem),
        items(&state, held),
        home::item_row(&state, &after),
    );
    visit.page("Confirm your change", &form)
}
