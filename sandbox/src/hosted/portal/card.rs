//! The page for a new card.

use serde_json::Value;

use super::{Visit, home};
use crate::{
    hosted::checkout::{field::alert, form},
    objects::portal,
    page::{escape, see_other},
    response::Response,
    store::text,
};

/// The flow that leads to this page.
const FLOW: &str = "payment_method_update";

/// Serves `card`: the form, or the card that was entered.
pub(super) fn respond(visit: &Visit<'_>) -> Response {
    if visit.features()[FLOW]["enabled"] != true {
        return home::page(visit, Some("The shop does not offer this here."));
    }
    if visit.request.method != "POST" {
        return entry(visit, None);
    }
    let given = visit.request.params.clone().unwrap_or_default();
    visit.make(
        |state| {
            let method = form::new_card(state, &given)?;
            let back = format!("{}{}/card/return", state.url, visit.base);
            portal::set_up(state, &visit.session, method, &back)
        },
        |intent| match text(&intent["next_action"]["redirect_to_url"], "url") {
            "" => visit.done(FLOW),
            challenge => see_other(challenge),
        },
        |problem| entry(visit, Some(problem)),
    )
}

/// Serves `card/return`: the customer comes back from the bank.
pub(super) fn returned(visit: &Visit<'_>) -> Response {
    let params = visit.request.params.as_ref().unwrap_or(&Value::Null);
    let intent = text(params, "setup_intent").to_owned();
    let problem = "The bank did not confirm this card. Try again, or use another one.";
    visit.make(
        |state| portal::keep(state, &visit.session, &intent),
        |kept| match kept {
            true => visit.done(FLOW),
            false => entry(visit, Some(problem)),
        },
        |_| entry(visit, Some(problem)),
    )
}

/// Serves `card/{id}`: the customer chooses a saved card.
pub(super) fn choose(visit: &Visit<'_>, id: &str) -> Response {
    visit.make(
        |state| portal::make_default(state, &visit.session, id),
        |()| visit.done(FLOW),
        |problem| home::page(visit, Some(problem)),
    )
}

fn entry(visit: &Visit<'_>, problem: Option<&str>) -> Response {
    let path = escape(&visit.base);
    let form = format!(
        "<form method=\"post\" action=\"{path}/card\" aria-label=\"Card\">{}{}\
         <button>Save this card</button></form>",
        alert(problem),
        form::card_fields(),
    );
    visit.page("Add a card", &form)
}
