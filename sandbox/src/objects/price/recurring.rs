//! The `recurring` of a price: how often it is billed, and what is counted.

use serde_json::{Value, json};

use crate::{error::Error, list::is, objects::meter, params::Params, state::State};

/// The intervals of recurring prices.
const INTERVALS: &[&str] = &["day", "month", "week", "year"];

/// The `recurring` hash of a licensed price.
pub(crate) fn recurrence(interval: &str, count: i64) -> Value {
    json!({
        "interval": interval,
        "interval_count": count,
        "meter": null,
        "trial_period_days": null,
        "usage_type": "licensed",
    })
}

/// Reads `recurring`; a price without one is paid once.
pub(crate) fn read(state: &State, params: &mut Params, price: &mut Value) -> Result<(), Error> {
    let Some(mut given) = params.nested("recurring")? else {
        return Ok(());
    };
    let interval = given.choice("interval", INTERVALS)?;
    let interval = interval.ok_or_else(|| given.missing("interval"))?;
    let count = given.integer("interval_count")?.unwrap_or(1);
    let longest = match interval.as_str() {
        "day" => 3 * 365,
        "week" => 3 * 52,
        "month" => 3 * 12,
        _ => 3,
    };
    if !(1..=longest).contains(&count) {
        let message = format!("interval_count has to be between 1 and {longest} {interval}s.");
        return Err(Error::invalid(&message).param(&given.name("interval_count")));
    }
    let mut recurring = recurrence(&interval, count);
    recurring["trial_period_days"] = json!(given.integer("trial_period_days")?);
    usage(state, &mut given, &mut recurring)?;
    given.finish()?;
    price["recurring"] = recurring;
    price["type"] = "recurring".into();
    Ok(())
}

/// Reads what is counted: a quantity, or the events of a meter.
fn usage(state: &State, given: &mut Params, recurring: &mut Value) -> Result<(), Error> {
    let kind = given.choice("usage_type", &["licensed", "metered"])?;
    let meter = given.text("meter")?;
    let metered = kind.as_deref() == Some("metered");
    match meter {
        None if metered => Err(given.missing("meter")),
        Some(_) if !metered => {
            let message = "A meter requires usage_type=metered.";
            Err(Error::invalid(message).param(&given.name("meter")))
        }
        None => Ok(()),
        Some(id) => {
            state.store.get(meter::KIND, &id, &given.name("meter"))?;
            recurring["usage_type"] = "metered".into();
            recurring["meter"] = id.into();
            Ok(())
        }
    }
}

/// The filter `recurring` of a list.
#[derive(Debug, Default)]
pub(super) struct Filter {
    interval: Option<String>,
    meter: Option<String>,
    usage: Option<String>,
}

impl Filter {
    /// Reads `recurring[…]`.
    pub(super) fn read(params: &mut Params) -> Result<Self, Error> {
        let mut given = params.nested("recurring")?.unwrap_or_default();
        let filter = Self {
            interval: given.choice("interval", INTERVALS)?,
            meter: given.text("meter")?,
            usage: given.choice("usage_type", &["licensed", "metered"])?,
        };
        given.finish()?;
        Ok(filter)
    }

    /// Returns true for a price with all that the filter names.
    pub(super) fn includes(&self, price: &Value) -> bool {
        let recurring = &price["recurring"];
        is(&recurring["interval"], self.interval.as_ref())
            && is(&recurring["meter"], self.meter.as_ref())
            && is(&recurring["usage_type"], self.usage.as_ref())
    }
}
