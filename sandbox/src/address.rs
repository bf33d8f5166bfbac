//! Addresses, as parameters.

use serde_json::{Map, Value};

use crate::{error::Error, params::Params};

const FIELDS: &[&str] = &["city", "country", "line1", "line2", "postal_code", "state"];

/// Reads an address; absent fields are `null`.
pub(crate) fn address(mut given: Params) -> Result<Value, Error> {
    let mut address = Map::new();
    for field in FIELDS {
        let value = given.clearable(field)?.unwrap_or_default();
        address.insert((*field).to_owned(), value);
    }
    given.finish()?;
    Ok(address.into())
}

/// Reads the `shipping` of a payment: `None` when it is absent, `null` when it is empty.
pub(crate) fn shipping(params: &mut Params) -> Result<Option<Value>, Error> {
    if !params.is_group("shipping") {
        return match params.clearable("shipping")? {
            Some(Value::String(_)) => Err(params.mistyped("shipping", "a group of parameters")),
            cleared => Ok(cleared),
        };
    }
    let Some(mut given) = params.nested("shipping")? else {
        return Ok(None);
    };
    let place = given.nested("address")?;
    let place = place.ok_or_else(|| given.missing("address"))?;
    let mut shipping = Map::from_iter([
        ("address".to_owned(), address(place)?),
        ("name".to_owned(), given.required("name")?.into()),
    ]);
    for field in ["carrier", "phone", "tracking_number"] {
        let value = given.clearable(field)?.unwrap_or_default();
        shipping.insert(field.to_owned(), value);
    }
    given.finish()?;
    Ok(Some(shipping.into()))
}
