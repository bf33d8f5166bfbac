//! The customer portal: a customer's subscriptions, cards, invoices and payments.
//!
//! - [`home`]: all of it on one page.
//! - [`subscription`]: the pages that cancel or change a subscription.
//! - [`card`]: the page for a new card.
//! - [`details`]: the customer's name and addresses.

use serde_json::Value;

use crate::page::{link, note, page, see_other};
use crate::{
    engine::Engine, error::Error, objects::portal, request::Request, response::Response,
    state::State, store::text,
};

mod card;
mod details;
mod home;
mod subscription;

/// A request to the page of a portal session.
struct Visit<'a> {
    engine: &'a Engine,
    request: &'a Request,
    session: Value,
    /// The path of the session's pages.
    base: String,
}

/// Serves `/p/session/{secret}` and the pages below it.
pub(super) fn respond(engine: &Engine, request: &Request, rest: &str) -> Response {
    let (secret, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let session = of_secret(&engine.state(), secret);
    let Some(session) = session else {
        let words = "The link is incomplete. Go back to the shop and open it again.";
        return note(404, "This page does not exist", words, None);
    };
    let base = format!("/p/session/{secret}");
    let visit = Visit {
        engine,
        request,
        session,
        base,
    };
    let parts: Vec<&str> = rest.split('/').collect();
    match (request.method.as_str(), parts.as_slice()) {
        ("GET" | "HEAD", [""]) => visit.start(),
        ("GET" | "HEAD", ["home"]) => home::page(&visit, None),
        (_, ["subscriptions", id, what]) => subscription::respond(&visit, id, what),
        (_, ["card"]) => card::respond(&visit),
        ("GET", ["card", "return"]) => card::returned(&visit),
        ("POST", ["details"]) => details::respond(&visit),
        ("POST", ["card", id]) => card::choose(&visit, id),
        _ => note(
            404,
            "This page does not exist",
            "Go back to the shop.",
            None,
        ),
    }
}

fn of_secret(state: &State, secret: &str) -> Option<Value> {
    let id = state.portals.get(secret)?;
    state.store.find(id).cloned()
}

impl Visit<'_> {
    /// The first page: the flow's, if the session has one.
    fn start(&self) -> Response {
        let flow = &self.session["flow"];
        let to = match text(flow, "type") {
            "" => return home::page(self, None),
            "payment_method_update" => "card".to_owned(),
            kind => {
                let id = text(&flow[kind], "subscription");
                let what = match kind {
                    "subscription_cancel" => "cancel",
                    "subscription_update" => "update",
                    _ => "confirm",
                };
                format!("subscriptions/{id}/{what}")
            }
        };
        see_other(&format!("{}/{to}", self.base))
    }

    /// Makes a change for the customer; shows the next page, or the problem on this one.
    fn make<T>(
        &self,
        work: impl FnOnce(&mut State) -> Result<T, Error>,
        next: impl FnOnce(T) -> Response,
        again: impl FnOnce(&str) -> Response,
    ) -> Response {
        let result = self.engine.change(self.request.origin(), work);
        match result {
            Ok(done) => next(done),
            Err(error) => again(error.field("message")),
        }
    }

    /// The page after a change: the one that the flow names, or the portal's own.
    fn done(&self, kind: &str) -> Response {
        let flow = &self.session["flow"];
        let after = &flow["after_completion"];
        let home = format!("{}/home", self.base);
        if flow["type"] != kind {
            return see_other(&home);
        }
        match text(after, "type") {
            "redirect" => see_other(text(&after["redirect"], "return_url")),
            "hosted_confirmation" => {
                let words = match text(&after["hosted_confirmation"], "custom_message") {
                    "" => "Your change was made.",
                    message => message,
                };
                note(
                    200,
                    "Done",
                    words,
                    self.shop().as_deref().map(|url| (url, "Back to the shop")),
                )
            }
            _ => see_other(&home),
        }
    }

    /// The shop's URL, if the session has one.
    fn shop(&self) -> Option<String> {
        let url = text(&self.session, "return_url");
        (!url.is_empty()).then(|| url.to_owned())
    }

    /// The link below a page: to the shop from a flow, else to the portal.
    fn back(&self) -> String {
        match (self.session["flow"].is_null(), self.shop()) {
            (false, Some(url)) => link(&url, "Back to the shop"),
            _ => link(&format!("{}/home", self.base), "Back to your account"),
        }
    }

    /// A page of one form.
    fn page(&self, title: &str, form: &str) -> Response {
        page(200, title, &format!("{form}{}", self.back()))
    }

    fn features(&self) -> Value {
        portal::features(&self.engine.state(), &self.session)
    }
}
