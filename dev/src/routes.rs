//! The functions and their paths. A new function is one entry in [`functions`].

use axum::routing::MethodRouter;
use shared::{Clock, Config, ledger::Ledger, stripe::Stripe};

/// A function with a route.
#[derive(Debug)]
pub struct Function {
    /// Its folder, package and binary.
    pub name: &'static str,
    /// Where it is served.
    pub path: &'static str,
    /// What it does.
    pub service: MethodRouter,
}

/// Functions that have no route: the outbox is delivered by a loop beside the server, and Stripe is asked
/// for missed events when a person presses the button.
pub const WITHOUT_ROUTE: [&str; 2] = ["fulfil", "reconcile"];

/// Every function that has a route.
#[must_use]
pub fn functions(config: &Config, ledger: &Ledger) -> Vec<Function> {
    let (stripe, clock) = (Stripe::new(config), Clock::default());
    let (stripe, ledger, clock) = (|| stripe.clone(), || ledger.clone(), || clock.clone());
    let function = |name, path, service| Function {
        name,
        path,
        service,
    };
    vec![
        function(
            "create-intent",
            "/api/create-intent",
            create_intent::service(create_intent::App::new(config, stripe(), ledger(), clock())),
        ),
        function(
            "create-checkout",
            "/api/create-checkout",
            create_checkout::service(create_checkout::App::new(
                config,
                stripe(),
                ledger(),
                clock(),
            )),
        ),
        function(
            "refund",
            "/api/refund",
            refund::service(refund::App::new(config, stripe(), ledger(), clock())),
        ),
        function(
            "webhook",
            "/api/webhooks/stripe",
            webhook::service(webhook::App::new(config, stripe(), ledger(), clock())),
        ),
        function(
            "order",
            "/api/order",
            order::service(order::App::new(config, ledger(), clock())),
        ),
        function(
            "customer",
            "/api/customer",
            customer::service(customer::App::new(config, stripe(), ledger(), clock())),
        ),
        function(
            "portal",
            "/api/portal",
            portal::service(portal::App::new(config, stripe(), ledger(), clock())),
        ),
    ]
}
