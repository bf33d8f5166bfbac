//! Recovery of an expired session: a URL that opens a copy of it.

use serde_json::{Value, json};

use super::{create, get};
use crate::{
    caller::Caller, clock::now, error::Error, params::Params, route::Call, state::State,
    store::text,
};

/// The time for which a recovery URL works, in seconds.
const LIFETIME: u64 = 30 * 86_400;

/// Reads `after_expiration` into the session.
pub(super) fn read(params: &mut Params, session: &mut Value) -> Result<(), Error> {
    let Some(mut given) = params.nested("after_expiration")? else {
        return Ok(());
    };
    let recovery = given.nested("recovery")?;
    let mut recovery = recovery.ok_or_else(|| given.missing("recovery"))?;
    let enabled = recovery.flag("enabled")?;
    let codes = recovery.flag("allow_promotion_codes")?.unwrap_or(false);
    session["after_expiration"] = json!({ "recovery": {
        "allow_promotion_codes": codes,
        "enabled": enabled.ok_or_else(|| recovery.missing("enabled"))?,
        "expires_at": null,
        "url": null,
    } });
    recovery.finish()?;
    given.finish()
}

fn is_enabled(session: &Value) -> bool {
    session["after_expiration"]["recovery"]["enabled"] == true
}

/// What the session keeps for its copy: its own parameters, or nothing without recovery.
pub(super) fn kept(given: &Params, session: &Value) -> Value {
    match is_enabled(session) {
        true => given.to_value(),
        false => Value::Null,
    }
}

/// The `after_expiration` of a session that expires now.
pub(super) fn after(session: &Value, sandbox: &str) -> Value {
    let mut after = session["after_expiration"].clone();
    if is_enabled(session) {
        let recovery = &mut after["recovery"];
        recovery["expires_at"] = (now() + LIFETIME).into();
        recovery["url"] = format!("{sandbox}/c/recover/{}", text(session, "id")).into();
    }
    after
}

/// Opens a copy of an expired session; returns the copy.
pub(crate) fn recover(state: &mut State, id: &str) -> Result<Value, Error> {
    let session = get(state, id)?;
    let recovery = &session["after_expiration"]["recovery"];
    let open = recovery["expires_at"].as_u64().is_some_and(|at| now() < at);
    let mut given = match state.drafts.get(id) {
        Some(draft) if open => draft["recovery"].clone(),
        _ => return Err(Error::invalid("This session cannot be recovered.")),
    };
    if let Some(given) = given.as_object_mut() {
        given.remove("expires_at");
        if recovery["allow_promotion_codes"] == true {
            given.remove("discounts");
            given.insert("allow_promotion_codes".to_owned(), "true".into());
        }
    }
    let call = Call {
        ids: Vec::new(),
        params: Params::new(given),
        caller: Caller::Secret,
    };
    let copy = create(state, call)?;
    Ok(state.update(text(&copy, "id"), &json!({ "recovered_from": id })))
}
