//! Tokens of card data, for pages that send one to their server.

use serde_json::{Value, json};

use super::payment_method::Card;
use crate::{
    clock::now,
    error::Error,
    ids,
    route::{Call, Route},
    state::State,
    store::text,
};

const KIND: &str = "token";

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/tokens", create).publishable(),
    Route::new("GET", "/v1/tokens/{}", retrieve),
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let card = params
        .nested("card")?
        .ok_or_else(|| params.missing("card"))?;
    let card = Card::typed(card)?;
    params.accept(&[
        "payment_user_agent",
        "guid",
        "muid",
        "sid",
        "_stripe_version",
    ]);
    call.params.finish()?;
    card.check()?;
    let token = shape(&card.shape());
    state
        .tokens
        .insert(text(&token, "id").to_owned(), card.params());
    state.store.insert(token.clone());
    Ok(token)
}

fn shape(card: &Value) -> Value {
    let (last4, month, year) = (&card["last4"], &card["exp_month"], &card["exp_year"]);
    json!({
        "id": ids::long("tok_1"),
        "object": KIND,
        "card": {
            "id": ids::long("card_1"),
            "object": "card",
            "address_city": null,
            "address_country": null,
            "address_line1": null,
            "address_line1_check": null,
            "address_line2": null,
            "address_state": null,
            "address_zip": null,
            "address_zip_check": null,
            "brand": title(text(card, "brand")),
            "country": card["country"],
            "cvc_check": "unchecked",
            "dynamic_last4": null,
            "exp_month": month,
            "exp_year": year,
            "fingerprint": card["fingerprint"],
            "funding": card["funding"],
            "last4": last4,
            "metadata": {},
            "name": null,
            "networks": { "preferred": null },
            "regulated_status": "unregulated",
            "tokenization_method": null,
        },
        "client_ip": null,
        "created": now(),
        "livemode": false,
        "type": "card",
        "used": false,
    })
}

/// The display name of a card network.
fn title(brand: &str) -> &'static str {
    match brand {
        "visa" => "Visa",
        "mastercard" => "MasterCard",
        "amex" => "American Express",
        _ => "Unknown",
    }
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    state.store.get(KIND, &id, "id").cloned()
}
