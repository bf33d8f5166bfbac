//! Meters, for tests.

use serde_json::{Value, json};

use super::Sandbox;
use crate::objects::meter;

impl Sandbox {
    /// Creates a meter that sums events with this event name; returns it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when an active meter has the name.
    pub fn add_meter(&self, event_name: &str) -> Result<Value, Value> {
        self.create_meter(json!({
            "display_name": event_name, "event_name": event_name,
            "default_aggregation": { "formula": "sum" },
        }))
    }

    /// Deactivates a meter (`mtr_…`): Stripe takes no further events for it.
    ///
    /// # Errors
    ///
    /// Stripe's error body when it is not active.
    pub fn deactivate_meter(&self, meter: &str) -> Result<Value, Value> {
        self.control(meter::deactivate, meter, json!({}))
    }

    /// The sum of the usage that a meter (`mtr_…`) has of a customer (`cus_…`).
    #[must_use]
    pub fn usage(&self, meter: &str, customer: &str) -> f64 {
        let state = self.engine.state();
        meter::usage(&state, meter, customer, i64::MIN, i64::MAX)
    }
}
