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
    pub openapi: fn() -> OpenApi,
}

/// The functions with a route.
pub static ROUTED: &[Routed] = &[
    Routed {
        function: create_checkout::FUNCTION,
        service: create_checkout::service,
        openapi: create_checkout::ApiDoc::openapi,
    },
    Routed {
        function: create_intent::FUNCTION,
        service: create_intent::service,
        openapi: create_intent::ApiDoc::openapi,
    },
    Routed {
        function: customer::FUNCTION,
        service: customer::service,
        openapi: customer::ApiDoc::openapi,
    },
    Routed {
        function: order::FUNCTION,
        service: order::service,
        openapi: order::ApiDoc::openapi,
    },
    Routed {
        function: portal::FUNCTION,
        service: portal::service,
        openapi: portal::ApiDoc::openapi,
    },
    Routed {
        function: refund::FUNCTION,
        service: refund::service,
        openapi: refund::ApiDoc::openapi,
    },
    Routed {
        function: webhook::FUNCTION,
        service: webhook::service,
        openapi: webhook::ApiDoc::openapi,
    },
];

/// The functions that a schedule starts. `cargo dev` delivers the outbox by a loop of its own, and
/// asks Stripe for missed events when a person presses the button.
pub static SCHEDULED: &[Function] = &[notify::FUNCTION, reconcile::FUNCTION];

/// All functions.
pub fn all() -> impl Iterator<Item = Function> {
    let routed = ROUTED.iter().map(|routed| routed.function);
    routed.chain(SCHEDULED.iter().copied())
}
