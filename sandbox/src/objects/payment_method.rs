//! Payment methods: test cards and accounts by name, card data, and bank accounts.
//!
//! - [`account`]: bank accounts to debit.
//! - [`card`]: card data, and tokens of it.
//! - [`attachment`]: payment methods of customers.
//! - [`transfer`]: bank transfers and vouchers, which the payer pays elsewhere.

use serde_json::{Value, json};

use crate::{
    behaviour::Behaviour,
    clock::now,
    error::Error,
    ids, metadata,
    objects::payment_intent,
    params::Params,
    route::{Call, Route},
    state::State,
    store::text,
    test_accounts, test_cards,
};

mod account;
mod attachment;
mod card;
mod transfer;

pub(crate) use account::{ACH, KINDS as DEBITS, of_currency as debit_of};
pub(crate) use attachment::{Listed, attach, attach_to, detach, of_customer};
pub(crate) use card::{Card, REDISPLAY, read};
pub(crate) use transfer::{KINDS as PAID_ELSEWHERE, of_currency as voucher_of};

/// Stripe's name for this kind of object.
pub(crate) const KIND: &str = "payment_method";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/payment_methods", create).publishable(),
    Route::new("GET", "/v1/payment_methods", attachment::list),
    Route::new("GET", "/v1/payment_methods/{}", retrieve),
    Route::new("POST", "/v1/payment_methods/{}", update),
    Route::new("POST", "/v1/payment_methods/{}/attach", attachment::attach),
    Route::new("POST", "/v1/payment_methods/{}/detach", attachment::detach).publishable(),
];

/// A payment method in a request, before it is stored.
#[derive(Debug)]
pub(crate) struct Chosen {
    object: Value,
    behaviour: Behaviour,
}

impl Chosen {
    /// Reads `payment_method` or `payment_method_data`.
    pub(crate) fn read(state: &State, params: &mut Params) -> Result<Option<Self>, Error> {
        let data = params.nested("payment_method_data")?;
        if let Some(id) = params.text("payment_method")? {
            return Self::named(state, &id, KIND).map(Some);
        }
        data.map(|data| card::read(state, data)).transpose()
    }

    /// Rejects a card that the bank declines before it is attached.
    pub(crate) fn attachable(self) -> Result<Self, Error> {
        match self.behaviour {
            Behaviour::Declines(decline) => Err(Error::card(decline.code, decline.message)
                .with("decline_code", decline.decline_code)
                .executed()),
            _ => Ok(self),
        }
    }

    /// Rejects another customer's payment method.
    pub(crate) fn check_customer(&self, intent: &Value) -> Result<(), Error> {
        if intent["automatic_payment_methods"].is_null() {
            self.fits_types(intent)?;
        }
        self.fits_details(intent)?;
        let keeper = &self.object["customer"];
        if keeper.is_null() || *keeper == intent["customer"] {
            return Ok(());
        }
        let message = "This payment_method belongs to a customer; set the same customer.";
        Err(Error::invalid(message).param(KIND))
    }

    /// Rejects a type without the intent's capture or statement descriptor.
    fn fits_details(&self, intent: &Value) -> Result<(), Error> {
        let kind = text(&self.object, "type");
        if kind != "card" && payment_intent::is_manual(intent, kind) {
            let message = format!("A {kind} cannot be captured manually.");
            let error = Error::invalid(&message).code("payment_intent_incompatible_payment_method");
            return Err(error.param(KIND));
        }
        if kind == "card" && intent["statement_descriptor"].is_string() {
            let message = "A card's payment has no statement_descriptor of its own: use \
                           statement_descriptor_suffix.";
            return Err(Error::invalid(message).param("statement_descriptor"));
        }
        Ok(())
    }

    /// Rejects a type that an object's `payment_method_types` do not contain.
    pub(crate) fn fits_types(&self, object: &Value) -> Result<(), Error> {
        let kind = text(&self.object, "type");
        let types = object["payment_method_types"].as_array();
        if types.is_none_or(|types| types.iter().any(|listed| listed == kind)) {
            return Ok(());
        }
        let message = format!("This {} does not accept a {kind}.", text(object, "object"));
        Err(Error::invalid(&message).param(KIND))
    }

