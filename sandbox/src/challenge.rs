//! The page of a 3-D Secure challenge, where the payer chooses the result.

use serde_json::{Value, json};

use crate::{
    caller::Caller,
    engine::Engine,
    money,
    objects::{payment_intent, setup_intent},
    page::{escape, framed, note, page},
    request::Request,
    response::Response,
    route::{self, Operation},
    store::{number, text},
};

/// Serves `/_sandbox/3ds/{id}`: the page, or the payer's choice.
pub(crate) fn respond(engine: &Engine, request: &Request) -> Option<Response> {
    let id = request.path.strip_prefix("/_sandbox/3ds/")?;
    let params = request.params.as_ref().unwrap_or(&Value::Null);
    let intent = engine.state().store.find(id).cloned().unwrap_or_default();
    let secret = text(&intent, "client_secret");
    if secret.is_empty() || text(params, "client_secret") != secret {
        let words = "The link is incomplete, or the payment has another link.";
        return Some(note(404, "This challenge does not exist", words, None));
    }
    if request.method != "POST" {
        return Some(question(&intent));
    }
    let choice = json!({ "client_secret": secret, "outcome": params["outcome"] });
    // After a second click the challenge is already complete; redirect the payer all the same.
    let authenticate: Operation = match text(&intent, "object") {
        setup_intent::KIND => setup_intent::authenticate,
        _ => payment_intent::authenticate,
    };
    let answered = route::call(engine, authenticate, id, Caller::Control, choice);
    let passed = answered.is_ok_and(|intent| {
        intent["last_payment_error"].is_null() && intent["last_setup_error"].is_null()
    });
    Some(back(&intent, passed))
}

/// Redirects the payer back to the shop, as Stripe's own page does.
fn back(intent: &Value, succeeded: bool) -> Response {
    let url = text(&intent["next_action"]["redirect_to_url"], "return_url");
    if url.is_empty() {
        return note(200, "Done", "You can close this page.", None);
    }
    let (url, fragment) = url.split_once('#').unwrap_or((url, ""));
    let separator = if url.contains('?') { '&' } else { '?' };
    let (id, secret) = (text(intent, "id"), text(intent, "client_secret"));
    let kind = text(intent, "object");
    let status = if succeeded { "succeeded" } else { "failed" };
    let fragment = if fragment.is_empty() {
        String::new()
    } else {
        format!("#{fragment}")
    };
    let location = format!(
        "{url}{separator}{kind}={id}&{kind}_client_secret={secret}\
         &redirect_status={status}{fragment}"
    );
    Response::empty(303).header("location", &location)
}

fn question(intent: &Value) -> Response {
    let (id, secret) = (
        escape(text(intent, "id")),
        escape(text(intent, "client_secret")),
    );
    let what = match text(intent, "object") {
        setup_intent::KIND => "Confirm with your bank that you save this card".to_owned(),
        _ => {
            let amount = money::written(number(intent, "amount"), text(intent, "currency"));
            format!("Confirm with your bank that you pay {}", escape(&amount))
        }
    };
    let body = format!(
        "<form method=\"post\" action=\"/_sandbox/3ds/{id}\">\
         <p>{what}.</p><p><code>{id}</code></p>\
         <input type=\"hidden\" name=\"client_secret\" value=\"{secret}\">\
         <button name=\"outcome\" value=\"success\">Complete authentication</button> \
         <button name=\"outcome\" value=\"failure\">Fail authentication</button></form>"
    );
    // The payer of an embedded Checkout is in a frame.
    framed(page(200, "3-D Secure test page", &body))
}
