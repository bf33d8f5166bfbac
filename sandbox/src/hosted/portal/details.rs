//! The form with a customer's name and addresses.

use serde_json::{Map, Value};

use super::{Visit, home};
use crate::{
    hosted::checkout::field::input, objects::portal, page::escape, page::see_other,
    response::Response, state::State, store::text,
};

/// The parts of a customer that the page has a field for.
const FIELDS: &[(&str, &str)] = &[
    ("email", "E-mail"),
    ("name", "Name"),
    ("phone", "Phone number"),
];

/// The form; empty when the shop does not allow changes.
pub(super) fn html(visit: &Visit<'_>, state: &State, features: &Value) -> String {
    let feature = &features["customer_update"];
    let allowed = feature["allowed_updates"].as_array();
    let allows = |part: &str| allowed.is_some_and(|allowed| allowed.iter().any(|one| one == part));
    let customer = state.store.find(text(&visit.session, "customer"));
    let held = customer.unwrap_or(&Value::Null);
    let shown = FIELDS.iter().filter(|(part, _)| allows(part));
    let fields: String = shown
        .map(|(part, label)| input(part, label, text(held, part), ""))
        .collect();
    if feature["enabled"] != true || fields.is_empty() {
        return String::new();
    }
    format!(
        "<form method=\"post\" action=\"{}/details\" aria-labelledby=\"details\">\
         <h2 id=\"details\">Your details</h2>{fields}<button class=\"second\">Save</button></form>",
        escape(&visit.base),
    )
}

/// Serves `details`: saves the form.
pub(super) fn respond(visit: &Visit<'_>) -> Response {
    let form = visit.request.params.clone().unwrap_or_default();
    let given = FIELDS.iter().filter_map(|(part, _)| {
        let value = form.get(*part)?.clone();
        Some(((*part).to_owned(), value))
    });
    let given: Map<String, Value> = given.collect();
    visit.make(
        |state| portal::update_customer(state, &visit.session, given.into()),
        |_| see_other(&format!("{}/home", visit.base)),
        |problem| home::page(visit, Some(problem)),
    )
}
