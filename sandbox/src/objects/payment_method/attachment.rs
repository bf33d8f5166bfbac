//! Payment methods of customers.

use serde_json::{Value, json};

use super::{Chosen, KIND, REDISPLAY};
use crate::{
    caller::Caller,
    error::Error,
    list::{Page, is},
    objects::{
        customer,
        customer_session::{self, SECRET},
    },
    params::Params,
    route::Call,
    state::State,
    store::text,
};

/// Attaches a payment method to a customer, unless it is attached.
pub(crate) fn attach_to(state: &mut State, method: &str, customer: &str) -> Value {
    let held = state.store.find(method).cloned().unwrap_or_default();
    if held["customer"].is_string() {
        return held;
    }
    let patch = json!({ "customer": customer });
    state.change_object("payment_method.attached", method, &patch)
}

/// The ids of a customer's payment methods.
pub(crate) fn of_customer(state: &State, customer: &str) -> Vec<String> {
    let kept = state
        .store
        .all(KIND)
        .filter(|method| method["customer"] == *customer);
    kept.map(|method| text(&method, "id").to_owned()).collect()
}

/// Attaches a payment method. A name such as `pm_card_visa` creates a new one.
pub(crate) fn attach(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let keeper = call.params.required("customer")?;
    call.params.finish()?;
    let chosen = Chosen::named(state, &id, "id")?;
    customer::expect(state, &keeper)?;
    let held = &chosen.object["customer"];
    if held.is_string() && *held != *keeper {
        let message = "This payment_method is attached to another customer; detach it first.";
        return Err(Error::invalid(message).param("customer").executed());
    }
    let method = chosen.attachable()?.save(state);
    Ok(attach_to(state, &method, &keeper))
}

/// Detaches a payment method, for a server, or for a page with a customer session.
pub(crate) fn detach(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let id = call.id();
    let secret = match call.caller {
        Caller::Publishable => Some(call.params.required(SECRET)?),
        _ => None,
    };
    call.params.finish()?;
    let method = state.store.get(KIND, &id, "id")?;
    if let Some(secret) = secret {
        customer_session::check_removal(state, &secret, method)?;
    }
    if method["customer"].is_null() {
        let message = "This payment_method is not attached to a customer.";
        return Err(Error::invalid(message).executed());
    }
    let owner = text(method, "customer").to_owned();
    let patch = json!({ "customer": null });
    let detached = state.change_object("payment_method.detached", &id, &patch);
    customer::forget_method(state, &owner, &id);
    Ok(detached)
}

pub(super) fn list(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let page = Page::read(&mut call.params)?;
    let keeper = call.params.text("customer")?;
    let listed = Listed::read(&mut call.params)?;
    call.params.finish()?;
    if let Some(keeper) = &keeper {
        customer::expect(state, keeper)?;
    }
    page.of(&state.store, KIND, "/v1/payment_methods", |method| {
        let mine = match &keeper {
            Some(keeper) => method["customer"] == **keeper,
            None => true,
        };
        mine && listed.includes(method)
    })
}

/// The filters of a list of payment methods.
pub(crate) struct Listed {
    kind: Option<String>,
    redisplay: Option<String>,
}

impl Listed {
    /// Reads `type` and `allow_redisplay`.
    pub(crate) fn read(params: &mut Params) -> Result<Self, Error> {
        Ok(Self {
            kind: params.text("type")?,
            redisplay: params.choice("allow_redisplay", REDISPLAY)?,
        })
    }

    /// Returns true when a payment method has both.
    pub(crate) fn includes(&self, method: &Value) -> bool {
        is(&method["type"], self.kind.as_ref())
            && is(&method["allow_redisplay"], self.redisplay.as_ref())
    }
}
