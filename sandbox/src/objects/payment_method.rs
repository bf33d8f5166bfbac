//! Payment methods: test cards by name, card data, and a bank account that settles late.

use serde_json::{Value, json};

use crate::{
    cards::{self, Behaviour},
    error::Error,
    ids,
    params::Params,
    route::{Call, Route},
    state::{State, now},
};

mod card;

const KIND: &str = "payment_method";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[Route::new("GET", "/v1/payment_methods/{}", retrieve)];

/// A payment method that a request names or describes, and that is not kept yet.
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
            return Self::named(state, &id).map(Some);
        }
        data.map(card::read).transpose()
    }

    fn named(state: &State, id: &str) -> Result<Self, Error> {
        if let Some(card) = cards::named(id) {
            return Ok(Self::of_number(card.number, card.behaviour, 12, 2034));
        }
        let object = state.store.get(KIND, id, "payment_method")?.clone();
        let behaviour = state
            .behaviours
            .get(id)
            .copied()
            .unwrap_or(Behaviour::Succeeds);
        Ok(Self { object, behaviour })
    }

    fn of_number(number: &str, behaviour: Behaviour, month: i64, year: i64) -> Self {
        let object = match behaviour {
            Behaviour::SettlesLater => shape("us_bank_account", account(number)),
            _ => shape("card", card::shape(number, month, year)),
        };
        Self { object, behaviour }
    }

    /// Keeps the payment method; answers its id.
    pub(crate) fn keep(self, state: &mut State) -> String {
        let id = crate::store::text(&self.object, "id").to_owned();
        state.behaviours.insert(id.clone(), self.behaviour);
        state.store.insert(self.object);
        id
    }
}

/// A payment method as Stripe shows it; `details` are of its own type.
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

/// Billing details that nobody filled in.
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

fn account(number: &str) -> Value {
    json!({
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": "STRIPE TEST BANK",
        "financial_connections_account": null,
        "fingerprint": ids::short(""),
        "last4": &number[number.len().saturating_sub(4)..],
        "networks": { "preferred": "ach", "supported": ["ach"] },
        "routing_number": "110000000",
        "status_details": null,
    })
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}
