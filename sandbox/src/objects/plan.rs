//! Plans, the older form of recurring prices, which Stripe's command line still creates.

use serde_json::Value;

use crate::{
    error::Error,
    money,
    objects::{price, product, subscription},
    route::{Call, Route},
    state::State,
    store::text,
};

/// This kind's routes.
pub(crate) const ROUTES: &[Route] = &[
    Route::new("POST", "/v1/plans", create),
    Route::new("GET", "/v1/plans/{}", retrieve),
];

fn create(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let params = &mut call.params;
    let currency = money::currency(params)?;
    let amount = params.integer("amount")?.filter(|amount| *amount >= 0);
    let amount = amount.ok_or_else(|| params.missing("amount"))?;
    let interval = params.choice("interval", &["day", "month", "week", "year"])?;
    let interval = interval.ok_or_else(|| params.missing("interval"))?;
    let count = params.integer("interval_count")?.unwrap_or(1);
    let named = match params.is_group("product") {
        true => None,
        false => Some(params.required("product")?),
    };
    let data = params.nested("product")?;
    call.params.finish()?;
    let product = match (named, data) {
        (Some(id), _) => {
            state.store.get("product", &id, "product")?;
            id
        }
        (None, data) => {
            let made = product::make(state, data.unwrap_or_default())?;
            text(&made, "id").to_owned()
        }
    };
    let price = price::per_interval(state, &product, (&currency, amount), (&interval, count));
    Ok(subscription::plan(&price))
}

fn retrieve(state: &mut State, call: Call) -> Result<Value, Error> {
    let id = call.id();
    call.params.finish()?;
    let price = state.store.get(price::KIND, &id, "id")?;
    match price["type"] == "recurring" {
        true => Ok(subscription::plan(price)),
        false => Err(Error::missing("plan", &id, "id")),
    }
}
