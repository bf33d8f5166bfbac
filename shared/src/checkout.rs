//! The options of Checkout Sessions, in Stripe's own parameter names
//! (<https://docs.stripe.com/api/checkout/sessions/create>).
//!
//! They come from `checkout.json`, which ships with Farebox, or from the file that
//! `FAREBOX_CHECKOUT` names; a signed order may replace each of them. A browser may only choose
//! among the file's `choices`. What Stripe would refuse is refused here, by its path in the object.

mod mode;
mod options;
mod rules;
mod schema;
mod settings;

pub use mode::{DueToday, SessionMode};
pub use options::{AddedParts, CheckoutOptions};
pub use settings::{CheckoutChoice, CheckoutSettings};

#[cfg(test)]
mod tests;
