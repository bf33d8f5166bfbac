//! Stripe's objects, one file for every kind: its shape, its operations, its routes.

use serde_json::Value;

use crate::{route::Route, state::State, store::text, timers::Timer};

pub(crate) mod charge;
pub(crate) mod checkout_session;
pub(crate) mod coupon;
pub(crate) mod customer;
pub(crate) mod customer_session;
pub(crate) mod dispute;
pub(crate) mod early_fraud_warning;
pub(crate) mod entitlement;
pub(crate) mod event;
pub(crate) mod invoice;
pub(crate) mod invoice_item;
pub(crate) mod meter;
pub(crate) mod payment_intent;
pub(crate) mod payment_method;
pub(crate) mod payment_method_domain;
pub(crate) mod plan;
pub(crate) mod portal;
pub(crate) mod price;
pub(crate) mod product;
pub(crate) mod promotion_code;
pub(crate) mod refund;
pub(crate) mod review;
pub(crate) mod setup_intent;
pub(crate) mod shipping_rate;
pub(crate) mod subscription;
pub(crate) mod subscription_item;
pub(crate) mod subscription_schedule;
pub(crate) mod tax_registration;
pub(crate) mod tax_settings;
pub(crate) mod test_clock;
pub(crate) mod thin_event;
pub(crate) mod token;
pub(crate) mod webhook_endpoint;

/// The routes of all kinds; a new kind of object adds its line here.
pub(crate) fn routes() -> Vec<Route> {
    [
        payment_intent::ROUTES,
        payment_method::ROUTES,
        payment_method_domain::ROUTES,
        token::ROUTES,
        customer::ROUTES,
        customer_session::ROUTES,
        charge::ROUTES,
        refund::ROUTES,
        setup_intent::ROUTES,
        checkout_session::ROUTES,
        portal::ROUTES,
        dispute::ROUTES,
        early_fraud_warning::ROUTES,
        review::ROUTES,
        event::ROUTES,
        thin_event::ROUTES,
        webhook_endpoint::ROUTES,
        price::ROUTES,
        plan::ROUTES,
        product::ROUTES,
        coupon::ROUTES,
        promotion_code::ROUTES,
        shipping_rate::ROUTES,
        invoice::ROUTES,
        meter::ROUTES,
        entitlement::ROUTES,
        invoice_item::ROUTES,
        subscription::ROUTES,
        subscription_item::ROUTES,
        subscription_schedule::ROUTES,
        test_clock::ROUTES,
        tax_settings::ROUTES,
        tax_registration::ROUTES,
    ]
    .concat()
}

/// The kinds of objects with timers.
pub(crate) const TIMERS: &[Timer] = &[
    (payment_intent::KIND, payment_intent::on_timer),
    (checkout_session::KIND, checkout_session::on_timer),
    (coupon::KIND, coupon::on_timer),
    (promotion_code::KIND, coupon::on_timer),
    (refund::KIND, refund::on_timer),
    (subscription::KIND, subscription::on_timer),
    (subscription_schedule::KIND, subscription_schedule::on_timer),
    (invoice::KIND, invoice::on_timer),
];

/// Runs the timer of an object that is due.
fn on_timer(state: &mut State, object: &Value) {
    let kind = text(object, "object");
    if let Some((_, change)) = TIMERS.iter().find(|(timed, _)| *timed == kind) {
        change(state, object);
    }
}
