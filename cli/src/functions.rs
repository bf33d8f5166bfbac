//! The list of all functions. A new function is one entry here.

use axum::{Router, routing::MethodRouter};
use shared::{App, Function, host};
use utoipa::{OpenApi as _, openapi::OpenApi};

/// A function with a route, its service and its OpenAPI description.
#[derive(Clone, Copy, Debug)]
pub struct Routed {
    /// The function.
    pub function: Function,
    /// Builds its service.
    pub service: fn(App) -> MethodRouter,
    /// Builds its OpenAPI description.
    pub openapi: fn() -> OpenApi,
}

/// The functions with a route.
pub static ROUTED: &[Routed] = &[
    Routed {
        function: cancel::FUNCTION,
        service: cancel::service,
        openapi: cancel::ApiDoc::openapi,
    },
    Routed {
        function: capture::FUNCTION,
        service: capture::service,
        openapi: capture::ApiDoc::openapi,
    },
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
        function: health::FUNCTION,
        service: health::service,
        openapi: health::ApiDoc::openapi,
    },
    Routed {
        function: order::FUNCTION,
        service: order::service,
        openapi: order::ApiDoc::openapi,
    },
    Routed {
        function: orders::FUNCTION,
        service: orders::service,
        openapi: orders::ApiDoc::openapi,
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
        function: subscription::FUNCTION,
        service: subscription::service,
        openapi: subscription::ApiDoc::openapi,
    },
    Routed {
        function: usage::FUNCTION,
        service: usage::service,
        openapi: usage::ApiDoc::openapi,
    },
    Routed {
        function: webhook::FUNCTION,
        service: webhook::service,
        openapi: webhook::ApiDoc::openapi,
    },
];

/// The functions that a schedule starts. `cargo dev` delivers the outbox in its own loop, and
/// reconciles when the developer presses a button.
pub static SCHEDULED: &[Function] = &[notify::FUNCTION, reconcile::FUNCTION];

/// All functions.
pub fn all() -> impl Iterator<Item = Function> {
    let routed = ROUTED.iter().map(|routed| routed.function);
    routed.chain(SCHEDULED.iter().copied())
}

/// The path of each function with a route, and its service.
fn routes() -> impl Iterator<Item = (&'static str, fn(App) -> MethodRouter)> {
    let routed = ROUTED.iter();
    routed.filter_map(|one| Some((one.function.path()?, one.service)))
}

/// The paths of all functions with a route.
pub(crate) fn paths() -> Vec<&'static str> {
    routes().map(|(path, _)| path).collect()
}

/// All functions with a route, over `app`.
pub(crate) fn router(app: &App) -> Router {
    routes().fold(Router::new(), |router, (path, service)| {
        router.route(path, host::with_middleware(service(app.clone())))
    })
}