    /// Adds a payer's details, where the payment method has none and is no customer's.
    pub(crate) fn billed_to(mut self, payer: &Value) -> Self {
        if self.object["customer"].is_null() {
            let billing = &mut self.object["billing_details"];
            for field in ["email", "name", "phone"] {
                if billing[field].is_null() {
                    billing[field] = payer[field].clone();
                }
            }
            if billing["address"]["country"].is_null() && payer["address"].is_object() {
                billing["address"] = payer["address"].clone();
            }
        }
        self
    }

    /// The payer's billing details.
    pub(crate) fn billing_details(&self) -> &Value {
        &self.object["billing_details"]
    }

    /// The card of a token, the older way to save one: `tok_visa`.
    pub(crate) fn of_source(state: &State, token: &str) -> Result<Self, Error> {
        let data = json!({ "type": "card", "card": { "token": token } });
        card::read(state, Params::new(data))
    }

    /// A stored payment method, or a new one of a test card or account.
    pub(crate) fn named(state: &State, id: &str, param: &str) -> Result<Self, Error> {
        if let Some(card) = test_cards::named(id) {
            return Ok(Self::of_number(card.number, card.behaviour, 12, 2034));
        }
        if let Some(account) = test_accounts::named(id) {
            return Ok(account::named(account));
        }
        let object = state.store.get(KIND, id, param)?.clone();
        let behaviour = state
            .behaviours
            .get(id)
            .copied()
            .unwrap_or(Behaviour::Succeeds);
        Ok(Self { object, behaviour })
    }

    fn of_number(number: &str, behaviour: Behaviour, month: i64, year: i64) -> Self {
        let object = shape("card", card::shape(number, month, year));
        Self { object, behaviour }
    }

    /// Stores the payment method; returns its id.
    pub(crate) fn save(self, state: &mut State) -> String {
        let id = text(&self.object, "id").to_owned();
        state.behaviours.insert(id.clone(), self.behaviour);
        state.store.insert(self.object);
        id
    }
}

/// Rejects a payment method that does not exist, or is not this customer's.
pub(crate) fn expect_of(state: &State, id: &str, customer: &str, param: &str) -> Result<(), Error> {
    let method = state.store.get(KIND, id, param)?;
    if method["customer"] == *customer {
        return Ok(());
    }
    let message = format!(
        "The customer does not have a payment method with the ID {id}. The payment method must be \
         attached to the customer."
    );
    let error = Error::invalid(&message).code("resource_missing");
    Err(error.param(param))
}

/// A payment method in Stripe's form; `details` are the fields of its type.
fn shape(kind: &str, details: Value) -> Value {
    let mut method = json!({
        "id": ids::long("pm_1"),
        "object": KIND,
        "allow_redisplay": "unspecified",
        "billing_details": billing_details(),
        "created": now(),
        "customer": null,
        "customer_account": null,
        "livemode": false,
        "metadata": {},
        "type": kind,
    });
    method[kind] = details;
    method
}

/// Empty billing details.
pub(crate) fn billing_details() -> Value {
    json!({
        "address": {
            "city": null, "country": null, "line1": null,
            "line2": null, "postal_code": null, "state": null,
        },
        "email": null,
        "name": null,
        "phone": null,
        "tax_id": null,
    })
}

/// Creates a payment method without a customer.
pub(crate) fn create(state: &mut State, call: Call) -> Result<Value, Error> {
    let chosen = card::read(state, call.params)?;
    let id = chosen.save(state);
    state.store.get(KIND, &id, "id").cloned()
}

fn update(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let mut method = state.store.get(KIND, &call.id(), "id")?.clone();
    let params = &mut call.params;
    let billing = params.any("billing_details");
    method["billing_details"] = card::filled(method["billing_details"].take(), billing);
    if let Some(mut card) = params.nested("card")? {
        for field in ["exp_month", "exp_year"] {
            if let Some(value) = card.integer(field)? {
                method["card"][field] = value.into();
            }
        }
        card.finish()?;
    }
    if let Some(redisplay) = params.choice("allow_redisplay", REDISPLAY)? {
        method["allow_redisplay"] = redisplay.into();
    }
    if let Some(metadata) = metadata::merged(params, &method["metadata"])? {
        method["metadata"] = metadata;
    }
    call.params.finish()?;
    if method["customer"].is_null() {
        let message = "Only a payment_method that is attached to a customer can be updated.";
        return Err(Error::invalid(message).executed());
    }
    Ok(state.change_object("payment_method.updated", text(&method, "id"), &method))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}
