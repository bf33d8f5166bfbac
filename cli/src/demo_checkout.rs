//! What the demo shop's Checkout offers: a code, tax and shipping, as the example shop's.

use serde_json::Value;

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
