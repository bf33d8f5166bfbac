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

/// The functions with a route.
pub static ROUTED: &[Routed] = &[
    Routed {
        function: create_checkout::FUNCTION,
        service: create_checkout::service,
        interface: create_checkout::Interface::openapi,
    },
    Routed {
        function: create_intent::FUNCTION,
        service: create_intent::service,
        interface: create_intent::Interface::openapi,
    },
    Routed {
        function: customer::FUNCTION,
        service: customer::service,
        interface: customer::Interface::openapi,
    },
    Routed {
        function: order::FUNCTION,
        service: order::service,
        interface: order::Interface::openapi,
    },
    Routed {
        function: portal::FUNCTION,
        service: portal::service,
        interface: portal::Interface::openapi,
    },
    Routed {
        function: refund::FUNCTION,
        service: refund::service,
        interface: refund::Interface::openapi,
    },
    Routed {
        function: webhook::FUNCTION,
        service: webhook::service,
        interface: webhook::Interface::openapi,
    },
];

/// The functions that a schedule starts. `cargo dev` delivers the outbox by a loop of its own, and asks
/// Stripe for missed events when a person presses the button.
pub static SCHEDULED: &[Function] = &[notify::FUNCTION, reconcile::FUNCTION];

/// All functions.
pub fn all() -> impl Iterator<Item = Function> {
    let routed = ROUTED.iter().map(|routed| routed.function);
    routed.chain(SCHEDULED.iter().copied())
}
