//! What the demo shop's Checkout offers: a code, tax and shipping, as the example shop's; and a
//! trial of its plans.

use serde_json::{Value, json};

/// The promotion code of the sandbox.
pub(crate) const CODE: &str = "WELCOME";
/// What it takes off.
pub(crate) const PERCENT_OFF: f64 = 10.0;

/// The example shop's checkout file.
const FILE: &str = include_str!("../../examples/site/checkout.json");

/// The options, for a signed order's `checkout`.
pub(crate) fn options() -> Value {
    serde_json::from_str(FILE).expect("the file is JSON: a test opens a session with it")
}

/// The days of a plan's trial, as its price says. Stripe's Checkout takes them from the checkout
/// file alone.
pub(crate) fn trial_days() -> Option<u32> {
    let catalogue = sandbox::demo_catalogue();
    catalogue.iter().find_map(|price| price.trial_days)
}

/// The checkout file of a run that has none of its own.
pub(crate) fn file() -> Value {
    json!({ "subscription_data": { "trial_period_days": trial_days() } })
}
