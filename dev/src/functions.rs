//! The list of all functions. A new function is one entry here.

use axum::routing::MethodRouter;
use shared::{App, Function};
use utoipa::{OpenApi as _, openapi::OpenApi};

/// A function with a route: what it is, how it is served, and what `openapi.json` says of it.
#[derive(Clone, Copy, Debug)]
pub struct Routed {
    /// What it is.
    pub function: Function,
    /// Serves it.
    pub service: fn(App) -> MethodRouter,
    /// Describes it.
    pub interface: fn() -> OpenApi,
}

macro_rules! routed {
    ($($function:ident),+ $(,)?) => {
        /// The functions with a route.
        pub static ROUTED: &[Routed] = &[$(Routed {
            function: $function::FUNCTION,
            service: $function::service,
            interface: $function::Interface::openapi,
        }),+];
    };
}

routed![
    create_checkout,
    create_intent,
    customer,
    order,
    portal,
    refund,
    webhook,
];

/// The functions that a schedule starts. `cargo dev` delivers the outbox by a loop of its own, and asks
/// Stripe for missed events when a person presses the button.
pub static SCHEDULED: &[Function] = &[fulfil::FUNCTION, reconcile::FUNCTION];

/// All functions.
pub fn all() -> impl Iterator<Item = Function> {
    let routed = ROUTED.iter().map(|routed| routed.function);
    routed.chain(SCHEDULED.iter().copied())
}
