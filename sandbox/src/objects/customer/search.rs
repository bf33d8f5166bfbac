//! Search for customers by one pair of metadata: `metadata['key']:'value'`. New customers are found
//! at once, where Stripe may take an hour.

use serde_json::{Value, json};

use super::KIND;
use crate::{error::Error, list::Page, route::Call, state::State};

pub(super) fn search(state: &mut State, mut call: Call) -> Result<Value, Error> {
    let query = call.params.required("query")?;
    let page = Page::read(&mut call.params)?;
    call.params.finish()?;
    let (key, value) = pair(&query).ok_or_else(|| {
        let message = "The sandbox searches only by metadata['key']:'value'.";
        Error::invalid(message).param("query")
    })?;
    let url = "/v1/customers/search";
    let found = page.of(&state.store, KIND, url, |customer| {
        customer["metadata"][key] == value
    })?;
    Ok(json!({
        "object": "search_result", "url": url, "has_more": found["has_more"],
        "next_page": null, "data": found["data"],
    }))
}

/// The key and the value in a query; neither contains quotes.
fn pair(query: &str) -> Option<(&str, &str)> {
    let inside = query.strip_prefix("metadata['")?.strip_suffix('\'')?;
    let (key, value) = inside.split_once("']:'")?;
    let is_plain = |text: &str| !text.contains(['\'', '"', '\\']);
    (is_plain(key) && is_plain(value)).then_some((key, value))
}
